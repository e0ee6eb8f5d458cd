//! Undo: each change of a playlist is kept as what takes it back, the last one first.

use melody_model::{PlaylistId, PlaylistItemId, PlaylistView};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{
    Library, Result,
    playlists::{self, Item, Put},
    worker::Write,
};

/// Changes that can be taken back; older ones are for good.
const KEPT: i64 = 50;

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    pub change: PlaylistChange,
    /// The playlist as it is now; as it was, if it is its making that was taken back.
    pub playlist: PlaylistView,
}

/// A kind of change of a playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaylistChange {
    Created,
    Renamed,
    Deleted,
    Added,
    Removed,
    Moved,
}

/// What takes a change back. Kept in the database: a name here is for ever.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Inverse {
    Drop { playlist: PlaylistId },
    Rename { playlist: PlaylistId, name: String },
    Restore { playlist: PlaylistId, name: String, created_at: i64, items: Vec<Kept> },
    TakeOut { playlist: PlaylistId, items: Vec<PlaylistItemId> },
    PutBack { playlist: PlaylistId, item: Kept, at: u64 },
    Move { playlist: PlaylistId, item: PlaylistItemId, to: u64 },
}

/// An item that is gone from the tables.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    id: PlaylistItemId,
    /// The song's row number: rows of songs stay.
    song: i64,
    added_at: i64,
    /// The fractional index; that of a whole playlist is good again when it comes back.
    place: String,
}

impl Kept {
    fn of(item: &Item) -> Self {
        let Put { id, song, added_at } = item.put;
        Self { id, song, added_at, place: item.place.clone() }
    }

    fn put(&self) -> Put {
        Put { id: self.id, song: self.song, added_at: self.added_at }
    }
}

impl Library {
    /// Takes the last change of a playlist back, and with each further call the one before; `None` when there is
    /// nothing more to take back.
    pub async fn undo_playlist_change(&self) -> Result<Option<TakenBack>> {
        self.workers
            .write(|w| {
                let last =
                    w.tx.query_row(
                        "SELECT seq, taken_back_by FROM playlist_change ORDER BY seq DESC LIMIT 1",
                        [],
                        |row| Ok((row.get::<_, i64>(0)?, crate::rows::json::<Inverse>(row, 1)?)),
                    )
                    .optional()?;
                let Some((seq, inverse)) = last else { return Ok(None) };
                w.tx.execute("DELETE FROM playlist_change WHERE seq = ?1", [seq])?;
                Ok(Some(take_back(w, &inverse)?))
            })
            .await
    }
}

/// Keeps what takes a change back, and forgets the oldest.
pub(crate) fn keep(w: &mut Write<'_>, inverse: &Inverse) -> Result<()> {
    w.tx.execute(
        "INSERT INTO playlist_change (taken_back_by, changed_at) VALUES (?1, ?2)",
        params![serde_json::to_string(inverse)?, w.now.as_microsecond()],
    )?;
    w.tx.execute(
        "DELETE FROM playlist_change
         WHERE seq <= (SELECT seq FROM playlist_change ORDER BY seq DESC LIMIT 1 OFFSET ?1)",
        [KEPT],
    )?;
    Ok(())
}

/// What brings a playlist (by its row number) back once it is deleted.
pub(crate) fn restoring(c: &Connection, n: i64) -> Result<Inverse> {
    let playlist = playlists::by_number(c, n)?;
    let mut query = c.prepare_cached(
        "SELECT id, song, added_at, place FROM playlist_item WHERE playlist = ?1 ORDER BY place",
    )?;
    let items = query.query_map([n], |row| {
        Ok(Kept {
            id: PlaylistItemId(row.get(0)?),
            song: row.get(1)?,
            added_at: row.get(2)?,
            place: row.get(3)?,
        })
    })?;
    Ok(Inverse::Restore {
        playlist: playlist.id,
        name: playlist.name,
        created_at: playlist.created_at.as_microsecond(),
        items: items.collect::<rusqlite::Result<_>>()?,
    })
}

/// What brings an item back once it is removed.
pub(crate) fn putting_back(c: &Connection, playlist: PlaylistId, item: &Item) -> Result<Inverse> {
    let at = playlists::index_of(c, playlists::number(c, playlist)?, &item.place)?;
    Ok(Inverse::PutBack { playlist, item: Kept::of(item), at })
}

fn take_back(w: &mut Write<'_>, inverse: &Inverse) -> Result<TakenBack> {
    let (change, n) = match inverse {
        Inverse::Drop { playlist } => {
            let n = playlists::number(&w.tx, *playlist)?;
            let gone = playlists::by_number(&w.tx, n)?;
            w.tx.execute("DELETE FROM playlist WHERE n = ?1", [n])?;
            w.changes.playlists.push(*playlist);
            return Ok(TakenBack { change: PlaylistChange::Created, playlist: gone });
        }
        Inverse::Rename { playlist, name } => {
            let n = playlists::number(&w.tx, *playlist)?;
            playlists::rename(w, n, name)?;
            (PlaylistChange::Renamed, n)
        }
        Inverse::Restore { playlist, name, created_at, items } => {
            let n = playlists::insert(w, *playlist, name, *created_at)?;
            for item in items {
                playlists::put(w, n, &item.put(), &item.place)?;
            }
            (PlaylistChange::Deleted, n)
        }
        Inverse::TakeOut { playlist, items } => {
            let n = playlists::number(&w.tx, *playlist)?;
            for item in items {
                w.tx.prepare_cached("DELETE FROM playlist_item WHERE id = ?1")?.execute([item.0])?;
            }
            (PlaylistChange::Added, n)
        }
        Inverse::PutBack { playlist, item, at } => {
            let n = playlists::number(&w.tx, *playlist)?;
            let place = playlists::place_at(&w.tx, n, *at, None)?;
            playlists::put(w, n, &item.put(), &place)?;
            (PlaylistChange::Removed, n)
        }
        Inverse::Move { playlist, item, to } => {
            let n = playlists::number(&w.tx, *playlist)?;
            let found = playlists::find_item(&w.tx, n, *item)?;
            playlists::move_item(w, n, &found, *to)?;
            (PlaylistChange::Moved, n)
        }
    };
    Ok(TakenBack { change, playlist: playlists::touch(w, n)? })
}
