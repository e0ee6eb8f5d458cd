//! Both libraries of one account, whole, song by song: what is missing, doubled or changed.

use std::collections::HashMap;

use jiff::Timestamp;
use melody_api::Reading;
use melody_model::SongContent;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::{
    Severity, Token,
    ids::IdMap,
    judge::{Found, Kind},
    side::Side,
    suite::Step,
};

const PAGE: usize = 100;
/// Lengths of one song differ by no more, in seconds.
const LENGTHS: u32 = 2;
/// Of a kind of finding so many are listed one by one; the first of them counts the rest.
const LISTED: usize = 50;
/// No library has more; a service that never ends its list is not followed for ever.
const MOST: usize = 2_000_000;

/// A saved song, as little of it as is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub song_id: String,
    pub title: String,
    pub artist: String,
    pub album: String,
    pub duration_s: Option<u32>,
    pub language: String,
    /// `catalogue:id`.
    pub external: Vec<String>,
    pub has_original: bool,
    pub has_instrumental: bool,
    pub added_at: Option<Timestamp>,
    pub plays: u64,
}

/// A library, or how far it could be read.
pub(crate) struct Library {
    pub entries: Vec<Entry>,
    /// Rows that could not be read.
    pub skipped: u64,
    pub total: Option<u64>,
    /// Why the reading ended early.
    pub broken: Option<String>,
}

/// Walks both libraries and compares them. What was saved after `began` was saved by this run.
pub(crate) async fn compare(
    blue: &mut Side,
    green: &mut Side,
    ids: &mut IdMap,
    began: Timestamp,
) -> Vec<Found> {
    let (of_blue, of_green) = tokio::join!(walk(blue), walk(green));
    libraries(&of_blue, &of_green, ids, began)
}

/// Reads a library to its end.
pub(crate) async fn walk(side: &mut Side) -> Library {
    let mut library = Library { entries: Vec::new(), skipped: 0, total: None, broken: None };
    loop {
        let offset = library.entries.len() + library.skipped as usize;
        let step = Step {
            call: "GET /library/songs".into(),
            query: [("limit", PAGE), ("offset", offset)].map(|(n, v)| (n.to_owned(), Value::from(v))).into(),
            token: Token::Account,
            ..Step::default()
        };
        side.renew_if_needed().await;
        let Ok(request) = side.request(&step) else {
            library.broken = Some("nobody is signed in".into());
            return library;
        };
        let read = match side.send(&request).await {
            Ok(answer) => answer.read_as(Reading::Entries),
            Err(error) => Err(error),
        };
        let page = match read {
            Ok(page) => page,
            Err(error) => {
                library.broken = Some(format!("{} at {offset}", error.code()));
                return library;
            }
        };
        let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let skipped = page["skipped"].as_u64().unwrap_or(0);
        library.skipped += skipped;
        library.total = page["total"].as_u64().or(library.total);
        library.entries.extend(items.iter().filter_map(Entry::read));
        let came = items.len() + skipped as usize;
        if came < PAGE || library.entries.len() > MOST {
            return library;
        }
    }
}

impl Entry {
    fn read(item: &Value) -> Option<Self> {
        let song = &item["song"];
        let content: SongContent = serde_json::from_value(song["content"].clone()).ok()?;
        Some(Self {
            song_id: song["id"].as_str()?.to_owned(),
            external: content.external_ids.iter().map(|(name, id)| format!("{name}:{id}")).collect(),
            has_original: content.audio_files.contains_key(&melody_model::Rendition::Original),
            has_instrumental: item["has_instrumental"].as_bool().unwrap_or(false),
            title: content.title,
            artist: content.artist,
            album: content.album.unwrap_or_default(),
            duration_s: content.duration_s,
            language: content.language.unwrap_or_default(),
            added_at: item["added_at"].as_str().and_then(|at| at.parse().ok()),
            plays: item["play_count"].as_u64().unwrap_or(0),
        })
    }

    fn key(&self) -> String {
        let fold = |text: &str| text.trim().nfc().collect::<String>().to_lowercase();
        format!("{}\u{1f}{}\u{1f}{}", fold(&self.title), fold(&self.artist), fold(&self.album))
    }

    fn shown(&self) -> Value {
        json!({ "title": self.title, "artist": self.artist })
    }
}

