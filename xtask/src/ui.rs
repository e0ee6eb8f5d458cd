//! The screen: its packages from npm, its build, its own tests, and those in a browser.

use std::{env, fs, io};

use crate::{
    command::{Line, built, on_path, root},
    failure::Failure,
    steps::Plan,
};

/// The oldest Node that Vite runs on.
const NODE: (u32, u32) = (20, 19);
/// The lock that the installed packages were installed by.
const STAMP: &str = "ui/node_modules/.installed-by-lock.json";
const LOCK: &str = "ui/package-lock.json";

/// Adds what brings the screen up to date: `ui/dist`, which the window and `melody web` carry in them.
pub fn build(plan: Plan) -> Plan {
    packages(plan).command(
        "Build the screen",
        "the window and `melody web` carry it in them",
        npm(&["run", "build"]),
    )
}

/// Adds the packages alone.
pub fn packages(plan: Plan) -> Plan {
    plan.call("Node", "the screen is built with it", "node --version", node).call(
        "The screen's packages",
        "as ui/package-lock.json has them",
        npm(INSTALL).to_string(),
        install,
    )
}

/// Adds the checks of what is written in TypeScript and Svelte.
pub fn test(plan: Plan) -> Plan {
    plan.command("Types of the screen", "strict, in scripts and markup", npm(&["run", "check"]))
        .command("Tests of the screen", "its stores, its components", npm(&["test"]))
        .command(
            "Size of the screen",
            "what the first screen loads stays under its limit",
            npm(&["run", "size"]),
        )
}

/// The browsers that the tests know to steer, by their names in different systems.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Adds the tests of the screen in a browser, against the programs that were built.
pub fn browse(plan: Plan) -> Plan {
    let tests = npm(&["run", "e2e"]).env("MELODY_BIN", built("debug", "melody").display().to_string());
    plan.call(
        "The screen in a browser",
        "the real program on the real service: each screen, by keys alone, offline, with a service that fails",
        tests.to_string(),
        move || {
            let Some(browser) = chromium() else {
                println!("      left out: there is no Chromium here");
                return Ok(());
            };
            tests.env("CHROMIUM", browser).run()
        },
    )
}

/// The browser that was named, else the first that is here; it may have been installed a step before.
fn chromium() -> Option<String> {
    env::var("CHROMIUM").ok().or_else(|| {
        let paths = env::var_os("PATH")?;
        let found = BROWSERS.iter().find_map(|name| {
            env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
        })?;
        Some(found.display().to_string())
    })
}

/// A line of npm in `ui/`.
pub fn npm(args: &[&str]) -> Line {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    args.iter().fold(Line::new(program, &["--prefix", "ui"]), |line, arg| line.arg(*arg))
}

/// What the lock has, and nothing else.
const INSTALL: &[&str] = &["ci", "--no-audit", "--no-fund"];

fn install() -> Result<(), Failure> {
    let lock = root().join(LOCK);
    let wanted = fs::read(&lock).map_err(|source| Failure::File { path: lock, source })?;
    let stamp = root().join(STAMP);
    match fs::read(&stamp) {
        Ok(installed) if installed == wanted => {
            println!("      here     as the lock has them");
            return Ok(());
        }
        Ok(_) => {}
        Err(source) if source.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(Failure::File { path: stamp, source }),
    }
    npm(INSTALL).run()?;
    fs::write(&stamp, wanted).map_err(|source| Failure::File { path: stamp, source })
}

fn node() -> Result<(), Failure> {
    let needed = || {
        Failure::Rule(format!(
            "Node {}.{} or newer, with npm, builds the screen. Install it from your system or from nodejs.org.",
            NODE.0, NODE.1
        ))
    };
    if !on_path("node") && !cfg!(windows) {
        return Err(needed());
    }
    let (version, _) = Line::new("node", &["--version"]).output().map_err(|_| needed())?;
    if !is_new_enough(&version) {
        return Err(needed());
    }
    println!("      here     node {}", version.trim());
    npm(&["--version"]).output().map_err(|_| needed()).map(|_| ())
}

/// `v20.19.5` and the like.
fn is_new_enough(version: &str) -> bool {
    let mut parts = version.trim().trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= NODE,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared_by_number() {
        assert!(is_new_enough("v20.19.0\n"));
        assert!(is_new_enough("v22.3.1"));
        assert!(!is_new_enough("v20.9.0"));
        assert!(!is_new_enough("v18.20.4"));
        assert!(!is_new_enough("not found"));
    }
}
