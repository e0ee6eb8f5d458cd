//! What is kept on this machine: asked for, listed, verified, taken away.

use std::path::{Path, PathBuf};

use melody_server::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::bench::{Bench, keys};

/// The files of downloads below a folder.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { kept(&path) } else { vec![path] })
        .filter(|path| path.parent().is_some_and(|folder| folder.ends_with("audio")))
        .collect()
}

#[test]
fn what_is_kept_is_listed_verified_and_taken_away() {
    let bench = Bench::new();
    bench.sign_in();
    let id = bench.id_of("Tone");
    bench.json(&["library", "add", &id]);
    let came = bench.json(&["download", "--all"]);
    assert_eq!(came["downloads"][0]["song_id"], id.as_str());
    assert_eq!(bench.json(&["download", "--all"]), json!({ "downloads": [] }));

    let other = bench.id_of("मेघ राग");
    bench.json(&["playlist", "create", "Train"]);
    bench.json(&["playlist", "add", "Train", &id, &other, &other]);
    let came = bench.json(&["download", "--playlist", "Train"]);
    assert_eq!(
        (came["downloads"].as_array().unwrap().len(), &came["downloads"][0]["song_id"]),
        (1, &json!(other))
    );
    bench.json(&["downloads", "remove", &other]);

    let list = bench.json(&["downloads", "list"]);
    let row = &list["downloads"][0];
    keys(row, &["song_id", "rendition", "state", "bytes", "total", "title", "artist"]);
    assert_eq!((&row["state"], &row["title"]), (&"done".into(), &"Tone".into()));
    let told = bench.run(&["downloads", "list"]);
    assert!(told.exit == 0 && told.out.contains("Tone\t") && told.out.contains("\tdone\t"), "{told:?}");
    assert_eq!(bench.json(&["downloads", "verify"]), json!({ "checked": 1, "damaged": [] }));

    let file = kept(&bench.profile()).remove(0);
    let length = file.metadata().unwrap().len();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    let found = bench.run(&["downloads", "verify", "--json"]);
    assert_eq!((found.exit, found.err.as_str()), (1, ""), "{found:?}");
    let damaged = &found.document()["damaged"];
    assert_eq!((&damaged[0]["song_id"], &damaged[0]["state"]), (&id.as_str().into(), &"failed".into()));
    assert_eq!(damaged[0]["error"]["code"], "BAD_AUDIO");
    let told = bench.run(&["downloads", "verify"]);
    assert_eq!(told.exit, 1, "what is marked stays damaged: {told:?}");
    assert!(told.err.starts_with("1 download checked, 1 damaged."), "{told:?}");
    assert_eq!(bench.json(&["song", &id])["song"]["downloaded"], false);

    bench.json(&["download", &id]);
    let removed = bench.json(&["downloads", "remove", &id]);
    assert_eq!(removed["downloads"][0]["state"], "done");
    assert_eq!(bench.json(&["downloads", "list"])["downloads"], Value::Array(Vec::new()));
    assert_eq!(kept(&bench.profile()), Vec::<PathBuf>::new());
    assert_eq!(bench.json(&["library", "list"])["total"], 1, "what is taken off the disk stays saved");
}

#[test]
fn what_was_interrupted_goes_on_with_the_next_download() {
    let bench = Bench::new();
    bench.sign_in();
    let (first, second) = (bench.id_of("Tone"), bench.id_of("मेघ राग"));
    bench.server().set_faults(vec![Fault::new("GET /media/*", FaultKind::Html)]).unwrap();
    let said = bench.run(&["download", &first, "--json"]);
    assert_eq!((said.exit, said.code().as_str()), (4, "UNREACHABLE"), "{said:?}");
    assert_eq!(said.document()["downloads"][0]["state"], "queued");
    bench.server().set_faults(Vec::new()).unwrap();
    let came = bench.json(&["download", &second]);
    let row =
        |at: usize| (came["downloads"][at]["song_id"].as_str(), came["downloads"][at]["state"].as_str());
    assert_eq!((row(0), row(1)), ((Some(&*second), Some("done")), (Some(&*first), Some("done"))));
}

#[test]
fn offline_is_a_switch_that_stays() {
    let bench = Bench::new();
    bench.sign_in();
    let id = bench.id_of("Tone");
    assert_eq!(bench.json(&["offline", "status"]), json!({ "offline": false }));
    assert_eq!(bench.json(&["offline", "on"]), json!({ "offline": true }));
    bench.server().clear_request_log();
    assert_eq!(bench.json(&["search", "tone"])["from"], "local");
    assert_eq!(bench.refusal(&["library", "sync"]), (4, "OFFLINE".to_owned()));
    let said = bench.run(&["download", &id, "--json"]);
    assert_eq!((said.exit, said.code().as_str()), (4, "OFFLINE"), "{said:?}");
    assert!(bench.run(&["offline", "status"]).out.starts_with("You are working offline."));
    let asked = bench.server().request_log();
    assert!(asked.is_empty(), "{asked:?}");
    assert_eq!(bench.json(&["offline", "off"]), json!({ "offline": false }));
    assert_eq!(bench.json(&["search", "tone"])["from"], "service");
}
