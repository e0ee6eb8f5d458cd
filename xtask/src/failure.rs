//! What stops a chore, in words that say how to go on.

use std::{io, path::PathBuf};

/// A step that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The program ran and said no.
    #[error("`{command}` ended with {status}")]
    Command { command: String, status: String },
    /// The program could not be started.
    #[error("`{command}` could not be started: {source}")]
    Start { command: String, source: io::Error },
    /// The program said something that was not understood.
    #[error("`{command}` answered something unexpected: {detail}")]
    Answer { command: String, detail: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// System packages are missing and may not be installed from here.
    #[error(
        "these packages are missing, and installing them needs root. Run this, then try again:\n\n    {command}\n"
    )]
    NeedsRoot { command: String },
    /// A figure is over its bound.
    #[error("over the bound: {0}")]
    OverBound(String),
    /// A figure could not be had.
    #[error("not measured: {0}")]
    Unmeasured(String),
    /// Something about the code that must not be so.
    #[error("{0}")]
    Rule(String),
}
