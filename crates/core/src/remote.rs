//! A song's bytes on the service: an expired address is renewed, a broken connection made anew where it broke.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use melody_api::Client;

use crate::Error;

/// How often a broken connection is made anew, without a byte in between, before it counts as lost.
const ATTEMPTS: u32 = 3;
/// The first wait before a connection is made anew; each further one is twice as long.
const BACKOFF: Duration = Duration::from_millis(250);

/// The most that one song may take, in bytes: 100 minutes of uncompressed sound from a CD, 7 hours of MP3. A stream that
/// never ends, of a radio or of a broken server, must not fill the disk.
const MOST: u64 = 1 << 30;

/// Asks again where the song is, after its address has expired.
pub(crate) type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<String, Error>> + Send + Sync>;

/// Bytes as they come.
pub(crate) type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// One rendition on the service.
#[derive(Clone)]
pub(crate) struct Remote {
    client: Client,
    address: Arc<Mutex<String>>,
    renew: Renew,
    /// As the first answer told it: a later one that differs is of another file.
    length: Arc<OnceLock<u64>>,
    /// The name of the file's version, in the same way.
    validator: Arc<OnceLock<String>>,
}

/// The body of one answer, from the byte that was asked for.
pub(crate) struct Body {
    chunks: Chunks,
    /// Bytes of the whole song.
    pub(crate) length: Option<u64>,
    pub(crate) content_type: Option<String>,
}

impl Remote {
    pub(crate) fn new(client: Client, address: String, renew: Renew) -> Self {
        Self {
            client,
            address: Arc::new(Mutex::new(address)),
            renew,
            length: Arc::default(),
            validator: Arc::default(),
        }
    }

    /// Takes nothing but the version of the file that a part is of: `Error::SongChanged` for any other.
    pub(crate) fn only_of(self, validator: String, length: Option<u64>) -> Self {
        Self {
            length: Arc::new(length.map_or_else(OnceLock::new, OnceLock::from)),
            validator: Arc::new(OnceLock::from(validator)),
            ..self
        }
    }

    /// The name of the file's version, once an answer told it.
    pub(crate) fn validator(&self) -> Option<String> {
        self.validator.get().cloned()
    }

    /// The ending of the address's file name.
    pub(crate) fn extension(&self) -> Option<String> {
        let address = self.address();
        let name = address.split(['?', '#']).next()?.rsplit('/').next()?;
        name.rsplit_once('.').map(|(_, ending)| ending.to_owned())
    }

    fn address(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The song's bytes from `start` to its end. An expired address is renewed once.
    async fn request(&self, start: u64) -> Result<Body, Error> {
        let version = self.validator.get().map(String::as_str);
        let answer = match self.client.audio(&self.address(), start, version).await {
            Err(e) if e.is_stale_address() => {
                let fresh = (self.renew)().await?;
                self.address.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&fresh);
                self.client.audio(&fresh, start, version).await?
            }
            other => other?,
        };
        let chunks = answer.body.map(|chunk| chunk.map_err(Error::from)).boxed();
        // A server without `Range` starts from the front again: what is known already is passed over. One that
        // starts later than it was asked to leaves a hole.
        let known = start.checked_sub(answer.start).ok_or(Error::SongChanged)?;
        if let Some(total) = answer.total
            && *self.length.get_or_init(|| total) != total
        {
            return Err(Error::SongChanged);
        }
        self.same_version(start, answer.start, answer.validator)?;
        within(answer.total.unwrap_or_default(), MOST)?;
        Ok(Body {
            chunks: skip_bytes(chunks, known),
            length: answer.total,
            content_type: answer.content_type,
        })
    }

    /// Whether an answer that begins at `begins`, asked for from `start` on, is of the version that is known. A part was
    /// sent on that condition, and need not name it again; a whole has to.
    fn same_version(&self, start: u64, begins: u64, told: Option<String>) -> Result<(), Error> {
        let same = match (self.validator.get(), &told) {
            (Some(known), Some(told)) => known == told,
            (Some(_), None) => start > 0 && begins == start,
            (None, _) => true,
        };
        if let Some(told) = told {
            self.validator.get_or_init(|| told);
        }
        if same { Ok(()) } else { Err(Error::SongChanged) }
    }

