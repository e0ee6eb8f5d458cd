//! Why a day could not be rehearsed to its end. That something was lost on it is no error, but its result.

use std::io;

use melody_server::Dialect;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file of faults says what cannot be.
    #[error("{0}")]
    Faults(String),
    /// A backend does not start.
    #[error("The {which} backend does not start: {why}.")]
    Backend { which: Dialect, why: String },
    /// The gateway or the migration refuses.
    #[error(transparent)]
    Server(#[from] melody_server::Error),
    /// A backend answers otherwise than the contract says.
    #[error("{asked} was answered with {answer}.")]
    Answer { asked: String, answer: String },
    /// A client fails in a way that has nothing to do with its service.
    #[error("Client {client}: {source}")]
    Client { client: u32, source: melody_core::Error },
    #[error("The rehearsal needs a temporary folder: {0}.")]
    Folder(#[from] io::Error),
}

impl Error {
    /// What a task that ended early leaves to say.
    pub(crate) fn broken(error: tokio::task::JoinError) -> Self {
        Self::Folder(io::Error::other(error))
    }
}
