//! The player and where its sound goes: opened with the first song, its volume, its device.

use melody_player::{Player, SinkKind};

use super::{Answer, Message, task::State};
use crate::{Error, PlaybackEvent, SoundDevice};

impl State {
    pub(super) fn open_player(&mut self) -> Result<Player, Error> {
        if let Some(player) = &self.player {
            return Ok(player.clone());
        }
        let (player, events) = Player::new(self.sink.clone())?;
        player.set_volume(self.volume);
        player.choose_device(self.device.clone());
        let inbox = self.inbox.clone();
        std::thread::Builder::new()
            .name("player-events".into())
            .spawn(move || {
                for event in events {
                    if inbox.upgrade().is_none_or(|inbox| inbox.send(Message::Player(event)).is_err()) {
                        return;
                    }
                }
            })
            .map_err(Error::internal)?;
        self.player = Some(player.clone());
        self.tell(PlaybackEvent::VolumeChanged { volume: self.volume });
        Ok(player)
    }

    pub(super) fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        self.with_player(|player| player.set_volume(volume));
        self.tell(PlaybackEvent::VolumeChanged { volume });
        self.keeper.keep_volume(volume);
    }

    pub(super) fn choose_device(&mut self, id: Option<String>, done: Answer<Result<(), Error>>) {
        self.device.clone_from(&id);
        self.with_player(|player| player.choose_device(id.clone()));
        let context = self.context.clone();
        tokio::spawn(async move {
            let kept = context.update_settings(move |settings| settings.sound_device.clone_from(&id)).await;
            // Who went away has nothing to hear.
            let _ = done.send(kept.map(drop));
        });
    }
}

/// The machine's outputs, where the sound goes to one of them at all. This blocks.
pub(super) fn devices(sink: &SinkKind) -> Result<Vec<SoundDevice>, Error> {
    match sink {
        #[cfg(feature = "device")]
        SinkKind::Device => {
            let found = melody_player::devices()?;
            Ok(found.into_iter().map(|device| SoundDevice { id: device.id, name: device.name }).collect())
        }
        _ => Ok(Vec::new()),
    }
}
