//! The connections: timeouts, proxies, redirects, and what their failures mean.

use std::{error::Error as StdError, io, sync::OnceLock, time::Duration};

use reqwest::redirect::{Attempt, Policy};
use url::Url;

use crate::{
    ClientOptions, Error, Gate, ServiceAddress,
    address::{is_loopback, origin, without_secrets},
    error::{Reason, Unreachable},
};

/// A connection that brings no sound for so long is given up. Longer than a backend takes that makes a file only when it
/// is first asked for.
const MEDIA_STALL: Duration = Duration::from_secs(12);
/// Redirects within one origin are rare; more than a few are a loop.
const MOST_REDIRECTS: usize = 5;

/// Connections of one client, made when they are first needed.
pub(crate) struct Http {
    service: ServiceAddress,
    connect: Duration,
    user_agent: String,
    gate: Gate,
    /// For calls: no redirect leaves the origin, since a body may hold an OTP or a refresh token.
    calls: OnceLock<reqwest::Client>,
    /// For sockets: HTTP/1.1, which they begin in, and no redirect.
    sockets: OnceLock<reqwest::Client>,
    /// For sound and covers, which live anywhere.
    media: OnceLock<reqwest::Client>,
    /// The same for this machine, past any proxy.
    local_media: OnceLock<reqwest::Client>,
}

impl Http {
    pub fn new(service: ServiceAddress, options: &ClientOptions) -> Self {
        Self {
            service,
            connect: options.timeouts.connect,
            user_agent: options.user_agent.clone(),
            gate: options.gate.clone(),
            calls: OnceLock::new(),
            sockets: OnceLock::new(),
            media: OnceLock::new(),
            local_media: OnceLock::new(),
        }
    }

    pub fn calls(&self) -> Result<&reqwest::Client, Error> {
        self.may_leave()?;
        made(&self.calls, &self.service.to_string(), || {
            let builder = self.builder(self.service.is_loopback());
            builder.redirect(Policy::custom(|attempt| {
                let same =
                    attempt.previous().last().is_some_and(|last| last.origin() == attempt.url().origin());
                if same && attempt.previous().len() <= MOST_REDIRECTS {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }))
        })
    }

    /// For WebSockets of the service.
    pub fn sockets(&self) -> Result<&reqwest::Client, Error> {
        self.may_leave()?;
        made(&self.sockets, &self.service.to_string(), || {
            self.builder(self.service.is_loopback()).http1_only().redirect(Policy::none())
        })
    }

    /// For one address of sound or of a cover. There is no timeout for the whole: a song may take its time.
    pub fn media(&self, url: &Url) -> Result<&reqwest::Client, Error> {
        self.may_leave()?;
        let local = is_loopback(url);
        let service = self.service.clone();
        made(if local { &self.local_media } else { &self.media }, &origin(url), || {
            self.builder(local)
                .read_timeout(MEDIA_STALL)
                // Sound is compressed already, and a length and a range must mean the file's own bytes.
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .redirect(Policy::custom(move |attempt| follow_media(&service, attempt)))
        })
    }

    /// The one gate: whoever sends anything gets the connections for it here, each time.
    fn may_leave(&self) -> Result<(), Error> {
        if self.is_open() { Ok(()) } else { Err(Error::Offline) }
    }

    pub fn is_open(&self) -> bool {
        (self.gate)()
    }

    fn builder(&self, local: bool) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .connect_timeout(self.connect)
            .tcp_nodelay(true)
            // An address may be signed: where we come from is nobody's business.
            .referer(false);
        if local { builder.no_proxy() } else { builder }
    }
}

/// Everywhere, but never from https down to http. The bearer token is dropped by reqwest when the origin changes.
fn follow_media(service: &ServiceAddress, attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let downgrade = attempt.previous().last().is_some_and(|last| last.scheme() == "https")
        && attempt.url().scheme() != "https";
    if attempt.previous().len() > MOST_REDIRECTS || downgrade || !service.is_secure(attempt.url()) {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

fn made<'c>(
    cell: &'c OnceLock<reqwest::Client>,
    address: &str,
    builder: impl FnOnce() -> reqwest::ClientBuilder,
) -> Result<&'c reqwest::Client, Error> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    // One for the whole process; whoever was first to install one has settled it.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = builder().build().map_err(|e| {
        tracing::error!(error = %e, "no connections can be made on this machine");
        Error::Unreachable(Box::new(Unreachable {
            address: address.to_owned(),
            reason: Reason::NotSetUp,
            status: None,
            first_line: None,
            retry_after: None,
            request_id: None,
        }))
    })?;
    Ok(cell.get_or_init(|| client))
}

/// What a failed connection or a broken answer means for people.
pub(crate) fn failure(error: &reqwest::Error, url: &Url, request_id: &str) -> Error {
    let reason = reason(error);
    Error::Unreachable(Box::new(Unreachable {
        // Where nobody answers, the path has nothing to do with it.
        address: if reason == Reason::BrokenOff { without_secrets(url) } else { origin(url) },
        reason,
        status: None,
        first_line: None,
        retry_after: None,
        request_id: Some(request_id.to_owned()),
    }))
}

/// Nobody had answered by the time that a call may take.
pub(crate) fn timed_out(url: &Url, request_id: &str) -> Error {
    Error::Unreachable(Box::new(Unreachable {
        address: without_secrets(url),
        reason: Reason::TimedOut,
        status: None,
        first_line: None,
        retry_after: None,
        request_id: Some(request_id.to_owned()),
    }))
}

fn reason(error: &reqwest::Error) -> Reason {
    if error.is_timeout() {
        return Reason::TimedOut;
    }
    if !error.is_connect() {
        return Reason::BrokenOff;
    }
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Reason::ConnectionRefused,
            Some(io::ErrorKind::TimedOut) => return Reason::TimedOut,
            _ => {}
        }
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Reason::Certificate;
        }
        // The connector names this stage and has no type for it.
        if error.to_string().starts_with("dns error") {
            return Reason::NoSuchHost;
        }
        // What an I/O error was made of is not its source: that is only the source of this.
        cause = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    Reason::NoConnection
}
