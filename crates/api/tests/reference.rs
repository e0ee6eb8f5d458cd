//! The whole client against the reference backend: blue, green, and green with the plan's faults.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

use std::{sync::Arc, time::Duration};

use melody_api::{
    Client, ClientOptions, Code, Dialect, LibraryRequest, MemoryTokenStore, ProfileUpdate, SearchRequest,
    ServiceAddress,
};
use melody_model::{EntryOrder, EntrySort, PhoneNumber, Rendition, Timeframe};
use melody_server::{CatalogueChoice, Fault, FaultKind, Options, Server};

const OTP: &str = "424242";

fn phone() -> PhoneNumber {
    PhoneNumber::parse("+91", "9876543210").unwrap()
}

async fn start(change: impl FnOnce(&mut Options)) -> Server {
    let mut options = Options {
        catalogue: CatalogueChoice::Synthetic(60),
        otp: Some(OTP.into()),
        limits: false,
        ..Options::default()
    };
    change(&mut options);
    melody_server::start(options).await.unwrap()
}

fn client_at(address: &str) -> Client {
    let address = ServiceAddress::parse(address, &[]).unwrap();
    Client::new(address, ClientOptions::new(Arc::new(MemoryTokenStore::default())))
}

async fn sign_in(client: &Client) {
    let ticket = client.request_otp(&phone()).await.unwrap();
    assert_eq!(ticket.expires_in, Duration::from_mins(5));
    client.verify_otp(&ticket.otp_id, &OTP.into(), &phone()).await.unwrap();
}

fn fault(route: &str, kind: FaultKind) -> Fault {
    Fault::new(route, kind).times(1)
}

/// Every backend, at every address under which it may be given.
async fn everywhere() -> Vec<(Server, String, Dialect)> {
    let mut all = Vec::new();
    for (dialect, as_planned, suffix) in [
        (melody_server::Dialect::Blue, false, ""),
        (melody_server::Dialect::Green, false, "/api/v1"),
        (melody_server::Dialect::Green, true, "/v1/"),
        (melody_server::Dialect::Green, false, "/blue"),
        (melody_server::Dialect::Blue, false, "/green/api/v1"),
    ] {
        let server = start(|options| {
            options.dialect = dialect;
            options.as_planned = as_planned;
        })
        .await;
        let speaks = match (dialect, suffix) {
            (_, "/blue") | (melody_server::Dialect::Blue, "") => Dialect::Blue,
            _ => Dialect::Green,
        };
        let address = format!("{}{suffix}", server.base_url());
        all.push((server, address, speaks));
    }
    all
}

#[tokio::test]
async fn the_main_job_works_the_same_everywhere() {
    for (server, address, dialect) in everywhere().await {
        let client = client_at(&address);
        assert_eq!(client.address().identity(), server.base_url());
        client.health().await.unwrap();
        assert_eq!(client.version().await.unwrap().dialect, Some(dialect), "{address}");

        let error = client.verify_otp("otp_0", &"000000".into(), &phone()).await.unwrap_err();
        assert!(matches!(error.code(), Code::InvalidOtp | Code::OtpExpired), "{address}: {error}");
        sign_in(&client).await;

        let trending = client.trending(None, Timeframe::Weekly, 10).await.unwrap();
        assert_eq!((trending.items.len(), trending.skipped), (10, 0), "{address}");
        let song = trending.items[0].clone();
        let found = client.search(SearchRequest::new(&song.content.title)).await.unwrap();
        assert!(
            found.items.iter().any(|s| s.server_id == song.server_id),
            "{address}: {}",
            song.content.title
        );
        let full = client.track(&song.server_id).await.unwrap();
        assert_eq!(full.content.title, song.content.title);
        assert!(full.details.metadata.is_some(), "{address}");

        let added = client.library_add(&song.server_id).await.unwrap().server_id.unwrap();
        let again = client.library_add(&song.server_id).await.unwrap().server_id.unwrap();
        assert_eq!(added, again, "{address}: adding twice does not make two");
        let other = client.library_add(&trending.items[1].server_id).await.unwrap().server_id.unwrap();
        let count = client.library_play(&other, 200, true).await.unwrap();
        assert_eq!(count.play_count, Some(1), "{address}");
        assert!(count.last_played_at.is_some());

        let page = client.library_songs(LibraryRequest::default()).await.unwrap();
        assert_eq!((page.items.len(), page.skipped, page.total), (2, 0, Some(2)), "{address}");
        assert!(page.items.iter().all(|entry| entry.added_at.is_some()));
        let by_plays =
            LibraryRequest { sort: EntrySort::Plays, order: EntryOrder::Desc, ..LibraryRequest::default() };
        assert_eq!(client.library_songs(by_plays).await.unwrap().items[0].server_id, other, "{address}");

        client.library_remove(&added).await.unwrap();
        client.library_remove(&added).await.unwrap();
        assert_eq!(server.library_count("+91", "9876543210").unwrap(), 1);

        let update = ProfileUpdate { name: Some("Meera".into()), preferences: None };
        client.update_profile(update).await.unwrap();
        assert_eq!(client.profile().await.unwrap().name.as_deref(), Some("Meera"), "{address}");
        assert!(client.logout().await.unwrap(), "{address}");
        assert_eq!(client.dialect(), Some(dialect));
        server.shutdown().await;
    }
}

