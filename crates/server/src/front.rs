//! The first to see a request: which dialect was asked, whether it goes wrong, what the log says of it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use crate::app::{App, Ctx};
use crate::auth;
use crate::conn::ConnHandle;
use crate::conversions::Fate;
use crate::errors::ApiError;
use crate::faults::{Fault, FaultKind, Plan};
use crate::library;
use crate::options::Dialect;
use crate::server::LoggedRequest;
use crate::wire::refusal;

/// What all addresses of the API begin with.
pub(crate) const BASE: &str = "/api/v1";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// More than any request or JSON answer here.
const MOST_BUFFERED: usize = 64 * 1024 * 1024;

/// Around everything else.
pub(crate) async fn front(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<ConnHandle>,
    mut request: Request,
    next: Next,
) -> Response {
    let at = jiff::Timestamp::now();
    let method = request.method().clone();
    let asked = request.uri().clone();
    let (dialect, uri) = unprefixed(&app, &asked);
    let path = uri.path().strip_prefix(BASE).filter(|rest| rest.starts_with('/')).unwrap_or(uri.path());
    let path = path.to_owned();
    *request.uri_mut() = uri;
    let request_id = request
        .headers()
        .get(REQUEST_ID)
        .cloned()
        .or_else(|| HeaderValue::from_str(&Uuid::now_v7().to_string()).ok());
    let headers = masked(request.headers());
    request.extensions_mut().insert(Ctx { app: app.clone(), dialect });

    let answer = Answer { app: &app, dialect, connection: &connection, path: &path };
    let mut response = answer.give(request, next).await;
    if let Some(id) = request_id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.extensions().get::<Cut>().map_or(response.status().as_u16(), |_| 0);
    tracing::info!(%method, path, status, %dialect, "answered");
    app.note(LoggedRequest {
        method: method.to_string(),
        path: asked.path().to_owned(),
        query: asked.query().map(without_token),
        dialect,
        status,
        headers,
        at,
    });
    response
}

/// The dialect that an address asks for, and the address without its prefix.
fn unprefixed(app: &App, uri: &Uri) -> (Dialect, Uri) {
    for (prefix, dialect) in [("/blue", Dialect::Blue), ("/green", Dialect::Green)] {
        let Some(rest) = uri.path().strip_prefix(prefix).filter(|rest| rest.starts_with('/')) else {
            continue;
        };
        let rest = match uri.query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest.to_owned(),
        };
        // Part of an address that was one is one.
        if let Ok(rest) = PathAndQuery::try_from(rest) {
            return (dialect, Uri::from(rest));
        }
    }
    (app.switches().dialect, uri.clone())
}

/// The headers for the log: that there was a token, not which.
fn masked(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    if headers.contains_key(header::AUTHORIZATION) {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("***"));
    }
    headers
}

/// A query for the log: that there was a token, not which.
fn without_token(query: &str) -> String {
    let parts = query.split('&').map(|part| if part.starts_with("token=") { "token=***" } else { part });
    parts.collect::<Vec<_>>().join("&")
}

/// On an answer that never reaches anybody.
#[derive(Clone)]
struct Cut;

/// One request's way through the faults.
struct Answer<'a> {
    app: &'a Arc<App>,
    dialect: Dialect,
    connection: &'a ConnHandle,
    /// Without prefix and base.
    path: &'a str,
}

