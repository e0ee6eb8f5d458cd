//! A song heard while it loads: the service's bytes as a reader for the player.
//!
//! stream-download keeps what came in a temporary file and asks for the gaps. When no gap is left, the file is handed on:
//! it plays without the network from then on.

mod coverage;

use std::{
    fs::File,
    io::{self, BufReader},
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use melody_player::{Hint, Source};
use stream_download::{
    Settings, StreamDownload, StreamInitializationError,
    source::{DecodeError, SourceStream},
    storage::StorageProvider,
};
use tokio::io::AsyncWriteExt;

use self::coverage::Coverage;
use crate::{
    Error,
    remote::{Chunks, Remote},
};

/// Enough for every container's header; more would only delay the first sound.
const PREFETCH_BYTES: u64 = 32 * 1024;
const WRITE_BYTES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(64 * 1024 - 1);
/// stream-download's own patience with a connection that brings nothing. It must not run out: `remote` notices that
/// first, and counts how often.
const STALL: Duration = Duration::from_hours(24);

/// Takes a song's file when all of it is there: a handle of its own, which stands at the beginning; how many bytes it has;
/// what it is called.
pub(crate) type WhenWhole = Box<dyn FnOnce(File, u64, Hint) + Send>;

/// Opens a song and returns what the player reads from. Fails when the service refuses.
pub(crate) async fn open(remote: Remote, when_whole: WhenWhole) -> Result<Source, Error> {
    let first = remote.request_patiently(0).await?;
    let length = first.length;
    let hint = Hint { extension: remote.extension(), mime: first.content_type.clone() };
    let trouble = Trouble::default();
    let mut bytes = remote.clone().bytes(first, 0, None);
    if length.is_none() {
        let head = bytes.next().await;
        let is_mp4 = matches!(&head, Some(Ok(chunk)) if chunk.get(4..8) == Some(b"ftyp".as_slice()));
        bytes = stream::iter(head).chain(bytes).boxed();
        if is_mp4 {
            return whole(bytes, hint).await;
        }
    }
    let audio = AudioStream { remote, length, bytes: Mutex::new(bytes), trouble: trouble.clone() };
    let settings =
        Settings::default().prefetch_bytes(PREFETCH_BYTES).batch_write_size(WRITE_BYTES).retry_timeout(STALL);
    // Whether all of it is there can only be known of a song whose length is.
    let whole = length.map(|length| {
        let hint = hint.clone();
        Whole { length, take: Box::new(move |file| when_whole(file, length, hint)) }
    });
    let storage = TemporaryFile { trouble: trouble.clone(), whole };
    let reader = StreamDownload::from_stream(audio, storage, settings).await.map_err(|e| match e {
        StreamInitializationError::StorageCreationFailure(e) => Error::storage(&std::env::temp_dir(), e),
        e @ StreamInitializationError::StreamCreationFailure(_) => Error::internal(e),
    })?;
    let cancel = reader.cancellation_token();
    let reader = ReaderWithReason { inner: reader, trouble };
    Ok(Source::reader(reader, length, true, hint).with_cancel(Arc::new(move || cancel.cancel())))
}

/// Brings a song of unknown length whole before it is played. An MP4 may keep its index at its end, and the demuxer looks
/// for the end first: there is nothing to hear while it loads.
async fn whole(mut bytes: Chunks, hint: Hint) -> Result<Source, Error> {
    let failed = |e| Error::storage(&std::env::temp_dir(), e);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut writer = tokio::fs::File::from_std(file.try_clone().map_err(failed)?);
    let mut length = 0;
    while let Some(chunk) = bytes.next().await {
        let chunk = chunk?;
        length += chunk.len() as u64;
        writer.write_all(&chunk).await.map_err(failed)?;
    }
    writer.flush().await.map_err(failed)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(0)).map_err(failed)?;
    Ok(Source::reader(file, Some(length), true, hint))
}

/// Why the bytes stopped, in the service's words: stream-download only knows that they did.
#[derive(Clone, Default)]
struct Trouble(Arc<Mutex<Option<(io::ErrorKind, String)>>>);

impl Trouble {
    fn note(&self, error: &Error) {
        // The kind is all that the player passes on beside the words.
        let kind = match error {
            Error::TooLong { .. } => io::ErrorKind::FileTooLarge,
            Error::StorageFull { .. } => io::ErrorKind::StorageFull,
            Error::Api(melody_api::Error::Offline) => io::ErrorKind::NetworkDown,
            _ => io::ErrorKind::ConnectionAborted,
        };
        let words = error.to_string().trim_end_matches('.').to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((kind, words));
    }

