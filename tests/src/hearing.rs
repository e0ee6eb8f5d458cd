//! Listening to a program that plays, on a machine that may be too busy for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::signal::{Likeness, compare};

/// What the player's device buffer bridges.
const STANDSTILL: Duration = Duration::from_millis(140);

/// Lets a song be played and heard, and compares. A hearing with a gap counts, unless the machine itself stood still
/// meanwhile: then it says nothing about the player, and is repeated.
pub fn hearing(meant: &[f32], mut listen: impl FnMut() -> Vec<f32>) -> Likeness {
    for _ in 0..3 {
        let watch = Standstill::watch();
        let heard = listen();
        let found = compare(&heard, meant);
        let longest = watch.longest();
        println!("heard from the sink: {found:?}; the machine stood still for at most {longest:?}");
        if found.worst.1 >= 0.9 || longest < STANDSTILL {
            return found;
        }
    }
    panic!("this machine is too busy to play sound in time, by whichever program");
}

/// A thread that wants to run every five milliseconds, and notes for how long it could not.
struct Standstill {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Standstill {
    fn watch() -> Self {
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

    fn longest(self) -> Duration {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}
