//! A suite out of a session of the app: a way to the service on this machine that writes down what goes through it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use melody_api::{Client, ClientOptions, MemoryTokenStore, Place, RawRequest, Reading, ServiceAddress};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    Case, Error, Step, Suite, Token, ids,
    judge::{canonical, snake},
};

/// More than the app ever sends.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Headers of the app that the service is to see.
const HANDED_ON: [HeaderName; 4] =
    [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT, header::RANGE];
/// Headers of the service that are about its own connection.
const OF_THE_CONNECTION: [HeaderName; 3] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];

/// A recording that goes on until it is ended.
#[derive(Debug)]
pub struct Recorder {
    address: SocketAddr,
    tape: Arc<Mutex<Tape>>,
    task: tokio::task::JoinHandle<()>,
}

struct Way {
    client: Client,
    tape: Arc<Mutex<Tape>>,
}

/// What was asked so far, and what came.
#[derive(Debug, Default)]
struct Tape {
    steps: Vec<Step>,
    answers: Vec<Value>,
}

impl Recorder {
    /// Opens the way to a service, on a free port of this machine.
    ///
    /// # Errors
    /// [`Error::Address`], and [`Error::File`] when no port can be opened.
    pub async fn start(service: &str, allow_hosts: &[String]) -> Result<Self, Error> {
        let address = ServiceAddress::parse(service, allow_hosts).map_err(Error::Address)?;
        let client = Client::new(address, ClientOptions::new(Arc::new(MemoryTokenStore::default())));
        let closed = |error: std::io::Error| Error::File(format!("No port can be opened: {error}."));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(closed)?;
        let address = listener.local_addr().map_err(closed)?;
        let tape = Arc::new(Mutex::new(Tape::default()));
        let way = Arc::new(Way { client, tape: tape.clone() });
        let router = Router::new().fallback(pass).with_state(way);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the recording ended by itself");
            }
        });
        Ok(Self { address, tape, task })
    }

    /// Where the app is to look for the service.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it. What was recorded is one case; without a call there is none.
    #[must_use]
    pub fn stop(self) -> Suite {
        self.task.abort();
        let steps = std::mem::take(&mut self.tape.lock().unwrap_or_else(PoisonError::into_inner).steps);
        let case = Case { id: "recorded".into(), tags: vec!["recorded".into()], steps, ..Case::default() };
        Suite { cases: if case.steps.is_empty() { Vec::new() } else { vec![case] }, ignored: Vec::new() }
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let decoded = |text: &str| {
        let text = text.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
        url::form_urlencoded::parse(text.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
            .unwrap_or_default()
    };
    let segments: Vec<String> = parts.uri.path().trim_matches('/').split('/').map(decoded).collect();
    let (place, segments) = match segments.as_slice() {
        [api, v1, rest @ ..] if api == "api" && v1 == "v1" => (Place::Api, rest.to_vec()),
        _ => (Place::Base, segments),
    };
    let query = parts.uri.query().unwrap_or_default();
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| HANDED_ON.contains(name))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let request = RawRequest {
        method: parts.method.to_string(),
        place,
        segments,
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body: (!body.is_empty()).then(|| body.to_vec()),
        ..RawRequest::default()
    };
    match way.client.raw(&request).await {
        Ok(answer) => {
            way.tape.lock().unwrap_or_else(PoisonError::into_inner).note(
                &request,
                &answer.body,
                answer.status,
            );
            let mut response = Response::new(Body::from(answer.body.clone()));
            *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
            for (name, value) in &answer.headers {
                if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value))
                    && !OF_THE_CONNECTION.contains(&name)
                {
                    response.headers_mut().append(name, value);
                }
            }
            response
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Tape {
    /// Writes a call down; nothing of a sign-in, and nothing that the app asks of itself.
    fn note(&mut self, request: &RawRequest, answer: &[u8], status: u16) {
        let first = request.segments.first().map(String::as_str);
        if request.place != Place::Api
            || matches!(first, Some("auth" | "health" | "version" | "system") | None)
        {
            return;
        }
        let path: Vec<String> = request.segments.iter().map(|segment| self.named(segment)).collect();
        let path = format!("/{}", path.join("/"));
        let path = match path.strip_prefix("/user/").or_else(|| path.strip_prefix("/users/")) {
            Some(rest) => format!("/user/{rest} | /users/{rest}"),
            None => path,
        };
        let body: Option<Value> = request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
        let query: BTreeMap<String, Value> =
            request.query.iter().map(|(name, value)| (snake(name), Value::from(self.named(value)))).collect();
        let json = match body {
            Some(Value::Object(fields)) => Some(Value::Object(
                fields
                    .into_iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| {
                        let value = match value {
                            Value::String(text) => Value::String(self.named(&text)),
                            other => other,
                        };
                        (snake(&name), value)
                    })
                    .collect(),
            )),
            other => other.filter(|body| !body.is_null()),
        };
        let signed = request.headers.iter().any(|(name, _)| name == "authorization");
        self.steps.push(Step {
            reads: reading(&request.method, &path),
            call: format!("{} {path}", request.method),
            query,
            json,
            token: if signed { Token::Account } else { Token::None },
            ..Step::default()
        });
        let answer = serde_json::from_slice::<Value>(answer).unwrap_or_default();
        self.answers.push(canonical(&answer, true, status).value);
    }

    /// An id that an earlier answer gave becomes a variable, captured there; other words stay.
    fn named(&mut self, word: &str) -> String {
        if ids::form(word).is_none() {
            return word.to_owned();
        }
        let found = self
            .answers
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, answer)| Some((at, pointer(answer, word, "")?)));
        let Some((at, pointer)) = found else { return word.to_owned() };
        let captured: usize = self.steps.iter().map(|step| step.capture.len()).sum();
        let capture = &mut self.steps[at].capture;
        let known = capture.iter().find(|(_, known)| **known == pointer).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = format!("recorded{}", captured + 1);
            capture.insert(name.clone(), pointer);
            name
        });
        format!("{{{name}}}")
    }
}

