//! The copy that is kept of a database before its schema changes: the latest only.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::{Result, files};

/// Keeps `library.db.before-N`, where N is the version that the database is about to get. The caller holds the
/// right to write: nobody changes the database while it is copied.
pub(crate) fn keep(database: &Path, next: i64) -> Result<()> {
    let copy = files::beside(database, &format!(".before-{next}"));
    let new = files::beside(database, ".copy");
    files::remove(&new)?;
    let reader = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    reader.execute("VACUUM INTO ?1", [new.to_string_lossy()])?;
    drop(reader);
    File::open(&new)?.sync_all()?;
    fs::rename(&new, &copy)?;
    files::sync_folder(database)?;
    for old in copies(database)?.iter().filter(|old| **old != copy) {
        files::remove(old)?;
    }
    Ok(())
}

/// All copies of a database.
fn copies(database: &Path) -> Result<Vec<PathBuf>> {
    let folder = database.parent().unwrap_or(Path::new("."));
    let mut prefix = database.file_name().map_or_else(OsString::new, OsString::from);
    prefix.push(".before-");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}
