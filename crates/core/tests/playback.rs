//! The queue and what is heard: from the service while it loads, from the disk without it.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::time::Duration;

use common::{Bench, account_folder, download, extra, one, pages_read, play, search, small, tone};
use melody_core::{Code, Command, DownloadState, Event, PlayRequest, PlaybackEvent, SinkKind};
use melody_model::Rendition;
use melody_server::{CatalogueChoice, Dialect, Options, parse_faults};

fn request(ids: &[String]) -> PlayRequest {
    PlayRequest { ids: ids.to_vec(), ..PlayRequest::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_is_heard_whole_from_the_service_with_and_without_ranges() {
    for ranges in [true, false] {
        let bench = Bench::with(Options { ranges, ..small(vec![extra("Tone", Some(tone(2)))]) }).await;
        let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
        let song = one(&core, "tone").await;
        let (rows, events) = play(&core, request(&[song.song.id.to_string()])).await;
        core.close().await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].error, None, "ranges: {ranges}");
        assert!((rows[0].seconds - 2.0).abs() < 0.01, "{rows:?}");
        assert_eq!(rows[0].format.as_deref(), Some("WAV"));
        assert!(rows[0].first_sample_ms.is_some());
        assert!(events.iter().any(|event| matches!(event, PlaybackEvent::Started { .. })));
        let heard: Vec<f32> =
            hound::WavReader::open(bench.wav()).unwrap().samples::<f32>().map(Result::unwrap).collect();
        assert_eq!(heard.len(), 2 * 2 * 48_000);
        let loudest = heard.iter().fold(0.0f32, |most, sample| most.max(sample.abs()));
        assert!((loudest - 12_000.0 / 32_768.0).abs() < 0.01, "{loudest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_played_is_told_and_the_queue_goes_on() {
    let songs = vec![
        extra("Silent", None),
        extra("Page", Some(b"<html><body>not a song</body></html>".to_vec())),
        extra("Tone", Some(tone(1))),
    ];
    let bench = Bench::with(small(songs)).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let mut ids = vec!["no-such-id".to_owned()];
    for title in ["silent", "page", "tone"] {
        ids.push(one(&core, title).await.song.id.to_string());
    }
    let (rows, _) = play(&core, request(&ids)).await;
    let codes: Vec<_> = rows.iter().map(|row| row.error.as_ref().map(|error| error.code)).collect();
    assert_eq!(
        codes,
        [Some(Code::ValidationError), Some(Code::NoAudio), Some(Code::UnsupportedFormat), None]
    );
    assert_eq!(rows[0].song_id, "no-such-id");
    assert!((rows[3].seconds - 1.0).abs() < 0.01);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_was_damaged_is_brought_anew() {
    let sound = tone(5);
    let bench = Bench::with(small(vec![extra("Tone", Some(sound.clone()))])).await;
    let core = bench.core().await;
    let id = one(&core, "tone").await.song.id.to_string();
    assert_eq!(download(&core, &id).await.state, DownloadState::Done);
    let file = audio_file(&bench.profile.path().join("profile"));
    std::fs::File::options().write(true).open(&file).unwrap().set_len(50_000).unwrap();
    let row = download(&core, &id).await;
    assert_eq!((row.state, row.error), (DownloadState::Done, None));
    assert_eq!(std::fs::read(&file).unwrap(), sound, "the song is whole again");
}

/// The one file below an `audio` folder.
fn audio_file(folder: &std::path::Path) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for found in std::fs::read_dir(&folder).unwrap() {
            let path = found.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if folder.ends_with("audio") {
                return path;
            }
        }
    }
    panic!("there is no audio file");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_download_one_song_do_not_spoil_it_for_each_other() {
    let sound = tone(60);
    let songs = (0..4).map(|n| extra(&format!("Tone {n}"), Some(sound.clone()))).collect();
    let bench = Bench::with(small(songs)).await;
    let (first, second) = (bench.core().await, bench.core().await);
    let mut ids = Vec::new();
    for n in 0..4 {
        let id = one(&first, &format!("tone {n}")).await.song.id.to_string();
        let mut events = first.events();
        let fetching = tokio::spawn({
            let (first, id) = (first.clone(), id.clone());
            async move { download(&first, &id).await }
        });
        // All but written: from here on it is verified, moved to its place and put down as done.
        let nearly = sound.len() as u64 - 512 * 1024;
        while let Ok(event) = events.recv().await {
            if matches!(event, Event::DownloadChanged(row) if row.bytes > nearly) {
                break;
            }
        }
        let late = download(&second, &id).await;
        let row = fetching.await.unwrap();
        assert_eq!((row.state, row.error), (DownloadState::Done, None));
        // It may have been told to come back later; never anything else.
        let code = late.error.map(|error| error.code);
        assert!(code.is_none_or(|code| code == Code::StorageBusy), "{code:?}");
        assert!(one(&second, &format!("tone {n}")).await.downloaded);
        ids.push(id);
    }
    bench.server.kill().await;
    for id in ids {
        let row = download(&second, &id).await;
        assert_eq!((row.state, row.bytes), (DownloadState::Done, sound.len() as u64));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_plays_without_the_service() {
    let bench = Bench::with(small(vec![extra("Tone", Some(tone(1)))])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let id = one(&core, "tone").await.song.id.to_string();
    let row = download(&core, &id).await;
    assert_eq!((row.state, row.total), (DownloadState::Done, Some(row.bytes)));
    assert!(row.bytes > 96_000);
    bench.server.kill().await;
    let (rows, _) = play(&core, request(&[id])).await;
    assert_eq!(rows[0].error, None);
    assert!((rows[0].seconds - 1.0).abs() < 0.01);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_never_counts_as_downloaded() {
    let mut half = tone(4);
    half.truncate(half.len() / 2);
    let bench =
        Bench::with(small(vec![extra("Half", Some(half)), extra("Page", Some(b"<html></html>".to_vec()))]))
            .await;
    let core = bench.core().await;
    for (title, code) in [("half", Code::BadAudio), ("page", Code::UnsupportedFormat)] {
        let id = one(&core, title).await.song.id.to_string();
        let row = download(&core, &id).await;
        assert_eq!((row.state, row.error.unwrap().code), (DownloadState::Failed, code));
        assert!(!one(&core, title).await.downloaded);
    }
    let mut left = Vec::new();
    let mut folders = vec![bench.profile.path().join("profile")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains("/audio/") {
                left.push(path);
            }
        }
    }
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entrys_instrumental_is_looked_up_under_the_lock_and_no_further_than_its_page() {
    let tone = extra("Tone", Some(tone(1)));
    let options = Options { catalogue: CatalogueChoice::Synthetic(249), ..small(vec![tone]) };
    let bench = Bench::with(options).await;
    bench.server.fill_library("+91", common::PHONE, 249).unwrap();
    let core = bench.signed_in().await;
    let found = search(&core, "tone").await.unwrap();
    let id = found.iter().find(|song| song.song.content.title == "Tone").unwrap().song.id.to_string();
    // The song is the newest, on the first page of three.
    core.dispatch(Command::LibraryAdd { ids: vec![id.clone()] }).await.unwrap();
    let instrumental = PlayRequest { rendition: Rendition::Instrumental, ..request(&[id]) };
    let lock = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(account_folder(&bench).join("sync.lock"))
        .unwrap();
    for (locked, pages) in [(true, 0), (false, 1)] {
        if locked {
            lock.lock().unwrap();
        } else {
            lock.unlock().unwrap();
        }
        bench.server.clear_request_log();
        let (rows, _) = play(&core, instrumental.clone()).await;
        assert_eq!(rows[0].error.as_ref().unwrap().code, Code::NoAudio);
        assert_eq!(pages_read(&bench).len(), pages, "another process runs sync: {locked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_expired_is_asked_for_again() {
    let options = Options {
        signed_media_ttl: Some(Duration::from_mins(1)),
        dialect: Dialect::Blue,
        ..small(vec![extra("Tone", Some(tone(1)))])
    };
    let bench = Bench::with(options).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let id = one(&core, "tone").await.song.id.to_string();
    bench.server.advance_clock(Duration::from_hours(1));
    let (rows, _) = play(&core, request(std::slice::from_ref(&id))).await;
    assert_eq!(rows[0].error, None);
    assert!((rows[0].seconds - 1.0).abs() < 0.01);
    assert_eq!(download(&core, &id).await.state, DownloadState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_middle_is_made_anew_where_it_broke() {
    for ranges in [true, false] {
        let bench = Bench::with(Options { ranges, ..small(vec![extra("Tone", Some(tone(3)))]) }).await;
        let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
        let id = one(&core, "tone").await.song.id.to_string();
        let cut =
            parse_faults("[[fault]]\nroute = \"GET /media/*\"\nkind = \"truncate\"\ntimes = 1").unwrap();
        bench.server.set_faults(cut).unwrap();
        let (rows, _) = play(&core, request(std::slice::from_ref(&id))).await;
        assert_eq!(rows[0].error, None, "ranges: {ranges}");
        assert!((rows[0].seconds - 3.0).abs() < 0.01, "{rows:?}");
        let asked =
            bench.server.request_log().iter().filter(|request| request.path.contains("/media/")).count();
        assert!(asked >= 2, "the fault did not strike");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_from_the_middle_is_heard_for_as_long_as_was_asked() {
    let bench = Bench::with(small(vec![extra("Tone", Some(tone(4)))])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let id = one(&core, "tone").await.song.id.to_string();
    let (rows, _) = play(&core, PlayRequest { from_s: 1.0, for_s: Some(1.5), ..request(&[id]) }).await;
    core.close().await.unwrap();
    assert!((rows[0].seconds - 1.5).abs() < 0.05, "{rows:?}");
    let frames = hound::WavReader::open(bench.wav()).unwrap().duration();
    assert!((i64::from(frames) - 72_000).abs() < 2_400, "{frames}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_obeys_next_previous_and_stop() {
    let songs = ["One", "Two", "Three"].map(|title| extra(title, Some(tone(60))));
    let bench = Bench::with(small(songs.into())).await;
    let core = bench.core().await;
    let mut ids = Vec::new();
    for title in ["one", "two", "three"] {
        ids.push(one(&core, title).await.song.id.to_string());
    }
    let mut events = core.events();
    core.dispatch(Command::Play(request(&ids))).await.unwrap();
    let mut started = Vec::new();
    let mut finished = 0;
    let mut steps = [Command::Next, Command::Previous, Command::Next, Command::Stop].into_iter();
    loop {
        match events.recv().await.unwrap() {
            melody_core::Event::Playback(PlaybackEvent::Started { index, .. }) => {
                started.push(index);
                core.dispatch(steps.next().unwrap()).await.unwrap();
            }
            melody_core::Event::Playback(PlaybackEvent::Finished(row)) => {
                assert_eq!(row.error, None);
                finished += 1;
            }
            melody_core::Event::Playback(PlaybackEvent::QueueEnded) => break,
            _ => {}
        }
    }
    assert_eq!((started, finished), (vec![0, 1, 0, 1], 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listen_that_counts_reaches_the_service_once() {
    let bench = Bench::with(small(vec![extra("Tone", Some(tone(2)))])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    common::sign_in(&core).await.unwrap();
    let id = one(&core, "tone").await.song.id.to_string();
    common::add(&core, std::slice::from_ref(&id)).await.unwrap();
    play(&core, PlayRequest { for_s: Some(0.5), ..request(std::slice::from_ref(&id)) }).await;
    play(&core, request(std::slice::from_ref(&id))).await;
    assert_eq!(common::list(&core).await.unwrap()[0].play_count, 1);
    core.dispatch(Command::LibrarySync).await.unwrap();
    assert_eq!(bench.server.library("+91", common::PHONE).unwrap()[0].play_count, 1);
}
