//! How long local search, the pages of the saved songs and opening take in a library of N songs, every tenth of them
//! saved: `search_bench [N] [DIR]` prints one JSON document.
//!
//! The catalogue is made up from a seed: words of six scripts, a few of them common and most of them rare,
//! as in real titles. Queries are drawn from the same words. With DIR, the library is kept there and used again.

use std::{collections::BTreeMap, error::Error, path::PathBuf, time::Instant};

use jiff::Timestamp;
use melody_library::{EntryQuery, Library, SearchQuery};
use melody_model::{
    EntryOrder, EntrySort, RemoteEntry, RemoteSong, SearchType, ServerId, SongContent, SongDetails,
};
use serde_json::{Map, Value, json};

/// Songs written in one transaction.
const BATCH: u64 = 25_000;

/// Queries timed for each kind.
const QUERIES: usize = 300;

/// One song in so many is saved.
const SAVED: u64 = 10;

/// Pages timed for each list.
const PAGES: u64 = 200;

/// Entries of a page: as many as a screen asks for.
const PAGE: u32 = 100;

/// Times that the library is opened.
const OPENINGS: usize = 20;

/// Different words of each script.
const VOCABULARY: u64 = 20_000;

const SCRIPTS: [Script; 6] = [
    Script {
        language: "en",
        onsets: "b c d f g h j k l m n p r s t v w sh ch th st br tr",
        rests: "a e i o u ai ea oo an en in on er ar il et ess ing ove ight",
    },
    Script {
        language: "hi", onsets: "क ख ग च ज त द न प ब म य र ल स ह प्य", rests: "ा ि ी ु े ो ं ल र न म त ाँ"
    },
    Script {
        language: "ta", onsets: "க ச ட த ந ப ம ய ர ல வ", rests: "ா ி ீ ு ே ை ொ ல் ன் ம் ர்"
    },
    Script {
        language: "te", onsets: "క గ చ జ త ద న ప బ మ ర ల వ స", rests: "ా ి ీ ు ే ో ం ల ను"
    },
    Script {
        language: "bn", onsets: "ক খ গ চ জ ত দ ন প ব ম র ল স", rests: "া ি ী ু ে ো ন র ল"
    },
    Script {
        language: "pa", onsets: "ਕ ਗ ਚ ਜ ਤ ਦ ਨ ਪ ਬ ਮ ਰ ਲ ਸ", rests: "ਾ ਿ ੀ ੁ ੇ ੋ ਂ ਨ ਰ ਲ"
    },
];

struct Script {
    language: &'static str,
    onsets: &'static str,
    rests: &'static str,
}

/// SplitMix64: small, seeded, good enough to make up titles.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    /// Zipf's law, roughly: rank r about as often as 1/r.
    fn rank(&mut self, n: u64) -> u64 {
        let x = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        ((n as f64 + 1.0).powf(x) as u64).saturating_sub(1).min(n - 1)
    }
}

