//! “Work offline”: not one request leaves, and everything that is on this machine goes on.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::time::Duration;

use common::{Bench, add, download, extra, list, one, play, small, tone};
use melody_core::{
    Code, Command, Core, DownloadState, Error, Event, From, ListRequest, MessageKey, OtpRequest, PlayRequest,
    PlaybackEvent, Reply, SearchRequest, SinkKind, SyncState, TrendingRequest,
};
use melody_model::{Rendition, SearchType};
use secrecy::SecretString;

async fn work_offline(core: &Core, on: bool) {
    let reply = core.dispatch(Command::WorkOffline { on }).await.unwrap();
    assert!(matches!(reply, Reply::Offline(status) if status.offline == on), "{reply:?}");
}

fn is_offline<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (Code::Offline, matches!(error, Error::Offline { .. })));
}

async fn searched(core: &Core, query: &str) -> (usize, From) {
    let request = SearchRequest { query: query.into(), limit: 50, ..SearchRequest::default() };
    let Reply::Songs(found) = core.dispatch(Command::Search(request)).await.unwrap() else { panic!() };
    (found.songs.len(), found.from)
}

/// The paths that were asked for.
fn asked(bench: &Bench) -> Vec<String> {
    bench.server.request_log().into_iter().map(|call| format!("{} {}", call.method, call.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn not_one_request_leaves() {
    let songs = (0..3).map(|n| extra(&format!("Tone {n}"), Some(tone(1)))).collect();
    let bench = Bench::with(small(songs)).await;
    // A program that was there before is held back as well.
    let other = bench.signed_in().await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let song = one(&core, &format!("tone {n}")).await.song;
        core.cover(song.id, 256).await.unwrap();
        ids.push(song.id.to_string());
    }
    let trending = || Command::Trending(TrendingRequest { limit: 20, ..TrendingRequest::default() });
    core.dispatch(trending()).await.unwrap();
    add(&core, &ids[..1]).await.unwrap();
    assert_eq!(download(&core, &ids[0]).await.state, DownloadState::Done);
    std::fs::remove_dir_all(bench.profile.path().join("profile/covers")).unwrap();
    work_offline(&core, true).await;
    // Not even to have a token renewed.
    bench.server.advance_clock(Duration::from_hours(1));
    bench.server.clear_request_log();

    assert_eq!(searched(&core, "tone").await, (3, From::Local));
    let Reply::Trending(known) = core.dispatch(trending()).await.unwrap() else { panic!() };
    assert_eq!(known.songs.len(), 3, "what was trending when it was last asked for");
    assert_eq!(list(&core).await.unwrap().len(), 1);
    core.dispatch(Command::Song { id: ids[1].clone() }).await.unwrap();
    let request = |id: &String| PlayRequest { ids: vec![id.clone()], ..PlayRequest::default() };
    let (rows, _) = play(&core, request(&ids[0])).await;
    assert_eq!(rows[0].error, None);
    let (rows, _) = play(&core, request(&ids[1])).await;
    let error = rows[0].error.clone().unwrap();
    assert_eq!(error.code, Code::Offline);
    assert!(error.message.contains("“Tone 1” is not on this machine. You are working offline"), "{error:?}");
    is_offline(core.dispatch(Command::LibrarySync).await);
    is_offline(core.dispatch(Command::LibraryVerify).await);
    let song = one(&core, "tone 2").await.song.id;
    is_offline(core.cover(song, 256).await);
    is_offline(
        core.dispatch(Command::RequestOtp(OtpRequest { phone: "9876543211".into(), country: "+91".into() }))
            .await,
    );
    assert!(add(&core, &ids[2..]).await.unwrap()[0].pending);
    let row = download(&core, &ids[2]).await;
    assert_eq!((row.state, row.error.unwrap().code), (DownloadState::Queued, Code::Offline));
    assert_eq!(searched(&other, "tone").await, (3, From::Local));
    is_offline(other.dispatch(Command::LibrarySync).await);
    drop((core, other));

    // It holds after a restart, for a window and its rounds too.
    let window = bench.window().await;
    let Reply::Overview(overview) = window.dispatch(Command::Overview).await.unwrap() else { panic!() };
    assert!(overview.offline);
    let mut events = window.events();
    let rounds = tokio::spawn({
        let window = window.clone();
        async move { window.work_in_rounds().await }
    });
    let (mut synced, mut fetched) = (false, false);
    while !(synced && fetched) {
        match events.recv().await.unwrap() {
            Event::SyncChanged(status) => synced |= status.state == SyncState::Offline,
            Event::DownloadChanged(row) => fetched |= row.error.is_some(),
            _ => {}
        }
    }
    assert_eq!(asked(&bench), Vec::<String>::new());

    // The gate is open: what waited goes by itself.
    work_offline(&window, false).await;
    let (mut synced, mut fetched) = (false, false);
    while !(synced && fetched) {
        match events.recv().await.unwrap() {
            Event::SyncChanged(status) => synced |= status.state == SyncState::Idle && status.pending == 0,
            Event::DownloadChanged(row) => fetched |= row.state == DownloadState::Done,
            _ => {}
        }
    }
    rounds.abort();
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_under_way_stops_and_stays_queued() {
    let bench = Bench::with(small(vec![extra("Tone", Some(tone(60)))])).await;
    let core = bench.signed_in().await;
    let id = one(&core, "tone").await.song.id.to_string();
    bench.server.hold_media_after(Some(3 << 20));
    let mut events = core.events();
    let fetching = tokio::spawn({
        let (core, ids) = (core.clone(), vec![id.clone()]);
        async move { core.dispatch(Command::Download { ids, rendition: Rendition::Original }).await }
    });
    while !matches!(events.recv().await.unwrap(), Event::DownloadChanged(row) if row.bytes > 1 << 20) {}
    work_offline(&core, true).await;
    let Reply::Downloads(rows) = fetching.await.unwrap().unwrap() else { panic!() };
    assert_eq!(rows.downloads[0].state, DownloadState::Queued);
    bench.server.hold_media_after(None);
    work_offline(&core, false).await;
    assert_eq!(download(&core, &id).await.state, DownloadState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_song_that_is_loading_what_came_is_heard() {
    let bench = Bench::with(small(vec![extra("Tone", Some(tone(60)))])).await;
    let core = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    // It is switched by another program.
    let other = bench.core().await;
    let id = one(&core, "tone").await.song.id.to_string();
    bench.server.hold_media_after(Some(2 << 20));
    let mut events = core.events();
    let playing = tokio::spawn({
        let core = core.clone();
        async move { play(&core, PlayRequest { ids: vec![id], ..PlayRequest::default() }).await }
    });
    while !matches!(events.recv().await.unwrap(), Event::Playback(PlaybackEvent::Started { .. })) {}
    work_offline(&other, true).await;
    bench.server.clear_request_log();
    bench.server.hold_media_after(None);
    let (rows, _) = playing.await.unwrap();
    let error = rows[0].error.clone().unwrap();
    assert_eq!((error.code, error.key), (Code::Offline, MessageKey::WorkingOffline), "{error:?}");
    assert!(error.message.contains("You are working offline"), "{error:?}");
    // No more than the server had sent by then.
    assert!((0.5..22.0).contains(&rows[0].seconds), "{} s", rows[0].seconds);
    assert_eq!(asked(&bench), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_offline_is_not_taken_to_another_service() {
    let bench = Bench::with(small(Vec::new())).await;
    let core = bench.signed_in().await;
    work_offline(&core, true).await;
    let address = "http://127.0.0.1:9".to_owned();
    is_offline(core.dispatch(Command::UseService { address }).await);
    core.dispatch(Command::LibraryList(ListRequest { limit: 1, ..ListRequest::default() })).await.unwrap();
    let otp = SecretString::from("123456");
    assert!(core.dispatch(Command::VerifyOtp { otp }).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_means_the_same_here_as_on_the_service() {
    let song = |title: &str, artist: &str, album: &str| melody_server::ExtraSong {
        artist: artist.into(),
        album: Some(album.into()),
        ..extra(title, None)
    };
    let songs =
        vec![song("Maya", "Anil", "Rain"), song("Rain", "Maya", "Anil"), song("Anil", "Rain", "Maya")];
    let bench = Bench::with(small(songs)).await;
    let core = bench.core().await;
    let titles = async |kind, offline| {
        let request = SearchRequest { query: "maya".into(), kind, limit: 50, offline, ..Default::default() };
        let Reply::Songs(found) = core.dispatch(Command::Search(request)).await.unwrap() else { panic!() };
        let mut titles: Vec<_> = found.songs.into_iter().map(|view| view.song.content.title).collect();
        titles.sort();
        titles
    };
    assert_eq!(titles(SearchType::All, false).await, ["Anil", "Maya", "Rain"]);
    for (kind, found) in
        [(SearchType::Track, "Maya"), (SearchType::Artist, "Rain"), (SearchType::Album, "Anil")]
    {
        assert_eq!(titles(kind, false).await, [found], "{kind:?} on the service");
        assert_eq!(titles(kind, true).await, [found], "{kind:?} here");
    }
    assert_eq!(titles(SearchType::All, true).await, ["Anil", "Maya", "Rain"]);
}
