//! MPRIS: how the desktops of Linux show a player and steer it, over D-Bus.

use std::{
    path::Path,
    process,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use melody_core::{Check, Command, NowPlaying, PlaybackStatus as Status};
use melody_host::Host;
use mpris_server::{
    LoopStatus, Metadata, PlaybackRate, PlaybackStatus, PlayerInterface, Property, RootInterface, Server,
    Signal, Time, TrackId, Volume,
    zbus::{self, fdo},
};
use tauri::{AppHandle, Url};

use crate::{now::steer, quit, window};

/// Our name on the bus, after `org.mpris.MediaPlayer2.`.
const NAME: &str = "melody_studio";
/// A position that is off by more is a jump, and told; in seconds.
const JUMP: f64 = 1.0;

/// The player as the bus sees it.
pub struct Media {
    server: Option<Server<Player>>,
    told: Vec<Property>,
    shown: Arc<Mutex<Shown>>,
}

/// What is on, and when we heard so.
#[derive(Debug)]
struct Shown {
    now: Option<NowPlaying>,
    metadata: Metadata,
    at_s: f64,
    since: Instant,
}

impl Media {
    /// Takes our name on the bus. Without a bus there are no media keys, and everything else works.
    pub async fn connect(app: &AppHandle, host: &Host) -> Self {
        let shown = Arc::new(Mutex::new(Shown {
            now: None,
            metadata: Metadata::new(),
            at_s: 0.0,
            since: Instant::now(),
        }));
        let player = || Player { app: app.clone(), host: host.clone(), shown: shown.clone() };
        let server = match Server::new(NAME, player()).await {
            // Another window, on another profile.
            Err(zbus::Error::NameTaken) => {
                Server::new(&format!("{NAME}.instance{}", process::id()), player()).await
            }
            other => other,
        };
        let server = server
            .inspect_err(
                |e| tracing::warn!(error = %e, "there are no media keys: the session bus does not answer"),
            )
            .ok();
        Self { server, told: Vec::new(), shown }
    }

    /// Whether the desktop can see and steer us.
    pub fn check(&self) -> Check {
        let found = match &self.server {
            Some(_) => "Media keys and the desktop's player panel work.",
            None => "Media keys do nothing: the session bus does not answer.",
        };
        Check { name: "media_keys", ok: self.server.is_some(), message: found.to_owned(), error: None }
    }

    /// Says what is on.
    pub async fn show(&mut self, now: &NowPlaying, art: Option<&Path>) {
        let metadata = metadata(now, art);
        let properties = properties(now, &metadata);
        {
            let mut shown = lock(&self.shown);
            shown.metadata = metadata;
            shown.at_s = now.at_s;
            shown.since = Instant::now();
            shown.now = Some(now.clone());
        }
        let changed: Vec<Property> =
            properties.iter().filter(|property| !self.told.contains(property)).cloned().collect();
        self.told = properties;
        if let (Some(server), false) = (&self.server, changed.is_empty()) {
            said(server.properties_changed(changed).await);
        }
    }

    /// Says where in the song we are: only a jump is worth a word.
    pub async fn at(&mut self, at_s: f64) {
        let jumped = {
            let mut shown = lock(&self.shown);
            let jumped = (shown.position() - at_s).abs() > JUMP;
            shown.at_s = at_s;
            shown.since = Instant::now();
            jumped
        };
        if let (Some(server), true) = (&self.server, jumped) {
            said(server.emit(Signal::Seeked { position: time(at_s) }).await);
        }
    }
}

fn said(result: zbus::Result<()>) {
    if let Err(e) = result {
        tracing::warn!(error = %e, "the session bus did not take what we said");
    }
}

fn lock(shown: &Mutex<Shown>) -> std::sync::MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shown {
    /// Seconds into the song, as far as we can tell between two words from the core.
    fn position(&self) -> f64 {
        match &self.now {
            Some(now) if now.status == Status::Playing => {
                let at = self.at_s + self.since.elapsed().as_secs_f64();
                now.duration_s.map_or(at, |end| at.min(end))
            }
            _ => self.at_s,
        }
    }
}

fn time(seconds: f64) -> Time {
    Time::from_micros((seconds * 1e6) as i64)
}

fn seconds(time: Time) -> f64 {
    time.as_micros() as f64 / 1e6
}

fn track(now: &NowPlaying) -> TrackId {
    let item = now.item.as_ref().map(|item| format!("/com/melodystudio/queue/{}", item.item));
    item.and_then(|path| TrackId::try_from(path).ok()).unwrap_or(TrackId::NO_TRACK)
}

fn metadata(now: &NowPlaying, art: Option<&Path>) -> Metadata {
    let mut all = Metadata::new();
    all.set_trackid(Some(track(now)));
    if let Some(item) = &now.item {
        let song = &item.song.song.content;
        all.set_title(Some(song.title.clone()));
        all.set_artist(Some([song.artist.clone()]));
        all.set_album(song.album.clone());
        all.set_length(now.duration_s.map(time));
        all.set_art_url(art.and_then(|path| Url::from_file_path(path).ok()).map(String::from));
    }
    all
}

fn status(now: &NowPlaying) -> PlaybackStatus {
    match now.status {
        Status::Stopped => PlaybackStatus::Stopped,
        Status::Paused => PlaybackStatus::Paused,
        Status::Loading | Status::Playing | Status::Buffering => PlaybackStatus::Playing,
    }
}

fn properties(now: &NowPlaying, metadata: &Metadata) -> Vec<Property> {
    let something = now.item.is_some();
    vec![
        Property::PlaybackStatus(status(now)),
        Property::Metadata(metadata.clone()),
        Property::Volume(now.volume.into()),
        Property::CanGoNext(now.index + 1 < now.queue_len),
        Property::CanGoPrevious(something),
        Property::CanPlay(something),
        Property::CanPause(something),
        Property::CanSeek(something && now.duration_s.is_some()),
    ]
}

/// What the bus may ask of us.
struct Player {
    app: AppHandle,
    host: Host,
    shown: Arc<Mutex<Shown>>,
}

impl Player {
    fn of<T>(&self, read: impl FnOnce(&NowPlaying) -> T, nothing: T) -> T {
        lock(&self.shown).now.as_ref().map_or(nothing, read)
    }
}

impl RootInterface for Player {
    async fn raise(&self) -> fdo::Result<()> {
        window::show(&self.app);
        Ok(())
    }

    async fn quit(&self) -> fdo::Result<()> {
        quit::ask(&self.app);
        Ok(())
    }

    async fn can_quit(&self) -> fdo::Result<bool> {
        Ok(true)
    }

    async fn fullscreen(&self) -> fdo::Result<bool> {
        Ok(false)
    }

    async fn set_fullscreen(&self, _: bool) -> zbus::Result<()> {
        Ok(())
    }

    async fn can_set_fullscreen(&self) -> fdo::Result<bool> {
        Ok(false)
    }

    async fn can_raise(&self) -> fdo::Result<bool> {
        Ok(true)
    }

    async fn has_track_list(&self) -> fdo::Result<bool> {
        Ok(false)
    }

    async fn identity(&self) -> fdo::Result<String> {
        Ok("Melody Studio".into())
    }

    async fn desktop_entry(&self) -> fdo::Result<String> {
        Ok("melody-studio".into())
    }

    async fn supported_uri_schemes(&self) -> fdo::Result<Vec<String>> {
        Ok(Vec::new())
    }

    async fn supported_mime_types(&self) -> fdo::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

impl PlayerInterface for Player {
    async fn next(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Next);
        Ok(())
    }

    async fn previous(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Previous);
        Ok(())
    }

    async fn pause(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Pause);
        Ok(())
    }

    async fn play_pause(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Toggle);
        Ok(())
    }

    async fn stop(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Stop);
        Ok(())
    }

    async fn play(&self) -> fdo::Result<()> {
        steer(&self.host, Command::Resume);
        Ok(())
    }

    async fn seek(&self, offset: Time) -> fdo::Result<()> {
        let (to, end) = {
            let shown = lock(&self.shown);
            (shown.position() + seconds(offset), shown.now.as_ref().and_then(|now| now.duration_s))
        };
        // A seek past the end is the next song: the standard asks for it.
        let past = end.is_some_and(|end| to > end);
        steer(&self.host, if past { Command::Next } else { Command::Seek { to_s: to.max(0.0) } });
        Ok(())
    }

    async fn set_position(&self, track_id: TrackId, position: Time) -> fdo::Result<()> {
        let to = seconds(position);
        // Too late for a song that is over, and nothing outside of the song: the standard again.
        let fits = |now: &NowPlaying| {
            track(now) == track_id && to >= 0.0 && now.duration_s.is_none_or(|end| to <= end)
        };
        if self.of(fits, false) {
            steer(&self.host, Command::Seek { to_s: to });
        }
        Ok(())
    }

    async fn open_uri(&self, _: String) -> fdo::Result<()> {
        Err(fdo::Error::NotSupported("Melody Studio plays what its own service has.".into()))
    }

    async fn playback_status(&self) -> fdo::Result<PlaybackStatus> {
        Ok(self.of(status, PlaybackStatus::Stopped))
    }

    async fn loop_status(&self) -> fdo::Result<LoopStatus> {
        Ok(LoopStatus::None)
    }

    async fn set_loop_status(&self, _: LoopStatus) -> zbus::Result<()> {
        Ok(())
    }

    async fn rate(&self) -> fdo::Result<PlaybackRate> {
        Ok(1.0)
    }

    async fn set_rate(&self, rate: PlaybackRate) -> zbus::Result<()> {
        // The standard: no rate means pause, and any other that we do not have is left alone.
        if rate == 0.0 {
            steer(&self.host, Command::Pause);
        }
        Ok(())
    }

    async fn shuffle(&self) -> fdo::Result<bool> {
        Ok(false)
    }

    async fn set_shuffle(&self, _: bool) -> zbus::Result<()> {
        Ok(())
    }

    async fn metadata(&self) -> fdo::Result<Metadata> {
        Ok(lock(&self.shown).metadata.clone())
    }

    async fn volume(&self) -> fdo::Result<Volume> {
        Ok(self.of(|now| now.volume.into(), 1.0))
    }

    async fn set_volume(&self, volume: Volume) -> zbus::Result<()> {
        if volume.is_finite() {
            steer(&self.host, Command::SetVolume { volume: volume.clamp(0.0, 1.0) as f32 });
        }
        Ok(())
    }

    async fn position(&self) -> fdo::Result<Time> {
        Ok(time(lock(&self.shown).position()))
    }

    async fn minimum_rate(&self) -> fdo::Result<PlaybackRate> {
        Ok(1.0)
    }

    async fn maximum_rate(&self) -> fdo::Result<PlaybackRate> {
        Ok(1.0)
    }

    async fn can_go_next(&self) -> fdo::Result<bool> {
        Ok(self.of(|now| now.index + 1 < now.queue_len, false))
    }

    async fn can_go_previous(&self) -> fdo::Result<bool> {
        Ok(self.of(|now| now.item.is_some(), false))
    }

    async fn can_play(&self) -> fdo::Result<bool> {
        Ok(self.of(|now| now.item.is_some(), false))
    }

    async fn can_pause(&self) -> fdo::Result<bool> {
        Ok(self.of(|now| now.item.is_some(), false))
    }

    async fn can_seek(&self) -> fdo::Result<bool> {
        Ok(self.of(|now| now.item.is_some() && now.duration_s.is_some(), false))
    }

    async fn can_control(&self) -> fdo::Result<bool> {
        Ok(true)
    }
}
