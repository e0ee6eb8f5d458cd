//! Sound and covers: ranges, conditions, signatures, pace.

use std::time::Duration;

use melody_server::{AudioSource, CatalogueChoice, Dialect, ExtraAudio, ExtraSong, Options, Server};
use reqwest::Method;

use crate::harness::{Caller, small, sound, started};

async fn address(server: &Server, title: &str, rendition: &str) -> String {
    let caller = Caller::new(server, Dialect::Green);
    let answer = caller.get(&format!("/music/search?q={title}")).await;
    answer.body["data"]["tracks"][0]["audio_files"][rendition]["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn sound_is_served_whole_in_part_and_by_its_head() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    let alpha = address(&server, "Alpha", "original").await;
    assert!(alpha.starts_with("/media/audio/") && alpha.ends_with("/original.mp3"), "{alpha}");

    let whole = caller.fetch(&server, &alpha, &[]).await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["content-type"]),
        (200, &"audio/mpeg".parse().unwrap())
    );
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(whole.bytes().await.unwrap(), sound());

    let head = caller.fetch_with(Method::HEAD, &server, &alpha, &[]).await;
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &"100000".parse().unwrap())
    );
    assert_eq!(head.headers()["etag"], etag.as_str());

    let part = caller.fetch(&server, &alpha, &[("range", "bytes=40000-79999")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 40000-79999/100000");
    assert_eq!(part.bytes().await.unwrap(), sound()[40_000..80_000]);
    let tail = caller.fetch(&server, &alpha, &[("range", "bytes=-7"), ("if-range", &etag)]).await;
    assert_eq!(tail.bytes().await.unwrap(), sound()[99_993..]);
    let changed = caller.fetch(&server, &alpha, &[("range", "bytes=-7"), ("if-range", "\"other\"")]).await;
    assert_eq!((changed.status().as_u16(), changed.content_length()), (200, Some(100_000)));

    let beyond = caller.fetch(&server, &alpha, &[("range", "bytes=100000-")]).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()["content-range"], "bytes */100000");
    let known = caller.fetch(&server, &alpha, &[("if-none-match", &etag)]).await;
    assert_eq!((known.status().as_u16(), known.bytes().await.unwrap().len()), (304, 0));

    let other = address(&server, "Alpha", "instrumental").await;
    assert_eq!(caller.fetch(&server, &other, &[]).await.headers()["content-type"], "audio/ogg");
    assert_eq!(caller.fetch(&server, "/media/audio/nobody/original.mp3", &[]).await.status(), 404);
    assert_eq!(caller.fetch(&server, &alpha.replace("mp3", "flac"), &[]).await.status(), 404);
}

#[tokio::test]
async fn a_server_may_not_honour_ranges() {
    let server = started(Options { ranges: false, ..small() }).await;
    let alpha = address(&server, "Alpha", "original").await;
    let caller = Caller::new(&server, Dialect::Green);
    let whole = caller.fetch(&server, &alpha, &[("range", "bytes=10-")]).await;
    assert_eq!((whole.status().as_u16(), whole.content_length()), (200, Some(100_000)));
    assert_eq!(whole.headers()["accept-ranges"], "none");
}

#[tokio::test]
async fn sizes_are_told_once_they_are_known() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Blue);
    let alpha = address(&server, "Alpha", "original").await;
    let told = async || {
        caller.get("/music/search?q=alpha").await.body["data"]["tracks"][0]["audioFiles"]["original"].clone()
    };
    assert!(told().await.get("size").is_none());
    caller.fetch(&server, &alpha, &[]).await;
    assert_eq!((told().await["size"].as_u64(), told().await["bitrate"].as_u64()), (Some(100_000), Some(13)));
}

#[tokio::test]
async fn sound_can_come_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.m4a");
    std::fs::write(&path, sound()).unwrap();
    let audio = |path| ExtraAudio {
        rendition: "original".into(),
        format: "m4a".into(),
        source: AudioSource::File(path),
    };
    let song = |title: &str, path| ExtraSong {
        title: title.into(),
        audio: vec![audio(path)],
        ..ExtraSong::default()
    };
    let server = started(Options {
        catalogue: CatalogueChoice::Synthetic(0),
        extra_songs: vec![song("There", path), song("Gone", dir.path().join("y.m4a"))],
        ..Options::default()
    })
    .await;
    let caller = Caller::new(&server, Dialect::Green);
    let there = address(&server, "There", "original").await;
    let part = caller.fetch(&server, &there, &[("range", "bytes=50000-50009")]).await;
    assert_eq!(part.headers()["content-type"], "audio/mp4");
    assert_eq!(part.bytes().await.unwrap(), sound()[50_000..50_010]);
    let gone = address(&server, "Gone", "original").await;
    assert_eq!(caller.fetch(&server, &gone, &[]).await.status(), 500);
}

