//! The whole job in the real window, on a desktop that nobody sees and at a sound server that nobody hears.
//! Alone in its file, so that no other test takes the time that sound needs.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, dead_code)] // All of it is test, and shares a desktop with others.

mod desktop;

use desktop::{Bus, Desktop, driver::Driver, listener::try_the_demo, panel::Panel, until, until_well};
use melody_e2e::{
    hearing::hearing,
    media,
    pulse::SoundServer,
    signal::{RATE, correlation},
};
use serde_json::{Value, json};

const SAVED: &str = "दिल का डाकिया";
/// Found by their singer, in this order.
const BESIDE: &str = "Monsoon Ledger";
const CHOSEN: &str = "Paper Boats on Marine Drive";

#[test]
fn sound_server_hears_the_song_that_was_found_and_the_next_start_has_it_where_it_was() {
    let server = SoundServer::start();
    let desktop = Desktop::start(Bus::There).playing_to(&server);
    let panel = Panel::on(&desktop);
    let screen = Driver::start(&desktop);
    try_the_demo(&screen);

    screen.link("Search").click();
    search(&screen, "दिल", "दिल की छत पर");
    screen.row(SAVED).button("Save to your library").click();
    screen.row(SAVED).button("Remove from your library").wait();
    search(&screen, "maya fernandes", BESIDE);
    is_heard(&screen, &server);
    is_steered_over_the_bus(&screen, &desktop);
    is_steered_from_the_tray(&screen, &panel);

    for _ in 0..4 {
        screen.field("Volume").type_in(ARROW_DOWN);
    }
    until("it is quieter", || (screen.field("Volume").attribute("aria-valuetext") == "80%").then_some(()));
    desktop.ask("playerctl", &["--player", "melody_studio", "play"]).unwrap();
    screen.button("Pause").wait();
    let (resumed_at, _) = place(&screen);
    // On from what was kept when it was resumed, and not so far that it was kept again: that is left to quitting.
    until("it goes on", || (place(&screen).0 >= resumed_at + 3).then_some(()));
    let (left_at, _) = place(&screen);
    screen.quit(&desktop);

    let screen = Driver::start(&desktop);
    screen.button("Play").wait();
    assert_eq!(screen.part("[aria-label=Player] .title").text(), CHOSEN);
    let (back_at, duration) = place(&screen);
    assert!(
        left_at > 0 && (left_at..duration).contains(&back_at),
        "left at {left_at} s, back at {back_at} s"
    );
    screen.button("Show the queue").click();
    until_well(|| {
        let queue = screen.texts("aside [role=listitem] .title");
        if queue == [BESIDE, CHOSEN] { Ok(()) } else { Err(format!("the queue has {queue:?}")) }
    });
    assert_eq!(screen.texts("aside [aria-current] .title"), [CHOSEN]);
    assert_eq!(screen.field("Volume").attribute("aria-valuetext"), "80%");
    screen.link("Library").click();
    screen.row(SAVED).wait();
    assert!(!screen.part("main .dot").is_there(), "the service has not heard of it");
    let now = now_playing(&screen);
    assert_eq!((&now["status"], &now["index"]), (&json!("paused"), &json!(1)), "{now}");
    let silence = server.record().after(1.0);
    assert!(silence.iter().all(|sample| *sample == 0.0), "it began by itself");
}

const ARROW_DOWN: &str = "\u{E015}";

/// Types what is searched for, and waits until the service has answered.
fn search(screen: &Driver, words: &str, first: &str) {
    let clear = screen.button("Clear the search");
    if clear.is_there() {
        clear.click();
    }
    screen.field("Search").type_in(words);
    until_well(|| {
        let (line, rows) = (screen.texts(".line p").concat(), screen.texts("main [role=row] .title"));
        let well = line == "2 songs" && rows.len() == 2 && rows[0] == first;
        if well { Ok(()) } else { Err(format!("“{words}” found {rows:?}: {line}")) }
    });
}

