//! Generations: which backend gave out which ids.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{Library, Result, rows, settings};

/// A backend and the ids that it gave out. Numbers are this file's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationId(pub i64);

/// A generation, as it was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub id: GenerationId,
    /// The word for the backend's dialect: `blue`, `green`.
    pub dialect: String,
    pub first_seen: Timestamp,
}

/// The setting under which the current generation's number is kept.
const CURRENT: &str = "library.generation";

impl Library {
    /// The generation of a dialect, made at first sight, and current from now on: `server_id` of every
    /// song then means this one's.
    pub async fn generation(&self, dialect: &str) -> Result<GenerationId> {
        if let Some(known) = self.current_generation().await?
            && known.dialect == dialect
        {
            return Ok(known.id);
        }
        let dialect = dialect.to_owned();
        self.workers
            .write(move |w| {
                let id = find_or_make(&w.tx, &dialect, w.now)?;
                settings::set(&w.tx, CURRENT, &serde_json::to_string(&id)?)?;
                Ok(id)
            })
            .await
    }

    /// The generation that is current; `None` before any backend has answered.
    pub async fn current_generation(&self) -> Result<Option<Generation>> {
        self.workers
            .read(|c| {
                let found = c
                    .prepare_cached("SELECT id, dialect, first_seen FROM generation WHERE id = ?1")?
                    .query_row([current(c)?], |row| {
                        Ok(Generation {
                            id: GenerationId(row.get(0)?),
                            dialect: row.get(1)?,
                            first_seen: rows::time(row, 2)?,
                        })
                    })
                    .optional()?;
                Ok(found)
            })
            .await
    }
}

/// The number of the current generation, or one that no row has.
pub(crate) fn current(c: &Connection) -> Result<i64> {
    let number = settings::get(c, CURRENT)?.map(|json| serde_json::from_str(&json)).transpose()?;
    Ok(number.unwrap_or(0))
}

/// The latest generation of a dialect, made if there is none.
pub(crate) fn find_or_make(c: &Connection, dialect: &str, now: Timestamp) -> Result<GenerationId> {
    let known = c
        .prepare_cached("SELECT id FROM generation WHERE dialect = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([dialect], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(GenerationId(id));
    }
    c.execute(
        "INSERT INTO generation (dialect, first_seen) VALUES (?1, ?2)",
        params![dialect, now.as_microsecond()],
    )?;
    Ok(GenerationId(c.last_insert_rowid()))
}
