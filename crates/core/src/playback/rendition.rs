//! The song that is on, from its original to its instrumental and back, at the same place.

use melody_model::{Rendition, SongView};
use melody_player::{PlayOptions, Source};

use super::{Answer, Message, task::State};
use crate::{Error, PlaybackEvent, sources};

impl State {
    /// Opens the other rendition while this one goes on: only one that is there is changed to.
    pub(super) fn choose_rendition(&mut self, rendition: Rendition, done: Answer<Result<(), Error>>) {
        self.choices += 1;
        let heard = self.current.as_ref().map_or(self.rendition, |current| current.rendition);
        let on = self.queue.current().map(|item| item.number).zip(self.song_at_rest());
        let Some((item, id)) = on.filter(|_| heard != rendition) else {
            self.set_rendition(rendition);
            // Who went away has nothing to hear.
            let _ = done.send(Ok(()));
            return;
        };
        let (inbox, account, choice) = (self.inbox.clone(), self.account.clone(), self.choices);
        tokio::spawn(async move {
            let opened = async {
                let song = account.library.song(id).await?.ok_or_else(|| Error::unknown(id))?;
                let source = sources::open(&account, &song, rendition).await?;
                Ok((song, source))
            };
            let opened = Box::new(opened.await);
            if let Some(inbox) = inbox.upgrade() {
                let _ = inbox.send(Message::RenditionOpened { item, choice, rendition, opened, done });
            }
        });
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
        let changed = opened.and_then(|(song, source)| self.change_to(rendition, song, source));
        if changed.is_ok() {
            self.set_rendition(rendition);
        }
        let _ = done.send(changed);
    }

    /// The source is let go when nothing is loaded: it is opened again once the listener goes on.
    fn change_to(&mut self, rendition: Rendition, song: SongView, source: Source) -> Result<(), Error> {
        let at = self.position();
        let request = self.next_request();
        let Some(current) = &mut self.current else { return Ok(()) };
        let before = std::mem::replace(&mut current.request, request);
        current.rendition = rendition;
        current.song.get_or_insert(song);
        current.from = at;
        current.position = at;
        match &self.player {
            Some(player) if current.handed_over.is_some() => {
                current.earlier.push(before);
                let options = PlayOptions { from: at, paused: current.paused, stop_after: self.limit };
                player.play(request, source, options);
                Ok(())
            }
            // What was on its way is dropped when it comes: its request is over.
            _ => self.hand_over(source),
        }
    }
}
