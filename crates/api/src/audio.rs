//! A song's bytes: from any place in them, with a token only where it may go.

use std::{fmt, pin::Pin};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use reqwest::{
    Response, StatusCode,
    header::{
        ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE,
        LAST_MODIFIED, RANGE,
    },
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    Client, Code, Error, NoSound, Reason, Strange, Unreachable,
    address::without_secrets,
    answer::{self, Raw},
    http, refusal,
    request::Subject,
    scrub,
};

/// The most of a refusal that is read.
const REFUSAL_BYTES: usize = 64 * 1024;
/// Refusals of a server that is too busy or was asked too early.
const PASSING: [u16; 3] = [408, 425, 429];

/// A song's bytes as they come.
pub struct Audio {
    /// Where the first byte of `body` stands in the song: 0 from a server that does not honour `Range`.
    pub start: u64,
    /// Bytes of the whole song, when the server says so.
    pub total: Option<u64>,
    pub content_type: Option<String>,
    /// Names this version of the file, to ask for the rest of the same: a strong `ETag`, else `Last-Modified`.
    pub validator: Option<String>,
    pub body: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>,
}

/// What is wanted of a song: its bytes from `start` on, on the condition that it is the same version still.
#[derive(Clone, Copy)]
struct Range<'a> {
    start: u64,
    only_of: Option<&'a str>,
}

impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio")
            .field("start", &self.start)
            .field("total", &self.total)
            .field("content_type", &self.content_type)
            .field("validator", &self.validator)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Fetches the sound at an address that the service gave out, from the byte `start` on; all of it if it is no longer
    /// the version that `only_of` names. A token that is refused is renewed once. An address that has expired is an
    /// error that says so: [`Error::is_stale_address`].
    pub async fn audio(&self, address: &str, start: u64, only_of: Option<&str>) -> Result<Audio, Error> {
        let sent_id = Uuid::new_v4().to_string();
        let mut secrets = Vec::new();
        let range = Range { start, only_of };
        let first = self.request_audio(address, range, &sent_id, &mut secrets).await?;
        let answer = if first.status() == StatusCode::UNAUTHORIZED && self.renew_for(&first).await? {
            self.request_audio(address, range, &sent_id, &mut secrets).await?
        } else {
            first
        };
        secrets.extend(self.shared.auth.known_secrets());
        let status = answer.status();
        let total = total(status, answer.headers());
        let validator = validator(answer.headers());
        if status == StatusCode::RANGE_NOT_SATISFIABLE && total.is_some_and(|total| start >= total) {
            // Asked for what comes after the last byte: that is nothing, and no error.
            return Ok(Audio { start, total, content_type: None, validator, body: stream::empty().boxed() });
        }
        if !status.is_success() {
            return Err(self.refused(answer, &sent_id, &secrets).await);
        }
        let url = answer.url().clone();
        let request_id = answer::request_id(answer.headers(), &sent_id, &secrets);
        let content_type = text(answer.headers(), &CONTENT_TYPE);
        let partly = status == StatusCode::PARTIAL_CONTENT;
        let start = if partly { first_byte(answer.headers()).unwrap_or(start) } else { 0 };
        let (at, id) = (url.clone(), request_id.clone());
        let mut body = answer.bytes_stream().map_err(move |e| http::failure(&e, &at, &id)).boxed();
        if start == 0 && content_type.as_deref().is_some_and(is_of_a_page) {
            // Some servers call sound by a wrong name: what it begins with decides.
            let head = body.next().await;
            if let Some(Ok(bytes)) = &head
                && let Some(first_line) = page(bytes, &secrets)
            {
                return Err(Error::NoSound(Box::new(NoSound {
                    address: without_secrets(&url),
                    status: status.as_u16(),
                    first_line: Some(first_line),
                    request_id: Some(request_id),
                })));
            }
            body = stream::iter(head).chain(body).boxed();
        }
        Ok(Audio { start, total, content_type, validator, body })
    }

    /// Sends the request. A token that goes with it is noted among the secrets that no answer may bring back to people.
    async fn request_audio(
        &self,
        address: &str,
        range: Range<'_>,
        request_id: &str,
        secrets: &mut Vec<SecretString>,
    ) -> Result<Response, Error> {
        let media = self.media(address).await?;
        secrets.extend(media.token());
        // Compressed, its length would be another's, and ranges would cut through it.
        let mut request =
            media.get().header(ACCEPT_ENCODING, "identity").header(answer::REQUEST_ID, request_id);
        if range.start > 0 {
            request = request.header(RANGE, format!("bytes={}-", range.start));
            if let Some(version) = range.only_of {
                request = request.header(IF_RANGE, version);
            }
        }
        request.send().await.map_err(|e| http::failure(&e, &media.url, request_id))
    }

    /// Renews the token if it was ours that was refused; whether another try is worth it.
    async fn renew_for(&self, refused: &Response) -> Result<bool, Error> {
        if !self.shared.address.same_origin(refused.url()) {
            return Ok(false);
        }
        let Some(tokens) = self.shared.auth.tokens().await? else { return Ok(false) };
        self.shared.renewed(tokens.access).await?;
        Ok(true)
    }

    /// Why there is no sound. Judged like any other answer; but the place need not be the service's, and then what it
    /// says is neither the service's word nor a sign of a wrong address.
    async fn refused(&self, answer: Response, sent_id: &str, secrets: &[SecretString]) -> Error {
        let (url, status, headers) = (answer.url().clone(), answer.status(), answer.headers().clone());
        let request_id = answer::request_id(&headers, sent_id, secrets);
        let mut body = Vec::new();
        let mut chunks = answer.bytes_stream();
        while let Some(Ok(chunk)) = chunks.next().await {
            body.extend_from_slice(&chunk);
            if body.len() > REFUSAL_BYTES {
                break;
            }
        }
        let own = self.shared.address.same_origin(&url);
        let address = without_secrets(&url);
        let raw = Raw { url, status, headers, body: Some(body), request_id };
        let error = match answer::judge(&raw, Subject::Other, secrets).1 {
            Err(error) => error,
            Ok(answer) => answer.unreadable(),
        };
        let (status, first_line, request_id) = match &error {
            // The service wants another token, or a pause.
            Error::Refused(e) if own && (e.code == Code::AuthRequired || e.status == 401) => return error,
            Error::Refused(e) if e.code == Code::RateLimitExceeded || e.status >= 500 => return error,
            Error::Refused(e) => (e.status, e.message.clone(), e.request_id.clone()),
            Error::NotTheService(e) => {
                let line = match &e.what {
                    Strange::Text(line) => Some(line.clone()),
                    // Where no redirect may lead.
                    Strange::Redirect(origin) => return Error::BadAddress { address: origin.clone() },
                    _ => None,
                };
                (e.status, line, e.request_id.clone())
            }
            _ => return error,
        };
        if PASSING.contains(&status) {
            return Error::Unreachable(Box::new(Unreachable {
                address,
                reason: Reason::Gateway,
                status: Some(status),
                first_line,
                retry_after: refusal::retry_after(&raw.headers),
                request_id,
            }));
        }
        Error::NoSound(Box::new(NoSound { address, status, first_line, request_id }))
    }
}

