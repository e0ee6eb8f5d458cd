//! A blue and a green with data of their own, and what is carried from one to the other.

use std::path::Path;

use melody_server::{Dialect, Ending, Migrated, Migration, Options, Server, held, migrate};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{CODE, Caller, NUMBER, small, started};

struct Two {
    blue: Server,
    green: Server,
    folder: TempDir,
}

async fn two() -> Two {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| Some(folder.path().join(name));
    let blue = started(Options { dialect: Dialect::Blue, data: at("blue"), ..small() }).await;
    // Green's catalogue lacks most of the songs.
    let extra_songs = small().extra_songs.into_iter().take(2).collect();
    let green = started(Options { data: at("green"), extra_songs, ..small() }).await;
    Two { blue, green, folder }
}

impl Two {
    fn migrated(&self, how: Migration) -> Migrated {
        migrate(&self.folder.path().join("blue"), &self.folder.path().join("green"), how).unwrap()
    }
}

/// Somebody at blue with a name and three saved songs, one of them played.
async fn listener(two: &Two) -> Caller {
    let caller = Caller::signed_in(&two.blue, Dialect::Blue).await;
    caller.put("/user/profile", json!({ "name": "Asha", "preferences": { "languages": ["hi"] } })).await;
    for title in ["Alpha", "Beta", "Gamma"] {
        caller.add(title).await;
    }
    let entry = caller.get("/library/songs").await.body["data"]["songs"][0]["libraryId"].clone();
    let path = format!("/library/songs/{}/play", entry.as_str().unwrap());
    caller.post(&path, json!({ "secondsListened": 40, "completed": true })).await;
    caller
}

async fn ids(caller: &Caller) -> Vec<String> {
    let songs = caller.get("/library/songs").await.body["data"]["songs"].clone();
    let name = caller.name("library_id");
    songs.as_array().unwrap().iter().map(|row| row[&name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn users_songs_and_libraries_come_over_under_new_ids() {
    let two = two().await;
    let blue = listener(&two).await;
    assert_eq!(two.migrated(Migration::default()), Migrated { users: 1, songs: 3, entries: 3 });

    let green = Caller::signed_in(&two.green, Dialect::Green).await;
    assert_eq!(green.titles("").await, blue.titles("").await);
    let before = two.blue.library(CODE, NUMBER).unwrap();
    let after = two.green.library(CODE, NUMBER).unwrap();
    assert_eq!(before, after, "play counts and moments too");
    let user = green.get("/users/profile").await.body["data"]["user"].clone();
    assert_eq!((&user["name"], &user["preferences"]), (&json!("Asha"), &json!({ "languages": ["hi"] })));
    assert_eq!(user["stats"]["total_playtime"], 40);
    // What came over can be found.
    assert!(!green.track_id("Delta").await.is_empty());

    // Once more: the same songs, other ids again, and a session of before is worth nothing.
    let (first, user) = (ids(&green).await, user["id"].clone());
    two.migrated(Migration::default());
    assert_eq!(green.get("/library/songs").await.status, 401);
    let again = Caller::signed_in(&two.green, Dialect::Green).await;
    let second = ids(&again).await;
    assert_eq!((first.len(), second.len()), (3, 3));
    assert!(first.iter().all(|id| !second.contains(id)));
    assert_ne!(again.get("/users/profile").await.body["data"]["user"]["id"], user);
    // Blue is as it was.
    assert_eq!(blue.titles("").await.len(), 3);
}

#[tokio::test]
async fn the_mapping_tells_which_is_which() {
    let two = two().await;
    let blue = listener(&two).await;
    two.migrated(Migration::default());
    let green = Caller::signed_in(&two.green, Dialect::Green).await;
    let page = green.get("/migration/mapping?limit=100").await.body;
    assert_eq!(page["pagination"]["total"], 7);
    let rows = page["data"]["mapping"].as_array().unwrap();
    let new = |what: &str, old: &str| -> Value {
        let found = rows.iter().find(|row| row["old_collection"] == what && row["old_id"] == old);
        found.unwrap_or_else(|| panic!("{what} {old} is not in {rows:?}"))["new_id"].clone()
    };
    let (old, now) = (ids(&blue).await, ids(&green).await);
    for (old, now) in old.iter().zip(&now) {
        assert_eq!(new("user_library", old), now.as_str());
    }
    let old = blue.track_id("Gamma").await;
    assert_eq!(new("songs", &old), green.track_id("Gamma").await);
    let (old, now) = (blue.get("/user/profile").await.body, green.get("/users/profile").await.body);
    assert_eq!(new("users", old["data"]["user"]["id"].as_str().unwrap()), now["data"]["user"]["id"]);
    assert_eq!(blue.get("/migration/mapping").await.status, 404);
    assert_eq!(Caller::new(&two.green, Dialect::Green).get("/migration/mapping").await.status, 401);
}

#[tokio::test]
async fn the_plans_script_forgets_the_library_and_shifts_the_times() {
    let two = two().await;
    let blue = listener(&two).await;
    let how = Migration { forget_library: true, shift_times: true, ..Migration::default() };
    assert_eq!(two.migrated(how), Migrated { users: 1, songs: 3, entries: 0 });
    let green = Caller::signed_in(&two.green, Dialect::Green).await;
    assert_eq!(green.titles("").await, Vec::<String>::new());
    let joined = |body: &Value, name: &str| -> jiff::Timestamp {
        body["data"]["user"]["stats"][name].as_str().unwrap().parse().unwrap()
    };
    let then = joined(&blue.get("/user/profile").await.body, "joinedAt");
    let now = joined(&green.get("/users/profile").await.body, "joined_at");
    // Blue tells milliseconds, green microseconds.
    assert_eq!(then.duration_since(now).as_secs_f64().round(), 19_800.0);
}

#[test]
fn a_folder_without_data_is_told_and_not_made() {
    let folder = TempDir::new().unwrap();
    let nowhere = folder.path().join("nowhere");
    let told = migrate(&nowhere, folder.path(), Migration::default()).unwrap_err().to_string();
    assert!(told.contains("nowhere"), "{told}");
    assert!(!Path::new(&nowhere).exists() && !folder.path().join("server.db").exists());
}

#[tokio::test]
async fn one_that_breaks_off_leaves_half_and_one_that_is_rolled_back_nothing() {
    let two = two().await;
    let blue = listener(&two).await;
    let held = |name: &str| held(&two.folder.path().join(name)).unwrap();
    let ends = |ending| two.migrated(Migration { ending, ..Migration::default() });
    let there = held("blue");
    assert_eq!((there.users, there.entries), (1, 3));

    // It counts what it copied, and nothing of it is there.
    assert_eq!(ends(Ending::RolledBack), Migrated { users: 1, songs: 3, entries: 3 });
    assert_eq!((held("green").users, held("green").entries), (0, 0));

    assert_eq!(ends(Ending::HalfWay).entries, 1);
    assert_eq!((held("green").users, held("green").entries), (1, 1));
    let green = Caller::signed_in(&two.green, Dialect::Green).await;
    assert_eq!(green.titles("").await.len(), 1);

    // Done again it is whole, and twice done is once done.
    assert_eq!(ends(Ending::Well).entries, 3);
    assert_eq!(held("green"), there);
    assert_eq!(blue.titles("").await.len(), 3);
}
