//! The outbox in the database: what the service has yet to hear, and the journal of what it has heard.
//!
//! An operation's content never changes (a trigger sees to it); only its state does. Only who holds the lock
//! of the sync may call [`Library::pending_operations`] and what follows from it: whatever is marked as being
//! sent is then what an earlier holder left behind, cut off or killed, and not on its way any more.

use jiff::Timestamp;
use melody_model::{EntryId, OperationId, ServerId, SongId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Acknowledgement, Action, Error, GenerationId, Library, Operation, OperationKind, OperationState,
    OutboxStatus, Outcome, ParkedOp, PlaysBefore, Result, entries, fold, generations, plays, rows,
    worker::Write,
};

impl Library {
    /// The operations that may go out now, in order, at most one for each song: what cancels out has been
    /// folded, and what an earlier operation of its song holds back is not offered. What an earlier attempt
    /// left marked as being sent is offered as uncertain.
    pub async fn pending_operations(&self, limit: u32) -> Result<Vec<Operation>> {
        self.workers
            .write(move |w| {
                fold_all(w)?;
                // A refused play holds back nothing; a refused addition or removal holds back its song. A play of an
                // entry that this generation has not named waits itself for the addition that was queued behind it.
                let mut query = w.tx.prepare_cached(&format!(
                    "{OPERATIONS} WHERE o.done_at IS NULL
                       AND o.state IN ('queued', 'sending')
                       AND NOT EXISTS (SELECT 1 FROM operation p
                                       WHERE p.song = o.song AND p.done_at IS NULL AND p.seq < o.seq
                                         AND NOT (p.state = 'parked' AND p.kind = 'play')
                                         AND NOT (p.kind = 'play' AND o.kind = 'add' AND {UNNAMED}))
                     ORDER BY o.seq LIMIT ?2"
                ))?;
                let current = generations::current(&w.tx)?;
                let found = query.query_map(params![current, limit], |row| operation(row, current))?;
                Ok(found.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Notes that an operation is about to go out, and what the service counted before; what an earlier attempt left marked so is uncertain from
    /// now on. `false` if it is done or parked: it must not.
    pub async fn mark_sending(&self, op: OperationId) -> Result<bool> {
        self.workers
            .write(move |w| {
                let changed = w.tx.execute(
                    "UPDATE operation SET attempts = attempts + 1,
                            uncertain = uncertain OR state = 'sending',
                            unclear_at = CASE state WHEN 'sending' THEN sent_at ELSE unclear_at END,
                            state = 'sending', sent_at = ?2, (before_count, before_played_at) =
                                (SELECT x.play_count, x.last_played_at FROM entry_server_id x
                                 JOIN entry e ON e.n = x.entry
                                 WHERE e.song = operation.song AND x.generation = ?3)
                     WHERE id = ?1 AND state IN ('queued', 'sending')",
                    params![op.0, w.now.as_microsecond(), generations::current(&w.tx)?],
                )?;
                Ok(changed > 0)
            })
            .await
    }

    /// Notes that the service heard an operation: its ids and counts are written and the operation moves to
    /// the journal, at once. `false` if it was there already.
    pub async fn acknowledge(&self, op: OperationId, heard: Acknowledgement) -> Result<bool> {
        self.workers.write(move |w| acknowledge(w, op, &heard)).await
    }

    /// Sets an operation aside that the service refuses, with the reason to show.
    pub async fn park(&self, op: OperationId, reason: &str) -> Result<bool> {
        let reason = reason.to_owned();
        self.workers
            .write(move |w| {
                let changed = w.tx.execute(
                    "UPDATE operation SET state = 'parked', reason = ?2
                     WHERE id = ?1 AND done_at IS NULL",
                    params![op.0, reason],
                )?;
                moved(w, op, changed)
            })
            .await
    }

    /// Gives a parked operation up: of its song stays here what the service has of it, as far as that is known. What
    /// waits behind a refused addition goes with it. `false` if it is not parked.
    pub async fn discard(&self, op: OperationId) -> Result<bool> {
        self.workers.write(move |w| discard(w, op)).await
    }

    /// Puts an operation back among the queued ones, after an attempt that failed or when a parked one is
    /// to be tried again.
    pub async fn release(&self, op: OperationId, outcome: Outcome) -> Result<bool> {
        self.workers
            .write(move |w| {
                let changed = w.tx.execute(
                    "UPDATE operation SET state = 'queued', reason = NULL,
                            uncertain = CASE ?2 WHEN 'unknown' THEN 1 WHEN 'refuted' THEN 0 ELSE uncertain END,
                            unclear_at = CASE ?2 WHEN 'unknown' THEN ?3 WHEN 'refuted' THEN NULL ELSE unclear_at END
                     WHERE id = ?1 AND done_at IS NULL",
                    params![op.0, outcome.as_str(), w.now.as_microsecond()],
                )?;
                moved(w, op, changed)
            })
            .await
    }

    /// Ends an operation that may have been taken and is not sent again. `false` if it is done already.
    pub async fn end_uncertain(&self, op: OperationId) -> Result<bool> {
        self.workers.write(move |w| end(w, op, "state = 'done', unsettled = 1")).await
    }

    /// Ends an operation that has nowhere to go any more. `false` if it is done already.
    pub async fn end_moot(&self, op: OperationId) -> Result<bool> {
        self.workers.write(move |w| end(w, op, "state = 'folded'")).await
    }

    /// What is pending and what is parked.
    pub async fn outbox_status(&self) -> Result<OutboxStatus> {
        self.workers
            .read(|c| {
                let pending: i64 = c.query_row(
                    "SELECT count(*) FROM operation WHERE done_at IS NULL AND state <> 'parked'",
                    [],
                    |row| row.get(0),
                )?;
                let mut parked = c.prepare_cached(
                    "SELECT o.id, o.payload, s.id, s.title, o.reason
                     FROM operation o JOIN song s ON s.n = o.song
                     WHERE o.done_at IS NULL AND o.state = 'parked' ORDER BY o.seq",
                )?;
                let parked = parked.query_map([], |row| {
                    let kind = rows::json::<Action>(row, 1)?.kind();
                    let title: String = row.get(3)?;
                    Ok(ParkedOp {
                        op: OperationId(row.get(0)?),
                        kind,
                        song: SongId(row.get(2)?),
                        what: format!("{} {title}", kind.as_str()),
                        title,
                        reason: row.get(4)?,
                    })
                })?;
                let uncertain: i64 =
                    c.query_row("SELECT count(*) FROM operation WHERE unsettled", [], |row| row.get(0))?;
                Ok(OutboxStatus {
                    pending: pending.unsigned_abs(),
                    parked: parked.collect::<rusqlite::Result<_>>()?,
                    uncertain: uncertain.unsigned_abs(),
                })
            })
            .await
    }

    /// Forgets operations of the journal that were done before a moment; answers how many.
    pub async fn prune_journal(&self, before: Timestamp) -> Result<usize> {
        self.workers
            .write(move |w| {
                w.tx.execute("DELETE FROM acknowledgement WHERE at < ?1", [before.as_microsecond()])?;
                Ok(w.tx.execute("DELETE FROM operation WHERE done_at < ?1", [before.as_microsecond()])?)
            })
            .await
    }
}

/// The start of a query for operations; `?1` is the current generation.
const OPERATIONS: &str = "SELECT o.id, o.seq, s.id, o.entry, o.payload, o.created_at, o.state, o.attempts,
        o.uncertain,
        (SELECT x.server_id FROM song_server_id x WHERE x.song = o.song AND x.generation = ?1),
        (SELECT x.server_id FROM entry_server_id x JOIN entry e ON e.n = x.entry
         WHERE e.id = o.entry AND x.generation = ?1),
        CASE o.state WHEN 'sending' THEN o.sent_at ELSE coalesce(o.unclear_at, o.created_at) END,
        o.before_count, o.before_played_at,
        (SELECT max(coalesce(p.unclear_at, CASE p.state WHEN 'sending' THEN p.sent_at END)) FROM operation p
         WHERE p.song = o.song AND p.kind = 'add' AND p.seq < o.seq),
        EXISTS (SELECT 1 FROM operation p WHERE p.song = o.song AND p.done_at IS NULL AND p.kind = 'remove'
                                            AND p.seq > o.seq),
        s.title
     FROM operation o JOIN song s ON s.n = o.song";

/// Whether an operation's song has no entry that the current generation has named; `?1` is that generation.
const UNNAMED: &str = "NOT EXISTS (SELECT 1 FROM entry_server_id x JOIN entry e ON e.n = x.entry
                                   WHERE e.song = o.song AND x.generation = ?1)";

/// Reads a row of [`OPERATIONS`].
fn operation(row: &Row<'_>, current: i64) -> rusqlite::Result<Operation> {
    let action: Action = rows::json(row, 4)?;
    let state = match row.get_ref(6)?.as_str()? {
        "sending" => OperationState::Sending,
        "parked" => OperationState::Parked,
        _ => OperationState::Queued,
    };
    let seen = match &action {
        Action::Remove { seen } => seen.get(&GenerationId(current)).cloned(),
        _ => None,
    };
    let uncertain = row.get::<_, bool>(8)? || state == OperationState::Sending;
    let before = match row.get::<_, Option<u64>>(12)? {
        Some(count) => Some(PlaysBefore { count, last_played_at: rows::time_or_none(row, 13)? }),
        None => None,
    };
    Ok(Operation {
        id: OperationId(row.get(0)?),
        seq: row.get::<_, i64>(1)?.unsigned_abs(),
        song: SongId(row.get(2)?),
        entry: EntryId(row.get(3)?),
        action,
        created_at: rows::time(row, 5)?,
        state,
        attempts: row.get(7)?,
        uncertain,
        unclear_at: rows::time_or_none(row, 11)?.filter(|_| uncertain),
        before,
        addition_unclear_at: rows::time_or_none(row, 14)?,
        removal_follows: row.get(15)?,
        title: row.get(16)?,
        song_server_id: row.get::<_, Option<String>>(9)?.map(ServerId),
        entry_server_id: seen.or(row.get::<_, Option<String>>(10)?.map(ServerId)),
    })
}

/// Appends an operation, in the transaction of the change that it tells.
pub(crate) fn queue(w: &mut Write<'_>, song: i64, entry: EntryId, action: &Action) -> Result<()> {
    queue_for(w, song, entry, action, None, None)
}

/// The same for an operation that replays another one, or that a switch of backend makes necessary.
pub(crate) fn queue_for(
    w: &mut Write<'_>,
    song: i64,
    entry: EntryId,
    action: &Action,
    root: Option<OperationId>,
    switch: Option<i64>,
) -> Result<()> {
    w.tx.prepare_cached(
        "INSERT INTO operation (id, song, entry, kind, payload, created_at, root, switch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        OperationId::new().0,
        song,
        entry.0,
        action.kind().as_str(),
        serde_json::to_string(action)?,
        w.now.as_microsecond(),
        root.map(|root| root.0),
        switch,
    ])?;
    w.changes.outbox = true;
    Ok(())
}

/// Whether a song (by its row) has an operation that the service has yet to hear.
pub(crate) fn has_live(c: &Connection, song: i64) -> Result<bool> {
    let mut query = c.prepare_cached("SELECT 1 FROM operation WHERE song = ?1 AND done_at IS NULL")?;
    Ok(query.exists([song])?)
}

/// Folds what cancels out, over all songs that have more than one operation.
fn fold_all(w: &mut Write<'_>) -> Result<()> {
    let songs =
        w.tx.prepare_cached(
            "SELECT song FROM operation WHERE done_at IS NULL GROUP BY song
             HAVING count(*) > 1 AND sum(kind <> 'play') > 1",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    for song in songs {
        let current = generations::current(&w.tx)?;
        let operations = w
            .tx
            .prepare_cached(&format!("{OPERATIONS} WHERE o.song = ?2 AND o.done_at IS NULL ORDER BY o.seq"))?
            .query_map([current, song], |row| operation(row, current))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let folded = fold(&operations);
        for op in &folded {
            w.tx.prepare_cached(
                "UPDATE operation SET state = 'folded', done_at = ?2, reason = NULL WHERE id = ?1",
            )?
            .execute(params![op.0, w.now.as_microsecond()])?;
        }
        if !folded.is_empty() {
            settle(w, song)?;
            for operation in operations.iter().filter(|operation| folded.contains(&operation.id)) {
                touch(w, operation.song, operation.entry);
            }
        }
    }
    Ok(())
}

fn discard(w: &mut Write<'_>, op: OperationId) -> Result<bool> {
    let current = generations::current(&w.tx)?;
    let found =
        w.tx.prepare_cached(&format!("{OPERATIONS} WHERE o.id = ?2 AND o.state = 'parked'"))?
            .query_row(params![current, op.0], |row| operation(row, current))
            .optional()?;
    let Some(operation) = found else { return Ok(false) };
    let song = rows::song_number(&w.tx, operation.song)?.ok_or(Error::UnknownSong(operation.song))?;
    let given_up = match operation.action.kind() {
        // The listen was one, whoever counts it.
        OperationKind::Play => {
            plays::keep_one(&w.tx, current, song)?;
            "id = ?1"
        }
        OperationKind::Remove => {
            w.tx.execute("UPDATE entry SET removed_at = NULL WHERE song = ?1", [song])?;
            "id = ?1"
        }
        OperationKind::Add if operation.entry_server_id.is_some() => "id = ?1",
        OperationKind::Add => {
            let now = w.now.as_microsecond();
            w.tx.execute("UPDATE entry SET removed_at = ?2 WHERE song = ?1", [song, now])?;
            "song = (SELECT song FROM operation WHERE id = ?1)"
        }
    };
    w.tx.execute(
        &format!(
            "UPDATE operation SET state = 'folded', done_at = ?2, reason = NULL WHERE done_at IS NULL AND {given_up}"
        ),
        params![op.0, w.now.as_microsecond()],
    )?;
    settle(w, song)?;
    touch(w, operation.song, operation.entry);
    Ok(true)
}

/// Lets go of a removed entry once the service has nothing more to hear of it.
fn settle(w: &Write<'_>, song: i64) -> Result<()> {
    w.tx.prepare_cached(
        "DELETE FROM entry WHERE song = ?1 AND removed_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM operation o WHERE o.song = ?1 AND o.done_at IS NULL)",
    )?
    .execute([song])?;
    Ok(())
}

fn acknowledge(w: &mut Write<'_>, op: OperationId, heard: &Acknowledgement) -> Result<bool> {
    let current = heard.generation.0;
    let found =
        w.tx.prepare_cached(&format!("{OPERATIONS} WHERE o.id = ?2 AND o.done_at IS NULL"))?
            .query_row(params![current, op.0], |row| operation(row, current))
            .optional()?;
    let Some(operation) = found else { return Ok(false) };
    w.tx.execute(
        "UPDATE operation SET state = 'done', reason = NULL, done_at = ?2, done_generation = ?3
         WHERE id = ?1",
        params![op.0, w.now.as_microsecond(), current],
    )?;
    w.tx.execute(
        "INSERT OR IGNORE INTO acknowledgement (root, generation, at)
         SELECT coalesce(root, id), ?2, ?3 FROM operation WHERE id = ?1",
        params![op.0, current, w.now.as_microsecond()],
    )?;
    let song = rows::song_number(&w.tx, operation.song)?.ok_or(Error::UnknownSong(operation.song))?;
    match (&operation.action, &heard.entry_server_id) {
        (Action::Remove { .. }, _) => {
            if let Some(gone) = &operation.entry_server_id {
                entries::forget_server_id(&w.tx, heard.generation, gone)?;
            }
            // Refused plays of what is gone have nowhere to go, not even when they are tried again.
            w.tx.execute(
                "UPDATE operation SET state = 'folded', done_at = ?2, reason = NULL
                 WHERE song = ?1 AND seq < ?3 AND kind = 'play' AND state = 'parked'",
                params![song, w.now.as_microsecond(), operation.seq.cast_signed()],
            )?;
        }
        (_, Some(id)) => {
            if let Some(entry) = entries::of_song(&w.tx, song)? {
                entries::name(&w.tx, heard.generation, id, entry.n)?;
            }
        }
        (_, None) => {}
    }
    if let Some(entry) = entries::of_song(&w.tx, song)? {
        let played = operation.action.kind() == OperationKind::Play;
        plays::heard(&w.tx, current, &entry, heard.play_count, heard.last_played_at, played)?;
    }
    settle(w, song)?;
    touch(w, operation.song, operation.entry);
    Ok(true)
}

/// Ends an operation that was not acknowledged.
fn end(w: &mut Write<'_>, op: OperationId, how: &str) -> Result<bool> {
    let changed = w.tx.execute(
        &format!("UPDATE operation SET {how}, reason = NULL, done_at = ?2 WHERE id = ?1 AND done_at IS NULL"),
        params![op.0, w.now.as_microsecond()],
    )?;
    if changed > 0 {
        let song = w.tx.query_row("SELECT song FROM operation WHERE id = ?1", [op.0], |row| row.get(0))?;
        settle(w, song)?;
    }
    moved(w, op, changed)
}

/// What is stale after an update of an operation's state that changed `changed` rows.
fn moved(w: &mut Write<'_>, op: OperationId, changed: usize) -> Result<bool> {
    if changed == 0 {
        return Ok(false);
    }
    let (song, entry) = w.tx.query_row(
        "SELECT s.id, o.entry FROM operation o JOIN song s ON s.n = o.song WHERE o.id = ?1",
        [op.0],
        |row| Ok((SongId(row.get(0)?), EntryId(row.get(1)?))),
    )?;
    touch(w, song, entry);
    Ok(true)
}

fn touch(w: &mut Write<'_>, song: SongId, entry: EntryId) {
    entries::touch(w, song, entry);
    w.changes.outbox = true;
}
