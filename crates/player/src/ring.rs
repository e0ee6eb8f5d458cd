//! The way from the decode thread to the output: lock-free rings of stereo frames, and the tap that outputs draw from.
//!
//! Each song, and each seek, gets a ring of its own. The output holds one [`Tap`]; the player hands it new rings through a
//! queue, so nothing on the output's side ever locks, allocates or frees. Old rings travel back and are freed elsewhere.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Frames of one ring: a second at 48 kHz, 384 kB.
pub const RING_FRAMES: usize = 48_000;
/// Frames to have before sound begins.
const START_FRAMES: usize = 1_024;
/// Frames to have before sound goes on after starving: a quarter of a second, so that a slow source does not stutter.
const RESUME_FRAMES: usize = 12_000;
/// Length of a fade around pause, stop and seek: 5 ms at 48 kHz.
pub const FADE_FRAMES: u32 = 240;
/// Rings on their way to the tap; more than that and the player waits for a tick.
const QUEUE: usize = 8;

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
        self.finished.load(Ordering::Acquire) && self.heard() == self.written()
    }

    /// Whether the output ran dry and waits for the decoder.
    pub fn starving(&self) -> bool {
        self.starving.load(Ordering::Acquire)
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
    /// The ring, and the frame of it, at which this one goes on. Kept here, so that it is freed with this one.
    after: Option<(Arc<Gauge>, u64)>,
}

/// Makes a ring that the current thread will write to.
pub(crate) fn ring() -> (RingWriter, RingReader) {
    let (producer, consumer) = rtrb::RingBuffer::new(RING_FRAMES * 2);
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
    pub fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.gauge)
    }

    /// Makes its first frame the same as frame number `from` of another ring: what was heard of that one by the time
    /// this one is taken up is passed over.
    pub fn going_on_from(mut self, other: Arc<Gauge>, from: u64) -> Self {
        self.after = Some((other, from));
        self
    }

    fn frames(&self) -> usize {
        self.samples.slots() / 2
    }

    /// How many frames were heard before it was taken up.
    fn missed(&self) -> u64 {
        self.after.as_ref().map_or(0, |(other, from)| other.heard().saturating_sub(*from))
    }

    /// Takes out up to so many frames unheard; returns how many.
    fn pass_over(&mut self, frames: u64) -> u64 {
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.frames());
        if let Ok(chunk) = self.samples.read_chunk(frames * 2) {
            chunk.commit_all();
        }
        self.gauge.heard.fetch_add(frames as u64, Ordering::Release);
        frames as u64
    }
}

/// Settings that the output reads on every draw.
#[derive(Debug)]
struct Knobs {
    paused: AtomicBool,
    /// The factor on every sample, as bits of an `f32`.
    gain: AtomicU32,
}

enum Order {
    Ring { reader: RingReader, fade_in: bool },
    Clear,
}

/// The tap's state: with the output while that is open, else with the player.
struct Core {
    knobs: Arc<Knobs>,
    orders: rtrb::Consumer<Order>,
    returns: rtrb::Producer<RingReader>,
    current: Option<RingReader>,
    /// An order that waits until the current ring has faded out.
    next: Option<Order>,
    /// How loud between silence (0) and full (`FADE_FRAMES`).
    level: u32,
    gain: f32,
    primed: bool,
    threshold: usize,
    /// Frames of the current ring that are still to be passed over.
    missed: u64,
}

impl Core {
    fn give_back(&mut self, reader: RingReader) {
        // There is always room: the player empties this queue before it gives an order, and it is longer than the other.
        let _ = self.returns.push(reader);
    }

    fn switch(&mut self, order: Order) {
        let (reader, fade_in) = match order {
            Order::Ring { reader, fade_in } => (Some(reader), fade_in),
            Order::Clear => (None, false),
        };
        if let Some(old) = std::mem::replace(&mut self.current, reader) {
            self.give_back(old);
        }
        let silent = fade_in || self.knobs.paused.load(Ordering::Acquire);
        self.level = if silent { 0 } else { FADE_FRAMES };
        self.missed = self.current.as_ref().map_or(0, RingReader::missed);
        self.primed = false;
        self.threshold = START_FRAMES;
    }

