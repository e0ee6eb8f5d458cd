//! Signing in and out, against the real server in both dialects.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use common::{Bench, OTP, PHONE, account_folder, add, download, list, one, sign_in};
use melody_core::{Code, Command, DownloadState, Event, Losses, OtpRequest, Reply, SyncState};
use melody_model::Rendition;
use melody_server::{Dialect, Options};
use secrecy::SecretString;

async fn whoami(core: &melody_core::Core) -> Result<melody_core::SignedIn, melody_core::Error> {
    match core.dispatch(Command::Whoami).await? {
        Reply::SignedIn(who) => Ok(who),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_outlives_the_process_in_both_dialects() {
    for dialect in [Dialect::Blue, Dialect::Green] {
        let bench = Bench::new(dialect).await;
        let core = bench.core().await;
        assert_eq!(whoami(&core).await.unwrap_err().code(), Code::AuthRequired);
        sign_in(&core).await.unwrap();
        core.close().await.unwrap();

        let core = bench.core().await;
        let who = whoami(&core).await.unwrap();
        assert_eq!(who.user.phone_masked, "+91 ••••••3210");
        assert_eq!(who.dialect.as_deref(), Some(dialect.to_string().as_str()));
        assert!(!who.user.id.as_str().is_empty());
        let song = one(&core, "monsoon").await;
        let entries = add(&core, &[song.song.id.to_string()]).await.unwrap();
        assert!(!entries[0].pending, "{dialect}: the token of the first process was not used");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_service_answers_before_it_is_taken_and_back_home_one_may_always() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let home = bench.server.base_url();
    let nobody = "http://127.0.0.1:9".to_owned();
    let refused = core.dispatch(Command::UseService { address: nobody }).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unreachable);
    assert_eq!(core.service().address, home);
    whoami(&core).await.unwrap();

    let elsewhere = Bench::new(Dialect::Blue).await;
    elsewhere.server.set_maintenance(true);
    core.dispatch(Command::UseService { address: elsewhere.server.base_url() }).await.unwrap();
    assert_eq!(whoami(&core).await.unwrap_err().code(), Code::AuthRequired);

    bench.server.kill().await;
    core.dispatch(Command::UseService { address: home }).await.unwrap();
    assert_eq!(whoami(&core).await.unwrap().user.phone_masked, "+91 ••••••3210");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_refused_and_the_right_one_still_works() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    core.dispatch(Command::RequestOtp(OtpRequest { phone: PHONE.into(), country: "+91".into() }))
        .await
        .unwrap();
    let verify = |otp: &str| core.dispatch(Command::VerifyOtp { otp: SecretString::from(otp) });
    assert_eq!(verify("111111").await.unwrap_err().code(), Code::InvalidOtp);
    let short = verify("1234").await.unwrap_err();
    assert_eq!((short.code(), short.report().local), (Code::ValidationError, true));
    verify(OTP).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_number_is_told_before_anything_is_sent() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    let request = OtpRequest { phone: "12345".into(), country: "+91".into() };
    let error = core.dispatch(Command::RequestOtp(request)).await.unwrap_err();
    assert_eq!((error.code(), error.report().local), (Code::ValidationError, true));
    assert!(bench.server.request_log().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_keeps_what_is_unsent_and_forget_drops_it() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await;
    bench.server.set_maintenance(true);
    add(&core, &[song.song.id.to_string()]).await.unwrap();
    let Reply::SignedOut(out) = core.dispatch(Command::Logout { forget: false }).await.unwrap() else {
        panic!()
    };
    assert_eq!(out.pending_kept, 1);
    assert_eq!(list(&core).await.unwrap_err().code(), Code::AuthRequired);

    bench.server.set_maintenance(false);
    sign_in(&core).await.unwrap();
    assert_eq!(list(&core).await.unwrap().len(), 1);
    let Reply::SignedOut(out) = core.dispatch(Command::Logout { forget: true }).await.unwrap() else {
        panic!()
    };
    assert_eq!(out.pending_kept, 0);
}

/// What a process leaves that is killed while it forgets an account.
fn leave_half_forgotten(account: &Path) -> PathBuf {
    let aside = account.with_extension("forgotten");
    std::fs::create_dir(&aside).unwrap();
    std::fs::write(aside.join("library.db"), "what was to be forgotten").unwrap();
    aside
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_forget_left_stops_no_other_and_goes() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let folder = account_folder(&bench);
    let aside = leave_half_forgotten(&folder);
    core.dispatch(Command::Logout { forget: true }).await.unwrap();
    assert!(!aside.exists() && !folder.exists());
    assert_eq!(whoami(&core).await.unwrap_err().code(), Code::AuthRequired);
    core.close().await.unwrap();

    leave_half_forgotten(&folder);
    bench.core().await;
    assert!(!aside.exists(), "it stays for whoever looks into the profile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forget_that_was_killed_early_has_forgotten_and_can_be_repeated() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await;
    add(&core, &[song.song.id.to_string()]).await.unwrap();
    core.close().await.unwrap();
    let folder = account_folder(&bench);
    // As far as the first step came.
    std::fs::rename(&folder, folder.with_extension("forgotten")).unwrap();

    let core = bench.core().await;
    whoami(&core).await.unwrap();
    assert_eq!(list(&core).await.unwrap().len(), 1, "the service still has it");
    core.dispatch(Command::Logout { forget: true }).await.unwrap();
    assert!(!folder.exists() && !folder.with_extension("forgotten").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_that_fails_forgets_nothing() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let song = one(&core, "monsoon").await;
    bench.server.set_maintenance(true);
    add(&core, &[song.song.id.to_string()]).await.unwrap();
    let secrets = bench.profile.path().join("profile/secrets.json");
    let kept = std::fs::read(&secrets).unwrap();
    std::fs::write(&secrets, "no longer what was written").unwrap();
    let error = core.dispatch(Command::Logout { forget: true }).await.unwrap_err();
    assert_eq!(error.code(), Code::StorageDamaged);
    std::fs::write(&secrets, kept).unwrap();

    let core = bench.core().await;
    whoami(&core).await.unwrap();
    assert_eq!(list(&core).await.unwrap().len(), 1, "what was not sent yet is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_found_carries_over_to_the_account() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    let song = one(&core, "monsoon").await;
    sign_in(&core).await.unwrap();
    // Known by the guest's id, with no word to the service.
    let asked = bench.server.request_log().len();
    let Reply::Changed(changed) =
        core.dispatch(Command::LibraryRemove { ids: vec![song.song.id.to_string()] }).await.unwrap()
    else {
        panic!()
    };
    assert!(changed.entries.is_empty());
    assert!(bench.server.request_log()[asked..].iter().all(|request| !request.path.contains("/music/track")));
}

/// The songs' files in an account's folder.
fn audio_files(account: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(account.join("audio")).into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_downloaded_plays_for_the_account() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    let id = one(&core, "monsoon").await.song.id.to_string();
    let fetched = download(&core, &id).await;
    assert_eq!(fetched.state, DownloadState::Done);
    sign_in(&core).await.unwrap();
    assert_eq!(audio_files(&account_folder(&bench)).len(), 1);
    bench.server.kill().await;
    let again = download(&core, &id).await;
    assert_eq!((again.state, again.bytes), (DownloadState::Done, fetched.bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_download_takes_the_place_of_none_that_is_done() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let of_account = one(&core, "monsoon").await.song.id.to_string();
    download(&core, &of_account).await;
    core.dispatch(Command::Logout { forget: false }).await.unwrap();
    let of_guest = one(&core, "monsoon").await.song.id.to_string();
    assert_ne!(of_guest, of_account, "they are to know it by two ids");
    assert_eq!(download(&core, &of_guest).await.state, DownloadState::Done);
    sign_in(&core).await.unwrap();
    let files = audio_files(&account_folder(&bench));
    assert_eq!(files.len(), 1, "the same song twice: {files:?}");
    assert!(files[0].to_string_lossy().contains(&of_account));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_kept_holds_the_number_the_code_or_a_token() {
    let bench = Bench::with(Options { dialect: Dialect::Blue, ..Options::default() }).await;
    let core = bench.signed_in().await;
    core.close().await.unwrap();
    let secrets = std::fs::read_to_string(bench.profile.path().join("profile/secrets.json")).unwrap();
    let kept: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&secrets).unwrap();
    let tokens: serde_json::Value =
        serde_json::from_str(kept.values().next().unwrap().as_str().unwrap()).unwrap();
    let forbidden = [PHONE, OTP, tokens["access"].as_str().unwrap(), tokens["refresh"].as_str().unwrap()];
    let mut folders = vec![bench.profile.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            if path.ends_with("secrets.json") {
                assert!(!text.contains(PHONE) && !text.contains(OTP));
                continue;
            }
            for secret in forbidden {
                assert!(!text.contains(secret), "{} holds a secret", path.display());
            }
        }
    }
    assert!(files > 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_leaves_nothing_that_was_under_way() {
    let bench = Bench::new(Dialect::Green).await;
    let core = bench.signed_in().await;
    let folder = account_folder(&bench);
    let ids = common::some_ids(&core, 3).await;
    let late = |route: &str| format!("[[fault]]\nroute = \"{route}\"\nkind = \"delay\"\nms = 60000\n");
    let late = late("GET /media/*") + &late("GET /library/songs");
    bench.server.set_faults(melody_server::parse_faults(&late).unwrap()).unwrap();
    let at_once = |command| {
        let core = core.clone();
        tokio::spawn(async move { core.dispatch(command).await })
    };
    let mut events = core.events();
    let downloading = at_once(Command::Download { ids, rendition: Rendition::Original });
    let syncing = at_once(Command::LibrarySync);
    while !matches!(events.recv().await.unwrap(), Event::SyncChanged(now) if now.state == SyncState::Running)
    {
    }
    // The lock of the song that is being fetched.
    while std::fs::read_dir(folder.join("locks")).map_or(0, Iterator::count) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    core.dispatch(Command::Logout { forget: true }).await.unwrap();
    assert_eq!(syncing.await.unwrap().unwrap_err().code(), Code::AuthRequired);
    let Ok(Reply::Downloads(list)) = downloading.await.unwrap() else { panic!() };
    let codes: Vec<_> = list.downloads.into_iter().map(|row| row.error.unwrap().code).collect();
    assert_eq!(codes, [Code::AuthRequired; 3]);
    assert!(!folder.exists(), "something of it came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn number_and_code_go_to_the_service_that_sent_the_code_and_to_no_other() {
    let bench = Bench::new(Dialect::Green).await;
    let another = Bench::new(Dialect::Green).await;
    let core = bench.core().await;
    let asked = OtpRequest { phone: PHONE.into(), country: "+91".into() };
    core.dispatch(Command::RequestOtp(asked)).await.unwrap();
    core.dispatch(Command::UseService { address: another.server.base_url() }).await.unwrap();
    let refused = core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await.unwrap_err();
    assert_eq!(refused.code(), Code::ValidationError);
    assert!(another.server.request_log().iter().all(|call| !call.path.contains("otp")));
    core.dispatch(Command::UseService { address: bench.server.base_url() }).await.unwrap();
    core.dispatch(Command::VerifyOtp { otp: SecretString::from(OTP) }).await.unwrap();
}

/// An account with something of each kind that only this machine has.
async fn with_something_to_lose(bench: &Bench) -> melody_core::Core {
    let core = bench.signed_in().await;
    let ids = common::some_ids(&core, 2).await;
    assert_eq!(download(&core, &ids[0]).await.state, DownloadState::Done);
    core.dispatch(Command::PlaylistCreate { name: "Rain".into(), ids: ids.clone() }).await.unwrap();
    core.dispatch(Command::WorkOffline { on: true }).await.unwrap();
    add(&core, &ids[1..]).await.unwrap();
    core.dispatch(Command::WorkOffline { on: false }).await.unwrap();
    core
}

async fn losses(core: &melody_core::Core) -> Result<Losses, melody_core::Error> {
    match core.dispatch(Command::Losses).await? {
        Reply::Losses(losses) => Ok(losses),
        other => panic!("{other:?}"),
    }
}

async fn forget(core: &melody_core::Core) -> Result<Losses, melody_core::Error> {
    match core.dispatch(Command::Logout { forget: true }).await? {
        Reply::SignedOut(out) => Ok(out.lost.unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_forgetting_takes_is_told_before_and_after() {
    let bench = Bench::new(Dialect::Green).await;
    let core = with_something_to_lose(&bench).await;
    let told = losses(&core).await.unwrap();
    let Reply::Downloads(list) = core.dispatch(Command::Downloads).await.unwrap() else { panic!() };
    let bytes = list.downloads[0].bytes;
    assert!(bytes > 0);
    assert_eq!(told, Losses { pending: 1, downloads: 1, download_bytes: bytes, playlists: 1, listens: 0 });
    assert_eq!(forget(&core).await.unwrap(), told);
    assert_eq!(losses(&core).await.unwrap_err().code(), Code::AuthRequired);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_out_can_be_forgotten_without_signing_in_again() {
    let bench = Bench::new(Dialect::Green).await;
    let core = with_something_to_lose(&bench).await;
    let folder = account_folder(&bench);
    core.dispatch(Command::Logout { forget: false }).await.unwrap();
    assert_eq!(losses(&core).await.unwrap().playlists, 1);
    assert!(folder.is_dir());
    assert_eq!(forget(&core).await.unwrap().playlists, 1);
    assert!(!folder.exists(), "it is still there");
    assert_eq!(forget(&core).await.unwrap_err().code(), Code::AuthRequired, "nobody is left");

    // Of two nobody can tell which is meant.
    for phone in [PHONE, "9876543211"] {
        common::sign_in_as(&core, phone).await.unwrap();
        core.dispatch(Command::Logout { forget: false }).await.unwrap();
    }
    let error = forget(&core).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthRequired);
    assert!(
        error.to_string().contains("2 accounts") && error.to_string().contains("Sign in to the one"),
        "{error}"
    );
    assert!(folder.is_dir(), "one was taken all the same");
    sign_in(&core).await.unwrap();
    forget(&core).await.unwrap();
    assert!(!folder.exists());
}
