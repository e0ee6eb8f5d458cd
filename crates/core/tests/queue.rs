//! The queue while it plays, the two renditions of a song, and what is there again after a restart.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::{fs, path::Path, sync::LazyLock, time::Duration};

use common::{Bench, extra, one, play, small, tone, tone_of, wav_audio};
use melody_core::{
    Code, Command, Core, CoreOptions, Event, NowPlaying, Place, PlayRequest, PlaybackEvent, PlaybackStatus,
    QueuePage, Reply, SinkKind,
};
use melody_model::Rendition;
use melody_server::ExtraSong;
use tokio::sync::broadcast::Receiver;

const TITLES: [&str; 5] = ["Asha", "Bela", "Chand", "Dhara", "Ekta"];

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

static MINUTE: LazyLock<Vec<u8>> = LazyLock::new(|| tone(60));

/// A service with five songs of a minute, and their ids.
async fn five() -> (Bench, Core, Vec<String>) {
    let bench = Bench::with(small(TITLES.map(|title| extra(title, Some(MINUTE.clone()))).into())).await;
    let core = bench.window().await;
    let mut ids = Vec::new();
    for title in TITLES {
        ids.push(one(&core, title).await.song.id.to_string());
    }
    (bench, core, ids)
}

async fn ask(core: &Core, command: Command) {
    core.dispatch(command).await.unwrap();
}

async fn now(core: &Core) -> NowPlaying {
    let Reply::NowPlaying(now) = core.dispatch(Command::NowPlaying).await.unwrap() else { panic!() };
    *now
}

async fn page(core: &Core, offset: usize, limit: usize) -> QueuePage {
    let Reply::Queue(page) = core.dispatch(Command::QueueList { offset, limit }).await.unwrap() else {
        panic!()
    };
    page
}

/// The initials of the songs in the queue, the one that is on in brackets.
async fn order(core: &Core) -> String {
    let page = page(core, 0, 500).await;
    let initial = |(at, title): (usize, &str)| {
        if at == page.index { format!("[{}]", &title[..1]) } else { title[..1].to_owned() }
    };
    page.items.iter().map(|item| item.song.song.content.title.as_str()).enumerate().map(initial).collect()
}

/// The number of the item at a place of the queue.
async fn item(core: &Core, place: usize) -> u64 {
    page(core, place, 1).await.items[0].item
}

