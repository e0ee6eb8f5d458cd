//! Pictures of the real window, for people: what `cargo xtask run` leaves where nobody can see a window, and those that
//! `cargo xtask screenshots` makes. They prove nothing, so they are taken only when they are asked for.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, dead_code)] // All of it is test, and shares a desktop with others.

mod desktop;

use std::{
    fs,
    path::{Path, PathBuf},
};

use desktop::{
    Bus, Desktop,
    driver::Driver,
    listener::{ask_for_the_code, enter_the_code},
    until,
};
use melody_e2e::pulse::SoundServer;
use serde_json::{Value, json};

/// A window's size and theme.
type Look = ((u32, u32), &'static str);

#[test]
#[ignore = "takes pictures: cargo xtask run, without a display"]
fn tour() {
    take("target/tour", &[((1180, 760), "light")]);
}

#[test]
#[ignore = "takes pictures: cargo xtask screenshots"]
fn screenshots() {
    let small = (1000, 680);
    let large = (1440, 900);
    take("target/screenshots", &[(small, "light"), (small, "dark"), (large, "light"), (large, "dark")]);
}

/// Walks through the app and takes a picture of each screen in each look.
fn take(folder: &str, looks: &[Look]) {
    let server = SoundServer::start();
    let desktop = Desktop::start(Bus::Missing).playing_to(&server);
    let screen = Driver::start(&desktop);
    let window = desktop.window("^Melody Studio$");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("").join(folder);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    let camera = Camera { desktop: &desktop, screen: &screen, window, folder, looks };

    screen.button("Try the demo").wait();
    camera.take("1-welcome");
    ask_for_the_code(&screen);
    camera.take("2-code");
    enter_the_code(&screen);
    fill_the_library(&screen);
    screen.part(".play").click();
    screen.button("Pause").wait();
    camera.take("3-home");
    screen.link("Search").click();
    screen.field("Search").type_in("दिल");
    until("the service has answered", || (screen.texts(".line p").concat() == "2 songs").then_some(()));
    camera.take("4-search");
    screen.link("Library").click();
    screen.part("main .current .bars").wait();
    camera.take("5-library");
    screen.part("[aria-label=Player] a").click();
    screen.part(".verses").wait();
    camera.take("6-song");
    screen.link("Home").click();
    screen.button("Show the queue").click();
    screen.part("aside [role=listitem] .title").wait();
    camera.take("7-queue");
    screen.button("Hide the queue").click();
    screen.part(".account").click();
    screen.part("main h1").wait();
    camera.take("8-settings");
}

/// Saves some songs in many scripts, as an evening would.
fn fill_the_library(screen: &Driver) {
    let core = |command: Value| screen.call(json!({ "core": command }))["ok"].clone();
    let trending = core(json!({ "command": "trending", "limit": 30 }));
    let songs = trending["songs"].as_array().unwrap();
    let ids: Vec<&Value> = songs.iter().step_by(2).rev().map(|song| &song["id"]).collect();
    core(json!({ "command": "library_add", "ids": ids }));
    until("they are on Home", || {
        screen.texts("main h2").iter().any(|title| title == "Recently added").then_some(())
    });
}

struct Camera<'a> {
    desktop: &'a Desktop,
    screen: &'a Driver,
    window: String,
    folder: PathBuf,
    looks: &'a [Look],
}

impl Camera<'_> {
    /// A picture of what is on the screen, in each look.
    fn take(&self, name: &str) {
        for ((width, height), theme) in self.looks {
            let (wide, high) = (width.to_string(), height.to_string());
            self.desktop.ask("xdotool", &["windowsize", &self.window, &wide, &high]).unwrap();
            let prefer = json!({ "command": "set_preferences", "language": "en", "theme": theme });
            self.screen.call(json!({ "core": prefer }));
            self.until_drawn(*width, *height, theme);
            // Early in the song, whichever picture it is.
            self.screen.call(json!({ "core": { "command": "seek", "to_s": 14.0 } }));
            self.until_drawn(*width, *height, theme);
            let path = self.folder.join(format!("{name}-{width}-{theme}.png"));
            let taken = self.desktop.ask("import", &["-window", &self.window, &path.display().to_string()]);
            assert!(taken.is_some(), "import took no picture");
            println!("{}", path.display());
        }
    }

    fn until_drawn(&self, width: u32, height: u32, theme: &str) {
        let drawn = self.screen.eval(DRAWN, json!([width, height, theme]));
        assert!(drawn["no"].is_null(), "{drawn}");
    }
}

/// Waits until a look is drawn, with its pictures and letters, and nothing is on its way in.
const DRAWN: &str = "async ([width, height, theme]) => {
  const frame = () => new Promise(requestAnimationFrame);
  // Those that are further away are fetched when they come near.
  const seen = (part) => {
    const { top, left } = part.getBoundingClientRect();
    return top < innerHeight && left < innerWidth;
  };
  const ready = () =>
    innerWidth === width && innerHeight === height && document.documentElement.dataset.theme === theme &&
    [...document.images].every((image) => image.complete || !seen(image)) && document.fonts.status === 'loaded';
  do await frame(); while (!ready());
  const ends = (animation) => animation.effect.getComputedTiming().iterations !== Infinity;
  await Promise.all(document.getAnimations().filter(ends).map((animation) => animation.finished));
  await frame();
  await frame();
}";
