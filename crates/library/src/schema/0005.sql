-- How words sound: a second index, of the same documents, that is asked after the first. A word begins with a letter for
-- its script. It is filled by and by, song by song: the setting says which is next, and goes when all are in it.
CREATE VIRTUAL TABLE sound USING fts5 (
    title, artist, album, language,
    tokenize = 'ascii', prefix = '3 4', detail = 'column', content = '', contentless_delete = 1
);
INSERT INTO setting (key, value) SELECT 'search.sound_next', '0' WHERE EXISTS (SELECT 1 FROM song);
