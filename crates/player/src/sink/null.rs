//! The output that is silent but keeps real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Report, Sink};
use crate::{Error, Result, Tap};

const RATE: u32 = 48_000;
/// How often it draws; also the most it can be late.
const PERIOD: Duration = Duration::from_millis(5);
/// Longer holes (a suspended computer) are skipped, not caught up with.
const LONGEST_HOLE: Duration = Duration::from_millis(200);

/// Draws frames at 48 kHz by the clock and forgets them.
#[derive(Debug, Default)]
pub struct NullSink {
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl NullSink {
    /// A closed one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Sink for NullSink {
    fn open(&mut self, tap: Tap, _report: Report) -> Result<u32> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("null sink".into())
            .spawn(move || draw_by_the_clock(tap, &seen))
            .map_err(|error| Error::output(&error))?;
        self.running = Some((stop, thread));
        Ok(RATE)
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if let Some((stop, thread)) = self.running.take() {
            stop.store(true, Ordering::Release);
            thread.thread().unpark();
            // It has nothing to say; a panic there has been printed.
            let _ = thread.join();
        }
        Ok(())
    }

    fn idle_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }
}

impl Drop for NullSink {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

fn draw_by_the_clock(mut tap: Tap, stop: &AtomicBool) {
    let mut block = vec![0.0; frames(LONGEST_HOLE) * 2];
    let mut then = Instant::now();
    let mut drawn = 0;
    while !stop.load(Ordering::Acquire) {
        thread::park_timeout(PERIOD);
        let due = frames(then.elapsed());
        if due - drawn > frames(LONGEST_HOLE) {
            then = Instant::now();
            drawn = 0;
            continue;
        }
        tap.draw(&mut block[..(due - drawn) * 2]);
        tap.wake();
        drawn = due;
    }
}

fn frames(time: Duration) -> usize {
    (time.as_nanos() * u128::from(RATE) / 1_000_000_000) as usize
}