/// Plays the chosen song and proves that it is the one that the sound server gets.
fn is_heard(screen: &Driver, server: &SoundServer) {
    let (meant, other) = (sound_of(screen, CHOSEN), sound_of(screen, BESIDE));
    let mut heard = Vec::new();
    let found = hearing(&meant, || {
        let recording = server.record();
        screen.row(CHOSEN).double_click();
        screen.button("Pause").wait();
        heard = recording.after(8.0);
        screen.button("Pause").click();
        screen.button("Play").wait();
        heard.clone()
    });
    assert!(found.correlation >= 0.99 && found.frames > 5 * RATE, "{found:?}");
    let length = found.frames.min(other.len() / 2) * 2;
    let other = correlation(&heard[found.lead * 2..][..length], &other[..length]);
    assert!(other.abs() < 0.5, "another song would have passed too: {other}");
}

/// What ffmpeg makes of a song's own sound.
fn sound_of(screen: &Driver, title: &str) -> Vec<f32> {
    let core = |command: Value| screen.call(json!({ "core": command }))["ok"].clone();
    let search = json!({ "command": "search", "query": title, "limit": 1, "offset": 0 });
    let id = core(search)["songs"][0]["id"].clone();
    let song = core(json!({ "command": "song", "id": id }));
    let service = core(json!({ "command": "overview" }))["service"]["address"].as_str().unwrap().to_owned();
    let url = song["song"]["audio_files"]["original"]["url"].as_str().unwrap();
    media::decoded(&if url.starts_with("http") { url.to_owned() } else { format!("{service}{url}") })
}

/// Media keys, as the desktop hands them on.
fn is_steered_over_the_bus(screen: &Driver, desktop: &Desktop) {
    let player = |word: &str| desktop.ask("playerctl", &["--player", "melody_studio", word]).unwrap();
    player("play");
    screen.button("Pause").wait();
    until("the bus says so", || (player("status") == "Playing").then_some(()));
    player("pause");
    screen.button("Play").wait();
    assert_eq!(now_playing(screen)["status"], "paused");
    until("the bus says so", || (player("status") == "Paused").then_some(()));
    let title = desktop.ask("playerctl", &["--player", "melody_studio", "metadata", "title"]);
    assert_eq!(title.as_deref(), Some(CHOSEN));
}

/// The menu of the tray icon says what is on and what can be done, and does it.
fn is_steered_from_the_tray(screen: &Driver, panel: &Panel) {
    let says = |toggle: &str, next: bool, title: &str| {
        until_well(|| {
            let menu = panel.menu();
            let (song, lines) = menu.split_first().ok_or("the menu is empty")?;
            let has = |label: &str, enabled| lines.contains(&(label.to_owned(), enabled));
            let right = song.0.starts_with(title) && has(toggle, true) && has("Next song", next);
            if right { Ok(()) } else { Err(format!("the tray has {menu:?}")) }
        });
    };
    says("Play", false, CHOSEN);
    // Once to its beginning, once to the song before.
    for _ in 0..2 {
        screen.call(json!({ "core": { "command": "previous" } }));
    }
    says("Pause", true, BESIDE);
    panel.click("Next song");
    says("Pause", false, CHOSEN);
    panel.click("Pause");
    screen.button("Play").wait();
    says("Play", false, CHOSEN);
    panel.click("Play");
    screen.button("Pause").wait();
    panel.click("Pause");
    screen.button("Play").wait();
}

fn now_playing(screen: &Driver) -> Value {
    screen.call(json!({ "core": { "command": "now_playing" } }))["ok"].clone()
}

/// Where the bar says that the song is, and how long it is, in seconds.
fn place(screen: &Driver) -> (u64, u64) {
    let said = screen.field("Place in the song").attribute("aria-valuetext");
    let seconds = |clock: &str| {
        let (minutes, seconds) = clock.split_once(':').unwrap();
        minutes.parse::<u64>().unwrap() * 60 + seconds.parse::<u64>().unwrap()
    };
    let (at, duration) = said.split_once(" of ").unwrap_or_else(|| panic!("no place: {said}"));
    (seconds(at), seconds(duration))
}
