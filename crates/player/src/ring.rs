//! The way from the decode thread to the output: a lock-free ring of stereo frames for each song, and for each seek.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::engine::frames;

/// What a ring holds: so long the decode thread may be kept waiting, by a busy machine or by its source. 768 kB at 48 kHz.
const LENGTH: Duration = Duration::from_secs(2);
/// What is there before sound begins, and before it goes on after starving: more than a device takes at once, which may be
/// its whole buffer. With less, its first draw would find the ring empty half way, and that is a gap.
const CUSHION: Duration = Duration::from_millis(300);

/// What decoder, output and player know together about one ring.
#[derive(Debug)]
pub(crate) struct Gauge {
    written: AtomicU64,
    heard: AtomicU64,
    finished: AtomicBool,
    starving: AtomicBool,
    /// Nanoseconds from `born` to the first frame drawn, plus one; 0 before that.
    first: AtomicU64,
    born: Instant,
}

impl Gauge {
    /// Frames that the decoder has put in.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Frames that the output has taken, or passed over.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    /// Whether everything has been decoded and taken.
    pub fn drained(&self) -> bool {
        self.finished() && self.heard() == self.written()
    }

    /// Whether the output ran dry and waits for the decoder.
    pub fn starving(&self) -> bool {
        self.starving.load(Ordering::Acquire)
    }

    /// Whether nothing more will come.
    pub fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    pub fn set_starving(&self, starving: bool) {
        self.starving.store(starving, Ordering::Release);
    }

    fn note(&self, frames: usize) {
        if self.first.load(Ordering::Relaxed) == 0 {
            self.first.store(self.born.elapsed().as_nanos() as u64 + 1, Ordering::Release);
        }
        self.heard.fetch_add(frames as u64, Ordering::Release);
    }

    /// When the first frame was drawn.
    pub fn first(&self) -> Option<Instant> {
        let nanos = self.first.load(Ordering::Acquire);
        (nanos > 0).then(|| self.born + Duration::from_nanos(nanos - 1))
    }
}

/// The decoder's end of a ring.
pub(crate) struct RingWriter {
    samples: rtrb::Producer<f32>,
    gauge: Arc<Gauge>,
}

/// The output's end of a ring.
pub(crate) struct RingReader {
    samples: rtrb::Consumer<f32>,
    gauge: Arc<Gauge>,
    writer: Thread,
    /// Frames to gather before it may sound.
    cushion: usize,
    /// The ring, and the frame of it, at which this one goes on. Kept here, so that it is freed with this one.
    after: Option<(Arc<Gauge>, u64)>,
}

/// Makes a ring of frames at `rate` that the current thread will write to.
pub(crate) fn ring(rate: u32) -> (RingWriter, RingReader) {
    let (producer, consumer) = rtrb::RingBuffer::new(frames(LENGTH, rate) as usize * 2);
    let gauge = Arc::new(Gauge {
        written: AtomicU64::new(0),
        heard: AtomicU64::new(0),
        finished: AtomicBool::new(false),
        starving: AtomicBool::new(false),
        first: AtomicU64::new(0),
        born: Instant::now(),
    });
    let reader = RingReader {
        samples: consumer,
        gauge: Arc::clone(&gauge),
        writer: std::thread::current(),
        cushion: frames(CUSHION, rate) as usize,
        after: None,
    };
    (RingWriter { samples: producer, gauge }, reader)
}

impl RingWriter {
    /// Puts in what fits of interleaved stereo `samples`; returns how many samples (always whole frames).
    pub fn write(&mut self, samples: &[f32]) -> usize {
        let room = self.samples.slots() & !1;
        let part = &samples[..samples.len().min(room)];
        let (done, _) = self.samples.push_partial_slice(part);
        let count = done.len();
        self.gauge.written.fetch_add(count as u64 / 2, Ordering::Release);
        count
    }

    /// Says that nothing more will come.
    pub fn finish(&self) {
        self.gauge.finished.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for RingReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RingReader").field("gauge", &self.gauge).finish_non_exhaustive()
    }
}

impl RingReader {
    pub fn gauge(&self) -> &Arc<Gauge> {
        &self.gauge
    }

    /// Makes its first frame the same as frame number `from` of another ring: what was heard of that one by the time
    /// this one is taken up is passed over.
    pub fn going_on_from(mut self, other: Arc<Gauge>, from: u64) -> Self {
        self.after = Some((other, from));
        self
    }

    /// Frames that are there to be taken.
    pub fn frames(&self) -> usize {
        self.samples.slots() / 2
    }

    /// Frames to gather before it may sound.
    pub fn cushion(&self) -> usize {
        self.cushion
    }

    /// How many frames were heard before it was taken up.
    pub fn missed(&self) -> u64 {
        self.after.as_ref().map_or(0, |(other, from)| other.heard().saturating_sub(*from))
    }

    /// Takes out up to so many frames unheard; returns how many.
    pub fn pass_over(&mut self, frames: u64) -> u64 {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.frames());
        if let Ok(chunk) = self.samples.read_chunk(frames * 2) {
            chunk.commit_all();
        }
        self.gauge.heard.fetch_add(frames as u64, Ordering::Release);
        frames as u64
    }

    /// Moves what is there into `out` (interleaved stereo), as far as it goes; returns how many frames.
    pub fn take(&mut self, out: &mut [f32]) -> usize {
        let (got, _) = self.samples.pop_partial_slice(out);
        let frames = got.len() / 2;
        self.gauge.note(frames);
        frames
    }

    /// Tells the decoder at once that there is room. It enters the kernel.
    pub fn wake_writer(&self) {
        self.writer.unpark();
    }
}
