//! `play`: a queue from its first song to its last, with a line that moves and keys that work.

use std::collections::HashMap;
use std::io::{IsTerminal, Write, stderr, stdin};

use melody_core::{Command, Core, Event, PlayRequest, PlaybackEvent, PlayedRow};
use melody_model::{Rendition, SongView};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use crate::args::PlayArgs;
use crate::exit::{CTRL_C, Halt, NOTHING_PLAYED};
use crate::keys::{Key, Keys};
use crate::render::colour::{Theme, Tone};
use crate::render::line::{self, Now, State};
use crate::render::output::{self, Output, Reader, cell, terminal_width};
use crate::render::{song, text};
use crate::run::{PATIENCE, unless_interrupted};
use crate::signals::Signals;

/// What an arrow key skips, in seconds.
const SKIP_S: f64 = 5.0;
/// What an arrow key adds to the volume.
const LOUDER: f32 = 0.05;

/// The document.
#[derive(Debug, Serialize)]
struct Played {
    played: Vec<PlayedRow>,
}

/// What is shown while it plays, and what comes of it.
struct Face<'a> {
    out: &'a Output,
    /// Events go out as JSON lines.
    lines: bool,
    /// A line on the terminal that stderr is.
    moving: bool,
    /// The terminal is raw: a line must end with a carriage return too.
    raw: bool,
    theme: Theme,
    now: Now,
    names: HashMap<String, String>,
    rows: Vec<PlayedRow>,
}

pub async fn play(core: &Core, args: PlayArgs, out: &Output, signals: &mut Signals) -> Result<(), Halt> {
    let mut events = core.events();
    let moving = !out.is_json() && stderr().is_terminal();
    let mut keys = (moving && stdin().is_terminal()).then(Keys::take).flatten();
    let mut face = Face {
        out,
        lines: args.progress.progress,
        moving,
        raw: keys.is_some(),
        theme: Theme::of_stderr(),
        now: Now { instrumental: args.rendition == Rendition::Instrumental, ..Now::default() },
        names: HashMap::new(),
        rows: Vec::new(),
    };
    let ids = args.ids.clone();
    let request = PlayRequest {
        ids: args.ids,
        start: 0,
        rendition: args.rendition,
        from_s: args.from,
        for_s: args.length,
    };
    // Finding the songs may take the network: the keys work meanwhile, and the line is there.
    let mut start = Box::pin(core.dispatch(Command::Play(request)));
    let mut accepted = false;
    face.draw();

    let mut ended_by = None;
    // Once it is to end, it has so long to say its last words.
    let deadline = tokio::time::sleep(std::time::Duration::MAX);
    tokio::pin!(deadline);
    loop {
        let asked = tokio::select! {
            biased;
            code = signals.next() => {
                // Who asks twice does not want to wait for last words.
                if ended_by.replace(code).is_some() {
                    return Err(Halt::Interrupted(code));
                }
                Some(Command::Stop)
            }
            () = &mut deadline => break,
            key = next_key(&mut keys) => match key {
                Key::Interrupt => {
                    if ended_by.replace(CTRL_C).is_some() {
                        return Err(Halt::Interrupted(CTRL_C));
                    }
                    Some(Command::Stop)
                }
                key => face.pressed(key),
            },
            done = &mut start, if !accepted => {
                accepted = true;
                if let Err(error) = done {
                    face.clear();
                    return Err(error.into());
                }
                None
            }
            event = events.recv() => match event {
                Ok(Event::Playback(event)) => {
                    face.event(&event)?;
                    if event == PlaybackEvent::QueueEnded {
                        break;
                    }
                    None
                }
                Ok(_) | Err(RecvError::Lagged(_)) => None,
                Err(RecvError::Closed) => break,
            },
        };
        if let Some(command) = asked {
            if matches!(command, Command::Stop) {
                deadline.as_mut().reset(tokio::time::Instant::now() + PATIENCE);
            }
            core.dispatch(command).await?;
        }
    }
    face.clear();
    for row in untried(&face.rows, &ids) {
        face.finished(&row)?;
        face.rows.push(row);
    }
    drop(keys);
    // A recording is whole only when the player has let it go; its row is told after that.
    unless_interrupted(signals, async { Ok(core.clone().close().await?) }).await?;
    if out.is_json() {
        output::document(&Played { played: face.rows.clone() })?;
    }
    match ended_by {
        Some(code) => Err(Halt::Interrupted(code)),
        None => verdict(&face.rows, out),
    }
}

