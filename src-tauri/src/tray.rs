//! The tray: what is on, show, play or pause, next, quit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use melody_core::{Check, Command, NowPlaying, PlaybackStatus};
use melody_host::Host;
use tauri::{
    AppHandle, Wry, include_image,
    menu::{Menu, MenuItem, PredefinedMenuItem},
    tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent},
};
use tokio::sync::oneshot;

use crate::{now::steer, quit, window, words, words::Words};

/// A title is cut after so many characters: a menu is as wide as its widest line.
const LONGEST_LINE: usize = 48;

/// The icon and its menu.
pub struct Tray {
    /// Goes with us.
    _icon: TrayIcon,
    song: MenuItem<Wry>,
    show: MenuItem<Wry>,
    toggle: MenuItem<Wry>,
    next: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    words: &'static Words,
    shown: Shown,
}

/// What the menu says now. Telling a desktop what it knows already makes some of them flicker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    /// Title and artist.
    song: Option<String>,
    playing: bool,
    has_next: bool,
}

impl Tray {
    /// Puts the icon up; `None` where there is no tray, which is no failure.
    pub async fn put_up(app: &AppHandle, host: &Host) -> Option<Self> {
        let (sender, built) = oneshot::channel();
        let (on_main, host) = (app.clone(), host.clone());
        // Menus belong to the main thread.
        let asked = app.run_on_main_thread(move || {
            // Without libayatana-appindicator its binding panics instead of saying so.
            let tray = catch_unwind(AssertUnwindSafe(|| build(&on_main, host)));
            let tray = match tray {
                Ok(Ok(tray)) => Some(tray),
                Ok(Err(e)) => {
                    tracing::warn!(error = %e, "there is no tray icon");
                    None
                }
                Err(_) => {
                    tracing::warn!("there is no tray icon: its library is not installed");
                    None
                }
            };
            // The app may be closing.
            let _ = sender.send(tray);
        });
        asked.ok()?;
        built.await.ok().flatten()
    }

    /// Says what is on.
    pub fn show(&mut self, now: &NowPlaying) {
        let shown = Shown::of(now);
        if shown != self.shown {
            self.shown = shown;
            self.write();
        }
    }

    /// Speaks another language.
    pub fn speak(&mut self, words: &'static Words) {
        if words != self.words {
            self.words = words;
            self.write();
        }
    }

    fn write(&self) {
        let Shown { song, playing, has_next } = &self.shown;
        let words = self.words;
        let written = self
            .song
            .set_text(song.as_deref().unwrap_or(words.nothing_on))
            .and_then(|()| self.show.set_text(words.show))
            .and_then(|()| self.toggle.set_text(if *playing { words.pause } else { words.play }))
            .and_then(|()| self.toggle.set_enabled(song.is_some()))
            .and_then(|()| self.next.set_text(words.next))
            .and_then(|()| self.next.set_enabled(*has_next))
            .and_then(|()| self.quit.set_text(words.quit));
        if let Err(e) = written {
            tracing::warn!(error = %e, "the tray's menu could not be changed");
        }
    }
}

/// Whether there is one. A desktop without a tray leaves the icon out and does not say so.
pub fn check(tray: Option<&Tray>) -> Check {
    let found = if tray.is_some() {
        "The tray icon is up, where the desktop has a tray."
    } else {
        "There is no tray icon: its library, libayatana-appindicator, is not installed."
    };
    Check { name: "tray", ok: tray.is_some(), message: found.to_owned(), error: None }
}

impl Shown {
    fn of(now: &NowPlaying) -> Self {
        Self {
            song: now.item.as_ref().map(|item| {
                let song = &item.song.song.content;
                line(&song.title, &song.artist)
            }),
            playing: matches!(
                now.status,
                PlaybackStatus::Playing | PlaybackStatus::Loading | PlaybackStatus::Buffering
            ),
            has_next: now.index + 1 < now.queue_len,
        }
    }
}

fn line(title: &str, artist: &str) -> String {
    let line = format!("{title} – {artist}");
    if line.chars().count() <= LONGEST_LINE {
        return line;
    }
    let kept: String = line.chars().take(LONGEST_LINE - 1).collect();
    format!("{}…", kept.trim_end())
}

fn build(app: &AppHandle, host: Host) -> tauri::Result<Tray> {
    let words = words::of(melody_core::Preferences::default());
    let song = MenuItem::with_id(app, "song", words.nothing_on, false, None::<&str>)?;
    let show = MenuItem::with_id(app, "show", words.show, true, None::<&str>)?;
    let toggle = MenuItem::with_id(app, "toggle", words.play, false, None::<&str>)?;
    let next = MenuItem::with_id(app, "next", words.next, false, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", words.quit, true, None::<&str>)?;
    let line = || PredefinedMenuItem::separator(app);
    let menu = Menu::with_items(app, &[&song, &line()?, &toggle, &next, &line()?, &show, &quit])?;
    let icon = TrayIconBuilder::with_id("melody-studio")
        .icon(include_image!("../icons/tray.png"))
        .tooltip("Melody Studio")
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(move |app, event| match event.id().as_ref() {
            "show" => window::show(app),
            "toggle" => steer(&host, Command::Toggle),
            "next" => steer(&host, Command::Next),
            "quit" => quit::ask(app),
            _ => {}
        })
        .on_tray_icon_event(|icon, event| {
            let clicked = matches!(
                event,
                TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
            );
            if clicked && !cfg!(target_os = "macos") {
                window::show(icon.app_handle());
            }
        })
        .build(app)?;
    Ok(Tray { _icon: icon, song, show, toggle, next, quit, words, shown: Shown::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_title_is_cut_by_characters() {
        let title = "दिल".repeat(40);
        let cut = line(&title, "Meghdoot");
        assert_eq!(cut.chars().count(), LONGEST_LINE);
        assert!(cut.ends_with('…'));
        assert_eq!(line("Monsoon Letters", "Asha"), "Monsoon Letters – Asha");
    }
}
