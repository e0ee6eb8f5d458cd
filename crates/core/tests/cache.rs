//! The stream cache: what was streamed whole plays without the network, and what is given up first.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::path::{Path, PathBuf};

use common::{Bench, account_folder, download, extra, one, play, small, tone};
use melody_core::{Command, DownloadState, PlayRequest, Preferences, SinkKind};
use melody_server::Server;

/// The files below one of the account's folders.
fn files(bench: &Bench, folder: &str) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(account_folder(bench).join(folder)) else { return Vec::new() };
    files.map(|file| file.unwrap().path()).collect()
}

fn is_of(file: &Path, id: &str) -> bool {
    file.file_name().unwrap().to_string_lossy().starts_with(id)
}

fn sound_asked(server: &Server) -> usize {
    server.request_log().iter().filter(|call| call.path.contains("/media/audio/")).count()
}

/// Plays songs to their end in a program of its own, as a queue; what went wrong.
async fn heard(bench: &Bench, ids: &[&str]) -> Vec<Option<melody_core::ErrorReport>> {
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
    let (rows, _) = play(&core, PlayRequest { ids, ..PlayRequest::default() }).await;
    core.close().await.unwrap();
    rows.into_iter().map(|row| row.error).collect()
}

/// A listener who is signed in, at a service with so many songs; their ids.
async fn settled(songs: usize, seconds: u32) -> (Bench, Vec<String>) {
    let all = (0..songs).map(|n| extra(&format!("Tone {n}"), Some(tone(seconds)))).collect();
    let bench = Bench::with(small(all)).await;
    let core = bench.signed_in().await;
    let mut ids = Vec::new();
    for n in 0..songs {
        ids.push(one(&core, &format!("tone {n}")).await.song.id.to_string());
    }
    (bench, ids)
}

async fn allow(bench: &Bench, bytes: u64) {
    let preferences = Preferences { cache_bytes: Some(bytes), ..Preferences::default() };
    bench.core().await.dispatch(Command::SetPreferences(preferences)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_that_was_streamed_whole_plays_offline_and_is_no_download() {
    let (bench, ids) = settled(1, 3).await;
    assert_eq!(heard(&bench, &[&ids[0]]).await, [None]);
    let cached = files(&bench, "cache");
    assert_eq!(cached.len(), 1, "{cached:?}");
    assert_eq!(std::fs::read(&cached[0]).unwrap(), tone(3));
    let core = bench.core().await;
    assert!(!one(&core, "tone").await.downloaded, "the cache is no promise");
    drop(core);
    let wav = std::fs::read(bench.wav()).unwrap();
    let (asked, options) = (sound_asked(&bench.server), bench.options());
    assert_eq!(asked, 1);
    let Bench { server, profile } = bench;
    server.kill().await;
    let path = profile.path().join("again.wav");
    let options = melody_core::CoreOptions { sink: SinkKind::Recorder(path.clone()), ..options };
    let core = melody_core::Core::open(options).await.unwrap();
    let (rows, _) = play(&core, PlayRequest { ids, ..PlayRequest::default() }).await;
    core.close().await.unwrap();
    assert_eq!(rows[0].error, None);
    assert_eq!(std::fs::read(path).unwrap(), wav, "it sounds as it did");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_of_which_not_all_came_is_not_kept() {
    let (bench, ids) = settled(1, 60).await;
    bench.server.hold_media_after(Some(3 << 20));
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let request = PlayRequest { ids, for_s: Some(5.0), ..PlayRequest::default() };
    let (rows, _) = play(&core, request).await;
    assert_eq!(rows[0].error, None);
    core.close().await.unwrap();
    assert_eq!(files(&bench, "cache"), Vec::<PathBuf>::new());
    bench.server.hold_media_after(None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_heard_for_the_longest_time_makes_room_and_what_is_queued_stays() {
    let (bench, ids) = settled(3, 1).await;
    let length = tone(1).len() as u64;
    allow(&bench, length * 2).await;
    heard(&bench, &[&ids[0]]).await;
    heard(&bench, &[&ids[1]]).await;
    // From the cache: now the other one was not heard for longer.
    let before = sound_asked(&bench.server);
    heard(&bench, &[&ids[0]]).await;
    assert_eq!(sound_asked(&bench.server), before);
    heard(&bench, &[&ids[2]]).await;
    let left = files(&bench, "cache");
    let has = |id: &str| left.iter().any(|file| is_of(file, id));
    assert_eq!((has(&ids[0]), has(&ids[1]), has(&ids[2])), (true, false, true), "{left:?}");
    // All three in one queue: none of them goes, however little they may take.
    allow(&bench, length).await;
    assert_eq!(files(&bench, "cache").len(), 1);
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    heard(&bench, &all).await;
    assert_eq!(files(&bench, "cache").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_of_what_is_cached_asks_for_nothing_and_is_never_given_up() {
    let (bench, ids) = settled(1, 2).await;
    heard(&bench, &[&ids[0]]).await;
    let core = bench.core().await;
    bench.server.clear_request_log();
    let row = download(&core, &ids[0]).await;
    assert_eq!((row.state, row.bytes), (DownloadState::Done, tone(2).len() as u64));
    assert_eq!(sound_asked(&bench.server), 0);
    assert!(one(&core, "tone").await.downloaded);
    allow(&bench, 0).await;
    assert_eq!(files(&bench, "cache").len(), 1);
    assert_eq!(heard(&bench, &[&ids[0]]).await, [None]);
    assert_eq!(sound_asked(&bench.server), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_program_left_in_the_cache_is_swept() {
    let (bench, ids) = settled(1, 1).await;
    let folder = account_folder(&bench).join("cache");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join(format!("{}-original.part", ids[0])), "half a song").unwrap();
    std::fs::write(folder.join("a letter.txt"), "not ours").unwrap();
    allow(&bench, 1_000_000).await;
    let left: Vec<_> = files(&bench, "cache");
    assert_eq!(left, [folder.join("a letter.txt")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_in_the_cache_goes_with_the_next_start() {
    let (bench, ids) = settled(2, 1).await;
    let account = account_folder(&bench);
    for folder in ["cache", "locks"] {
        std::fs::create_dir_all(account.join(folder)).unwrap();
    }
    let part = |id: &String| account.join("cache").join(format!("{id}-original.part"));
    for id in &ids {
        std::fs::write(part(id), b"half a song").unwrap();
    }
    // Somebody else is at the second one.
    let at_it = std::fs::File::create(account.join("locks").join(format!("{}-original", ids[1]))).unwrap();
    at_it.lock().unwrap();
    drop(bench.core().await);
    assert_eq!((part(&ids[0]).exists(), part(&ids[1]).exists()), (false, true));
    drop(at_it);
    drop(bench.core().await);
    assert!(!part(&ids[1]).exists());
}
