//! The chores themselves: which steps each one takes, and why.

use std::process::ExitCode;

use crate::{
    bench::{self, window::PACKAGES},
    bundle::{self, Build},
    command::{Line, built, on_path},
    failure::Failure,
    steps::Plan,
    system::{self, Purpose, SoundServer},
    ui,
    window::{self, Walk},
};

pub fn setup() -> ExitCode {
    ui::packages(packages(Plan::new("setup"), Purpose::Test)).run()
}

/// The screen alone.
pub fn screen() -> ExitCode {
    ui::build(Plan::new("ui")).run()
}

/// Writes the screen's types from those of the core.
pub fn types() -> ExitCode {
    let written = Line::cargo(&["test", "--quiet", "--package", "melody-host", "--test", "types"])
        .env("MELODY_WRITE_TYPES", "1");
    Plan::new("types").command("Write the types", "the screen's are those of the core", written).run()
}

pub fn run() -> ExitCode {
    let purpose = if window::has_display() { Purpose::Build } else { Purpose::Pictures };
    let plan = ui::build(packages(Plan::new("run"), purpose)).command(
        "Build Melody Studio",
        "the window and the terminal; the first time takes some minutes",
        Line::cargo(&["build", "--workspace", "--bins"]),
    );
    if window::has_display() {
        let open = Line::new(&built("debug", "melody-studio").display().to_string(), &[]);
        return plan.command("The window", "until you close it", open).run();
    }
    let plan = plan.command(
        "The tour",
        "there is no display for the window, so this is the terminal's: sign in, search, save, go offline, play",
        Line::new(&built("debug", "melody").display().to_string(), &["tour"]),
    );
    window::pictures(plan, Walk::Tour).run()
}

/// Pictures of every screen, and the README's among them.
pub fn screenshots() -> ExitCode {
    let plan = ui::build(packages(Plan::new("screenshots"), Purpose::Pictures));
    window::shown(window::pictures(plan, Walk::Screenshots)).run()
}

pub fn test() -> ExitCode {
    let plan = packages(Plan::new("test"), Purpose::Test);
    let plan = ui::test(ui::build(plan))
        .command(
            "Build the program and every test",
            "the end-to-end tests run the real program",
            Line::cargo(&["build", "--workspace", "--all-targets"]),
        )
        .command(
            "The tests",
            "every room on its own, then the real program against the real service, keyring and sound server",
            tests(),
        );
    deviceless(packaged(ui::browse(plan))).run()
}

/// The package, made of what was built for the tests.
fn packaged(plan: Plan) -> Plan {
    if on_path("dpkg") { bundle::prove(bundle::make(plan, Build::Debug, "deb"), Build::Debug) } else { plan }
}

pub fn bundle() -> ExitCode {
    let plan = ui::build(packages(Plan::new("bundle"), Purpose::Test)).command(
        "Build, optimised",
        "as it is shipped",
        Line::cargo(&[
            "build",
            "--release",
            "--package",
            "melody-studio",
            "--package",
            "melody-cli",
            "--bins",
        ]),
    );
    let plan = bundle::make(plan, Build::Release, bundle::kinds());
    if cfg!(target_os = "linux") { bundle::prove(plan, Build::Release).run() } else { plan.run() }
}

