//! A real sound server with a sink that nobody hears, and a microphone at it.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    media,
    process::{Beside, wait_for},
};

/// PulseAudio with a null sink, on a socket of its own.
#[derive(Debug)]
pub struct SoundServer {
    dir: TempDir,
    _daemon: Beside,
}

impl SoundServer {
    pub fn start() -> Self {
        let dir = TempDir::new().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        let mut command = in_time("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]);
        command.args(["--disable-shm=true", "--log-level=error", "-L", "module-native-protocol-unix", "-L"]);
        // Without norewinds the monitor repeats what a rewind takes back.
        command.arg("module-null-sink sink_name=bench rate=48000 channels=2 format=float32le norewinds=1");
        for (name, value) in environment(&dir) {
            command.env(name, value);
        }
        let daemon = Beside::start(&mut command);
        let socket = dir.path().join("pulse").join("native");
        wait_for("the sound server's socket", || socket.exists());
        Self { dir, _daemon: daemon }
    }

    /// What a program needs in its environment to find this server, and no other.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        environment(&self.dir)
    }

    /// Starts to record what the sink gets.
    pub fn record(&self) -> Recording {
        let path = self.dir.path().join("captured");
        let mut command = in_time("parec");
        command.args(["-d", "bench.monitor", "--raw", "--format=float32le", "--rate=48000", "--channels=2"]);
        command.arg("--latency-msec=50").stdin(Stdio::null()).stdout(File::create(&path).unwrap());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        let process = command.spawn().expect("parec does not start: cargo xtask setup installs it");
        let recording = Recording { process, path };
        wait_for("the recording to begin", || recording.bytes() > 0);
        recording
    }
}

fn environment(dir: &TempDir) -> Vec<(&'static str, OsString)> {
    let socket = dir.path().join("pulse").join("native");
    vec![
        ("XDG_RUNTIME_DIR", dir.path().into()),
        ("PULSE_SERVER", format!("unix:{}", socket.display()).into()),
        // The cookie by which clients are known lies below it.
        ("HOME", dir.path().into()),
    ]
}

/// What stands before a program whose sound is due in time, also while the machine compiles: priority, as a
/// desktop gives it. `nice` goes on without where it may not.
pub const IN_TIME: [&str; 3] = ["nice", "-n", "-11"];

fn in_time(program: &str) -> Command {
    let mut command = Command::new(IN_TIME[0]);
    command.args(&IN_TIME[1..]).arg(program);
    command
}

/// A recording that goes on.
#[derive(Debug)]
pub struct Recording {
    process: Child,
    path: PathBuf,
}

impl Recording {
    fn bytes(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |file| file.len())
    }

    /// Everything so far, once `seconds` more have been recorded: 48 kHz, two channels.
    pub fn after(self, seconds: f64) -> Vec<f32> {
        let enough = self.bytes() + (seconds * 48_000.0 * 8.0) as u64;
        wait_for("the recording to go on", || self.bytes() >= enough);
        media::samples(&fs::read(&self.path).unwrap())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
