//! An answer as it came: whose it is, whether it is one at all, and what it says when it says no.

use melody_model::ServerId;
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::{
    Error,
    address::{origin, without_secrets},
    detect::{self, Evidence},
    error::{NotTheService, Reason, Strange, Unreachable},
    read::{envelope::Payload, song, value::Fields},
    refusal,
    request::Subject,
    scrub,
};

/// The header by which an operator finds a call.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// A good answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub payload: Payload,
    address: String,
    status: u16,
    request_id: Option<String>,
}

impl Answer {
    /// Whether this says no more than that the call was carried out: nothing at all, the envelope with or without
    /// data, or the thing `about` that the call was for. Any other JSON may come from anybody.
    pub fn is_plain_yes(&self, about: &ServerId) -> bool {
        let Payload { data, enveloped, .. } = &self.payload;
        let told = || Fields::of(data)?.read(&["library_id", "id", "_id"], song::id);
        *enveloped || data.is_null() || told().as_ref() == Some(about)
    }

    /// The error for a good answer that does not hold what was asked for.
    pub fn unreadable(&self) -> Error {
        let what = if self.payload.data.is_null() { Strange::Nothing } else { Strange::OtherJson };
        Error::NotTheService(Box::new(NotTheService {
            address: self.address.clone(),
            status: self.status,
            what,
            request_id: self.request_id.clone(),
        }))
    }
}

/// An id as it may be shown: `None` for one that says nothing, or that repeats a secret. A UUID holds nobody's number,
/// though its first digits may look like one.
fn shown_id(id: &str, secrets: &[SecretString]) -> Option<String> {
    let secret = secrets.iter().map(ExposeSecret::expose_secret).any(|s| !s.is_empty() && id.contains(s));
    if secret {
        return None;
    }
    let is_uuid = uuid::Uuid::parse_str(id).is_ok();
    Some(if is_uuid { id.to_owned() } else { scrub::first_line(id, &[]) }).filter(|id| !id.is_empty())
}

/// Everything that came, before anybody has looked at it.
pub(crate) struct Raw {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// `None` when there was more than this client is willing to read.
    pub body: Option<Vec<u8>>,
    /// What the answer calls the call, else what we called it.
    pub request_id: String,
}

/// What an answer calls the call, else what we called it.
pub(crate) fn request_id(headers: &HeaderMap, ours: &str, secrets: &[SecretString]) -> String {
    let theirs = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    theirs.and_then(|id| shown_id(id, secrets)).unwrap_or_else(|| ours.to_owned())
}

/// What a body turned out to be.
enum Body {
    Json(Value),
    Nothing,
    Html(String),
    Text(String),
    /// JSON that ends before its end.
    CutOff,
    /// It begins like JSON and is none.
    Broken,
    TooLarge,
}

impl Body {
    fn of(bytes: Option<&[u8]>, secrets: &[SecretString]) -> Self {
        let Some(bytes) = bytes else { return Self::TooLarge };
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        match serde_json::from_str(text) {
            Ok(value) => Self::Json(value),
            // What begins like JSON may hold tokens: it is never shown.
            Err(e) if text.starts_with(['{', '[']) => {
                if e.is_eof() {
                    Self::CutOff
                } else {
                    Self::Broken
                }
            }
            Err(_) => {
                let line = scrub::first_line(text, secrets);
                if text.starts_with('<') { Self::Html(line) } else { Self::Text(line) }
            }
        }
    }
}

/// Judges what came. Beside the verdict, what the answer tells about the dialect.
pub(crate) fn judge(
    raw: &Raw,
    subject: Subject,
    secrets: &[SecretString],
) -> (Option<Evidence>, Result<Answer, Error>) {
    let body = Body::of(raw.body.as_deref(), secrets);
    let evidence = match &body {
        Body::Json(value) => detect::evidence(value),
        _ => None,
    };
    (evidence, verdict(raw, subject, secrets, body))
}

fn verdict(raw: &Raw, subject: Subject, secrets: &[SecretString], body: Body) -> Result<Answer, Error> {
    let answer = |payload| Answer {
        payload,
        address: without_secrets(&raw.url),
        status: raw.status.as_u16(),
        request_id: Some(raw.request_id.clone()),
    };
    if raw.status.is_redirection() {
        let to = raw.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| raw.url.join(to).ok());
        return Err(strange(raw, to.map_or(Strange::Nothing, |to| Strange::Redirect(origin(&to)))));
    }
    if raw.status.is_success() {
        return match body {
            Body::Json(value) if is_failure(&value) => Err(refusal::refusal(raw, subject, secrets, &value)),
            Body::Json(value) => Ok(answer(Payload::of(value))),
            Body::Nothing => Ok(answer(Payload::default())),
            Body::Text(text) if subject == Subject::Health => {
                Ok(answer(Payload { data: Value::String(text), ..Payload::default() }))
            }
            Body::CutOff => Err(transport(raw, Reason::BrokenOff, None)),
            Body::Html(line) | Body::Text(line) => Err(strange(raw, Strange::Text(line))),
            Body::Broken => Err(strange(raw, Strange::OtherJson)),
            Body::TooLarge => Err(strange(raw, Strange::TooLarge)),
        };
    }
    // A status is the service's own only with a body in one of its two shapes.
    let line = match body {
        // A framework's word for a path that leads nowhere: the address is wrong.
        Body::Json(value)
            if subject == Subject::Path
                && raw.status == StatusCode::NOT_FOUND
                && refusal::knows_no_path(&value) =>
        {
            Ok("Not Found".to_owned())
        }
        Body::Json(value) if detect::error_shape(&value).is_some() => {
            return Err(refusal::refusal(raw, subject, secrets, &value));
        }
        Body::CutOff => return Err(transport(raw, Reason::BrokenOff, None)),
        Body::Html(line) => Ok(line),
        Body::Text(line) => {
            if let Some(refusal) = refusal::without_shape(raw, &line) {
                return Err(refusal);
            }
            Ok(line)
        }
        Body::Nothing => {
            if let Some(refusal) = refusal::without_shape(raw, "") {
                return Err(refusal);
            }
            Ok(String::new())
        }
        // A stranger's own words say best who it is. A good answer's would be somebody's data; these are not.
        Body::Json(value) => refusal::strangers_words(&value, secrets).ok_or(Strange::OtherJson),
        Body::Broken => Err(Strange::OtherJson),
        Body::TooLarge => Err(Strange::TooLarge),
    };
    if raw.status.is_server_error() {
        return Err(transport(raw, Reason::Gateway, line.ok()));
    }
    Err(strange(
        raw,
        match line {
            Ok(line) if line.is_empty() => Strange::Nothing,
            Ok(line) => Strange::Text(line),
            Err(what) => what,
        },
    ))
}

/// A success that says that it is none.
fn is_failure(body: &Value) -> bool {
    body.get("success").and_then(Value::as_bool) == Some(false)
}

fn strange(raw: &Raw, what: Strange) -> Error {
    Error::NotTheService(Box::new(NotTheService {
        address: without_secrets(&raw.url),
        status: raw.status.as_u16(),
        what,
        request_id: Some(raw.request_id.clone()),
    }))
}

fn transport(raw: &Raw, reason: Reason, first_line: Option<String>) -> Error {
    Error::Unreachable(Box::new(Unreachable {
        address: without_secrets(&raw.url),
        reason,
        status: Some(raw.status.as_u16()),
        first_line,
        retry_after: refusal::retry_after(&raw.headers),
        request_id: Some(raw.request_id.clone()),
    }))
}
