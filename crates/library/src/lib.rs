//! The local library: one SQLite file that holds the catalogue's cache, the saved songs, playlists, history and
//! the outbox.
//!
//! Every screen reads from here and nothing else; every change that the service must hear of is written
//! together with its operation, in one transaction. A [`Library`] is a cheap handle: one thread writes,
//! two read, and the async methods need no particular runtime.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use melody_model::{EntryId, PlaylistId, SongId};
use tokio::sync::broadcast;

mod answers;
mod backup;
mod carry_over;
mod downloads;
mod entries;
mod error;
mod files;
mod generations;
mod held;
mod history;
mod integrity;
mod marker;
mod matching;
mod open;
mod operation;
mod outbox;
mod passes;
mod place;
mod playlist_changes;
mod playlist_match;
mod playlists;
mod plays;
mod queue;
mod reconcile;
mod rescue;
mod rows;
mod salvage;
mod saved_pages;
mod schema;
mod search;
mod settings;
mod songs;
mod sound;
mod sound_index;
mod switches;
mod text;
mod worker;

pub use answers::Answer;
pub use carry_over::Moved;
pub use downloads::{Download, DownloadState};
pub use entries::EntryIn;
pub use error::{Error, Result};
pub use generations::Generation;
pub use history::{Listen, ListenPage};
pub use melody_model::GenerationId;
pub use operation::{
    Acknowledgement, Action, Operation, OperationKind, OperationState, OutboxStatus, Outcome, ParkedOp,
    PlaysBefore, fold,
};
pub use passes::{Concluded, Recognised};
pub use playlist_changes::{PlaylistChange, TakenBack};
pub use playlist_match::WantedSong;
pub use playlists::PlaylistPage;
pub use queue::{KeptQueue, QueuePlace};
pub use reconcile::Stored;
pub use rescue::Rescue;
pub use saved_pages::{EntryPage, EntryQuery};
pub use search::{SearchQuery, SongPage};
pub use songs::StoredDetails;
pub use switches::{Switch, UnmatchedSong};
pub use worker::Clock;

/// An open library. Clones share it; dropping the last one waits for accepted writes and closes the file.
#[derive(Clone, Debug)]
pub struct Library {
    workers: Arc<worker::Workers>,
    /// Whether the disk allows reading only.
    read_only: bool,
    /// What was done when it was opened.
    rescue: Option<Arc<Rescue>>,
    /// The orders of saved songs that were last asked for.
    orders: Arc<saved_pages::Orders>,
    /// What the disk did not take.
    held: Arc<held::Held>,
}

/// What a write made stale. Empty lists mean that nothing of the kind changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Songs whose content or whose marks (saved, downloaded) changed.
    pub songs: Vec<SongId>,
    pub entries: Vec<EntryId>,
    /// Songs with a download that changed.
    pub downloads: Vec<SongId>,
    pub playlists: Vec<PlaylistId>,
    /// Whether operations came, moved or went.
    pub outbox: bool,
    /// Whether the listening history grew.
    pub history: bool,
}

impl Changes {
    /// Whether nothing became stale.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Names each thing once.
    fn tidy(&mut self) {
        for songs in [&mut self.songs, &mut self.downloads] {
            songs.sort_unstable();
            songs.dedup();
        }
        self.entries.sort_unstable();
        self.entries.dedup();
        self.playlists.sort_unstable();
        self.playlists.dedup();
    }
}

impl Library {
    /// Opens a library, creating the file and its folder and bringing an older schema up to date. Where
    /// the disk allows no writing, an existing library opens for reading, and writes answer
    /// [`Error::ReadOnly`] or [`Error::Full`]. A newer or foreign file is refused and left as it is. After an end
    /// that was not clean the file is looked at, and a damaged one of ours is put aside and made anew of what can be
    /// read of it: [`rescue`](Self::rescue) tells.
    ///
    /// This blocks for as long as the disk takes.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_by(path, Arc::new(Timestamp::now))
    }

    /// The same, by another clock than this machine's.
    pub fn open_by(path: &Path, clock: Clock) -> Result<Self> {
        let opened = open::open(path)?;
        let read_only = opened.refusal.is_some();
        let rescue = opened.rescue.clone().map(Arc::new);
        let workers = Arc::new(worker::Workers::start(path, opened, clock)?);
        if !read_only {
            workers.by_and_by(sound_index::some_more);
        }
        Ok(Self { workers, read_only, rescue, orders: Arc::default(), held: Arc::default() })
    }

    /// What was done about a damaged file when this was opened.
    pub fn rescue(&self) -> Option<&Rescue> {
        self.rescue.as_deref()
    }

    /// What writes through this handle and its clones make stale, from now on. Changes by another process
    /// are not heard of. A listener that lags has to reread what it shows.
    pub fn changes(&self) -> broadcast::Receiver<Changes> {
        self.workers.changes()
    }
}