/// The word of a rank; the same each time.
fn word(script: &Script, rank: u64) -> String {
    let mut dice = Dice(rank.wrapping_mul(7919) ^ u64::from(script.language.as_bytes()[0]) << 32);
    let (onsets, rests): (Vec<&'static str>, Vec<&'static str>) =
        (script.onsets.split(' ').collect(), script.rests.split(' ').collect());
    let syllables = 1 + dice.below(2) + u64::from(rank > 200);
    let mut pick = |parts: &[&'static str]| parts[dice.below(parts.len() as u64) as usize];
    (0..syllables).flat_map(|_| [pick(&onsets), pick(&rests)]).collect()
}

fn words(script: &Script, dice: &mut Dice, count: u64) -> String {
    (0..count).map(|_| word(script, dice.rank(VOCABULARY))).collect::<Vec<_>>().join(" ")
}

fn song(n: u64) -> RemoteSong {
    let mut dice = Dice(n);
    let script = &SCRIPTS[dice.below(SCRIPTS.len() as u64) as usize];
    let title_words = 1 + dice.below(4);
    let title = words(script, &mut dice, title_words);
    let artist = words(script, &mut Dice(1 + dice.rank(30_000)), 2);
    let album = words(script, &mut Dice(1_000_000 + dice.rank(100_000)), 2);
    RemoteSong {
        server_id: ServerId(format!("{:08x}-0000-4000-8000-{n:012x}", dice.roll() as u32)),
        content: SongContent {
            title,
            artist,
            album: Some(album),
            language: Some(script.language.to_owned()),
            duration_s: Some(120 + dice.below(240) as u32),
            genre: vec!["film".to_owned()],
            release_year: Some(1960 + dice.below(66) as i32),
            popularity: 100 - dice.rank(100) as u32,
            external_ids: BTreeMap::from([("spotify".to_owned(), format!("{:016x}", dice.roll()))]),
            ..SongContent::default()
        },
        details: SongDetails::default(),
        extra: Map::new(),
    }
}

/// The entry of a saved song. Some were played, most were not.
fn entry(n: u64) -> RemoteEntry {
    let mut dice = Dice(!n);
    let play_count = dice.rank(1_000);
    let added = Timestamp::UNIX_EPOCH.as_second() + 1_700_000_000 + dice.below(80_000_000) as i64;
    RemoteEntry {
        server_id: ServerId(format!("{:08x}-0000-4000-9000-{n:012x}", dice.roll() as u32)),
        song: song(n),
        added_at: Timestamp::from_second(added).ok(),
        play_count,
        last_played_at: None,
        has_instrumental: false,
        extra: Map::new(),
    }
}

/// The lists that a screen shows: every order, narrowed or not.
fn lists() -> Vec<(&'static str, EntryQuery)> {
    let of = |sort, order| EntryQuery { sort, order, limit: PAGE, ..EntryQuery::default() };
    let narrowed = |filter: &str, language: Option<&str>| EntryQuery {
        filter: filter.to_owned(),
        language: language.map(str::to_owned),
        ..of(EntrySort::Title, EntryOrder::Asc)
    };
    let letters = first_letters(&word(&SCRIPTS[0], 3), 2);
    vec![
        ("added, newest first", of(EntrySort::Added, EntryOrder::Desc)),
        ("added, oldest first", of(EntrySort::Added, EntryOrder::Asc)),
        ("title", of(EntrySort::Title, EntryOrder::Asc)),
        ("title, from the end", of(EntrySort::Title, EntryOrder::Desc)),
        ("artist", of(EntrySort::Artist, EntryOrder::Asc)),
        ("artist, from the end", of(EntrySort::Artist, EntryOrder::Desc)),
        ("plays, most first", of(EntrySort::Plays, EntryOrder::Desc)),
        ("plays, fewest first", of(EntrySort::Plays, EntryOrder::Asc)),
        ("a language", narrowed("", Some("ta"))),
        ("two letters", narrowed(&letters, None)),
        ("a word", narrowed(&word(&SCRIPTS[1], 5), None)),
        ("two letters in a language", narrowed(&letters, Some("en"))),
    ]
}

/// Each list, opened where it begins, where it is deep for the first time, and then anywhere.
async fn pages(library: &Library) -> Result<(Map<String, Value>, Vec<f64>), Box<dyn Error>> {
    let (mut kinds, mut all) = (Map::new(), Vec::new());
    for (kind, list) in lists() {
        let timed = async |offset: u64| -> Result<(f64, u64), Box<dyn Error>> {
            let begun = Instant::now();
            let page = library.entries(EntryQuery { offset, ..list.clone() }).await?;
            let took = begun.elapsed().as_secs_f64() * 1e3;
            let expected = page.total.saturating_sub(offset).min(PAGE.into());
            if page.entries.len() as u64 != expected {
                return Err(
                    format!("{kind}: {} of {expected} entries at {offset}", page.entries.len()).into()
                );
            }
            Ok((took, page.total))
        };
        let (first, total) = timed(0).await?;
        let (deep, _) = timed(total.saturating_sub(PAGE.into())).await?;
        let mut dice = Dice(total);
        let mut ms = Vec::new();
        for _ in 0..PAGES {
            ms.push(timed(dice.below(total.max(1))).await?.0);
        }
        all.extend_from_slice(&ms);
        let mut row = percentiles(ms);
        row["entries"] = json!(total);
        row["first_ms"] = json!(first);
        row["first_deep_ms"] = json!(deep);
        kinds.insert(kind.to_owned(), row);
    }
    Ok((kinds, all))
}

fn first_letters(word: &str, count: usize) -> String {
    word.chars().take(count).collect()
}

/// The queries of each kind, by name.
fn queries() -> Vec<(&'static str, Vec<SearchQuery>)> {
    fn make(seed: u64, mut text: impl FnMut(&mut Dice) -> String) -> Vec<SearchQuery> {
        let mut dice = Dice(seed);
        (0..QUERIES)
            .map(|_| SearchQuery { text: text(&mut dice), limit: 20, ..SearchQuery::default() })
            .collect()
    }
    let [latin, devanagari, tamil, ..] = &SCRIPTS;
    let any = |dice: &mut Dice| &SCRIPTS[dice.below(SCRIPTS.len() as u64) as usize];
    let letters =
        |script: &'static Script, count| move |d: &mut Dice| first_letters(&words(script, d, 1), count);
    let two_words = |d: &mut Dice| words(any(d), d, 2);
    let narrowed = |mut queries: Vec<SearchQuery>, kind, language: Option<&str>| {
        for query in &mut queries {
            query.kind = kind;
            query.language = language.map(str::to_owned);
        }
        queries
    };
    let mixed = |d: &mut Dice| {
        let (one, other) = (word(latin, d.rank(50)), word(devanagari, d.rank(50)));
        format!("{} {}", first_letters(&one, 2), first_letters(&other, 2))
    };
    let in_script = |(at, script): (usize, &'static Script)| {
        let some = make(20 + at as u64, move |d| {
            let letters = 1 + d.below(6) as usize;
            first_letters(&words(script, d, 1), letters)
        });
        (script.language, some)
    };
    let kinds = vec![
        ("one letter", make(1, |d| first_letters(&words(any(d), d, 1), 1))),
        ("two letters, Latin", make(2, letters(latin, 2))),
        ("two letters, Devanagari", make(3, letters(devanagari, 2))),
        ("two letters, Tamil", make(4, letters(tamil, 2))),
        ("three letters", make(5, |d| first_letters(&words(any(d), d, 1), 3))),
        ("four letters", make(6, |d| first_letters(&words(any(d), d, 1), 4))),
        ("one word", make(7, |d| words(any(d), d, 1))),
        ("two words", make(8, two_words)),
        ("two words of one script", make(9, |d| words(latin, d, 2))),
        (
            "two halves of words",
            make(10, |d| {
                let script = any(d);
                format!(
                    "{} {}",
                    first_letters(&words(script, d, 1), 2),
                    first_letters(&words(script, d, 1), 2)
                )
            }),
        ),
        ("two scripts that never meet", make(11, mixed)),
        ("rare", make(12, |d| word(any(d), VOCABULARY - 1 - d.below(2_000)))),
        ("none", make(13, |d| format!("zzz{}", d.below(1_000)))),
        ("two letters, artist", narrowed(make(14, letters(latin, 2)), SearchType::Artist, None)),
        ("two letters, album", narrowed(make(15, letters(devanagari, 2)), SearchType::Album, None)),
        ("two letters, language", narrowed(make(16, letters(tamil, 2)), SearchType::All, Some("ta"))),
        ("two letters, other language", narrowed(make(17, letters(latin, 2)), SearchType::All, Some("ta"))),
    ];
    kinds.into_iter().chain(SCRIPTS.iter().enumerate().map(in_script)).collect()
}

fn percentiles(mut ms: Vec<f64>) -> Value {
    ms.sort_by(f64::total_cmp);
    let at = |p: f64| ms[((ms.len() - 1) as f64 * p).round() as usize];
    json!({ "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "max_ms": at(1.0) })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().unwrap_or_else(|| "100000".to_owned()).parse()?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let file = folder.join("bench.db");

    let library = Library::open(&file)?;
    let generation = library.generation("green").await?;
    let begun = Instant::now();
    let here = library.setting("bench.songs").await?.and_then(|n| n.as_u64()).unwrap_or(0);
    for start in (here..count).step_by(BATCH as usize) {
        let end = (start + BATCH).min(count);
        library.store_songs(generation, (start..end).map(song).collect()).await?;
        library.set_setting("bench.songs", &json!(end)).await?;
    }
    let saved = count / SAVED;
    let here = library.setting("bench.saved").await?.and_then(|n| n.as_u64()).unwrap_or(0);
    for start in (here..saved).step_by(BATCH as usize) {
        let end = (start + BATCH).min(saved);
        library.store_entries(generation, (start..end).map(|n| entry(n * SAVED)).collect()).await?;
        library.set_setting("bench.saved", &json!(end)).await?;
    }
    let fill = begun.elapsed();
    drop(library);

    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let begun = Instant::now();
        drop(Library::open(&file)?);
        openings.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let library = Library::open(&file)?;
    let (lists, any_page) = pages(&library).await?;
    let mut kinds = Map::new();
    let mut all = Vec::new();
    for (kind, queries) in queries() {
        let (mut ms, mut hits) = (Vec::new(), 0);
        for query in queries {
            let begun = Instant::now();
            hits += library.search(query).await?.total;
            ms.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        all.extend_from_slice(&ms);
        let mut row = percentiles(ms);
        row["mean_total"] = json!(hits / QUERIES as u64);
        kinds.insert(kind.to_owned(), row);
    }
    drop(library);
    let bytes = std::fs::metadata(&file)?.len();
    println!(
        "{:#}",
        json!({
            "songs": count,
            "filled_s": fill.as_secs_f64(),
            "bytes_per_song": bytes / count.max(1),
            "entries": saved,
            "scripts": SCRIPTS.iter().map(|script| script.language).collect::<Vec<_>>(),
            "open": percentiles(openings),
            "pages": percentiles(any_page),
            "lists": lists,
            "all": percentiles(all),
            "kinds": kinds,
        })
    );
    Ok(())
}
