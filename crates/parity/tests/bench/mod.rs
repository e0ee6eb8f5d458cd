//! Two clean backends, and a proxy before green that answers as it is told to.

use std::{
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use melody_model::PhoneNumber;
use melody_parity::{Account, Options, OtpSource, Report, Suite, run};
use melody_server::{Dialect, Server};
use serde_json::{Value, json};

const OTP: &str = "493817";

/// What is done to green's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Rename,
    Drop,
    /// Numbers and yes or no as texts; texts in lists.
    Type,
    Status,
    Reverse,
    /// Fractions of numbers and of seconds cut off.
    Round,
    /// Read as Latin-1.
    Encode,
    Slow,
    Double,
    Lose,
}

/// One deviation. An empty field means whatever fits.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    pub path: &'static str,
    pub what: What,
    pub field: &'static str,
}

#[derive(Default)]
struct Switch {
    deviation: Mutex<Option<Deviation>>,
    touched: AtomicUsize,
}

struct Proxy {
    green: String,
    /// Its own address, which stands in for green's also in answers.
    address: String,
    http: reqwest::Client,
    switch: Arc<Switch>,
}

pub struct Bench {
    blue: Server,
    _green: Server,
    address: String,
    switch: Arc<Switch>,
    /// Each run has an account of its own: what a deviation keeps from being undone is no later run's.
    runs: AtomicUsize,
}

impl Bench {
    pub async fn start() -> Self {
        let options = |dialect| melody_server::Options {
            dialect,
            otp: Some(OTP.into()),
            limits: false,
            ..melody_server::Options::default()
        };
        let blue = melody_server::start(options(Dialect::Blue)).await.unwrap();
        let green = melody_server::start(options(Dialect::Green)).await.unwrap();
        let switch = Arc::new(Switch::default());
        drop(rustls::crypto::ring::default_provider().install_default());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let proxy = Arc::new(Proxy {
            address: address.clone(),
            green: green.base_url(),
            http: reqwest::Client::builder().no_proxy().no_gzip().no_brotli().no_zstd().build().unwrap(),
            switch: switch.clone(),
        });
        let router = Router::new().fallback(forward).with_state(proxy);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { blue, _green: green, address, switch, runs: AtomicUsize::new(0) }
    }

    /// Compares with this deviation, and says how many answers it touched.
    pub async fn run(&self, deviation: Option<Deviation>) -> (Report, usize) {
        *self.switch.deviation.lock().unwrap() = deviation;
        self.switch.touched.store(0, Ordering::SeqCst);
        // Only what is touched; everything once where nothing is.
        let only: Vec<String> = match deviation.map(|d| d.path) {
            Some("/music/search") => vec!["music/search/limit".into(), "music/search/title".into()],
            Some("/music/trending") => vec!["music/trending".into()],
            Some("/music/track") => vec!["music/track".into()],
            Some("/library/songs") => {
                vec!["library/add-read-remove".into(), "library/pages".into(), "library/play".into()]
            }
            Some("/users/profile") => vec!["account/profile".into()],
            Some(_) => vec!["sign-in".into()],
            None => {
                vec!["music/search/t".into(), "music/t".into(), "library/".into(), "account/profile".into()]
            }
        };
        let options = Options {
            blue: self.blue.base_url(),
            green: self.address.clone(),
            allow_hosts: Vec::new(),
            account: Some(Account {
                phone: PhoneNumber::parse(
                    "+91",
                    &format!("98765{run:05}", run = self.runs.fetch_add(1, Ordering::SeqCst)),
                )
                .unwrap(),
                otp: OtpSource::Fixed(OTP.to_owned().into()),
            }),
            suite: Suite::built_in().unwrap(),
            only,
            rounds: Some(0),
            budgets: Vec::new(),
            load: None,
            data: false,
            today: "2026-11-23".parse().unwrap(),
            gate: Arc::new(|| true),
        };
        let report = Box::pin(run(options, &|_| ControlFlow::Continue(()))).await.unwrap();
        (report, self.switch.touched.load(Ordering::SeqCst))
    }
}

