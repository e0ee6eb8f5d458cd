//! Another take of the song on stage: made ready while the present one sounds, and changed to from frame to frame.
//!
//! The take's ring begins at a frame of the present ring. While it fills the song goes on, so when the output takes it up
//! as many of its frames are passed over as were heard meanwhile: nothing is heard twice, and nothing is left out.

use std::sync::Arc;
use std::time::Duration;

use super::{Song, Stage};
use crate::engine::{frames, time};
use crate::ring::{Gauge, RingReader};
use crate::worker::{Found, Go, Worker};
use crate::{Error, Event, Format, RequestId, Result, Source};

/// A take that is so many frames late is fetched from further on: its ring holds more.
const TOO_LATE: u64 = 24_000;

pub(super) struct Take {
    number: u64,
    request: RequestId,
    worker: Worker,
    opened: Option<(Format, Option<Duration>)>,
    goes: u64,
    ordered: Option<Ordered>,
    /// The answer to the last order, and the place of its first frame.
    ring: Option<(Duration, RingReader)>,
    finished: Option<Result<()>>,
}

/// From where in the present ring the take was asked for.
struct Ordered {
    ring: Arc<Gauge>,
    frame: u64,
    rate: u32,
}

impl Take {
    /// Orders it from where the song is now.
    fn order(&mut self, song: &Song, ring: &Arc<Gauge>, song_rate: u32, rate: u32) {
        let frame = ring.heard();
        let heard = time(frame, song_rate);
        self.goes += 1;
        self.ring = None;
        self.finished = None;
        self.ordered = Some(Ordered { ring: Arc::clone(ring), frame, rate });
        let left = song.stop_after.map(|all| frames(all.saturating_sub(song.heard + heard), rate));
        self.worker.go(Go { number: self.goes, at: song.base + heard, rate, left });
    }
}

impl Stage {
    pub(super) fn change_take(&mut self, request: RequestId, source: Source) {
        self.drop_take();
        if self.song.is_none() {
            return;
        }
        match self.employ(source) {
            Ok((number, worker)) => {
                self.take = Some(Take {
                    number,
                    request,
                    worker,
                    opened: None,
                    goes: 0,
                    ordered: None,
                    ring: None,
                    finished: None,
                });
            }
            Err(error) => self.tell(Event::Failed { request, error, heard: Duration::ZERO }),
        }
    }

    pub(super) fn drop_take(&mut self) {
        if let Some(take) = self.take.take() {
            take.worker.stop();
        }
    }

    pub(super) fn learn_of_take(&mut self, number: u64, found: Found) {
        let Some(take) = self.take.as_mut().filter(|take| take.number == number) else { return };
        let trouble = match found {
            Found::Opened { format, duration, .. } => {
                take.opened = Some((format, duration));
                return;
            }
            Found::Ring { go, at, reader } => {
                if go.number == take.goes {
                    take.ring = Some((at, reader));
                }
                return;
            }
            Found::Finished(Ok(())) => {
                take.finished = Some(Ok(()));
                return;
            }
            Found::Finished(Err(error)) | Found::Refused(error) => error,
        };
        self.fail_take(trouble);
    }

    fn fail_take(&mut self, error: Error) {
        if let Some(take) = self.take.take() {
            take.worker.stop();
            self.tell(Event::Failed { request: take.request, error, heard: Duration::ZERO });
        }
    }

    /// Looks whether the take can be changed to.
    pub(super) fn watch_take(&mut self) {
        let (Some(song), Some(take)) = (&self.song, &mut self.take) else { return };
        if take.opened.is_none() || !song.is_settled() {
            return;
        }
        let Some((ring, song_rate)) = &song.ring else { return };
        let rate = self.rate.unwrap_or(*song_rate);
        let Some(ordered) =
            take.ordered.as_ref().filter(|ordered| Arc::ptr_eq(&ordered.ring, ring) && ordered.rate == rate)
        else {
            return take.order(song, ring, *song_rate, rate);
        };
        let late = ring.heard() - ordered.frame;
        let Some((_, reader)) = &take.ring else { return };
        // Beyond what was heard meanwhile, what sound begins with.
        let enough = late + reader.cushion() as u64;
        let ready = song.paused || take.finished.is_some() || reader.gauge().written() >= enough;
        if ready {
            self.take_over();
        } else if late > TOO_LATE {
            take.order(song, ring, *song_rate, rate);
        }
    }

    fn take_over(&mut self) {
        let (Some(song), Some(take)) = (&mut self.song, self.take.take()) else { return };
        let Take {
            ordered: Some(ordered), ring: Some((at, reader)), opened: Some((format, duration)), ..
        } = take
        else {
            return;
        };
        let from = song.request;
        song.worker.stop();
        song.heard += time(ordered.frame, ordered.rate);
        song.base = at;
        song.ahead = time(ordered.ring.heard() - ordered.frame, ordered.rate);
        song.ring = Some((Arc::clone(reader.gauge()), ordered.rate));
        song.number = take.number;
        song.request = take.request;
        song.worker = take.worker;
        song.opened = Some((format.clone(), duration));
        song.goes = take.goes;
        song.followed = take.goes;
        song.finished = take.finished;
        song.orphaned = false;
        self.tap.put(reader.going_on_from(ordered.ring, ordered.frame), true);
        self.place_song();
        self.tell(Event::Changed { from, request: take.request, format, duration });
    }
}
