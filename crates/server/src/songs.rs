//! Songs in the database: loading the catalogue, reading a song back, searching.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::Error;
use crate::catalogue::{self, DemoSong, ExternalIds, SongMetadata};
use crate::db::{Ids, id_column};
use crate::options::{CatalogueChoice, Dialect, ExtraSong};
use crate::text::{Needle, fold};

/// The columns that [`Song::read`] reads, of a table named `songs`.
pub(crate) const COLUMNS: &str =
    "songs.id, songs.blue_id, songs.green_id, songs.origin, songs.title, songs.artist, songs.album, songs.language,
     songs.genre, songs.release_year, songs.popularity, songs.explicit, songs.duration, songs.seed, songs.lyrics,
     songs.bpm, songs.key, songs.energy, songs.danceability, songs.has_instrumental, songs.spotify, songs.youtube,
     songs.lastfm, songs.created_at";

/// How many columns [`COLUMNS`] names: what a joined query reads after a song begins there.
pub(crate) const WIDTH: usize = 24;

/// 15 January 2024: every catalogue song was there before any user.
const CATALOGUE_AGE_US: i64 = 1_705_314_600_123_456;

/// A song as the service knows it.
#[derive(Debug, Clone)]
pub(crate) struct Song {
    pub id: i64,
    pub ids: Ids,
    pub origin: Origin,
    /// `album` is empty when there is none.
    pub demo: DemoSong,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Where a song's sound comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Demo,
    Synthetic,
    Extra,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Synthetic => "synthetic",
            Self::Extra => "extra",
        }
    }
}

impl Song {
    /// Reads [`COLUMNS`] from the first column on.
    pub fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let genre: String = row.get(8)?;
        Ok(Self {
            id: row.get(0)?,
            ids: Ids { blue: row.get(1)?, green: row.get(2)? },
            origin: match row.get_ref(3)?.as_str()? {
                "demo" => Origin::Demo,
                "synthetic" => Origin::Synthetic,
                _ => Origin::Extra,
            },
            demo: DemoSong {
                title: row.get(4)?,
                artist: row.get(5)?,
                album: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                language: row.get(7)?,
                genre: genre.split('\n').filter(|g| !g.is_empty()).map(str::to_owned).collect(),
                release_year: row.get(9)?,
                popularity: row.get(10)?,
                explicit: row.get(11)?,
                duration_s: row.get(12)?,
                seed: row.get::<_, i64>(13)?.cast_unsigned(),
                lyrics: row.get(14)?,
                metadata: SongMetadata {
                    bpm: row.get(15)?,
                    key: row.get(16)?,
                    energy: row.get(17)?,
                    danceability: row.get(18)?,
                },
                has_instrumental: row.get(19)?,
                external_ids: ExternalIds {
                    spotify: row.get(20)?,
                    youtube: row.get(21)?,
                    lastfm: row.get(22)?,
                },
            },
            created_at: row.get(23)?,
        })
    }
}

/// Writes the catalogue and the extra songs, those that are not there yet.
pub(crate) fn load(
    connection: &mut Connection,
    choice: CatalogueChoice,
    extra: &[ExtraSong],
) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    let name = choice.to_string();
    let fresh = transaction.execute("INSERT OR IGNORE INTO loaded VALUES (?1)", [&name])? == 1;
    if fresh {
        let mut songs: Vec<DemoSong> = match choice {
            CatalogueChoice::Demo => catalogue::demo()?.to_vec(),
            CatalogueChoice::Synthetic(n) => catalogue::synthetic(n).collect(),
        };
        // Search answers in the order of ids, so the popular ones come first without sorting.
        songs.sort_by_key(|song| std::cmp::Reverse(song.popularity));
        let origin = match choice {
            CatalogueChoice::Demo => Origin::Demo,
            CatalogueChoice::Synthetic(_) => Origin::Synthetic,
        };
        let mut writer = Writer::new(&transaction)?;
        for song in &songs {
            let ids = Ids::of(&format!("{}\n{}\n{}\n{}", origin.name(), song.title, song.artist, song.seed));
            writer.write(&ids, origin, song)?;
        }
    }
    let mut writer = Writer::new(&transaction)?;
    for song in extra {
        writer.write(&extra_ids(song), Origin::Extra, &demo_of(song))?;
    }
    drop(writer);
    transaction.commit()?;
    Ok(())
}

/// The ids of a song that a test brought.
pub(crate) fn extra_ids(song: &ExtraSong) -> Ids {
    Ids::of(&format!("extra\n{}\n{}", song.title, song.artist))
}

fn demo_of(song: &ExtraSong) -> DemoSong {
    DemoSong {
        title: song.title.clone(),
        artist: song.artist.clone(),
        album: song.album.clone().unwrap_or_default(),
        language: song.language.clone(),
        genre: vec!["test".to_owned()],
        release_year: 2024,
        popularity: 50,
        explicit: false,
        duration_s: song.duration_s,
        seed: 1,
        lyrics: None,
        metadata: SongMetadata { bpm: 120, key: "C major".to_owned(), energy: 0.5, danceability: 0.5 },
        has_instrumental: song.audio.iter().any(|audio| audio.rendition == "instrumental"),
        external_ids: ExternalIds::default(),
    }
}

