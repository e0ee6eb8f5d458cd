//! Deviations between two clean backends, each kind by itself and many at random: found, named, ranked; and nothing else.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

mod bench;

use bench::{Bench, Deviation, What};
use melody_parity::{Finding, Kind, Severity};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use What::{Double, Drop, Encode, Lose, Rename, Reverse, Round, Slow, Status, Type};

const SEARCH: &str = "/music/search";
const TRACK: &str = "/music/track";
const TRENDING: &str = "/music/trending";
const LIBRARY: &str = "/library/songs";
const PROFILE: &str = "/users/profile";
const VERIFY: &str = "/auth/verify-otp";

fn shown(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| format!("{:?} {:?} {} {} {}", f.severity, f.kind, f.case, f.path, f.why))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_is_found_named_and_ranked() {
    let bench = Bench::start().await;
    for (path, what, field, kind, severity, place) in [
        (SEARCH, Rename, "title", Kind::Rename, Severity::Breaking, "/title"),
        (SEARCH, Rename, "album", Kind::Rename, Severity::Degrading, "/album"),
        (SEARCH, Drop, "audio_files", Kind::Drop, Severity::Breaking, "/audio_files"),
        (SEARCH, Drop, "created_at", Kind::Drop, Severity::Cosmetic, "/created_at"),
        (SEARCH, Drop, "tracks", Kind::Drop, Severity::Breaking, "/data/tracks"),
        (SEARCH, Type, "duration", Kind::Type, Severity::Cosmetic, "/duration"),
        (SEARCH, Reverse, "", Kind::Order, Severity::Degrading, "/data/tracks"),
        (SEARCH, Encode, "title", Kind::Encoding, Severity::Degrading, "/title"),
        (SEARCH, Lose, "", Kind::Lost, Severity::Degrading, "/data/tracks/"),
        (SEARCH, Double, "", Kind::Doubled, Severity::Degrading, "/data/tracks/"),
        (SEARCH, Status, "", Kind::Status, Severity::Breaking, "status"),
        (TRACK, Round, "", Kind::Precision, Severity::Degrading, "/metadata/"),
        (TRENDING, Round, "created_at", Kind::Precision, Severity::Cosmetic, "/created_at"),
        (TRENDING, Slow, "", Kind::Slow, Severity::Degrading, "latency"),
        (LIBRARY, Rename, "library_id", Kind::Rename, Severity::Breaking, "/library_id"),
        (LIBRARY, Drop, "play_count", Kind::Drop, Severity::Degrading, "/play_count"),
        (PROFILE, Drop, "name", Kind::Drop, Severity::Degrading, "/name"),
        (VERIFY, Drop, "refresh_token", Kind::Drop, Severity::Breaking, "refresh_token"),
    ] {
        let deviation = Deviation { path, what, field };
        let (report, touched) = bench.run(Some(deviation)).await;
        assert!(touched > 0, "{deviation:?} touched nothing");
        let right = |f: &Finding| f.kind == kind && f.severity == severity && f.path.contains(place);
        assert!(report.findings.iter().any(right), "{deviation:?}: {:#?}", shown(&report.findings));
    }
}

/// What a draw may hit, for each call.
const FIELDS: &[(&str, &[&str])] = &[
    (
        SEARCH,
        &[
            "id",
            "title",
            "artist",
            "album",
            "duration",
            "language",
            "genre",
            "release_year",
            "popularity",
            "explicit",
            "thumbnail_url",
            "external_ids",
            "audio_files",
            "created_at",
            "tracks",
            "data",
            "pagination",
            "total",
            "limit",
            "page",
            "total_pages",
            "success",
            "message",
        ],
    ),
    (
        TRENDING,
        &[
            "id",
            "title",
            "artist",
            "duration",
            "timeframe",
            "tracks",
            "data",
            "message",
            "created_at",
            "audio_files",
        ],
    ),
    (
        TRACK,
        &[
            "track",
            "lyrics",
            "metadata",
            "title",
            "bpm",
            "key",
            "energy",
            "danceability",
            "id",
            "audio_files",
        ],
    ),
    (
        LIBRARY,
        &[
            "library_id",
            "track",
            "added_at",
            "play_count",
            "has_instrumental",
            "songs",
            "total",
            "pagination",
            "id",
            "title",
        ],
    ),
    (
        PROFILE,
        &[
            "user",
            "id",
            "name",
            "preferences",
            "stats",
            "total_songs",
            "joined_at",
            "created_at",
            "is_verified",
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_at_random_hardly_one_is_missed_and_clean_runs_are_clean() {
    let seed = std::env::var("PARITY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_123);
    let count =
        |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (deviations, clean) = (count("PARITY_DEVIATIONS", 100), count("PARITY_CLEAN", 10));
    let mut random = StdRng::seed_from_u64(seed);
    let bench = Bench::start().await;
    for _ in 0..clean {
        let (report, _) = bench.run(None).await;
        assert_eq!(shown(&report.findings), Vec::<String>::new());
    }
    let (mut drawn, mut missed) = (0, Vec::new());
    while drawn < deviations {
        let (path, fields) = FIELDS[random.random_range(0..FIELDS.len())];
        let field = fields[random.random_range(0..fields.len())];
        let all = [Rename, Drop, Type, Status, Reverse, Round, Encode, Slow, Double, Lose];
        let what = all[random.random_range(0..all.len())];
        // A delay takes as long as it takes; a few of them are enough.
        if what == Slow && random.random_range(0..4) > 0 {
            continue;
        }
        let deviation = Deviation { path, what, field };
        let (report, touched) = bench.run(Some(deviation)).await;
        // A field that is always null cannot be dropped, a number has no letters.
        if touched == 0 {
            continue;
        }
        drawn += 1;
        if report.findings.is_empty() {
            missed.push(format!("{deviation:?}"));
        }
    }
    assert!(
        missed.len() * 100 <= deviations,
        "{} of {deviations} missed with seed {seed}: {missed:#?}",
        missed.len()
    );
}
