//! Message buses of our own, with the keyrings that people have: open, locked, missing, silent.

use std::{ffi::OsString, fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::process::{self, Beside, wait_for};

const NAME: &str = "org.freedesktop.secrets";

/// A session bus, and perhaps a keyring on it.
#[derive(Debug)]
pub struct Bus {
    home: TempDir,
    address: String,
    keyring: Option<Beside>,
    // Last, so that what is on the bus goes before it.
    _daemon: Beside,
}

impl Bus {
    /// A bus on which nobody keeps secrets.
    pub fn without_keyring() -> Self {
        Self::start("")
    }

    /// A bus whose keyring starts when it is asked for, and never says anything.
    pub fn with_silent_keyring() -> Self {
        // It outlives what a listener would wait, and then goes by itself.
        Self::start("[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/sleep 25\n")
    }

    /// A bus with an open gnome-keyring.
    pub fn with_open_keyring() -> Self {
        let mut bus = Self::start("");
        bus.start_keyring(&["--unlock"], "a password");
        bus
    }

    /// A bus with a gnome-keyring that nobody has opened since the machine started.
    pub fn with_locked_keyring() -> Self {
        let mut bus = Self::with_open_keyring();
        bus.lock();
        bus
    }

    /// Ends the open keyring and starts it again without its password.
    pub fn lock(&mut self) {
        self.keyring = None;
        wait_for("the keyring to leave the bus", || !self.has_keyring());
        self.start_keyring(&["--start"], "");
    }

    fn start(service: &str) -> Self {
        let home = TempDir::new().unwrap();
        let services = home.path().join("services");
        fs::create_dir(&services).unwrap();
        if !service.is_empty() {
            fs::write(services.join(format!("{NAME}.service")), service).unwrap();
        }
        let config = home.path().join("bus.conf");
        fs::write(&config, configuration(home.path(), &services)).unwrap();
        let mut command = Command::new("dbus-daemon");
        command.args(["--nofork", "--nosyslog", "--print-address"]);
        command.arg(format!("--config-file={}", config.display()));
        let daemon = Beside::start(&mut command);
        let address = daemon.line();
        Self { home, address, keyring: None, _daemon: daemon }
    }

    fn start_keyring(&mut self, how: &[&str], password: &str) {
        let mut command = Command::new("gnome-keyring-daemon");
        command.arg("--foreground").args(how.iter().filter(|&&word| word == "--unlock"));
        command.arg("--components=secrets").envs(self.environment());
        self.keyring = Some(Beside::start_with(&mut command, password));
        wait_for("the keyring to come to the bus", || self.has_keyring());
    }

    fn has_keyring(&self) -> bool {
        let mut command = Command::new("dbus-send");
        command.arg(format!("--bus={}", self.address)).args(["--print-reply=literal", "--type=method_call"]);
        command.args(["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]);
        command.args(["org.freedesktop.DBus.NameHasOwner", &format!("string:{NAME}")]);
        process::run(&mut command, "").stdout.contains("boolean true")
    }

    /// What a program needs in its environment to find this bus, and no other.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("DBUS_SESSION_BUS_ADDRESS", self.address.clone().into()),
            ("HOME", self.home.path().into()),
            ("XDG_RUNTIME_DIR", self.home.path().into()),
            ("XDG_DATA_HOME", self.home.path().join("data").into()),
        ]
    }
}

fn configuration(home: &Path, services: &Path) -> String {
    let (home, services) = (home.display(), services.display());
    format!(
        r#"<busconfig>
  <type>session</type>
  <listen>unix:path={home}/bus</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#
    )
}