/// Where in an answer a text stands.
fn pointer(value: &Value, word: &str, path: &str) -> Option<String> {
    match value {
        Value::String(text) if text == word => Some(path.to_owned()),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| pointer(value, word, &crate::judge::under(path, name)))
        }
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| pointer(item, word, &format!("{path}/{at}")))
        }
        _ => None,
    }
}

/// As what the client reads the answer to a call.
fn reading(method: &str, path: &str) -> Reading {
    match (method, path) {
        ("GET", "/music/search" | "/music/trending") => Reading::Songs,
        ("GET", path) if path.starts_with("/music/track/") => Reading::Song,
        ("GET", "/library/songs") => Reading::Entries,
        ("POST", "/library/songs") => Reading::Added,
        ("POST", path) if path.ends_with("/play") => Reading::Played,
        (_, path) if path.starts_with("/user/profile") => Reading::User,
        _ => Reading::Nothing,
    }
}

impl Suite {
    /// The suite as a file that [`Suite::read`] reads.
    ///
    /// # Errors
    /// [`Error::File`] for what TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::File(format!("The suite cannot be written: {error}.")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_become_variables_and_sign_ins_are_not_kept() {
        let mut tape = Tape::default();
        let request = |method: &str, path: &str, body: Option<Value>| RawRequest {
            method: method.into(),
            segments: path.split('/').map(str::to_owned).collect(),
            headers: vec![("authorization".into(), "Bearer secret".into())],
            body: body.map(|body| body.to_string().into_bytes()),
            ..RawRequest::default()
        };
        let answer = |value: Value| value.to_string().into_bytes();
        let song = "3f1e9a50-7e9f-4a43-9c2f-000000000001";
        tape.note(&request("POST", "auth/verify-otp", Some(json!({ "otp": "123456" }))), &[], 200);
        tape.note(
            &request("GET", "music/trending", None),
            &answer(json!({ "data": { "tracks": [{ "id": song }] } })),
            200,
        );
        tape.note(
            &request("POST", "library/songs", Some(json!({ "trackId": song }))),
            &answer(json!({ "data": {} })),
            201,
        );
        tape.note(&request("GET", &format!("music/track/{song}"), None), &[], 200);
        let suite = Suite {
            cases: vec![Case { id: "recorded".into(), steps: tape.steps, ..Case::default() }],
            ignored: Vec::new(),
        };
        let text = suite.to_toml().unwrap();
        assert!(!text.contains("secret") && !text.contains("123456") && !text.contains(song), "{text}");
        let read = Suite::parse(&text, "recorded").unwrap();
        let steps = &read.cases[0].steps;
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0].capture["recorded1"], "/data/tracks/0/id");
        assert_eq!(steps[1].json, Some(json!({ "track_id": "{recorded1}" })));
        assert_eq!((steps[2].call.as_str(), steps[2].reads), ("GET /music/track/{recorded1}", Reading::Song));
    }
}
