//! The one database behind both dialects: opening it, its tables, and calls that leave the runtime free.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::errors::ApiError;
use crate::options::Dialect;

/// The database's file, in the folder of the data.
pub(crate) const DATABASE: &str = "server.db";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS loaded (catalogue TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS songs (
    id INTEGER PRIMARY KEY, blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL, title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT, language TEXT NOT NULL,
    genre TEXT NOT NULL, release_year INTEGER NOT NULL, popularity INTEGER NOT NULL, explicit INTEGER NOT NULL,
    duration INTEGER NOT NULL, seed INTEGER NOT NULL, lyrics TEXT, bpm INTEGER NOT NULL, key TEXT NOT NULL,
    energy REAL NOT NULL, danceability REAL NOT NULL, has_instrumental INTEGER NOT NULL,
    spotify TEXT, youtube TEXT, lastfm TEXT, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS songs_popularity ON songs (popularity DESC, id);
CREATE VIRTUAL TABLE IF NOT EXISTS songs_text USING fts5 (title, artist, album, prefix = '1 2 3',
    tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc So'\");
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE,
    country_code TEXT NOT NULL, number TEXT NOT NULL, name TEXT, preferences TEXT NOT NULL DEFAULT '{}',
    playtime INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, last_login_at INTEGER,
    UNIQUE (country_code, number));
CREATE TABLE IF NOT EXISTS avatars (
    user_id INTEGER PRIMARY KEY REFERENCES users (id), mime TEXT NOT NULL, bytes BLOB NOT NULL,
    revision INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id), song_id INTEGER NOT NULL REFERENCES songs (id),
    added_at INTEGER NOT NULL, play_count INTEGER NOT NULL DEFAULT 0, last_played_at INTEGER,
    UNIQUE (user_id, song_id));
CREATE INDEX IF NOT EXISTS entries_added ON entries (user_id, added_at DESC, id DESC);
CREATE TABLE IF NOT EXISTS conversions (
    id INTEGER PRIMARY KEY, blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id), song_id INTEGER NOT NULL REFERENCES songs (id),
    urgency INTEGER NOT NULL, status TEXT NOT NULL, progress INTEGER NOT NULL DEFAULT 0, error TEXT,
    created_at INTEGER NOT NULL, started_at INTEGER, completed_at INTEGER,
    fails INTEGER NOT NULL, slower_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS conversions_user ON conversions (user_id, song_id, id);
CREATE INDEX IF NOT EXISTS conversions_waiting ON conversions (status, urgency, id);
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY, blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id), kind TEXT NOT NULL, title TEXT NOT NULL,
    message TEXT NOT NULL, conversion_id INTEGER REFERENCES conversions (id),
    is_read INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS notifications_user ON notifications (user_id, id);
CREATE TABLE IF NOT EXISTS otps (
    blue_id TEXT NOT NULL UNIQUE, green_id TEXT NOT NULL UNIQUE, country_code TEXT NOT NULL, number TEXT NOT NULL,
    hash TEXT NOT NULL, expires_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, session TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id), expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_session ON tokens (session);
";

/// A handle on the database; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Db(Arc<Mutex<Connection>>);

impl Db {
    /// The database in `dir`, or one in memory.
    pub fn open(dir: Option<&Path>) -> Result<Self, Error> {
        let connection = match dir {
            Some(dir) => {
                let connection = Connection::open(dir.join(DATABASE))?;
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "NORMAL")?;
                // A migration may be writing.
                connection.busy_timeout(std::time::Duration::from_secs(10))?;
                connection
            }
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` on a thread that may wait.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let db = self.clone();
        tokio::task::spawn_blocking(move || work(&mut db.lock()))
            .await
            .unwrap_or_else(|error| Err(ApiError::internal("STORAGE_ERROR", &error)))
    }

    /// For a caller that may wait itself.
    pub fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thing's names in the two dialects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ids {
    pub blue: String,
    pub green: String,
}

impl Ids {
    /// Fresh ones.
    pub fn new() -> Self {
        Self::from_bytes(&rand::random())
    }

    /// Always the same ones for the same `name`: a catalogue keeps its ids from one server to the next.
    pub fn of(name: &str) -> Self {
        Self::from_bytes(&Sha256::digest(name).into())
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&bytes[16..]);
        Self {
            blue: hex(&bytes[..12]),
            green: uuid::Builder::from_random_bytes(uuid).into_uuid().to_string(),
        }
    }

    /// Blue names some things with what they are.
    pub fn with_blue_prefix(mut self, prefix: &str) -> Self {
        self.blue.insert_str(0, prefix);
        self
    }

    pub fn of_dialect(&self, dialect: Dialect) -> &str {
        match dialect {
            Dialect::Blue => &self.blue,
            Dialect::Green => &self.green,
        }
    }
}

/// The column that holds a dialect's ids.
pub(crate) fn id_column(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Blue => "blue_id",
        Dialect::Green => "green_id",
    }
}

/// What is stored of a secret.
pub(crate) fn hashed(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Lower-case, two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
