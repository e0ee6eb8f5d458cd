-- Playlists and the listening history. Both are the listener's alone: the service hears of neither.

CREATE TABLE playlist (
    n          INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- `place` is a fractional index: it sorts by bytes, and between any two there is always another.
CREATE TABLE playlist_item (
    n        INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE,
    playlist INTEGER NOT NULL REFERENCES playlist (n) ON DELETE CASCADE,
    song     INTEGER NOT NULL REFERENCES song (n),
    place    TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX playlist_item_by_place ON playlist_item (playlist, place);

-- The last changes of playlists, each with what takes it back.
CREATE TABLE playlist_change (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_back_by TEXT NOT NULL, -- JSON
    changed_at INTEGER NOT NULL
) STRICT;

-- Listens that have ended. One that goes on is a checkpoint among the settings.
CREATE TABLE listen (
    n         INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE,
    song      INTEGER NOT NULL REFERENCES song (n),
    rendition TEXT    NOT NULL CHECK (rendition IN ('original', 'instrumental')),
    began_at  INTEGER NOT NULL,
    heard_ms  INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    counted   INTEGER NOT NULL
) STRICT;
CREATE INDEX listen_by_time ON listen (began_at, n);
