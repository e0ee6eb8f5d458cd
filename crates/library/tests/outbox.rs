//! A change and its operation are one; operations leave in order, once, and a refused one blocks nobody.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use common::{Bench, entry, inspect, song};
use jiff::Timestamp;
use melody_library::{
    Acknowledgement, Action, Download, DownloadState, EntryQuery, Error, Operation, OperationKind,
    OutboxStatus, Outcome, Stored,
};
use melody_model::{EntryOrder, EntrySort, Rendition, ServerId, SongId};

fn heard(bench: &Bench, id: Option<&str>) -> Acknowledgement {
    Acknowledgement {
        generation: bench.generation,
        entry_server_id: id.map(ServerId::from),
        play_count: None,
        last_played_at: None,
    }
}

async fn offered(bench: &Bench) -> Vec<Operation> {
    bench.library.pending_operations(100).await.unwrap()
}

fn kinds(operations: &[Operation]) -> Vec<OperationKind> {
    operations.iter().map(|operation| operation.action.kind()).collect()
}

/// Sends the one operation that is offered and acknowledges it.
async fn send_one(bench: &Bench, id: Option<&str>) -> Operation {
    let mut operations = offered(bench).await;
    assert_eq!(operations.len(), 1, "{operations:?}");
    let operation = operations.remove(0);
    assert!(bench.library.mark_sending(operation.id).await.unwrap());
    assert!(bench.library.acknowledge(operation.id, heard(bench, id)).await.unwrap());
    operation
}

#[tokio::test]
async fn adding_is_written_with_its_operation_and_only_once() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "Tum Hi Ho", "")).await;
    let added = bench.library.add(id).await.unwrap();
    assert!(added.pending && added.song.in_library && added.play_count == 0);
    assert_eq!(bench.library.add(id).await.unwrap(), added);
    let operations = offered(&bench).await;
    assert_eq!(kinds(&operations), [OperationKind::Add]);
    assert_eq!(operations[0].song_server_id, Some(ServerId::from("s1")));
    assert_eq!((operations[0].entry, operations[0].entry_server_id.clone()), (added.id, None));

    let bench = bench.reopen();
    send_one(&bench, Some("l1")).await;
    let saved = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!((saved.id, saved.pending), (added.id, false));
    assert_eq!(bench.library.resolve("l1").await.unwrap(), Some(id));
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 0);
    let unknown = SongId::new();
    assert_eq!(bench.library.add(unknown).await, Err(Error::UnknownSong(unknown)));
    assert_eq!(bench.library.remove(unknown).await.unwrap(), None);
}

#[tokio::test]
async fn removing_keeps_a_mark_until_the_service_has_heard() {
    let bench = Bench::new().await;
    bench.library.store_entries(bench.generation, vec![entry("l1", song("s1", "A", ""))]).await.unwrap();
    let id = bench.library.resolve("s1").await.unwrap().unwrap();
    let removed = bench.library.remove(id).await.unwrap().unwrap();
    assert!(removed.pending);
    assert_eq!(bench.library.remove(id).await.unwrap(), None);
    assert_eq!(bench.library.entry_of(id).await.unwrap(), None);
    assert!(bench.library.is_pending(id).await.unwrap());
    assert!(!bench.library.song(id).await.unwrap().unwrap().in_library);

    let page = vec![entry("l1", song("s1", "A", "")), entry("l2", song("s2", "B", ""))];
    let stored = bench.library.store_entries(bench.generation, page).await.unwrap();
    assert_eq!(stored, Stored { new: 1, changed: 0, skipped_pending: 1 });
    assert_eq!(bench.library.entry_of(id).await.unwrap(), None, "a stale page brings nothing back");

    let operation = send_one(&bench, None).await;
    assert_eq!(operation.entry_server_id, Some(ServerId::from("l1")));
    assert!(!bench.library.is_pending(id).await.unwrap());
    assert_eq!(bench.library.resolve("l1").await.unwrap(), None);
    let rows: i64 =
        inspect(&bench.file()).query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1, "the mark is gone");
}