    fn reason(&self) -> Option<io::Error> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        noted.map(|(kind, words)| io::Error::new(kind, words))
    }
}

/// Where stream-download keeps what came. It tells a failed write like any other trouble; the reason is noted here.
struct TemporaryFile {
    trouble: Trouble,
    whole: Option<Whole>,
}

/// Who waits for the last byte.
struct Whole {
    length: u64,
    take: Box<dyn FnOnce(File) + Send>,
}

struct NotingWriter {
    file: File,
    trouble: Trouble,
    at: u64,
    coverage: Coverage,
    /// Who waits, and the file once more, for them alone.
    waiting: Option<(Whole, File)>,
}

impl StorageProvider for TemporaryFile {
    type Reader = BufReader<File>;
    type Writer = NotingWriter;

    fn into_reader_writer(self, _length: Option<u64>) -> io::Result<(Self::Reader, Self::Writer)> {
        // Each has a handle of its own: whoever takes the file must not move the place in it of whoever reads or writes.
        let (reader, name) = tempfile::NamedTempFile::new()?.into_parts();
        let open = || File::options().read(true).write(true).open(&name);
        let (file, own) = (open()?, open()?);
        // It goes with its last handle, also when the process is killed.
        name.close()?;
        let waiting = self.whole.map(|whole| (whole, own));
        let writer =
            NotingWriter { file, trouble: self.trouble, at: 0, coverage: Coverage::default(), waiting };
        Ok((BufReader::new(reader), writer))
    }
}

impl NotingWriter {
    fn note(&self, error: &io::Error) {
        self.trouble.note(&Error::storage(&std::env::temp_dir(), error.kind().into()));
    }
}

impl io::Write for NotingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes).inspect_err(|e| self.note(e))?;
        self.coverage.add(self.at..self.at + count as u64);
        self.at += count as u64;
        if let Some((whole, file)) = self.waiting.take_if(|(whole, _)| self.coverage.is_whole(whole.length)) {
            (whole.take)(file);
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().inspect_err(|e| self.note(e))
    }
}

impl io::Seek for NotingWriter {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

struct ReaderWithReason {
    inner: StreamDownload<TemporaryFile>,
    trouble: Trouble,
}

impl ReaderWithReason {
    fn explain(&self, error: io::Error) -> io::Error {
        self.trouble.reason().unwrap_or(error)
    }
}

impl io::Read for ReaderWithReason {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf).map_err(|e| self.explain(e))
    }
}

impl io::Seek for ReaderWithReason {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to).map_err(|e| self.explain(e))
    }
}

/// The song as stream-download wants it.
struct AudioStream {
    remote: Remote,
    length: Option<u64>,
    // Never locked: the mutex only makes the stream `Sync`, which stream-download demands.
    bytes: Mutex<Chunks>,
    trouble: Trouble,
}

impl AudioStream {
    /// Keeps the reason for the reader, and makes it stream-download's kind of error.
    fn broken(&self, error: &Error) -> io::Error {
        self.trouble.note(error);
        io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())
    }
}

impl Stream for AudioStream {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.bytes.get_mut().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context);
        polled.map_err(|e| self.broken(&e))
    }
}
/// `AudioStream` is always made before stream-download sees it, so this is never thrown.
#[derive(Debug, thiserror::Error)]
#[error("an open stream was expected")]
struct NotOpened;

impl DecodeError for NotOpened {}

impl SourceStream for AudioStream {
    type Params = Self;
    type StreamCreationError = NotOpened;

    async fn create(opened: Self) -> Result<Self, NotOpened> {
        Ok(opened)
    }

    fn content_length(&self) -> Option<u64> {
        self.length
    }

    async fn seek_range(&mut self, start: u64, end: Option<u64>) -> io::Result<()> {
        // Called after a stream that gave up, to fill the gap that it left: the attempts are used up.
        if let Some(reason) = self.trouble.reason() {
            return Err(reason);
        }
        if self.length == Some(start) {
            self.bytes = Mutex::new(stream::empty().boxed());
            return Ok(());
        }
        let body = self.remote.request_patiently(start).await.map_err(|e| self.broken(&e))?;
        self.bytes = Mutex::new(self.remote.clone().bytes(body, start, end));
        Ok(())
    }

    async fn reconnect(&mut self, at: u64) -> io::Result<()> {
        self.seek_range(at, None).await
    }

    fn supports_seek(&self) -> bool {
        true
    }
}
