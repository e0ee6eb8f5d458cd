//! What a window takes while nobody does anything, and what it takes after it has played for a while.

use std::{thread::sleep, time::Duration};

use melody_e2e::pulse::SoundServer;
use serde_json::{Value, json};

use super::{
    desktop::{Bus, Desktop, until},
    listener::Service,
    stage::{Opened, Stage, Whose},
};

/// Until what a start leaves behind is done.
const SETTLING: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(30);
const PLAYING: Duration = Duration::from_mins(10);

/// Memory of all processes, and the processor's share while the window only stands there.
pub fn measure(service: &Service) -> Value {
    let stage = Stage::start();
    stage.settle(service);
    let (ours, ours_cpu) = at_rest(&stage, Whose::Ours);
    let (empty, empty_cpu) = at_rest(&stage, Whose::Empty);
    json!({
        "ours_mb": ours, "empty_mb": empty, "idle_s": IDLE.as_secs(),
        "ours_cpu_percent": ours_cpu, "empty_cpu_percent": empty_cpu,
    })
}

fn at_rest(stage: &Stage, whose: Whose) -> (f64, f64) {
    let window = settled(stage, whose);
    let processes = window.processes();
    let memory = processes.megabytes();
    let before = processes.seconds();
    sleep(IDLE);
    let percent = (processes.seconds() - before) / IDLE.as_secs_f64() * 100.0;
    window.close();
    (memory, percent)
}

fn settled(stage: &Stage, whose: Whose) -> Opened<'_> {
    let window = stage.open(whose);
    window.until_usable();
    sleep(SETTLING);
    window
}

/// Memory of all processes after minutes of playing to a sound server.
pub fn measure_playing(service: &Service) -> Value {
    let server = SoundServer::start();
    let stage = Stage::new(Desktop::start(Bus::There).playing_to(&server));
    stage.settle(service);
    let empty = settled(&stage, Whose::Empty);
    let empty_mb = empty.processes().megabytes();
    empty.close();

    let window = settled(&stage, Whose::Ours);
    let player = |word| stage.desktop.ask("playerctl", &["--player", "melody_studio", word]);
    let song = || stage.desktop.ask("playerctl", &["--player", "melody_studio", "metadata", "title"]);
    player("play").unwrap();
    until("it plays", || (player("status")? == "Playing").then_some(()));
    let processes = window.processes();
    let (first, before) = (song(), processes.seconds());
    sleep(PLAYING);
    let percent = (processes.seconds() - before) / PLAYING.as_secs_f64() * 100.0;
    assert_eq!(player("status").as_deref(), Some("Playing"));
    assert_ne!(song(), first, "it has gone on to other songs");
    let ours_mb = window.processes().megabytes();
    window.close();
    json!({
        "minutes": PLAYING.as_secs() / 60, "ours_mb": ours_mb, "empty_mb": empty_mb, "ours_cpu_percent": percent,
    })
}
