//! How the program ends: what stopped it, with which exit code, told in which words.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use melody_core::{Code, ErrorReport};
use melody_host::exit_code;
use serde_json::json;
use thiserror::Error;

use crate::render::colour::{Theme, Tone};
use crate::render::text;

/// What ends a command before its end.
#[derive(Debug, Error)]
pub enum Halt {
    /// It failed; this is reported.
    #[error("{}", .0.message)]
    Failed(ErrorReport),
    /// It ran to its end and the answer is no, which its document tells: this exit code, no words.
    #[error("exit {0}")]
    Told(u8),
    /// Ctrl-C or SIGTERM, with the exit code that the shell expects.
    #[error("interrupted")]
    Interrupted(u8),
    /// Whoever read our output has had enough (`| head`).
    #[error("nobody reads the output any more")]
    ReaderGone,
}

/// What a shell shows for a command that ctrl-c ended.
pub const CTRL_C: u8 = 130;
/// The same for SIGTERM.
#[cfg(unix)]
pub const TERMINATED: u8 = 143;
/// A negative result: doctor found something.
pub const NEGATIVE: u8 = 1;
/// No song of a queue played.
pub const NOTHING_PLAYED: u8 = 7;

impl Halt {
    /// A mistake on the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::local(Code::Usage, message)
    }

    /// A failure that we could tell without asking anyone.
    pub fn local(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Failed(ErrorReport::local(code, message))
    }
}

impl From<melody_core::Error> for Halt {
    fn from(error: melody_core::Error) -> Self {
        Self::Failed(error.report())
    }
}

/// For writing to stdout and reading from stdin; what else can fail names its file itself.
impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderGone,
            ErrorKind::StorageFull => Self::local(Code::StorageFull, "There is no room left for the output."),
            _ => Self::local(Code::ProcessingError, format!("The output could not be written: {error}.")),
        }
    }
}

/// A report's file or folder that cannot be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Halt {
    let code = match error.kind() {
        ErrorKind::StorageFull => Code::StorageFull,
        ErrorKind::ReadOnlyFilesystem => Code::StorageReadOnly,
        _ => Code::Usage,
    };
    Halt::local(code, format!("{} cannot be written: {error}.", path.display()))
}

/// What a person can do next, where the sentence alone does not say it.
fn hint(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::AuthRequired | Code::InvalidToken => "Sign in with: melody login --phone NUMBER",
        Code::InsecureAddress => "Use https, or allow the host by name: --allow-http HOST",
        Code::Unreachable | Code::NotTheService => {
            "melody doctor shows what answers; --server URL sets another address."
        }
        Code::Offline => {
            "What is on this machine still works; melody offline status shows whether you chose to be offline."
        }
        Code::Maintenance => "What is on this machine still works. Try again in a while.",
        Code::InvalidOtp | Code::OtpExpired => "Run melody login again for a new code.",
        Code::ResourceNotFound => "melody search and melody library list show the IDs of songs.",
        Code::StorageFull | Code::StorageReadOnly | Code::StorageDamaged => {
            "melody doctor looks at the profile; --profile DIR uses another."
        }
        Code::StorageBusy => "Another Melody Studio is writing. Try again in a moment.",
        Code::Keyring => "MELODY_SECRETS=file keeps the sign-in in a private file of the profile instead.",
        Code::NoDevice => "--to FILE.wav writes what would be heard.",
        Code::NoAudio => "Another take may be there: --rendition instrumental",
        Code::RateLimitExceeded
        | Code::Superseded
        | Code::Usage
        | Code::ValidationError
        | Code::StorageNewer
        | Code::ExternalApiError
        | Code::ProcessingError
        | Code::ServiceError
        | Code::UnsupportedFormat
        | Code::BadAudio => return None,
    })
}

/// Tells on stderr what went wrong: one JSON line, or a sentence and a hint.
pub fn tell(report: &ErrorReport, json: bool, own_hint: Option<&str>, verbose: bool) {
    if json {
        // A message of ours is one line of text already; the encoder escapes whatever else came.
        eprint_quietly(&json!({ "error": report }).to_string());
        return;
    }
    let theme = Theme::of_stderr();
    let message = text::clean(&report.message);
    // What happened, and what to do: the second is the hint, ours only where the message has none.
    let (happened, to_do) = match message.split_once(". ") {
        Some((happened, to_do)) => (format!("{happened}."), Some(to_do)),
        None => (message.clone(), None),
    };
    eprint_quietly(&format!("{} {happened}", theme.paint(Tone::Danger, "error:")));
    if let Some(hint) = own_hint.or(to_do).or_else(|| hint(report.code)) {
        eprint_quietly(&format!("{} {hint}", theme.paint(Tone::Faint, "hint:")));
    }
    if let Some(id) = report.request_id.as_deref().filter(|_| verbose) {
        eprint_quietly(&format!("{} {}", theme.paint(Tone::Faint, "request:"), text::clean(id)));
    }
}

/// A line on stderr; nobody may be there to read it, and that must not change how we end.
pub fn eprint_quietly(line: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Reports what ended the command and says with which code the program ends.
pub fn finish(result: Result<(), Halt>, json: bool, verbose: bool) -> ExitCode {
    match result {
        Ok(()) | Err(Halt::ReaderGone) => ExitCode::SUCCESS,
        Err(Halt::Told(code) | Halt::Interrupted(code)) => ExitCode::from(code),
        Err(Halt::Failed(report)) => {
            tell(&report, json, None, verbose);
            ExitCode::from(exit_code(&report))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_gone_is_no_failure() {
        let gone = Halt::from(io::Error::from(ErrorKind::BrokenPipe));
        assert!(matches!(gone, Halt::ReaderGone));
    }
}
