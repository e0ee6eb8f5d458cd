//! The real window: where it can be opened, and pictures of it where it cannot.

use std::{env, fs};

use crate::{
    command::{Line, built, root},
    failure::Failure,
    steps::Plan,
};

/// Where `cargo xtask run` leaves its pictures.
const PICTURES: &str = "target/tour";
/// Starts the window on a display that nobody sees, waits until it has drawn itself, takes a picture, ends it.
const SHOOT: &str = include_str!("window/shoot.sh");

/// Whether somebody can see a window that we open.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["WAYLAND_DISPLAY", "DISPLAY"]
            .iter()
            .any(|name| env::var_os(name).is_some_and(|to| !to.is_empty()))
}

/// Adds pictures of the window as it would be seen.
pub fn pictures(plan: Plan) -> Plan {
    plan.call(
        "Pictures of the window",
        format!("taken under Xvfb, left in {PICTURES}"),
        "cargo xtask run",
        take,
    )
}

fn take() -> Result<(), Failure> {
    let folder = root().join(PICTURES);
    fs::create_dir_all(&folder).map_err(|source| Failure::File { path: folder.clone(), source })?;
    unseen(SHOOT, &[&built("debug", "melody-studio").display().to_string(), &folder.display().to_string()])
        .run()
}

/// A shell script with a display and a message bus of its own.
pub fn unseen(script: &str, args: &[&str]) -> Line {
    let display = ["-a", "-s", "-screen 0 1440x900x24", "dbus-run-session", "--", "sh", "-c", script, "sh"];
    Line::new("xvfb-run", &[display.as_slice(), args].concat())
}
