//! What a listener types finds what a listener means, in every script; nothing typed does harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use common::{Bench, song};
use melody_library::SearchQuery;
use melody_model::{SearchType, SongId};

/// Titles, then what finds each one and what must not.
struct Case {
    title: &'static str,
    found_by: &'static [&'static str],
    not_by: &'static [&'static str],
}

const CASES: &[Case] = &[
    // Vowel signs are letters.
    Case {
        title: "दिल", found_by: &["दिल", "दि", "द"], not_by: &["दाल", "दा", "दील"]
    },
    Case {
        title: "दाल रोटी", found_by: &["दाल", "रोटी दाल", "रो"], not_by: &["दिल", "रटी"]
    },
    Case {
        title: "काला", found_by: &["काला", "का"], not_by: &["कला", "काली"]
    },
    // Nukta: precomposed, combining, left out.
    Case {
        title: "\u{958}\u{93c}रार", found_by: &["क़रार", "क\u{93c}रार", "करार"], not_by: &["खरार"]
    },
    Case {
        title: "ज\u{93c}िंदगी", found_by: &["\u{95b}िंदगी", "जिंदगी", "ज\u{93c}िं"], not_by: &["जंदगी"]
    },
    Case { title: "बरसात", found_by: &["बरसात"], not_by: &["बारसात"] },
    Case {
        title: "আষা\u{9dd}", found_by: &["আষাঢ\u{9bc}", "আষাঢ"], not_by: &["আষাড"]
    },
    Case {
        title: "\u{a5b}ਿੰਦਗੀ", found_by: &["ਜ\u{a3c}ਿੰਦਗੀ", "ਜਿੰਦਗੀ"], not_by: &["ਜੰਦਗੀ"]
    },
    // Joiners leave no trace.
    Case {
        title: "क्\u{200d}षमा", found_by: &["क्षमा", "क्\u{200c}षमा"], not_by: &["कषमा"]
    },
    Case {
        title: "മലര\u{d4d}\u{200d}", found_by: &["മലർ", "മലര്"], not_by: &["മലരി"]
    },
    Case {
        title: "উ\u{9ce}সব", found_by: &["উত\u{9cd}\u{200d}সব", "উৎসব"], not_by: &["উসব"]
    },
    Case {
        title: "می\u{200c}خواهم", found_by: &["میخواهم", "ميخواهم"], not_by: &["خواهم"]
    },
    // Tamil, Telugu, Bengali, Gurmukhi: composed and decomposed signs are one, different ones are not.
    Case {
        title: "க\u{bca}டி", found_by: &["க\u{bc6}\u{bbe}டி", "கொ"], not_by: &["கோடி", "கடி", "கெ"]
    },
    Case { title: "மழை", found_by: &["மழை", "மழ"], not_by: &["மாழை", "மழா"] },
    Case {
        title: "ప్రేమ", found_by: &["ప్రేమ", "ప్రే"], not_by: &["ప్రమ", "ప్రీమ"]
    },
    Case { title: "ভ\u{9cb}র", found_by: &["ভ\u{9c7}\u{9be}র"], not_by: &["ভর", "ভেরা"] },
    Case { title: "ਦਿਲ", found_by: &["ਦਿਲ"], not_by: &["ਦਾਲ"] },
    // Hebrew without niqqud, Arabic and Urdu without harakat.
    Case {
        title: "שָׁלוֹם עוֹלָם", found_by: &["שלום", "עולם שלום", "שָׁלוֹם"], not_by: &["שלם"]
    },
    Case { title: "צה״ל", found_by: &["צה\"ל", "צה״ל"], not_by: &["צל"] },
    Case { title: "مُحَبَّت", found_by: &["محبت", "مُحبت"], not_by: &["محنت"] },
    Case { title: "كيا", found_by: &["کیا", "كيا"], not_by: &["گیا"] },
    // Latin and Greek without diacritics, full case folding, letters with two spellings.
    Case {
        title: "Beyoncé Ångström", found_by: &["beyonce", "ANGSTROM", "Ångström"], not_by: &["beyonse"]
    },
    Case { title: "Straße", found_by: &["strasse", "STRASSE", "STRAẞE", "straße"], not_by: &["strase"] },
    Case { title: "İstanbul ışık", found_by: &["istanbul", "isik", "IŞIK"], not_by: &["stanbul"] },
    Case {
        title: "Σίσυφος", found_by: &["σισυφοσ", "ΣΊΣΥΦΟΣ", "Σίσυφος"], not_by: &["σισιφος"]
    },
    Case { title: "Bjørk Mæ Łódź", found_by: &["bjork", "mae lodz"], not_by: &["bjrk"] },
    Case { title: "Vande Mātaraṃ", found_by: &["mataram", "vande māt"], not_by: &["matram"] },
    Case { title: "Йод", found_by: &["йод", "ЙОД"], not_by: &["иод"] },
    // Full-width and compatibility forms.
    Case {
        title: "ＬＯＶＥ　２０２４", found_by: &["love 2024", "ｌｏｖｅ"], not_by: &["live"]
    },
    Case { title: "ﬁnal № 5", found_by: &["final", "no 5"], not_by: &["fnal"] },
    // Digits of every script.
    Case {
        title: "गाना २०१३", found_by: &["2013", "२०१३", "௨௦௧௩"], not_by: &["2014"]
    },
    Case { title: "Summer 69", found_by: &["६९", "৬৯", "69"], not_by: &["96"] },
    // Each emoji is a word; tone, style and gender of it are not.
    Case { title: "Love 😍🔥", found_by: &["😍", "🔥", "🔥 love", "😍🔥"], not_by: &["😂"] },
    Case { title: "❤\u{fe0f}", found_by: &["❤", "❤\u{fe0f}"], not_by: &["💔"] },
    Case { title: "👍🏽", found_by: &["👍", "👍🏿"], not_by: &["👎"] },
    Case {
        title: "👨\u{200d}👩\u{200d}👧", found_by: &["👨\u{200d}👩\u{200d}👧", "👧"], not_by: &["👦"]
    },
    Case {
        title: "Jai 🇮🇳", found_by: &["🇮🇳", "jai 🇮🇳"], not_by: &["🇮🇱", "🇳🇮", "🇮"]
    },
    Case { title: "🥲 new emoji", found_by: &["🥲"], not_by: &["🥹"] },
    // Punctuation separates; an apostrophe joins a contraction and parts an article.
    Case { title: "AC/DC (Live)", found_by: &["ac dc", "ac/dc", "dc live", "\"live\""], not_by: &["acdc"] },
    Case { title: "Don't Stop", found_by: &["dont", "don't", "don’t", "DON`T stop"], not_by: &["t"] },
    Case { title: "L'amour", found_by: &["amour", "l'amour", "l’amour"], not_by: &["lamour"] },
];

