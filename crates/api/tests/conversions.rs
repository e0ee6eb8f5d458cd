//! Conversions followed over real sockets of the reference backend, however the connection fares.

#![allow(clippy::unwrap_used, clippy::panic)] // The lint knows test functions, not their helpers.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use melody_api::{
    Client, ClientOptions, Code, ConversionsRequest, Following, LibraryRequest, MemoryTokenStore,
    NotificationsRequest, ServiceAddress, Timeouts,
};
use melody_model::{ConversionStatus, PhoneNumber, RemoteConversion, Rendition, ServerId, Timeframe};
use melody_server::{Dialect, Fault, FaultKind, Options, Server};

const OTP: &str = "424242";
const BOTH: [Dialect; 2] = [Dialect::Blue, Dialect::Green];

fn options(dialect: Dialect) -> Options {
    Options {
        dialect,
        otp: Some(OTP.into()),
        limits: false,
        conversion_time: Duration::from_millis(300),
        ..Options::default()
    }
}

/// Somebody signed in who asks every 20 ms.
async fn client(server: &Server) -> Client {
    let mut options = ClientOptions::new(Arc::new(MemoryTokenStore::default()));
    options.timeouts =
        Timeouts { pause: Duration::from_millis(20), away: Duration::from_secs(5), ..Timeouts::default() };
    let client = Client::new(ServiceAddress::parse(&server.base_url(), &[]).unwrap(), options);
    let phone = PhoneNumber::parse("+91", "9876543210").unwrap();
    let ticket = client.request_otp(&phone).await.unwrap();
    client.verify_otp(&ticket.otp_id, &OTP.into(), &phone).await.unwrap();
    client
}

/// Begins the conversion of a song that has no instrumental.
async fn begun(client: &Client) -> ServerId {
    let songs = client.trending(None, Timeframe::Weekly, 50).await.unwrap().items;
    let song =
        songs.iter().find(|song| !song.content.audio_files.contains_key(&Rendition::Instrumental)).unwrap();
    client.library_add(&song.server_id).await.unwrap();
    let saved = client.library_songs(LibraryRequest::default()).await.unwrap().items;
    let url = &saved[0].song.content.audio_files[&Rendition::Original].url;
    let url = client.address().resolve(url).unwrap();
    let conversion = client.convert(&saved[0].server_id, url.as_str()).await.unwrap();
    assert!(!conversion.status.is_over() && conversion.seconds_left.is_some(), "{conversion:?}");
    conversion.server_id
}

async fn to_the_end(mut following: Following) -> Vec<RemoteConversion> {
    let mut told = Vec::new();
    while let Some(one) = following.next().await.unwrap() {
        told.push(one);
    }
    told
}

/// Each thing once, nothing taken back, the last one the end.
fn assert_in_order(told: &[RemoteConversion]) {
    let steps: Vec<_> = told.iter().map(|one| (one.status, one.progress)).collect();
    let sorted: BTreeSet<_> = steps.iter().copied().collect();
    assert_eq!(steps, sorted.into_iter().collect::<Vec<_>>());
    assert_eq!(steps.last(), Some(&(ConversionStatus::Completed, 100)));
}

/// How often the service was asked how it stands.
fn questions(server: &Server) -> usize {
    server.request_log().iter().filter(|one| one.path.contains("conversion-status")).count()
}

#[tokio::test]
async fn the_socket_tells_and_nobody_asks_beside_it() {
    for dialect in BOTH {
        let server = melody_server::start(options(dialect)).await.unwrap();
        let client = client(&server).await;
        let job = begun(&client).await;
        let told = to_the_end(client.follow_conversion(job.clone())).await;
        assert_in_order(&told);
        assert!(told.len() > 1, "{dialect}");
        assert_eq!(questions(&server), 1, "{dialect}");
        let page = client
            .conversions(ConversionsRequest {
                limit: 10,
                offset: 0,
                status: Some(ConversionStatus::Completed),
            })
            .await
            .unwrap();
        assert_eq!((page.total, &page.items[0].server_id), (Some(1), &job));
        assert!(
            page.items[0].song.as_ref().unwrap().content.audio_files.contains_key(&Rendition::Instrumental)
        );
    }
}

#[tokio::test]
async fn a_socket_that_is_cut_in_the_middle_is_gone_on_from_by_asking() {
    for dialect in BOTH {
        let slower = Options { conversion_time: Duration::from_secs(2), ..options(dialect) };
        let server = melody_server::start(slower).await.unwrap();
        let client = client(&server).await;
        let job = begun(&client).await;
        let mut following = client.follow_conversion(job);
        let mut told = Vec::new();
        for _ in 0..3 {
            told.push(following.next().await.unwrap().unwrap());
        }
        assert_eq!(questions(&server), 1);
        server.cut_connections();
        told.extend(to_the_end(following).await);
        assert_in_order(&told);
        assert!(questions(&server) > 2, "{dialect}");
    }
}

