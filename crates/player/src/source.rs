//! Where a song's bytes come from: a file, or any reader that may block while it loads.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use symphonia::core::io::MediaSource;

use crate::tail::Tail;
use crate::{Error, Result};

/// What is known about the bytes before reading them. It only names a format in an error: recognising goes by content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// The file name's ending, without the dot.
    pub extension: Option<String>,
    /// The `Content-Type`.
    pub mime: Option<String>,
}

/// A reader that can be told to give up, from any thread.
pub type Cancel = Arc<dyn Fn() + Send + Sync>;

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// A song's bytes, to be played once.
pub struct Source {
    pub(crate) media: Media,
    pub(crate) hint: Hint,
    pub(crate) cancel: Option<Cancel>,
}

impl Source {
    /// Opens a file. `Error::Source` when it is missing or can't be read.
    pub fn file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| Error::source(&error))?;
        let meta = file.metadata().map_err(|error| Error::source(&error))?;
        if meta.is_dir() {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(Error::source(&error));
        }
        let hint = Hint { extension: path.extension().map(|e| e.to_string_lossy().into_owned()), mime: None };
        Ok(Self::reader(file, Some(meta.len()), meta.is_file(), hint))
    }

    /// Wraps a reader that stands at its beginning. Reads may block; `seekable` says whether `Seek` works backwards too, `byte_len` the whole length.
    pub fn reader<R>(reader: R, byte_len: Option<u64>, seekable: bool, hint: Hint) -> Self
    where
        R: Read + Seek + Send + 'static,
    {
        let media = Media {
            inner: Mutex::new(Box::new(reader)),
            real_len: byte_len,
            byte_len,
            seekable,
            trouble: Trouble::default(),
            head: Vec::new(),
            tail: Tail::default(),
            at: 0,
            inner_at: 0,
        };
        Self { media, hint, cancel: None }
    }

    /// Replaces what is known about the bytes.
    #[must_use]
    pub fn with_hint(mut self, hint: Hint) -> Self {
        self.hint = hint;
        self
    }

    /// Adds what unblocks a blocked read. It is called when the song is stopped or replaced, from the player's thread, and must not block.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = Some(cancel);
        self
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("hint", &self.hint)
            .field("byte_len", &self.media.byte_len)
            .field("seekable", &self.media.seekable)
            .finish_non_exhaustive()
    }
}

/// The last real read error. Demuxers fold errors into their own; the source's words must survive that.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    pub(crate) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, error: &io::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Error::source(error));
    }
}

/// A source as the demuxer sees it: what was looked at beforehand can be read again, even from a stream that only runs forward.
pub(crate) struct Media {
    // Never locked: the mutex only makes any `Send` reader `Sync`, which the demuxer demands.
    inner: Mutex<Box<dyn ReadSeek>>,
    /// How much there is to read.
    real_len: Option<u64>,
    /// How much there should be: see [`Media::pretend_len`].
    byte_len: Option<u64>,
    seekable: bool,
    trouble: Trouble,
    /// The first bytes of the source.
    head: Vec<u8>,
    /// The bytes that were read last.
    tail: Tail,
    /// Where the next read is from, and where the inner reader stands. They differ after a seek, until the next read.
    at: u64,
    inner_at: u64,
}

impl Media {
    pub(crate) fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    pub(crate) fn seekable(&self) -> bool {
        self.seekable
    }

    pub(crate) fn len(&self) -> Option<u64> {
        self.byte_len
    }

    pub(crate) fn tail(&self) -> Tail {
        self.tail.clone()
    }

    /// Corrects the length upwards; reads beyond the real end find nothing.
    pub(crate) fn pretend_len(&mut self, len: u64) {
        self.byte_len = self.byte_len.map(|real| real.max(len));
    }

    /// The first `count` bytes, or all if there are fewer.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.head.len() < count {
            let start = self.head.len();
            self.head.resize(count, 0);
            let mut piece = std::mem::take(&mut self.head);
            let read = self.read_inner(start as u64, &mut piece[start..]);
            piece.truncate(start + *read.as_ref().unwrap_or(&0));
            self.head = piece;
            if read? == 0 {
                break;
            }
        }
        Ok(&self.head[..self.head.len().min(count)])
    }

    /// Reads up to `buf.len()` bytes at `from`; `at` is not touched. Past the end there is nothing: where a
    /// damaged file points there, that is the file's fault, and a reader that refuses to go there is not asked.
    pub(crate) fn read_inner(&mut self, from: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.real_len.is_some_and(|len| from >= len) {
            return Ok(0);
        }
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        let done = if self.inner_at == from { Ok(from) } else { inner.seek(SeekFrom::Start(from)) };
        let done = done.and_then(|_| {
            self.inner_at = from;
            loop {
                match inner.read(buf) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            }
        });
        match &done {
            Ok(count) => self.inner_at += *count as u64,
            Err(error) => self.trouble.note(error),
        }
        done
    }
}

impl Read for Media {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let seen = usize::try_from(self.at).unwrap_or(usize::MAX);
        let count = match self.head.get(seen..) {
            Some(rest) if !rest.is_empty() => {
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                count
            }
            _ => {
                if !self.seekable {
                    // Nothing can ask for it again.
                    self.head = Vec::new();
                }
                self.read_inner(self.at, buf)?
            }
        };
        self.tail.note(self.at, &buf[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Media {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match (pos, self.byte_len) {
            (SeekFrom::Start(at), _) => (at, 0),
            (SeekFrom::Current(offset), _) => (self.at, offset),
            (SeekFrom::End(offset), Some(len)) => (len, offset),
            (SeekFrom::End(_), None) => {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "the length is not known"));
            }
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "a seek to before the beginning");
        self.at = base.checked_add_signed(offset).ok_or_else(before)?;
        Ok(self.at)
    }
}

impl MediaSource for Media {
    fn is_seekable(&self) -> bool {
        self.seekable
    }

    fn byte_len(&self) -> Option<u64> {
        self.byte_len
    }
}
