//! How fast requests may follow each other: the service's own word where it gives one, else the contract's figures.

use std::{collections::VecDeque, time::Duration};

use jiff::{SignedDuration, Timestamp};

/// The contract's figures: library calls, and searches, in a minute.
const LIBRARY_A_MINUTE: usize = 200;
const SEARCHES_A_MINUTE: usize = 100;
/// The same for the entries of one page.
const PAGE: u32 = 100;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// After a refusal without a word of how long: the first pause, doubled each time, and the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// What an answer says of the limit: `X-RateLimit-Remaining` and `X-RateLimit-Reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub remaining: u32,
    pub reset: Timestamp,
}

/// What one service allows. The paces outlive a run: a minute does not begin anew with it.
#[derive(Clone, Debug)]
pub struct Limits {
    pub(crate) library: Pacer,
    pub(crate) search: Pacer,
    /// Entries of one page.
    pub(crate) page: u32,
}

impl Limits {
    /// `seed` varies the pauses, so that many clients do not come back at once.
    pub fn new(seed: u64) -> Self {
        Self {
            library: Pacer::new(LIBRARY_A_MINUTE, seed),
            search: Pacer::new(SEARCHES_A_MINUTE, !seed),
            page: PAGE,
        }
    }

    /// The same for a service with pages of so many entries, two at least: each begins with the last of the one before.
    #[must_use]
    pub fn with_pages_of(self, entries: u32) -> Self {
        Self { page: entries.max(2), ..self }
    }

    /// Before when nothing can be asked of the library; `None` when it can.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.library.ready_at(now)).filter(|ready| *ready > now)
    }
}

/// The pace of one kind of calls.
#[derive(Clone, Debug)]
pub(crate) struct Pacer {
    a_minute: usize,
    /// When requests of the last minute went out, oldest first.
    sent: VecDeque<Timestamp>,
    in_flight: u32,
    /// Whether the service has shown that it has a limit.
    limited: bool,
    left: Option<Allowance>,
    rest_until: Option<Timestamp>,
    /// Refusals since the last good answer.
    refusals: u32,
    random: u64,
}

impl Pacer {
    fn new(a_minute: usize, seed: u64) -> Self {
        Self {
            a_minute,
            sent: VecDeque::new(),
            in_flight: 0,
            limited: false,
            left: None,
            rest_until: None,
            refusals: 0,
            random: seed,
        }
    }

    /// Nothing of an earlier run is under way any more.
    pub fn begin(&mut self) {
        self.in_flight = 0;
    }

    /// When the next request may go out: now, or later.
    pub fn ready_at(&self, now: Timestamp) -> Timestamp {
        let mut at = now.max(self.rest_until.unwrap_or(now));
        if !self.limited {
            return at;
        }
        if let Some(Allowance { remaining, reset }) = self.left
            && remaining <= self.in_flight
        {
            at = at.max(reset);
        }
        if let Some(&oldest) = self.sent.len().checked_sub(self.a_minute).and_then(|n| self.sent.get(n)) {
            at = at.max(later(oldest, MINUTE));
        }
        at
    }

    pub fn sent(&mut self, now: Timestamp) {
        if self.left.is_some_and(|left| left.reset <= now) {
            self.left = None;
        }
        let minute_ago = now.saturating_sub(MINUTE).unwrap_or(now);
        while self.sent.front().is_some_and(|&sent| sent <= minute_ago) {
            self.sent.pop_front();
        }
        self.sent.push_back(now);
        self.in_flight += 1;
    }

    /// An answer came, good or not. One that says nothing of a limit changes nothing.
    /// A clock that goes otherwise than ours makes no wait longer than a minute.
    pub fn answered(&mut self, allowance: Option<Allowance>, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(Allowance { remaining, reset }) = allowance {
            self.limited = true;
            self.left = Some(Allowance { remaining, reset: reset.min(later(now, MINUTE)) });
        }
    }

    pub fn passed(&mut self) {
        self.refusals = 0;
    }

    /// The limit was hit; answers until when to rest, and how often that was in a row. What was under way when the rest
    /// began is refused with the first.
    pub fn refused(&mut self, retry_after: Option<Duration>, now: Timestamp) -> (Timestamp, u32) {
        self.limited = true;
        let resting = self.rest_until.filter(|&rest| rest > now);
        self.refusals += u32::from(resting.is_none());
        let told = retry_after.and_then(|wait| SignedDuration::try_from(wait).ok());
        let until = match (told, resting) {
            (Some(wait), _) => later(now, wait),
            (None, Some(rest)) => rest,
            (None, None) => later(now, self.backoff()),
        };
        self.rest_until = Some(self.rest_until.map_or(until, |rest| rest.max(until)));
        (until, self.refusals)
    }