/// A type of which no sound is.
fn is_of_a_page(content_type: &str) -> bool {
    let kind = content_type.to_ascii_lowercase();
    ["html", "xml", "json"].iter().any(|word| kind.contains(word))
}

/// The first line of what is no sound by its first byte. JSON may hold somebody's data, and is only named.
fn page(head: &[u8], secrets: &[SecretString]) -> Option<String> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head.first()? {
        b'<' => Some(scrub::first_line(&String::from_utf8_lossy(head), secrets)),
        b'{' | b'[' => Some("JSON".to_owned()),
        _ => None,
    }
}

fn text(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The whole song's length, from `Content-Range` or, for a whole answer, `Content-Length`.
fn total(status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    match text(headers, &CONTENT_RANGE) {
        Some(range) => range.rsplit_once('/')?.1.trim().parse().ok(),
        None if status == StatusCode::OK => text(headers, &CONTENT_LENGTH)?.trim().parse().ok(),
        None => None,
    }
}

/// What a condition may be made of: a weak `ETag` allows other bytes under the same name.
fn validator(headers: &HeaderMap) -> Option<String> {
    let strong = text(headers, &ETAG).filter(|tag| !tag.trim_start().starts_with("W/"));
    strong.or_else(|| text(headers, &LAST_MODIFIED))
}

/// `bytes 100-199/200` begins at 100.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    text(headers, &CONTENT_RANGE)?.trim().strip_prefix("bytes")?.trim_start().split_once('-')?.0.parse().ok()
}

impl Error {
    /// Whether an address of sound has had its day (signed and expired, or moved): ask for the song again and take the
    /// new one. Servers of signed addresses have no common status for that.
    pub fn is_stale_address(&self) -> bool {
        matches!(self, Self::NoSound(_))
    }
}
