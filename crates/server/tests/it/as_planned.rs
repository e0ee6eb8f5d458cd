//! Green with the faults of the plan's own code, and green without them.

use melody_server::{CatalogueChoice, Dialect, Options, Server};
use serde_json::{Value, json};

use crate::harness::{CODE, Caller, NUMBER, small, started};

async fn pair(options: Options) -> (Server, Server) {
    (started(Options { as_planned: true, ..options.clone() }).await, started(options).await)
}

fn green(server: &Server) -> Caller {
    Caller::new(server, Dialect::Green)
}

#[tokio::test]
async fn its_own_refusals_leave_as_a_500_that_quotes_them() {
    let (planned, clean) = pair(small()).await;
    let faulty = green(&planned).ask_otp(CODE, "123").await;
    assert_eq!((faulty.status, faulty.body), (500, json!({ "detail": "400: Invalid phone number" })));
    let right = green(&clean).ask_otp(CODE, "123").await;
    assert_eq!((right.status, right.body), (400, json!({ "detail": "Invalid phone number" })));

    let faulty = green(&planned).get("/music/track/nowhere").await;
    assert_eq!((faulty.status, faulty.body), (500, json!({ "detail": "404: Song not found" })));
    // What stands around the handlers is not caught by them.
    assert_eq!(green(&planned).get("/library/songs").await.status, 401);
    assert_eq!(green(&planned).get("/music/search").await.status, 422);
    assert_eq!(green(&planned).get("/nowhere").await.status, 404);
    // Blue on the same server is as it was.
    assert_eq!(Caller::new(&planned, Dialect::Blue).ask_otp(CODE, "123").await.status, 400);
}

#[tokio::test]
async fn a_limit_of_zero_divides_by_it() {
    let (planned, clean) = pair(small()).await;
    let faulty = green(&planned).get("/music/search?q=alpha&limit=0").await;
    assert_eq!(
        (faulty.status, faulty.body),
        (500, json!({ "detail": "integer division or modulo by zero" }))
    );
    assert_eq!(green(&clean).get("/music/search?q=alpha&limit=0").await.status, 422);
}

#[tokio::test]
async fn a_page_is_rounded_down() {
    let (planned, clean) = pair(small()).await;
    let page = async |server: &Server, offset| {
        let path = format!("/music/search?q=tests&limit=3&offset={offset}");
        green(server).get(&path).await.body["pagination"]["page"].as_i64().unwrap()
    };
    assert_eq!((page(&planned, 0).await, page(&planned, 2).await, page(&planned, 3).await), (1, 1, 2));
    assert_eq!((page(&clean, 0).await, page(&clean, 2).await, page(&clean, 3).await), (1, 2, 2));
    let blue = Caller::new(&planned, Dialect::Blue).get("/music/search?q=tests&limit=3&offset=2").await;
    assert_eq!(blue.body["pagination"]["page"], 2);
}

#[tokio::test]
async fn search_has_no_cap_and_no_type() {
    let (planned, clean) =
        pair(Options { catalogue: CatalogueChoice::Synthetic(300), ..Options::default() }).await;
    let sample = green(&clean).get("/music/trending?limit=1").await.body["data"]["tracks"][0].clone();
    let artist = sample["artist"].as_str().unwrap().split(' ').next().unwrap().to_owned();
    let found = async |server: &Server, query: &str| {
        let answer = green(server).get(&format!("/music/search?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"]["tracks"].as_array().unwrap().len()
    };
    assert_eq!(found(&planned, "q=&limit=1000").await, 300);
    let everywhere = found(&clean, &format!("q={artist}&limit=50")).await;
    let as_track = found(&clean, &format!("q={artist}&limit=50&type=track")).await;
    assert!(as_track < everywhere, "{artist}: {as_track} of {everywhere}");
    assert_eq!(found(&planned, &format!("q={artist}&limit=50&type=track")).await, everywhere);
    assert_eq!(found(&planned, &format!("q={artist}&limit=50&type=nonsense")).await, everywhere);
}

#[tokio::test]
async fn digits_alone_are_unique() {
    let (planned, clean) = pair(small()).await;
    green(&planned).sign_in(CODE, NUMBER).await;
    green(&planned).sign_in(CODE, NUMBER).await;
    let caller = green(&planned);
    let id = caller.request_otp("+49", NUMBER).await;
    let refused = caller.verify(&id, crate::harness::OTP, "+49", NUMBER).await;
    assert_eq!(refused.status, 500);
    assert!(refused.body["detail"].as_str().unwrap().contains("users_phone_number_key"));
    green(&clean).sign_in(CODE, NUMBER).await;
    green(&clean).sign_in("+49", NUMBER).await;
}

#[tokio::test]
async fn json_columns_are_strings_and_times_have_no_zone() {
    let (planned, clean) =
        pair(Options { otp: Some(crate::harness::OTP.into()), ..Options::default() }).await;
    let song = async |server: &Server| {
        let caller = green(server);
        let id = caller.track_id("दिल").await;
        caller.get(&format!("/music/track/{id}")).await.body["data"]["track"].clone()
    };
    let (faulty, right) = (song(&planned).await, song(&clean).await);
    for column in ["external_ids", "metadata", "audio_files"] {
        let text = faulty[column].as_str().unwrap_or_else(|| panic!("{column} is no string"));
        let held: Value = serde_json::from_str(text).unwrap();
        assert!(held.is_object() && right[column].is_object(), "{column}");
    }
    assert_eq!(faulty["created_at"], "2024-01-15T10:30:00.123456");
    assert_eq!(right["created_at"], "2024-01-15T10:30:00.123456+00:00");
    let caller = Caller::signed_in(&planned, Dialect::Green).await;
    let profile = caller.put("/users/profile", json!({ "preferences": { "languages": ["hi"] } })).await;
    assert_eq!(profile.body["data"]["user"]["preferences"], "{\"languages\":[\"hi\"]}");
}
