//! Opening the file: ours and no newer, writable where the disk allows it, readable where it does not.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, ffi};

use crate::{
    Error, Result, integrity,
    marker::Marker,
    rescue::{self, Rescue},
    schema,
};

/// Readers beside the writer: one for what the screen shows, one for what happens meanwhile.
const READERS: usize = 2;

/// How long a short write waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long opening waits for another process that makes or migrates the file, and how often it looks.
const MIGRATION_PATIENCE: Duration = Duration::from_secs(10);
const OPEN_RETRY: Duration = Duration::from_millis(20);

/// Page cache of each connection. The whole process has 40 MB for everything.
const CACHE_KIB: i64 = 2_000;

/// The writer's, which takes it only while much is written: ids are random, so a page of a library touches thousands of
/// pages of the file, and what does not fit is written twice.
const WRITER_CACHE_KIB: i64 = 16_000;

/// Pages of the journal after which it is moved into the file: as much as it shrinks back to.
const CHECKPOINT_PAGES: i64 = JOURNAL_BYTES / 4_096;

/// What the journal beside the database shrinks back to after a large write.
const JOURNAL_BYTES: i64 = 16 * 1024 * 1024;

/// Bytes of the smallest database: one page of the smallest size.
const SMALLEST: u64 = 512;

/// The connections of one database.
pub(crate) struct Opened {
    pub writer: Connection,
    pub readers: Vec<Connection>,
    /// Why the disk allows no writing, if it does not.
    pub refusal: Option<Error>,
    /// What was done about a damaged file.
    pub rescue: Option<Rescue>,
    /// Says that the file is open. None where nothing can be written.
    pub marker: Option<Marker>,
}

/// Opens the file, creating and migrating it; read-only if that is all the disk allows. A damaged one of ours is
/// rescued, unless somebody else has it open.
pub(crate) fn open(path: &Path) -> Result<Opened> {
    if let Some(folder) = path.parent() {
        // Whether there is one after that is seen when it is needed.
        let _ = fs::create_dir_all(folder);
    }
    // Where nothing can be written nothing can be rescued, and it is opened as it is.
    let mut marker = Marker::take(path).ok();
    let alone = marker.as_ref().is_some_and(|marker| marker.alone);
    if alone {
        rescue::finish(path).map_err(|error| error.at(path))?;
    }
    create(path)?;
    let left = marker.as_ref().is_some_and(|marker| marker.left);
    let mut opened = match open_at_all(path, left) {
        Err(error @ Error::Damaged { .. }) if alone && rescue::is_ours(path) => {
            let rescue = rescue::rescue(path, &error).map_err(|error| error.at(path))?;
            let opened = open_at_all(path, false)?;
            Opened { rescue: Some(rescue), ..opened }
        }
        opened => opened?,
    };
    if let Some(marker) = &mut marker {
        marker.share()?;
    }
    opened.marker = marker;
    Ok(opened)
}

fn open_at_all(path: &Path, look: bool) -> Result<Opened> {
    match open_when_free(path, look) {
        Err(Refused::NotWritable(refusal)) => open_read_only(path, refusal),
        Err(Refused::Other(error)) => Err(error),
        Ok(opened) => Ok(opened),
    }
    .map_err(|error| error.at(path))
}

/// Makes the folder and an empty file, so that a place which forbids it is told from a file that is broken.
fn create(path: &Path) -> Result<()> {
    if let Ok(found) = fs::metadata(path) {
        // SQLite takes some files too short for a header for new ones.
        let cut_short = found.is_file() && (1..SMALLEST).contains(&found.len());
        return if cut_short { Err(Error::unreadable("it is not a database").at(path)) } else { Ok(()) };
    }
    let made = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).map(drop));
    made.map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Error::ReadOnly,
        _ => Error::from(error).at(path),
    })
}

