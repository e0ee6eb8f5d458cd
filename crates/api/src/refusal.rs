//! What the service means when it says no: one code, out of what blue says and green only hints at.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    Code, Dialect, Error,
    answer::Raw,
    detect,
    error::Refusal,
    read::value::{self, Fields},
    request::Subject,
    scrub,
};

/// Words by which a refusal of green is told apart, in lower case. The only place that matches text.
mod words {
    pub const EXPIRED: &[&str] = &["expired", "expire"];
    /// "Invalid or expired" says neither.
    pub const EITHER: &[&str] = &["or expired", "or has expired", "expired or", "/expired", "expired/"];
    pub const OTP: &[&str] = &["otp", "one-time", "one time", "passcode", "verification code"];
    pub const TOKEN: &[&str] = &["token", "credential", "jwt", "signature", "session"];
    pub const NOT_SIGNED_IN: &[&str] =
        &["not authenticated", "authentication required", "missing", "not provided", "sign in", "log in"];
    pub const PHONE: &[&str] = &["phone", "country"];
    pub const THERE: &[&str] = &["already", "duplicate"];

    pub fn any(text: &str, words: &[&str]) -> bool {
        words.iter().any(|word| text.contains(word))
    }
}

/// A refusal in one of the two shapes.
pub(crate) fn refusal(raw: &Raw, subject: Subject, secrets: &[SecretString], body: &Value) -> Error {
    let dialect = detect::error_shape(body);
    let mut said = match dialect {
        Some(Dialect::Green) => Said { message: detail(body.get("detail")), code: None },
        _ => envelope_error(body),
    };
    let mut status = raw.status.as_u16();
    // A catch-all wraps its own 400 in a 500, and puts what it was in front.
    if let Some((real, rest)) = said.message.as_deref().and_then(wrapped_status) {
        status = real;
        said.message = (!rest.is_empty()).then(|| rest.to_owned());
    }
    let words = said.message.as_deref().unwrap_or_default().to_lowercase();
    let code = code(status, said.code.as_deref(), &words, subject, body);
    let retry_after = retry_after(&raw.headers);
    let request_id = Some(raw.request_id.clone());
    if code == Code::Maintenance {
        return Error::Maintenance { retry_after, request_id, dialect };
    }
    let message = said.message.map(|m| scrub::first_line(&m, secrets)).filter(|m| !m.is_empty());
    let retry_after = match code {
        Code::RateLimitExceeded => retry_after.or_else(|| reset_in(&raw.headers)),
        _ => retry_after,
    };
    Error::Refused(Box::new(Refusal { code, status, message, retry_after, request_id, dialect }))
}

/// Whether an addition is refused because there is nothing to add: the plan names no status for that.
pub(crate) fn says_already_there(refusal: &Refusal) -> bool {
    let words = refusal.message.as_deref().unwrap_or_default().to_lowercase();
    refusal.status == 409 || (refusal.code == Code::ValidationError && words::any(&words, words::THERE))
}

/// Whether a 404 names the path, and nothing that it leads to.
pub(crate) fn knows_no_path(body: &Value) -> bool {
    let mut fields = Fields::of(body).unwrap_or_default();
    fields
        .read(&["detail", "message"], value::text)
        .is_some_and(|said| said.eq_ignore_ascii_case("not found"))
}

/// The two refusals that are the service's own without either shape: a limiter's that says by its headers what it
/// is, and a bare 500 such as a framework gives when a handler breaks.
pub(crate) fn without_shape(raw: &Raw, line: &str) -> Option<Error> {
    let limited = raw.headers.contains_key(RETRY_AFTER) || raw.headers.contains_key(RESET);
    let code = match raw.status.as_u16() {
        429 if limited => Code::RateLimitExceeded,
        500 if line.is_empty() || line.eq_ignore_ascii_case("internal server error") => Code::ServiceError,
        _ => return None,
    };
    Some(Error::Refused(Box::new(Refusal {
        code,
        status: raw.status.as_u16(),
        message: (!line.is_empty()).then(|| line.to_owned()),
        retry_after: retry_after(&raw.headers).or_else(|| reset_in(&raw.headers)),
        request_id: Some(raw.request_id.clone()),
        dialect: None,
    })))
}

/// What a gateway's JSON says in words, by the names that gateways use.
pub(crate) fn strangers_words(body: &Value, secrets: &[SecretString]) -> Option<String> {
    let words = envelope_error(body)
        .message
        .or_else(|| Fields::of(body)?.read(&["error_description", "title", "reason"], value::text))?;
    Some(scrub::first_line(&words, secrets)).filter(|line| !line.is_empty())
}

const RESET: &str = "x-ratelimit-reset";
const REMAINING: &str = "x-ratelimit-remaining";

/// What the service says of a limit that is not hit yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// So many calls may follow before the reset.
    pub remaining: u32,
    pub reset: Timestamp,
}

/// What a backend says, in its own words.
struct Said {
    message: Option<String>,
    code: Option<String>,
}

/// Blue: a code and details, and a message beside them.
fn envelope_error(body: &Value) -> Said {
    let mut fields = Fields::of(body).unwrap_or_default();
    let mut error = fields.read(&["error"], Fields::of).unwrap_or_default();
    let bare = fields.read(&["error"], value::text);
    let message = fields
        .read(&["message"], value::text)
        .or_else(|| error.read(&["message"], value::text))
        .or_else(|| error.read(&["details", "detail"], |v| detail(Some(v))))
        .or(bare);
    let code = error.read(&["code"], value::text).or_else(|| fields.read(&["code"], value::text));
    Said { message, code }
}

