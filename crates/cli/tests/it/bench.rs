//! A service and a profile of its own for each test, and the program run on them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use melody_server::{AudioSource, CatalogueChoice, ExtraAudio, ExtraSong, Options, Server};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The one code of every test's service.
pub const OTP: &str = "246810";
pub const PHONE: &str = "9876543210";

pub struct Bench {
    pub server: Option<Server>,
    pub runtime: Runtime,
    pub address: String,
    pub folder: TempDir,
}

/// How the program ended and what it said.
#[derive(Debug)]
pub struct Said {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    /// A service with two small songs, `Tone` and `मेघ राग`, and one without sound, `Silence`.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        let songs = [
            song("Tone", "en", Some(tone(2))),
            song("मेघ राग", "hi", Some(tone(3))),
            song("Silence", "en", None),
        ];
        let options = Options {
            catalogue: CatalogueChoice::Synthetic(0),
            extra_songs: songs.into_iter().chain(options.extra_songs.clone()).collect(),
            otp: Some(OTP.into()),
            ..options
        };
        Self::exactly(options)
    }

    pub fn exactly(options: Options) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(melody_server::start(options)).unwrap();
        let address = server.base_url();
        Self { server: Some(server), runtime, address, folder: TempDir::new().unwrap() }
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// The service goes away for good.
    pub fn unplug(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.shutdown());
    }

    pub fn profile(&self) -> PathBuf {
        self.folder.path().join("profile")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, on this profile and service.
    pub fn melody(&self, args: &[&str]) -> Command {
        let mut command = program();
        command.arg("--profile").arg(self.profile()).args(["--server", &self.address]).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Said {
        said(self.melody(args).output().unwrap())
    }

    /// Runs with `--json` and gives the one document, which there must be.
    pub fn json(&self, args: &[&str]) -> Value {
        let said = self.run(&[args, &["--json"]].concat());
        assert_eq!((said.exit, said.err.as_str()), (0, ""), "{args:?} {said:?}");
        said.document()
    }

    /// Runs with `--json` and gives exit and code of the refusal, which there must be.
    pub fn refusal(&self, args: &[&str]) -> (i32, String) {
        let said = self.run(&[args, &["--json"]].concat());
        assert_eq!(said.out, "", "{args:?} {said:?}");
        (said.exit, said.code())
    }

    pub fn sign_in(&self) {
        self.json(&["login", "--phone", PHONE, "--country", "+91", "--otp", OTP]);
    }

    /// Our id of the one song with this title.
    pub fn id_of(&self, title: &str) -> String {
        let found = self.json(&["search", title]);
        let songs = found["songs"].as_array().unwrap();
        assert_eq!(songs.len(), 1, "{found}");
        songs[0]["id"].as_str().unwrap().to_owned()
    }
}

impl Said {
    pub fn document(&self) -> Value {
        assert!(self.out.ends_with('\n') && self.out.trim_end().lines().count() == 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }

    /// The code of the one line on stderr, whose shape is checked.
    pub fn code(&self) -> String {
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        let error: Value = serde_json::from_str(&self.err).unwrap();
        keys(&error, &["error"]);
        let error = &error["error"];
        keys(error, &["code", "key", "params", "message", "request_id", "retryable"]);
        assert!(error["retryable"].is_boolean(), "{error}");
        let sentence = error["message"].as_str().unwrap();
        assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        error["code"].as_str().unwrap().to_owned()
    }
}

/// The program alone, with nothing of this machine's environment that changes what it does.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_melody"));
    command
        .env("MELODY_SECRETS", "file")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("COLORTERM")
        .stdin(Stdio::null());
    command
}

pub fn said(output: Output) -> Said {
    Said {
        exit: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs with this on stdin.
pub fn typed(mut command: Command, text: &str) -> Said {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    said(child.wait_with_output().unwrap())
}

/// The object has these keys and no others.
pub fn keys(object: &Value, expected: &[&str]) {
    let mut found: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{object}");
}

pub fn song(title: &str, language: &str, sound: Option<Vec<u8>>) -> ExtraSong {
    ExtraSong {
        title: title.into(),
        artist: "Bench".into(),
        language: language.into(),
        duration_s: 2,
        audio: sound
            .map(|bytes| ExtraAudio {
                rendition: "original".into(),
                format: "wav".into(),
                source: AudioSource::Bytes(bytes.into()),
            })
            .into_iter()
            .collect(),
        ..ExtraSong::default()
    }
}

/// A WAV of so many seconds of a 440 Hz tone, mono, 48 kHz.
pub fn tone(seconds: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..seconds * 48_000 {
        let sample = (f64::from(n) * 440.0 * std::f64::consts::TAU / 48_000.0).sin() * 12_000.0;
        writer.write_sample(sample as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// Seconds of a recording, whose format is checked: stereo, 32-bit float, 48 kHz.
pub fn recorded(path: &Path) -> f64 {
    let reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 48_000, 32));
    assert_eq!(spec.sample_format, hound::SampleFormat::Float);
    f64::from(reader.duration()) / 48_000.0
}
