//! Playlists: a listener's own lists of songs. Every change is kept with what takes it back.

use melody_model::{PlaylistId, PlaylistItemId, PlaylistItemView, PlaylistView, SongId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Error, Library, Result, generations,
    place::{self, NoPlace},
    playlist_changes::{self, Inverse},
    rows, text,
    worker::Write,
};

/// A part of a playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaylistPage {
    pub playlist: PlaylistView,
    pub items: Vec<PlaylistItemView>,
}

impl Library {
    /// All playlists, by name.
    pub async fn playlists(&self) -> Result<Vec<PlaylistView>> {
        self.workers
            .read(|c| {
                let mut query = c.prepare_cached(PLAYLISTS)?;
                let found = query.query_map([], view)?.collect::<rusqlite::Result<Vec<_>>>()?;
                let mut keyed: Vec<_> =
                    found.into_iter().map(|playlist| (text::key(&playlist.name), playlist)).collect();
                keyed.sort_by(|(one, a), (other, b)| {
                    (one, a.created_at, a.id).cmp(&(other, b.created_at, b.id))
                });
                Ok(keyed.into_iter().map(|(_, playlist)| playlist).collect())
            })
            .await
    }

    /// The playlists that a text names: by id, else by their very name, else by one that reads the same.
    pub async fn find_playlists(&self, text: &str) -> Result<Vec<PlaylistView>> {
        let text = text.trim().to_owned();
        let all = self.playlists().await?;
        let pick = |wanted: &dyn Fn(&PlaylistView) -> bool| -> Vec<PlaylistView> {
            all.iter().filter(|playlist| wanted(playlist)).cloned().collect()
        };
        let by_id = text.parse().map(PlaylistId).map(|id| pick(&|playlist| playlist.id == id));
        let key = text::key(&text);
        Ok([
            by_id.unwrap_or_default(),
            pick(&|playlist| playlist.name == text),
            pick(&|playlist| !key.is_empty() && text::key(&playlist.name) == key),
        ]
        .into_iter()
        .find(|found| !found.is_empty())
        .unwrap_or_default())
    }

