//! Whether the file is what SQLite wrote.

use rusqlite::Connection;

use crate::{Error, Library, Result};

impl Library {
    /// Reads the whole file and compares its indexes with its tables. `Error::Damaged` says what is wrong.
    pub async fn check_integrity(&self) -> Result<()> {
        let found: String = self
            .workers
            .read(|c| Ok(c.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?))
            .await?;
        if found == "ok" { Ok(()) } else { Err(Error::Damaged { what: found }) }
    }
}

/// Reads the whole file, without comparing its indexes with its tables.
pub(crate) fn quick_check(c: &Connection) -> Result<()> {
    let found: String = c.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Error::Damaged { what: found }) }
}