struct Writer<'c> {
    song: rusqlite::Statement<'c>,
    text: rusqlite::Statement<'c>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            song: connection.prepare(
                "INSERT OR IGNORE INTO songs (blue_id, green_id, origin, title, artist, album, language, genre,
                 release_year, popularity, explicit, duration, seed, lyrics, bpm, key, energy, danceability,
                 has_instrumental, spotify, youtube, lastfm, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23) RETURNING id",
            )?,
            text: connection
                .prepare("INSERT INTO songs_text (rowid, title, artist, album) VALUES (?1, ?2, ?3, ?4)")?,
        })
    }

    fn write(&mut self, ids: &Ids, origin: Origin, song: &DemoSong) -> rusqlite::Result<()> {
        let album = (!song.album.is_empty()).then_some(&song.album);
        let id: Option<i64> = self
            .song
            .query_row(
                params![
                    ids.blue,
                    ids.green,
                    origin.name(),
                    song.title,
                    song.artist,
                    album,
                    song.language,
                    song.genre.join("\n"),
                    song.release_year,
                    song.popularity,
                    song.explicit,
                    song.duration_s,
                    song.seed.cast_signed(),
                    song.lyrics,
                    song.metadata.bpm,
                    song.metadata.key,
                    f64::from(song.metadata.energy),
                    f64::from(song.metadata.danceability),
                    song.has_instrumental,
                    song.external_ids.spotify,
                    song.external_ids.youtube,
                    song.external_ids.lastfm,
                    CATALOGUE_AGE_US,
                ],
                |row| row.get(0),
            )
            .optional()?;
        if let Some(id) = id {
            self.text.execute(params![id, fold(&song.title), fold(&song.artist), fold(&song.album)])?;
        }
        Ok(())
    }
}

/// The song with this id, if any.
pub(crate) fn find(connection: &Connection, dialect: Dialect, id: &str) -> rusqlite::Result<Option<Song>> {
    let sql = format!("SELECT {COLUMNS} FROM songs WHERE {} = ?1", id_column(dialect));
    connection.prepare_cached(&sql)?.query_row([id], Song::read).optional()
}

/// The song with this id in either dialect: media addresses outlive a switch.
pub(crate) fn find_any(connection: &Connection, id: &str) -> rusqlite::Result<Option<Song>> {
    Ok(match find(connection, Dialect::Blue, id)? {
        Some(song) => Some(song),
        None => find(connection, Dialect::Green, id)?,
    })
}

/// What is searched for, and which part of the answer is wanted.
#[derive(Debug)]
pub(crate) struct Search {
    /// `None` finds everything.
    pub needle: Option<Needle>,
    /// `title`, `artist` or `album`; `None` looks in all three.
    pub column: Option<&'static str>,
    pub language: Option<String>,
    /// `spotify`, `youtube` or `lastfm`: only songs known there.
    pub source: Option<&'static str>,
    pub limit: i64,
    pub offset: i64,
}

/// A page of songs by popularity, and how many there are over all pages.
pub(crate) fn search(connection: &Connection, search: &Search) -> rusqlite::Result<(Vec<Song>, i64)> {
    let mut conditions = Vec::new();
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let mut from = "songs";
    let mut songs_needed = false;
    match &search.needle {
        Some(Needle::Words(expression)) => {
            from = "songs_text";
            values.push(expression);
            conditions.push(format!("songs_text MATCH ?{}", values.len()));
        }
        Some(Needle::Anywhere(text)) => {
            from = "songs_text";
            values.push(text);
            let place = values.len();
            let holds = |column: &str| format!("instr(songs_text.{column}, ?{place})");
            conditions.push(match search.column {
                Some(column) => holds(column),
                None => format!("({} OR {} OR {})", holds("title"), holds("artist"), holds("album")),
            });
        }
        None => {}
    }
    if let Some(language) = &search.language {
        values.push(language);
        conditions.push(format!("songs.language = ?{}", values.len()));
        songs_needed = true;
    }
    if let Some(source) = search.source {
        conditions.push(format!("songs.{source} IS NOT NULL"));
        songs_needed = true;
    }
    let everything =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let (joined, order) = if from == "songs" {
        ("songs".to_owned(), "songs.id")
    } else {
        ("songs_text CROSS JOIN songs ON songs.id = songs_text.rowid".to_owned(), "songs_text.rowid")
    };
    let counted = if songs_needed { &joined } else { from };
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM {counted}{everything}"))?
        .query_row(values.as_slice(), |row| row.get(0))?;
    values.push(&search.limit);
    values.push(&search.offset);
    let sql = format!(
        "SELECT {COLUMNS} FROM {joined}{everything} ORDER BY {order} LIMIT ?{} OFFSET ?{}",
        values.len() - 1,
        values.len()
    );
    let songs = connection
        .prepare_cached(&sql)?
        .query_map(values.as_slice(), Song::read)?
        .collect::<Result<_, _>>()?;
    Ok((songs, total))
}

/// The most popular songs, of one language if asked.
pub(crate) fn trending(
    connection: &Connection,
    language: Option<&str>,
    limit: i64,
) -> rusqlite::Result<Vec<Song>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM songs WHERE ?1 IS NULL OR language = ?1 ORDER BY popularity DESC, id LIMIT ?2"
    );
    connection.prepare_cached(&sql)?.query_map(params![language, limit], Song::read)?.collect()
}