/// What differs between two libraries. Paths are positions in blue's, but for what only green has.
pub(crate) fn libraries(blue: &Library, green: &Library, ids: &mut IdMap, began: Timestamp) -> Vec<Found> {
    let mut findings = Findings::default();
    for (name, library) in [("blue", blue), ("green", green)] {
        if let Some(why) = &library.broken {
            let why = format!("The library on {name} cannot be read to its end: {why}.");
            findings.add("/songs".into(), Kind::Transport, Severity::Breaking, Value::Null, Value::Null, why);
        }
    }
    if blue.total != green.total {
        let why = "The two count their songs differently.".to_owned();
        findings.add(
            "/pagination/total".into(),
            Kind::Value,
            Severity::Degrading,
            json!(blue.total),
            json!(green.total),
            why,
        );
    }
    let pairs = pairs(&blue.entries, &green.entries, ids);
    let empty = green.entries.is_empty() && !blue.entries.is_empty();
    for (at, entry) in blue.entries.iter().enumerate() {
        let place = format!("/songs/{at}");
        let Some(other) = pairs.of_blue[at] else {
            let severity = if empty { Severity::Breaking } else { Severity::Degrading };
            let why = if empty {
                "Green has forgotten the library."
            } else {
                "The saved song is missing on green."
            };
            findings.add(place, Kind::Lost, severity, entry.shown(), Value::Null, why.into());
            continue;
        };
        changed(entry, &green.entries[other], &place, began, &mut findings);
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for entry in &green.entries {
        *seen.entry(&entry.song_id).or_default() += 1;
    }
    for at in pairs.extra {
        let entry = &green.entries[at];
        let doubled = seen.get(entry.song_id.as_str()).is_some_and(|times| *times > 1);
        let (kind, why) = if doubled {
            (Kind::Doubled, "The song is saved once more on green.")
        } else {
            (Kind::Extra, "Blue does not have this saved song.")
        };
        findings.add(
            format!("/songs/{at}"),
            kind,
            Severity::Degrading,
            Value::Null,
            entry.shown(),
            why.into(),
        );
    }
    findings.list
}

struct Pairs {
    of_blue: Vec<Option<usize>>,
    extra: Vec<usize>,
}

/// By known ids, by a catalogue's id, by what the song is called and how long it is. A tie is no pair, unless it is one of
/// equals.
fn pairs(blue: &[Entry], green: &[Entry], ids: &mut IdMap) -> Pairs {
    let mut taken = vec![false; green.len()];
    let mut of_blue = vec![None; blue.len()];
    let mut by_external: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, entry) in green.iter().enumerate() {
        for external in &entry.external {
            by_external.entry(external).or_default().push(at);
        }
        by_key.entry(entry.key()).or_default().push(at);
    }
    for (at, entry) in blue.iter().enumerate() {
        let fits = |&found: &usize, taken: &[bool]| !taken[found];
        let by_name = by_key.get(&entry.key()).into_iter().flatten();
        let by_id = entry.external.iter().filter_map(|external| by_external.get(external.as_str())).flatten();
        let near = |found: &usize| match (entry.duration_s, green[*found].duration_s) {
            (Some(a), Some(b)) => a.abs_diff(b) <= LENGTHS,
            _ => true,
        };
        let known = |found: &usize| ids.knows(&entry.song_id, &green[*found].song_id);
        let mut candidates: Vec<usize> = by_id
            .chain(by_name.filter(|found| near(found)))
            .copied()
            .filter(|found| fits(found, &taken))
            .collect();
        candidates.sort_by_key(|found| !known(found));
        if let Some(found) = candidates.first().copied() {
            taken[found] = true;
            of_blue[at] = Some(found);
            ids.learn(&entry.song_id, &green[found].song_id);
        }
    }
    Pairs { of_blue, extra: (0..green.len()).filter(|&at| !taken[at]).collect() }
}

