//! A running server: start, the switchboard for tests, shutdown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tower_http::compression::CompressionLayer;

use crate::app::App;
use crate::auth::Phone;
use crate::conn::{ConnHandle, Connections, Door};
use crate::db::Db;
use crate::deviations::{self, Deviation, Deviations};
use crate::errors::{ApiError, Error};
use crate::faults::{Fault, Switchboard};
use crate::front::front;
use crate::library::SavedSong;
use crate::media::Media;
use crate::options::{Dialect, Options};
use crate::wire::shape_errors;
use crate::{
    admin, auth, conversions, converter, library, limits, media, migration, music, notifications, realtime,
    songs, users,
};

/// How long requests may still take once the server is to stop.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);
/// A day, in microseconds, as the database counts time.
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// A one-time password on its way to a phone.
#[derive(Clone, PartialEq, Eq)]
pub struct SentOtp {
    /// Six digits.
    pub otp: String,
    /// E.164.
    pub phone: String,
}

impl fmt::Debug for SentOtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentOtp(…)")
    }
}

/// One request that was answered, or cut.
#[derive(Debug, Clone)]
pub struct LoggedRequest {
    /// In capitals.
    pub method: String,
    /// As it was asked, with prefix and base.
    pub path: String,
    /// As it was asked, without the `?`.
    pub query: Option<String>,
    /// Which dialect answered.
    pub dialect: Dialect,
    /// 0 when a fault cut the connection before the answer was whole.
    pub status: u16,
    /// As sent, with `***` in place of a token.
    pub headers: HeaderMap,
    /// When it came.
    pub at: Timestamp,
}

impl LoggedRequest {
    /// Whether a token came along.
    pub fn had_token(&self) -> bool {
        self.headers.contains_key(axum::http::header::AUTHORIZATION)
    }
}

/// A running server. Dropped, it dies mid-answer, as with [`kill`](Self::kill);
/// [`shutdown`](Self::shutdown) is the orderly end.
pub struct Server {
    app: Arc<App>,
    connections: Connections,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    workshop: JoinHandle<()>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("origin", &self.app.origin).finish_non_exhaustive()
    }
}

/// Binds 127.0.0.1, loads the catalogue and serves on the current tokio runtime.
pub async fn start(options: Options) -> Result<Server, Error> {
    if let Some(otp) = &options.otp
        && !(otp.len() == 6 && otp.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err(Error::Option("a one-time password is six digits".to_owned()));
    }
    let faults = Switchboard::new(options.faults.clone())?;
    let deviations = Deviations::new(options.deviations.clone())?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let prepared = options.clone();
    let (db, media) = tokio::task::spawn_blocking(move || {
        open(&prepared).map_err(|error| error.about(prepared.data.as_deref()))
    })
    .await
    .map_err(std::io::Error::other)??;
    let app = Arc::new(App::new(options, origin, db, media, faults, deviations));
    let connections = Connections::default();
    let door = Door { listener, connections: connections.clone() };
    let (stop, stopped) = oneshot::channel::<()>();
    let service = router(&app).into_make_service_with_connect_info::<ConnHandle>();
    let serving = axum::serve(door, service).with_graceful_shutdown(async {
        // A sender that is gone says stop as well.
        let _ = stopped.await;
    });
    let task = tokio::spawn(serving.into_future());
    let workshop = tokio::spawn(converter::work(app.clone()));
    Ok(Server { app, connections, stop: Some(stop), task, workshop })
}

/// Opens the data and puts the catalogue into them.
fn open(options: &Options) -> Result<(Db, Media), Error> {
    let data = options.data.as_deref();
    if let Some(dir) = data {
        std::fs::create_dir_all(dir)?;
    }
    let db = Db::open(data)?;
    songs::load(&mut db.lock(), options.catalogue, &options.extra_songs)?;
    Ok((db, Media::open(data, &options.extra_songs)?))
}