#[tokio::test]
async fn every_script_is_found_as_it_is_typed() {
    let bench = Bench::new().await;
    for (n, case) in CASES.iter().enumerate() {
        bench.store(song(&format!("track_{n}"), case.title, "")).await;
    }
    let mut wrong = Vec::new();
    for Case { title, found_by, not_by } in CASES {
        for typed in *found_by {
            let found = bench.titles(typed).await;
            if !found.iter().any(|t| t == title) {
                wrong.push(format!("“{typed}” finds {found:?} and not “{title}”"));
            }
        }
        for typed in *not_by {
            if bench.titles(typed).await.iter().any(|t| t == title) {
                wrong.push(format!("“{typed}” must not find “{title}”"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_typed_is_taken_for_an_operator() {
    let bench = Bench::new().await;
    bench.store(song("track_1", "Tum Hi Ho", "Arijit Singh")).await;
    bench.store(song("track_2", "NOT OR AND NEAR", "")).await;
    for nothing in ["", "   ", "\"", "***", "()", "!?…", "'", "\u{200d}", "\u{93c}", "^-+:{}", "\u{e000}"] {
        let query = SearchQuery { text: nothing.to_owned(), limit: 10, ..SearchQuery::default() };
        let page = bench.library.search(query).await.unwrap();
        assert!(page.songs.is_empty() && page.total == 0 && page.total_exact, "{nothing:?}");
    }
    for typed in
        ["\"tum", "tum*", "tum\" OR \"x", "title:tum", "-tum", "tum^2", "{tum}", "(tum", "NEAR(tum hi)"]
    {
        bench.titles(typed).await;
    }
    assert_eq!(bench.titles("\"tum hi\"").await, ["Tum Hi Ho"]);
    assert_eq!(bench.titles("not and").await, ["NOT OR AND NEAR"]);
    assert_eq!(bench.titles("tum' OR 1=1 --").await, Vec::<String>::new());
    let novel = "tum hi ".repeat(20_000);
    assert_eq!(bench.titles(&novel).await, ["Tum Hi Ho"]);
}

#[tokio::test]
async fn all_words_are_asked_for_over_title_artist_and_album() {
    let bench = Bench::new().await;
    let mut hit = song("track_1", "Tum Hi Ho", "Arijit Singh");
    hit.content.album = Some("Aashiqui 2".to_owned());
    hit.content.language = Some("hi".to_owned());
    bench.store(hit).await;
    let mut other = song("track_2", "Singh is Kinng", "Mika");
    other.content.language = Some("pa".to_owned());
    bench.store(other).await;

    assert_eq!(bench.titles("ari aash tum").await, ["Tum Hi Ho"]);
    assert_eq!(bench.titles("tum kinng").await, Vec::<String>::new());
    let find = async |text: &str, kind, language: Option<&str>| {
        let query = SearchQuery {
            text: text.to_owned(),
            kind,
            language: language.map(str::to_owned),
            limit: 10,
            offset: 0,
        };
        let page = bench.library.search(query).await.unwrap();
        page.songs.into_iter().map(|view| view.song.content.title).collect::<Vec<_>>()
    };
    assert_eq!(find("singh", SearchType::All, None).await.len(), 2);
    assert_eq!(find("singh", SearchType::Track, None).await, ["Singh is Kinng"]);
    assert_eq!(find("singh", SearchType::Artist, None).await, ["Tum Hi Ho"]);
    assert_eq!(find("aash", SearchType::Album, None).await, ["Tum Hi Ho"]);
    assert!(find("tum", SearchType::Album, None).await.is_empty());
    assert_eq!(find("singh", SearchType::All, Some("pa")).await, ["Singh is Kinng"]);
    assert_eq!(find("singh", SearchType::All, Some("HI")).await, ["Tum Hi Ho"]);
    assert!(find("singh", SearchType::All, Some("ta")).await.is_empty());
    // The language is a mark, not a word of the text.
    assert!(find("hi", SearchType::Artist, None).await.is_empty());
}

#[tokio::test]
async fn hits_come_by_popularity_and_then_by_plays() {
    let bench = Bench::new().await;
    let mut ids: Vec<SongId> = Vec::new();
    for (n, popularity) in [(1, 10), (2, 90), (3, 50), (4, 50), (5, 100), (6, 0)] {
        let mut remote = song(&format!("track_{n}"), &format!("Song {n}"), "");
        remote.content.popularity = popularity;
        ids.push(bench.store(remote).await);
    }
    assert_eq!(bench.titles("song").await, ["Song 5", "Song 2", "Song 3", "Song 4", "Song 1", "Song 6"]);

    bench.library.add(ids[3]).await.unwrap();
    bench.library.record_play(ids[3], 100, true).await.unwrap();
    assert_eq!(bench.titles("song").await, ["Song 5", "Song 2", "Song 4", "Song 3", "Song 1", "Song 6"]);

    let mut risen = song("track_6", "Song 6", "");
    risen.content.popularity = 95;
    bench.store(risen).await;
    assert_eq!(bench.titles("song").await, ["Song 5", "Song 6", "Song 2", "Song 4", "Song 3", "Song 1"]);

    bench.store(song("track_2", "Renamed", "")).await;
    assert_eq!(bench.titles("song").await, ["Song 5", "Song 6", "Song 4", "Song 3", "Song 1"]);
    assert_eq!(bench.titles("renamed").await, ["Renamed"]);
}

#[tokio::test]
async fn pages_join_up_and_totals_are_honest() {
    let bench = Bench::new().await;
    let songs = (0..1_500).map(|n| song(&format!("track_{n}"), &format!("Page {n}"), "")).collect();
    bench.library.store_songs(bench.generation, songs).await.unwrap();
    let page = async |text: &str, limit, offset| {
        let query = SearchQuery { text: text.to_owned(), limit, offset, ..SearchQuery::default() };
        bench.library.search(query).await.unwrap()
    };
    let mut seen = std::collections::BTreeSet::new();
    for offset in (0..1_500).step_by(100) {
        let page = page("page", 100, offset).await;
        assert_eq!(page.songs.len(), 100);
        seen.extend(page.songs.into_iter().map(|view| view.song.id));
    }
    assert_eq!(seen.len(), 1_500);

    let first = page("page", 20, 0).await;
    assert_eq!((first.total, first.total_exact), (1_000, false));
    let last = page("page", 20, 1_490).await;
    assert_eq!((last.songs.len(), last.total, last.total_exact), (10, 1_500, true));
    let past = page("page", 20, 9_000).await;
    assert_eq!((past.songs.len(), past.total, past.total_exact), (0, 1_500, true));
    let none = page("nothing", 20, 0).await;
    assert_eq!((none.total, none.total_exact), (0, true));
    assert_eq!(page("page", 0, 0).await.songs, []);
    assert_eq!(page("page", 20, u64::MAX).await.songs, []);
}
