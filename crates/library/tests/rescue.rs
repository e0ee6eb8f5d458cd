//! A file that was damaged: what is the listener's alone is there afterwards, or its loss is told; nothing is thrown away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use common::{Bench, inspect, song};
use jiff::Timestamp;
use melody_library::{Download, DownloadState, Library, Listen, SearchQuery};
use melody_model::{ListenId, Rendition};
use tempfile::TempDir;

const PAGE: usize = 4_096;

/// SplitMix64: the same damage for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n as u64) as usize
    }
}

/// What is the listener's alone, counted.
#[derive(Debug, PartialEq)]
struct Own {
    pending: u64,
    playlists: usize,
    items: usize,
    listens: u64,
    downloads: usize,
    queue: usize,
}

async fn own(library: &Library) -> melody_library::Result<Own> {
    let playlists = library.playlists().await?;
    let mut items = 0;
    for playlist in &playlists {
        items += library.playlist(playlist.id, None, 0).await?.items.len();
    }
    Ok(Own {
        pending: library.outbox_status().await?.pending,
        playlists: playlists.len(),
        items,
        listens: library.history(1, 0).await?.total,
        downloads: library.downloads(None).await?.len(),
        queue: library.kept_queue().await?.map_or(0, |queue| queue.songs.len()),
    })
}