#[tokio::test]
async fn sign_in_errors_have_their_codes_everywhere() {
    for (server, address, _) in everywhere().await {
        let client = client_at(&address);
        let ticket = client.request_otp(&phone()).await.unwrap();
        let wrong = client.verify_otp(&ticket.otp_id, &"111111".into(), &phone()).await.unwrap_err();
        assert_eq!(wrong.code(), Code::InvalidOtp, "{address}: {wrong:?}");
        server.advance_clock(Duration::from_secs(301));
        let late = client.verify_otp(&ticket.otp_id, &OTP.into(), &phone()).await.unwrap_err();
        assert_eq!(late.code(), Code::OtpExpired, "{address}: {late:?}");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn tokens_that_ran_out_or_were_voided() {
    for (rotate, as_planned) in [(true, false), (false, false), (true, true)] {
        let server = start(|options| {
            options.rotate_refresh = rotate;
            options.as_planned = as_planned;
        })
        .await;
        let client = client_at(&server.base_url());
        sign_in(&client).await;
        for _ in 0..2 {
            server.advance_clock(Duration::from_secs(901));
            client.library_songs(LibraryRequest::default()).await.unwrap();
        }
        let refreshes = server.request_log().iter().filter(|r| r.path.ends_with("/refresh-token")).count();
        assert_eq!(refreshes, 2);
        server.void_tokens().unwrap();
        let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::AuthRequired, "{error:?}");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_switch_under_a_running_client_is_noticed_and_outlived() {
    let server = start(|options| options.dialect = melody_server::Dialect::Blue).await;
    let client = client_at(&server.base_url());
    sign_in(&client).await;
    let song = client.trending(None, Timeframe::Weekly, 1).await.unwrap().items.remove(0);
    client.library_add(&song.server_id).await.unwrap();
    assert_eq!(client.dialect(), Some(Dialect::Blue));

    server.set_maintenance(true);
    let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
    assert_eq!((error.code(), error.retry_after()), (Code::Maintenance, Some(Duration::from_secs(30))));
    client.health().await.unwrap();

    server.set_dialect(melody_server::Dialect::Green).unwrap();
    server.set_maintenance(false);
    let error = client.library_songs(LibraryRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthRequired);
    assert_eq!(client.dialect(), Some(Dialect::Green));
    sign_in(&client).await;
    let page = client.library_songs(LibraryRequest::default()).await.unwrap();
    assert_eq!(page.items[0].song.content.title, song.content.title);
    assert_ne!(page.items[0].song.server_id, song.server_id, "other ids for the same song");
    server.shutdown().await;
}

#[tokio::test]
async fn faults_on_the_way_are_outlived_by_reads_and_told_by_writes() {
    let server = start(|_| {}).await;
    let client = client_at(&server.base_url());
    sign_in(&client).await;
    let song = client.trending(None, Timeframe::Weekly, 1).await.unwrap().items.remove(0);
    for kind in
        [FaultKind::DropBefore, FaultKind::Html, FaultKind::Truncate, FaultKind::Reset, FaultKind::Status]
    {
        server.set_faults(vec![fault("GET /library/songs", kind)]).unwrap();
        client.library_songs(LibraryRequest::default()).await.unwrap_or_else(|e| panic!("{kind:?}: {e}"));
    }
    server.set_faults(vec![fault("POST /library/songs", FaultKind::DropAfter)]).unwrap();
    let error = client.library_add(&song.server_id).await.unwrap_err();
    assert_eq!((error.code(), error.retryable()), (Code::Unreachable, true));
    assert_eq!(server.library_count("+91", "9876543210").unwrap(), 1, "it was carried out, and sent once");
    server.shutdown().await;
}

#[tokio::test]
async fn a_limit_is_told_with_its_end() {
    let server = start(|options| options.limits = true).await;
    let client = client_at(&server.base_url());
    let mut refused = None;
    for _ in 0..4 {
        refused = client.request_otp(&phone()).await.err().or(refused);
    }
    let error = refused.unwrap();
    assert_eq!(error.code(), Code::RateLimitExceeded);
    assert!(error.retry_after().unwrap() > Duration::from_mins(1));
    server.shutdown().await;
}

#[tokio::test]
async fn sound_of_the_service_is_fetched() {
    let server = start(|options| {
        options.extra_songs = vec![melody_server::ExtraSong {
            title: "Zzyzx".into(),
            artist: "Nobody".into(),
            language: "en".into(),
            duration_s: 1,
            audio: vec![melody_server::ExtraAudio {
                rendition: "original".into(),
                format: "mp3".into(),
                source: melody_server::AudioSource::Bytes((&b"0123456789"[..]).into()),
            }],
            ..Default::default()
        }];
    })
    .await;
    for prefix in ["", "/blue", "/green"] {
        let client = client_at(&format!("{}{prefix}", server.base_url()));
        let page = client.search(SearchRequest::new("Zzyzx")).await.unwrap();
        let address = &page.items[0].content.audio_files[&Rendition::Original].url;
        let media = client.media(address).await.unwrap();
        let part = media.get().header("range", "bytes=2-4").send().await.unwrap();
        assert_eq!((part.status().as_u16(), part.text().await.unwrap().as_str()), (206, "234"), "{address}");
    }
    server.shutdown().await;
}