async fn next_key(keys: &mut Option<Keys>) -> Key {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

/// The songs that were never tried, since no further one could be heard: what ended the queue holds for each of them.
fn untried(rows: &[PlayedRow], ids: &[String]) -> Vec<PlayedRow> {
    let Some(error) = rows.last().and_then(|row| row.error.as_ref()) else { return Vec::new() };
    let row = |id: &String| PlayedRow {
        song_id: id.clone(),
        seconds: 0.0,
        first_sample_ms: None,
        format: None,
        error: Some(error.clone()),
    };
    ids.iter().skip(rows.len()).map(row).collect()
}

/// Success when anything played. Else what all songs failed of says how it ends, and if they failed of
/// different things, that no song played.
fn verdict(rows: &[PlayedRow], out: &Output) -> Result<(), Halt> {
    let errors: Vec<_> = rows.iter().filter_map(|row| row.error.as_ref()).collect();
    let Some(first) = errors.first().filter(|_| errors.len() == rows.len()) else { return Ok(()) };
    let exit = melody_host::exit_code(first);
    if errors.iter().any(|error| melody_host::exit_code(error) != exit) {
        return Err(Halt::Told(NOTHING_PLAYED));
    }
    // The rows were told to a person already.
    if out.is_json() { Err(Halt::Failed((*first).clone())) } else { Err(Halt::Told(exit)) }
}

impl Face<'_> {
    fn event(&mut self, event: &PlaybackEvent) -> Result<(), Halt> {
        if self.lines {
            output::document(&Event::Playback(event.clone()))?;
        }
        match event {
            PlaybackEvent::Loading { song, index, queue_len } => {
                self.take_up(song, *index, *queue_len);
                self.now.state = State::Loading;
            }
            PlaybackEvent::Started { song, index, queue_len, rendition, duration_s, .. } => {
                self.take_up(song, *index, *queue_len);
                self.now.state = State::Playing;
                self.now.instrumental = *rendition == Rendition::Instrumental;
                self.now.duration_s = duration_s.or(self.now.duration_s);
            }
            PlaybackEvent::Position { at_s, duration_s, .. } => {
                self.now.at_s = *at_s;
                self.now.duration_s = duration_s.or(self.now.duration_s);
            }
            PlaybackEvent::Buffering { .. } => self.now.state = State::Buffering,
            PlaybackEvent::Playing { .. } => self.now.state = State::Playing,
            PlaybackEvent::Paused { .. } => self.now.state = State::Paused,
            PlaybackEvent::RenditionChanged { rendition } => {
                self.now.instrumental = *rendition == Rendition::Instrumental;
            }
            PlaybackEvent::VolumeChanged { volume } => self.now.volume = Some(*volume),
            PlaybackEvent::DeviceLost { message } => {
                self.now.state = State::Paused;
                self.clear();
                self.out.note(&self.ended(&format!("{} Plug it in and press space.", cell(message))));
            }
            PlaybackEvent::Finished(row) => {
                self.rows.push(row.clone());
                return self.finished(row);
            }
            PlaybackEvent::QueueEnded => return Ok(()),
        }
        self.draw();
        Ok(())
    }

    fn take_up(&mut self, view: &SongView, index: usize, of: usize) {
        let name = song::name(view);
        self.names.insert(view.song.id.to_string(), name.clone());
        if self.now.name != name {
            self.now.at_s = 0.0;
        }
        self.now.name = name;
        self.now.duration_s = view.song.content.duration_s.map(f64::from);
        self.now.place = Some((index + 1, of));
    }

    /// A song's last word: the line that moved becomes one that stays.
    fn finished(&mut self, row: &PlayedRow) -> Result<(), Halt> {
        self.clear();
        match self.out.reader {
            Reader::Json => Ok(()),
            Reader::Pipe => {
                let error = row.error.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
                let format = row.format.as_deref().unwrap_or_default();
                output::line(&self.ended(&format!("{}\t{:.3}\t{format}\t{error}", row.song_id, row.seconds)))
            }
            Reader::Person(_) => {
                let theme = self.out.theme;
                let name = self.names.get(&row.song_id).unwrap_or(&row.song_id);
                output::line(&self.ended(&match &row.error {
                    Some(error) => {
                        format!("{} {name}  {}", theme.paint(Tone::Danger, "✗"), cell(&error.message))
                    }
                    None => format!(
                        "{} {name}  {}",
                        theme.paint(Tone::Accent, "✓"),
                        theme.paint(Tone::Faint, &heard(row))
                    ),
                }))
            }
        }
    }

    /// The command of a key, or nothing but a line drawn anew.
    fn pressed(&mut self, key: Key) -> Option<Command> {
        let to = |now: &mut Now, at: f64| {
            let end = now.duration_s.unwrap_or(f64::INFINITY);
            // Shown at once, so that presses in a row add up.
            now.at_s = at.clamp(0.0, end.max(0.0));
            Command::Seek { to_s: now.at_s }
        };
        let volume = |now: &mut Now, by: f32| {
            let volume = (now.volume.unwrap_or(1.0) + by).clamp(0.0, 1.0);
            now.volume = Some(volume);
            Command::SetVolume { volume }
        };
        let now = &mut self.now;
        let command = match key {
            Key::PauseOrGoOn if now.state == State::Paused => Some(Command::Resume),
            Key::PauseOrGoOn => Some(Command::Pause),
            Key::Back => Some(to(now, now.at_s - SKIP_S)),
            Key::Forward => Some(to(now, now.at_s + SKIP_S)),
            Key::Louder => Some(volume(now, LOUDER)),
            Key::Softer => Some(volume(now, -LOUDER)),
            Key::Next => Some(Command::Next),
            Key::Previous => Some(Command::Previous),
            Key::Quit => Some(Command::Stop),
            Key::Interrupt | Key::Resized => None,
        };
        self.draw();
        command
    }

    fn draw(&self) {
        if self.moving {
            // The last column stays free: a terminal may wrap as soon as it is filled.
            let line = line::now_playing(&self.now, self.theme, terminal_width().saturating_sub(1));
            let mut stderr = stderr().lock();
            let _ = write!(stderr, "\r{line}\u{1b}[K").and_then(|()| stderr.flush());
        }
    }

    fn clear(&self) {
        if self.moving {
            let mut stderr = stderr().lock();
            let _ = write!(stderr, "\r\u{1b}[K").and_then(|()| stderr.flush());
        }
    }

    fn ended(&self, line: &str) -> String {
        if self.raw { format!("{line}\r") } else { line.to_owned() }
    }
}

