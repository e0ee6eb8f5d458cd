//! The log: `melody.log` in the profile, and stderr when a person asks for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// The log begins anew, with one predecessor kept, when it has grown past this many bytes.
const LONGEST: u64 = 1_000_000;

/// Whether stderr takes colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    None,
    Some,
}

/// Sends the log where it belongs. A profile that cannot be written to has no log file: the commands
/// that only read still work there, and those that write say what is wrong themselves.
pub fn start(profile: Option<&Path>, on_stderr: Option<Colours>) {
    let file = profile.and_then(LogFile::open).map(|file| {
        // A demo's requests would drown the rest.
        let told = ours(Level::INFO).with_target("melody_server", Level::WARN);
        fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(told)
    });
    let stderr = on_stderr.map(|colours| {
        fmt::layer()
            .without_time()
            .with_writer(std::io::stderr)
            .with_ansi(colours == Colours::Some)
            .with_filter(ours(Level::DEBUG))
    });
    // It fails only when a log was started before, which nobody does.
    let _ = tracing_subscriber::registry().with(file).with(stderr).try_init();
}

/// Our own rooms at this level. Of others only warnings: their finer records hold whole requests.
fn ours(level: Level) -> Targets {
    Targets::new().with_default(Level::WARN).with_target("melody", level)
}

/// The file, for as long as the program runs: a window may be open for weeks.
struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl LogFile {
    fn open(profile: &Path) -> Option<Self> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            folder.mode(0o700);
        }
        folder.create(profile).ok()?;
        Self::begin(profile.join("melody.log")).ok()
    }

    /// Goes on with the file that is there, unless it is long.
    fn begin(path: PathBuf) -> io::Result<Self> {
        if fs::metadata(&path).is_ok_and(|file| file.len() > LONGEST) {
            let _ = fs::rename(&path, path.with_extension("log.1"));
        }
        let mut file = OpenOptions::new();
        file.create(true).append(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            file.mode(0o600);
        }
        let file = file.open(&path)?;
        let length = file.metadata().map_or(0, |file| file.len());
        Ok(Self { path, file, length })
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length > LONGEST
            && let Ok(next) = Self::begin(self.path.clone())
        {
            *self = next;
        }
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use super::*;

    #[test]
    fn a_log_that_is_long_begins_anew_and_keeps_one_predecessor() {
        let profile = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(profile.path()).unwrap();
        let line = vec![b'x'; LONGEST as usize / 2];
        for _ in 0..9 {
            log.write_all(&line).unwrap();
        }
        let length = |name: &str| fs::metadata(profile.path().join(name)).unwrap().len();
        assert!(length("melody.log") <= LONGEST + LONGEST / 2);
        assert!(length("melody.log.1") > LONGEST);
        assert_eq!(fs::read_dir(profile.path()).unwrap().count(), 2);
    }
}
