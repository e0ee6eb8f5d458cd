//! What all handlers share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::sync::Arc;
use tokio::sync::{Notify, broadcast};

use crate::clock::Clock;
use crate::db::Db;
use crate::deviations::Deviations;
use crate::errors::ApiError;
use crate::faults::Switchboard;
use crate::limits::Limits;
use crate::media::Media;
use crate::options::{Dialect, Options};
use crate::realtime::News;
use crate::server::{LoggedRequest, SentOtp};
use crate::wire::Wire;

/// One server's state.
pub(crate) struct App {
    pub options: Options,
    /// `http://127.0.0.1:PORT`.
    pub origin: String,
    pub clock: Clock,
    pub db: Db,
    pub limits: Limits,
    pub media: Media,
    pub otps: broadcast::Sender<SentOtp>,
    /// What happens to users, for those who listen.
    pub news: broadcast::Sender<News>,
    /// There may be something to convert.
    pub work: Notify,
    pub started_at: i64,
    switches: Mutex<Switches>,
    log: Mutex<VecDeque<LoggedRequest>>,
}

/// What can be changed while the server runs.
pub(crate) struct Switches {
    pub dialect: Dialect,
    pub maintenance: bool,
    /// Requests that a fault still refuses as under maintenance.
    pub refusals_left: u32,
    pub faults: Switchboard,
    pub deviations: Deviations,
}

/// The log forgets what is older than this many requests.
const LOG_LENGTH: usize = 20_000;

impl App {
    pub fn new(
        options: Options,
        origin: String,
        db: Db,
        media: Media,
        faults: Switchboard,
        deviations: Deviations,
    ) -> Self {
        let clock = Clock::default();
        Self {
            origin,
            started_at: clock.now(),
            clock,
            db,
            limits: Limits::new(options.limits),
            media,
            otps: broadcast::channel(256).0,
            news: broadcast::channel(256).0,
            work: Notify::new(),
            switches: Mutex::new(Switches {
                dialect: options.dialect,
                maintenance: false,
                refusals_left: 0,
                faults,
                deviations,
            }),
            log: Mutex::default(),
            options,
        }
    }

    pub fn switches(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody listening is fine: what happened can be asked for.
    pub fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    pub fn note(&self, request: LoggedRequest) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LENGTH {
            log.pop_front();
        }
        log.push_back(request);
    }

    pub fn log(&self) -> Vec<LoggedRequest> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub fn clear_log(&self) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// What a handler knows of the request it answers.
#[derive(Clone)]
pub(crate) struct Ctx {
    pub app: Arc<App>,
    /// The dialect of the address that was asked.
    pub dialect: Dialect,
}

impl Ctx {
    pub fn wire(&self) -> Wire<'_> {
        Wire::new(&self.app, self.dialect)
    }

    /// Whether this answers as green with the plan's faults.
    pub fn as_planned(&self) -> bool {
        self.dialect == Dialect::Green && self.app.options.as_planned
    }

    /// An address that the other dialect does not have.
    pub fn only(&self, dialect: Dialect) -> Result<(), ApiError> {
        if self.dialect == dialect { Ok(()) } else { Err(ApiError::no_route()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ApiError::internal("PROCESSING_ERROR", &"no context on the request"))
    }
}