fn heard(row: &PlayedRow) -> String {
    match &row.format {
        Some(format) => format!("{}  {}", text::clock(row.seconds), cell(format)),
        None => text::clock(row.seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::colour::Depth;
    use melody_core::{Code, ErrorReport};

    const JSON: Output = Output { reader: Reader::Json, theme: Theme { depth: Depth::None } };

    fn row(code: Option<Code>) -> PlayedRow {
        PlayedRow {
            song_id: "a".to_owned(),
            seconds: 1.0,
            first_sample_ms: None,
            format: None,
            error: code
                .map(|code| ErrorReport { local: false, ..ErrorReport::local(code, "No.".to_owned()) }),
        }
    }

    fn exit(rows: &[PlayedRow]) -> u8 {
        match verdict(rows, &JSON) {
            Ok(()) => 0,
            Err(Halt::Failed(report)) => melody_host::exit_code(&report),
            Err(Halt::Told(code)) => code,
            Err(_) => unreachable!(),
        }
    }

    #[test]
    fn every_song_that_was_asked_for_has_a_row() {
        let ids = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        let rows = [row(None), row(Some(Code::NoDevice))];
        let rest = untried(&rows, &ids);
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].song_id, "c");
        assert_eq!(rest[0].error.as_ref().map(|error| error.code), Some(Code::NoDevice));
        // Ended by the listener in the middle of a song.
        assert!(untried(&rows[..1], &ids).is_empty());
    }

    #[test]
    fn it_fails_only_when_nothing_played() {
        assert_eq!(exit(&[row(None), row(Some(Code::NoAudio))]), 0);
        assert_eq!(exit(&[row(Some(Code::NoAudio)), row(Some(Code::BadAudio))]), 7);
        assert_eq!(exit(&[row(Some(Code::Unreachable))]), 4);
        assert_eq!(exit(&[row(Some(Code::Unreachable)), row(Some(Code::ResourceNotFound))]), 7);
        assert_eq!(exit(&[]), 0);
    }
}