fn changed(blue: &Entry, green: &Entry, place: &str, began: Timestamp, findings: &mut Findings) {
    let mut differs = |name: &str, severity, a: Value, b: Value, why: &str| {
        if a != b {
            let why = format!("{why} ({} – {})", blue.title, blue.artist);
            findings.add(format!("{place}/{name}"), Kind::Value, severity, a, b, why);
        }
    };
    let degrading = Severity::Degrading;
    differs("track/title", degrading, json!(blue.title), json!(green.title), "The title changed.");
    differs("track/artist", degrading, json!(blue.artist), json!(green.artist), "The artist changed.");
    differs("track/album", degrading, json!(blue.album), json!(green.album), "The album changed.");
    differs(
        "track/duration",
        degrading,
        json!(blue.duration_s),
        json!(green.duration_s),
        "The length changed.",
    );
    differs(
        "track/language",
        degrading,
        json!(blue.language),
        json!(green.language),
        "The language changed.",
    );
    differs(
        "track/external_ids",
        degrading,
        json!(blue.external),
        json!(green.external),
        "The catalogues' ids changed.",
    );
    differs(
        "track/audio_files/original",
        Severity::Breaking,
        json!(blue.has_original),
        json!(green.has_original),
        "Only one of the two has the sound.",
    );
    differs(
        "has_instrumental",
        degrading,
        json!(blue.has_instrumental),
        json!(green.has_instrumental),
        "Only one of the two has the instrumental.",
    );
    differs(
        "play_count",
        degrading,
        json!(blue.plays),
        json!(green.plays),
        "The plays are counted differently.",
    );
    if let (Some(a), Some(b)) = (blue.added_at, green.added_at) {
        let made_now = a >= began && b >= began;
        let apart = (a.as_millisecond() - b.as_millisecond()).abs();
        if apart > 0 && !made_now {
            let half_hours = apart % 1_800_000 == 0;
            let why = if half_hours {
                "It was read in another time zone."
            } else {
                "It was saved at another time."
            };
            differs("added_at", degrading, json!(a), json!(b), why);
        }
    } else if blue.added_at.is_some() != green.added_at.is_some() {
        differs(
            "added_at",
            degrading,
            json!(blue.added_at),
            json!(green.added_at),
            "Only one of the two says when.",
        );
    }
}

/// Findings of which the many of a kind are counted and not listed.
#[derive(Default)]
struct Findings {
    list: Vec<Found>,
    counts: HashMap<(Kind, String), (usize, usize)>,
}

impl Findings {
    fn add(&mut self, path: String, kind: Kind, severity: Severity, blue: Value, green: Value, why: String) {
        let field = crate::judge::pattern(&path);
        let (count, first) = self.counts.entry((kind, field)).or_insert((0, self.list.len()));
        *count += 1;
        if *count > LISTED {
            self.list[*first].count += 1;
            return;
        }
        self.list.push(Found { path, kind, severity, blue, green, why, count: 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: usize) -> Entry {
        Entry {
            song_id: format!("b{n}"),
            title: format!("Song {n}"),
            artist: "A".into(),
            album: String::new(),
            duration_s: Some(100),
            language: "hi".into(),
            external: Vec::new(),
            has_original: true,
            has_instrumental: false,
            added_at: "2024-01-15T10:30:00Z".parse().ok(),
            plays: 3,
        }
    }

    fn library(entries: Vec<Entry>) -> Library {
        Library { total: Some(entries.len() as u64), entries, skipped: 0, broken: None }
    }

    fn on_green(n: usize) -> Entry {
        Entry { song_id: format!("g{n}"), ..entry(n) }
    }

    fn found(green: Vec<Entry>) -> Vec<(String, Kind)> {
        let blue = library((0..5).map(entry).collect());
        libraries(&blue, &library(green), &mut IdMap::default(), Timestamp::now())
            .into_iter()
            .map(|found| (found.path, found.kind))
            .collect()
    }

    #[test]
    fn what_happened_to_each_song_is_told() {
        let all = || (0..5).map(on_green).collect::<Vec<_>>();
        assert_eq!(found(all()), []);
        let mut shuffled = all();
        shuffled.reverse();
        assert_eq!(found(shuffled), []);
        let mut missing = all();
        missing.remove(2);
        assert!(found(missing).contains(&("/songs/2".into(), Kind::Lost)));
        let mut doubled = all();
        doubled.push(on_green(1));
        assert!(found(doubled).contains(&("/songs/5".into(), Kind::Doubled)));
        let mut shifted = all();
        shifted[3].added_at = "2024-01-15T05:00:00Z".parse().ok();
        assert_eq!(found(shifted), [("/songs/3/added_at".into(), Kind::Value)]);
        let mut played = all();
        played[0].plays = 4;
        assert_eq!(found(played), [("/songs/0/play_count".into(), Kind::Value)]);
        let forgotten = found(Vec::new());
        assert_eq!(forgotten.iter().filter(|(_, kind)| *kind == Kind::Lost).count(), 5);
    }

    #[test]
    fn a_forgotten_library_is_breaking_and_counted_not_listed() {
        let blue = library((0..1000).map(entry).collect());
        let found = libraries(&blue, &library(Vec::new()), &mut IdMap::default(), Timestamp::now());
        let lost: Vec<_> = found.iter().filter(|f| f.kind == Kind::Lost).collect();
        assert_eq!((lost.len(), lost.iter().map(|f| f.count).sum::<usize>()), (LISTED, 1000));
        assert!(lost.iter().all(|f| f.severity == Severity::Breaking));
    }
}