#[tokio::test]
async fn signed_addresses_expire_and_cannot_be_forged() {
    let server = started(Options { signed_media_ttl: Some(Duration::from_mins(1)), ..small() }).await;
    let caller = Caller::new(&server, Dialect::Green);
    let alpha = address(&server, "Alpha", "original").await;
    assert!(alpha.contains("?expires=") && alpha.contains("&sig="), "{alpha}");
    assert_eq!(caller.fetch(&server, &alpha, &[]).await.status(), 200);
    let (path, _) = alpha.split_once('?').unwrap();
    assert_eq!(caller.fetch(&server, path, &[]).await.status(), 403);
    let later = alpha.replace("expires=1", "expires=2");
    assert_eq!(caller.fetch(&server, &later, &[]).await.status(), 403);
    server.advance_clock(Duration::from_mins(1));
    assert_eq!(caller.fetch(&server, &alpha, &[]).await.status(), 403);
    let fresh = address(&server, "Alpha", "original").await;
    assert_eq!(caller.fetch(&server, &fresh, &[]).await.status(), 200);
}

#[tokio::test]
async fn a_held_sound_waits_where_it_is_told_and_then_goes_on() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Green);
    let alpha = address(&server, "Alpha", "original").await;
    server.hold_media_after(Some(10_000));
    let mut response = caller.fetch(&server, &alpha, &[]).await;
    let mut got = Vec::new();
    while got.len() < 10_000 {
        got.extend_from_slice(&response.chunk().await.unwrap().unwrap());
    }
    assert_eq!(got.len(), 10_000);
    server.hold_media_after(Some(25_000));
    while got.len() < 25_000 {
        got.extend_from_slice(&response.chunk().await.unwrap().unwrap());
    }
    assert_eq!(got.len(), 25_000);
    server.hold_media_after(None);
    while let Some(chunk) = response.chunk().await.unwrap() {
        got.extend_from_slice(&chunk);
    }
    assert_eq!(got, sound());
}

#[tokio::test]
async fn a_throttled_sound_comes_in_small_pieces() {
    let server = started(Options { throttle: Some(2_000_000), ..small() }).await;
    let alpha = address(&server, "Alpha", "original").await;
    let caller = Caller::new(&server, Dialect::Green);
    assert_eq!(caller.fetch(&server, &alpha, &[]).await.bytes().await.unwrap(), sound());
}

#[tokio::test]
async fn demo_songs_are_made_once_for_all_who_ask_and_both_dialects_name_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = started(Options { data: Some(dir.path().to_owned()), ..Options::default() }).await;
    let blue = Caller::new(&server, Dialect::Blue);
    let track = blue.get("/music/trending?limit=1").await.body["data"]["tracks"][0].clone();
    let old = track["audioFiles"]["original"]["url"].as_str().unwrap().to_owned();
    let new = Caller::new(&server, Dialect::Green).get("/music/trending?limit=1").await.body;
    let new = new["data"]["tracks"][0]["audio_files"]["original"]["url"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    let (one, two) = tokio::join!(blue.fetch(&server, &old, &[]), blue.fetch(&server, &new, &[]));
    let (one, two) = (one.bytes().await.unwrap(), two.bytes().await.unwrap());
    assert!(one.starts_with(b"fLaC"));
    assert_eq!(one, two);
    let kept: Vec<_> = std::fs::read_dir(dir.path().join("media")).unwrap().collect();
    assert_eq!(kept.len(), 1);

    let cover = blue.fetch(&server, track["thumbnail"].as_str().unwrap(), &[]).await;
    assert_eq!(cover.headers()["content-type"], "image/png");
    assert!(cover.bytes().await.unwrap().starts_with(b"\x89PNG"));
}