impl Answer<'_> {
    async fn give(&self, mut request: Request, next: Next) -> Response {
        let method = request.method().clone();
        if self.path.starts_with("/admin/") {
            return next.run(request).await;
        }
        let Plan { delay_ms, fault } = self.app.switches().faults.plan(&method, self.path);
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        let Some(fault) = fault else { return self.run(request, next).await };
        tracing::info!(%method, path = self.path, kind = ?fault.kind, "a fault");
        match fault.kind {
            FaultKind::DropBefore => self.cut(),
            FaultKind::DropAfter => {
                self.run(request, next).await;
                self.cut()
            }
            FaultKind::Duplicate => self.run_twice(request, next).await,
            // Counted with the delays, so never here.
            FaultKind::Delay => self.run(request, next).await,
            FaultKind::Status => self.status(&fault),
            FaultKind::Html => html(&fault),
            FaultKind::Truncate => self.half(self.run(request, next).await, &method, false).await,
            FaultKind::Reset => self.half(self.run(request, next).await, &method, true).await,
            FaultKind::Maintenance => {
                self.begin_maintenance(fault.times);
                self.run(request, next).await
            }
            FaultKind::VoidTokens => {
                let voided = self.app.db.call(|db| Ok(auth::void_tokens(db)?)).await;
                match voided {
                    Ok(()) => self.run(request, next).await,
                    Err(error) => refusal(self.app, self.dialect, &error),
                }
            }
            FaultKind::FailConversion | FaultKind::SlowConversion => {
                let fails = fault.kind == FaultKind::FailConversion;
                request.extensions_mut().insert(Fate { fails, slower_ms: if fails { 0 } else { fault.ms } });
                self.run(request, next).await
            }
            FaultKind::ShiftPage => {
                let shifted = self.shift(request.headers()).await;
                match shifted {
                    Ok(()) => self.run(request, next).await,
                    Err(error) => refusal(self.app, self.dialect, &error),
                }
            }
        }
    }

    /// The handler, unless the service is under maintenance.
    async fn run(&self, request: Request, next: Next) -> Response {
        if !matches!(self.path, "/health" | "/system/health") && self.refuses() {
            let retry_after = self.app.options.maintenance_retry_after.as_secs();
            return refusal(self.app, self.dialect, &ApiError::maintenance(retry_after));
        }
        next.run(request).await
    }

    fn begin_maintenance(&self, requests: Option<u32>) {
        let mut switches = self.app.switches();
        match requests {
            Some(requests) => switches.refusals_left = requests,
            None => switches.maintenance = true,
        }
    }

    fn refuses(&self) -> bool {
        let mut switches = self.app.switches();
        if switches.refusals_left > 0 {
            switches.refusals_left -= 1;
            return true;
        }
        switches.maintenance
    }

    async fn run_twice(&self, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MOST_BUFFERED).await else { return self.cut() };
        let first = Request::from_parts(parts.clone(), Body::from(body.clone()));
        self.run(first, next.clone()).await;
        self.run(Request::from_parts(parts, Body::from(body)), next).await
    }

    fn cut(&self) -> Response {
        self.connection.cut();
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(Cut);
        response
    }

    fn status(&self, fault: &Fault) -> Response {
        let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = match status.as_u16() {
            400 | 422 => "VALIDATION_ERROR",
            401 => "INVALID_TOKEN",
            404 => "RESOURCE_NOT_FOUND",
            429 => "RATE_LIMIT_EXCEEDED",
            503 => "MAINTENANCE",
            _ => "PROCESSING_ERROR",
        };
        let message = status.canonical_reason().unwrap_or("Fault");
        let mut error = ApiError::new(status, code, message).by_framework();
        if matches!(status.as_u16(), 429 | 503) {
            error = error.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        refusal(self.app, self.dialect, &error)
    }

    async fn shift(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let session = auth::signed_in(self.app, headers).await?;
        let now = self.app.clock.now();
        self.app.db.call(move |db| Ok(library::shift(db, session.user_id, now)?)).await
    }

    /// Half of the body under the length of the whole; then the connection ends, or is reset.
    async fn half(&self, response: Response, method: &Method, reset: bool) -> Response {
        let (mut parts, body) = response.into_parts();
        let declared = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let declared: Option<usize> = declared.and_then(|text| text.parse().ok());
        let (length, body) = match declared {
            Some(length) => (length, body),
            None => match to_bytes(body, MOST_BUFFERED).await {
                Ok(bytes) => (bytes.len(), Body::from(bytes)),
                Err(_) => return self.cut(),
            },
        };
        if length == 0 || method == Method::HEAD {
            return self.cut();
        }
        parts.headers.insert(header::CONTENT_LENGTH, length.into());
        parts.extensions.insert(Cut);
        Response::from_parts(parts, first_half(body, length / 2, self.connection.clone(), reset))
    }
}

fn first_half(body: Body, most: usize, connection: ConnHandle, reset: bool) -> Body {
    let state = (body.into_data_stream(), most, false);
    Body::from_stream(stream::unfold(state, move |(mut body, left, ended)| {
        let connection = connection.clone();
        async move {
            if ended {
                return None;
            }
            let chunk = match body.next().await {
                Some(Ok(chunk)) if left > 0 => chunk,
                _ => {
                    // What was written so far goes out while this waits.
                    tokio::task::yield_now().await;
                    if reset {
                        connection.reset();
                    }
                    let end: Result<Bytes, std::io::Error> =
                        Err(std::io::ErrorKind::ConnectionAborted.into());
                    return Some((end, (body, 0, true)));
                }
            };
            let chunk = chunk.slice(..chunk.len().min(left));
            let left = left - chunk.len();
            Some((Ok(chunk), (body, left, false)))
        }
    }))
}

fn html(fault: &Fault) -> Response {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = status.canonical_reason().unwrap_or("Error");
    let page = format!(
        "<html>\r\n<head><title>{code} {reason}</title></head>\r\n<body>\r\n<center><h1>{code} {reason}</h1>\
         </center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n",
        code = status.as_u16()
    );
    (status, [(header::CONTENT_TYPE, "text/html")], page).into_response()
}