pub fn lint() -> ExitCode {
    let plan = Plan::new("lint")
        .command("Format", "one look everywhere", Line::cargo(&["fmt", "--all", "--", "--check"]))
        .command(
            "Clippy",
            "warnings are errors here",
            Line::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        )
        .command(
            "Clippy, without a sound device",
            "the same for what is built only then",
            Line::cargo(&[
                "clippy",
                "--package",
                "melody-player",
                "--package",
                "melody-core",
                "--no-default-features",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        );
    deviceless(plan).run()
}

/// The long version of what `test` proves in short.
pub fn soak() -> ExitCode {
    let stories = Line::cargo(&[
        "test",
        "--release",
        "--package",
        "melody-sync",
        "--test",
        "model",
        "--",
        "--nocapture",
    ])
    .env("MELODY_CASES", std::env::var("MELODY_CASES").unwrap_or_else(|_| "100000".to_owned()))
    .env(
        "PROPTEST_RNG_SEED",
        std::env::var("PROPTEST_RNG_SEED").unwrap_or_else(|_| std::process::id().to_string()),
    );
    let deviations = Line::cargo(&[
        "test",
        "--release",
        "--package",
        "melody-parity",
        "--test",
        "deviations",
        "--",
        "--nocapture",
    ])
    .env("PARITY_DEVIATIONS", std::env::var("PARITY_DEVIATIONS").unwrap_or_else(|_| "1000".to_owned()))
    .env("PARITY_CLEAN", std::env::var("PARITY_CLEAN").unwrap_or_else(|_| "200".to_owned()))
    .env("PARITY_SEED", std::env::var("PARITY_SEED").unwrap_or_else(|_| std::process::id().to_string()));
    Plan::new("soak")
        .command(
            "Stories for the sync engine",
            "any number of devices, real databases, faults and crashes at any point; the seed is printed",
            stories,
        )
        .command(
            "Deviations for the comparison of backends",
            "1,000 at random, of which hardly one is missed, and 200 runs without any, which find nothing",
            deviations,
        )
        .run()
}

pub fn bench() -> ExitCode {
    let build = [&["build", "--release"], PACKAGES, &["--bins", "--examples"]].concat();
    ui::build(packages(Plan::new("bench"), Purpose::Test))
        .command("Build, optimised", "only optimised figures mean something", Line::cargo(&build))
        .command(
            "Build what measures the window",
            "it opens the window, and an empty one beside it, on a display that nobody sees",
            bench::window::bench(&["--no-run"]),
        )
        .call("Measure", "each figure beside its bound", "cargo xtask bench", bench::run)
        .run()
}

fn packages(plan: Plan, purpose: Purpose) -> Plan {
    let why = match purpose {
        Purpose::Build => "what the build needs outside cargo",
        Purpose::Pictures => "what the build needs outside cargo, and the camera",
        Purpose::Test => "what the build and the tests need outside cargo",
    };
    plan.call("System packages", why, "cargo xtask setup", move || system::set_up(purpose))
}

/// The whole suite; the end-to-end tests find the program that was built a step before.
fn tests() -> Line {
    let program = built("debug", "melody");
    let line = Line::cargo(&["test", "--workspace", "--no-fail-fast"])
        .env("MELODY_BIN", program.display().to_string());
    match system::sound_server() {
        SoundServer::Available => line,
        SoundServer::Displaces => line.arg("--").arg("--skip").arg("sound_server_"),
    }
}

/// Player and core must not need a sound device, nor its libraries.
fn deviceless(plan: Plan) -> Plan {
    plan.call(
        "No sound library below player and core",
        "they must build where there is none",
        "cargo tree -p melody-core --no-default-features -e normal,build",
        no_sound_library,
    )
    .command(
        "Player and core without a sound device",
        "built and tested with nothing to play on",
        Line::cargo(&[
            "test",
            "--package",
            "melody-player",
            "--package",
            "melody-core",
            "--no-default-features",
        ]),
    )
}

/// Crates that reach for a sound device or link a sound library.
const SOUND_LIBRARIES: &[&str] = &["alsa-sys", "alsa", "coreaudio-sys", "cpal", "pulseaudio", "rodio"];

fn no_sound_library() -> Result<(), Failure> {
    for package in ["melody-player", "melody-core"] {
        let tree = Line::cargo(&[
            "tree",
            "--package",
            package,
            "--no-default-features",
            "--edges",
            "normal,build",
            "--target",
            "all",
            "--prefix",
            "none",
        ])
        .answer()?;
        if let Some(found) = sound_library_in(&tree) {
            return Err(Failure::Rule(format!("{package} needs {found} even without its device feature.")));
        }
    }
    Ok(())
}

fn sound_library_in(tree: &str) -> Option<&str> {
    tree.lines().filter_map(|line| line.split_whitespace().next()).find(|name| SOUND_LIBRARIES.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_library_is_found_wherever_it_hangs() {
        assert_eq!(sound_library_in("melody-core v0.1.0\ncpal v0.18.2 (*)\nserde v1.0.0\n"), Some("cpal"));
        assert_eq!(sound_library_in("melody-core v0.1.0\nsymphonia v0.6.1\n"), None);
    }
}