async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
    let mut headers = parts.headers.clone();
    headers.remove(header::HOST);
    // What is compressed cannot be changed in passing.
    headers.remove(header::ACCEPT_ENCODING);
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let answer = proxy
        .http
        .request(parts.method.clone(), format!("{}{asked}", proxy.green))
        .headers(headers)
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    let bytes = match std::str::from_utf8(&bytes) {
        Ok(text) => text.replace(&proxy.green, &proxy.address).into_bytes(),
        Err(_) => bytes.to_vec(),
    };
    headers.remove(header::CONTENT_LENGTH);
    let deviation = *proxy.switch.deviation.lock().unwrap();
    let hit = deviation.filter(|d| path.strip_prefix("/api/v1").is_some_and(|rest| rest.starts_with(d.path)));
    if let Some(deviation) = hit
        && status.is_success()
    {
        let mut value: Option<Value> = serde_json::from_slice(&bytes).ok();
        let (status, touched) = deviate(deviation, &mut value).await;
        if touched {
            proxy.switch.touched.fetch_add(1, Ordering::SeqCst);
            let body = value.map_or(bytes, |value| value.to_string().into_bytes());
            return answered(status.unwrap_or(StatusCode::OK), headers, body);
        }
    }
    answered(status, headers, bytes)
}

fn answered(status: StatusCode, mut headers: HeaderMap, body: Vec<u8>) -> Response {
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONNECTION);
    (status, headers, Body::from(body)).into_response()
}

async fn deviate(deviation: Deviation, body: &mut Option<Value>) -> (Option<StatusCode>, bool) {
    match (deviation.what, body) {
        (What::Status, body) => {
            *body = Some(json!({ "detail": "Internal server error" }));
            (Some(StatusCode::INTERNAL_SERVER_ERROR), true)
        }
        (What::Slow, _) => {
            tokio::time::sleep(Duration::from_millis(250)).await;
            (None, true)
        }
        (_, None) => (None, false),
        (What::Reverse | What::Double | What::Lose, Some(body)) => (None, rows(body, deviation.what)),
        (_, Some(body)) => (None, fields(body, deviation)),
    }
}

fn rows(body: &mut Value, what: What) -> bool {
    let Some(list) = ["tracks", "songs"]
        .iter()
        .find_map(|name| body.pointer(&format!("/data/{name}")))
        .and_then(Value::as_array)
    else {
        return false;
    };
    let mut list = list.clone();
    if list.is_empty() || (list.len() == 1 && what == What::Reverse) {
        return false;
    }
    match what {
        What::Reverse => list.reverse(),
        What::Double => list.insert(0, list[0].clone()),
        _ => drop(list.pop()),
    }
    let name = if body["data"]["tracks"].is_array() { "tracks" } else { "songs" };
    body["data"][name] = list.into();
    true
}

fn fields(value: &mut Value, deviation: Deviation) -> bool {
    let mut touched = false;
    match value {
        Value::Object(map) => {
            for name in map.keys().cloned().collect::<Vec<_>>() {
                touched |= fields(&mut map[&name], deviation);
                if (name != deviation.field && !deviation.field.is_empty()) || map[&name].is_null() {
                    continue;
                }
                match deviation.what {
                    What::Rename => {
                        let held = map.remove(&name).unwrap();
                        map.insert(format!("{name}_v2"), held);
                        touched = true;
                    }
                    What::Drop => touched |= map.remove(&name).is_some(),
                    _ => touched |= leaf(&mut map[&name], deviation.what),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| touched |= fields(item, deviation)),
        _ => {}
    }
    touched
}

fn leaf(value: &mut Value, what: What) -> bool {
    let new = match (what, &*value) {
        (What::Type, Value::Number(_) | Value::Bool(_)) => Value::from(value.to_string()),
        (What::Type, Value::String(_)) => json!([value.clone()]),
        (What::Encode, Value::String(text)) if !text.is_ascii() => {
            text.bytes().map(char::from).collect::<String>().into()
        }
        (What::Round, Value::Number(number)) if number.is_f64() => json!(number.as_f64().unwrap().round()),
        (What::Round, Value::String(text)) if text.len() > 26 && text.as_bytes()[19] == b'.' => {
            format!("{}{}", &text[..19], &text[26..]).into()
        }
        _ => return false,
    };
    if new == *value {
        return false;
    }
    *value = new;
    true
}
