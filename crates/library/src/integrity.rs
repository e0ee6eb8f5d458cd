//! Whether the file is what SQLite wrote.

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
