//! The media controls of Windows (SMTC) and macOS (Now Playing).

use std::{path::Path, time::Duration};

use melody_core::{Check, Command, NowPlaying, PlaybackStatus};
use melody_host::Host;
use souvlaki::{
    MediaControlEvent, MediaControls, MediaMetadata, MediaPlayback, MediaPosition, PlatformConfig,
    SeekDirection,
};
use tauri::{AppHandle, Url};

use crate::{now::steer, quit, window};

/// How far one press of “forward” goes, in seconds.
const STEP: f64 = 10.0;

/// The system's controls, if it has any for us.
pub struct Media {
    controls: Option<MediaControls>,
    shown: Option<NowPlaying>,
    art: Option<String>,
}

impl Media {
    /// Takes the controls. Without them everything else works.
    pub async fn connect(app: &AppHandle, host: &Host) -> Self {
        let controls =
            attach(app, host).inspect_err(|e| tracing::warn!(error = ?e, "there are no media keys")).ok();
        Self { controls, shown: None, art: None }
    }

    /// Whether the desktop can see and steer us.
    pub fn check(&self) -> Check {
        let found = match &self.controls {
            Some(_) => "Media keys and the system's player panel work.",
            None => "Media keys do nothing: the system gave us none.",
        };
        Check { name: "media_keys", ok: self.controls.is_some(), message: found.to_owned(), error: None }
    }

    /// Says what is on.
    pub async fn show(&mut self, now: &NowPlaying, art: Option<&Path>) {
        let art = art.and_then(|path| Url::from_file_path(path).ok()).map(String::from);
        let item = |now: &NowPlaying| now.item.as_ref().map(|item| item.item);
        let same = art == self.art
            && self
                .shown
                .as_ref()
                .is_some_and(|old| item(old) == item(now) && old.duration_s == now.duration_s);
        self.art = art;
        self.shown = Some(now.clone());
        if !same {
            self.tell_song();
        }
        self.tell_place(now.at_s);
    }

    /// Says where in the song we are.
    pub async fn at(&mut self, at_s: f64) {
        self.tell_place(at_s);
    }

    fn tell_song(&mut self) {
        let (Some(controls), Some(now)) = (&mut self.controls, &self.shown) else { return };
        let song = now.item.as_ref().map(|item| &item.song.song.content);
        let told = controls.set_metadata(MediaMetadata {
            title: song.map(|song| song.title.as_str()),
            artist: song.map(|song| song.artist.as_str()),
            album: song.and_then(|song| song.album.as_deref()),
            cover_url: self.art.as_deref(),
            duration: now.duration_s.and_then(|s| Duration::try_from_secs_f64(s).ok()),
        });
        if let Err(e) = told {
            tracing::warn!(error = ?e, "the system did not take what is on");
        }
    }

    fn tell_place(&mut self, at_s: f64) {
        let (Some(controls), Some(now)) = (&mut self.controls, &self.shown) else { return };
        let progress = Duration::try_from_secs_f64(at_s).ok().map(MediaPosition);
        let told = controls.set_playback(match now.status {
            PlaybackStatus::Stopped => MediaPlayback::Stopped,
            PlaybackStatus::Paused => MediaPlayback::Paused { progress },
            PlaybackStatus::Loading | PlaybackStatus::Playing | PlaybackStatus::Buffering => {
                MediaPlayback::Playing { progress }
            }
        });
        if let Err(e) = told {
            tracing::warn!(error = ?e, "the system did not take what is on");
        }
    }
}

fn attach(app: &AppHandle, host: &Host) -> Result<MediaControls, souvlaki::Error> {
    let mut controls = MediaControls::new(PlatformConfig {
        display_name: "Melody Studio",
        dbus_name: "melody_studio",
        hwnd: handle(app),
    })?;
    let (app, host) = (app.clone(), host.clone());
    controls.attach(move |event| heard(&app, &host, event))?;
    Ok(controls)
}

#[cfg(windows)]
fn handle(app: &AppHandle) -> Option<*mut std::ffi::c_void> {
    use tauri::Manager;
    app.get_webview_window(window::MAIN).and_then(|window| window.hwnd().ok()).map(|handle| handle.0)
}

#[cfg(not(windows))]
fn handle(_: &AppHandle) -> Option<*mut std::ffi::c_void> {
    None
}

fn heard(app: &AppHandle, host: &Host, event: MediaControlEvent) {
    match event {
        MediaControlEvent::Play => steer(host, Command::Resume),
        MediaControlEvent::Pause => steer(host, Command::Pause),
        MediaControlEvent::Toggle => steer(host, Command::Toggle),
        MediaControlEvent::Next => steer(host, Command::Next),
        MediaControlEvent::Previous => steer(host, Command::Previous),
        MediaControlEvent::Stop => steer(host, Command::Stop),
        MediaControlEvent::SetPosition(MediaPosition(at)) => {
            steer(host, Command::Seek { to_s: at.as_secs_f64() });
        }
        MediaControlEvent::Seek(direction) => seek_by(host, direction, STEP),
        MediaControlEvent::SeekBy(direction, by) => seek_by(host, direction, by.as_secs_f64()),
        MediaControlEvent::Raise => window::show(app),
        MediaControlEvent::Quit => quit::ask(app),
        _ => {}
    }
}

fn seek_by(host: &Host, direction: SeekDirection, by: f64) {
    let by = if direction == SeekDirection::Forward { by } else { -by };
    let host = host.clone();
    tauri::async_runtime::spawn(async move {
        let now = host.core().dispatch(Command::NowPlaying).await;
        if let Ok(melody_core::Reply::NowPlaying(now)) = now {
            steer(&host, Command::Seek { to_s: (now.at_s + by).max(0.0) });
        }
    });
}