enum Refused {
    NotWritable(Error),
    Other(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::ReadOnly | Error::Full => Self::NotWritable(error),
            other => Self::Other(other),
        }
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        // A writable file in a folder that is not: the journal beside it can't be made.
        if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) {
            return Self::NotWritable(Error::ReadOnly);
        }
        // A full disk has no room for what connections share beside the journal.
        if error.sqlite_error().map(|e| e.extended_code) == Some(ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::NotWritable(Error::Full);
        }
        Error::from(error).into()
    }
}

/// Waits for whoever is making or migrating the file at this moment: SQLite does not wait for a change of the journal's
/// mode.
fn open_when_free(path: &Path, look: bool) -> Result<Opened, Refused> {
    let deadline = Instant::now() + MIGRATION_PATIENCE;
    loop {
        match open_writable(path, look) {
            Err(Refused::Other(Error::Busy)) if Instant::now() < deadline => std::thread::sleep(OPEN_RETRY),
            opened => return opened,
        }
    }
}

/// Opens for writing; `look` has the whole file looked at first.
fn open_writable(path: &Path, look: bool) -> Result<Opened, Refused> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut writer = Connection::open_with_flags(path, flags)?;
    // Closing a file that turns out not to be ours must not move its journal into it.
    let journal_in_use = has_journal(path);
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, journal_in_use)?;
    tune(&writer)?;
    first_look(&writer)?;
    schema::guard(&writer)?;
    if look {
        integrity::quick_check(&writer)?;
    }
    if writer.is_readonly("main")? {
        return Err(Refused::NotWritable(Error::ReadOnly));
    }
    writer.pragma_update(None, "journal_mode", "WAL")?;
    // Each commit is on the disk before it is confirmed; the second line is what macOS needs for that.
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "fullfsync", true)?;
    writer.pragma_update(None, "journal_size_limit", JOURNAL_BYTES)?;
    writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    writer.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    writer.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut writer)?;
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let readers = (0..READERS)
        .map(|_| {
            let reader = Connection::open_with_flags(path, flags)?;
            tune(&reader)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(reader)
        })
        .collect::<Result<_>>()?;
    Ok(Opened { writer, readers, refusal: None, rescue: None, marker: None })
}

fn open_read_only(path: &Path, refusal: Error) -> Result<Opened> {
    let plain = path.to_owned();
    let connect = |address: &Path| -> Result<Connection> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(address, flags)?;
        tune(&connection)?;
        first_look(&connection)?;
        Ok(connection)
    };
    let (address, writer) = match connect(&plain) {
        Ok(connection) => (plain, connection),
        Err(error @ Error::Damaged { .. }) => return Err(error),
        Err(_) if has_journal(path) => {
            let what =
                "its disk is full or read-only, and the last changes are still in the journal beside it";
            return Err(Error::Io { what: what.to_owned() });
        }
        Err(_) => {
            // Nobody can write here, us included: the file may be read as it lies. (On a full disk that holds
            // until there is room again, and a listener is not left without their songs meanwhile.)
            let address = immutable(path);
            let connection = connect(&address)?;
            (address, connection)
        }
    };
    if schema::guard(&writer)? < schema::VERSION {
        return Err(refusal);
    }
    let readers = (0..READERS).map(|_| connect(&address)).collect::<Result<_>>()?;
    Ok(Opened { writer, readers, refusal: Some(refusal), rescue: None, marker: None })
}

/// The first real read: it finds what the file is and whether its journal can be used.
fn first_look(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Whether a journal with content lies beside the file. Asked without opening anything: closing a
/// second descriptor would drop the locks that this process may hold on the file.
fn has_journal(path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    fs::metadata(PathBuf::from(journal)).is_ok_and(|found| found.len() > 0)
}

/// The file's address as a URI that promises that nobody changes it.
fn immutable(path: &Path) -> PathBuf {
    let mut address = String::from("file:");
    for c in path.to_string_lossy().chars() {
        match c {
            '%' => address.push_str("%25"),
            '?' => address.push_str("%3f"),
            '#' => address.push_str("%23"),
            _ => address.push(c),
        }
    }
    address.push_str("?immutable=1");
    PathBuf::from(address)
}
