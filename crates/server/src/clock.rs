//! The server's time, which a test may push forward.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// System time plus what it was pushed forward.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_us: AtomicI64,
}

impl Clock {
    /// Microseconds since 1970.
    pub fn now(&self) -> i64 {
        Timestamp::now().as_microsecond() + self.ahead_us.load(Ordering::Relaxed)
    }

    /// Whole seconds since 1970.
    pub fn now_s(&self) -> i64 {
        self.now().div_euclid(1_000_000)
    }

    pub fn advance(&self, by: Duration) {
        self.ahead_us.fetch_add(micros(by), Ordering::Relaxed);
    }
}

/// A duration in the database's unit.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