/// A library as a killed process leaves it: file, journal and marker, with so much of it in the journal alone.
async fn killed() -> (TempDir, Own) {
    let bench = Bench::new().await;
    let songs = (0..600).map(|n| song(&format!("s{n}"), &format!("Song number {n}"), "Someone")).collect();
    let ids: Vec<_> = bench
        .library
        .store_songs(bench.generation, songs)
        .await
        .unwrap()
        .iter()
        .map(|song| song.id)
        .collect();
    for id in &ids[..60] {
        bench.library.add(*id).await.unwrap();
    }
    for n in 0..4 {
        bench
            .library
            .create_playlist(&format!("List {n}"), ids[n * 100..n * 100 + 90].to_vec())
            .await
            .unwrap();
    }
    let bench = bench.reopen();
    bench.library.keep_queue(ids[..30].to_vec(), Default::default()).await.unwrap();
    for id in &ids[..50] {
        let listen = Listen {
            id: ListenId::new(),
            song: *id,
            rendition: Rendition::Original,
            began_at: Timestamp::now(),
            heard: Duration::from_secs(3),
            completed: false,
            counts: false,
            told_at: Timestamp::now(),
        };
        bench.library.end_listen(listen).await.unwrap();
    }
    for id in &ids[..20] {
        let download = Download {
            song_id: *id,
            rendition: Rendition::Original,
            state: DownloadState::Done,
            path: Some(format!("audio/{id}")),
            bytes: 1,
            total: Some(1),
            error: None,
            pinned: true,
            validator: None,
            used_at: None,
        };
        bench.library.set_download(download).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    copy(bench.folder.path(), folder.path());
    (folder, own(&bench.library).await.unwrap())
}

/// The files of a library without those that only living processes share.
fn copy(from: &Path, to: &Path) {
    for name in ["library.db", "library.db-wal", "library.db.open"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// Does one kind of damage to a file, somewhere.
fn damage(file: &Path, dice: &mut Dice) -> String {
    let mut bytes = fs::read(file).unwrap();
    let pages = bytes.len() / PAGE;
    let told = match dice.below(4) {
        0 => {
            let at = dice.below(bytes.len());
            bytes.truncate(at);
            format!("cut to {at} bytes")
        }
        kind => {
            let mut hit = Vec::new();
            for _ in 0..=dice.below(3) {
                let page = dice.below(pages);
                hit.push(page);
                for byte in &mut bytes[page * PAGE..][..PAGE] {
                    *byte = if kind == 1 { 0 } else { dice.roll() as u8 };
                }
            }
            format!("{} in pages {hit:?} of {pages}", if kind == 1 { "zeros" } else { "noise" })
        }
    };
    fs::write(file, bytes).unwrap();
    told
}

fn aside(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.to_string_lossy().into_owned();
    files.filter(|path| name(path).contains(".damaged-") && !name(path).ends_with("-wal")).collect()
}

#[tokio::test]
async fn whatever_page_is_damaged_nothing_of_the_listeners_goes_unsaid() {
    let seed = std::env::var("MELODY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    println!("MELODY_SEED={seed}");
    let (sound, expected) = killed().await;
    let (mut whole, mut in_part, mut refused, mut unhurt) = (0, 0, 0, 0);
    for round in 0..60 {
        let dice = &mut Dice(seed + round);
        let folder = tempfile::tempdir().unwrap();
        copy(sound.path(), folder.path());
        let file = folder.path().join("library.db");
        // Now and then it is the journal that is torn, or there is none.
        let done = match dice.below(8) {
            0 => damage(&folder.path().join("library.db-wal"), dice) + " of the journal",
            1 => {
                fs::remove_file(folder.path().join("library.db-wal")).unwrap();
                damage(&file, dice) + ", and no journal"
            }
            _ => damage(&file, dice),
        };
        let before = fs::read(&file).unwrap();
        let journal = done.contains("journal");
        let library = match Library::open(&file) {
            Ok(library) => library,
            Err(error) => {
                assert_eq!(error.code(), "STORAGE_DAMAGED", "{done}");
                assert_eq!(fs::read(&file).unwrap(), before, "{done}: refused, and changed");
                refused += 1;
                continue;
            }
        };
        let found = own(&library).await.unwrap_or_else(|error| panic!("{done}: {error}"));
        library.check_integrity().await.unwrap_or_else(|error| panic!("{done}: {error}"));
        if let Some(rescue) = library.rescue() {
            let kept = folder.path().join(&rescue.kept_as);
            assert_eq!(fs::read(kept).unwrap(), before, "{done}: what was put aside is not what was there");
            if rescue.lost.is_empty() {
                // What was in a torn journal was never confirmed as far as SQLite can tell.
                assert!(journal || found == expected, "{done}: {found:?} and nothing is told");
                whole += 1;
            } else {
                in_part += 1;
            }
            assert_eq!(library.rescued().await.unwrap().as_ref(), Some(rescue));
        } else {
            assert!(journal || found == expected, "{done}: {found:?} and nothing is told");
            unhurt += 1;
        }
        let query = SearchQuery { text: "song number".into(), limit: 5, ..SearchQuery::default() };
        library.search(query).await.unwrap();
        library.create_playlist("After", Vec::new()).await.unwrap();
        drop(library);
        let library = Library::open(&file).unwrap();
        assert!(library.rescue().is_none(), "{done}: it was rescued for good");
        assert!(aside(folder.path()).len() <= 1);
    }
    println!("whole {whole}, in part {in_part}, refused {refused}, unhurt {unhurt}");
    assert!(whole > 10 && in_part > 5 && refused < 20, "whole {whole}, in part {in_part}, refused {refused}");
}

#[tokio::test]
async fn a_kill_in_the_midst_of_a_rescue_leaves_the_way_to_go_on() {
    let (sound, expected) = killed().await;
    drop(Library::open(&sound.path().join("library.db")).unwrap());
    let torn = |folder: &Path| {
        let file = folder.join("library.db");
        let mut bytes = fs::read(sound.path().join("library.db")).unwrap();
        bytes[..16].copy_from_slice(b"something other!");
        fs::write(&file, bytes).unwrap();
        file
    };
    // What the finished rescue makes of it stands for the one that is ready.
    let done = tempfile::tempdir().unwrap();
    let file = torn(done.path());
    let library = Library::open(&file).unwrap();
    let rescue = library.rescue().unwrap().clone();
    assert_eq!((own(&library).await.unwrap(), rescue.lost.as_slice()), (expected, &[][..]));
    drop(library);
    let expected = own(&Library::open(&file).unwrap()).await.unwrap();

    for step in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let damaged = torn(folder.path());
        fs::write(folder.path().join("library.db.work"), "half").unwrap();
        fs::write(folder.path().join("library.db.new"), "half").unwrap();
        let aside = folder.path().join(&rescue.kept_as);
        if step > 0 {
            fs::copy(&file, folder.path().join("library.db.rescued")).unwrap();
        }
        if step < 2 {
            // An empty journal, which goes aside too.
            fs::write(folder.path().join("library.db-wal"), "").unwrap();
        }
        if step > 2 {
            fs::rename(&damaged, &aside).unwrap();
        }
        let library = Library::open(&damaged).unwrap();
        assert_eq!(own(&library).await.unwrap(), expected, "killed after step {step}");
        assert!(library.rescued().await.unwrap().is_some());
        drop(library);
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.retain(|name| !name.to_string_lossy().contains(".damaged-"));
        assert_eq!(left, ["library.db"], "killed after step {step}");
    }
}

#[tokio::test]
async fn what_is_found_while_it_is_open_is_rescued_at_the_next_start() {
    let (folder, expected) = killed().await;
    let file = folder.path().join("library.db");
    drop(Library::open(&file).unwrap());
    assert!(!folder.path().join("library.db.open").exists(), "a clean end leaves no marker");

    // Damaged while nobody looked, and closed cleanly before: the first look is that of a reader.
    let root: usize = inspect(&file)
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'listen'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[(root - 1) * PAGE..root * PAGE].fill(0xab);
    fs::write(&file, &bytes).unwrap();
    let library = Library::open(&file).unwrap();
    assert!(library.rescue().is_none(), "nobody had a reason to look");
    assert_eq!(library.history(10, 0).await.unwrap_err().code(), "STORAGE_DAMAGED");
    drop(library);
    let library = Library::open(&file).unwrap();
    assert_eq!(library.rescue().unwrap().lost, ["listen"]);
    let found = own(&library).await.unwrap();
    assert_eq!(found, Own { listens: found.listens, ..expected });
    assert!(found.listens < expected.listens);
}

#[tokio::test]
async fn nobody_is_robbed_of_a_file_that_he_has_open() {
    let (folder, _) = killed().await;
    let file = folder.path().join("library.db");
    drop(Library::open(&file).unwrap());
    let first = Library::open(&file).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[..16].copy_from_slice(b"something other!");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(Library::open(&file).unwrap_err().code(), "STORAGE_DAMAGED");
    assert!(aside(folder.path()).is_empty());
    drop(first);
}