#[tokio::test]
async fn what_the_service_never_heard_of_cancels_out() {
    let bench = Bench::new().await;
    let new = bench.store(song("s1", "New", "")).await;
    bench.library.add(new).await.unwrap();
    bench.library.record_play(new, 40, false).await.unwrap();
    bench.library.remove(new).await.unwrap();
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 3, "each stays a row until it leaves");
    assert!(offered(&bench).await.is_empty());
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 0);
    assert_eq!(bench.library.entry_of(new).await.unwrap(), None);
    let page = vec![entry("l9", song("s1", "New", ""))];
    let stored = bench.library.store_entries(bench.generation, page).await.unwrap();
    assert_eq!(stored.new, 1, "no mark stays behind to hide what another device saves later");
    assert!(bench.library.entry_of(new).await.unwrap().is_some());

    bench.library.store_entries(bench.generation, vec![entry("l2", song("s2", "Old", ""))]).await.unwrap();
    let old = bench.library.resolve("s2").await.unwrap().unwrap();
    let before = bench.library.entry_of(old).await.unwrap().unwrap();
    bench.library.remove(old).await.unwrap();
    let back = bench.library.add(old).await.unwrap();
    assert_eq!((back.id, back.added_at), (before.id, before.added_at));
    assert!(offered(&bench).await.is_empty());
    assert_eq!(bench.library.entry_of(old).await.unwrap(), Some(before));
    assert_eq!(bench.library.resolve("l2").await.unwrap(), Some(old), "still the service's entry");
}

#[tokio::test]
async fn what_went_out_is_not_folded() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    bench.library.add(id).await.unwrap();
    let add = offered(&bench).await.remove(0);
    bench.library.mark_sending(add.id).await.unwrap();
    bench.library.remove(id).await.unwrap();
    assert_eq!(kinds(&offered(&bench).await), [OperationKind::Add], "the removal waits for the addition");

    // The attempt's outcome is unknown: the addition is offered again, the removal after it.
    bench.library.release(add.id, Outcome::Unknown).await.unwrap();
    let again = offered(&bench).await;
    assert_eq!(kinds(&again), [OperationKind::Add]);
    assert!(again[0].uncertain && again[0].attempts == 1);
    bench.library.mark_sending(add.id).await.unwrap();
    bench.library.release(add.id, Outcome::NotReached).await.unwrap();
    assert!(offered(&bench).await[0].uncertain, "a later failure settles no earlier doubt");
    bench.library.acknowledge(add.id, heard(&bench, Some("l1"))).await.unwrap();
    let removal = send_one(&bench, None).await;
    assert_eq!(removal.entry_server_id, Some(ServerId::from("l1")), "learnt after the removal was queued");
    assert_eq!(bench.library.entry_of(id).await.unwrap(), None);

    // Read back and not there: the doubt is gone, and the two fold.
    bench.library.add(id).await.unwrap();
    let add = offered(&bench).await.remove(0);
    bench.library.mark_sending(add.id).await.unwrap();
    bench.library.release(add.id, Outcome::Unknown).await.unwrap();
    bench.library.remove(id).await.unwrap();
    assert_eq!(offered(&bench).await.len(), 1);
    bench.library.release(add.id, Outcome::Refuted).await.unwrap();
    assert!(offered(&bench).await.is_empty());
    assert_eq!(bench.library.outbox_status().await.unwrap().pending, 0);
}

