//! A backend of the day: `melody serve` as a process of its own, which can be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use melody_server::Dialect;
use serde::Deserialize;

use crate::{Error, OTP};

/// How one is started.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub program: PathBuf,
    pub dialect: Dialect,
    /// Its folder below this has the dialect's name.
    pub folder: PathBuf,
    /// Songs of its catalogue.
    pub catalogue: u32,
    pub troubles: Vec<Trouble>,
}

/// What its requests suffer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    NeverWell,
    VoidTokens,
}

impl Trouble {
    /// As `melody serve --faults` reads it.
    fn toml(self) -> &'static str {
        match self {
            Self::NeverWell => "[[fault]]\nroute = \"GET /health\"\nkind = \"status\"\nstatus = 503\n",
            // The first who come are let in, so that there are tokens to be void.
            Self::VoidTokens => {
                "[[fault]]\nroute = \"GET /library/songs\"\nkind = \"void_tokens\"\nafter = 2\ntimes = 1\n"
            }
        }
    }
}

/// A running backend. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Backend {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

#[derive(Deserialize)]
struct Listening {
    listening: String,
}

/// Where a backend's data are.
pub(crate) fn data(folder: &Path, dialect: Dialect) -> PathBuf {
    folder.join(dialect.to_string())
}

impl Backend {
    /// Starts the program and waits until it listens.
    pub async fn start(start: Start) -> Result<Self, Error> {
        tokio::task::spawn_blocking(move || Self::start_and_wait(&start)).await.map_err(Error::broken)?
    }

    fn start_and_wait(start: &Start) -> Result<Self, Error> {
        let broken =
            |why: &dyn std::fmt::Display| Error::Backend { which: start.dialect, why: why.to_string() };
        let mut command = Command::new(&start.program);
        command
            .args(["serve", "--port", "0", "--limits", "off", "--otp", OTP])
            .args(["--dialect", &start.dialect.to_string()])
            .args(["--catalogue", &format!("synthetic:{}", start.catalogue)])
            .arg("--data")
            .arg(data(&start.folder, start.dialect));
        if !start.troubles.is_empty() {
            let file = start.folder.join(format!("{}-faults.toml", start.dialect));
            let troubles: String = start.troubles.iter().map(|trouble| trouble.toml()).collect();
            std::fs::write(&file, troubles)?;
            command.arg("--faults").arg(file);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| broken(&error))?;
        let mut lines =
            BufReader::new(child.stdout.take().ok_or_else(|| broken(&"it has no output"))?).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        // A line for each code follows: read, so that it does not wait for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let mut backend = Self { child, address: String::new() };
        let told: Listening = serde_json::from_str(&first).map_err(|error| broken(&error))?;
        backend.address = told.listening;
        Ok(backend)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