    /// A playlist and so many of its places, from `offset` on; all of them when `limit` is absent.
    pub async fn playlist(&self, id: PlaylistId, limit: Option<u32>, offset: u64) -> Result<PlaylistPage> {
        self.workers
            .read(move |c| {
                let n = number(c, id)?;
                let generation = generations::current(c)?;
                let mut query = c.prepare_cached(
                    "SELECT id, song, added_at FROM playlist_item WHERE playlist = ?1
                     ORDER BY place LIMIT ?2 OFFSET ?3",
                )?;
                let limit = limit.map_or(-1, i64::from);
                let offset = offset.min(u64::from(u32::MAX));
                let found = query
                    .query_map(params![n, limit, offset], |row| {
                        Ok((PlaylistItemId(row.get(0)?), row.get(1)?, rows::time(row, 2)?))
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                let mut items = Vec::with_capacity(found.len());
                for (place, (id, song, added_at)) in (offset..).zip(found) {
                    let song = rows::song_view(c, generation, song)?;
                    let song = song.ok_or_else(|| Error::unreadable("a playlist's song is missing"))?;
                    items.push(PlaylistItemView { id, place, song, added_at });
                }
                Ok(PlaylistPage { playlist: by_number(c, n)?, items })
            })
            .await
    }

    /// Makes a playlist with these songs in it. The name is the caller's to check.
    pub async fn create_playlist(&self, name: &str, songs: Vec<SongId>) -> Result<PlaylistView> {
        let name = name.to_owned();
        self.workers
            .write(move |w| {
                let id = PlaylistId::new();
                let n = insert(w, id, &name, w.now.as_microsecond())?;
                let numbers = numbers(&w.tx, &songs)?;
                append(w, n, &numbers)?;
                playlist_changes::keep(w, &Inverse::Drop { playlist: id })?;
                touch(w, n)
            })
            .await
    }

    pub async fn rename_playlist(&self, id: PlaylistId, name: &str) -> Result<PlaylistView> {
        let name = name.to_owned();
        self.workers
            .write(move |w| {
                let n = number(&w.tx, id)?;
                let before = by_number(&w.tx, n)?;
                if before.name == name {
                    return Ok(before);
                }
                rename(w, n, &name)?;
                playlist_changes::keep(w, &Inverse::Rename { playlist: id, name: before.name })?;
                touch(w, n)
            })
            .await
    }

    /// Deletes a playlist, and answers what it was. Its songs stay known.
    pub async fn delete_playlist(&self, id: PlaylistId) -> Result<PlaylistView> {
        self.workers
            .write(move |w| {
                let n = number(&w.tx, id)?;
                let gone = by_number(&w.tx, n)?;
                let inverse = playlist_changes::restoring(&w.tx, n)?;
                w.tx.execute("DELETE FROM playlist WHERE n = ?1", [n])?;
                w.changes.playlists.push(id);
                playlist_changes::keep(w, &inverse)?;
                Ok(gone)
            })
            .await
    }

    /// Puts songs at the end of a playlist, whether it has them already or not.
    pub async fn add_to_playlist(&self, id: PlaylistId, songs: Vec<SongId>) -> Result<PlaylistView> {
        self.workers
            .write(move |w| {
                let n = number(&w.tx, id)?;
                let numbers = numbers(&w.tx, &songs)?;
                let items = append(w, n, &numbers)?;
                if items.is_empty() {
                    return by_number(&w.tx, n);
                }
                playlist_changes::keep(w, &Inverse::TakeOut { playlist: id, items })?;
                touch(w, n)
            })
            .await
    }

    /// Takes one place out of a playlist; the same song in another place stays.
    pub async fn remove_from_playlist(&self, id: PlaylistId, item: PlaylistItemId) -> Result<PlaylistView> {
        self.workers
            .write(move |w| {
                let n = number(&w.tx, id)?;
                let item = find_item(&w.tx, n, item)?;
                let inverse = playlist_changes::putting_back(&w.tx, id, &item)?;
                w.tx.execute("DELETE FROM playlist_item WHERE n = ?1", [item.n])?;
                playlist_changes::keep(w, &inverse)?;
                touch(w, n)
            })
            .await
    }

    /// Takes an item to a place, from 0; past the end is the end.
    pub async fn move_in_playlist(
        &self,
        id: PlaylistId,
        item: PlaylistItemId,
        to: u64,
    ) -> Result<PlaylistView> {
        self.workers
            .write(move |w| {
                let n = number(&w.tx, id)?;
                let found = find_item(&w.tx, n, item)?;
                let from = index_of(&w.tx, n, &found.place)?;
                let last = by_number(&w.tx, n)?.songs.saturating_sub(1);
                if from == to.min(last) {
                    return by_number(&w.tx, n);
                }
                move_item(w, n, &found, to)?;
                playlist_changes::keep(w, &Inverse::Move { playlist: id, item, to: from })?;
                touch(w, n)
            })
            .await
    }
}

const PLAYLISTS: &str = "SELECT p.id, p.name,
        (SELECT count(*) FROM playlist_item i WHERE i.playlist = p.n),
        (SELECT coalesce(sum(s.duration_s), 0) FROM playlist_item i JOIN song s ON s.n = i.song
         WHERE i.playlist = p.n),
        p.created_at, p.changed_at
     FROM playlist p";

fn view(row: &Row<'_>) -> rusqlite::Result<PlaylistView> {
    Ok(PlaylistView {
        id: PlaylistId(row.get(0)?),
        name: row.get(1)?,
        songs: row.get::<_, i64>(2)?.unsigned_abs(),
        duration_s: row.get::<_, i64>(3)?.unsigned_abs(),
        created_at: rows::time(row, 4)?,
        changed_at: rows::time(row, 5)?,
    })
}

pub(crate) fn by_number(c: &Connection, n: i64) -> Result<PlaylistView> {
    Ok(c.prepare_cached(&format!("{PLAYLISTS} WHERE p.n = ?1"))?.query_row([n], view)?)
}

/// A playlist's row number; `Error::UnknownPlaylist` when it is gone.
pub(crate) fn number(c: &Connection, id: PlaylistId) -> Result<i64> {
    c.prepare_cached("SELECT n FROM playlist WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?
        .ok_or(Error::UnknownPlaylist)
}

/// The row numbers of songs; `Error::UnknownSong` for the first that is not known.
fn numbers(c: &Connection, songs: &[SongId]) -> Result<Vec<i64>> {
    songs.iter().map(|id| rows::song_number(c, *id)?.ok_or(Error::UnknownSong(*id))).collect()
}

pub(crate) fn insert(w: &Write<'_>, id: PlaylistId, name: &str, created_at: i64) -> Result<i64> {
    w.tx.execute(
        "INSERT INTO playlist (id, name, created_at, changed_at) VALUES (?1, ?2, ?3, ?4)",
        params![id.0, name, created_at, w.now.as_microsecond()],
    )?;
    Ok(w.tx.last_insert_rowid())
}

pub(crate) fn rename(w: &Write<'_>, n: i64, name: &str) -> Result<()> {
    w.tx.execute("UPDATE playlist SET name = ?2 WHERE n = ?1", params![n, name])?;
    Ok(())
}

/// Puts songs, by row number, at the end; answers the new items.
fn append(w: &Write<'_>, n: i64, songs: &[i64]) -> Result<Vec<PlaylistItemId>> {
    let last: Option<String> =
        w.tx.query_row("SELECT max(place) FROM playlist_item WHERE playlist = ?1", [n], |row| row.get(0))?;
    let places = place::run(last.as_deref(), None, songs.len())?;
    let mut items = Vec::with_capacity(songs.len());
    for (song, place) in songs.iter().zip(places) {
        let id = PlaylistItemId::new();
        put(w, n, &Put { id, song: *song, added_at: w.now.as_microsecond() }, &place)?;
        items.push(id);
    }
    Ok(items)
}

/// What a place of a playlist holds.
pub(crate) struct Put {
    pub id: PlaylistItemId,
    /// The song's row number.
    pub song: i64,
    /// In microseconds.
    pub added_at: i64,
}

pub(crate) fn put(w: &Write<'_>, playlist: i64, item: &Put, place: &str) -> Result<()> {
    w.tx.prepare_cached(
        "INSERT INTO playlist_item (id, playlist, song, place, added_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![item.id.0, playlist, item.song, place, item.added_at])?;
    Ok(())
}

/// An item's row.
pub(crate) struct Item {
    pub n: i64,
    pub place: String,
    pub put: Put,
}

/// An item of a playlist (by its row number); `Error::UnknownPlaylistItem` when it is not in it.
pub(crate) fn find_item(c: &Connection, playlist: i64, item: PlaylistItemId) -> Result<Item> {
    c.prepare_cached("SELECT n, place, song, added_at FROM playlist_item WHERE id = ?1 AND playlist = ?2")?
        .query_row(params![item.0, playlist], |row| {
            let put = Put { id: item, song: row.get(2)?, added_at: row.get(3)? };
            Ok(Item { n: row.get(0)?, place: row.get(1)?, put })
        })
        .optional()?
        .ok_or(Error::UnknownPlaylistItem)
}

/// How many items stand before a place.
pub(crate) fn index_of(c: &Connection, playlist: i64, place: &str) -> Result<u64> {
    let before: i64 = c
        .prepare_cached("SELECT count(*) FROM playlist_item WHERE playlist = ?1 AND place < ?2")?
        .query_row(params![playlist, place], |row| row.get(0))?;
    Ok(before.unsigned_abs())
}

/// A free place such that so many items stand before it, `except` one that is on its way.
pub(crate) fn place_at(c: &Connection, playlist: i64, index: u64, except: Option<i64>) -> Result<String> {
    let mut nth = c.prepare_cached(
        "SELECT place FROM playlist_item WHERE playlist = ?1 AND n IS NOT ?2 ORDER BY place LIMIT 1 OFFSET ?3",
    )?;
    let count: i64 = c
        .prepare_cached("SELECT count(*) FROM playlist_item WHERE playlist = ?1 AND n IS NOT ?2")?
        .query_row(params![playlist, except], |row| row.get(0))?;
    let index = index.min(count.unsigned_abs());
    let mut at = |index: Option<u64>| -> Result<Option<String>> {
        let Some(index) = index else { return Ok(None) };
        Ok(nth.query_row(params![playlist, except, index], |row| row.get(0)).optional()?)
    };
    let (before, after) = (at(index.checked_sub(1))?, at(Some(index))?);
    Ok(place::between(before.as_deref(), after.as_deref())?)
}

pub(crate) fn move_item(w: &Write<'_>, playlist: i64, item: &Item, to: u64) -> Result<()> {
    let place = place_at(&w.tx, playlist, to, Some(item.n))?;
    w.tx.execute("UPDATE playlist_item SET place = ?2 WHERE n = ?1", params![item.n, place])?;
    Ok(())
}

/// Notes that a playlist changed, and answers it.
pub(crate) fn touch(w: &mut Write<'_>, n: i64) -> Result<PlaylistView> {
    w.tx.execute("UPDATE playlist SET changed_at = ?2 WHERE n = ?1", [n, w.now.as_microsecond()])?;
    let playlist = by_number(&w.tx, n)?;
    w.changes.playlists.push(playlist.id);
    Ok(playlist)
}

impl From<NoPlace> for Error {
    fn from(_: NoPlace) -> Self {
        Self::unreadable("the order of a playlist")
    }
}
