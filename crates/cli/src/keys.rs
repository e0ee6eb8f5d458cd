//! The keys of a playing song: a terminal that hands over each key at once, and is always handed back.

use std::io::stderr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{execute, terminal};
use tokio::sync::mpsc;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    PauseOrGoOn,
    Back,
    Forward,
    Louder,
    Softer,
    Next,
    Previous,
    Quit,
    /// Ctrl-C: in raw mode it is a key like any other.
    Interrupt,
    /// The terminal has another size: draw again.
    Resized,
}

/// How often the thread looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// The terminal in raw mode, and a thread that reads it. Dropped (also by a panic), it is as it was before.
#[derive(Debug)]
pub struct Keys {
    pressed: mpsc::UnboundedReceiver<Key>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    /// `None` where the terminal does not let itself be switched.
    pub fn take() -> Option<Self> {
        terminal::enable_raw_mode().ok()?;
        let _ = execute!(stderr(), Hide);
        let (send, pressed) = mpsc::unbounded_channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("keys".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    let told = match event::poll(LOOK) {
                        Ok(false) => continue,
                        Ok(true) => event::read(),
                        Err(error) => Err(error),
                    };
                    let Ok(told) = told else { return };
                    if let Some(key) = meaning(&told)
                        && send.send(key).is_err()
                    {
                        return;
                    }
                }
            })
            .ok();
        Some(Self { pressed, stop, thread })
    }

    /// The next key; never, when the terminal has stopped giving any.
    pub async fn next(&mut self) -> Key {
        match self.pressed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends within one look; a panic of it would change nothing here.
            let _ = thread.join();
        }
        let _ = execute!(stderr(), Show);
        let _ = terminal::disable_raw_mode();
    }
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Key(KeyEvent {
            code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, ..
        }) => {
            if modifiers.contains(KeyModifiers::CONTROL) {
                return (*code == KeyCode::Char('c')).then_some(Key::Interrupt);
            }
            Some(match code {
                KeyCode::Char(' ') => Key::PauseOrGoOn,
                KeyCode::Left => Key::Back,
                KeyCode::Right => Key::Forward,
                KeyCode::Up => Key::Louder,
                KeyCode::Down => Key::Softer,
                KeyCode::Char('n' | 'N') => Key::Next,
                KeyCode::Char('p' | 'P') => Key::Previous,
                KeyCode::Char('q' | 'Q') | KeyCode::Esc => Key::Quit,
                _ => return None,
            })
        }
        Event::Resize(..) => Some(Key::Resized),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
        meaning(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_mean_what_the_help_says() {
        let none = KeyModifiers::NONE;
        assert_eq!(press(KeyCode::Char(' '), none), Some(Key::PauseOrGoOn));
        assert_eq!(press(KeyCode::Left, none), Some(Key::Back));
        assert_eq!(press(KeyCode::Right, none), Some(Key::Forward));
        assert_eq!(press(KeyCode::Up, none), Some(Key::Louder));
        assert_eq!(press(KeyCode::Down, none), Some(Key::Softer));
        assert_eq!(press(KeyCode::Char('n'), none), Some(Key::Next));
        assert_eq!(press(KeyCode::Char('p'), none), Some(Key::Previous));
        assert_eq!(press(KeyCode::Char('q'), none), Some(Key::Quit));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(press(KeyCode::Char('z'), KeyModifiers::CONTROL), None);
        assert_eq!(press(KeyCode::Char('x'), none), None);
    }

    #[test]
    fn a_key_let_go_means_nothing() {
        let mut key = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(meaning(&Event::Key(key)), None);
    }
}
