//! Instrumentals on request, told by answers and by socket; notifications.

use std::time::Duration;

use futures_util::StreamExt;
use melody_server::{CatalogueChoice, Dialect, Fault, FaultKind, Options, Server};
use reqwest_websocket::{Message, Upgrade, WebSocket};
use serde_json::{Value, json};

use crate::harness::{BOTH, CODE, Caller, NUMBER, OTP, client, small, started};

const CONVERT: &str = "/audio/convert-to-instrumental";

/// The demo's songs, of which some have no instrumental; a conversion takes a tenth of a second.
fn quick() -> Options {
    Options {
        catalogue: CatalogueChoice::Demo,
        otp: Some(OTP.into()),
        conversion_time: Duration::from_millis(100),
        ..Options::default()
    }
}

/// A saved song without an instrumental: its track and its library id.
async fn plain_song(caller: &Caller) -> (String, String) {
    let tracks = caller.get("/music/trending?limit=50").await.body["data"]["tracks"].clone();
    let files = caller.name("audio_files");
    for track in tracks.as_array().unwrap() {
        let stored = match &track[&files] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        if stored.get("instrumental").is_none() {
            let id = track["id"].as_str().unwrap().to_owned();
            let added = caller.post("/library/songs", caller.fields(json!({ "track_id": id }))).await;
            return (id, added.body["data"][caller.name("library_id")].as_str().unwrap().to_owned());
        }
    }
    panic!("every song of the demo has an instrumental");
}

async fn convert(caller: &Caller, library_id: &str) -> crate::harness::Answer {
    let body =
        json!({ "library_id": library_id, "audio_url": "http://127.0.0.1/x.flac", "priority": "high" });
    caller.post(CONVERT, caller.fields(body)).await
}

fn job(caller: &Caller, answer: &crate::harness::Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["data"][caller.name("job_id")].as_str().unwrap().to_owned()
}