    /// The bytes from `start` up to `end` (the song's, if not given); a broken connection is made anew where
    /// it broke.
    pub(crate) fn bytes(self, body: Body, start: u64, end: Option<u64>) -> Chunks {
        struct State {
            remote: Remote,
            body: Body,
            at: u64,
            end: Option<u64>,
            attempts: u32,
        }
        let end = end.or(body.length);
        let bytes = stream::unfold(
            Some(State { remote: self, body, at: start, end, attempts: 0 }),
            |state| async move {
                let mut state = state?;
                while state.end.is_none_or(|end| state.at < end) {
                    let broke = match state.body.chunks.next().await {
                        // The answer is let go in the middle: the rest of it stays where it is.
                        Some(Ok(_)) if !state.remote.client.may_send() => {
                            return Some((Err(melody_api::Error::Offline.into()), None));
                        }
                        Some(Ok(mut chunk)) => {
                            let wanted = state.end.map_or(u64::MAX, |end| end - state.at);
                            chunk.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
                            state.at += chunk.len() as u64;
                            state.attempts = 0;
                            return Some((Ok(chunk), Some(state)));
                        }
                        Some(Err(e)) => e,
                        None if state.end.is_none() => return None,
                        None => Error::CutShort { at: state.at, length: state.end.unwrap_or_default() },
                    };
                    state.attempts += 1;
                    if state.attempts > ATTEMPTS {
                        return Some((Err(broke), None));
                    }
                    match state.remote.request_patiently(state.at).await {
                        Ok(body) => state.body = body,
                        Err(e) => return Some((Err(e), None)),
                    }
                }
                None
            },
        );
        bounded(bytes.boxed(), start, MOST)
    }

    /// The same as [`Self::request`], tried again with growing waits while the service cannot be reached.
    pub(crate) async fn request_patiently(&self, start: u64) -> Result<Body, Error> {
        let mut attempt = 0;
        loop {
            match self.request(start).await {
                // An address that stays stale after it was renewed does so for longer than these waits.
                Err(Error::Api(e)) if e.retryable() && !e.is_stale_address() && attempt < ATTEMPTS => {
                    tokio::time::sleep(BACKOFF * 2u32.pow(attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }
}

fn within(bytes: u64, most: u64) -> Result<(), Error> {
    if bytes > most { Err(Error::TooLong { most }) } else { Ok(()) }
}

/// The bytes from `start` on, up to the one that is too many; then the error.
fn bounded(chunks: Chunks, start: u64, most: u64) -> Chunks {
    stream::unfold(Some((chunks, start)), move |state| async move {
        let (mut chunks, at) = state?;
        let chunk = match chunks.next().await? {
            Ok(chunk) => chunk,
            Err(e) => return Some((Err(e), None)),
        };
        let at = at + chunk.len() as u64;
        Some(match within(at, most) {
            Ok(()) => (Ok(chunk), Some((chunks, at))),
            Err(e) => (Err(e), None),
        })
    })
    .boxed()
}

/// Drops the first `count` bytes.
fn skip_bytes(chunks: Chunks, count: u64) -> Chunks {
    chunks
        .scan(count, |left, chunk| {
            let passed = chunk.map(|mut bytes| {
                let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= skipped as u64;
                bytes.split_off(skipped)
            });
            std::future::ready(Some(passed))
        })
        .filter(|chunk| std::future::ready(!matches!(chunk, Ok(bytes) if bytes.is_empty())))
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_never_ends_is_ended() {
        let endless = || stream::repeat_with(|| Ok(Bytes::from_static(&[0; 1000]))).boxed();
        for (start, whole) in [(0, 10), (7_500, 2)] {
            let came: Vec<_> = bounded(endless(), start, 10_000).collect().await;
            let (last, before) = came.split_last().unwrap();
            assert_eq!(before.len(), whole, "from {start}");
            assert!(before.iter().all(Result::is_ok));
            let error = last.as_ref().unwrap_err();
            assert_eq!(error.code(), crate::Code::BadAudio, "{error}");
        }
        let short = bounded(endless().take(10).boxed(), 0, 10_000);
        assert!(short.all(|chunk| std::future::ready(chunk.is_ok())).await, "just enough is not too much");
    }
}
