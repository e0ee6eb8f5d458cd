//! Tokens in a real keyring, and the keyrings that people have: locked, missing, silent.
#![allow(clippy::unwrap_used, reason = "a test ends where a bench or an answer is not as it must be")]

use std::time::Duration;

use melody_e2e::{
    keyring::Bus,
    melody::{Melody, OTP, PHONE, failure},
    service::Service,
};

/// An installation whose tokens go to the keyring of this bus.
fn installation(service: &Service, bus: &Bus) -> Melody {
    let melody = Melody::on(service.address()).with_keyring();
    bus.environment().into_iter().fold(melody, |melody, (name, value)| melody.env(name, value))
}

const LOGIN: &[&str] = &["login", "--phone", PHONE, "--country", "+91", "--otp", OTP];

#[test]
fn tokens_live_in_the_keyring_and_nowhere_else() {
    let service = Service::start(&[]);
    let bus = Bus::with_open_keyring();
    let melody = installation(&service, &bus);
    assert_eq!(melody.login()["user"]["phone_masked"], "+91 ••••••3210");
    assert_eq!(melody.json(&["whoami"])["user"]["phone_masked"], "+91 ••••••3210");
    let id = melody.ids("दिल", 1).remove(0);
    let added = melody.json(&["library", "add", &id]);
    assert_eq!(added["entries"][0]["pending"], false, "the service did not take our token: {added}");
    assert!(!melody.profile().join("secrets.json").exists());
    melody.json(&["logout"]);
    melody.fails(&["whoami"], 3, "AUTH_REQUIRED");
}

#[test]
fn a_sign_in_outlives_a_locked_keyring() {
    let service = Service::start(&[]);
    let mut bus = Bus::with_open_keyring();
    let melody = installation(&service, &bus);
    melody.login();
    let id = melody.ids("दिल", 1).remove(0);
    melody.json(&["library", "add", &id]);
    bus.lock();
    // What is on this machine needs no token, and so no keyring.
    assert_eq!(melody.json(&["library", "list"])["total"], 1);
}

fn refuses_in_time(bus: &Bus) {
    let service = Service::start(&[]);
    let melody = installation(&service, bus);
    let ended = melody.run(LOGIN);
    let told = failure(LOGIN, &ended, 6, "KEYRING");
    assert!(told.message.contains("MELODY_SECRETS=file"), "names no way round: {}", told.message);
    // Five seconds for the keyring; the rest is the start of a program on a busy machine.
    assert!(ended.took < Duration::from_secs(8), "it took {:?}", ended.took);
    let around = melody.env("MELODY_SECRETS", "file");
    around.login();
    around.json(&["whoami"]);
}

#[test]
fn a_locked_keyring_is_a_clear_error_in_time() {
    refuses_in_time(&Bus::with_locked_keyring());
}

#[test]
fn a_missing_keyring_is_a_clear_error_in_time() {
    refuses_in_time(&Bus::without_keyring());
}

#[test]
fn a_silent_keyring_is_a_clear_error_in_time() {
    refuses_in_time(&Bus::with_silent_keyring());
}

#[test]
fn without_a_message_bus_it_is_a_clear_error_too() {
    let service = Service::start(&[]);
    let melody = Melody::on(service.address()).with_keyring();
    let told = melody.fails(LOGIN, 6, "KEYRING");
    assert!(told.message.contains("MELODY_SECRETS=file"), "names no way round: {}", told.message);
}
