-- The first schema. Times are microseconds since 1970 (UTC); ids of ours are UUIDs as 16 bytes;
-- `n` is a row's number inside this file and means nothing outside it.

-- A backend and the ids that it gave out.
CREATE TABLE generation (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    dialect    TEXT    NOT NULL,
    first_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE song (
    n             INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE,
    docid         INTEGER NOT NULL, -- the row in `search`: the static rank, then n
    match_hash    INTEGER NOT NULL, -- of normalised title, artist and album
    title         TEXT    NOT NULL,
    artist        TEXT    NOT NULL,
    album         TEXT,
    language      TEXT,
    duration_s    INTEGER,
    genre         TEXT    NOT NULL, -- JSON list
    release_year  INTEGER,
    popularity    INTEGER NOT NULL,
    explicit      INTEGER NOT NULL,
    thumbnail_url TEXT,
    external_ids  TEXT    NOT NULL, -- JSON object
    audio_files   TEXT    NOT NULL  -- JSON object
) STRICT;
CREATE INDEX song_by_match ON song (match_hash);

-- Ids of ours that stand for a song that is known under another: a guest's, of songs that the account knew already.
CREATE TABLE song_alias (
    id   BLOB    PRIMARY KEY,
    song INTEGER NOT NULL REFERENCES song (n) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- What most songs do not have, or few readers want.
CREATE TABLE song_detail (
    song     INTEGER PRIMARY KEY REFERENCES song (n) ON DELETE CASCADE,
    lyrics   TEXT,
    metadata TEXT,          -- JSON object
    extra    TEXT NOT NULL  -- JSON object: fields without a name here
) STRICT;

CREATE TABLE song_server_id (
    generation INTEGER NOT NULL REFERENCES generation (id),
    server_id  TEXT    NOT NULL,
    song       INTEGER NOT NULL REFERENCES song (n) ON DELETE CASCADE,
    PRIMARY KEY (generation, server_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX song_server_id_by_song ON song_server_id (song, generation);

-- Hashes of (catalogue, id there): enough to find candidates, which are then compared in full.
CREATE TABLE external_id (
    hash INTEGER NOT NULL,
    song INTEGER NOT NULL REFERENCES song (n) ON DELETE CASCADE,
    PRIMARY KEY (hash, song)
) STRICT, WITHOUT ROWID;

-- Texts come in normalised and split by blanks, so the tokenizer has only to keep what it is given.
-- A document's number is its rank: walking hits in order of rowid gives the best first, without sorting.
CREATE VIRTUAL TABLE search USING fts5 (
    title, artist, album, language,
    tokenize = 'ascii', prefix = '1 2 3', detail = 'column', content = '', contentless_delete = 1
);

-- A saved song. A removed one stays, marked, until the service has heard of it, so that a stale page
-- cannot bring it back.
CREATE TABLE entry (
    n                INTEGER PRIMARY KEY,
    id               BLOB    NOT NULL UNIQUE,
    song             INTEGER NOT NULL UNIQUE REFERENCES song (n),
    added_at         INTEGER NOT NULL,
    play_count       INTEGER NOT NULL DEFAULT 0,
    last_played_at   INTEGER,
    has_instrumental INTEGER NOT NULL DEFAULT 0,
    removed_at       INTEGER,
    title_key        TEXT    NOT NULL, -- normalised, to sort by
    artist_key       TEXT    NOT NULL,
    extra            TEXT    NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX entry_by_added  ON entry (added_at, n)   WHERE removed_at IS NULL;
CREATE INDEX entry_by_title  ON entry (title_key, n)  WHERE removed_at IS NULL;
CREATE INDEX entry_by_artist ON entry (artist_key, n) WHERE removed_at IS NULL;
CREATE INDEX entry_by_plays  ON entry (play_count, n) WHERE removed_at IS NULL;

CREATE TABLE entry_server_id (
    generation INTEGER NOT NULL REFERENCES generation (id),
    server_id  TEXT    NOT NULL,
    entry      INTEGER NOT NULL REFERENCES entry (n) ON DELETE CASCADE,
    PRIMARY KEY (generation, server_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_server_id_by_entry ON entry_server_id (entry, generation);

-- The outbox and, once done, the journal.
CREATE TABLE operation (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              BLOB    NOT NULL UNIQUE,
    song            INTEGER NOT NULL REFERENCES song (n),
    entry           BLOB    NOT NULL, -- the entry's id: the entry itself may be gone before its operation
    kind            TEXT    NOT NULL CHECK (kind IN ('add', 'remove', 'play')),
    payload         TEXT    NOT NULL, -- JSON
    created_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sending', 'parked', 'done', 'folded')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    uncertain       INTEGER NOT NULL DEFAULT 0, -- an attempt went out and its outcome is not known
    reason          TEXT,                       -- why it is parked
    done_at         INTEGER,
    done_generation INTEGER REFERENCES generation (id),
    CHECK ((done_at IS NOT NULL) = (state IN ('done', 'folded'))),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX operation_live ON operation (song, seq) WHERE done_at IS NULL;
CREATE INDEX operation_journal ON operation (done_at) WHERE done_at IS NOT NULL;

CREATE TRIGGER operation_is_immutable
BEFORE UPDATE OF seq, id, song, entry, kind, payload, created_at ON operation
BEGIN
    SELECT RAISE(ABORT, 'an operation never changes');
END;

CREATE TABLE download (
    song      INTEGER NOT NULL REFERENCES song (n),
    rendition TEXT    NOT NULL CHECK (rendition IN ('original', 'instrumental')),
    state     TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    path      TEXT,             -- relative to the profile
    bytes     INTEGER NOT NULL, -- on the disk
    total     INTEGER,          -- when known
    error     TEXT,
    pinned    INTEGER NOT NULL,
    PRIMARY KEY (song, rendition)
) STRICT, WITHOUT ROWID;

-- The service's answers to searches and the like, as ordered lists.
CREATE TABLE answer (
    n          INTEGER PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    generation INTEGER NOT NULL REFERENCES generation (id),
    total      INTEGER, -- over all pages, when the service said so
    stored_at  INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX answer_by_use ON answer (used_at);

CREATE TABLE answer_song (
    answer   INTEGER NOT NULL REFERENCES answer (n) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    song     INTEGER NOT NULL REFERENCES song (n) ON DELETE CASCADE,
    PRIMARY KEY (answer, position)
) STRICT, WITHOUT ROWID;