fn router(app: &Arc<App>) -> Router {
    let search = Router::new()
        .route("/music/search", get(music::search))
        .layer(from_fn_with_state(app.clone(), limits::searches));
    let library = Router::new()
        .route("/library/songs", get(library::list).post(library::add))
        .route("/library/songs/{id}", delete(library::remove))
        .route("/library/songs/{id}/play", post(library::play))
        .layer(from_fn_with_state(app.clone(), limits::library_calls));
    let convert = Router::new()
        .route("/audio/convert-to-instrumental", post(conversions::convert))
        .layer(from_fn_with_state(app.clone(), limits::conversions));
    let profile = |path: &str| {
        Router::new()
            .route(&format!("{path}/profile"), get(users::profile).put(users::update_profile))
            .route(&format!("{path}/avatar"), post(users::upload_avatar))
            .layer(DefaultBodyLimit::max(users::MOST_AVATAR_BYTES + 64 * 1024))
    };
    let api = Router::new()
        .route("/auth/request-otp", post(auth::request_otp))
        .route("/auth/verify-otp", post(auth::verify_otp))
        .route("/auth/refresh-token", post(auth::refresh_token))
        .route("/auth/logout", post(auth::logout))
        .route("/music/track/{id}", get(music::track))
        .route("/music/trending", get(music::trending))
        .merge(search)
        .merge(library)
        .merge(convert)
        .route("/audio/conversion-status/{job}", get(conversions::status))
        .route("/audio/conversion-history", get(conversions::history))
        .route("/ws/conversion-progress", get(realtime::conversions))
        .route("/ws/notifications", get(realtime::notifications))
        .merge(profile("/user").layer(from_fn(users::blue_only)))
        .merge(profile("/users").layer(from_fn(users::green_only)))
        .route("/notifications", get(notifications::list))
        .route("/notifications/{id}/read", put(notifications::mark_read))
        .route("/notifications/read-all", put(notifications::mark_all_read))
        .route("/migration/mapping", get(migration::mapping))
        .route("/health", get(admin::health))
        .route("/system/health", get(admin::health))
        .route("/version", get(admin::blue_version))
        .route("/system/version", get(admin::green_version));
    let json = Router::new()
        .nest("/api/v1", api)
        .route("/health", get(admin::health))
        .route("/ws", get(realtime::everything))
        .route("/admin/maintenance/enable", post(admin::enable_maintenance))
        .route("/admin/maintenance/disable", post(admin::disable_maintenance))
        .fallback(|| async { ApiError::no_route() })
        .method_not_allowed_fallback(|| async { ApiError::wrong_method() })
        .layer(from_fn(shape_errors))
        .layer(from_fn_with_state(app.clone(), deviations::deviate))
        .layer(CompressionLayer::new());
    let media = Router::new()
        .route("/media/audio/{id}/{file}", get(media::sound))
        .route("/media/covers/{file}", get(media::cover))
        .route("/media/avatars/{id}", get(users::avatar))
        .layer(from_fn(shape_errors));
    let all = json.merge(media).with_state(app.clone());
    // Layers of a router run after it has chosen a route; the front changes addresses before that.
    Router::new().fallback_service(all).layer(from_fn_with_state(app.clone(), front))
}

