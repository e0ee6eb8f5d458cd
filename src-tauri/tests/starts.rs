//! The real window on a desktop that nobody sees: how it starts with what is there and without what is not, and how it
//! ends.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, dead_code)] // All of it is test, and shares a desktop with others.

mod desktop;

use std::fs;

use desktop::{Bus, Desktop, driver::Driver, listener::try_the_demo, until, without_display};
use serde_json::Value;

#[test]
fn a_second_start_shows_the_first_and_ends() {
    let desktop = Desktop::start(Bus::There);
    let mut first = desktop.open_and_wait();
    let window = desktop.window("^Melody Studio$");
    // The listener went elsewhere: to the desktop itself.
    let elsewhere = desktop.ask("xdotool", &["search", "--maxdepth", "0", ""]).unwrap();
    desktop.ask("xdotool", &["windowfocus", &elsewhere]).unwrap();
    let focused = || desktop.ask("xdotool", &["getwindowfocus", "-f"]).unwrap();
    until("the window has lost the focus", || (focused() != window).then_some(()));

    let second = desktop.run();
    assert!(second.status.success(), "{second:?}");
    assert!(first.is_running());
    until("the first has the focus", || (focused() == window).then_some(()));
    let windows = desktop.ask("xdotool", &["search", "--onlyvisible", "--name", "^Melody Studio$"]).unwrap();
    assert_eq!(windows.lines().count(), 1, "{windows}");
}

#[test]
fn what_was_chosen_is_there_after_quitting() {
    let desktop = Desktop::start(Bus::Missing);
    let screen = Driver::start(&desktop);
    try_the_demo(&screen);
    screen.part(".account").click();
    screen.field("Dark").click();
    screen.part("html[data-theme=dark]").wait();
    screen.field("हिन्दी").click();
    screen.link("लाइब्रेरी").wait();
    screen.quit(&desktop);

    let screen = Driver::start(&desktop);
    screen.link("लाइब्रेरी").wait();
    assert_eq!(screen.part("html").attribute("data-theme"), "dark");
    assert_eq!(screen.part("html").attribute("lang"), "hi");
}

#[test]
fn another_profile_has_a_window_of_its_own() {
    let desktop = Desktop::start(Bus::There);
    let _first = desktop.open_and_wait();
    let other = desktop.profile().with_file_name("other");
    let mut second =
        desktop.command(env!("CARGO_BIN_EXE_melody-studio")).arg("--profile").arg(&other).spawn().unwrap();
    until("there are two windows", || {
        let windows = desktop.ask("xdotool", &["search", "--onlyvisible", "--name", "^Melody Studio$"])?;
        (windows.lines().count() == 2).then_some(())
    });
    second.kill().unwrap();
    second.wait().unwrap();
}

#[test]
fn a_signal_ends_it_well() {
    for signal in ["TERM", "INT"] {
        let desktop = Desktop::start(Bus::There);
        let app = desktop.open_and_wait();
        app.signal(signal);
        let (status, _) = app.end();
        assert_eq!(status.code(), Some(0), "{signal}");
        // What is saved last: where the window was.
        let kept = fs::read_to_string(desktop.profile().join("window.json")).unwrap();
        assert!(kept.contains("\"width\": 1180"), "{kept}");
    }
}

#[test]
fn ctrl_q_ends_it_well() {
    let desktop = Desktop::start(Bus::There);
    let app = desktop.open_and_wait();
    let window = desktop.window("^Melody Studio$");
    desktop.press(&window, "ctrl+q");
    let (status, _) = app.end();
    assert_eq!(status.code(), Some(0));
    assert!(desktop.profile().join("window.json").exists());
}

#[test]
fn media_players_see_it_and_may_end_it() {
    let desktop = Desktop::start(Bus::There);
    let app = desktop.open_and_wait();
    let status =
        until("it is on the bus", || desktop.ask("playerctl", &["--player", "melody_studio", "status"]));
    assert_eq!(status, "Stopped");
    let quit = [
        "--session",
        "--dest=org.mpris.MediaPlayer2.melody_studio",
        "--print-reply",
        "/org/mpris/MediaPlayer2",
        "org.mpris.MediaPlayer2.Quit",
    ];
    desktop.ask("dbus-send", &quit).unwrap();
    let (status, _) = app.end();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn without_a_bus_it_works_and_says_so() {
    let desktop = Desktop::start(Bus::Missing);
    let app = desktop.open_and_wait();
    until("it says that there are no media keys", || desktop.log().contains("no media keys").then_some(()));
    app.signal("TERM");
    let (status, said) = app.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!desktop.log().contains("broke"), "{}", desktop.log());
}

#[test]
fn a_profile_that_cannot_be_opened_is_said_in_a_dialog() {
    let desktop = Desktop::start(Bus::There);
    fs::create_dir_all(desktop.profile()).unwrap();
    fs::write(desktop.profile().join("settings.json"), "not settings").unwrap();
    let app = desktop.open();
    let dialog = desktop.window("^Melody Studio cannot open$");
    desktop.press(&dialog, "Escape");
    let (status, said) = app.end();
    assert_eq!(status.code(), Some(6), "{said}");
    assert!(said.contains("settings.json"), "{said}");
}

#[test]
fn without_a_display_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = without_display(&[], folder.path());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("There is no display"), "{output:?}");
}

#[test]
fn a_slip_in_the_command_line_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let output = without_display(&["--sever", "x"], folder.path());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: Unexpected argument '--sever' found"), "{said}");
}

#[test]
fn the_window_comes_back_as_it_was() {
    let desktop = Desktop::start(Bus::Missing);
    let screen = Driver::start(&desktop);
    let window = desktop.window("^Melody Studio$");
    desktop.ask("xdotool", &["windowsize", &window, "1000", "700"]).unwrap();
    let size = "() => innerWidth + 'x' + innerHeight";
    until("it knows of its other size", || (screen.script(size, Value::Null) == "1000x700").then_some(()));
    screen.quit(&desktop);

    let _second = desktop.open_and_wait();
    let window = desktop.window("^Melody Studio$");
    until("it has the size it had", || (desktop.size(&window) == "1000x700").then_some(()));
}
