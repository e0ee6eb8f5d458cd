//! Songs that the disk did not take: known to this process alone, so that what the service answered is shown and heard.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use melody_model::{RemoteSong, ServerId, Song, SongId, SongView};
use rusqlite::Connection;

use crate::{Library, Result, StoredDetails, generations, matching, songs};

/// More than a listener looks through before there is room again; beyond, the one held for longest goes.
const MOST: usize = 1_000;

/// A song, what the service said of it, and the backend that did.
#[derive(Clone, Debug)]
pub(crate) struct HeldSong {
    pub id: SongId,
    dialect: String,
    pub told: RemoteSong,
}

/// The songs that are held, those held for longest first.
#[derive(Debug, Default)]
pub(crate) struct Held(Mutex<VecDeque<HeldSong>>);

impl Library {
    /// Holds what the service said of songs in memory, for when the disk takes nothing, and gives their ids in order. A
    /// song that the database knows has its id there; any other one has an id that ends with this process, unless it can
    /// be kept when it is next named.
    pub async fn hold_songs(&self, dialect: &str, songs: Vec<RemoteSong>) -> Result<Vec<SongId>> {
        let (of, asked) = (dialect.to_owned(), songs.clone());
        let known = self.workers.read(move |c| known(c, &of, &asked)).await?;
        let mut held = self.held.lock();
        let mut ids = Vec::with_capacity(songs.len());
        for (told, known) in songs.into_iter().zip(known) {
            let before = held.iter().position(|song| song.told.server_id == told.server_id);
            let before = before.and_then(|at| held.remove(at)).map(|song| song.id);
            let id = known.or(before).unwrap_or_else(SongId::new);
            held.push_back(HeldSong { id, dialect: dialect.to_owned(), told });
            ids.push(id);
        }
        let too_many = held.len().saturating_sub(MOST);
        held.drain(..too_many);
        Ok(ids)
    }

    /// Keeps those of the songs that are held, if the disk takes them now.
    pub(crate) async fn keep_held(&self, ids: &[SongId]) -> Result<()> {
        match self.need_kept(ids).await {
            Err(e) if e.is_refusal() => Ok(()),
            done => done,
        }
    }

    /// The same for what cannot be done without: the disk's refusal is the answer.
    pub(crate) async fn need_kept(&self, ids: &[SongId]) -> Result<()> {
        let held = self.held.of(ids);
        if held.is_empty() {
            return Ok(());
        }
        let kept: Vec<ServerId> = held.iter().map(|song| song.told.server_id.clone()).collect();
        self.workers
            .write(move |w| {
                for HeldSong { id, dialect, told } in held {
                    let generation = match generations::of(&w.tx, &dialect)? {
                        Some(generation) => generation,
                        None if generations::current(&w.tx)? == 0 => generations::make_current(w, &dialect)?,
                        None => generations::find_or_make(&w.tx, &dialect, w.now)?,
                    };
                    songs::store(w, generation, &[told], |_| Some(id))?;
                }
                Ok(())
            })
            .await?;
        self.held.forget(kept.iter());
        Ok(())
    }
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, VecDeque<HeldSong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of the songs that are held.
    pub fn of(&self, ids: &[SongId]) -> Vec<HeldSong> {
        self.lock().iter().filter(|song| ids.contains(&song.id)).cloned().collect()
    }

    /// The song that a text names: our id of it, or the service's.
    pub fn named(&self, text: &str) -> Option<SongId> {
        let id = text.trim().parse::<SongId>().ok();
        let named = |song: &&HeldSong| Some(song.id) == id || song.told.server_id.as_str() == text.trim();
        self.lock().iter().find(named).map(|song| song.id)
    }

    pub fn forget<'a>(&self, kept: impl Iterator<Item = &'a ServerId> + Clone) {
        let mut held = self.lock();
        if !held.is_empty() {
            held.retain(|song| !kept.clone().any(|id| *id == song.told.server_id));
        }
    }
}

/// Our ids of the songs that the database knows.
fn known(c: &Connection, dialect: &str, songs: &[RemoteSong]) -> Result<Vec<Option<SongId>>> {
    let generation = generations::of(c, dialect)?;
    let Some(generation) = generation else { return Ok(vec![None; songs.len()]) };
    let recognised = matching::recognise(c, generation, songs)?;
    recognised.into_iter().map(|n| n.map(|n| songs::id_of(c, n)).transpose()).collect()
}

