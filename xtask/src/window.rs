//! The real window: where it can be opened, and pictures of it where it cannot.

use std::{env, fs};

use crate::{
    command::{Line, root},
    failure::Failure,
    steps::Plan,
    system::{SoundServer, sound_server},
};

/// Whether somebody can see a window that we open.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["WAYLAND_DISPLAY", "DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some_and(|to| !to.is_empty()))
}

/// A walk through the window with a camera.
#[derive(Clone, Copy)]
pub enum Walk {
    /// Each screen once.
    Tour,
    /// Each screen in two sizes and two themes.
    Screenshots,
}

impl Walk {
    /// Its name in `src-tauri/tests/pictures.rs`; its pictures go to the folder of this name in `target`.
    fn name(self) -> &'static str {
        match self {
            Self::Tour => "tour",
            Self::Screenshots => "screenshots",
        }
    }
}

/// Adds pictures of the window as it would be seen.
pub fn pictures(plan: Plan, walk: Walk) -> Plan {
    let name = walk.name();
    let line = Line::cargo(&["test", "--quiet", "--workspace", "--test", "pictures", "--"])
        .arg("--ignored")
        .arg("--exact")
        .arg("--nocapture")
        .arg(name);
    let repeat = line.to_string();
    plan.call(
        "Pictures of the window",
        format!("the real one, on a display that nobody sees, left in target/{name}"),
        repeat,
        move || {
            if sound_server() == SoundServer::Displaces {
                println!("      left out: the songs in them need a sound server of their own");
                return Ok(());
            }
            line.run()
        },
    )
}

/// The pictures that the README shows, and their names there.
const SHOWN: &[(&str, &str)] = &[("3-home-1000-light", "home"), ("6-song-1000-dark", "song")];
/// What a picture in the repository may weigh, in bytes.
const HEAVIEST: u64 = 300_000;

/// Adds the few of them that the README shows.
pub fn shown(plan: Plan) -> Plan {
    plan.call("The README's pictures", "a chosen few, in assets", "cargo xtask screenshots", || {
        for (name, shown) in SHOWN {
            let from = root().join(format!("target/screenshots/{name}.png"));
            let to = root().join(format!("assets/{shown}.png"));
            let weight = fs::copy(&from, &to).map_err(|source| Failure::File { path: from, source })?;
            println!("      {} kB   {}", weight / 1000, to.display());
            if weight > HEAVIEST {
                return Err(Failure::Rule(format!("{} is too heavy for a repository", to.display())));
            }
        }
        Ok(())
    })
}