    /// The pause after so many refusals, between three and five quarters of its length.
    fn backoff(&mut self) -> SignedDuration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.refusals - 1).min(10)).min(LONGEST_PAUSE);
        // splitmix64
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.random;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let thousandths = i32::try_from((x ^ (x >> 31)) % 501).unwrap_or(250);
        doubled / 1000 * (750 + thousandths)
    }
}

pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn without_a_limit_there_is_no_pace_and_after_a_refusal_there_is() {
        let mut pacer = Pacer::new(3, 1);
        for _ in 0..50 {
            assert_eq!(pacer.ready_at(at(0)), at(0));
            pacer.sent(at(0));
            pacer.answered(None, at(0));
        }
        let (until, times) = pacer.refused(Some(Duration::from_secs(7)), at(0));
        assert_eq!((until, times), (at(7), 1));
        assert_eq!(pacer.ready_at(at(0)), at(60), "fifty went out in this minute");
        assert_eq!(pacer.ready_at(at(61)), at(61));
    }

    #[test]
    fn so_many_in_any_minute() {
        let mut pacer = Pacer::new(3, 1);
        pacer.refused(Some(Duration::ZERO), at(0));
        for second in [0, 10, 20] {
            assert_eq!(pacer.ready_at(at(second)), at(second));
            pacer.sent(at(second));
        }
        assert_eq!(pacer.ready_at(at(30)), at(60));
        pacer.sent(at(60));
        assert_eq!(pacer.ready_at(at(60)), at(70));
    }

    #[test]
    fn the_service_s_own_word_counts_and_what_is_under_way_with_it() {
        let mut pacer = Pacer::new(200, 1);
        let left = |remaining| Some(Allowance { remaining, reset: at(50) });
        pacer.sent(at(0));
        pacer.answered(left(2), at(0));
        pacer.sent(at(0));
        assert_eq!(pacer.ready_at(at(1)), at(1));
        pacer.sent(at(1));
        assert_eq!(pacer.ready_at(at(1)), at(50), "two are left and two are under way");
        pacer.answered(left(1), at(1));
        assert_eq!(pacer.ready_at(at(2)), at(50));
        pacer.answered(left(0), at(2));
        assert_eq!(pacer.ready_at(at(51)), at(51));
        pacer.sent(at(51));
        assert_eq!(pacer.ready_at(at(51)), at(51), "what was left before says nothing any more");
    }

    #[test]
    fn pauses_grow_vary_and_end() {
        let mut pacer = Pacer::new(200, 7);
        let mut now = 0;
        let mut pause = || {
            let (until, _) = pacer.refused(None, at(now));
            let pause = until.as_second() - now;
            now += pause + 1;
            pause
        };
        let first = pause();
        assert!((3..=6).contains(&first), "{first}");
        let more: Vec<i64> = (0..9).map(|_| pause()).collect();
        assert!(more[1] > first && more.iter().all(|&pause| pause <= 375), "{more:?}");
        assert!(more[6..].iter().any(|pause| *pause != more[8]), "always the same: {more:?}");
        pacer.passed();
        assert!(pacer.refused(None, at(now)).0.as_second() - now <= 6);
    }

    #[test]
    fn what_was_under_way_is_refused_once() {
        let mut pacer = Pacer::new(200, 7);
        let wait = Some(Duration::from_secs(30));
        let times: Vec<u32> = (0..8).map(|_| pacer.refused(wait, at(0)).1).collect();
        assert_eq!(times, [1; 8]);
        assert_eq!(pacer.refused(wait, at(31)).1, 2, "that one was sent after the rest");
    }

    #[test]
    fn a_rest_is_over_when_its_time_has_come() {
        let mut limits = Limits::new(7);
        assert_eq!(limits.rests_until(at(0)), None);
        assert_eq!(limits.library.refused(Some(Duration::from_secs(7)), at(0)), (at(7), 1));
        assert_eq!((limits.rests_until(at(6)), limits.rests_until(at(7))), (Some(at(7)), None));
        assert_eq!(limits.library.refused(None, at(7)).1, 2, "that one was sent after the rest");
    }

    #[test]
    fn what_an_earlier_run_left_under_way_counts_no_more() {
        let mut pacer = Pacer::new(200, 1);
        for _ in 0..3 {
            pacer.sent(at(0));
        }
        pacer.answered(Some(Allowance { remaining: 2, reset: at(50) }), at(0));
        assert_eq!(pacer.ready_at(at(1)), at(50));
        pacer.begin();
        assert_eq!(pacer.ready_at(at(1)), at(1));
    }
}
