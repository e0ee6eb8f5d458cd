//! A damaged database: put aside as it is, and replaced by one that holds what could be read of it.
//!
//! Whoever calls this holds the marker alone: nobody has the database open. The new one is complete before the old
//! one moves, and a kill at any moment leaves the way to go on.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
};

use jiff::Timestamp;
use rusqlite::{Connection, config::DbConfig};
use serde::{Deserialize, Serialize};

use crate::{Error, Library, Result, files, salvage, schema, settings};

/// The setting in which the last rescue is kept.
const RESCUED: &str = "library.rescued";

/// A finished replacement, which only has to take the old one's place.
const READY: &str = ".rescued";
/// What is being worked on; a leftover is worth nothing.
const WORK: [&str; 4] = [".work", ".work-wal", ".work-shm", ".new"];

/// What was done about a damaged file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescue {
    pub at: Timestamp,
    /// The damaged file's name now, in the library's folder.
    pub kept_as: String,
    /// The tables that could not be read in full.
    pub lost: Vec<String>,
}

impl Library {
    /// What was done about a damaged file the last time that there was one.
    pub async fn rescued(&self) -> Result<Option<Rescue>> {
        let kept = self.setting(RESCUED).await?;
        Ok(kept.map(serde_json::from_value).transpose()?)
    }
}

/// Whether a file that cannot be opened is a library of ours all the same: its mark is where SQLite keeps it.
pub(crate) fn is_ours(database: &Path) -> bool {
    let mut head = [0; 72];
    let read = File::open(database).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok()
        && i64::from(u32::from_be_bytes([head[68], head[69], head[70], head[71]])) == schema::APPLICATION_ID
}

/// Goes on where a kill ended a rescue that was ready.
pub(crate) fn finish(database: &Path) -> Result<()> {
    let ready = files::beside(database, READY);
    if !ready.try_exists()? {
        return Ok(());
    }
    let connection = Connection::open(&ready)?;
    let json = settings::get(&connection, RESCUED)?;
    drop(connection);
    match json.map(|json| serde_json::from_str::<Rescue>(&json)).transpose()? {
        Some(rescue) => put_in_place(database, &rescue),
        // Not one of ours.
        None => Ok(()),
    }
}

/// Puts a damaged database aside, with what was in its journal, and another one in its place.
pub(crate) fn rescue(database: &Path, why: &Error) -> Result<Rescue> {
    tracing::warn!(%why, "the library is damaged; what can be read of it is saved");
    for leftover in WORK {
        files::remove(&files::beside(database, leftover))?;
    }
    let now = Timestamp::now();
    let name = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut rescue = Rescue {
        at: now,
        kept_as: format!("{name}.damaged-{}", now.strftime("%Y%m%dT%H%M%SZ")),
        lost: Vec::new(),
    };
    // Reading moves the journal into the file: it is done in a copy, and what is put aside stays as it was.
    let work = files::beside(database, ".work");
    fs::copy(database, &work)?;
    match fs::copy(files::beside(database, "-wal"), files::beside(database, ".work-wal")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    mend_header(&work)?;
    let new = files::beside(database, ".new");
    let mut into = Connection::open(&new)?;
    schema::migrate(&mut into)?;
    rescue.lost = salvage::salvage(&work, &mut into)?;
    settings::set(&into, RESCUED, &serde_json::to_string(&rescue)?)?;
    into.close().map_err(|(_, error)| error)?;
    File::open(&new)?.sync_all()?;
    fs::rename(&new, files::beside(database, READY))?;
    files::sync_folder(database)?;
    put_in_place(database, &rescue)?;
    if rescue.lost.is_empty() {
        tracing::warn!(kept_as = rescue.kept_as, "the library was made anew, and nothing of it is lost");
    } else {
        tracing::warn!(kept_as = rescue.kept_as, lost = ?rescue.lost, "the library was made anew, in part");
    }
    Ok(rescue)
}

/// Each step may have been done already.
fn put_in_place(database: &Path, rescue: &Rescue) -> Result<()> {
    let aside = database.with_file_name(&rescue.kept_as);
    if !aside.try_exists()? {
        files::rename(&files::beside(database, "-wal"), &files::beside(&aside, "-wal"))?;
        files::remove(&files::beside(database, "-shm"))?;
        files::rename(database, &aside)?;
    }
    files::rename(&files::beside(database, READY), database)?;
    for leftover in WORK {
        files::remove(&files::beside(database, leftover))?;
    }
    Ok(files::sync_folder(database)?)
}

/// Gives a file the first bytes that every database of ours has, so that the rest of it can be read without them.
fn mend_header(work: &Path) -> Result<()> {
    /// The magic word; pages of 4,096 bytes; written and read with a journal beside it; what SQLite fixes.
    const HEADER: &[u8; 24] = b"SQLite format 3\0\x10\x00\x02\x02\x00\x40\x20\x20";
    let mut file = OpenOptions::new().read(true).write(true).open(work)?;
    let mut found = [0; HEADER.len()];
    file.read_exact(&mut found)?;
    if found != *HEADER {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(HEADER)?;
    }
    Ok(())
}

/// Opens the copy of a damaged database for reading whatever can be read.
pub(crate) fn open_damaged(work: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(work)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    // A description of the tables that is wrong in places still describes the others.
    connection.pragma_update(None, "writable_schema", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}
