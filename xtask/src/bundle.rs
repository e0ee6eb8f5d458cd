//! What others install: packages made by the Tauri CLI, and the proof that one of them installs, starts and goes again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    command::{Line, built, root},
    failure::Failure,
    steps::Plan,
    ui::npm,
};

/// The package's name.
const PACKAGE: &str = "melody-studio";
/// Starts an installed window on a display that nobody sees, and ends it as a desktop would.
const START: &str = include_str!("bundle/start.sh");

/// How the programs in the package are built.
#[derive(Clone, Copy)]
pub enum Build {
    /// As they are shipped.
    Release,
    /// As the tests have them; such a package proves the packaging.
    Debug,
}

impl Build {
    fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Debug => "debug",
        }
    }
}

/// Adds the packages of this system, from programs that are built.
pub fn make(plan: Plan, build: Build, kinds: &str) -> Plan {
    let line = tauri(build, kinds);
    plan.command("Packages", "window, terminal, icon, menu entry", line)
}

/// Adds the proof, where there is dpkg.
pub fn prove(plan: Plan, build: Build) -> Plan {
    plan.call("The package", "it is installed, started and removed", "cargo xtask bundle", move || {
        try_out(build)
    })
}

/// The packages that this system can make. An AppImage needs tools that its maker downloads; they are not here.
pub fn kinds() -> &'static str {
    match std::env::consts::OS {
        "linux" => "deb,rpm",
        "macos" => "dmg",
        _ => "nsis,msi",
    }
}

fn tauri(build: Build, kinds: &str) -> Line {
    let terminal = built(build.folder(), "melody").display().to_string();
    // The terminal's program goes along; where it was built is known only now.
    let files = json!({ "files": { "/usr/bin/melody": terminal } });
    let config = json!({ "bundle": { "linux": { "deb": files, "rpm": files } } });
    let line = npm(&["exec", "--", "tauri", "bundle", "--bundles", kinds, "--config", &config.to_string()]);
    match build {
        Build::Release => line,
        Build::Debug => line.arg("--debug"),
    }
}

fn try_out(build: Build) -> Result<(), Failure> {
    let package = newest(&folder(build).join("deb"))?;
    let file = package.display().to_string();
    let is_root = Line::new("id", &["-u"]).output().is_ok_and(|(id, _)| id.trim() == "0");
    let here = Line::new("dpkg-query", &["--show", PACKAGE]).output().is_ok_and(|(_, known)| known);
    if is_root && !here {
        println!("      installed for a moment: dpkg --install, then --purge");
        // Half an installation goes too.
        let started =
            Line::new("dpkg", &["--install", &file]).run().and_then(|()| unseen(START, &["/usr"]).run());
        Line::new("dpkg", &["--purge", PACKAGE]).run()?;
        started?;
        let left = Path::new("/usr/bin/melody-studio");
        return if left.exists() {
            Err(Failure::Rule(format!("{} stays behind when the package is removed", left.display())))
        } else {
            Ok(())
        };
    }
    let why = if here { "it is installed here already, and stays" } else { "only root may install it" };
    println!("      unpacked, not installed: {why}");
    let place = root().join("target/package-test");
    let failed = |source| Failure::File { path: place.clone(), source };
    if place.exists() {
        fs::remove_dir_all(&place).map_err(failed)?;
    }
    Line::new("dpkg-deb", &["--extract", &file, &place.display().to_string()]).run()?;
    unseen(START, &[&place.join("usr").display().to_string()]).run()?;
    fs::remove_dir_all(&place).map_err(failed)
}

/// A shell script with a display and a message bus of its own.
fn unseen(script: &str, args: &[&str]) -> Line {
    let display = ["-a", "-s", "-screen 0 1440x900x24", "dbus-run-session", "--", "sh", "-c", script, "sh"];
    Line::new("xvfb-run", &[display.as_slice(), args].concat())
}

/// Where the Tauri CLI leaves its packages.
fn folder(build: Build) -> PathBuf {
    let program = built(build.folder(), PACKAGE);
    program.parent().unwrap_or(&program).join("bundle")
}

fn newest(folder: &Path) -> Result<PathBuf, Failure> {
    let failed = |source| Failure::File { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.path().extension().is_some_and(|ending| ending == "deb") {
            found.push((entry.metadata().and_then(|about| about.modified()).map_err(failed)?, entry.path()));
        }
    }
    let newest = found.into_iter().max().map(|(_, path)| path);
    newest.ok_or_else(|| Failure::Rule(format!("there is no .deb in {}", folder.display())))
}
