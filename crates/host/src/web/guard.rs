//! Who may come in: this machine's browser that was invited, and no page of another site in it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rand::distr::{Alphanumeric, SampleString};
use subtle::ConstantTimeEq;

/// What the screen may load: itself and its covers.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const COOKIE: &str = "melody";

#[derive(Clone, Debug)]
pub(super) struct Guard {
    port: u16,
    keys: Arc<Keys>,
}

struct Keys {
    /// In the address; gone after its first use.
    invitation: Mutex<Option<String>>,
    /// In the invited browser's cookie.
    session: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Guard {
    pub(super) fn new(port: u16) -> Self {
        Self { port, keys: Arc::new(Keys { invitation: Mutex::new(Some(key())), session: key() }) }
    }

    pub(super) fn invitation(&self) -> String {
        self.keys.invitation.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    /// Whether a host name is ours. A name of another site that leads to this machine is not.
    fn is_here(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"].iter().any(|name| host == format!("{name}:{}", self.port))
    }

    /// Whether the request comes from our own page, as far as the browser tells.
    fn is_own_page(&self, method: &Method, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(site) = text("sec-fetch-site")
            && !matches!(site, "same-origin" | "none")
        {
            return false;
        }
        match text("origin") {
            Some(origin) => origin.strip_prefix("http://").is_some_and(|host| self.is_here(host)),
            // Browsers send it with everything that changes something.
            None => matches!(*method, Method::GET | Method::HEAD),
        }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .any(|(name, value)| name == self.cookie_name() && same(value, &self.keys.session))
    }

    /// Takes the invitation, which works once.
    fn accepts(&self, token: &str) -> bool {
        let mut invitation = self.keys.invitation.lock().unwrap_or_else(PoisonError::into_inner);
        invitation.take_if(|open| same(open, token)).is_some()
    }

    /// Cookies are shared by all ports of a host.
    fn cookie_name(&self) -> String {
        format!("{COOKIE}-{}", self.port)
    }
}

/// Lets a request in, or says why not.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut answer = admit(&guard, request, next).await;
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

async fn admit(guard: &Guard, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !guard.is_here(host) || !guard.is_own_page(request.method(), headers) {
        return refusal("This address answers only to its own page.");
    }
    if guard.knows(headers) {
        return next.run(request).await;
    }
    let token = request.uri().query().and_then(|query| query.strip_prefix("token="));
    if request.uri().path() == "/" && token.is_some_and(|token| guard.accepts(token)) {
        let cookie =
            format!("{}={}; Path=/; HttpOnly; SameSite=Strict", guard.cookie_name(), guard.keys.session);
        // Away from the address: history and screenshots must not hold it.
        return (StatusCode::SEE_OTHER, [(header::LOCATION, "/".to_owned()), (header::SET_COOKIE, cookie)])
            .into_response();
    }
    refusal("This address is no longer open. Start “melody web” again and use the address that it prints.")
}

fn refusal(sentence: &'static str) -> Response {
    (StatusCode::FORBIDDEN, sentence).into_response()
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// 43 letters and digits: 256 bits.
fn key() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 43)
}
