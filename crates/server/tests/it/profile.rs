//! Profile and avatar.

use melody_server::Dialect;
use serde_json::json;

use crate::harness::{Caller, small, started};

#[tokio::test]
async fn a_profile_changes_in_one_dialect_and_is_read_in_the_other() {
    let server = started(small()).await;
    let blue = Caller::signed_in(&server, Dialect::Blue).await;
    let preferences = json!({ "languages": ["hi", "ta"], "autoConvertToInstrumental": true });
    let changed = blue.put("/user/profile", json!({ "name": "Asha", "preferences": preferences })).await;
    assert_eq!(changed.body["data"]["user"]["profile"]["name"], "Asha");
    assert_eq!(changed.body["data"]["user"]["profile"]["preferences"], preferences);
    assert!(changed.body["data"]["user"]["stats"]["joinedAt"].is_string());

    let green = Caller::signed_in(&server, Dialect::Green).await;
    let user = green.get("/users/profile").await.body["data"]["user"].clone();
    assert_eq!((&user["name"], &user["preferences"]), (&json!("Asha"), &preferences));
    assert_eq!(user["stats"]["total_songs"], 0);
    assert_eq!(green.put("/users/profile", json!({ "name": 7 })).await.status, 422);
    assert_eq!(green.put("/users/profile", json!({ "preferences": "x" })).await.status, 422);
    // A part that is not sent stays.
    let partly = green.put("/users/profile", json!({ "preferences": {} })).await;
    assert_eq!(partly.body["data"]["user"]["name"], "Asha");
}

#[tokio::test]
async fn each_dialect_has_its_own_user_paths() {
    let server = started(small()).await;
    let blue = Caller::signed_in(&server, Dialect::Blue).await;
    let green = Caller::signed_in(&server, Dialect::Green).await;
    assert_eq!(blue.get("/user/profile").await.status, 200);
    assert_eq!(green.get("/users/profile").await.status, 200);
    assert_eq!(Caller::code(&blue.get("/users/profile").await), "RESOURCE_NOT_FOUND");
    assert_eq!(green.get("/user/profile").await.body, json!({ "detail": "Not Found" }));
}

#[tokio::test]
async fn an_avatar_is_kept_and_served_as_what_it_is() {
    let server = started(small()).await;
    let caller = Caller::signed_in(&server, Dialect::Green).await;
    let png = b"\x89PNG\r\n\x1a\nrest".to_vec();
    let upload = async |bytes: Vec<u8>| {
        let form = reqwest::multipart::Form::new().part("avatar", reqwest::multipart::Part::bytes(bytes));
        let request = caller.http.post(format!("{}/users/avatar", caller.base)).multipart(form);
        request.bearer_auth(caller.token.as_ref().unwrap()).send().await.unwrap()
    };
    let answer = upload(png.clone()).await;
    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = answer.json().await.unwrap();
    let first = body["data"]["user"]["avatar_url"].as_str().unwrap().to_owned();
    let picture = caller.fetch(&server, &first, &[]).await;
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert_eq!(picture.bytes().await.unwrap(), png);
    // A new picture has a new address, so that no cache shows the old one.
    let body: serde_json::Value = upload(b"\xff\xd8\xff\xe0more".to_vec()).await.json().await.unwrap();
    let second = body["data"]["user"]["avatar_url"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(caller.fetch(&server, &second, &[]).await.headers()["content-type"], "image/jpeg");
    assert_eq!(upload(b"<svg/>".to_vec()).await.status(), 400);
}
