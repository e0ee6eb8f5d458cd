//! The output that writes a WAV file: stereo, 32-bit float, 48 kHz, as fast as songs can be decoded.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
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
    Created(Box<Wav>),
    Running {
        asks: mpsc::Sender<Ask>,
        thread: JoinHandle<Result<()>>,
    },
    /// The thread ended too early, and `close` has not told so yet.
    Broken(Error),
    Done(Error),
}

/// Writes exactly the frames that a device would get: no silence before, between or after songs.
pub struct RecorderSink {
    state: State,
}

impl RecorderSink {
    /// Creates the file, or empties it. `Error::Output`.
    pub fn create(path: &Path) -> Result<Self> {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let wav = hound::WavWriter::create(path, spec).map_err(output)?;
        Ok(Self { state: State::Created(Box::new(wav)) })
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
        let wav = match std::mem::replace(&mut self.state, State::Done(closed)) {
            State::Created(wav) => wav,
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
                let done = record(tap, *wav, &asked);
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
            State::Created(wav) => wav.finalize().map_err(output),
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

fn record(mut tap: Tap, mut wav: Wav, asked: &mpsc::Receiver<Ask>) -> Result<()> {
    let mut block = vec![0.0; BLOCK_FRAMES * 2];
    loop {
        let frames = tap.take(&mut block);
        for &sample in &block[..frames * 2] {
            wav.write_sample(sample).map_err(output)?;
        }
        tap.wake();
        let rest = if frames == 0 { REST } else { Duration::ZERO };
        match asked.recv_timeout(rest) {
            Ok(Ask::Settle(reply)) => {
                // The asker may have given up waiting.
                let _ = reply.send(wav.flush().map_err(output));
            }
            Ok(Ask::Close) | Err(RecvTimeoutError::Disconnected) => return wav.finalize().map_err(output),
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