#[tokio::test]
async fn without_a_socket_the_service_is_asked() {
    for (dialect, kind) in [
        (Dialect::Blue, FaultKind::Status),
        (Dialect::Green, FaultKind::Html),
        (Dialect::Green, FaultKind::DropBefore),
    ] {
        let server = melody_server::start(options(dialect)).await.unwrap();
        let client = client(&server).await;
        let job = begun(&client).await;
        let routes = ["GET /ws", "GET /ws/*"];
        server.set_faults(routes.map(|route| Fault::new(route, kind).status(404)).to_vec()).unwrap();
        assert_in_order(&to_the_end(client.follow_conversion(job)).await);
        assert!(questions(&server) > 2, "{dialect}");
    }
}

#[tokio::test]
async fn a_server_that_restarts_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Options {
        data: Some(folder.path().to_owned()),
        conversion_time: Duration::from_mins(10),
        ..options(Dialect::Green)
    };
    let server = melody_server::start(slow.clone()).await.unwrap();
    let client = client(&server).await;
    let job = begun(&client).await;
    let mut following = client.follow_conversion(job);
    assert!(!following.next().await.unwrap().unwrap().status.is_over());
    let port = server.base_url().rsplit(':').next().unwrap().parse().unwrap();
    server.kill().await;
    let waiting = tokio::spawn(to_the_end(following));
    let quick = Options { port, conversion_time: Duration::from_millis(100), ..slow };
    let server = melody_server::start(quick).await.unwrap();
    let told = waiting.await.unwrap();
    assert_eq!(told.last().unwrap().status, ConversionStatus::Completed);
    assert!(questions(&server) >= 1);
}

#[tokio::test]
async fn a_service_that_stays_away_ends_the_waiting() {
    let server = melody_server::start(options(Dialect::Green)).await.unwrap();
    let client = client(&server).await;
    let job = begun(&client).await;
    server.kill().await;
    let error = client.follow_conversion(job).next().await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable);
}

#[tokio::test]
async fn a_conversion_that_fails_says_why() {
    for dialect in BOTH {
        let server = melody_server::start(options(dialect)).await.unwrap();
        let route = "POST /audio/convert-to-instrumental";
        server.set_faults(vec![Fault::new(route, FaultKind::FailConversion)]).unwrap();
        let client = client(&server).await;
        let job = begun(&client).await;
        let told = to_the_end(client.follow_conversion(job)).await;
        let last = told.last().unwrap();
        assert_eq!((last.status, last.progress), (ConversionStatus::Failed, 50));
        assert_eq!(last.error.as_deref(), Some("the model ran out of memory"));
    }
}

#[tokio::test]
async fn what_is_unknown_is_refused_and_ends_the_following() {
    for dialect in BOTH {
        let server = melody_server::start(options(dialect)).await.unwrap();
        let client = client(&server).await;
        let error = client.follow_conversion("job_unknown".into()).next().await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceNotFound);
        let error = client.convert(&"library_0".into(), "http://127.0.0.1/x").await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceNotFound);
    }
}

#[tokio::test]
async fn notifications_and_the_avatar_in_both_dialects() {
    for (dialect, as_planned) in [(Dialect::Blue, false), (Dialect::Green, false), (Dialect::Green, true)] {
        let server = melody_server::start(Options { as_planned, ..options(dialect) }).await.unwrap();
        let client = client(&server).await;
        for title in ["One", "Two"] {
            server.notify("+91", "9876543210", title, "Words").await.unwrap();
        }
        let unread = NotificationsRequest { limit: 1, offset: 0, unread_only: true };
        let page = client.notifications(unread).await.unwrap();
        assert_eq!((page.total, page.items[0].title.as_str(), page.items[0].read), (Some(2), "Two", false));
        client.read_notification(&page.items[0].id).await.unwrap();
        assert_eq!(client.notifications(unread).await.unwrap().total, Some(1));
        client.read_all_notifications().await.unwrap();
        assert_eq!(client.notifications(unread).await.unwrap().total, Some(0));
        let all = NotificationsRequest { unread_only: false, ..unread };
        assert_eq!(client.notifications(all).await.unwrap().total, Some(2));

        let user = client.upload_avatar(b"\x89PNG\r\n\x1a\nrest".as_slice().into()).await.unwrap();
        let picture = client.media(user.avatar_url.as_deref().unwrap()).await.unwrap();
        let bytes = picture.get().send().await.unwrap().bytes().await.unwrap();
        assert_eq!(&bytes[..], b"\x89PNG\r\n\x1a\nrest");
        let refused = client.upload_avatar(b"<svg/>".as_slice().into()).await.unwrap_err();
        assert_eq!(refused.code(), Code::ValidationError);
    }
}
