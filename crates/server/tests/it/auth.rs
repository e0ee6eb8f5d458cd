//! One-time passwords and tokens.

use std::time::Duration;

use melody_server::{Dialect, Options};
use serde_json::json;

use crate::harness::{BOTH, CODE, Caller, NUMBER, OTP, small, started};

#[tokio::test]
async fn signing_in_answers_in_the_shape_of_each_dialect() {
    let server = started(small()).await;
    let blue = Caller::new(&server, Dialect::Blue);
    let asked = blue.ask_otp(CODE, NUMBER).await;
    assert_eq!(asked.body["success"], true);
    assert_eq!(asked.body["data"]["expiresIn"], 300);
    let id = asked.body["data"]["otpId"].as_str().unwrap();
    assert!(id.starts_with("otp_"));
    let data = &blue.verify(id, OTP, CODE, NUMBER).await.body["data"];
    assert_eq!(data["tokens"]["expiresIn"], 900);
    assert!(data["tokens"]["accessToken"].is_string() && data["tokens"]["refreshToken"].is_string());
    assert_eq!(data["user"]["phoneNumber"], NUMBER);
    assert_eq!(data["user"]["profile"], json!({ "name": null, "avatar": null, "preferences": {} }));
    let id = data["user"]["id"].as_str().unwrap();
    assert!(id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    assert!(data["user"]["createdAt"].as_str().unwrap().ends_with('Z'));

    let green = Caller::new(&server, Dialect::Green);
    let id = green.request_otp(CODE, NUMBER).await;
    assert!(uuid::Uuid::parse_str(&id).is_ok());
    let data = &green.verify(&id, OTP, CODE, NUMBER).await.body["data"];
    assert_eq!(data["tokens"]["expires_in"], 900);
    assert_eq!(data["user"]["country_code"], CODE);
    assert_eq!(data["user"]["preferences"], json!({}));
    assert!(uuid::Uuid::parse_str(data["user"]["id"].as_str().unwrap()).is_ok());
    assert!(data["user"]["created_at"].as_str().unwrap().ends_with("+00:00"));
}

#[tokio::test]
async fn a_number_that_cannot_be_is_refused_in_both_shapes() {
    let server = started(small()).await;
    let blue = Caller::new(&server, Dialect::Blue).ask_otp(CODE, "5876543210").await;
    assert_eq!((blue.status, Caller::code(&blue)), (400, "VALIDATION_ERROR"));
    assert_eq!(blue.body["success"], false);
    let green = Caller::new(&server, Dialect::Green).ask_otp(CODE, "5876543210").await;
    assert_eq!((green.status, green.body), (400, json!({ "detail": "Invalid phone number" })));
}

#[tokio::test]
async fn a_missing_field_is_a_validation_error_and_the_other_dialects_spelling_is_missing() {
    let server = started(small()).await;
    let wrong = json!({ "phone_number": NUMBER, "country_code": CODE });
    let blue = Caller::new(&server, Dialect::Blue).post("/auth/request-otp", wrong).await;
    assert_eq!((blue.status, Caller::code(&blue)), (400, "VALIDATION_ERROR"));
    assert_eq!(blue.body["error"]["details"]["field"], "phoneNumber");
    let wrong = json!({ "phoneNumber": NUMBER, "countryCode": CODE });
    let green = Caller::new(&server, Dialect::Green).post("/auth/request-otp", wrong).await;
    assert_eq!(green.status, 422);
    assert_eq!(
        green.body["detail"][0],
        json!({ "type": "missing", "loc": ["body", "phone_number"], "msg": "Field required" })
    );
}

#[tokio::test]
async fn random_passwords_reach_the_phone_and_only_the_phone() {
    let server = started(Options { otp: None, ..small() }).await;
    let mut phones = server.otps();
    let caller = Caller::new(&server, Dialect::Green);
    let id = caller.request_otp(CODE, NUMBER).await;
    let sent = phones.recv().await.unwrap();
    assert_eq!(sent.phone, "+919876543210");
    assert!(sent.otp.len() == 6 && sent.otp.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(format!("{sent:?}"), "SentOtp(…)");
    assert_eq!(caller.verify(&id, &sent.otp, CODE, NUMBER).await.status, 200);
}

#[tokio::test]
async fn three_passwords_an_hour_for_one_number() {
    let server = started(small()).await;
    let caller = Caller::new(&server, Dialect::Blue);
    for left in ["2", "1", "0"] {
        assert_eq!(caller.ask_otp(CODE, NUMBER).await.header("x-ratelimit-remaining"), left);
    }
    let refused = caller.ask_otp(CODE, NUMBER).await;
    assert_eq!((refused.status, Caller::code(&refused)), (429, "RATE_LIMIT_EXCEEDED"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((3590..=3600).contains(&wait));
    assert_eq!(refused.header("x-ratelimit-limit"), "3");
    // The same digits under another code are another number.
    assert_eq!(caller.ask_otp("+49", NUMBER).await.status, 200);
    server.advance_clock(Duration::from_secs(wait));
    assert_eq!(caller.ask_otp(CODE, NUMBER).await.status, 200);

    let open = started(Options { limits: false, ..small() }).await;
    let caller = Caller::new(&open, Dialect::Blue);
    for _ in 0..5 {
        assert_eq!(caller.ask_otp(CODE, NUMBER).await.status, 200);
    }
}

#[tokio::test]
async fn a_password_expires_is_used_up_and_dies_of_five_wrong_guesses() {
    let server = started(Options { limits: false, ..small() }).await;
    let caller = Caller::new(&server, Dialect::Blue);
    let invalid = |answer: &crate::harness::Answer| {
        assert_eq!((answer.status, Caller::code(answer)), (400, "INVALID_OTP"));
        answer.body["error"]["details"]["reason"].as_str().unwrap().to_owned()
    };

    let id = caller.request_otp(CODE, NUMBER).await;
    server.advance_clock(Duration::from_mins(5));
    assert_eq!(invalid(&caller.verify(&id, OTP, CODE, NUMBER).await), "expired");

    let id = caller.request_otp(CODE, NUMBER).await;
    assert_eq!(caller.verify(&id, OTP, CODE, NUMBER).await.status, 200);
    assert_eq!(invalid(&caller.verify(&id, OTP, CODE, NUMBER).await), "unknown");

    let id = caller.request_otp(CODE, NUMBER).await;
    assert_eq!(invalid(&caller.verify(&id, OTP, CODE, "9876543211").await), "wrong");
    for _ in 0..3 {
        assert_eq!(invalid(&caller.verify(&id, "000000", CODE, NUMBER).await), "wrong");
    }
    // Four were wrong: the right one still goes.
    assert_eq!(caller.verify(&id, OTP, CODE, NUMBER).await.status, 200);

    let id = caller.request_otp(CODE, NUMBER).await;
    for _ in 0..5 {
        invalid(&caller.verify(&id, "000000", CODE, NUMBER).await);
    }
    assert_eq!(invalid(&caller.verify(&id, OTP, CODE, NUMBER).await), "unknown");
    let green = Caller::new(&server, Dialect::Green).verify(&id, OTP, CODE, NUMBER).await;
    assert_eq!((green.status, green.body), (400, json!({ "detail": "Invalid OTP" })));
}

#[tokio::test]
async fn tokens_expire_rotate_and_are_voided_by_logout() {
    for dialect in BOTH {
        let server = started(Options { limits: false, ..small() }).await;
        let mut caller = Caller::new(&server, dialect);
        assert_eq!(caller.get("/library/songs").await.status, 401);
        let [access, refresh] = caller.sign_in(CODE, NUMBER).await;
        caller.token = Some(access.clone());
        assert_eq!(caller.get("/library/songs").await.status, 200);
        server.advance_clock(Duration::from_mins(15));
        let expired = caller.get("/library/songs").await;
        assert_eq!(expired.status, 401);
        match dialect {
            Dialect::Blue => assert_eq!(Caller::code(&expired), "INVALID_TOKEN"),
            Dialect::Green => assert_eq!(expired.body["detail"], "Invalid or expired token"),
        }

        let body = |token: &str| caller.fields(json!({ "refresh_token": token }));
        let renewed = caller.post("/auth/refresh-token", body(&refresh)).await;
        assert_eq!(renewed.status, 200);
        let part = |name| renewed.body["data"][caller.name(name)].as_str().unwrap().to_owned();
        let (access, rotated) = (part("access_token"), part("refresh_token"));
        assert_ne!(rotated, refresh);
        assert_eq!(caller.post("/auth/refresh-token", body(&refresh)).await.status, 401);
        // An access token is no refresh token, nor the other way round.
        assert_eq!(caller.post("/auth/refresh-token", body(&access)).await.status, 401);

        caller.token = Some(rotated.clone());
        assert_eq!(caller.get("/library/songs").await.status, 401);
        caller.token = Some(access);
        assert_eq!(caller.get("/library/songs").await.status, 200);
        assert_eq!(caller.post("/auth/logout", json!({})).await.status, 200);
        assert_eq!(caller.get("/library/songs").await.status, 401);
        let body = caller.fields(json!({ "refresh_token": rotated }));
        assert_eq!(caller.post("/auth/refresh-token", body).await.status, 401);
    }
}

#[tokio::test]
async fn without_rotation_a_refresh_token_stays() {
    let server = started(Options { rotate_refresh: false, ..small() }).await;
    let caller = Caller::new(&server, Dialect::Green);
    let [_, refresh] = caller.sign_in(CODE, NUMBER).await;
    for _ in 0..2 {
        let renewed = caller.post("/auth/refresh-token", json!({ "refresh_token": refresh })).await;
        assert_eq!(renewed.status, 200);
        assert!(renewed.body["data"].get("refresh_token").is_none());
    }
}
