//! The log: `melody.log` in the profile, and stderr when a person asks for it.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
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
    let file = profile.and_then(open).map(|file| {
        fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(ours(Level::INFO))
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

fn open(profile: &Path) -> Option<File> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        folder.mode(0o700);
    }
    folder.create(profile).ok()?;
    let path = profile.join("melody.log");
    if fs::metadata(&path).is_ok_and(|file| file.len() > LONGEST) {
        let _ = fs::rename(&path, profile.join("melody.log.1"));
    }
    let mut file = OpenOptions::new();
    file.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        file.mode(0o600);
    }
    file.open(path).ok()
}
