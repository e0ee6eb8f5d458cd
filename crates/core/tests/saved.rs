//! Saved songs: changed here first, told to the service when it can be reached.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::time::Duration;

use common::{Bench, add, list, one, pages_read, remove, some_ids};
use melody_core::{Code, Command, DifferenceKind, Reply, SyncState, SyncStatus};
use melody_server::{Dialect, Fault, Options, parse_faults};

async fn sync(core: &melody_core::Core) -> Result<SyncStatus, melody_core::Error> {
    match core.dispatch(Command::LibrarySync).await? {
        Reply::Sync(status) => Ok(status),
        other => panic!("{other:?}"),
    }
}

fn faults(toml: &str) -> Vec<Fault> {
    parse_faults(toml).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_song_is_saved_there_and_a_removed_one_is_gone_there() {
    for dialect in [Dialect::Blue, Dialect::Green] {
        let bench = Bench::new(dialect).await;
        let core = bench.signed_in().await;
        let ids = some_ids(&core, 3).await;
        assert!(add(&core, &ids).await.unwrap().iter().all(|entry| !entry.pending && entry.song.in_library));
        assert!(add(&core, &ids[..1]).await.unwrap().iter().all(|entry| !entry.pending));
        assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 3, "{dialect}");

        let gone = remove(&core, &ids[..1]).await.unwrap();
        assert!(!gone[0].pending && !gone[0].song.in_library);
        assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 2, "{dialect}");
        assert_eq!(list(&core).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_without_a_network_is_sent_later() {
    let mut bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await.song.id.to_string();
    let port = bench.server.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let data = tempfile::TempDir::new().unwrap();
    // The same service goes away and comes back: only its sign-ins are lost, and those are renewed by hand.
    let server = std::mem::replace(
        &mut bench.server,
        melody_server::start(Options { data: Some(data.path().into()), ..Options::default() }).await.unwrap(),
    );
    server.kill().await;

    let entries = add(&core, std::slice::from_ref(&song)).await.unwrap();
    assert!(entries[0].pending);
    assert_eq!(list(&core).await.unwrap().len(), 1);
    assert_eq!(sync(&core).await.unwrap_err().code(), Code::Unreachable);
    assert_eq!(list(&core).await.unwrap().len(), 1, "looking at it asks nobody, and changes nothing below");
    let Reply::Sync(status) = core.dispatch(Command::LibraryStatus).await.unwrap() else { panic!() };
    assert_eq!((status.state, status.pending, status.entries), (SyncState::Offline, 1, 1));

    bench.server =
        melody_server::start(Options { port, otp: Some(common::OTP.into()), ..Options::default() })
            .await
            .unwrap();
    assert_eq!(sync(&core).await.unwrap_err().code(), Code::AuthRequired);
    common::sign_in(&core).await.unwrap();
    assert_eq!(sync(&core).await.unwrap().pending, 0);
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sign_in_brings_what_was_saved_elsewhere() {
    let bench = Bench::new(Dialect::Blue).await;
    let elsewhere = bench.signed_in().await;
    let ids = some_ids(&elsewhere, 5).await;
    add(&elsewhere, &ids).await.unwrap();

    let other = melody_core::Core::open(melody_core::CoreOptions {
        profile: bench.profile.path().join("other"),
        server: Some(bench.server.base_url()),
        allow_http: Vec::new(),
        secrets: melody_core::SecretsKind::File,
        sink: melody_core::SinkKind::Null,
        keep_queue: false,
    })
    .await
    .unwrap();
    common::sign_in(&other).await.unwrap();
    assert_eq!(list(&other).await.unwrap().len(), 5);

    // Removed elsewhere, it goes here too: after a complete pass, and not before.
    remove(&elsewhere, &ids[..2]).await.unwrap();
    assert_eq!(list(&other).await.unwrap().len(), 5);
    assert_eq!(sync(&other).await.unwrap().entries, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_adds_once() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await.song.id.to_string();
    bench
        .server
        .set_faults(faults("[[fault]]\nroute = \"POST /library/songs\"\nkind = \"drop_after\"\ntimes = 3"))
        .unwrap();
    let entries = add(&core, std::slice::from_ref(&song)).await.unwrap();
    assert!(entries[0].pending, "nobody has confirmed it yet");
    let status = sync(&core).await.unwrap();
    assert_eq!((status.pending, status.entries), (0, 1));
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateways_404_loses_nothing() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await.song.id.to_string();
    bench.server.set_faults(faults("[[fault]]\nroute = \"*\"\nkind = \"html\"\nstatus = 404")).unwrap();
    assert!(add(&core, std::slice::from_ref(&song)).await.unwrap()[0].pending);
    assert_eq!(sync(&core).await.unwrap_err().code(), Code::NotTheService);
    bench.server.set_faults(Vec::new()).unwrap();
    let status = sync(&core).await.unwrap();
    assert_eq!((status.pending, status.parked.len(), status.entries), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_for_good_is_parked_with_its_reason() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    let songs = some_ids(&core, 2).await;
    bench
        .server
        .set_faults(faults(
            "[[fault]]\nroute = \"POST /library/songs\"\nkind = \"status\"\nstatus = 400\ntimes = 1",
        ))
        .unwrap();
    add(&core, &songs).await.unwrap();
    let status = sync(&core).await.unwrap();
    assert_eq!(status.parked.len(), 1);
    assert!(!status.parked[0].reason.is_empty());
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 1, "the other one passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_song_that_is_said_to_be_saved_already_is_looked_up() {
    for dialect in [Dialect::Blue, Dialect::Green] {
        let bench = Bench::new(dialect).await;
        let core = bench.signed_in().await;
        let song = some_ids(&core, 1).await;
        let already =
            "[[fault]]\nroute = \"POST /library/songs\"\nkind = \"status\"\nstatus = 409\ntimes = 3";
        bench.server.set_faults(faults(already)).unwrap();
        assert!(add(&core, &song).await.unwrap()[0].pending, "{dialect}: nobody has it");
        assert_eq!(sync(&core).await.unwrap_err().code(), Code::ServiceError, "{dialect}");
        assert_eq!(sync(&core).await.unwrap().pending, 0, "{dialect}");
        assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 1, "{dialect}");

        // Another machine saves what is saved already, at a backend that says so and no more.
        let machine =
            melody_core::CoreOptions { profile: bench.profile.path().join("another"), ..bench.options() };
        let other = melody_core::Core::open(machine).await.unwrap();
        let theirs = some_ids(&other, 1).await;
        bench
            .server
            .set_faults(faults("[[fault]]\nroute = \"GET /library/songs\"\nkind = \"drop_before\""))
            .unwrap();
        common::sign_in(&other).await.unwrap();
        bench.server.set_faults(faults(already)).unwrap();
        assert!(!add(&other, &theirs).await.unwrap()[0].pending, "{dialect}: it is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_parked_is_retried_or_given_up_by_hand() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let songs = some_ids(&core, 3).await;
    let refuse = |route: &str, times: u32| {
        let fault =
            format!("[[fault]]\nroute = \"{route}\"\nkind = \"status\"\nstatus = 400\ntimes = {times}");
        bench.server.set_faults(faults(&fault)).unwrap();
    };
    refuse("POST /library/songs", 2);
    add(&core, &songs).await.unwrap();
    let ask = async |command: Command| match core.dispatch(command).await.unwrap() {
        Reply::Sync(status) => status,
        other => panic!("{other:?}"),
    };
    let refused = ask(Command::LibraryStatus).await.parked;
    assert_eq!(refused.len(), 2);
    let op = refused[0].op.to_string();
    let status = ask(Command::LibraryDiscard { op: op.clone() }).await;
    assert_eq!((status.entries, status.parked.len()), (2, 1), "it is not saved there, so neither here");
    let gone = core.dispatch(Command::LibraryDiscard { op }).await.unwrap_err();
    assert_eq!(gone.code(), Code::ValidationError);
    let status = ask(Command::LibraryRetry).await;
    assert_eq!((status.entries, status.pending, status.parked.len()), (2, 0, 0));
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 2);

    let saved = titles(&core).await;
    refuse("DELETE /library/songs/*", 1);
    remove(&core, &songs[2..]).await.unwrap();
    let status = ask(Command::LibraryStatus).await;
    assert_eq!((status.entries, status.parked.len()), (1, 1));
    let op = status.parked[0].op.to_string();
    ask(Command::LibraryDiscard { op }).await;
    assert_eq!(titles(&core).await, saved, "it is still saved there");
    assert_eq!(ask(Command::LibrarySync).await.entries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_finds_what_differs_and_changes_nothing() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    let songs = some_ids(&core, 3).await;
    add(&core, &songs[..2]).await.unwrap();
    let verify = async |core: &melody_core::Core| match core.dispatch(Command::LibraryVerify).await.unwrap() {
        Reply::Verified(found) => found,
        other => panic!("{other:?}"),
    };
    let same = verify(&core).await;
    assert_eq!((same.here, same.there, same.pending, same.differences.len()), (2, 2, 0, 0));

    // Another machine of the same listener saves one and removes one.
    let machine =
        melody_core::CoreOptions { profile: bench.profile.path().join("another"), ..bench.options() };
    let other = melody_core::Core::open(machine).await.unwrap();
    common::sign_in(&other).await.unwrap();
    let theirs = some_ids(&other, 3).await;
    add(&other, &theirs[2..]).await.unwrap();
    remove(&other, &theirs[..1]).await.unwrap();
    for _ in 0..2 {
        let found = verify(&core).await;
        let kinds: Vec<_> = found.differences.iter().map(|differs| differs.kind).collect();
        assert_eq!(kinds, [DifferenceKind::MissingHere, DifferenceKind::MissingThere]);
        assert_eq!(found.differences[1].song_id.unwrap().to_string(), songs[0]);
    }
    sync(&core).await.unwrap();
    assert_eq!(verify(&core).await.differences, []);
}

/// The titles of every saved song, in order.
async fn titles(core: &melody_core::Core) -> Vec<String> {
    let mut titles = Vec::new();
    for page in 0.. {
        let request = melody_core::ListRequest {
            limit: 100,
            offset: page * 100,
            sort: melody_model::EntrySort::Title,
            order: melody_model::EntryOrder::Asc,
            ..Default::default()
        };
        let Reply::Entries(list) = core.dispatch(Command::LibraryList(request)).await.unwrap() else {
            panic!()
        };
        if list.entries.is_empty() {
            break;
        }
        titles.extend(
            list.entries.into_iter().map(|entry| entry.song.song.content.title + &entry.id.to_string()),
        );
    }
    titles
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_moves_under_a_pass_loses_nothing() {
    let options = Options { catalogue: melody_server::CatalogueChoice::Synthetic(400), ..Options::default() };
    let bench = Bench::with(options).await;
    let core = bench.signed_in().await;
    bench.server.fill_library("+91", common::PHONE, 250).unwrap();
    assert_eq!(sync(&core).await.unwrap().entries, 250);
    let before = titles(&core).await;
    // A row is put on top and taken away between pages: pages overlap, or skip a row.
    for after in [1, 2] {
        let shift = format!(
            "[[fault]]\nroute = \"GET /library/songs\"\nkind = \"shift_page\"\nafter = {after}\ntimes = 1"
        );
        bench.server.set_faults(faults(&shift)).unwrap();
        sync(&core).await.unwrap();
        let now = titles(&core).await;
        assert!(before.iter().all(|title| now.contains(title)), "after {after} pages something is gone");
    }
    bench.server.set_faults(Vec::new()).unwrap();
    sync(&core).await.unwrap();
    assert_eq!(titles(&core).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_reading_that_is_cut_off_goes_on_from_there() {
    let options = Options { catalogue: melody_server::CatalogueChoice::Synthetic(400), ..Options::default() };
    let bench = Bench::with(options).await;
    bench.server.fill_library("+91", common::PHONE, 250).unwrap();
    // Two pages come, and then a gateway. Pages overlap by one, and those after the first are read at once.
    let cut = "[[fault]]\nroute = \"GET /library/songs\"\nkind = \"html\"\nstatus = 404\nafter = 2";
    bench.server.set_faults(faults(cut)).unwrap();
    let core = bench.signed_in().await;
    bench.server.set_faults(Vec::new()).unwrap();
    bench.server.clear_request_log();
    list(&core).await.unwrap();
    let pages = pages_read(&bench);
    assert_eq!(pages.len(), 1, "read again from the front: {pages:?}");
    assert!(["offset=99", "offset=198"].iter().any(|missing| pages[0].contains(missing)), "{pages:?}");
    let Reply::Sync(status) = core.dispatch(Command::LibraryStatus).await.unwrap() else { panic!() };
    assert_eq!(status.entries, 250);
    list(&core).await.unwrap();
    assert_eq!(pages_read(&bench).len(), 1, "it is all there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_of_backend_loses_no_song_and_doubles_none() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    add(&core, &some_ids(&core, 12).await).await.unwrap();
    let before = titles(&core).await;
    for dialect in [Dialect::Green, Dialect::Blue, Dialect::Green] {
        bench.server.set_dialect_keeping_tokens(dialect);
        // In the middle of a pass the change is noticed: nothing is concluded from it, and the sync begins anew.
        sync(&core).await.unwrap();
        assert_eq!(titles(&core).await, before, "{dialect}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_of_another_backend_changes_no_generation() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    add(&core, &some_ids(&core, 3).await).await.unwrap();
    let ids_there = async || -> Vec<_> {
        list(&core).await.unwrap().into_iter().map(|entry| entry.song.song.server_id).collect()
    };
    let before = ids_there().await;
    assert!(before.iter().all(Option::is_some));
    // A search that the other backend answers finds the same songs under its ids.
    bench.server.set_dialect_keeping_tokens(Dialect::Blue);
    some_ids(&core, 3).await;
    assert_eq!(ids_there().await, before);
    // What a sync would plan with is still green's.
    bench.server.set_dialect_keeping_tokens(Dialect::Green);
    bench.server.clear_request_log();
    let songs = some_ids(&core, 5).await;
    assert!(add(&core, &songs[3..]).await.unwrap().iter().all(|entry| !entry.pending));
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 5);
    let refused = bench.server.request_log().into_iter().filter(|call| call.status == 404).count();
    assert_eq!(refused, 0, "an id of blue's went to green");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_across_a_switch_is_not_taken_for_done() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    let ids = some_ids(&core, 4).await;
    add(&core, &ids).await.unwrap();
    bench.server.set_dialect_keeping_tokens(Dialect::Green);
    remove(&core, &ids[..1]).await.unwrap();
    for _ in 0..3 {
        if sync(&core).await.is_ok_and(|status| status.pending == 0) {
            break;
        }
    }
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 3);
    assert_eq!(list(&core).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_comes_back_empty_is_kept() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    add(&core, &some_ids(&core, 6).await).await.unwrap();
    sync(&core).await.unwrap();
    bench.server.forget_libraries().unwrap();
    sync(&core).await.unwrap();
    assert_eq!(list(&core).await.unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_song_that_the_service_cannot_digest_blocks_no_other() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    let songs = some_ids(&core, 3).await;
    bench
        .server
        .set_faults(faults(
            "[[fault]]\nroute = \"POST /library/songs\"\nkind = \"status\"\nstatus = 500\ntimes = 1",
        ))
        .unwrap();
    let entries = add(&core, &songs).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.pending).count(), 1);
    assert_eq!(sync(&core).await.unwrap().pending, 0);
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_was_cut_off_is_made_again_in_the_same_process() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = some_ids(&core, 1).await;
    bench
        .server
        .set_faults(faults(
            "[[fault]]\nroute = \"POST /library/songs\"\nkind = \"delay\"\nms = 8000\ntimes = 1",
        ))
        .unwrap();
    assert!(add(&core, &song).await.unwrap()[0].pending);
    assert_eq!(sync(&core).await.unwrap().pending, 0);
    assert_eq!(bench.server.library_count("+91", common::PHONE).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_by_itself_once_somebody_is_signed_in() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    let rounds = tokio::spawn({
        let core = core.clone();
        async move { core.work_in_rounds().await }
    });
    common::sign_in(&core).await.unwrap();
    let song = one(&core, "monsoon").await.song.id.to_string();
    bench
        .server
        .set_faults(faults("[[fault]]\nroute = \"POST /library/songs\"\nkind = \"drop_before\"\ntimes = 3"))
        .unwrap();
    let mut events = core.events();
    assert!(add(&core, std::slice::from_ref(&song)).await.unwrap()[0].pending);
    // Out and in again: nothing asks for a sync, and the library is known already.
    core.dispatch(Command::Logout { forget: false }).await.unwrap();
    common::sign_in(&core).await.unwrap();
    let sent = async {
        while bench.server.library_count("+91", common::PHONE).unwrap() == 0 {
            events.recv().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_mins(1), sent).await.expect("it is sent without being asked");
    rounds.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_in_which_nothing_changed_costs_three_requests_at_most() {
    for dialect in [Dialect::Blue, Dialect::Green] {
        let options = Options {
            dialect,
            catalogue: melody_server::CatalogueChoice::Synthetic(400),
            ..Options::default()
        };
        let bench = Bench::with(options).await;
        bench.server.fill_library("+91", common::PHONE, 350).unwrap();
        let core = bench.signed_in().await;
        assert_eq!(sync(&core).await.unwrap().entries, 350);
        bench.server.clear_request_log();
        sync(&core).await.unwrap();
        let asked = bench.server.request_log();
        assert!(!asked.is_empty() && asked.len() <= 3, "{dialect}: {asked:?}");

        // The same for a program that has just started.
        drop(core);
        let core = bench.core().await;
        bench.server.clear_request_log();
        sync(&core).await.unwrap();
        let asked = bench.server.request_log();
        assert!(!asked.is_empty() && asked.len() <= 3, "{dialect}, anew: {asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_elsewhere_comes_with_the_newest_page() {
    let options = Options { catalogue: melody_server::CatalogueChoice::Synthetic(400), ..Options::default() };
    let bench = Bench::with(options).await;
    bench.server.fill_library("+91", common::PHONE, 300).unwrap();
    let core = bench.signed_in().await;
    sync(&core).await.unwrap();
    let shift = "[[fault]]\nroute = \"GET /library/songs\"\nkind = \"shift_page\"\ntimes = 1";
    bench.server.set_faults(faults(shift)).unwrap();
    bench.server.clear_request_log();
    assert_eq!(sync(&core).await.unwrap().entries, 301);
    let pages = pages_read(&bench);
    assert!(pages.len() <= 2 && pages.iter().all(|page| page.contains("order=desc")), "{pages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_green_is_refilled_and_the_way_back_replayed() {
    let bench = Bench::new(Dialect::Blue).await;
    let core = bench.signed_in().await;
    let ids = some_ids(&core, 12).await;
    add(&core, &ids[..10]).await.unwrap();
    sync(&core).await.unwrap();
    let before = titles(&core).await;
    bench.server.save_libraries().unwrap();

    // The plan's script forgets the library, and every sign-in is void.
    bench.server.forget_libraries().unwrap();
    bench.server.set_dialect(Dialect::Green).unwrap();
    while sync(&core).await.is_err() {
        common::sign_in(&core).await.unwrap();
    }
    sync(&core).await.unwrap();
    assert_eq!(titles(&core).await, before);
    assert_eq!(
        bench.server.library_count("+91", common::PHONE).unwrap(),
        10,
        "what green lacked is saved there"
    );

    // Green hears of more; then traffic goes back to a blue that has heard none of it.
    add(&core, &ids[10..]).await.unwrap();
    remove(&core, &ids[..1]).await.unwrap();
    let after = titles(&core).await;
    assert_eq!((after.len(), bench.server.library_count("+91", common::PHONE).unwrap()), (11, 11));
    bench.server.roll_back_libraries().unwrap();
    bench.server.set_dialect(Dialect::Blue).unwrap();
    while sync(&core).await.is_err() {
        common::sign_in(&core).await.unwrap();
    }
    let status = sync(&core).await.unwrap();
    assert_eq!((status.pending, status.parked.len()), (0, 0));
    assert_eq!(titles(&core).await, after);
    let there = bench.server.library("+91", common::PHONE).unwrap();
    let mut there: Vec<String> = there.into_iter().map(|song| song.title).collect();
    there.sort();
    let mut here: Vec<String> =
        list(&core).await.unwrap().into_iter().map(|entry| entry.song.song.content.title).collect();
    here.sort();
    assert_eq!(there, here);

    let Reply::Switches(found) = core.dispatch(Command::LibrarySwitches).await.unwrap() else { panic!() };
    let told: Vec<_> = found
        .switches
        .iter()
        .map(|switch| (switch.from.as_str(), switch.to.as_str(), switch.songs_before, switch.unmatched.len()))
        .collect();
    assert_eq!(told, [("green", "blue", 11, 0), ("blue", "green", 10, 0)]);
    assert_eq!((found.switches[1].refilled, found.switches[1].matched), (10, 0));
    assert!(found.switches[0].replayed >= 1, "{:?}", found.switches[0]);
    assert!(found.switches.iter().all(|switch| switch.finished_at.is_some()), "{:?}", found.switches);
}
