//! The song on stage: what is known of it, how far it is heard, and what there is to tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Place, PlayOptions, frames, time};
use crate::ring::Gauge;
use crate::worker::{Go, Worker};
use crate::{Event, Format, RequestId, Result};

const POSITION_EVERY: Duration = Duration::from_millis(250);
/// A song that has not sounded by then is said to be buffering.
const PATIENCE: Duration = Duration::from_millis(400);

/// The song on stage.
pub(super) struct Song {
    pub number: u64,
    pub request: RequestId,
    pub worker: Worker,
    /// When it was asked for, or resumed after a start in pause.
    pub asked: Instant,
    pub opened: Option<(Format, Option<Duration>)>,
    /// The ring that is heard, and its rate.
    pub ring: Option<(Arc<Gauge>, u32)>,
    pub base: Duration,
    /// How much of the ring counts as heard although the output has yet to pass it over.
    pub ahead: Duration,
    /// Heard of rings before this one.
    pub heard: Duration,
    pub stop_after: Option<Duration>,
    pub started: bool,
    pub buffering: bool,
    pub paused: bool,
    /// Orders to decode from somewhere; the first is the start, later ones are seeks.
    pub goes: u64,
    /// The order that the present ring answers, or the last one that was refused.
    pub followed: u64,
    /// The ring went down with an output that did not hand it back.
    pub orphaned: bool,
    /// The decoder is through with this ring, perhaps with an error.
    pub finished: Option<Result<()>>,
    told: Instant,
}

impl Song {
    pub fn new(
        number: u64,
        request: RequestId,
        worker: Worker,
        asked: Instant,
        options: PlayOptions,
    ) -> Self {
        Self {
            number,
            request,
            worker,
            asked,
            opened: None,
            ring: None,
            base: options.from,
            ahead: Duration::ZERO,
            heard: Duration::ZERO,
            stop_after: options.stop_after,
            started: false,
            buffering: false,
            paused: options.paused,
            goes: 0,
            followed: 0,
            orphaned: false,
            finished: None,
            told: Instant::now(),
        }
    }

    fn ring_heard(&self) -> Duration {
        let heard = self.ring.as_ref().map_or(Duration::ZERO, |(gauge, rate)| time(gauge.heard(), *rate));
        heard.max(self.ahead)
    }

    /// Where it stands, for whoever asks from another thread.
    pub fn place(&self) -> Place {
        Place {
            request: self.request,
            duration: self.opened.as_ref().and_then(|(_, duration)| *duration),
            base: self.base,
            ring: self.ring.clone(),
            ahead: self.ahead,
        }
    }

    /// How much of it was heard, skipped parts left out.
    pub fn heard(&self) -> Duration {
        self.heard + self.ring_heard()
    }

    /// Where it stands.
    pub fn at(&self) -> Duration {
        self.base + self.ring_heard()
    }

    /// Whether no order is on its way.
    pub fn is_settled(&self) -> bool {
        self.followed == self.goes
    }

    /// Orders to decode from `at` for an output of `rate`, as far as may still be heard.
    pub fn go(&mut self, at: Duration, rate: u32) {
        self.goes += 1;
        let left = self.stop_after.map(|all| frames(all.saturating_sub(self.heard()), rate));
        self.worker.go(Go { number: self.goes, at, rate, left });
    }

    /// From now on this ring is heard, which answers an order and whose first frame is at `at`.
    pub fn change_ring(&mut self, go: Go, at: Duration, gauge: Arc<Gauge>) {
        self.heard += self.ring_heard();
        self.base = at;
        self.ahead = Duration::ZERO;
        self.ring = Some((gauge, go.rate));
        self.orphaned = false;
        self.followed = go.number;
        self.finished = None;
        self.buffering = false;
    }

    /// Looks at what the output has taken; returns what there is to tell of it.
    pub fn watch(&mut self) -> Vec<Event> {
        let request = self.request;
        let mut told = Vec::new();
        let gauge = self.ring.as_ref().map(|(gauge, _)| Arc::clone(gauge));
        if !self.started
            && let Some(first) = gauge.as_ref().and_then(|gauge| gauge.first())
            && let Some((format, duration)) = self.opened.clone()
        {
            self.started = true;
            self.buffering = false;
            self.told = Instant::now();
            let first_sample = first.saturating_duration_since(self.asked);
            told.push(Event::Started { request, format, duration, first_sample });
        }
        let starving = if self.started {
            gauge.as_ref().is_some_and(|gauge| gauge.starving())
        } else {
            self.asked.elapsed() > PATIENCE
        };
        if starving != self.buffering {
            self.buffering = starving;
            told.push(if starving { Event::Buffering { request } } else { Event::Playing { request } });
        }
        if self.started && !starving && self.told.elapsed() >= POSITION_EVERY {
            self.told = Instant::now();
            told.push(Event::Position(self.place().position()));
        }
        told
    }

    /// Whether all that was decoded has been heard, and no more will come.
    pub fn over(&self) -> bool {
        self.finished.is_some() && self.ring.as_ref().is_some_and(|(gauge, _)| gauge.drained())
    }

    /// Whether nothing was heard of it because it was to begin beyond its end. Who seeks there has heard it end.
    pub fn began_past_its_end(&self) -> bool {
        let wanted = self.stop_after.is_none_or(|all| !all.is_zero());
        self.goes == 1 && !self.base.is_zero() && self.heard().is_zero() && wanted
    }
}