    /// Whether the current ring may sound now. A paced output waits for a cushion first.
    fn flows(&mut self, paced: bool) -> bool {
        let Some(ring) = &mut self.current else { return false };
        if self.missed > 0 {
            self.missed -= ring.pass_over(self.missed);
            if self.missed > 0 {
                return false;
            }
        }
        // Read before counting: what is finished is completely there.
        let finished = ring.gauge.finished.load(Ordering::Acquire);
        let frames = ring.frames();
        if !paced || self.primed {
            return frames > 0;
        }
        if finished || frames >= self.threshold {
            self.primed = true;
            ring.gauge.starving.store(false, Ordering::Release);
        }
        self.primed && frames > 0
    }

    fn draw(&mut self, out: &mut [f32], paced: bool) -> usize {
        let want = out.len() / 2;
        let mut done = 0;
        while done < want {
            // Paused is read before the orders: who un-pauses for a new song has ordered the old one away before.
            let paused = self.knobs.paused.load(Ordering::Acquire);
            while let Ok(order) = self.orders.pop() {
                // Only the latest counts.
                if let Some(Order::Ring { reader, .. }) = self.next.replace(order) {
                    self.give_back(reader);
                }
            }
            let flows = self.flows(paced);
            if (self.level == 0 || !flows)
                && let Some(order) = self.next.take()
            {
                self.switch(order);
                continue;
            }
            let target = if paused || self.next.is_some() { 0 } else { FADE_FRAMES };
            if !flows {
                self.level = self.level.min(target);
                self.starve(paced && !paused);
                break;
            }
            if self.level == 0 && target == 0 {
                break;
            }
            let Some(ring) = &mut self.current else { break };
            let fading = self.level.abs_diff(target) as usize;
            let room = if fading > 0 { fading.min(want - done) } else { want - done };
            let part = &mut out[done * 2..(done + room.min(ring.frames())) * 2];
            let (got, _) = ring.samples.pop_partial_slice(part);
            let frames = got.len() / 2;
            ring.gauge.note(frames);
            self.shape(&mut out[done * 2..(done + frames) * 2], target);
            done += frames;
        }
        done
    }

    fn starve(&mut self, paced: bool) {
        if let Some(ring) = &self.current
            && paced
            && self.primed
            && !ring.gauge.finished.load(Ordering::Acquire)
        {
            self.primed = false;
            self.threshold = RESUME_FRAMES;
            ring.gauge.starving.store(true, Ordering::Release);
        }
    }

    /// Applies fade and volume. Untouched, bit for bit, when both are at full.
    fn shape(&mut self, samples: &mut [f32], target: u32) {
        let gain = f32::from_bits(self.knobs.gain.load(Ordering::Acquire));
        if self.level == target && target == FADE_FRAMES && self.gain == gain && gain == 1.0 {
            return;
        }
        let step = 1.0 / FADE_FRAMES as f32;
        for frame in samples.chunks_exact_mut(2) {
            self.level = match self.level.cmp(&target) {
                std::cmp::Ordering::Less => self.level + 1,
                std::cmp::Ordering::Equal => self.level,
                std::cmp::Ordering::Greater => self.level - 1,
            };
            self.gain += (gain - self.gain).clamp(-step, step);
            let factor = self.gain * (self.level as f32 * step);
            frame[0] *= factor;
            frame[1] *= factor;
        }
    }
}

/// The player's hold on the tap.
pub(crate) struct TapControl {
    knobs: Arc<Knobs>,
    orders: rtrb::Producer<Order>,
    /// The latest order, while the queue to a stalled output is full.
    waiting: Option<Order>,
    returned: rtrb::Consumer<RingReader>,
    door: mpsc::Sender<Box<Core>>,
    home: mpsc::Receiver<Box<Core>>,
    at_home: Option<Box<Core>>,
}

impl TapControl {
    pub fn new() -> Self {
        Self::with(Arc::new(Knobs {
            paused: AtomicBool::new(false),
            gain: AtomicU32::new(1.0_f32.to_bits()),
        }))
    }

