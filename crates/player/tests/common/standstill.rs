//! Whether the machine itself stood still, so that no program could have kept time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that wants to run every five milliseconds, and notes for how long it could not.
pub struct Standstill {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Standstill {
    pub fn watch() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut longest = Duration::ZERO;
            while !seen.load(Ordering::Relaxed) {
                let at = Instant::now();
                thread::park_timeout(Duration::from_millis(5));
                longest = longest.max(at.elapsed());
            }
            longest
        });
        Self { over, thread }
    }

    pub fn longest(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
