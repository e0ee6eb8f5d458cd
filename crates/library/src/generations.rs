//! Generations: which backend gave out which ids.

use std::collections::BTreeMap;

use jiff::Timestamp;
use melody_model::{GenerationId, ServerId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Library, Result, rows, settings, worker::Write};

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
        self.workers.write(move |w| make_current(w, &dialect)).await
    }

    /// The generation of a dialect, made at first sight, without becoming the current one.
    pub async fn generation_of(&self, dialect: &str) -> Result<GenerationId> {
        if let Some(known) = self.current_generation().await?
            && known.dialect == dialect
        {
            return Ok(known.id);
        }
        let dialect = dialect.to_owned();
        self.workers.write(move |w| find_or_make(&w.tx, &dialect, w.now)).await
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

impl Library {
    /// Ends a generation whose ids the backend does not know any more: the same dialect has others now. Goes to the
    /// generation of the dialect that knows most of these entries, else to a new one. Answers which.
    pub async fn leave_generation(&self, left: GenerationId, entries: &[ServerId]) -> Result<GenerationId> {
        let entries = entries.to_vec();
        self.workers
            .write(move |w| {
                let mut votes: BTreeMap<GenerationId, usize> = BTreeMap::new();
                {
                    let mut query = w.tx.prepare_cached(
                        "SELECT x.generation FROM entry_server_id x JOIN generation g ON g.id = x.generation
                         WHERE x.server_id = ?1 AND g.id <> ?2
                           AND g.dialect = (SELECT dialect FROM generation WHERE id = ?2)",
                    )?;
                    for entry in &entries {
                        let known = query
                            .query_map(params![entry.as_str(), left.0], |row| row.get(0).map(GenerationId))?;
                        for generation in known {
                            *votes.entry(generation?).or_default() += 1;
                        }
                    }
                }
                let known =
                    votes.into_iter().max_by_key(|(_, votes)| *votes).map(|(generation, _)| generation);
                let to = if let Some(known) = known {
                    known
                } else {
                    w.tx.execute(
                        "INSERT INTO generation (dialect, first_seen)
                         SELECT dialect, ?2 FROM generation WHERE id = ?1",
                        [left.0, w.now.as_microsecond()],
                    )?;
                    GenerationId(w.tx.last_insert_rowid())
                };
                settings::set(&w.tx, CURRENT, &serde_json::to_string(&to)?)?;
                Ok(to)
            })
            .await
    }

    /// Notes what a backend of this dialect calls the account. One that calls it otherwise than the present generation
    /// did has other ids: the generation in which it was called so is the current one from now on, or a new one.
    pub async fn note_user(&self, dialect: &str, user: &ServerId) -> Result<()> {
        let (dialect, user) = (dialect.to_owned(), user.clone());
        self.workers
            .write(move |w| {
                let now = w.now.as_microsecond();
                let present = find_or_make(&w.tx, &dialect, w.now)?;
                let present = match current(&w.tx)? {
                    known if is_of(&w.tx, known, &dialect)? => GenerationId(known),
                    _ => present,
                };
                let unnamed = w.tx.execute(
                    "UPDATE generation SET user_id = ?2 WHERE id = ?1 AND coalesce(user_id, ?2) = ?2",
                    params![present.0, user.as_str()],
                )?;
                if unnamed > 0 {
                    return Ok(());
                }
                let known = w
                    .tx
                    .prepare_cached(
                        "SELECT id FROM generation WHERE dialect = ?1 AND user_id = ?2 ORDER BY id DESC LIMIT 1",
                    )?
                    .query_row(params![dialect, user.as_str()], |row| row.get(0))
                    .optional()?;
                let to = if let Some(known) = known {
                    known
                } else {
                    w.tx.execute(
                        "INSERT INTO generation (dialect, first_seen, user_id) VALUES (?1, ?2, ?3)",
                        params![dialect, now, user.as_str()],
                    )?;
                    w.tx.last_insert_rowid()
                };
                settings::set(&w.tx, CURRENT, &serde_json::to_string(&GenerationId(to))?)
            })
            .await
    }
}

fn is_of(c: &Connection, generation: i64, dialect: &str) -> Result<bool> {
    let mut query = c.prepare_cached("SELECT 1 FROM generation WHERE id = ?1 AND dialect = ?2")?;
    Ok(query.exists(params![generation, dialect])?)
}

/// The generation of a dialect, made if there is none, as the current one from now on.
pub(crate) fn make_current(w: &mut Write<'_>, dialect: &str) -> Result<GenerationId> {
    let id = find_or_make(&w.tx, dialect, w.now)?;
    settings::set(&w.tx, CURRENT, &serde_json::to_string(&id)?)?;
    Ok(id)
}

/// The generation of a dialect: the current one if it is of it, else the latest. `None` before it has answered.
pub(crate) fn of(c: &Connection, dialect: &str) -> Result<Option<GenerationId>> {
    let mut query = c.prepare_cached(
        "SELECT id FROM generation WHERE dialect = ?1 ORDER BY id = ?2 DESC, id DESC LIMIT 1",
    )?;
    let found = query.query_row(params![dialect, current(c)?], |row| row.get(0)).optional()?;
    Ok(found.map(GenerationId))
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
