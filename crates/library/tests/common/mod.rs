//! What the tests of this crate share: a library in a folder of its own, and songs to put into it.

#![allow(dead_code)] // Each test binary uses its part.

use std::path::PathBuf;

use melody_library::{GenerationId, Library, SearchQuery};
use melody_model::{JsonMap, RemoteEntry, RemoteSong, ServerId, SongContent, SongDetails, SongId};
use tempfile::TempDir;

/// A library in a temporary folder, open and with a current generation.
pub struct Bench {
    pub folder: TempDir,
    pub library: Library,
    pub generation: GenerationId,
}

impl Bench {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let generation = library.generation("green").await.unwrap();
        Self { folder, library, generation }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("library.db")
    }

    /// Closes the library and opens it again.
    pub fn reopen(self) -> Self {
        let Self { folder, library, generation } = self;
        drop(library);
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        Self { folder, library, generation }
    }

    /// Stores one song and answers our id of it.
    pub async fn store(&self, song: RemoteSong) -> SongId {
        self.library.store_songs(self.generation, vec![song]).await.unwrap()[0].id
    }

    /// The titles that a search finds, in order.
    pub async fn titles(&self, text: &str) -> Vec<String> {
        let query = SearchQuery { text: text.to_owned(), limit: 50, ..SearchQuery::default() };
        let page = self.library.search(query).await.unwrap();
        page.songs.into_iter().map(|view| view.song.content.title).collect()
    }
}

pub fn song(server_id: &str, title: &str, artist: &str) -> RemoteSong {
    RemoteSong {
        server_id: ServerId::from(server_id),
        content: SongContent {
            title: title.to_owned(),
            artist: artist.to_owned(),
            duration_s: Some(200),
            ..SongContent::default()
        },
        details: SongDetails::default(),
        extra: JsonMap::new(),
    }
}

pub fn entry(server_id: &str, song: RemoteSong) -> RemoteEntry {
    RemoteEntry {
        server_id: ServerId::from(server_id),
        song,
        added_at: Some("2024-03-01T10:00:00Z".parse().unwrap()),
        play_count: 0,
        last_played_at: None,
        has_instrumental: false,
        extra: JsonMap::new(),
    }
}

/// Opens the file beside the library, as an outsider would.
pub fn inspect(file: &std::path::Path) -> rusqlite::Connection {
    rusqlite::Connection::open(file).unwrap()
}
