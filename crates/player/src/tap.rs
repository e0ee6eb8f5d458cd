//! The tap that outputs draw from: which ring is heard, how loud, and from when on.
//!
//! The output holds one [`Tap`]; the player hands it new rings through a queue, so nothing on the output's side ever locks,
//! allocates or frees. Old rings travel back and are freed elsewhere.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::ring::RingReader;

/// Length of a fade around pause, stop and seek: 5 ms at 48 kHz.
const FADE_FRAMES: u32 = 240;
/// Rings on their way to the tap; more than that and the player waits for a tick.
const QUEUE: usize = 8;

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
    /// The current ring has had its cushion and did not run dry since.
    primed: bool,
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
        let finished = ring.gauge().finished();
        let frames = ring.frames();
        if !paced || self.primed {
            return frames > 0;
        }
        if finished || frames >= ring.cushion() {
            self.primed = true;
            ring.gauge().set_starving(false);
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
            let frames = ring.take(&mut out[done * 2..(done + room.min(ring.frames())) * 2]);
            self.shape(&mut out[done * 2..(done + frames) * 2], target);
            done += frames;
        }
        done
    }

    fn starve(&mut self, paced: bool) {
        if let Some(ring) = &self.current
            && paced
            && self.primed
            && !ring.gauge().finished()
        {
            self.primed = false;
            ring.gauge().set_starving(true);
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
            ring.wake_writer();
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
