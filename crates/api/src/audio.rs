//! A song's bytes: from any place in them, with a token only where it may go.

use std::{fmt, pin::Pin};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, RANGE},
};
use uuid::Uuid;

use crate::{
    Client, Error,
    answer::{self, Raw},
    http,
    request::Subject,
};

/// The most of a refusal that is read.
const REFUSAL_BYTES: usize = 64 * 1024;

/// A song's bytes as they come.
pub struct Audio {
    /// Where the first byte of `body` stands in the song: 0 from a server that does not honour `Range`.
    pub start: u64,
    /// Bytes of the whole song, when the server says so.
    pub total: Option<u64>,
    pub content_type: Option<String>,
    pub body: Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>,
}

impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audio")
            .field("start", &self.start)
            .field("total", &self.total)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Fetches the sound at an address that the service gave out, from the byte `start` on. A token that is
    /// refused is renewed once. An address that has expired is an error that says so:
    /// [`Error::is_stale_address`].
    pub async fn audio(&self, address: &str, start: u64) -> Result<Audio, Error> {
        let sent_id = Uuid::new_v4().to_string();
        let first = self.request_audio(address, start, &sent_id).await?;
        let answer = if first.status() == StatusCode::UNAUTHORIZED && self.renew_for(&first).await? {
            self.request_audio(address, start, &sent_id).await?
        } else {
            first
        };
        let status = answer.status();
        let total = total(status, answer.headers());
        if status == StatusCode::RANGE_NOT_SATISFIABLE && total.is_some_and(|total| start >= total) {
            // Asked for what comes after the last byte: that is nothing, and no error.
            return Ok(Audio {
                start,
                total,
                content_type: None,
                body: Box::pin(futures_util::stream::empty()),
            });
        }
        if !status.is_success() {
            return Err(refused(answer, &sent_id).await);
        }
        let url = answer.url().clone();
        let request_id = answer::request_id(answer.headers(), &sent_id);
        Ok(Audio {
            start: if status == StatusCode::PARTIAL_CONTENT {
                first_byte(answer.headers()).unwrap_or(start)
            } else {
                0
            },
            total,
            content_type: text(answer.headers(), &CONTENT_TYPE),
            body: answer.bytes_stream().map_err(move |e| http::failure(&e, &url, &request_id)).boxed(),
        })
    }

    async fn request_audio(&self, address: &str, start: u64, request_id: &str) -> Result<Response, Error> {
        let media = self.media(address).await?;
        // Compressed, its length would be another's, and ranges would cut through it.
        let mut request =
            media.get().header(ACCEPT_ENCODING, "identity").header(answer::REQUEST_ID, request_id);
        if start > 0 {
            request = request.header(RANGE, format!("bytes={start}-"));
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
}

/// The error in a refusal, judged like any other answer.
async fn refused(answer: Response, sent_id: &str) -> Error {
    let (url, status, headers) = (answer.url().clone(), answer.status(), answer.headers().clone());
    let request_id = answer::request_id(&headers, sent_id);
    let mut body = Vec::new();
    let mut chunks = answer.bytes_stream();
    while let Some(Ok(chunk)) = chunks.next().await {
        body.extend_from_slice(&chunk);
        if body.len() > REFUSAL_BYTES {
            break;
        }
    }
    let raw = Raw { url, status, headers, body: Some(body), request_id };
    match answer::judge(&raw, Subject::Other, &[]).1 {
        Err(error) => error,
        Ok(answer) => answer.unreadable(),
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

/// `bytes 100-199/200` begins at 100.
fn first_byte(headers: &HeaderMap) -> Option<u64> {
    text(headers, &CONTENT_RANGE)?.trim().strip_prefix("bytes")?.trim_start().split_once('-')?.0.parse().ok()
}

impl Error {
    /// Whether an address of sound or of a cover has had its day (signed and expired, or moved): ask for the song
    /// again and take the new one.
    pub fn is_stale_address(&self) -> bool {
        matches!(self.status(), Some(403 | 404 | 410))
    }
}