    /// Forgets a tap that was lent and did not come back.
    pub fn renew(&mut self) {
        *self = Self::with(Arc::clone(&self.knobs));
    }

    fn with(knobs: Arc<Knobs>) -> Self {
        let (order_in, order_out) = rtrb::RingBuffer::new(QUEUE);
        let (return_in, return_out) = rtrb::RingBuffer::new(QUEUE + 2);
        let (door, home) = mpsc::channel();
        let core = Core {
            knobs: Arc::clone(&knobs),
            orders: order_out,
            returns: return_in,
            current: None,
            next: None,
            level: FADE_FRAMES,
            gain: 1.0,
            primed: false,
            threshold: START_FRAMES,
            missed: 0,
        };
        Self {
            knobs,
            orders: order_in,
            waiting: None,
            returned: return_out,
            door,
            home,
            at_home: Some(Box::new(core)),
        }
    }

    /// The tap, for an output that opens. `None` while another one has it.
    pub fn lend(&mut self) -> Option<Tap> {
        let core = self.at_home.take()?;
        Some(Tap { core: Some(core), door: self.door.clone() })
    }

    /// Takes the tap's state back after the output was closed; `false` when it did not come within a second.
    pub fn recall(&mut self) -> bool {
        if self.at_home.is_none() {
            self.at_home = self.home.recv_timeout(Duration::from_secs(1)).ok();
            if let Some(core) = &mut self.at_home {
                // Nothing is heard now; what comes next fades in.
                core.level = 0;
            }
        }
        self.at_home.is_some()
    }

    /// Lets the output draw from another ring, after the present one has faded.
    pub fn put(&mut self, reader: RingReader, fade_in: bool) {
        self.order(Order::Ring { reader, fade_in });
    }

    /// Takes the present ring away, after it has faded.
    pub fn clear(&mut self) {
        self.order(Order::Clear);
    }

    pub fn set_paused(&self, paused: bool) {
        self.knobs.paused.store(paused, Ordering::Release);
    }

    /// Sets the factor on every sample, approached over 5 ms.
    pub fn set_gain(&self, gain: f32) {
        self.knobs.gain.store(gain.to_bits(), Ordering::Release);
    }

    /// Frees what came back and repeats an order that found the queue full.
    pub fn tick(&mut self) {
        while self.returned.pop().is_ok() {}
        if let Some(order) = self.waiting.take()
            && let Err(rtrb::PushError::Full(order)) = self.orders.push(order)
        {
            self.waiting = Some(order);
        }
    }

    fn order(&mut self, order: Order) {
        // One that still waits is outdated by this one, and must not come after it.
        self.waiting = Some(order);
        if let Some(core) = &mut self.at_home {
            // Nobody draws: nothing is heard that would have to fade.
            core.next = None;
            while core.orders.pop().is_ok() {}
            if let Some(order) = self.waiting.take() {
                core.switch(order);
            }
        }
        self.tick();
    }
}

/// What an output draws frames from. Drawing never locks, allocates, frees or logs. Dropping it hands its state back to the player.
pub struct Tap {
    core: Option<Box<Core>>,
    door: mpsc::Sender<Box<Core>>,
}

impl Tap {
    /// Fills `out` (interleaved stereo) in real time, as far as there is sound: returns the frames, the rest is left as it was.
    /// Short of sound it starts again only after a cushion has gathered.
    pub fn draw(&mut self, out: &mut [f32]) -> usize {
        self.core.as_mut().map_or(0, |core| core.draw(out, true))
    }

    /// The same for an output without a clock: takes whatever is there.
    pub fn take(&mut self, out: &mut [f32]) -> usize {
        self.core.as_mut().map_or(0, |core| core.draw(out, false))
    }

    /// Tells the decoder at once that there is room. Not for a device's callback: it enters the kernel.
    pub fn wake(&self) {
        if let Some(ring) = self.core.as_ref().and_then(|core| core.current.as_ref()) {
            ring.writer.unpark();
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if let Some(core) = self.core.take() {
            // Without a player nobody needs it.
            let _ = self.door.send(core);
        }
    }
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tap").finish_non_exhaustive()
    }
}
