//! The demo of a profile: one, wherever its screens are, and found again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

use std::{net::TcpListener, path::Path};

use melody_core::{Command, CoreOptions, SecretsKind, SinkKind, TrendingRequest};
use melody_host::{Host, HostCommand, Request};

async fn open(profile: &Path) -> Host {
    let options = CoreOptions {
        profile: profile.to_owned(),
        server: None,
        allow_http: Vec::new(),
        secrets: SecretsKind::File,
        sink: SinkKind::Null,
        keep_queue: true,
    };
    Host::open(options).await.unwrap()
}

async fn start_demo(host: &Host) -> String {
    host.call(Request::Host(HostCommand::StartDemo)).await.unwrap();
    // A service is remembered once it has answered.
    host.call(Request::Core(Command::Trending(TrendingRequest { limit: 1, ..TrendingRequest::default() })))
        .await
        .unwrap();
    host.core().service().address
}

#[tokio::test(flavor = "multi_thread")]
async fn two_screens_of_a_profile_have_one_demo() {
    let profile = tempfile::tempdir().unwrap();
    let first = open(profile.path()).await;
    let address = start_demo(&first).await;
    let second = open(profile.path()).await;
    assert_eq!(second.core().service().address, address);
    assert_eq!(start_demo(&second).await, address);
    // It goes with whoever started it; the other one starts it again at the same place.
    first.close().await.unwrap();
    assert_eq!(start_demo(&second).await, address);
    drop(rustls::crypto::ring::default_provider().install_default());
    assert!(reqwest::get(format!("{address}/health")).await.unwrap().status().is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_in_the_demos_place_keeps_nobody_from_opening_the_app() {
    let profile = tempfile::tempdir().unwrap();
    let host = open(profile.path()).await;
    let address = start_demo(&host).await;
    host.close().await.unwrap();

    let place = address.trim_start_matches("http://");
    let _stranger = TcpListener::bind(place).unwrap();
    let host = open(profile.path()).await;
    assert_eq!(host.core().service().address, address, "its sign-in and its library are still its own");
    assert_ne!(start_demo(&host).await, address);
}