impl Server {
    /// `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        self.app.origin.clone()
    }

    /// One-time passwords from now on, as the phones would get them.
    pub fn otps(&self) -> broadcast::Receiver<SentOtp> {
        self.app.otps.subscribe()
    }

    /// What goes wrong from now on, in place of what did before.
    pub fn set_faults(&self, faults: Vec<Fault>) -> Result<(), Error> {
        self.app.switches().faults = Switchboard::new(faults)?;
        Ok(())
    }

    /// In what answers are not as they should be from now on, in place of what was before.
    pub fn set_deviations(&self, deviations: Vec<Deviation>) -> Result<(), Error> {
        self.app.switches().deviations = Deviations::new(deviations)?;
        Ok(())
    }

    /// As the operator's call does.
    pub fn set_maintenance(&self, on: bool) {
        admin::set_maintenance(&self.app, on);
    }

    /// Everybody has to sign in again.
    pub fn void_tokens(&self) -> Result<(), Error> {
        Ok(auth::void_tokens(&self.app.db.lock())?)
    }

    /// Another backend behind the same address: other ids, tokens void.
    pub fn set_dialect(&self, dialect: Dialect) -> Result<(), Error> {
        self.set_dialect_keeping_tokens(dialect);
        self.void_tokens()
    }

    /// Another backend behind the same address that takes the old one's tokens.
    pub fn set_dialect_keeping_tokens(&self, dialect: Dialect) {
        self.app.switches().dialect = dialect;
    }

    /// Moves the server's clock: passwords, tokens, signatures and limits run out without waiting.
    pub fn advance_clock(&self, by: Duration) {
        self.app.clock.advance(by);
    }

    /// Every sound response waits after so many bytes until this is changed; `None` lets all go.
    pub fn hold_media_after(&self, bytes: Option<u64>) {
        self.app.media.hold.send_replace(bytes);
    }

    /// Closes every open connection at once; new ones are taken.
    pub fn cut_connections(&self) {
        self.connections.cut_all();
    }

    /// What was asked, oldest first; the last 20,000 requests at most.
    pub fn request_log(&self) -> Vec<LoggedRequest> {
        self.app.log()
    }

    /// Forgets what was asked.
    pub fn clear_request_log(&self) {
        self.app.clear_log();
    }

    /// A user's library, newest first, whatever the dialect. Empty for a number that never signed in.
    pub fn library(&self, country_code: &str, number: &str) -> Result<Vec<SavedSong>, Error> {
        let phone = real(country_code, number)?;
        let connection = self.app.db.lock();
        match users::by_phone(&connection, &phone).map_err(Error::Database)? {
            Some(user) => Ok(library::saved(&connection, user.id)?),
            None => Ok(Vec::new()),
        }
    }

    /// How many songs a user has saved.
    pub fn library_count(&self, country_code: &str, number: &str) -> Result<usize, Error> {
        Ok(self.library(country_code, number)?.len())
    }

    /// Saves the first `count` songs of the catalogue for a user, who need not have signed in yet: the first at the
    /// midnight before, each other a second earlier, so that two services that are filled have the same library.
    pub fn fill_library(&self, country_code: &str, number: &str, count: usize) -> Result<(), Error> {
        let phone = real(country_code, number)?;
        let now = self.app.clock.now();
        Ok(library::fill(&mut self.app.db.lock(), &phone, count, now - now.rem_euclid(DAY_US))?)
    }

    /// Has the service say something to a user.
    pub async fn notify(
        &self,
        country_code: &str,
        number: &str,
        title: &str,
        message: &str,
    ) -> Result<(), Error> {
        let phone = real(country_code, number)?;
        let user = {
            let now = self.app.clock.now();
            users::ensure(&self.app.db.lock(), &phone, now)?
        };
        notifications::send(&self.app, user, "announcement", title, message, None).await;
        Ok(())
    }

    /// What the plan's migration does: users and songs stay, every library is empty.
    pub fn forget_libraries(&self) -> Result<(), Error> {
        self.app.db.lock().execute("DELETE FROM entries", [])?;
        Ok(())
    }

    /// Every library as it is now, for a rollback.
    pub fn save_libraries(&self) -> Result<(), Error> {
        Ok(library::save_all(&mut self.app.db.lock())?)
    }

    /// Every library as it was saved: what was acknowledged since is gone.
    pub fn roll_back_libraries(&self) -> Result<(), Error> {
        Ok(library::roll_back_all(&mut self.app.db.lock())?)
    }

    /// Dies at once, mid-answer; the port is free when this returns.
    pub async fn kill(mut self) {
        self.task.abort();
        self.workshop.abort();
        self.connections.cut_all();
        // Cancelled is what it was asked to be.
        let _ = (&mut self.task).await;
    }

    /// Takes no more, lets running requests end for 2 s, then cuts them.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may have ended already.
            let _ = stop.send(());
        }
        self.workshop.abort();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, &mut self.task).await.is_err() {
            self.connections.cut_all();
            // Cut connections end at their next breath; a handler that hangs is left behind.
            let _ = tokio::time::timeout(SHUTDOWN_PATIENCE, &mut self.task).await;
        }
        // Sockets are no requests that end by themselves.
        self.connections.cut_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        self.workshop.abort();
        self.connections.cut_all();
    }
}

fn real(country_code: &str, number: &str) -> Result<Phone, Error> {
    Phone::new(country_code, number).ok_or_else(|| Error::Option("no such number can exist".to_owned()))
}
