//! A scripted server: it says what a test wants it to say, and remembers what it was asked.

#![allow(clippy::unwrap_used)] // The lint knows test functions, not their helpers.
#![allow(dead_code)] // Each test binary uses its own part.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use melody_api::{Client, ClientOptions, MemoryTokenStore, ServiceAddress, TokenStore, Tokens};
use serde_json::Value;

/// What the server says once.
#[derive(Clone, Debug)]
pub struct Say {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delay: Duration,
}

pub fn say(status: u16, body: impl Into<Vec<u8>>) -> Say {
    Say { status, headers: Vec::new(), body: body.into(), delay: Duration::ZERO }
}

pub fn json(body: Value) -> Say {
    say(200, body.to_string())
}

pub fn refuse(status: u16, body: Value) -> Say {
    say(status, body.to_string())
}

impl Say {
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Asked {
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

#[derive(Default)]
struct Script {
    /// By "METHOD path": what to say, in turn; the last is said for ever.
    says: BTreeMap<String, VecDeque<Say>>,
    asked: Vec<Asked>,
}

/// A server on a port of its own; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Scripted {
    pub base: String,
    script: Arc<Mutex<Script>>,
    /// Requests whose answer is being held back.
    pub held: Arc<AtomicUsize>,
}

impl Scripted {
    /// Whatever is not scripted is answered like a gateway that knows no such place.
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let held = Arc::new(AtomicUsize::new(0));
        let app = Router::new().fallback(answer).with_state((Arc::clone(&script), Arc::clone(&held)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base, script, held }
    }

    /// Adds an answer for a line such as `GET /api/v1/version`.
    pub fn on(&self, line: &str, say: Say) -> &Self {
        self.script.lock().unwrap().says.entry(line.to_owned()).or_default().push_back(say);
        self
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.script.lock().unwrap().asked.clone()
    }

    pub fn asked_at(&self, line: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.line() == line).collect()
    }

    pub fn address(&self) -> ServiceAddress {
        ServiceAddress::parse(&self.base, &[]).unwrap()
    }

    /// A client that nobody is signed in to.
    pub fn guest(&self) -> Client {
        Client::new(self.address(), guest_options())
    }

    /// A client with tokens `old-access` and `old-refresh`, which have not run out.
    pub async fn signed_in(&self) -> Client {
        let store = signed_in_store().await;
        Client::new(self.address(), ClientOptions::new(store))
    }
}

/// The options of a client that nobody is signed in to.
pub fn guest_options() -> ClientOptions {
    ClientOptions::new(Arc::new(MemoryTokenStore::default()))
}

pub fn tokens(access: &str, refresh: &str) -> Tokens {
    Tokens {
        access: access.into(),
        refresh: refresh.into(),
        expires_at: jiff::Timestamp::now() + jiff::SignedDuration::from_mins(15),
    }
}

pub async fn signed_in_store() -> Arc<MemoryTokenStore> {
    let store = Arc::new(MemoryTokenStore::default());
    store.save(tokens("old-access", "old-refresh")).await.unwrap();
    store
}

async fn answer(
    State((script, held)): State<(Arc<Mutex<Script>>, Arc<AtomicUsize>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let say = {
        let mut script = script.lock().unwrap();
        let line = asked.line();
        script.asked.push(asked);
        match script.says.get_mut(&line) {
            Some(queue) if queue.len() > 1 => queue.pop_front().unwrap(),
            Some(queue) => queue[0].clone(),
            None => say(404, "404 page not found\n").header("content-type", "text/plain"),
        }
    };
    if !say.delay.is_zero() {
        held.fetch_add(1, Ordering::SeqCst);
        let _drop = Dropped(held);
        tokio::time::sleep(say.delay).await;
    }
    let mut response = Response::builder().status(say.status);
    for (name, value) in &say.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(say.body)).unwrap()
}

/// Counts a held answer as given up, also when its connection goes away.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A recorded answer of `tests/answers`.
pub fn recorded(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(name);
    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap()
}