#[tokio::test]
async fn what_a_cut_off_attempt_left_on_its_way_is_offered_as_uncertain() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    bench.library.add(id).await.unwrap();
    let add = offered(&bench).await.remove(0);
    assert!(!add.uncertain);
    bench.library.mark_sending(add.id).await.unwrap();
    // Cancelled, and the library is still open.
    let left = offered(&bench).await;
    assert_eq!((left.len(), left[0].id, left[0].uncertain, left[0].attempts), (1, add.id, true, 1));
    bench.library.mark_sending(add.id).await.unwrap();
    bench.library.release(add.id, Outcome::NotReached).await.unwrap();
    assert!(offered(&bench).await[0].uncertain, "the attempt after it settles nothing");
    bench.library.release(add.id, Outcome::Refuted).await.unwrap();

    // Killed.
    bench.library.mark_sending(add.id).await.unwrap();
    let bench = bench.reopen();
    bench.library.remove(id).await.unwrap();
    let left = offered(&bench).await;
    assert_eq!((left.len(), left[0].id, left[0].uncertain, left[0].attempts), (1, add.id, true, 3));
    assert!(bench.library.mark_sending(add.id).await.unwrap());
    let bench = bench.reopen();
    let left = offered(&bench).await;
    assert_eq!((left[0].uncertain, left[0].attempts), (true, 4));
}

#[tokio::test]
async fn a_refused_operation_is_shown_and_blocks_nobody_else() {
    let bench = Bench::new().await;
    let (a, b) = (bench.store(song("s1", "A", "")).await, bench.store(song("s2", "B", "")).await);
    bench.library.add(a).await.unwrap();
    bench.library.record_play(a, 60, true).await.unwrap();
    bench.library.add(b).await.unwrap();
    let first = offered(&bench).await;
    assert_eq!(first.iter().map(|o| o.song).collect::<Vec<_>>(), [a, b], "one of each song, in order");
    bench.library.mark_sending(first[0].id).await.unwrap();
    assert!(bench.library.park(first[0].id, "400: No such track").await.unwrap());
    assert_eq!(offered(&bench).await.iter().map(|o| o.song).collect::<Vec<_>>(), [b]);
    let status = bench.library.outbox_status().await.unwrap();
    assert_eq!((status.pending, status.parked.len()), (2, 1));
    assert_eq!(status.parked[0].what, "add A");
    assert_eq!((status.parked[0].op, &*status.parked[0].reason), (first[0].id, "400: No such track"));
    assert!(!bench.library.mark_sending(first[0].id).await.unwrap(), "parked ones do not go out");
    assert!(bench.library.entry_of(a).await.unwrap().unwrap().pending);

    // Tried again by hand, it leaves first and frees what waited.
    bench.library.release(first[0].id, Outcome::NotReached).await.unwrap();
    bench.library.acknowledge(first[0].id, heard(&bench, Some("l1"))).await.unwrap();
    assert_eq!(kinds(&offered(&bench).await), [OperationKind::Play, OperationKind::Add]);

    // A refused play holds back nothing; a refused addition cancels out with the removal.
    let play = offered(&bench).await.remove(0);
    bench.library.park(play.id, "400").await.unwrap();
    bench.library.remove(a).await.unwrap();
    assert_eq!(kinds(&offered(&bench).await), [OperationKind::Add, OperationKind::Remove]);
    let add = offered(&bench).await.remove(0);
    bench.library.park(add.id, "400").await.unwrap();
    bench.library.remove(b).await.unwrap();
    assert_eq!(kinds(&offered(&bench).await), [OperationKind::Remove]);
    assert_eq!(bench.library.outbox_status().await.unwrap().parked.len(), 1, "the play of A");

    // It goes when its entry does, and does not come back.
    send_one(&bench, None).await;
    assert!(!bench.library.release(play.id, Outcome::NotReached).await.unwrap());
    let status = bench.library.outbox_status().await.unwrap();
    assert_eq!((status.pending, status.parked.len()), (0, 0));
}

