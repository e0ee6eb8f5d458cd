//! The schema's versions, and how a database comes from any of them to the newest.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::{Error, Result, backup};

/// Step `i` takes a database from version `i` to `i + 1`. A released step never changes.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
];

/// The schema version that this program writes.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Marks the file as ours (`MLDY`), so that another program's database is never written to.
pub(crate) const APPLICATION_ID: i64 = 0x4D4C_4459;

/// The database's schema version; 0 for a new file.
pub(crate) fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Refuses what this program must not touch: a newer schema, or another program's database.
pub(crate) fn guard(connection: &Connection) -> Result<i64> {
    let found = version(connection)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let empty = !connection.prepare("SELECT 1 FROM sqlite_schema")?.exists([])?;
    if application != APPLICATION_ID && !(empty && application == 0) {
        return Err(Error::unreadable("it is not a library of Melody Studio"));
    }
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    Ok(found)
}

/// Brings the database to the newest version, in one transaction. What a file was before is kept beside it.
pub(crate) fn migrate(connection: &mut Connection) -> Result<()> {
    if guard(connection)? == VERSION {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have come first.
    let from = guard(&tx)?;
    if from > 0
        && from < VERSION
        && let Some(file) = tx.path().filter(|path| !path.is_empty())
    {
        backup::keep(Path::new(file), VERSION)?;
    }
    for step in STEPS.iter().skip(usize::try_from(from).map_err(Error::unreadable)?) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(connection: &Connection) -> Vec<(String, Option<String>)> {
        connection
            .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    /// A database as the first `version` steps made it.
    fn of_version(version: usize) -> Connection {
        let old = Connection::open_in_memory().unwrap();
        for step in &STEPS[..version] {
            old.execute_batch(step).unwrap();
        }
        old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
        old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        old
    }

    #[test]
    fn downloads_of_the_first_version_are_kept_and_what_was_running_is_queued() {
        let mut old = of_version(1);
        old.execute_batch(
            "INSERT INTO song VALUES (1, x'01', 1, 1, 'A', '', NULL, NULL, NULL, '[]', NULL, 0, 0, NULL, '{}', '{}');
             INSERT INTO download VALUES (1, 'original', 'done', 'audio/a.flac', 9, 9, NULL, 1),
                                         (1, 'instrumental', 'running', NULL, 3, 9, NULL, 1);",
        )
        .unwrap();
        migrate(&mut old).unwrap();
        let kept = |rendition: &str| -> (String, Option<String>, i64, Option<String>) {
            old.query_row(
                "SELECT state, path, bytes, validator FROM download WHERE rendition = ?1",
                [rendition],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap()
        };
        assert_eq!(kept("original"), ("done".into(), Some("audio/a.flac".into()), 9, None));
        assert_eq!(kept("instrumental"), ("queued".into(), None, 3, None));
    }

    #[test]
    fn a_migrated_schema_equals_a_fresh_one() {
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh).unwrap();
        for from in 1..=STEPS.len() {
            let mut old = of_version(from);
            migrate(&mut old).unwrap();
            assert_eq!(dump(&old), dump(&fresh), "from version {from}");
            assert_eq!(version(&old).unwrap(), VERSION);
        }
    }
}
