//! The decode thread of one song: it opens the source, decodes ahead into a ring, and waits where the ring is full.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvError, Sender};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::decode::{Decode, More};
use crate::resample::Resampler;
use crate::ring::{RingReader, RingWriter, ring};
use crate::source::Cancel;
use crate::{Error, Format, Result, Source, format};

/// How long it sleeps at a full ring when the output can't wake it: a device's callback never does.
const NAP: Duration = Duration::from_millis(20);

/// An order to decode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Go {
    /// Counts the orders to one worker, from 1.
    pub number: u64,
    /// From where.
    pub at: Duration,
    /// The output's rate.
    pub rate: u32,
    /// How many frames at that rate are wanted at most.
    pub left: Option<u64>,
}

/// What the thread finds out.
#[derive(Debug)]
pub(crate) enum Found {
    Opened {
        format: Format,
        duration: Option<Duration>,
        seekable: bool,
    },
    /// The answer to an order: this is being filled from `at`.
    Ring {
        go: Go,
        at: Duration,
        reader: RingReader,
    },
    /// The order can't be followed; decoding goes on where it was.
    Refused(Error),
    /// Nothing more will come into the present ring.
    Finished(Result<()>),
}

/// The hold on a song's decode thread. Dropping it lets the thread end, once a blocked read returns.
pub(crate) struct Worker {
    orders: Sender<Go>,
    thread: Thread,
    stopped: Arc<AtomicBool>,
    cancel: Option<Cancel>,
}

impl Worker {
    pub fn spawn(mut source: Source, report: impl Fn(Found) + Send + 'static) -> Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let stopped = Arc::new(AtomicBool::new(false));
        let cancel = source.cancel.take();
        let seen = Arc::clone(&stopped);
        let thread = thread::Builder::new()
            .name("decode".into())
            .spawn(move || {
                let desk = Desk { inbox, stopped: seen, report: &report };
                // A demuxer or decoder that panics on a malformed file must cost this song, not the player.
                let done = catch_unwind(AssertUnwindSafe(|| desk.work(source)));
                let done = done.unwrap_or_else(|_| Err(Error::bad("the decoder broke on it")));
                if done.is_err() {
                    report(Found::Finished(done));
                }
            })
            .map_err(|error| Error::output(&error))?;
        Ok(Self { orders, thread: thread.thread().clone(), stopped, cancel })
    }

    pub fn go(&self, go: Go) {
        // A thread that has ended has told why.
        let _ = self.orders.send(go);
        self.thread.unpark();
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.thread.unpark();
        if let Some(cancel) = &self.cancel {
            cancel();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// One ring being filled.
struct Pass {
    writer: RingWriter,
    resampler: Resampler,
    left: Option<u64>,
    /// Frames for the ring, as stereo samples, and how many of these are in it already.
    out: Vec<f32>,
    sent: usize,
    /// `out` is the last there is, perhaps because of an error.
    last: Option<Result<()>>,
}

impl Drop for Pass {
    // However a pass ends, its ring must not look as if more were to come.
    fn drop(&mut self) {
        self.writer.finish();
    }
}

impl Pass {
    /// Decodes the next piece into `out`.
    fn fill(&mut self, decode: &mut Decode, block: &mut Vec<f32>) {
        block.clear();
        self.out.clear();
        self.sent = 0;
        let more = decode.next(block);
        let done = self.resampler.push(block, &mut self.out).and(more);
        self.last = match done {
            Ok(More::Yes) => None,
            Ok(More::No) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
        if self.last.is_some()
            && let Err(error) = self.resampler.finish(&mut self.out)
        {
            self.last = Some(Err(error));
        }
        if let Some(left) = &mut self.left {
            let wanted = usize::try_from(*left).unwrap_or(usize::MAX).saturating_mul(2);
            self.out.truncate(wanted);
            *left -= self.out.len() as u64 / 2;
            if *left == 0 {
                self.last = Some(Ok(()));
            }
        }
    }
}

struct Desk<'a> {
    inbox: Receiver<Go>,
    stopped: Arc<AtomicBool>,
    report: &'a dyn Fn(Found),
}

impl Desk<'_> {
    fn work(&self, source: Source) -> Result<()> {
        let (mut decode, facts) = format::open(source)?;
        let rate = facts.format.sample_rate;
        (self.report)(Found::Opened {
            format: facts.format,
            duration: facts.duration,
            seekable: facts.seekable,
        });

        let mut pass: Option<Pass> = None;
        let mut begun = false;
        let mut block = Vec::new();
        while !self.stopped.load(Ordering::Acquire) {
            let Ok(go) = self.order(pass.is_none()) else { break };
            if let Some(go) = go {
                match self.begin(&mut decode, go, rate) {
                    Ok(started) => pass = Some(started),
                    // Mid-song the old place is still good.
                    Err(error) if begun => (self.report)(Found::Refused(error)),
                    Err(error) => return Err(error),
                }
                begun = true;
            }
            let Some(running) = &mut pass else { continue };
            if running.sent < running.out.len() {
                running.sent += running.writer.write(&running.out[running.sent..]);
                if running.sent < running.out.len() {
                    thread::park_timeout(NAP);
                }
            } else if let Some(last) = running.last.take() {
                let broken = last.is_err();
                pass = None;
                (self.report)(Found::Finished(last));
                if broken {
                    break;
                }
            } else {
                running.fill(&mut decode, &mut block);
            }
        }
        Ok(())
    }

    /// The newest order, if there is one; waits for it when there is nothing else to do. An error means that nobody asks any more.
    fn order(&self, wait: bool) -> std::result::Result<Option<Go>, RecvError> {
        let first = if wait { Some(self.inbox.recv()?) } else { None };
        Ok(self.inbox.try_iter().last().or(first))
    }

    fn begin(&self, decode: &mut Decode, go: Go, rate: u32) -> Result<Pass> {
        let resampler = Resampler::new(rate, go.rate)?;
        let at = if go.number > 1 || go.at > Duration::ZERO { decode.seek(go.at)? } else { Duration::ZERO };
        let (writer, reader) = ring(go.rate);
        (self.report)(Found::Ring { go, at, reader });
        Ok(Pass { writer, resampler, left: go.left, out: Vec::new(), sent: 0, last: None })
    }
}