#[tokio::test]
async fn an_acknowledged_operation_goes_to_the_journal_once() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    bench.library.add(id).await.unwrap();
    let add = send_one(&bench, Some("l1")).await;
    assert!(!bench.library.acknowledge(add.id, heard(&bench, Some("l2"))).await.unwrap());
    assert!(!bench.library.park(add.id, "late").await.unwrap());
    assert!(!bench.library.release(add.id, Outcome::Unknown).await.unwrap());
    assert!(!bench.library.mark_sending(add.id).await.unwrap());
    assert_eq!(bench.library.resolve("l2").await.unwrap(), None);

    let played = bench.library.record_play(id, 61, true).await.unwrap().unwrap();
    assert_eq!(played.play_count, 1);
    let play = offered(&bench).await.remove(0);
    assert!(matches!(play.action, Action::Play { seconds: 61, completed: true, .. }), "{play:?}");
    let last = Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let told =
        Acknowledgement { play_count: Some(7), last_played_at: Some(last), ..heard(&bench, Some("l1")) };
    bench.library.acknowledge(play.id, told).await.unwrap();
    let entry = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!(entry.play_count, 7, "other devices played it too");
    assert_eq!(entry.last_played_at.unwrap().as_microsecond(), last.as_microsecond());

    assert_eq!(bench.library.prune_journal(add.created_at).await.unwrap(), 0);
    assert_eq!(bench.library.prune_journal(Timestamp::now()).await.unwrap(), 2);
    bench.library.record_play(id, 1, false).await.unwrap();
    assert_eq!(bench.library.prune_journal(Timestamp::MAX).await.unwrap(), 0, "never a pending one");
}

#[tokio::test]
async fn an_operation_never_changes() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    bench.library.add(id).await.unwrap();
    let outsider = inspect(&bench.file());
    for change in ["payload = '{}'", "kind = 'remove'", "seq = 9", "song = 2", "created_at = 0"] {
        let error = outsider.execute(&format!("UPDATE operation SET {change}"), []).expect_err(change);
        assert!(error.to_string().contains("never changes"), "{error}");
    }
}

#[tokio::test]
async fn a_page_adds_and_raises_and_overrides_no_intent() {
    let bench = Bench::new().await;
    let mut page = vec![entry("l1", song("s1", "A", "")), entry("l2", song("s2", "B", ""))];
    page[0].play_count = 3;
    let stored = bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    assert_eq!(stored, Stored { new: 2, changed: 0, skipped_pending: 0 });
    let again = bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    assert_eq!(again, Stored::default(), "nothing new in the same page");

    let id = bench.library.resolve("s1").await.unwrap().unwrap();
    let entry = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!((entry.play_count, entry.pending), (3, false));
    assert_eq!(entry.added_at, "2024-03-01T10:00:00Z".parse().unwrap());

    page[0].play_count = 9;
    page[0].added_at = Some("2024-03-01T04:30:00Z".parse().unwrap());
    page[1].extra = serde_json::json!({ "instrumentalStatus": "processing" }).as_object().unwrap().clone();
    let stored = bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    assert_eq!(stored, Stored { new: 0, changed: 2, skipped_pending: 0 });
    let changed = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!((changed.play_count, changed.added_at), (9, entry.added_at));
    page[0].play_count = 2;
    page[0].last_played_at = Some("2024-05-01T10:00:00Z".parse().unwrap());
    bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    let raised = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!((raised.play_count, raised.last_played_at), (9, page[0].last_played_at), "each only rises");
    page[0].last_played_at = Some("2024-04-01T10:00:00Z".parse().unwrap());
    bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    assert_eq!(bench.library.entry_of(id).await.unwrap().unwrap(), raised);
    page[0].play_count = 10;
    page[0].last_played_at = None;
    bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    let higher = bench.library.entry_of(id).await.unwrap().unwrap();
    assert_eq!((higher.play_count, higher.last_played_at), (10, raised.last_played_at));

    bench.library.record_play(id, 60, true).await.unwrap();
    page[0].play_count = 50;
    let stored = bench.library.store_entries(bench.generation, page).await.unwrap();
    assert_eq!(stored.skipped_pending, 1);
    assert_eq!(bench.library.entry_of(id).await.unwrap().unwrap().play_count, 11);
}

