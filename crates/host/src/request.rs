//! What a screen asks of its host, and what it gets back.

use melody_core::{Command, Done, PlaylistFormat, Reply};
use serde::{Deserialize, Serialize};
use ts_rs::{Config, TS};

/// A request of the screen: for the core, or for the host itself.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Core(Command),
    Host(HostCommand),
}

/// What only a host can do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum HostCommand {
    /// Starts the demo service in this process and uses it; its SMS comes as an event.
    StartDemo,
    /// Where this installation keeps its data.
    DataFolder,
    /// Shows that folder in the system's file manager.
    OpenDataFolder,
    /// Packs what a developer needs to look into a fault, without secrets, into a file.
    SaveDiagnostics,
    /// Writes a playlist into a file among the listener's downloads.
    SavePlaylist { playlist: String, format: PlaylistFormat },
    /// Shows the page of a comparison in the system's browser.
    OpenComparison { id: String },
}

impl HostCommand {
    /// Each command's name on the wire and the TypeScript name of its reply.
    pub fn replies(config: &Config) -> [(&'static str, String); 6] {
        let every = [
            Self::StartDemo,
            Self::DataFolder,
            Self::OpenDataFolder,
            Self::SaveDiagnostics,
            Self::SavePlaylist { playlist: String::new(), format: PlaylistFormat::M3u8 },
            Self::OpenComparison { id: String::new() },
        ];
        every.map(|command| match command {
            Self::StartDemo => ("start_demo", Done::name(config)),
            Self::DataFolder => ("data_folder", LocalPath::name(config)),
            Self::OpenDataFolder => ("open_data_folder", LocalPath::name(config)),
            Self::SaveDiagnostics => ("save_diagnostics", LocalPath::name(config)),
            Self::SavePlaylist { .. } => ("save_playlist", LocalPath::name(config)),
            Self::OpenComparison { .. } => ("open_comparison", LocalPath::name(config)),
        })
    }
}

/// What `HostCommand` brings back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum HostReply {
    Done(Done),
    LocalPath(LocalPath),
}

/// A file or a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct LocalPath {
    pub path: String,
}

/// An answer to a `Request`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Core(Reply),
    Host(HostReply),
}