/// Asks until it is over.
async fn ended(caller: &Caller, job: &str) -> Value {
    loop {
        let answer = caller.get(&format!("/audio/conversion-status/{job}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let data = answer.body["data"].clone();
        if !matches!(data["status"].as_str(), Some("queued" | "processing")) {
            return data;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn socket(server: &Server, caller: &Caller) -> WebSocket {
    let token = caller.token.as_ref().unwrap();
    let http = client().build().unwrap();
    let request = match caller.dialect {
        Dialect::Blue => http.get(format!("{}/blue/ws?token={token}", server.base_url())),
        Dialect::Green => http.get(format!("{}/ws/conversion-progress", caller.base)).bearer_auth(token),
    };
    request.upgrade().send().await.unwrap().into_websocket().await.unwrap()
}

async fn message(socket: &mut WebSocket) -> Value {
    match socket.next().await.expect("a message").expect("a good one") {
        Message::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_instrumental_is_made_in_steps_that_the_socket_tells() {
    for dialect in BOTH {
        let server = started(quick()).await;
        let caller = Caller::signed_in(&server, dialect).await;
        let (track, library) = plain_song(&caller).await;
        let mut socket = socket(&server, &caller).await;
        let job = job(&caller, &convert(&caller, &library).await);

        let mut heard = Vec::new();
        let done = loop {
            let told = message(&mut socket).await;
            if told["type"] == "notification" {
                continue;
            }
            assert_eq!(told["data"][caller.name("job_id")], job.as_str());
            if told["type"] == "conversion_completed" {
                break told["data"].clone();
            }
            assert_eq!(told["type"], "conversion_progress");
            heard.push(told["data"]["progress"].as_i64().unwrap());
        };
        assert_eq!(heard, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
        assert_eq!((&done["status"], &done["progress"]), (&json!("completed"), &json!(100)));
        assert!(done[caller.name("started_at")].is_string() && done[caller.name("completed_at")].is_string());

        // It is there, it is sound, and it is not the original.
        let song = caller.get(&format!("/music/track/{track}")).await.body["data"].clone();
        let song = song.get("track").unwrap_or(&song);
        let address = |name: &str| song[caller.name("audio_files")][name]["url"].as_str().unwrap().to_owned();
        let instrumental = caller.fetch(&server, &address("instrumental"), &[]).await.bytes().await.unwrap();
        let original = caller.fetch(&server, &address("original"), &[]).await.bytes().await.unwrap();
        assert!(instrumental.starts_with(b"fLaC") && instrumental != original);
        let entry = caller.get("/library/songs").await.body["data"]["songs"][0].clone();
        assert_eq!(entry[caller.name("has_instrumental")], true);
        assert_eq!(entry[caller.name("instrumental_status")], "completed");
    }
}

#[tokio::test]
async fn asked_for_twice_it_is_made_once() {
    let options = Options { conversion_time: Duration::from_mins(10), ..quick() };
    let server = started(options).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    let (_, library) = plain_song(&caller).await;
    let first = job(&caller, &convert(&caller, &library).await);
    assert_eq!(job(&caller, &convert(&caller, &library).await), first);
    let history = caller.get("/audio/conversion-history").await.body;
    assert_eq!(history["pagination"]["total"], 1);
    assert_eq!(history["data"]["conversions"][0]["job_id"], first.as_str());
    // The other backend knows the same conversion by another name.
    let blue = Caller::signed_in(&server, Dialect::Blue).await;
    let there = blue.get("/audio/conversion-history").await.body["data"]["conversions"][0].clone();
    assert!(there["jobId"].as_str().unwrap().starts_with("job_"), "{there}");
    assert_eq!(blue.get(&format!("/audio/conversion-status/{first}")).await.status, 404);
}

#[tokio::test]
async fn a_fault_lets_it_fail_half_way() {
    let server = started(quick()).await;
    server
        .set_faults(vec![
            Fault::new("POST /audio/convert-to-instrumental", FaultKind::FailConversion).times(1),
        ])
        .unwrap();
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    let (_, library) = plain_song(&caller).await;
    let failed = ended(&caller, &job(&caller, &convert(&caller, &library).await)).await;
    assert_eq!((&failed["status"], &failed["progress"]), (&json!("failed"), &json!(50)));
    assert_eq!(failed["error"], "the model ran out of memory");
    let told = caller.get("/notifications").await.body["data"]["notifications"][0].clone();
    assert_eq!((&told["type"], &told["read"]), (&json!("conversion_failed"), &json!(false)));
    // The next one is a new one, and passes.
    let done = ended(&caller, &job(&caller, &convert(&caller, &library).await)).await;
    assert_eq!(done["status"], "completed");
    let failures = caller.get("/audio/conversion-history?status=failed").await.body;
    assert_eq!(failures["pagination"]["total"], 1);
    let stats = caller.get("/user/profile").await.body["data"]["user"]["stats"].clone();
    assert_eq!(stats["totalConversions"], 1);
}

#[tokio::test]
async fn five_an_hour_and_only_what_is_saved() {
    let server = started(Options { conversion_time: Duration::from_mins(10), ..small() }).await;
    for dialect in BOTH {
        let caller = Caller::signed_in(&server, dialect).await;
        assert_eq!(convert(&caller, "library_0").await.status, 404);
        let body = caller.fields(json!({ "library_id": "x", "audio_url": "y", "priority": "soon" }));
        let wrong = caller.post(CONVERT, body).await.status;
        assert_eq!(wrong, if dialect == Dialect::Green { 422 } else { 400 });
        let nobody = Caller::new(&server, dialect);
        assert_eq!(convert(&nobody, "library_0").await.status, 401);
        assert_eq!(nobody.get("/audio/conversion-history").await.status, 401);
    }
    let caller = Caller::signed_in(&server, Dialect::Blue).await;
    convert(&caller, "library_0").await;
    let sixth = convert(&caller, "library_0").await;
    assert_eq!(sixth.status, 429);
    assert_eq!(Caller::code(&sixth), "RATE_LIMIT_EXCEEDED");
    assert!(sixth.header("retry-after").parse::<u64>().unwrap() > 3500);
}

#[tokio::test]
async fn what_was_half_made_is_made_anew_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let slow =
        Options { data: Some(folder.path().to_owned()), conversion_time: Duration::from_mins(10), ..quick() };
    let server = started(slow.clone()).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    let (_, library) = plain_song(&caller).await;
    let mut socket = socket(&server, &caller).await;
    let job = job(&caller, &convert(&caller, &library).await);
    assert_eq!(message(&mut socket).await["data"]["status"], "processing");
    server.kill().await;
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))), "the socket ends with its server");

    let server = started(Options { conversion_time: Duration::from_millis(100), ..slow }).await;
    let again = Caller { token: caller.token.clone(), ..Caller::new(&server, Dialect::Green) };
    assert_eq!(ended(&again, &job).await["status"], "completed");
}

#[tokio::test]
async fn a_socket_needs_a_token_and_hears_its_own_user_only() {
    let server = started(quick()).await;
    let green = Caller::signed_in(&server, Dialect::Green).await;
    assert_eq!(Caller::new(&server, Dialect::Green).get("/ws/conversion-progress").await.status, 400);
    let http = client().build().unwrap();
    for (address, status) in [
        (format!("{}/ws/notifications", green.base), 401),
        (format!("{}/blue/ws?token=nonsense", server.base_url()), 401),
        (format!("{}/green/ws?token=nonsense", server.base_url()), 404),
    ] {
        let answer = http.get(&address).upgrade().send().await.unwrap();
        assert_eq!(answer.status(), status, "{address}");
    }
    // Green's socket for notifications tells of nothing else.
    let request = http.get(format!("{}/ws/notifications", green.base));
    let request = request.bearer_auth(green.token.as_ref().unwrap());
    let mut mine = request.upgrade().send().await.unwrap().into_websocket().await.unwrap();
    server.notify(CODE, "9876500000", "Not for you", "…").await.unwrap();
    let (_, library) = plain_song(&green).await;
    convert(&green, &library).await;
    let first = message(&mut mine).await;
    assert_eq!(
        (&first["type"], &first["data"]["type"]),
        (&json!("notification"), &json!("conversion_completed"))
    );
    // The token is in no log.
    let token = green.token.clone().unwrap();
    let _ = http.get(format!("{}/blue/ws?token={token}", server.base_url())).upgrade().send().await;
    let log = server.request_log();
    assert!(log.iter().any(|request| request.query.as_deref() == Some("token=***")));
    assert!(!format!("{log:?}").contains(&token));
}

#[tokio::test]
async fn notifications_are_listed_counted_and_read() {
    for dialect in BOTH {
        let server = started(small()).await;
        let caller = Caller::signed_in(&server, dialect).await;
        let page = caller.get("/notifications?limit=10").await.body;
        assert_eq!(page["data"], json!({ "notifications": [] }));
        for title in ["One", "Two", "Three"] {
            server.notify(CODE, NUMBER, title, "Words").await.unwrap();
        }
        let page = caller.get("/notifications?limit=2").await.body;
        assert_eq!(page["pagination"]["total"], 3);
        let titles: Vec<_> = page["data"]["notifications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["title"].clone())
            .collect();
        assert_eq!(titles, ["Three", "Two"]);
        let id = page["data"]["notifications"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(caller.put(&format!("/notifications/{id}/read"), json!({})).await.status, 200);
        assert_eq!(caller.put("/notifications/x/read", json!({})).await.status, 404);
        let unread = format!("/notifications?{}=true", caller.name("unread_only"));
        assert_eq!(caller.get(&unread).await.body["pagination"]["total"], 2);
        assert_eq!(caller.put("/notifications/read-all", json!({})).await.status, 200);
        assert_eq!(caller.get(&unread).await.body["pagination"]["total"], 0);
        assert_eq!(caller.get("/notifications").await.body["pagination"]["total"], 3);
    }
}

#[tokio::test]
async fn as_planned_these_calls_have_the_plans_faults_too() {
    let server = started(Options { as_planned: true, ..quick() }).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    let unsaved = convert(&caller, "nothing").await;
    assert_eq!((unsaved.status, &unsaved.body["detail"]), (500, &json!("404: Library entry not found")));
    assert_eq!(caller.get("/audio/conversion-history?limit=0").await.status, 500);
    let (_, library) = plain_song(&caller).await;
    let done = ended(&caller, &job(&caller, &convert(&caller, &library).await)).await;
    assert!(!done["completed_at"].as_str().unwrap().contains('+'), "a naive moment: {done}");
    let told = caller.get("/notifications").await.body["data"]["notifications"][0].clone();
    assert!(told["data"].as_str().unwrap().starts_with('{'), "a column that nobody decoded: {told}");
}
