//! From a key that is pressed to the letter that is seen, in the search box while it searches.

use std::{
    io::Write,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    desktop::Desktop,
    listener::Service,
    screen::Area,
    share::{median, percentile},
    stage::{Stage, Whose},
};

/// The field at the top of both windows.
const FIELD: Area = Area { left: 268, top: 32, width: 300, height: 28 };
/// Typed key by key, and taken away key by key; then once more.
const WORDS: &str = "dil monsoon raat";
const ROUNDS: usize = 2;
/// Between two keys, as somebody types; the pause after a word lets the service answer.
const BETWEEN: Duration = Duration::from_millis(180);
const PAUSE: Duration = Duration::from_secs(1);

pub fn measure(service: &Service) -> Value {
    let stage = Stage::start();
    stage.settle(service);
    let ours = type_into(&stage, Whose::Ours);
    let empty = type_into(&stage, Whose::Empty);
    json!({
        "keys": ours.len(),
        "ours_p95_ms": percentile(ours.clone(), 0.95), "ours_ms": median(ours),
        "empty_p95_ms": percentile(empty.clone(), 0.95), "empty_ms": median(empty),
    })
}

fn type_into(stage: &Stage, whose: Whose) -> Vec<f64> {
    let window = stage.open(whose);
    window.until_usable();
    stage.wait_for_rest();
    stage.desktop.ask("xdotool", &["windowfocus", "--sync", &window.id()]).unwrap();
    let mut keyboard = Keyboard::start(&stage.desktop);
    keyboard.press(match whose {
        Whose::Ours => "ctrl+k",
        Whose::Empty => "Tab",
    });
    stage.wait_for_rest();
    let letters: Vec<String> =
        WORDS.chars().map(|letter| if letter == ' ' { "space".into() } else { letter.into() }).collect();
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let back = letters.iter().map(|_| "BackSpace");
        for key in letters.iter().map(String::as_str).chain(back) {
            let before = stage.screen.pixels(FIELD);
            let pressed = Instant::now();
            keyboard.press(key);
            while stage.screen.pixels(FIELD) == before {
                assert!(pressed.elapsed() < PAUSE * 10, "{key} is not seen in {whose:?}");
                sleep(Duration::from_micros(100));
            }
            took.push(pressed.elapsed().as_secs_f64() * 1e3);
            sleep(if key == "space" { PAUSE } else { BETWEEN });
        }
    }
    window.close();
    took
}

/// Keys of the desktop, pressed one at a time by a tool that is running already.
struct Keyboard(Child);

impl Keyboard {
    fn start(desktop: &Desktop) -> Self {
        Self(desktop.command("xdotool").arg("-").stdin(Stdio::piped()).spawn().unwrap())
    }

    fn press(&mut self, key: &str) {
        writeln!(self.0.stdin.as_mut().unwrap(), "key {key}").unwrap();
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
