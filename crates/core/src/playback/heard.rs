//! What the player says of a song, what is told of it, and when a listen counts.

use std::time::{Duration, Instant};

use melody_player::{Event as PlayerEvent, RequestId};

use super::{
    current::{Current, Ended},
    keep::EVERY,
    task::State,
};
use crate::{Code, Error, ErrorReport, PlaybackEvent};

impl State {
    /// True when that was the player's last word.
    pub(super) async fn player_says(&mut self, event: PlayerEvent) -> bool {
        match event {
            PlayerEvent::Closed { error } => {
                self.player = None;
                if let Some(done) = self.closing.take() {
                    let _ = done.send(error.map_or(Ok(()), |e| Err(Error::Player(e))));
                    return true;
                }
            }
            PlayerEvent::DeviceLost { message } => {
                if let Some(current) = &mut self.current {
                    current.paused = true;
                }
                self.tell(PlaybackEvent::DeviceLost { message });
                self.keep();
            }
            PlayerEvent::Ended { request, heard } => {
                // So it also ends where no more of it was asked for.
                let completed = self.limit.is_none_or(|limit| heard < limit);
                self.song_over(request, Ended { heard, completed }, None).await;
            }
            PlayerEvent::Stopped { request, heard } => {
                self.song_over(request, Ended { heard, completed: false }, None).await;
            }
            PlayerEvent::Changed { from, request, format, duration } => {
                self.changed(from, request, format, duration);
            }
            PlayerEvent::Failed { request, ref error, .. } if self.coming_failed(request, error) => {}
            PlayerEvent::Failed { request, error, heard } => {
                let error = Error::Player(error).report();
                self.song_over(request, Ended { heard, completed: false }, Some(error)).await;
            }
            other => self.progress(other),
        }
        false
    }

    /// What the player tells of the song that is on.
    fn progress(&mut self, event: PlayerEvent) {
        let Some(current) = &mut self.current else { return };
        let (request, id) = (current.request, current.id);
        let told = match event {
            PlayerEvent::Opened { request: of, format, duration, .. } if of == request => {
                current.format = Some(format.name);
                current.duration = duration.or(current.duration);
                return;
            }
            PlayerEvent::Started { request: of, format, duration, first_sample } if of == request => {
                let waited =
                    current.handed_over.map_or(Duration::ZERO, |at| at.duration_since(current.accepted));
                current.first_sample = Some(waited + first_sample);
                current.begins();
                current.duration = duration.or(current.duration);
                let Some(song) = current.song.clone() else { return };
                PlaybackEvent::Started {
                    song: Box::new(song),
                    index: self.queue.index(),
                    queue_len: self.queue.len(),
                    rendition: current.rendition,
                    duration_s: current.duration.map(|d| d.as_secs_f64()),
                    format: format.name,
                }
            }
            PlayerEvent::Position(position) if position.request == request => {
                current.goes_on_to(position.at);
                let told = current.position_event();
                if self.keeper.waited() >= EVERY {
                    self.keep();
                }
                told
            }
            PlayerEvent::Seeked { request: of, at } if of == request => {
                current.position = at;
                current.sought = None;
                current.position_event()
            }
            PlayerEvent::SeekFailed { request: of, .. } if of == request => {
                current.sought = None;
                current.position_event()
            }
            PlayerEvent::Buffering { request: of } if of == request => {
                current.buffering = true;
                PlaybackEvent::Buffering { song_id: id }
            }
            PlayerEvent::Playing { request: of } if of == request => {
                current.buffering = false;
                PlaybackEvent::Playing { song_id: id }
            }
            PlayerEvent::Paused { request: of } if of == request => {
                current.buffering = false;
                PlaybackEvent::Paused { song_id: id }
            }
            _ => return,
        };
        self.tell(told);
    }

    /// The player is done with a song: its end, a stop, or a failure.
    async fn song_over(&mut self, request: RequestId, ended: Ended, error: Option<ErrorReport>) {
        let heard = ended.heard;
        if let Some(at) = self.leaving.iter().position(|left| left.request == request) {
            let left = self.leaving.remove(at);
            end_listen(&left, ended).await;
            self.tell(PlaybackEvent::Finished(left.row(heard, error)));
            self.tell_if_over();
        } else if let Some(current) = self.current.take_if(|current| current.request == request) {
            self.settle_coming();
            end_listen(&current, ended).await;
            self.finished(current, heard, error);
        }
    }

    /// Reports a song's row and moves on.
    pub(super) fn finished(&mut self, song: Current, heard: Duration, error: Option<ErrorReport>) {
        let fatal = error.as_ref().is_some_and(|e| {
            // Without an output no further song can be heard either.
            matches!(e.code, Code::NoDevice | Code::StorageFull | Code::StorageReadOnly)
        });
        let at = song.position;
        self.tell(PlaybackEvent::Finished(song.row(heard, error)));
        if fatal {
            self.at_rest = Some(at);
            self.keep();
            self.rest();
        } else {
            self.queue.advance();
            self.load(Instant::now(), Duration::ZERO);
        }
    }
}

/// Writes a listen into the history, and counts it as a play if it was long enough.
async fn end_listen(song: &Current, ended: Ended) {
    let Some(listen) = song.listen(Some(ended)) else { return };
    if let Err(e) = song.account.library.end_listen(listen).await {
        tracing::warn!(code = e.code(), "a listen could not be kept");
    }
}