/// A song as it is known with what is held of it.
pub(crate) fn view_with(view: Option<SongView>, held: Option<&HeldSong>) -> Option<SongView> {
    let Some(HeldSong { id, told, .. }) = held else { return view };
    let server_id = Some(told.server_id.clone());
    Some(if let Some(SongView { song, in_library, downloaded }) = view {
        let content = songs::merged(&song.content, &told.content);
        SongView { song: Song { server_id, content, ..song }, in_library, downloaded }
    } else {
        let song = Song { id: *id, server_id, content: told.content.clone() };
        SongView { song, in_library: false, downloaded: false }
    })
}

/// The same of its details.
pub(crate) fn details_with(stored: Option<StoredDetails>, held: Option<&HeldSong>) -> Option<StoredDetails> {
    let Some(HeldSong { told, .. }) = held else { return stored };
    Some(songs::merged_details(&stored.unwrap_or_default(), &told.details, &told.extra))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // A test that cannot go on may end.

    use melody_model::{SongContent, SongDetails};
    use serde_json::json;

    use super::*;
    use crate::Error;

    /// One that takes room.
    fn song(server_id: &str, title: &str) -> RemoteSong {
        let content = SongContent { title: title.to_owned(), ..SongContent::default() };
        let details = SongDetails { lyrics: Some(title.to_uppercase()), metadata: None };
        let extra = [("large".to_owned(), json!("x".repeat(200_000)))].into_iter().collect();
        RemoteSong { server_id: ServerId::from(server_id), content, details, extra }
    }

    async fn room(library: &Library, pages: i64) {
        let limit = library.workers.write(move |w| {
            let now: i64 = w.tx.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            Ok(w.tx.query_row(&format!("PRAGMA max_page_count = {}", now + pages), [], |_| Ok(()))?)
        });
        limit.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_held_is_a_song_like_any_other_and_is_kept_once_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("library.db");
        let library = Library::open(&file).unwrap();
        let green = library.generation("green").await.unwrap();
        let known = library.store_songs(green, vec![song("s1", "Known")]).await.unwrap()[0].id;
        room(&library, 0).await;
        let told = || vec![song("s1", "Known, renamed"), song("s2", "New"), song("s3", "Newer")];
        assert_eq!(library.store_songs(green, told()).await.unwrap_err(), Error::Full);

        let ids = library.hold_songs("green", told()).await.unwrap();
        assert_eq!(ids[0], known);
        assert_eq!(library.hold_songs("green", told()).await.unwrap(), ids, "another id each time");
        let titles: Vec<_> =
            library.songs(ids.clone()).await.unwrap().into_iter().map(|v| v.song.content.title).collect();
        assert_eq!(titles, ["Known, renamed", "New", "Newer"]);
        assert_eq!(library.resolve("s2").await.unwrap(), Some(ids[1]));
        let details = library.song_details(ids[1]).await.unwrap().unwrap();
        assert_eq!(details.details.lyrics.as_deref(), Some("NEW"));
        assert_eq!(library.held_server_id(ids[1]), Some("s2".into()));
        assert_eq!(library.add(ids[1]).await.unwrap_err(), Error::Full);

        room(&library, 1_000_000).await;
        assert_eq!(library.resolve(&ids[1].to_string()).await.unwrap(), Some(ids[1]));
        library.add(ids[1]).await.unwrap();
        assert_eq!(library.held_server_id(ids[1]), None, "it is held although it is kept");
        assert_eq!(library.store_songs(green, vec![song("s3", "Newer")]).await.unwrap()[0].id, ids[2]);
        library.hold_songs("green", vec![song("s4", "Newest")]).await.unwrap();
        drop(library);
        let library = Library::open(&file).unwrap();
        assert_eq!(library.songs(ids).await.unwrap().len(), 3);
        assert_eq!(library.resolve("s4").await.unwrap(), None, "it was never kept");
    }

    #[tokio::test]
    async fn the_longest_held_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.db")).unwrap();
        let mut small = song("s", "A");
        small.extra.clear();
        let songs =
            (0..=MOST).map(|n| RemoteSong { server_id: format!("s{n}").as_str().into(), ..small.clone() });
        let ids = library.hold_songs("green", songs.collect()).await.unwrap();
        assert_eq!((library.held.named("s0"), library.held.named("s1")), (None, Some(ids[1])));
    }
}
