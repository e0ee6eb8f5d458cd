//! The gateway of the rehearsal before two real servers.

use std::time::Duration;

use futures_util::StreamExt;
use melody_server::{Dialect, Options, Proxy, Server, Traffic};
use reqwest_websocket::{Message, Upgrade};
use serde_json::{Value, json};

use crate::harness::{CODE, Caller, NUMBER, small, sound, started};

struct Rehearsal {
    blue: Server,
    green: Server,
    proxy: Proxy,
}

async fn rehearsal() -> Rehearsal {
    let blue = started(Options { dialect: Dialect::Blue, ..small() }).await;
    let green = started(Options { dialect: Dialect::Green, ..small() }).await;
    let proxy = Proxy::start(0, &blue.base_url(), &green.base_url()).await.unwrap();
    Rehearsal { blue, green, proxy }
}

impl Rehearsal {
    fn caller(&self, dialect: Dialect) -> Caller {
        Caller::at(self.proxy.base_url(), dialect)
    }

    /// Who answers: by where the version is.
    async fn who(&self) -> Option<Dialect> {
        let caller = self.caller(Dialect::Blue);
        let answer = caller.get("/version").await;
        match answer.status {
            200 => Some(Dialect::Blue),
            404 if answer.body["detail"] == "Not Found" => Some(Dialect::Green),
            _ => None,
        }
    }
}

#[tokio::test]
async fn one_address_answers_as_whoever_it_is_switched_to() {
    let there = rehearsal().await;
    assert_eq!(there.who().await, Some(Dialect::Blue));
    there.proxy.send(Traffic::To(Dialect::Green));
    assert_eq!(there.who().await, Some(Dialect::Green));
    there.proxy.send(Traffic::To(Dialect::Blue));
    assert_eq!(there.who().await, Some(Dialect::Blue));
    // Bodies and tokens go through.
    let mut caller = there.caller(Dialect::Blue);
    caller.token = Some(caller.sign_in(CODE, NUMBER).await[0].clone());
    assert_eq!(caller.add("Alpha").await.status, 201);
    assert_eq!(there.blue.library_count(CODE, NUMBER).unwrap(), 1);
    assert_eq!(there.green.library_count(CODE, NUMBER).unwrap(), 0);
}

#[tokio::test]
async fn in_turn_both_answer() {
    let there = rehearsal().await;
    there.proxy.send(Traffic::InTurn);
    let mut who = Vec::new();
    for _ in 0..4 {
        who.push(there.who().await.unwrap());
    }
    assert_eq!(who, [Dialect::Blue, Dialect::Green, Dialect::Blue, Dialect::Green]);
}

#[tokio::test]
async fn maintenance_is_the_gateways_page_and_a_drop_is_nothing() {
    let there = rehearsal().await;
    let caller = there.caller(Dialect::Blue);
    there.proxy.send(Traffic::Maintenance);
    for path in ["/version", "/health", "/library/songs"] {
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (503, "text/html"));
        assert_eq!(answer.header("retry-after"), "30");
    }
    there.proxy.send(Traffic::Drop);
    assert!(caller.try_call(reqwest::Method::GET, "/version", None).await.is_err());
    there.proxy.send(Traffic::To(Dialect::Green));
    assert_eq!(there.who().await, Some(Dialect::Green));
    assert_eq!(there.blue.request_log().len(), 0, "neither reached anybody");
}

#[tokio::test]
async fn a_backend_that_is_gone_is_a_bad_gateway_until_another_takes_its_place() {
    let there = rehearsal().await;
    assert_eq!(there.who().await, Some(Dialect::Blue));
    there.blue.kill().await;
    let answer = Caller::at(there.proxy.base_url(), Dialect::Blue).get("/version").await;
    assert_eq!((answer.status, answer.header("content-type")), (502, "text/html"));
    let another = started(Options { dialect: Dialect::Blue, ..small() }).await;
    there.proxy.set_backend(Dialect::Blue, &another.base_url()).unwrap();
    let answer = Caller::at(there.proxy.base_url(), Dialect::Blue).get("/version").await;
    assert_eq!(answer.status, 200);
    assert!(there.proxy.set_backend(Dialect::Blue, "https://127.0.0.1:1").is_err());
    assert!(there.proxy.set_backend(Dialect::Blue, "http://127.0.0.1:1/blue").is_err());
}

#[tokio::test]
async fn sound_flows_as_it_comes_and_in_parts() {
    let there = rehearsal().await;
    let caller = there.caller(Dialect::Blue);
    let song = caller.get("/music/search?q=Alpha").await.body["data"]["tracks"][0].clone();
    let address = song["audioFiles"]["original"]["url"].as_str().unwrap().to_owned();
    let path = address.strip_prefix(&there.blue.base_url()).unwrap_or(&address).to_owned();
    let address = format!("{}{path}", there.proxy.base_url());
    let part = caller.http.get(&address).header("range", "bytes=100-299").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 100-299/100000");
    assert_eq!(part.bytes().await.unwrap(), sound()[100..300]);

    // The first bytes are here while the last are not yet sent.
    there.blue.hold_media_after(Some(50_000));
    let mut whole = caller.http.get(&address).send().await.unwrap();
    assert_eq!(whole.content_length(), Some(100_000));
    let mut got = Vec::new();
    while got.len() < 50_000 {
        got.extend_from_slice(&whole.chunk().await.unwrap().unwrap());
    }
    assert_eq!(got.len(), 50_000);
    there.blue.hold_media_after(None);
    while let Some(chunk) = whole.chunk().await.unwrap() {
        got.extend_from_slice(&chunk);
    }
    assert_eq!(got, sound());
}

#[tokio::test]
async fn a_socket_goes_through_and_stays_with_whom_it_is() {
    let there = rehearsal().await;
    there.proxy.send(Traffic::To(Dialect::Green));
    let mut caller = there.caller(Dialect::Green);
    let token = caller.sign_in(CODE, NUMBER).await[0].clone();
    caller.token = Some(token.clone());
    let request = caller.http.get(format!("{}/ws/notifications", caller.base)).bearer_auth(token);
    let mut socket = request.upgrade().send().await.unwrap().into_websocket().await.unwrap();
    there.proxy.send(Traffic::To(Dialect::Blue));
    there.green.notify(CODE, NUMBER, "Hello", "Words").await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(5), socket.next()).await.unwrap().unwrap().unwrap();
    let Message::Text(told) = told else { panic!("{told:?}") };
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["type"], &told["data"]["title"]), (&json!("notification"), &json!("Hello")));
    there.proxy.cut_connections();
    assert!(!matches!(socket.next().await, Some(Ok(_))), "cut");
}