/// The next event of playback that satisfies.
async fn until(events: &mut Receiver<Event>, wanted: impl Fn(&PlaybackEvent) -> bool) -> PlaybackEvent {
    let found = async {
        loop {
            match events.recv().await.unwrap() {
                Event::Playback(event) if wanted(&event) => return event,
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap()
}

async fn started(events: &mut Receiver<Event>) -> usize {
    match until(events, |event| matches!(event, PlaybackEvent::Started { .. })).await {
        PlaybackEvent::Started { index, .. } => index,
        _ => unreachable!(),
    }
}

fn request(ids: &[String]) -> PlayRequest {
    PlayRequest { ids: ids.to_vec(), ..PlayRequest::default() }
}

fn asked_for_audio(bench: &Bench) -> usize {
    bench.server.request_log().iter().filter(|request| request.path.contains("/media/")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_changes_around_the_song_that_is_on() {
    let (_bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Play(PlayRequest { start: 1, ..request(&ids[..3]) })).await;
    assert_eq!(started(&mut events).await, 1);
    assert_eq!(order(&core).await, "A[B]C");

    ask(&core, Command::Enqueue { ids: ids[4..].to_vec(), place: Place::Last }).await;
    ask(&core, Command::Enqueue { ids: ids[3..4].to_vec(), place: Place::Next }).await;
    assert_eq!(order(&core).await, "A[B]DCE");
    ask(&core, Command::MoveInQueue { item: item(&core, 1).await, to: 3 }).await;
    assert_eq!(order(&core).await, "ADC[B]E");
    ask(&core, Command::RemoveFromQueue { item: item(&core, 0).await }).await;
    assert_eq!(order(&core).await, "DC[B]E");
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.index, standing.queue_len), (PlaybackStatus::Playing, 2, 4));
    assert_eq!(standing.item.unwrap().song.song.content.title, "Bela");

    // Nothing of all that has touched the song itself.
    loop {
        match events.try_recv() {
            Ok(Event::Playback(event)) => {
                assert!(matches!(event, PlaybackEvent::Position { .. }), "{event:?}");
            }
            Ok(event) => assert!(matches!(event, Event::QueueChanged { .. }), "{event:?}"),
            Err(_) => break,
        }
    }

    ask(&core, Command::RemoveFromQueue { item: item(&core, 2).await }).await;
    assert_eq!(started(&mut events).await, 2);
    assert_eq!(order(&core).await, "DC[E]");
    ask(&core, Command::JumpInQueue { item: item(&core, 0).await }).await;
    assert_eq!(started(&mut events).await, 0);
    ask(&core, Command::ClearQueue).await;
    until(&mut events, |event| *event == PlaybackEvent::QueueEnded).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.queue_len, standing.item), (PlaybackStatus::Stopped, 0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_told_with_its_place() {
    let (_bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Enqueue { ids: ids.clone(), place: Place::Last }).await;
    ask(&core, Command::MoveInQueue { item: item(&core, 0).await, to: 4 }).await;
    ask(&core, Command::MoveInQueue { item: 4711, to: 0 }).await;
    ask(&core, Command::RemoveFromQueue { item: item(&core, 0).await }).await;
    ask(&core, Command::ClearQueue).await;
    let mut told = Vec::new();
    while told.len() < 4 {
        if let Event::QueueChanged { index, queue_len } = events.recv().await.unwrap() {
            told.push((index, queue_len));
        }
    }
    assert_eq!(told, [(0, 5), (4, 5), (3, 4), (0, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_stops_and_resume_begins_anew() {
    let (_bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Play(PlayRequest { start: 1, ..request(&ids[..2]) })).await;
    started(&mut events).await;
    ask(&core, Command::Next).await;
    until(&mut events, |event| *event == PlaybackEvent::QueueEnded).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.index, standing.item), (PlaybackStatus::Stopped, 2, None));
    ask(&core, Command::Toggle).await;
    assert_eq!(started(&mut events).await, 0);
    ask(&core, Command::Toggle).await;
    until(&mut events, |event| matches!(event, PlaybackEvent::Paused { .. })).await;
    assert_eq!(now(&core).await.status, PlaybackStatus::Paused);
    ask(&core, Command::Toggle).await;
    until(&mut events, |event| matches!(event, PlaybackEvent::Playing { .. })).await;
    ask(&core, Command::Stop).await;
    until(&mut events, |event| *event == PlaybackEvent::QueueEnded).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.index, standing.queue_len), (PlaybackStatus::Stopped, 0, 2));
    // A stopped song begins where songs begin.
    ask(&core, Command::Resume).await;
    assert_eq!(started(&mut events).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_removed_in_pause_leaves_the_next_one_paused() {
    let (bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Play(request(&ids[..2]))).await;
    started(&mut events).await;
    ask(&core, Command::Pause).await;
    until(&mut events, |event| matches!(event, PlaybackEvent::Paused { .. })).await;
    let before = asked_for_audio(&bench);
    ask(&core, Command::RemoveFromQueue { item: item(&core, 0).await }).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.at_s), (PlaybackStatus::Paused, 0.0));
    assert_eq!(standing.item.unwrap().song.song.id.to_string(), ids[1]);
    assert_eq!(asked_for_audio(&bench), before);
    ask(&core, Command::Resume).await;
    assert_eq!(started(&mut events).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_brings_the_queue_back_paused_and_opens_nothing() {
    let (bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::SetVolume { volume: 0.4 }).await;
    ask(&core, Command::Play(PlayRequest { start: 2, from_s: 20.0, ..request(&ids) })).await;
    started(&mut events).await;
    ask(&core, Command::MoveInQueue { item: item(&core, 0).await, to: 4 }).await;
    let left = order(&core).await;
    assert_eq!(left, "B[C]DEA");
    let before = now(&core).await.at_s;
    core.close().await.unwrap();
    bench.server.clear_request_log();

    let wav = bench.wav();
    let core = bench.window_to(SinkKind::Recorder(wav.clone())).await;
    let standing = now(&core).await;
    assert_eq!(standing.status, PlaybackStatus::Paused);
    assert!(before >= 20.0 && standing.at_s >= before, "{} of {before}", standing.at_s);
    assert_eq!((standing.volume, standing.duration_s), (0.4, Some(2.0)));
    assert_eq!(order(&core).await, left);
    assert_eq!(bench.server.request_log().len(), 0);
    // A recording is created with the player: there is none yet.
    assert!(!wav.exists());

    let mut events = core.events();
    ask(&core, Command::Resume).await;
    assert_eq!(started(&mut events).await, 1);
    until(&mut events, |event| matches!(event, PlaybackEvent::Finished(_))).await;
    ask(&core, Command::Stop).await;
    core.close().await.unwrap();
    let heard = f64::from(hound::WavReader::open(wav).unwrap().duration()) / 48_000.0;
    let rest = 60.0 - standing.at_s;
    assert!(heard >= rest - 0.001, "{heard} of {rest}");
}

/// What another process finds in a profile that was never closed.
async fn as_killed(bench: &Bench) -> NowPlaying {
    let copy = tempfile::tempdir().unwrap();
    copy_all(&bench.profile.path().join("profile"), copy.path());
    let options = CoreOptions { profile: copy.path().to_owned(), keep_queue: true, ..bench.options() };
    let core = Core::open(options).await.unwrap();
    let found = now(&core).await;
    core.close().await.unwrap();
    found
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_some_seconds_at_most() {
    let (bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Play(PlayRequest { start: 1, ..request(&ids) })).await;
    started(&mut events).await;
    let mut heard = 0.0;
    let found = loop {
        if let Event::Playback(PlaybackEvent::Position { at_s, .. }) = events.recv().await.unwrap() {
            heard = at_s;
            let found = as_killed(&bench).await;
            if found.at_s > 0.0 {
                break found;
            }
        }
        assert!(heard < 15.0, "the place is never kept");
    };
    assert_eq!((found.status, found.index, found.queue_len), (PlaybackStatus::Paused, 1, 5));

    // A pause is kept at once.
    ask(&core, Command::Seek { to_s: 30.0 }).await;
    until(&mut events, |event| matches!(event, PlaybackEvent::Position { at_s, .. } if *at_s >= 30.0)).await;
    ask(&core, Command::Pause).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while as_killed(&bench).await.at_s < 30.0 {
        assert!(tokio::time::Instant::now() < deadline, "the pause is never kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_leaves_the_windows_queue_alone() {
    let (bench, core, ids) = five().await;
    ask(&core, Command::Enqueue { ids: ids[..3].to_vec(), place: Place::Last }).await;
    core.close().await.unwrap();

    let terminal = bench.core_to(SinkKind::Recorder(bench.wav())).await;
    assert_eq!(now(&terminal).await.queue_len, 0);
    play(&terminal, PlayRequest { for_s: Some(0.2), ..request(&ids[3..]) }).await;
    terminal.close().await.unwrap();

    assert_eq!(order(&bench.window().await).await, "[A]BC");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_has_its_queue_and_signing_out_leaves_none() {
    let (bench, core, ids) = five().await;
    ask(&core, Command::Enqueue { ids: ids[..1].to_vec(), place: Place::Last }).await;
    common::sign_in(&core).await.unwrap();
    assert_eq!(now(&core).await.queue_len, 0, "the guest's queue is the guest's");
    let mut events = core.events();
    ask(&core, Command::Play(request(&ids[1..3]))).await;
    started(&mut events).await;
    common::sign_in_as(&core, "9876543211").await.unwrap();
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.queue_len), (PlaybackStatus::Stopped, 0));
    // Each library has ids of its own.
    let theirs = one(&core, "dhara").await.song.id.to_string();
    ask(&core, Command::Play(request(&[theirs]))).await;
    started(&mut events).await;
    ask(&core, Command::Logout { forget: false }).await;
    assert_eq!(order(&core).await, "[A]", "the guest's queue is there again");

    common::sign_in_as(&core, "9876543211").await.unwrap();
    assert_eq!(now(&core).await.queue_len, 0);
    common::sign_in(&core).await.unwrap();
    assert_eq!(order(&core).await, "[B]C");
    assert_eq!(now(&core).await.status, PlaybackStatus::Paused);
    core.close().await.unwrap();
    drop(bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_has_its_queue() {
    let (bench, core, ids) = five().await;
    let elsewhere = Bench::with(small(vec![extra("Farid", Some(tone(5)))])).await;
    let mut events = core.events();
    ask(&core, Command::Play(request(&ids[..2]))).await;
    started(&mut events).await;
    ask(&core, Command::UseService { address: elsewhere.server.base_url() }).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.queue_len), (PlaybackStatus::Stopped, 0));
    let other = one(&core, "farid").await.song.id.to_string();
    ask(&core, Command::Enqueue { ids: vec![other], place: Place::Last }).await;
    ask(&core, Command::UseService { address: bench.server.base_url() }).await;
    assert_eq!(order(&core).await, "[A]B");
    assert_eq!(now(&core).await.status, PlaybackStatus::Paused);
    ask(&core, Command::UseService { address: elsewhere.server.base_url() }).await;
    assert_eq!(order(&core).await, "[F]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_signs_in_goes_on_listening() {
    let (bench, core, ids) = five().await;
    let mut events = core.events();
    ask(&core, Command::Play(request(&ids))).await;
    started(&mut events).await;
    common::sign_in(&core).await.unwrap();
    assert_eq!(now(&core).await.status, PlaybackStatus::Playing);
    ask(&core, Command::Next).await;
    assert_eq!(started(&mut events).await, 1);
    core.close().await.unwrap();
    assert_eq!(order(&bench.window().await).await, "A[B]CDE");
}

/// A song with both renditions, told apart by their pitch, and one with the original only.
fn two_takes() -> Vec<ExtraSong> {
    let mut both = extra("Both", Some(tone(30)));
    both.audio.push(wav_audio("instrumental", tone_of(1_000.0, 30)));
    vec![both, extra("Single", Some(tone(30)))]
}

/// The pitch of a mono stretch in Hz, by its zero crossings.
fn pitch(frames: &[f32]) -> f64 {
    let crossings = frames.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
    crossings as f64 / 2.0 / (frames.len() as f64 / 48_000.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_goes_on_in_its_other_rendition_at_the_same_place() {
    let bench = Bench::with(small(two_takes())).await;
    let core = bench.window().await;
    let id = one(&core, "both").await.song.id.to_string();
    let mut events = core.events();
    ask(&core, Command::Play(PlayRequest { from_s: 10.0, ..request(std::slice::from_ref(&id)) })).await;
    started(&mut events).await;
    let before = now(&core).await.at_s;
    ask(&core, Command::ChooseRendition { rendition: Rendition::Instrumental }).await;
    let after = now(&core).await;
    assert_eq!((after.status, after.rendition), (PlaybackStatus::Playing, Rendition::Instrumental));
    assert!(before >= 10.0 && after.at_s >= before, "{before} then {}", after.at_s);
    let told = until(&mut events, |event| !matches!(event, PlaybackEvent::Position { .. })).await;
    assert_eq!(told, PlaybackEvent::RenditionChanged { rendition: Rendition::Instrumental });

    // Paused stays paused, and what comes out after a restart is the other take from that very place.
    ask(&core, Command::Pause).await;
    until(&mut events, |event| matches!(event, PlaybackEvent::Paused { .. })).await;
    ask(&core, Command::ChooseRendition { rendition: Rendition::Original }).await;
    ask(&core, Command::ChooseRendition { rendition: Rendition::Instrumental }).await;
    let paused = now(&core).await;
    assert_eq!((paused.status, paused.rendition), (PlaybackStatus::Paused, Rendition::Instrumental));
    ask(&core, Command::Stop).await;
    let row = until(&mut events, |event| matches!(event, PlaybackEvent::Finished(_))).await;
    let PlaybackEvent::Finished(row) = row else { panic!() };
    // One song, one row, whatever it was heard in.
    assert!((row.seconds - (paused.at_s - 10.0)).abs() < 0.05, "{row:?} at {}", paused.at_s);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rendition_chosen_at_rest_is_what_is_heard_from_there() {
    let bench = Bench::with(small(two_takes())).await;
    let core = bench.window().await;
    let id = one(&core, "both").await.song.id.to_string();
    let mut events = core.events();
    ask(&core, Command::Play(PlayRequest { from_s: 10.0, ..request(&[id]) })).await;
    started(&mut events).await;
    core.close().await.unwrap();

    let core = bench.window_to(SinkKind::Recorder(bench.wav())).await;
    let mut events = core.events();
    ask(&core, Command::Seek { to_s: 12.0 }).await;
    ask(&core, Command::ChooseRendition { rendition: Rendition::Instrumental }).await;
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.at_s), (PlaybackStatus::Paused, 12.0));
    assert_eq!(standing.rendition, Rendition::Instrumental);
    assert!(!bench.wav().exists());
    ask(&core, Command::Resume).await;
    until(&mut events, |event| *event == PlaybackEvent::QueueEnded).await;
    core.close().await.unwrap();
    let samples: Vec<f32> =
        hound::WavReader::open(bench.wav()).unwrap().samples::<f32>().map(Result::unwrap).collect();
    let left: Vec<f32> = samples.iter().step_by(2).copied().collect();
    assert!((left.len() as f64 / 48_000.0 - 18.0).abs() < 0.01, "{}", left.len());
    assert!((pitch(&left) - 1_000.0).abs() < 2.0, "{}", pitch(&left));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_rendition_is_refused_and_the_song_goes_on() {
    let bench = Bench::with(small(two_takes())).await;
    let core = bench.window().await;
    let single = one(&core, "single").await.song.id.to_string();
    let both = one(&core, "both").await.song.id.to_string();
    let mut events = core.events();
    ask(&core, Command::Play(request(&[both, single]))).await;
    started(&mut events).await;
    ask(&core, Command::ChooseRendition { rendition: Rendition::Instrumental }).await;
    // Chosen while listening, it is a wish: the song that has only the original is heard in it.
    ask(&core, Command::Next).await;
    let event = until(&mut events, |event| {
        matches!(event, PlaybackEvent::Started { index: 1, .. } | PlaybackEvent::Finished(_))
    });
    let PlaybackEvent::Finished(row) = event.await else { panic!() };
    assert_eq!(row.error, None);
    let event = until(&mut events, |event| matches!(event, PlaybackEvent::Started { index: 1, .. })).await;
    assert!(matches!(event, PlaybackEvent::Started { rendition: Rendition::Original, .. }));

    let refused = core.dispatch(Command::ChooseRendition { rendition: Rendition::Instrumental }).await;
    assert_eq!(refused.unwrap_err().code(), Code::NoAudio);
    let standing = now(&core).await;
    assert_eq!((standing.status, standing.rendition), (PlaybackStatus::Playing, Rendition::Original));
    let next = until(&mut events, |_| true).await;
    assert!(matches!(next, PlaybackEvent::Position { .. }), "{next:?}");
    ask(&core, Command::Previous).await;
    let event = until(&mut events, |event| matches!(event, PlaybackEvent::Started { index: 0, .. })).await;
    assert!(matches!(event, PlaybackEvent::Started { rendition: Rendition::Instrumental, .. }), "{event:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_very_long_queue_is_kept_and_shown_in_pages() {
    let (bench, core, ids) = five().await;
    let long: Vec<String> = ids.iter().cycle().take(20_000).cloned().collect();
    ask(&core, Command::Enqueue { ids: long, place: Place::Last }).await;
    ask(&core, Command::JumpInQueue { item: item(&core, 10_001).await }).await;
    ask(&core, Command::Pause).await;
    let last = page(&core, 19_998, 50).await;
    assert_eq!((last.items.len(), last.offset, last.total, last.index), (2, 19_998, 20_000, 10_001));
    let refused = core.dispatch(Command::QueueList { offset: 0, limit: 501 }).await;
    assert_eq!(refused.unwrap_err().code(), Code::ValidationError);
    core.close().await.unwrap();
    let core = bench.window().await;
    let standing = now(&core).await;
    assert_eq!((standing.index, standing.queue_len), (10_001, 20_000));
    assert_eq!(standing.item.unwrap().song.song.content.title, "Bela");
}