#[tokio::test]
async fn an_id_is_learnt_while_a_change_waits_for_it() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    bench.library.add(id).await.unwrap();
    send_one(&bench, None).await;
    bench.library.record_play(id, 60, true).await.unwrap();
    assert_eq!(offered(&bench).await[0].entry_server_id, None, "the service did not say");
    let mut page = vec![entry("l1", song("s1", "A", ""))];
    page[0].play_count = 50;
    let stored = bench.library.store_entries(bench.generation, page.clone()).await.unwrap();
    assert_eq!(stored, Stored { new: 0, changed: 0, skipped_pending: 1 });
    assert_eq!(bench.library.entry_of(id).await.unwrap().unwrap().play_count, 1, "the count is not");
    let play = send_one(&bench, Some("l1")).await;
    assert_eq!(play.entry_server_id, Some(ServerId::from("l1")));

    // The same for a removal of what had no id when it was removed.
    let id = bench.store(song("s2", "B", "")).await;
    bench.library.add(id).await.unwrap();
    send_one(&bench, None).await;
    bench.library.remove(id).await.unwrap();
    assert_eq!(offered(&bench).await[0].entry_server_id, None);
    let page = |name: &str| vec![entry(name, song("s2", "B", ""))];
    bench.library.store_entries(bench.generation, page("l2")).await.unwrap();
    assert_eq!(bench.library.entry_of(id).await.unwrap(), None, "it stays removed");
    let removal = send_one(&bench, None).await;
    assert_eq!(removal.entry_server_id, Some(ServerId::from("l2")));
    assert_eq!(bench.library.resolve("l2").await.unwrap(), None);

    // What another device saves after the removal is another entry, and is not meant.
    bench.library.store_entries(bench.generation, page("l3")).await.unwrap();
    bench.library.remove(id).await.unwrap();
    bench.library.store_entries(bench.generation, page("l4")).await.unwrap();
    let removal = send_one(&bench, None).await;
    assert_eq!(removal.entry_server_id, Some(ServerId::from("l3")));
    bench.library.store_entries(bench.generation, page("l4")).await.unwrap();
    assert_eq!(bench.library.resolve("l4").await.unwrap(), Some(id));
    assert!(!bench.library.entry_of(id).await.unwrap().unwrap().pending);
}

