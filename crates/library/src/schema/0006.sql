-- How many songs are saved, and how often their list changed: a page of it is then told without counting or walking it.
CREATE TABLE tally (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    saved   INTEGER NOT NULL,
    changed INTEGER NOT NULL, -- songs came, went, or stand elsewhere in an order by anything but plays
    played  INTEGER NOT NULL  -- counts of plays changed
) STRICT;
INSERT INTO tally (one, saved, changed, played)
    SELECT 1, count(*), 0, 0 FROM entry WHERE removed_at IS NULL;

CREATE TRIGGER tally_added AFTER INSERT ON entry
BEGIN
    UPDATE tally SET saved = saved + (new.removed_at IS NULL), changed = changed + 1;
END;
CREATE TRIGGER tally_gone AFTER DELETE ON entry
BEGIN
    UPDATE tally SET saved = saved - (old.removed_at IS NULL), changed = changed + 1;
END;
CREATE TRIGGER tally_changed AFTER UPDATE OF n, song, added_at, removed_at, title_key, artist_key ON entry
BEGIN
    UPDATE tally SET saved = saved + (new.removed_at IS NULL) - (old.removed_at IS NULL), changed = changed + 1;
END;
CREATE TRIGGER tally_played AFTER UPDATE OF play_count ON entry
BEGIN
    UPDATE tally SET played = played + 1;
END;
