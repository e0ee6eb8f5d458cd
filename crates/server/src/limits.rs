//! Rate limits, counted in fixed windows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

use crate::app::App;
use crate::auth;
use crate::errors::ApiError;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    /// For one number.
    Otp,
    /// For everybody: nobody has to sign in to search.
    Search,
    /// For one user.
    Library,
    /// For one user.
    Conversion,
}

impl Bucket {
    /// So many in so many seconds.
    fn allowance(self) -> (u32, i64) {
        match self {
            Self::Otp => (3, 3600),
            Self::Search => (100, 60),
            Self::Library => (200, 60),
            Self::Conversion => (5, 3600),
        }
    }
}

#[derive(Debug)]
struct Window {
    began_s: i64,
    used: u32,
}

/// All windows of one server.
#[derive(Debug)]
pub(crate) struct Limits {
    on: bool,
    windows: Mutex<HashMap<(Bucket, String), Window>>,
}

/// What is left of an allowance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    limit: u32,
    remaining: u32,
    reset_s: i64,
}

impl Quota {
    /// Puts the `X-RateLimit-*` headers on an answer.
    pub fn stamp(self, headers: &mut HeaderMap) {
        headers.insert(HeaderName::from_static("x-ratelimit-limit"), self.limit.into());
        headers.insert(HeaderName::from_static("x-ratelimit-remaining"), self.remaining.into());
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), HeaderValue::from(self.reset_s));
    }
}

impl Limits {
    pub fn new(on: bool) -> Self {
        Self { on, windows: Mutex::default() }
    }

    /// Takes one from an allowance; `None` when limits are off.
    pub fn take(&self, bucket: Bucket, who: &str, now_s: i64) -> Result<Option<Quota>, ApiError> {
        if !self.on {
            return Ok(None);
        }
        let (limit, length_s) = bucket.allowance();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry((bucket, who.to_owned())).or_insert(Window { began_s: now_s, used: 0 });
        if now_s >= window.began_s + length_s {
            *window = Window { began_s: now_s, used: 0 };
        }
        let reset_s = window.began_s + length_s;
        if window.used == limit {
            let mut error =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded")
                    .by_framework()
                    .with_header(header::RETRY_AFTER, HeaderValue::from(reset_s - now_s));
            Quota { limit, remaining: 0, reset_s }.stamp(&mut error.headers);
            return Err(error);
        }
        window.used += 1;
        Ok(Some(Quota { limit, remaining: limit - window.used, reset_s }))
    }
}

/// Counts a search.
pub(crate) async fn searches(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    limited(&app, Bucket::Search, "everybody", request, next).await
}

/// Counts a library call of whoever is signed in; the handler refuses the others.
pub(crate) async fn library_calls(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    of_user(&app, Bucket::Library, request, next).await
}

/// Counts a request for an instrumental in the same way.
pub(crate) async fn conversions(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    of_user(&app, Bucket::Conversion, request, next).await
}

async fn of_user(app: &App, bucket: Bucket, request: Request, next: Next) -> Response {
    match auth::signed_in(app, request.headers()).await {
        Ok(session) => limited(app, bucket, &session.user_id.to_string(), request, next).await,
        Err(_) => next.run(request).await,
    }
}

async fn limited(app: &App, bucket: Bucket, who: &str, request: Request, next: Next) -> Response {
    match app.limits.take(bucket, who, app.clock.now_s()) {
        Ok(quota) => {
            let mut response = next.run(request).await;
            if let Some(quota) = quota {
                quota.stamp(response.headers_mut());
            }
            response
        }
        Err(error) => error.into_response(),
    }
}
