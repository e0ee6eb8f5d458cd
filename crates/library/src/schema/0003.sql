-- Downloads that can be paused and taken up where they broke off, and a cache beside them.
CREATE TABLE download_kept (
    song      INTEGER NOT NULL REFERENCES song (n),
    rendition TEXT    NOT NULL CHECK (rendition IN ('original', 'instrumental')),
    state     TEXT    NOT NULL CHECK (state IN ('queued', 'paused', 'done', 'failed')),
    path      TEXT,             -- relative to the account's folder
    bytes     INTEGER NOT NULL, -- on the disk for certain, also after a power cut
    total     INTEGER,          -- when known
    error     TEXT,
    pinned    INTEGER NOT NULL, -- asked for by the listener; else cache
    validator TEXT,             -- names the file that the part is of: an ETag, or a Last-Modified
    used_at   INTEGER,          -- when the cache was last played from
    PRIMARY KEY (song, rendition)
) STRICT, WITHOUT ROWID;
INSERT INTO download_kept (song, rendition, state, path, bytes, total, error, pinned)
SELECT song, rendition, CASE state WHEN 'running' THEN 'queued' ELSE state END, path, bytes, total, error, pinned
FROM download;
DROP TABLE download;
ALTER TABLE download_kept RENAME TO download;
