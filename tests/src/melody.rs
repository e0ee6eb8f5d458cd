//! The real `melody`, on a profile of its own.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{self, Beside, Ended};

/// A number that every backend takes.
pub const PHONE: &str = "9876543210";
/// The code that our services are told to send.
pub const OTP: &str = "123456";

/// Where the program is: given by whoever built it, else built now.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| env::var_os("MELODY_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let test = env::current_exe().unwrap();
    // target/debug/deps/test
    let profile = test.ancestors().nth(2).unwrap();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // With --workspace, cargo unites features as it did for the tests, and builds little anew.
    command.args(["build", "--quiet", "--workspace", "--bin", "melody"]);
    if profile.ends_with("release") {
        command.arg("--release");
    }
    command.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(command.status().unwrap().success(), "melody could not be built");
    profile.join(format!("melody{}", env::consts::EXE_SUFFIX))
}

/// One installation: a profile, a service, an environment.
#[derive(Clone, Debug)]
pub struct Melody {
    profile: PathBuf,
    home: Arc<TempDir>,
    server: Option<String>,
    env: Vec<(String, OsString)>,
    before: Vec<OsString>,
}

impl Melody {
    /// A fresh profile. Tokens go to a file, and there is neither message bus nor sound server, until a test says otherwise.
    pub fn new() -> Self {
        let home = Arc::new(TempDir::new().unwrap());
        let run = home.path().join("run");
        fs::create_dir(&run).unwrap();
        let nowhere = format!("unix:path={}", run.join("no-bus").display());
        let env = vec![
            ("MELODY_SECRETS".to_owned(), "file".into()),
            ("HOME".to_owned(), home.path().into()),
            ("XDG_RUNTIME_DIR".to_owned(), run.into()),
            ("DBUS_SESSION_BUS_ADDRESS".to_owned(), nowhere.into()),
        ];
        Self { profile: home.path().join("profile"), home, server: None, env, before: Vec::new() }
    }

    /// A fresh profile that speaks to `server`.
    pub fn on(server: &str) -> Self {
        Self::new().server(server)
    }

    #[must_use]
    pub fn server(mut self, server: &str) -> Self {
        self.server = Some(server.to_owned());
        self
    }

    /// The same, on the profile's folder given.
    #[must_use]
    pub fn profile_at(mut self, profile: impl Into<PathBuf>) -> Self {
        self.profile = profile.into();
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Without the file for tokens: in the keyring.
    #[must_use]
    pub fn with_keyring(mut self) -> Self {
        self.env.retain(|(name, _)| name != "MELODY_SECRETS");
        self
    }

    /// Started by another program: `before … melody …`.
    #[must_use]
    pub fn inside(mut self, before: &[OsString]) -> Self {
        self.before = before.to_vec();
        self
    }

    pub fn profile(&self) -> &Path {
        &self.profile
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The command line, ready to start. It inherits nothing that could reach outside.
    pub fn command(&self, args: &[&str]) -> Command {
        self.plain_command(&[&["--json"], args].concat())
    }

    fn plain_command(&self, args: &[&str]) -> Command {
        let mut words = self.before.clone();
        words.push(program().into());
        words.extend(["--profile".into(), self.profile.clone().into()]);
        if let Some(server) = &self.server {
            words.extend(["--server".into(), server.into()]);
        }
        words.extend(args.iter().map(OsString::from));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(self.home.path());
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        process::run(&mut self.command(args), "")
    }

    /// Runs it as a person does, without `--json`, and into a pipe.
    pub fn plain(&self, args: &[&str]) -> Ended {
        process::run(&mut self.plain_command(args), "")
    }

    /// Runs it and types `input`.
    pub fn typed(&self, args: &[&str], input: &str) -> Ended {
        process::run(&mut self.command(args), input)
    }

    /// Starts it beside the test.
    pub fn beside(&self, args: &[&str]) -> Beside {
        Beside::start(&mut self.command(args))
    }

    /// The one JSON document of a command that must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(args);
        assert_eq!(ended.exit, Some(0), "melody {args:?}: {ended:?}");
        document(args, &ended)
    }

    /// The error of a command that must fail, with this exit and this code, and nothing else to say.
    #[track_caller]
    pub fn fails(&self, args: &[&str], exit: i32, code: &str) -> Failure {
        let ended = self.run(args);
        failure(args, &ended, exit, code)
    }

    /// Signs in; every service of these benches sends the same code.
    pub fn login(&self) -> Value {
        self.json(&["login", "--phone", PHONE, "--country", "+91", "--otp", OTP])
    }

    /// The ids, ours, of the songs that a search finds.
    pub fn ids(&self, words: &str, limit: usize) -> Vec<String> {
        let found = self.json(&["search", words, "--limit", &limit.to_string()]);
        found["songs"].as_array().unwrap().iter().map(|song| text(&song["id"])).collect()
    }

    /// The ids, ours, of every song of a small service.
    pub fn all_ids(&self) -> Vec<String> {
        let trending = self.json(&["trending"]);
        trending["songs"].as_array().unwrap().iter().map(|song| text(&song["id"])).collect()
    }

    /// Plays songs into a WAV file.
    pub fn play(&self, ids: &[String], to: &Path) -> Value {
        let ids = ids.iter().map(String::as_str);
        let words: Vec<&str> =
            ["play"].into_iter().chain(ids).chain(["--to", to.to_str().unwrap()]).collect();
        self.json(&words)
    }

    /// Every database of the profile.
    pub fn databases(&self) -> Vec<PathBuf> {
        fn look(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    look(&path, found);
                } else if fs::read(&path).unwrap().starts_with(b"SQLite format 3\0") {
                    found.push(path);
                }
            }
        }
        let mut found = Vec::new();
        look(&self.profile, &mut found);
        found
    }

    /// The titles of the saved songs, in alphabetical order.
    pub fn saved_titles(&self) -> Vec<String> {
        let list = self.json(&["library", "list", "--limit", "100", "--sort", "title", "--order", "asc"]);
        let mut titles: Vec<String> =
            list["entries"].as_array().unwrap().iter().map(|entry| text(&entry["song"]["title"])).collect();
        titles.sort();
        titles
    }
}

impl Default for Melody {
    fn default() -> Self {
        Self::new()
    }
}

/// A string out of JSON.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a string is expected, not {value}")).to_owned()
}

fn document(args: &[&str], ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("melody {args:?} prints no single JSON document ({error}): {ended:?}"))
}

/// What a failing command told.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub request_id: Option<String>,
    pub retryable: bool,
}

/// Checks that a command failed as it must: exit, code, one line, one sentence for a person, no secret in it.
#[track_caller]
pub fn failure(args: &[&str], ended: &Ended, exit: i32, code: &str) -> Failure {
    assert_eq!(ended.exit, Some(exit), "melody {args:?}: {ended:?}");
    assert_eq!(ended.stderr.trim_end().lines().count(), 1, "one line of stderr: {ended:?}");
    let told: Value = serde_json::from_str(&ended.stderr)
        .unwrap_or_else(|error| panic!("melody {args:?}: stderr is no JSON ({error}): {ended:?}"));
    let error = &told["error"];
    assert_eq!(error["code"], code, "{ended:?}");
    let message = text(&error["message"]);
    assert!(message.contains(' ') && message.ends_with(['.', '?', '”', ')']), "no sentence: {message}");
    for secret in [PHONE, OTP] {
        assert!(!message.contains(secret), "a secret is told: {message}");
    }
    Failure {
        message,
        request_id: error["request_id"].as_str().map(str::to_owned),
        retryable: error["retryable"].as_bool().expect("retryable is a boolean"),
    }
}
