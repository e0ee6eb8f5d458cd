//! The client: what is shared by all calls, and the one way through which each of them goes.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    Code, Dialect, Error, Observation, RateLimit, ServiceAddress, TokenStore, answer::Answer, auth::Auth,
    detect::Detector, http::Http, request::Call,
};

/// Whether requests may leave this machine now; asked before each of them.
pub type Gate = Arc<dyn Fn() -> bool + Send + Sync>;

/// What a client is made with.
#[derive(Clone)]
pub struct ClientOptions {
    pub tokens: Arc<dyn TokenStore>,
    pub timeouts: Timeouts,
    pub user_agent: String,
    /// What the service spoke when it was last met, if that is remembered; answers overrule it.
    pub dialect: Option<Dialect>,
    /// While it says no, every call answers [`Error::Offline`].
    pub gate: Gate,
}

impl ClientOptions {
    /// The options of a shipped app.
    pub fn new(tokens: Arc<dyn TokenStore>) -> Self {
        Self {
            tokens,
            timeouts: Timeouts::default(),
            user_agent: concat!("melody-studio/", env!("CARGO_PKG_VERSION")).to_owned(),
            dialect: None,
            gate: Arc::new(|| true),
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("timeouts", &self.timeouts)
            .field("user_agent", &self.user_agent)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection to come about.
    pub connect: Duration,
    /// For a whole call: sign-in renewed, tried again, answer read.
    pub call: Duration,
    /// Between two questions about something that takes its time.
    pub pause: Duration,
    /// A socket that says nothing for so long is asked past.
    pub silence: Duration,
    /// How long a service that is away is waited for by whoever follows something.
    pub away: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(15),
            pause: Duration::from_secs(2),
            silence: Duration::from_secs(10),
            away: Duration::from_mins(2),
        }
    }
}

/// A client of one service and one account. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What clones of a client share.
pub(crate) struct Shared {
    pub address: ServiceAddress,
    pub timeouts: Timeouts,
    pub http: Http,
    pub detector: Detector,
    /// Whether the version endpoints were asked for the dialect and told nothing.
    pub probed: tokio::sync::Mutex<bool>,
    pub auth: Auth,
    /// What the newest answer about the library said of its limit, until somebody looks.
    pub library_limit: Mutex<Option<RateLimit>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.shared.address)
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Opens no connection yet.
    pub fn new(address: ServiceAddress, options: ClientOptions) -> Self {
        let shared = Shared {
            http: Http::new(address.clone(), &options),
            address,
            timeouts: options.timeouts,
            detector: Detector::new(options.dialect),
            probed: tokio::sync::Mutex::new(false),
            auth: Auth::new(options.tokens),
            library_limit: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    pub fn address(&self) -> &ServiceAddress {
        &self.shared.address
    }

    /// Whether requests may leave this machine, and what is under way may go on.
    pub fn may_send(&self) -> bool {
        self.shared.http.is_open()
    }

    /// What the newest telling answer spoke, or what was remembered before any came.
    pub fn dialect(&self) -> Option<Dialect> {
        self.shared.detector.dialect()
    }

    /// What the newest answer about the library said of its limit, if one has come since this was last asked.
    pub fn take_library_limit(&self) -> Option<RateLimit> {
        self.shared.library_limit.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Every change of what the answers show, as it happens.
    pub fn observations(&self) -> watch::Receiver<Observation> {
        self.shared.detector.watch()
    }

    /// One call, from the token that it needs to the answer: renewed and repeated once after a refused token.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        let shared = &self.shared;
        shared
            .within_time(&call, async {
                if !call.bearer {
                    return shared.ask(&call, None).await;
                }
                let token = shared.access().await?;
                match shared.ask(&call, Some(&token)).await {
                    Err(error) if matches!(error.code(), Code::AuthRequired | Code::InvalidToken) => {
                        let token = shared.renewed(token).await?;
                        shared.ask(&call, Some(&token)).await
                    }
                    other => other,
                }
            })
            .await
    }
}
