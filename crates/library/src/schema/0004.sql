-- What the sync engine knows: attempts of unknown outcome, each generation's counts of plays, what a switch of backend
-- set going.

-- What the backend calls the account.
ALTER TABLE generation ADD COLUMN user_id TEXT;

-- What the service said last of an entry. `base`: the plays that are ours and that this generation never counted; the
-- entry's count is base + play_count + what is still to be sent.
ALTER TABLE entry_server_id ADD COLUMN play_count INTEGER;
ALTER TABLE entry_server_id ADD COLUMN last_played_at INTEGER;
ALTER TABLE entry_server_id ADD COLUMN base INTEGER NOT NULL DEFAULT 0;

ALTER TABLE operation ADD COLUMN sent_at INTEGER;          -- the last attempt
ALTER TABLE operation ADD COLUMN unclear_at INTEGER;       -- the last attempt whose outcome is not known, when it was given up
ALTER TABLE operation ADD COLUMN before_count INTEGER;     -- what the service counted before the last attempt
ALTER TABLE operation ADD COLUMN before_played_at INTEGER;
ALTER TABLE operation ADD COLUMN unsettled INTEGER NOT NULL DEFAULT 0; -- done, though it may not have been taken
ALTER TABLE operation ADD COLUMN root BLOB;                -- the operation that this one replays in another generation
ALTER TABLE operation ADD COLUMN switch INTEGER;           -- the switch that queued it

-- Which generations have heard an operation, by the operation that was the listener's own.
CREATE TABLE acknowledgement (
    root       BLOB    NOT NULL,
    generation INTEGER NOT NULL REFERENCES generation (id),
    at         INTEGER NOT NULL,
    PRIMARY KEY (root, generation)
) STRICT, WITHOUT ROWID;
INSERT INTO acknowledgement (root, generation, at)
    SELECT id, done_generation, done_at FROM operation WHERE state = 'done' AND done_generation IS NOT NULL;

-- The switches from one backend to another, and what became of the library.
CREATE TABLE switch (
    n               INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    from_generation INTEGER NOT NULL REFERENCES generation (id),
    to_generation   INTEGER NOT NULL REFERENCES generation (id),
    songs_before    INTEGER NOT NULL,
    matched         INTEGER NOT NULL,
    refilled        INTEGER NOT NULL DEFAULT 0,
    replayed        INTEGER NOT NULL DEFAULT 0,
    unmatched       TEXT    NOT NULL DEFAULT '[]', -- JSON list of {song_id, title, artist}
    finished_at     INTEGER
) STRICT;
