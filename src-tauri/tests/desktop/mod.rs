//! A desktop that nobody sees: a display of its own, with a message bus or without, and the program on it.

pub mod driver;
pub mod listener;
pub mod panel;
pub mod screen;

use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use melody_e2e::pulse::{IN_TIME, SoundServer};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_melody-studio");

/// Whether there is a message bus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    There,
    Missing,
}

/// Ends with everything that runs on it.
pub struct Desktop {
    folder: TempDir,
    display: String,
    bus: Option<String>,
    /// What programs find beside that, and what starts them.
    env: Vec<(&'static str, OsString)>,
    before: &'static [&'static str],
    children: Vec<Child>,
}

impl Desktop {
    pub fn start(bus: Bus) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut children = Vec::new();
        let mut said = |command: &mut Command| {
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            children.push(child);
            line.trim().to_owned()
        };
        let number = said(
            Command::new("Xvfb")
                // Else it begins anew whenever its last client goes, and turns away whoever comes just then.
                .arg("-noreset")
                .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp", "-fbdir"])
                .arg(folder.path()),
        );
        assert!(!number.is_empty(), "Xvfb did not start");
        let bus = (bus == Bus::There).then(|| {
            let place = folder.path().join("bus");
            let config = format!(
                "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\" \
                 \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</type>\
                 <listen>unix:path={}</listen><policy context=\"default\"><allow send_destination=\"*\"/>\
                 <allow eavesdrop=\"false\"/><allow own=\"*\"/></policy></busconfig>",
                place.display()
            );
            let file = folder.path().join("bus.conf");
            fs::write(&file, config).unwrap();
            said(Command::new("dbus-daemon").args(["--nofork", "--print-address", "--config-file"]).arg(file))
        });
        Self { folder, display: format!(":{number}"), bus, env: Vec::new(), before: &[], children }
    }

    /// The same with a sound server, and with the priority that a desktop gives to what plays.
    pub fn playing_to(mut self, server: &SoundServer) -> Self {
        self.env = server.environment();
        self.before = &IN_TIME;
        self
    }

    /// The display's own memory, in a file: what is seen on it, as `XWDFile.h` has it.
    pub fn screen_memory(&self) -> PathBuf {
        self.folder.path().join("Xvfb_screen0")
    }

    /// The bus's address.
    pub fn bus(&self) -> &str {
        self.bus.as_deref().unwrap()
    }

    pub fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    /// A program that finds this desktop and no other.
    pub fn command(&self, program: &str) -> Command {
        let mut words = self.before.iter().copied().chain([program]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .env("MELODY_SECRETS", "file")
            .envs(self.env.iter().cloned());
        match &self.bus {
            Some(address) => command.env("DBUS_SESSION_BUS_ADDRESS", address),
            // Whatever looks for one finds nobody there.
            None => command
                .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}/none", self.folder.path().display())),
        };
        command
    }

    /// What a tool of the desktop says; `None` when it says no.
    pub fn ask(&self, program: &str, args: &[&str]) -> Option<String> {
        let output = self.command(program).args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Starts the app on the desktop's profile.
    pub fn open(&self) -> App {
        let child = self
            .command(PROGRAM)
            .arg("--profile")
            .arg(self.profile())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        App { child }
    }

    /// Starts it and waits for its end.
    pub fn run(&self) -> Output {
        self.command(PROGRAM).arg("--profile").arg(self.profile()).output().unwrap()
    }

    /// The window with this title, once it is to be seen.
    pub fn window(&self, title: &str) -> String {
        let find = |how: &[&str]| self.ask("xdotool", &[&["search"], how].concat());
        let found = until_well(|| {
            find(&["--onlyvisible", "--name", title]).ok_or_else(|| {
                let others = find(&["--name", "."]).unwrap_or_default();
                format!("no window {title}; hidden or other ones: {others:?}; the log: {}", self.log())
            })
        });
        found.lines().next().unwrap().to_owned()
    }

    /// Presses a key in a window.
    pub fn press(&self, window: &str, key: &str) {
        self.ask("xdotool", &["windowfocus", "--sync", window]).unwrap();
        self.ask("xdotool", &["key", key]).unwrap();
    }

    /// A window's size, as `1180x760`.
    pub fn size(&self, window: &str) -> String {
        let found = self.ask("xdotool", &["getwindowgeometry", window]).unwrap_or_default();
        found.rsplit("Geometry: ").next().unwrap_or_default().trim().to_owned()
    }

    /// Until the app has its profile open and its window up.
    pub fn open_and_wait(&self) -> App {
        let app = self.open();
        self.window("^Melody Studio$");
        let settings = self.profile().join("settings.json");
        until("the profile is open", || settings.exists().then_some(()));
        app
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.profile().join("melody.log")).unwrap_or_default()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A running app; killed if a test ends before it.
pub struct App {
    child: Child,
}

impl App {
    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.pid()]).status().unwrap().success());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How it ended, and what it said.
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = until("the app has ended", || self.child.try_wait().unwrap());
        let mut said = String::new();
        // Its web view's helpers may hold the pipe for a moment longer, and end with it.
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status, said)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    until_well(|| ask().ok_or_else(|| what.to_owned()))
}

/// Tries until it goes well; tells what was wrong last.
pub fn until_well<T>(mut attempt: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match attempt() {
            Ok(done) => return done,
            Err(why) => assert!(begun.elapsed() < PATIENCE, "waited in vain: {why}"),
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The one command line that needs no desktop.
pub fn without_display(args: &[&str], profile: &Path) -> Output {
    Command::new(PROGRAM)
        .args(args)
        .arg("--profile")
        .arg(profile)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("MELODY_SECRETS", "file")
        .output()
        .unwrap()
}