#[tokio::test]
async fn only_a_complete_pass_of_one_generation_drops_what_it_did_not_meet() {
    let bench = Bench::new().await;
    let page =
        (1..=4).map(|n| entry(&format!("l{n}"), song(&format!("s{n}"), &format!("S{n}"), ""))).collect();
    bench.library.store_entries(bench.generation, page).await.unwrap();
    let id = async |text: &str| bench.library.resolve(text).await.unwrap().unwrap();
    let (s2, s3) = (id("s2").await, id("s3").await);
    let unsent = bench.store(song("s9", "Unsent", "")).await;
    bench.library.add(unsent).await.unwrap();
    bench.library.record_play(s3, 60, true).await.unwrap();
    let began = Timestamp::now();
    let late = bench.store(song("s8", "Added during the pass", "")).await;
    bench.library.add(late).await.unwrap();
    for operation in offered(&bench).await.into_iter().filter(|operation| operation.song == late) {
        bench.library.acknowledge(operation.id, heard(&bench, Some("l8"))).await.unwrap();
    }
    let pass = [ServerId::from("l1"), ServerId::from("l4")];

    let concluded = bench.library.conclude(bench.generation, began, &pass, false).await.unwrap();
    assert!(concluded.withheld && !concluded.mostly, "nothing goes before it is believed");
    assert_eq!(concluded.probes, [ServerId::from("s2"), ServerId::from("s3")]);
    assert!(bench.library.entry_of(s2).await.unwrap().is_some());
    let concluded = bench.library.conclude(bench.generation, began, &pass, true).await.unwrap();
    assert_eq!((concluded.dropped, concluded.refilled, concluded.withheld), (1, 0, false));
    assert_eq!(bench.library.entry_of(s2).await.unwrap(), None);
    for kept in [id("s1").await, s3, id("s4").await, unsent, late] {
        assert!(bench.library.entry_of(kept).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn pages_of_the_library_are_sorted_in_every_way() {
    let bench = Bench::new().await;
    let mut page = Vec::new();
    for (n, (title, artist, plays)) in
        [("ज़िंदगी", "Lata", 5), ("Älg", "zebra", 1), ("beta", "Arijit", 9), ("Alpha", "Mika", 0)]
            .iter()
            .enumerate()
    {
        let mut entry = entry(&format!("l{n}"), song(&format!("s{n}"), title, artist));
        entry.play_count = *plays;
        entry.added_at = Some(Timestamp::from_second(1_700_000_000 - n as i64).unwrap());
        page.push(entry);
    }
    bench.library.store_entries(bench.generation, page).await.unwrap();
    let titles = async |sort, order, limit, offset| {
        let page = bench
            .library
            .entries(EntryQuery { limit, offset, sort, order, ..EntryQuery::default() })
            .await
            .unwrap();
        assert_eq!(page.total, 4);
        page.entries.into_iter().map(|entry| entry.song.song.content.title).collect::<Vec<_>>()
    };
    assert_eq!(titles(EntrySort::Added, EntryOrder::Desc, 9, 0).await, ["ज़िंदगी", "Älg", "beta", "Alpha"]);
    assert_eq!(titles(EntrySort::Title, EntryOrder::Asc, 9, 0).await, ["Älg", "Alpha", "beta", "ज़िंदगी"]);
    assert_eq!(titles(EntrySort::Artist, EntryOrder::Asc, 9, 0).await, ["beta", "ज़िंदगी", "Alpha", "Älg"]);
    assert_eq!(titles(EntrySort::Plays, EntryOrder::Desc, 2, 1).await, ["ज़िंदगी", "Älg"]);
    assert_eq!(titles(EntrySort::Plays, EntryOrder::Asc, 2, 3).await, ["beta"]);
    assert_eq!(titles(EntrySort::Plays, EntryOrder::Asc, 2, 9).await, Vec::<String>::new());
    bench.store(song("s1", "Zulu", "")).await;
    assert_eq!(titles(EntrySort::Title, EntryOrder::Asc, 1, 2).await, ["Zulu"], "a renamed song moves");
}

#[tokio::test]
async fn downloads_are_kept_and_only_a_whole_pinned_original_counts() {
    let bench = Bench::new().await;
    let id = bench.store(song("s1", "A", "")).await;
    let mut download = Download {
        song_id: id,
        rendition: Rendition::Instrumental,
        state: DownloadState::Done,
        path: Some("downloads/a.flac".to_owned()),
        bytes: 10,
        total: Some(10),
        error: None,
        pinned: true,
        validator: Some("\"v1\"".to_owned()),
        used_at: None,
    };
    let downloaded = async || bench.library.song(id).await.unwrap().unwrap().downloaded;
    bench.library.set_download(download.clone()).await.unwrap();
    assert!(!downloaded().await);
    let instrumental = download.clone();
    download.rendition = Rendition::Original;
    for (state, pinned, expected) in [
        (DownloadState::Queued, true, false),
        (DownloadState::Paused, true, false),
        (DownloadState::Failed, true, false),
        (DownloadState::Done, false, false),
        (DownloadState::Done, true, true),
    ] {
        download.state = state;
        download.pinned = pinned;
        bench.library.set_download(download.clone()).await.unwrap();
        assert_eq!(downloaded().await, expected, "{state:?} {pinned}");
        let kept = bench.library.download_of(id, Rendition::Original).await.unwrap();
        assert_eq!(kept.as_ref(), Some(&download));
    }
    bench.library.add(id).await.unwrap();
    assert!(bench.library.entry_of(id).await.unwrap().unwrap().downloaded);
    assert_eq!(bench.library.downloads(None).await.unwrap(), [download.clone(), instrumental.clone()]);
    assert_eq!(bench.library.downloads(Some(DownloadState::Failed)).await.unwrap(), []);
    assert_eq!(bench.library.downloads(Some(DownloadState::Done)).await.unwrap().len(), 2);
    download.song_id = SongId::new();
    assert!(matches!(bench.library.set_download(download).await, Err(Error::UnknownSong(_))));
}

#[tokio::test]
async fn the_library_is_filtered_as_a_search_finds() {
    let bench = Bench::new().await;
    let mut page = Vec::new();
    for (n, (title, artist, language)) in
        [("तुम ही हो", "Arijit", "hi"), ("Kaadhal", "Haricharan", "ta"), ("Tum Bin", "Arijit", "hi")]
            .iter()
            .enumerate()
    {
        let mut content = song(&format!("s{n}"), title, artist);
        content.content.language = Some((*language).to_owned());
        page.push(entry(&format!("l{n}"), content));
    }
    bench.library.store_entries(bench.generation, page).await.unwrap();
    bench.store(song("s9", "Arijit’s own", "")).await;
    let found = async |filter: &str, language: Option<&str>, limit| {
        let query = EntryQuery {
            filter: filter.to_owned(),
            language: language.map(str::to_owned),
            limit,
            sort: EntrySort::Title,
            order: EntryOrder::Asc,
            ..EntryQuery::default()
        };
        let page = bench.library.entries(query).await.unwrap();
        let titles = page.entries.into_iter().map(|entry| entry.song.song.content.title).collect::<Vec<_>>();
        (page.total, titles)
    };
    let titles = |titles: &[&str]| titles.iter().map(|&title| title.to_owned()).collect::<Vec<_>>();
    assert_eq!(found("ari", None, 9).await, (2, titles(&["Tum Bin", "तुम ही हो"])), "only what is saved");
    assert_eq!(found("ari", None, 1).await, (2, titles(&["Tum Bin"])), "the total is over all pages");
    assert_eq!(found("", Some("ta"), 9).await, (1, titles(&["Kaadhal"])));
    assert_eq!(found("ari", Some("ta"), 9).await, (0, Vec::new()));
    assert_eq!(found("  ", None, 9).await.0, 3);
    assert_eq!(found("!!!", None, 9).await, (0, Vec::new()), "marks alone find nothing");
}

#[tokio::test]
async fn what_is_given_up_leaves_what_the_service_has() {
    let bench = Bench::new().await;
    let refuse = async |bench: &Bench| {
        let operation = offered(bench).await.remove(0);
        assert!(bench.library.mark_sending(operation.id).await.unwrap());
        assert!(!bench.library.discard(operation.id).await.unwrap(), "it is on its way");
        assert!(bench.library.park(operation.id, "no").await.unwrap());
        operation.id
    };
    let new = bench.store(song("s1", "New", "")).await;
    bench.library.add(new).await.unwrap();
    bench.library.record_play(new, 40, false).await.unwrap();
    let op = refuse(&bench).await;
    assert!(bench.library.discard(op).await.unwrap());
    assert!(!bench.library.discard(op).await.unwrap(), "twice");
    assert_eq!(bench.library.entry_of(new).await.unwrap(), None);
    assert_eq!(
        bench.library.outbox_status().await.unwrap(),
        OutboxStatus::default(),
        "its play went with it"
    );

    bench.library.store_entries(bench.generation, vec![entry("l2", song("s2", "Old", ""))]).await.unwrap();
    let old = bench.library.resolve("s2").await.unwrap().unwrap();
    let before = bench.library.entry_of(old).await.unwrap();
    bench.library.remove(old).await.unwrap();
    let op = refuse(&bench).await;
    assert!(bench.library.discard(op).await.unwrap());
    assert_eq!(bench.library.entry_of(old).await.unwrap(), before, "it is as it was");

    bench.library.record_play(old, 40, false).await.unwrap();
    let op = refuse(&bench).await;
    assert!(bench.library.discard(op).await.unwrap());
    let played = bench.library.entry_of(old).await.unwrap().unwrap();
    assert_eq!((played.play_count, played.pending), (1, false), "it was heard all the same");
}
