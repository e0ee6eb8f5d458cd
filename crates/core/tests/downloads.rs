//! Downloads: asked for once, taken up where they broke off, whole when they count.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use common::{Bench, account_folder, add, extra, one, small, tone, wav_audio};
use melody_core::{Code, Command, Core, DownloadRow, DownloadState, Event, Reply, VerifiedDownloads};
use melody_library::Library;
use melody_model::Rendition;
use melody_server::{ExtraSong, Options, Server, parse_faults};
use tokio::{sync::broadcast::Receiver, task::JoinHandle};

/// Long enough for several checkpoints of a part.
const SECONDS: u32 = 60;

async fn rows(core: &Core, command: Command) -> Vec<DownloadRow> {
    let Reply::Downloads(list) = core.dispatch(command).await.unwrap() else { panic!() };
    list.downloads
}

fn wanted(ids: &[String]) -> Command {
    Command::Download { ids: ids.to_vec(), rendition: Rendition::Original }
}

async fn verify(core: &Core) -> VerifiedDownloads {
    let Reply::VerifiedDownloads(found) = core.dispatch(Command::DownloadsVerify).await.unwrap() else {
        panic!()
    };
    found
}

/// The id of a service's only song, found by a listener who is signed in.
async fn only_song(core: &Core) -> String {
    one(core, "tone").await.song.id.to_string()
}

/// Waits for a row of which this is true.
async fn until(events: &mut Receiver<Event>, is: impl Fn(&DownloadRow) -> bool) -> DownloadRow {
    loop {
        if let Event::DownloadChanged(row) = events.recv().await.unwrap()
            && is(&row)
        {
            return row;
        }
    }
}

/// The files below the account's `audio` folder, by name.
fn audio(bench: &Bench) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(account_folder(bench).join("audio")) else { return Vec::new() };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The first bytes that were asked of sound, in the order of asking, and whether a version was named with it.
fn asked(server: &Server) -> Vec<(u64, bool)> {
    let sound = server.request_log().into_iter().filter(|call| call.path.contains("/media/audio/"));
    let from = |call: &melody_server::LoggedRequest| {
        let range = call.headers.get("range").map(|range| range.to_str().unwrap().to_owned());
        range.map_or(0, |range| range.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap())
    };
    sound.map(|call| (from(&call), call.headers.contains_key("if-range"))).collect()
}

/// Begins to download a song, of which a part has come: no more does while the server holds it back.
async fn half_way(bench: &Bench, core: &Core, id: &str) -> (JoinHandle<Vec<DownloadRow>>, Receiver<Event>) {
    bench.server.hold_media_after(Some(3 << 20));
    let mut events = core.events();
    let fetching = tokio::spawn({
        let (core, id) = (core.clone(), id.to_owned());
        async move { rows(&core, wanted(&[id])).await }
    });
    until(&mut events, |row| row.bytes > 5 << 19).await;
    (fetching, events)
}

/// Begins to download the only song, and is killed when a part of it is there. The listener's core after that.
async fn broken_off(bench: &Bench) -> (Core, String) {
    let core = bench.signed_in().await;
    let id = only_song(&core).await;
    let (fetching, _) = half_way(bench, &core, &id).await;
    fetching.abort();
    assert!(fetching.await.is_err());
    drop(core);
    bench.server.hold_media_after(None);
    bench.server.clear_request_log();
    let core = bench.core().await;
    let list = rows(&core, Command::Downloads).await;
    assert_eq!((list.len(), list[0].state), (1, DownloadState::Queued), "{list:?}");
    assert!(list[0].bytes >= 1 << 20, "{list:?}");
    assert_eq!((list[0].title.as_deref(), list[0].artist.as_deref()), (Some("Tone"), Some("Bench")));
    (core, id)
}

fn one_song(sound: &[u8]) -> Vec<ExtraSong> {
    vec![extra("Tone", Some(sound.to_vec()))]
}