/// Green: a text, or a list of what is wrong with which field. What was sent (`input`) is never repeated.
fn detail(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Array(problems) => {
            let lines: Vec<_> = problems.iter().filter_map(problem).take(3).collect();
            (!lines.is_empty()).then(|| lines.join("; "))
        }
        Value::Object(map) => {
            let mut fields = Fields::of(&Value::Object(map.clone()))?;
            fields.read(&["message", "msg", "detail", "reason"], value::text)
        }
        other => value::text(other),
    }
}

fn problem(value: &Value) -> Option<String> {
    let mut fields = Fields::of(value)?;
    let message = fields.read(&["msg", "message"], value::text)?;
    let place = fields.read(&["loc", "field", "path"], |v| match v {
        Value::Array(parts) => parts.iter().filter_map(value::text).next_back(),
        other => value::text(other),
    });
    Some(match place {
        Some(place) => format!("{place}: {message}"),
        None => message,
    })
}

/// `400: Invalid phone number` → 400 and the rest.
fn wrapped_status(message: &str) -> Option<(u16, &str)> {
    let (digits, rest) = message.split_once(':')?;
    let status = (digits.len() == 3).then(|| digits.parse().ok()).flatten()?;
    (400..600).contains(&status).then(|| (status, rest.trim()))
}

fn code(status: u16, said: Option<&str>, words: &str, subject: Subject, body: &Value) -> Code {
    let special = match subject {
        Subject::VerifyOtp => otp_code(status, said, words, body),
        Subject::RefreshToken => refresh_code(status, said, words, body),
        Subject::Health | Subject::Path | Subject::Other => None,
    };
    if let Some(code) = special {
        return code;
    }
    match said {
        Some("AUTH_REQUIRED") => Code::AuthRequired,
        Some("INVALID_TOKEN") => Code::InvalidToken,
        Some("INVALID_OTP") if words::any(words, words::EXPIRED) && !words::any(words, words::EITHER) => {
            Code::OtpExpired
        }
        Some("INVALID_OTP") => Code::InvalidOtp,
        Some("OTP_EXPIRED") => Code::OtpExpired,
        Some("RATE_LIMIT_EXCEEDED") => Code::RateLimitExceeded,
        Some("VALIDATION_ERROR") => Code::ValidationError,
        Some("RESOURCE_NOT_FOUND") => Code::ResourceNotFound,
        Some("EXTERNAL_API_ERROR") => Code::ExternalApiError,
        Some("PROCESSING_ERROR") => Code::ProcessingError,
        Some("STORAGE_ERROR") => Code::ServiceError,
        _ => by_status(status, words),
    }
}

fn by_status(status: u16, words: &str) -> Code {
    match status {
        401 | 403 if words::any(words, words::NOT_SIGNED_IN) => Code::AuthRequired,
        401 | 403 if words::any(words, words::TOKEN) => Code::InvalidToken,
        401 => Code::AuthRequired,
        400 | 405 | 409 | 413 | 415 | 422 => Code::ValidationError,
        404 | 410 => Code::ResourceNotFound,
        429 => Code::RateLimitExceeded,
        502 | 504 => Code::ExternalApiError,
        503 => Code::Maintenance,
        _ => Code::ServiceError,
    }
}

/// What a refused one-time password means: wrong, or too old. `None` when the refusal is about something else.
fn otp_code(status: u16, said: Option<&str>, words: &str, body: &Value) -> Option<Code> {
    if about_form(body) || !matches!(status, 400 | 401 | 403 | 404 | 410 | 422) {
        return None;
    }
    let expired = said == Some("OTP_EXPIRED")
        || (words::any(words, words::EXPIRED) && !words::any(words, words::EITHER));
    let about_otp = words::any(words, words::OTP);
    if status == 410 || expired {
        return Some(Code::OtpExpired);
    }
    match status {
        // The password was forgotten by the service: only a new one helps. Its own 404 for a path says no such word.
        404 => about_otp.then_some(Code::OtpExpired),
        401 => Some(Code::InvalidOtp),
        _ if said == Some("INVALID_OTP") || about_otp => Some(Code::InvalidOtp),
        400 | 403 if said.is_none() && !words::any(words, words::PHONE) => Some(Code::InvalidOtp),
        _ => None,
    }
}

/// What a refused refresh token means: it is void, however a backend puts that. `None` when the refusal is about
/// something else.
fn refresh_code(status: u16, said: Option<&str>, words: &str, body: &Value) -> Option<Code> {
    if about_form(body) || said == Some("RATE_LIMIT_EXCEEDED") {
        return None;
    }
    match status {
        401 | 403 => Some(Code::InvalidToken),
        // After a switch of backend the account behind the token may be unknown. A 404 for a path names neither.
        400 | 404 | 410 | 422 => {
            (words::any(words, words::TOKEN) || words.contains("user")).then_some(Code::InvalidToken)
        }
        _ => None,
    }
}

/// Whether a validation is about the form of what was sent, field by field.
fn about_form(body: &Value) -> bool {
    body.get("detail").is_some_and(Value::is_array)
}

/// `Retry-After`, as seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.ceil()).ok();
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(until(at))
}

/// `X-RateLimit-Remaining`, where it comes with a reset.
pub(crate) fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let remaining = headers.get(REMAINING)?.to_str().ok()?.trim().parse().ok()?;
    Some(RateLimit { remaining, reset: reset(headers)? })
}

/// `X-RateLimit-Reset`: Unix seconds.
fn reset(headers: &HeaderMap) -> Option<Timestamp> {
    let seconds: i64 = headers.get(RESET)?.to_str().ok()?.trim().parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

fn reset_in(headers: &HeaderMap) -> Option<Duration> {
    reset(headers).map(until)
}

/// From now until then; nothing when it has passed.
fn until(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default()
}
