//! What is on, told to the desktop: the tray, and the keys and panels for media. And what they ask for, told to the core.

use std::path::PathBuf;

use melody_core::{Command, Event, NowPlaying, PlaybackEvent, Preferences, Reply, Theme};
use melody_host::{Host, HostEvent, Told};
use melody_model::SongId;
use tauri::{AppHandle, Manager};
use tokio::sync::mpsc;

use crate::{
    art::Art,
    backend::Backend,
    media::Media,
    tray::{self, Tray},
    window, words,
};

/// Does what the desktop asks; what came of it is told as events.
pub fn steer(host: &Host, command: Command) {
    let host = host.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(e) = host.core().dispatch(command).await {
            tracing::warn!(code = %e.code(), "the desktop asked for what could not be done");
        }
    });
}

/// Tells the desktop what is on, from now until the app is closed.
pub async fn follow(app: AppHandle, host: Host, profile: PathBuf) {
    let mut events = host.events();
    let (found, mut arts) = mpsc::channel(4);
    let tray = Tray::put_up(&app, &host).await;
    let media = Media::connect(&app, &host).await;
    app.state::<Backend>().found(vec![tray::check(tray.as_ref()), media.check()]);
    let mut desktop =
        Desktop { tray, media, art: Art::new(&profile, host.clone(), found), now: None, app, host };
    if let Ok(Reply::Overview(overview)) = desktop.host.core().dispatch(Command::Overview).await {
        desktop.prefer(overview.preferences);
    }
    desktop.refresh().await;
    loop {
        tokio::select! {
            told = events.next() => match told {
                Some(told) => desktop.hear(told).await,
                None => break,
            },
            Some((song, path)) = arts.recv() => desktop.paint(song, path).await,
        }
    }
}

struct Desktop {
    app: AppHandle,
    host: Host,
    tray: Option<Tray>,
    media: Media,
    art: Art,
    now: Option<NowPlaying>,
}

impl Desktop {
    async fn hear(&mut self, told: Told) {
        match told {
            Told::Core(Event::Playback(PlaybackEvent::Position { at_s, .. })) => self.media.at(at_s).await,
            Told::Core(
                Event::Playback(_)
                | Event::QueueChanged { .. }
                | Event::SessionChanged { .. }
                | Event::ServiceChanged,
            )
            | Told::Host(HostEvent::Missed) => self.refresh().await,
            Told::Core(Event::PreferencesChanged(preferences)) => self.prefer(preferences),
            Told::Core(_) | Told::Host(_) => {}
        }
    }

    async fn refresh(&mut self) {
        let Ok(Reply::NowPlaying(now)) = self.host.core().dispatch(Command::NowPlaying).await else { return };
        if let Some(tray) = &mut self.tray {
            tray.show(&now);
        }
        let song = now.item.as_ref().map(|item| item.song.song.id);
        self.art.want(song);
        self.media.show(&now, self.art.of(song)).await;
        self.now = Some(*now);
    }

    /// A cover has come; its song may be over by now.
    async fn paint(&mut self, song: SongId, path: PathBuf) {
        self.art.have(song, path);
        if let Some(now) = &self.now {
            let on = now.item.as_ref().map(|item| item.song.song.id);
            self.media.show(now, self.art.of(on)).await;
        }
    }

    fn prefer(&mut self, preferences: Preferences) {
        if let Some(tray) = &mut self.tray {
            tray.speak(words::of(preferences));
        }
        let theme = match preferences.theme {
            Theme::System => None,
            Theme::Light => Some(tauri::Theme::Light),
            Theme::Dark => Some(tauri::Theme::Dark),
        };
        window::set_theme(&self.app, theme);
    }
}