/// The one file is there and whole.
async fn is_whole(bench: &Bench, core: &Core, id: &str, sound: &[u8]) {
    let list = rows(core, Command::Downloads).await;
    assert_eq!((&*list[0].song_id, list[0].state), (id, DownloadState::Done));
    assert_eq!((list[0].bytes, list[0].total), (sound.len() as u64, Some(sound.len() as u64)));
    let files = audio(bench);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(std::fs::read(&files[0]).unwrap(), sound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_where_it_broke_off_after_a_restart() {
    let sound = tone(SECONDS);
    let bench = Bench::with(small(one_song(&sound))).await;
    let (core, id) = broken_off(&bench).await;
    assert_eq!(rows(&core, Command::DownloadsContinue).await[0].error, None);
    is_whole(&bench, &core, &id, &sound).await;
    let asked = asked(&bench.server);
    assert!(matches!(asked[..], [(from, true)] if from >= 1 << 20), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_another_version_is_thrown_away() {
    let sound = tone(SECONDS);
    let bench = Bench::with(small(one_song(&sound))).await;
    let (core, id) = broken_off(&bench).await;
    drop(core);
    // As if the file had been another one when the part came.
    let part = audio(&bench).remove(0);
    assert!(part.extension().is_some_and(|ending| ending == "part"), "{part:?}");
    std::fs::write(&part, vec![7; 3 << 20]).unwrap();
    let library = Library::open(&account_folder(&bench).join("library.db")).unwrap();
    let mut kept = library.downloads(None).await.unwrap().remove(0);
    assert!(kept.validator.is_some());
    kept.validator = Some("\"another\"".into());
    library.set_download(kept).await.unwrap();
    drop(library);
    let core = bench.core().await;
    assert_eq!(rows(&core, wanted(std::slice::from_ref(&id))).await[0].error, None);
    is_whole(&bench, &core, &id, &sound).await;
    let asked = asked(&bench.server);
    assert!(asked[0].0 >= 1 << 20 && asked.last() == Some(&(0, false)), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_spoilt_is_found_out_and_brought_anew() {
    let sound = tone(SECONDS);
    let bench = Bench::with(small(one_song(&sound))).await;
    let (core, id) = broken_off(&bench).await;
    // Its length and its version are right, its bytes are not.
    std::fs::write(audio(&bench).remove(0), vec![7; 3 << 20]).unwrap();
    assert_eq!(rows(&core, Command::DownloadsContinue).await[0].error, None);
    is_whole(&bench, &core, &id, &sound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_brings_it_whole_all_the_same() {
    let sound = tone(SECONDS);
    let bench = Bench::with(Options { ranges: false, ..small(one_song(&sound)) }).await;
    let (core, id) = broken_off(&bench).await;
    assert_eq!(rows(&core, Command::DownloadsContinue).await[0].error, None);
    is_whole(&bench, &core, &id, &sound).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_expired_meanwhile_is_renewed() {
    let sound = tone(SECONDS);
    let options = Options { signed_media_ttl: Some(Duration::from_mins(1)), ..small(one_song(&sound)) };
    let bench = Bench::with(options).await;
    let (core, id) = broken_off(&bench).await;
    bench.server.advance_clock(Duration::from_hours(1));
    assert_eq!(rows(&core, Command::DownloadsContinue).await[0].error, None);
    is_whole(&bench, &core, &id, &sound).await;
    let asked = asked(&bench.server);
    assert_eq!(asked.len(), 2, "the old address, then the new one");
    assert!(asked.iter().all(|(from, named)| *from >= 1 << 20 && *named), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_are_under_way_at_a_time() {
    let songs = (0..5).map(|n| extra(&format!("Tone {n}"), Some(tone(2)))).collect();
    let bench = Bench::with(small(songs)).await;
    let core = bench.signed_in().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(one(&core, &format!("tone {n}")).await.song.id.to_string());
    }
    bench.server.hold_media_after(Some(1000));
    let mut events = core.events();
    let fetching = tokio::spawn({
        let (core, ids) = (core.clone(), ids.clone());
        async move { rows(&core, wanted(&ids)).await }
    });
    let mut running = BTreeSet::new();
    while running.len() < 3 {
        running.insert(until(&mut events, |row| row.state == DownloadState::Running).await.song_id);
    }
    let list = rows(&core, Command::Downloads).await;
    let count = |state| list.iter().filter(|row| row.state == state).count();
    assert_eq!((count(DownloadState::Running), count(DownloadState::Queued)), (3, 2), "{list:?}");
    bench.server.hold_media_after(None);
    let done = fetching.await.unwrap();
    let order: Vec<_> = done.iter().map(|row| row.song_id.clone()).collect();
    assert_eq!(order, ids, "told in the order of asking");
    assert!(done.iter().all(|row| row.state == DownloadState::Done), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_keeps_its_part_and_goes_on_when_it_is_resumed() {
    let sound = tone(SECONDS);
    let bench = Bench::with(small(one_song(&sound))).await;
    let core = bench.signed_in().await;
    let id = only_song(&core).await;
    let (fetching, mut events) = half_way(&bench, &core, &id).await;
    core.dispatch(Command::DownloadsPause { ids: None }).await.unwrap();
    let row = fetching.await.unwrap().remove(0);
    assert_eq!((row.state, row.error), (DownloadState::Paused, None));
    bench.server.hold_media_after(None);
    assert_eq!(rows(&core, Command::DownloadsContinue).await, [], "what is paused does not go on by itself");
    let list = rows(&core, Command::Downloads).await;
    assert!(list[0].state == DownloadState::Paused && list[0].bytes > 5 << 19, "{list:?}");
    bench.server.clear_request_log();
    core.dispatch(Command::DownloadsResume { ids: Some(vec![id.clone()]) }).await.unwrap();
    until(&mut events, |row| row.state == DownloadState::Done).await;
    is_whole(&bench, &core, &id, &sound).await;
    assert!(asked(&bench.server)[0].0 > 5 << 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_leaves_neither_file_nor_part() {
    let sound = tone(SECONDS);
    let instrumental = wav_audio("instrumental", tone(1));
    let mut song = extra("Tone", Some(sound.clone()));
    song.audio.push(instrumental);
    let bench = Bench::with(small(vec![song])).await;
    let core = bench.signed_in().await;
    let id = only_song(&core).await;
    let both = [Rendition::Original, Rendition::Instrumental];
    for rendition in both {
        let command = Command::Download { ids: vec![id.clone()], rendition };
        assert_eq!(rows(&core, command).await[0].error, None);
    }
    let only = Command::DownloadsRemove { ids: vec![id.clone()], rendition: Some(Rendition::Instrumental) };
    assert_eq!(rows(&core, only).await.len(), 1);
    is_whole(&bench, &core, &id, &sound).await;
    assert!(one(&core, "tone").await.downloaded);
    let all = || Command::DownloadsRemove { ids: vec![id.clone()], rendition: None };
    assert_eq!(rows(&core, all()).await.len(), 1);
    assert_eq!((audio(&bench), rows(&core, Command::Downloads).await), (vec![], vec![]));
    assert!(!one(&core, "tone").await.downloaded);
    // Under way.
    let (fetching, _) = half_way(&bench, &core, &id).await;
    rows(&core, all()).await;
    let row = fetching.await.unwrap().remove(0);
    assert_eq!(row.error.map(|error| error.code), Some(Code::Superseded));
    assert_eq!((audio(&bench), rows(&core, Command::Downloads).await), (vec![], vec![]));
    bench.server.hold_media_after(None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_come_now_stays_queued_and_a_window_goes_on_with_it() {
    let sound = tone(2);
    let bench = Bench::with(small(one_song(&sound))).await;
    let core = bench.signed_in().await;
    let id = only_song(&core).await;
    let away = parse_faults("[[fault]]\nroute = \"GET /media/*\"\nkind = \"html\"").unwrap();
    bench.server.set_faults(away).unwrap();
    let row = rows(&core, wanted(std::slice::from_ref(&id))).await.remove(0);
    assert_eq!((row.state, row.error.unwrap().code), (DownloadState::Queued, Code::Unreachable));
    drop(core);
    bench.server.set_faults(Vec::new()).unwrap();
    let core = bench.window().await;
    let mut events = core.events();
    let rounds = tokio::spawn({
        let core = core.clone();
        async move { core.work_in_rounds().await }
    });
    until(&mut events, |row| row.state == DownloadState::Done).await;
    is_whole(&bench, &core, &id, &sound).await;
    rounds.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_saved_song_that_is_not_there_is_brought() {
    let songs = (0..4).map(|n| extra(&format!("Tone {n}"), Some(tone(1)))).collect();
    let bench = Bench::with(small(songs)).await;
    let core = bench.signed_in().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(one(&core, &format!("tone {n}")).await.song.id.to_string());
    }
    add(&core, &ids[..3]).await.unwrap();
    rows(&core, wanted(&ids[..1])).await;
    let saved = || Command::DownloadSaved { rendition: Rendition::Original };
    let came: BTreeSet<_> = rows(&core, saved()).await.into_iter().map(|row| row.song_id).collect();
    assert_eq!(came, ids[1..3].iter().cloned().collect());
    assert_eq!(rows(&core, saved()).await, []);
    assert_eq!(rows(&core, Command::Downloads).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_damaged_are_found_and_brought_anew_when_they_are_asked_for() {
    let songs = (0..3).map(|n| extra(&format!("Tone {n}"), Some(tone(1)))).collect();
    let bench = Bench::with(small(songs)).await;
    let core = bench.signed_in().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(one(&core, &format!("tone {n}")).await.song.id.to_string());
    }
    rows(&core, wanted(&ids)).await;
    assert_eq!(verify(&core).await, VerifiedDownloads { checked: 3, damaged: Vec::new() });
    let file_of =
        |id: &str| audio(&bench).into_iter().find(|file| file.to_string_lossy().contains(id)).unwrap();
    std::fs::File::options().write(true).open(file_of(&ids[0])).unwrap().set_len(50_000).unwrap();
    std::fs::remove_file(file_of(&ids[2])).unwrap();
    let found = verify(&core).await;
    let damaged: Vec<_> = found.damaged.iter().map(|row| (&row.song_id, row.state)).collect();
    assert_eq!(damaged, [(&ids[0], DownloadState::Failed), (&ids[2], DownloadState::Failed)]);
    assert!(found.damaged.iter().all(|row| row.error.as_ref().unwrap().code == Code::BadAudio));
    assert!(!one(&core, "tone 0").await.downloaded && one(&core, "tone 1").await.downloaded);
    rows(&core, wanted(&ids)).await;
    assert_eq!(verify(&core).await.damaged, []);
}
