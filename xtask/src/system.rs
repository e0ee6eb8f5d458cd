//! System packages: what the build and the tests need outside cargo, what of it is missing, how to get it.

use std::{
    fs,
    io::{IsTerminal, stdin},
};

use crate::{
    command::{Line, on_path},
    failure::Failure,
};

/// How much of the project a chore touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    Build,
    /// Of the window, where there is no display.
    Pictures,
    Test,
}

/// One thing that cargo cannot bring, under its name in each family of systems.
struct Need {
    purpose: Purpose,
    why: &'static str,
    debian: &'static [&'static str],
    fedora: &'static [&'static str],
    arch: &'static [&'static str],
    mac: &'static [&'static str],
    windows: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        purpose: Purpose::Build,
        why: "a C compiler: SQLite, Opus, zstd and TLS are compiled from source",
        debian: &["build-essential"],
        fedora: &["gcc", "gcc-c++", "make"],
        arch: &["base-devel"],
        mac: &["Xcode command line tools (xcode-select --install)"],
        windows: &["Visual Studio Build Tools with C++"],
    },
    Need {
        purpose: Purpose::Build,
        why: "builds the Opus decoder",
        debian: &["cmake"],
        fedora: &["cmake"],
        arch: &["cmake"],
        mac: &["cmake"],
        windows: &["CMake"],
    },
    Need {
        purpose: Purpose::Build,
        why: "the sound card: ALSA's headers, and the tool that finds them",
        debian: &["libasound2-dev", "pkg-config"],
        fedora: &["alsa-lib-devel", "pkgconf-pkg-config"],
        arch: &["alsa-lib", "pkgconf"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Build,
        why: "the window's web view",
        debian: &["libwebkit2gtk-4.1-dev"],
        fedora: &["webkit2gtk4.1-devel"],
        arch: &["webkit2gtk-4.1"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Build,
        why: "the window follows the desktop's dark and light, over D-Bus",
        debian: &["libdbus-1-dev"],
        fedora: &["dbus-devel"],
        arch: &["dbus"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Build,
        why: "the tray icon, where a desktop has a tray; found when the window opens",
        debian: &["libayatana-appindicator3-1"],
        fedora: &["libayatana-appindicator-gtk3"],
        arch: &["libayatana-appindicator"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Test,
        why: "tests make MP3, AAC, Opus and Vorbis files, and check our decoding against another",
        debian: &["ffmpeg"],
        fedora: &["ffmpeg"],
        arch: &["ffmpeg"],
        mac: &["ffmpeg"],
        windows: &["FFmpeg"],
    },
    Need {
        purpose: Purpose::Test,
        why: "tests keep tokens in a real keyring, on a message bus of their own",
        debian: &["dbus", "gnome-keyring"],
        fedora: &["dbus-daemon", "gnome-keyring"],
        arch: &["dbus", "gnome-keyring"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Pictures,
        why: "a real sound server without a sound card: tests listen to it",
        debian: &["pulseaudio", "pulseaudio-utils"],
        fedora: &["pulseaudio", "pulseaudio-utils"],
        arch: &["pulseaudio"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Pictures,
        why: "opens the real window on a display that nobody sees, uses it and looks at it",
        debian: &["xvfb", "xauth", "imagemagick", "xdotool", "webkit2gtk-driver"],
        fedora: &["xorg-x11-server-Xvfb", "ImageMagick", "xdotool", "webkit2gtk-driver"],
        arch: &["xorg-server-xvfb", "imagemagick", "xdotool"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Test,
        why: "tests press media keys",
        debian: &["playerctl"],
        fedora: &["playerctl"],
        arch: &["playerctl"],
        mac: &[],
        windows: &[],
    },
    Need {
        purpose: Purpose::Test,
        why: "tests open the screen in a browser too",
        debian: &["chromium"],
        fedora: &["chromium"],
        arch: &["chromium"],
        mac: &["chromium"],
        windows: &["Chromium"],
    },
];

/// What installing `pulseaudio` would throw out of a desktop that runs PipeWire.
const DISPLACED_BY_PULSEAUDIO: &str = "pipewire-alsa";

/// Whether the sound-server test has its sound server, or may not have one here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundServer {
    Available,
    /// Installing it would remove the one that this desktop uses.
    Displaces,
}

/// Asks whether this machine may have PulseAudio for the tests. It is never installed at a desktop's cost.
pub fn sound_server() -> SoundServer {
    let displaces = !on_path("pulseaudio")
        && on_path("dpkg-query")
        && installed(&[DISPLACED_BY_PULSEAUDIO]).is_ok_and(|found| !found.is_empty());
    if displaces { SoundServer::Displaces } else { SoundServer::Available }
}

/// Finds what is missing and installs it on Debian and Ubuntu; names the packages elsewhere.
pub fn set_up(purpose: Purpose) -> Result<(), Failure> {
    let needs = NEEDS.iter().filter(|need| need.purpose <= purpose);
    if !on_path("dpkg-query") {
        name_packages(needs);
        return Ok(());
    }
    let mut missing = Vec::new();
    for need in needs {
        let here = installed(need.debian)?;
        let mut lacking: Vec<&str> =
            need.debian.iter().copied().filter(|&package| !here.iter().any(|name| name == package)).collect();
        if lacking.contains(&"pulseaudio") && sound_server() == SoundServer::Displaces {
            println!(
                "      left alone: pulseaudio would remove {DISPLACED_BY_PULSEAUDIO}; the sound-server test is not run"
            );
            lacking.clear();
        }
        if lacking.is_empty() {
            println!("      here     {}: {}", need.debian.join(", "), need.why);
        } else {
            println!("      missing  {}: {}", lacking.join(", "), need.why);
            missing.extend(lacking);
        }
    }
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Which of these Debian packages are installed.
fn installed(packages: &[&str]) -> Result<Vec<String>, Failure> {
    let mut args = vec!["--show", "--showformat=${Package} ${db:Status-Abbrev}\\n"];
    args.extend(packages);
    // It exits with 1 as soon as one name is unknown to it, and still answers for the others.
    let (answer, _) = Line::new("dpkg-query", &args).output()?;
    Ok(installed_in(&answer))
}

fn installed_in(answer: &str) -> Vec<String> {
    answer
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, status)| status.starts_with("ii"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let mut shown = Line::new("sudo", &["apt-get", "install", "-y", "--no-install-recommends"]);
    for package in packages {
        shown = shown.arg(*package);
    }
    let Some(root) = Root::find() else { return Err(Failure::NeedsRoot { command: shown.to_string() }) };
    // Without package lists (a fresh container) even the dry run fails; with stale ones the download does.
    let mut updated = false;
    if !apt(packages, &["--simulate"]).output().is_ok_and(|(_, well)| well) {
        update(&root)?;
        updated = true;
    }
    match root.line(apt(packages, &[])).run() {
        Err(Failure::Command { .. }) if !updated => {
            update(&root)?;
            root.line(apt(packages, &[])).run()
        }
        outcome => outcome,
    }
}

fn update(root: &Root) -> Result<(), Failure> {
    println!("      the package lists are missing or old: apt-get update");
    root.line(Line::new("apt-get", &["update", "--quiet"])).run()
}

fn apt(packages: &[&str], extra: &[&str]) -> Line {
    let fixed = ["install", "-y", "--quiet", "--no-install-recommends", "--no-remove"];
    let lock = ["-o", "DPkg::Lock::Timeout=120"];
    let args: Vec<&str> =
        [fixed.as_slice(), &lock, extra, packages].iter().flat_map(|part| part.iter().copied()).collect();
    Line::new("apt-get", &args)
}

/// How we may act as root.
enum Root {
    Already,
    Sudo,
}

impl Root {
    fn find() -> Option<Self> {
        if Line::new("id", &["-u"]).output().is_ok_and(|(id, _)| id.trim() == "0") {
            return Some(Self::Already);
        }
        let silent = Line::new("sudo", &["-n", "true"]).output().is_ok_and(|(_, well)| well);
        let can_ask = on_path("sudo") && stdin().is_terminal();
        (silent || can_ask).then_some(Self::Sudo)
    }

    /// `line`, as root and without questions.
    fn line(&self, line: Line) -> Line {
        let mut args = vec!["DEBIAN_FRONTEND=noninteractive"];
        let words = line.words();
        args.extend(words.iter().map(String::as_str));
        match self {
            Self::Already => Line::new("env", &args),
            Self::Sudo => {
                args.insert(0, "env");
                Line::new("sudo", &args)
            }
        }
    }
}

/// The systems whose package names we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Fedora,
    Arch,
    Mac,
    Windows,
    Other,
}

impl Family {
    fn find() -> Self {
        match std::env::consts::OS {
            "macos" => Self::Mac,
            "windows" => Self::Windows,
            _ => Self::of_os_release(&fs::read_to_string("/etc/os-release").unwrap_or_default()),
        }
    }

    fn of_os_release(text: &str) -> Self {
        let words: String = text
            .lines()
            .filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")))
            .collect::<Vec<_>>()
            .join(" ")
            .replace('"', " ");
        let is = |name: &str| words.split_whitespace().any(|word| word == name);
        if is("fedora") || is("rhel") {
            Self::Fedora
        } else if is("arch") {
            Self::Arch
        } else {
            Self::Other
        }
    }

    fn names(self, need: &Need) -> &'static [&'static str] {
        match self {
            Self::Fedora => need.fedora,
            Self::Arch => need.arch,
            Self::Mac => need.mac,
            Self::Windows => need.windows,
            Self::Other => need.debian,
        }
    }
}

/// Says what is needed on a system whose packages we do not install, and goes on.
fn name_packages<'a>(needs: impl Iterator<Item = &'a Need>) {
    let family = Family::find();
    println!(
        "      Packages are installed for you on Debian and Ubuntu only. Here you need, if you lack them:"
    );
    for need in needs {
        let names = family.names(need);
        if !names.is_empty() {
            println!("        {}: {}", names.join(", "), need.why);
        }
    }
    if family == Family::Other {
        println!("      (These are Debian's names; your system may have others.)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_fully_installed_counts() {
        let answer = "cmake ii \ndbus rc \nffmpeg un \ngnome-keyring iU \npulseaudio ii \n";
        assert_eq!(installed_in(answer), ["cmake", "pulseaudio"]);
    }

    #[test]
    fn families_are_known_by_likeness() {
        assert_eq!(Family::of_os_release("ID=nobara\nID_LIKE=\"rhel centos fedora\"\n"), Family::Fedora);
        assert_eq!(Family::of_os_release("ID=manjaro\nID_LIKE=arch\n"), Family::Arch);
        assert_eq!(Family::of_os_release("ID=opensuse\n"), Family::Other);
    }

    #[test]
    fn building_needs_no_test_package() {
        let build: Vec<_> = NEEDS.iter().filter(|need| need.purpose <= Purpose::Build).collect();
        assert!(build.iter().any(|need| need.debian.contains(&"libasound2-dev")));
        assert!(!build.iter().any(|need| need.debian.contains(&"ffmpeg")));
    }

    #[test]
    fn root_is_asked_without_questions() {
        let line = Root::Sudo.line(apt(&["cmake"], &[])).to_string();
        assert_eq!(
            line,
            "sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --quiet --no-install-recommends \
             --no-remove -o DPkg::Lock::Timeout=120 cmake"
        );
    }
}
