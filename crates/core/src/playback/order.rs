//! Changes of the queue's order while it plays, and looking at it.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use melody_model::SongId;
use melody_player::Player;

use super::{Asked, Glance, Listing, task::State};
use crate::{Event, NowPlaying, Place, PlaybackEvent, PlaybackStatus, QueuePage, queue::Item};

impl State {
    pub(super) fn enqueue(&mut self, songs: Vec<Asked>, place: Place) {
        if !songs.is_empty() {
            self.queue.insert(songs, place);
            self.order_changed();
        }
    }

    pub(super) fn move_item(&mut self, item: u64, to: usize) {
        if self.queue.move_to(item, to) {
            self.order_changed();
        }
    }

    pub(super) fn remove(&mut self, item: u64) {
        let was_on = self.queue.current().is_some_and(|on| on.number == item);
        if !self.queue.remove(item) {
            return;
        }
        if !was_on {
            return self.order_changed();
        }
        let paused = self.current.as_ref().map_or(self.at_rest.is_some(), |current| current.paused);
        let sounded = self.current.is_some() && !paused;
        self.leave_current();
        if sounded || self.queue.is_over() {
            self.keeper.forget_order();
            return self.load(Instant::now(), Duration::ZERO);
        }
        // The next one waits to be resumed, and nothing of it is fetched before.
        self.at_rest = paused.then_some(Duration::ZERO);
        self.order_changed();
        if paused && let Some(song_id) = self.song_at_rest() {
            self.tell(PlaybackEvent::Paused { song_id });
        }
    }

    pub(super) fn jump(&mut self, item: u64) {
        if self.queue.jump(item) {
            self.leave_current();
            self.load(Instant::now(), Duration::ZERO);
        }
    }

    pub(super) fn clear(&mut self) {
        self.leave_current();
        self.queue.clear();
        self.at_rest = None;
        self.order_changed();
        self.rest();
    }

    fn order_changed(&mut self) {
        self.keeper.forget_order();
        self.queue_changed();
    }

    /// Tells of a change of order or place. A queue may be long: who shows it asks for what it shows.
    pub(super) fn queue_changed(&mut self) {
        self.context.tell(Event::QueueChanged { index: self.queue.index(), queue_len: self.queue.len() });
        self.keep();
    }

    pub(super) fn list(&self, offset: usize, limit: usize) -> Listing {
        Listing {
            account: self.account.clone(),
            items: self.queue.items().iter().skip(offset).take(limit).filter_map(named).collect(),
            page: QueuePage { items: Vec::new(), offset, total: self.queue.len(), index: self.queue.index() },
        }
    }

    /// The songs of the queue, and the one that is on.
    pub(super) fn queued(&self) -> HashSet<SongId> {
        let items = self.queue.items().iter().filter_map(named).map(|(_, song)| song);
        items.chain(self.current.iter().map(|current| current.id)).collect()
    }

    pub(super) fn look(&self) -> Glance {
        Glance {
            account: self.account.clone(),
            item: self.queue.current().and_then(named),
            now: NowPlaying {
                status: self.status(),
                item: None,
                index: self.queue.index(),
                queue_len: self.queue.len(),
                at_s: self.position().as_secs_f64(),
                duration_s: self.duration().map(|duration| duration.as_secs_f64()),
                rendition: self.rendition_now(),
                volume: self.volume,
            },
        }
    }

    fn status(&self) -> PlaybackStatus {
        match &self.current {
            Some(current) => current.status(),
            None if self.at_rest.is_some() && !self.queue.is_over() => PlaybackStatus::Paused,
            None => PlaybackStatus::Stopped,
        }
    }

    fn duration(&self) -> Option<Duration> {
        let current = self.current.as_ref()?;
        let heard = self.player.as_ref().and_then(Player::position);
        heard
            .filter(|heard| heard.request == current.request)
            .and_then(|heard| heard.duration)
            .or(current.duration)
    }
}

fn named(item: &Item<Asked>) -> Option<(u64, SongId)> {
    match item.song {
        Asked::Song(id) => Some((item.number, id)),
        Asked::Unknown(_) => None,
    }
}
