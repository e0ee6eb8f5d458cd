//! The output that writes a WAV file: stereo, 32-bit float, 48 kHz, as fast as songs can be decoded.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Report, Sink, Trouble};
use crate::{Error, Result, Tap};

const RATE: u32 = 48_000;
const BLOCK_FRAMES: usize = 4_096;
/// How long it rests when there is nothing to take.
const REST: Duration = Duration::from_millis(1);

type Wav = hound::WavWriter<BufWriter<File>>;

enum Ask {
    Settle(mpsc::Sender<Result<()>>),
    Close,
}

enum State {
    Created(Place),
    Running {
        asks: mpsc::Sender<Ask>,
        thread: JoinHandle<Result<()>>,
    },
    /// The thread ended too early, and `close` has not told so yet.
    Broken(Error),
    Done(Error),
}

/// A file that may be written to. It is as it was until the first frame comes.
struct Place {
    path: PathBuf,
    file: File,
    /// There was none before.
    made: bool,
}

impl Place {
    fn take(path: &Path) -> io::Result<Self> {
        let open = |new: bool| File::options().write(true).create_new(new).open(path);
        let (file, made) = match open(true) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (open(false)?, false),
            made => (made?, true),
        };
        Ok(Self { path: path.to_owned(), file, made })
    }

    fn begin(&self) -> Result<Wav> {
        let emptied = || -> io::Result<File> {
            let file = self.file.try_clone()?;
            // Only a real file has a length to set.
            if file.metadata()?.is_file() {
                file.set_len(0)?;
            }
            Ok(file)
        };
        let file = emptied().map_err(|error| Error::output(&error))?;
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        hound::WavWriter::new(BufWriter::new(file), spec).map_err(output)
    }

    /// Nothing was recorded: no empty file stays.
    fn leave(&self) -> Result<()> {
        if self.made {
            fs::remove_file(&self.path).map_err(|error| Error::output(&error))?;
        }
        Ok(())
    }
}

/// Writes exactly the frames that a device would get: no silence before, between or after songs.
pub struct RecorderSink {
    state: State,
}

impl RecorderSink {
    /// Creates the file. One that is there is emptied when the first frame comes. `Error::Output`.
    pub fn create(path: &Path) -> Result<Self> {
        let place = Place::take(path).map_err(|error| Error::output(&error))?;
        Ok(Self { state: State::Created(place) })
    }
}

impl std::fmt::Debug for RecorderSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecorderSink").finish_non_exhaustive()
    }
}

impl Sink for RecorderSink {
    fn open(&mut self, tap: Tap, report: Report) -> Result<u32> {
        let closed = Error::output(&io::Error::other("the recording is already complete"));
        let place = match std::mem::replace(&mut self.state, State::Done(closed)) {
            State::Created(place) => place,
            State::Running { .. } => {
                return Err(Error::output(&io::Error::other("the recording is already running")));
            }
            State::Broken(error) | State::Done(error) => {
                self.state = State::Done(error.clone());
                return Err(error);
            }
        };
        let (asks, asked) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("recorder".into())
            .spawn(move || {
                let done = record(tap, &place, &asked);
                if let Err(error) = &done {
                    report(Trouble::Failed(error.clone()));
                }
                done
            })
            .map_err(|error| Error::output(&error))?;
        self.state = State::Running { asks, thread };
        Ok(RATE)
    }

    fn settle(&mut self) -> Result<()> {
        let asks = match &self.state {
            State::Running { asks, .. } => asks,
            State::Broken(error) => return Err(error.clone()),
            State::Created(_) | State::Done(_) => return Ok(()),
        };
        let (reply, replied) = mpsc::channel();
        let _ = asks.send(Ask::Settle(reply));
        if let Ok(settled) = replied.recv() {
            return settled;
        }
        // The thread is gone. What it reported may not have come yet, and what was drawn is not out for good.
        let done = self.close();
        if let Err(error) = &done {
            self.state = State::Broken(error.clone());
        }
        done
    }

    fn close(&mut self) -> Result<()> {
        let complete = State::Done(Error::output(&io::Error::other("the recording is already complete")));
        match std::mem::replace(&mut self.state, complete) {
            State::Created(place) => place.leave(),
            State::Running { asks, thread } => {
                let _ = asks.send(Ask::Close);
                let done = thread
                    .join()
                    .unwrap_or_else(|_| Err(Error::output(&io::Error::other("the recorder broke"))));
                if let Err(error) = &done {
                    self.state = State::Done(error.clone());
                }
                done
            }
            State::Broken(error) => {
                self.state = State::Done(error.clone());
                Err(error)
            }
            State::Done(error) => {
                self.state = State::Done(error);
                Ok(())
            }
        }
    }
}

impl Drop for RecorderSink {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

fn record(mut tap: Tap, place: &Place, asked: &mpsc::Receiver<Ask>) -> Result<()> {
    let mut block = vec![0.0; BLOCK_FRAMES * 2];
    let mut begun: Option<Wav> = None;
    loop {
        let frames = tap.take(&mut block);
        if frames > 0 {
            let wav = match &mut begun {
                Some(wav) => wav,
                none => none.insert(place.begin()?),
            };
            for &sample in &block[..frames * 2] {
                wav.write_sample(sample).map_err(output)?;
            }
        }
        tap.wake();
        let rest = if frames == 0 { REST } else { Duration::ZERO };
        match asked.recv_timeout(rest) {
            Ok(Ask::Settle(reply)) => {
                let settled = begun.as_mut().map_or(Ok(()), hound::WavWriter::flush);
                // The asker may have given up waiting.
                let _ = reply.send(settled.map_err(output));
            }
            Ok(Ask::Close) | Err(RecvTimeoutError::Disconnected) => {
                return match begun {
                    Some(wav) => wav.finalize().map_err(output),
                    None => place.leave(),
                };
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn output(error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) => Error::output(&error),
        other => Error::output(&io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_thread_that_died_just_before_is_not_taken_for_success() {
        let full = Error::output(&io::Error::from(io::ErrorKind::StorageFull));
        let (asks, asked) = mpsc::channel();
        let told = full.clone();
        let thread = thread::spawn(move || {
            drop(asked);
            Err(told)
        });
        let mut sink = RecorderSink { state: State::Running { asks, thread } };
        assert_eq!(sink.settle(), Err(full.clone()));
        assert_eq!(sink.settle(), Err(full.clone()), "the next song is told the same");
        assert_eq!(sink.close(), Err(full), "the recording is not complete");
        assert_eq!(sink.close(), Ok(()));
    }
}
