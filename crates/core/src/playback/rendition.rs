//! The song that is on, from its original to its instrumental and back, at the same place.

use std::time::Duration;

use melody_model::{Rendition, SongView};
use melody_player::{Format, RequestId, Source};

use super::{Answer, Message, task::State};
use crate::{Error, PlaybackEvent, sources};

/// A rendition that the player is about to change to.
pub(super) struct Coming {
    request: RequestId,
    rendition: Rendition,
    done: Answer<Result<(), Error>>,
}

impl State {
    /// Opens the other rendition while this one goes on: only one that is there is changed to.
    pub(super) fn choose_rendition(&mut self, rendition: Rendition, done: Answer<Result<(), Error>>) {
        self.choices += 1;
        let coming = self.coming.last().map(|coming| coming.rendition);
        let heard = coming.unwrap_or_else(|| self.rendition_now());
        let on = self.queue.current().map(|item| item.number).zip(self.song_at_rest());
        let Some((item, id)) = on.filter(|_| heard != rendition) else {
            self.set_rendition(rendition);
            // Who went away has nothing to hear.
            let _ = done.send(Ok(()));
            return;
        };
        let (context, inbox) = (self.context.clone(), self.inbox.clone());
        let (account, choice) = (self.account.clone(), self.choices);
        tokio::spawn(async move {
            let opened = async {
                let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
                let source = sources::open(&context, &account, &song, rendition).await?;
                Ok((song, source))
            };
            let opened = Box::new(opened.await);
            if let Some(inbox) = inbox.upgrade() {
                let _ = inbox.send(Message::RenditionOpened { item, choice, rendition, opened, done });
            }
        });
    }

    /// The rendition that is heard, or that would be.
    pub(super) fn rendition_now(&self) -> Rendition {
        self.current.as_ref().map_or(self.rendition, |current| current.rendition)
    }

    fn set_rendition(&mut self, rendition: Rendition) {
        self.rendition = rendition;
        self.lenient = true;
        self.tell(PlaybackEvent::RenditionChanged { rendition });
        self.keep();
    }

    pub(super) fn rendition_opened(
        &mut self,
        item: u64,
        choice: u64,
        rendition: Rendition,
        opened: Result<(SongView, Source), Error>,
        done: Answer<Result<(), Error>>,
    ) {
        if choice != self.choices {
            // Something else was chosen meanwhile, and that is what counts.
            let _ = done.send(Ok(()));
            return;
        }
        if self.queue.current().is_none_or(|on| on.number != item) {
            // Another song has begun meanwhile: the choice is for that one.
            return self.choose_rendition(rendition, done);
        }
        match opened {
            Ok((song, source)) => self.change_to(rendition, song, source, done),
            Err(e) => _ = done.send(Err(e)),
        }
    }

    fn change_to(
        &mut self,
        rendition: Rendition,
        song: SongView,
        source: Source,
        done: Answer<Result<(), Error>>,
    ) {
        let request = self.next_request();
        let handed_over = match (&mut self.current, &self.player) {
            (Some(current), Some(player)) if current.handed_over.is_some() => {
                player.change_take(request, source);
                self.coming.push(Coming { request, rendition, done });
                return;
            }
            (Some(current), _) => {
                // What was on its way is dropped when it comes: its request is over.
                current.request = request;
                current.rendition = rendition;
                current.song.get_or_insert(song);
                self.hand_over(source)
            }
            // Nothing is loaded: it is opened again once the listener goes on.
            (None, _) => Ok(()),
        };
        if handed_over.is_ok() {
            self.set_rendition(rendition);
        }
        let _ = done.send(handed_over);
    }

    /// The player goes on in the rendition that was coming.
    pub(super) fn changed(
        &mut self,
        from: RequestId,
        request: RequestId,
        format: Format,
        duration: Option<Duration>,
    ) {
        if let Some(left) = self.leaving.iter_mut().find(|left| left.request == from) {
            // It was left in the same moment.
            left.request = request;
            return;
        }
        let Some(current) = self.current.as_mut().filter(|current| current.request == from) else { return };
        current.request = request;
        current.format = Some(format.name);
        current.duration = duration.or(current.duration);
        let Some(coming) = self.take_coming(request) else { return };
        if let Some(current) = &mut self.current {
            current.rendition = coming.rendition;
        }
        self.set_rendition(coming.rendition);
        let _ = coming.done.send(Ok(()));
    }

    /// Whether the failure was of a rendition that was coming: then the song goes on as it was.
    pub(super) fn coming_failed(&mut self, request: RequestId, error: &melody_player::Error) -> bool {
        let Some(coming) = self.take_coming(request) else { return false };
        let _ = coming.done.send(Err(Error::Player(error.clone())));
        true
    }

    /// A rendition that is not coming any more. Those chosen before it were given up by the player for it.
    fn take_coming(&mut self, request: RequestId) -> Option<Coming> {
        let at = self.coming.iter().position(|coming| coming.request == request)?;
        let mut taken = self.coming.drain(..=at);
        let coming = taken.next_back();
        for before in taken {
            let _ = before.done.send(Ok(()));
        }
        coming
    }

    /// The song is left before the player could change: the next one is heard in what was chosen.
    pub(super) fn settle_coming(&mut self) {
        let Some(last) = self.coming.last().map(|coming| coming.request) else { return };
        if let Some(coming) = self.take_coming(last) {
            self.set_rendition(coming.rendition);
            let _ = coming.done.send(Ok(()));
        }
    }
}
