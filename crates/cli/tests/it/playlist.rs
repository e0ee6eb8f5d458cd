//! Playlists by the program: documents, files, exits.

use serde_json::{Value, json};

use crate::bench::{Bench, keys};

const PLAYLIST: &[&str] = &["id", "name", "songs", "duration_s", "created_at", "changed_at"];

fn titles(shown: &Value) -> Vec<&str> {
    shown["items"].as_array().unwrap().iter().map(|item| item["song"]["title"].as_str().unwrap()).collect()
}

#[test]
fn from_making_a_playlist_to_another_program_and_back() {
    let bench = Bench::new();
    let (tone, rain) = (bench.id_of("Tone"), bench.id_of("मेघ राग"));
    assert_eq!(bench.json(&["playlist", "list"]), json!({ "playlists": [] }));
    let made = bench.json(&["playlist", "create", "Rain"]);
    keys(&made, &["playlist"]);
    keys(&made["playlist"], PLAYLIST);
    let added = bench.json(&["playlist", "add", "rain", &tone, &rain, &tone]);
    assert_eq!((&added["playlist"]["songs"], &added["playlist"]["id"]), (&3.into(), &made["playlist"]["id"]));

    let shown = bench.json(&["playlist", "show", "Rain"]);
    keys(&shown, &["playlist", "items"]);
    keys(&shown["items"][0], &["id", "place", "song", "added_at"]);
    assert_eq!(titles(&shown), ["Tone", "मेघ राग", "Tone"]);
    let last = shown["items"][2]["id"].as_str().unwrap();
    bench.json(&["playlist", "move", "Rain", last, "1"]);
    bench.json(&["playlist", "move", "Rain", "3", "1"]);
    bench.json(&["playlist", "remove", "Rain", "2"]);
    let part = bench.json(&["playlist", "show", "Rain", "--limit", "1", "--offset", "1"]);
    assert_eq!((titles(&part), &part["items"][0]["place"]), (vec!["Tone"], &1.into()));
    let renamed = bench.json(&["playlist", "rename", "Rain", "Monsoon"]);
    assert_eq!(renamed["playlist"]["name"], "Monsoon");

    for name in ["out.m3u8", "out.xspf", "out.json"] {
        let file = bench.path(name);
        let file = file.to_str().unwrap();
        let exported = bench.json(&["playlist", "export", "Monsoon", file]);
        keys(&exported, &["playlist", "file"]);
        let imported = bench.json(&["playlist", "import", file]);
        keys(&imported, &["playlist", "unmatched"]);
        assert_eq!(
            (&imported["unmatched"], &imported["playlist"]["songs"]),
            (&json!([]), &2.into()),
            "{name}"
        );
        let id = imported["playlist"]["id"].as_str().unwrap();
        assert_eq!(titles(&bench.json(&["playlist", "show", id])), ["मेघ राग", "Tone"], "{name}");
        bench.json(&["playlist", "delete", id]);
    }

    let deleted = bench.json(&["playlist", "delete", "Monsoon"]);
    assert_eq!(deleted["playlist"]["songs"], 2);
    assert_eq!(bench.json(&["playlist", "list"]), json!({ "playlists": [] }));
    let undone = bench.json(&["playlist", "undo"]);
    keys(&undone, &["change", "playlist"]);
    assert_eq!((&undone["change"], &undone["playlist"]["name"]), (&"deleted".into(), &"Monsoon".into()));
    assert_eq!(titles(&bench.json(&["playlist", "show", "Monsoon"])), ["मेघ राग", "Tone"]);
}

#[test]
fn what_is_wrong_has_its_exit() {
    let bench = Bench::new();
    bench.json(&["playlist", "create", "Rain"]);
    let not_found = (5, "RESOURCE_NOT_FOUND".to_owned());
    let usage = (2, "USAGE".to_owned());
    assert_eq!(bench.refusal(&["playlist", "show", "Sun"]), not_found);
    assert_eq!(bench.refusal(&["playlist", "remove", "Rain", "1"]), not_found);
    assert_eq!(bench.refusal(&["playlist", "move", "Rain", "1", "0"]), usage);
    assert_eq!(bench.refusal(&["playlist", "add", "Rain"]), usage);
    assert_eq!(bench.refusal(&["playlist", "create", " "]), (2, "VALIDATION_ERROR".to_owned()));
    assert_eq!(bench.refusal(&["playlist", "export", "Rain", "rain.txt"]), usage);
    let nowhere = bench.path("nowhere/rain.json");
    assert_eq!(bench.refusal(&["playlist", "export", "Rain", nowhere.to_str().unwrap()]), usage);
    assert_eq!(bench.refusal(&["playlist", "import", nowhere.to_str().unwrap()]), usage);
    let bytes = bench.path("bytes.m3u8");
    std::fs::write(&bytes, [0xff, 0xfe, 0x00]).unwrap();
    let refused = bench.refusal(&["playlist", "import", bytes.to_str().unwrap()]);
    assert_eq!(refused, (2, "VALIDATION_ERROR".to_owned()));
    assert_eq!(bench.json(&["playlist", "undo"])["change"], "created");
    assert_eq!(bench.json(&["playlist", "undo"]), json!({ "change": null, "playlist": null }));
}

#[test]
fn people_and_pipes_are_told_in_their_way() {
    let bench = Bench::new();
    let tone = bench.id_of("Tone");
    bench.json(&["playlist", "create", "Rain"]);
    bench.json(&["playlist", "add", "Rain", &tone]);
    let shown = bench.run(&["playlist", "show", "Rain"]);
    assert!(shown.out.starts_with(&format!("{tone}\t1\t")) && shown.out.contains("\tTone\t"), "{shown:?}");
    assert_eq!(shown.err, "“Rain”: 1 song, 0:02.\n");
    let file = bench.path("list.m3u8");
    std::fs::write(&file, "#EXTINF:9,Nobody - Lost\nx.mp3\n").unwrap();
    let imported = bench.run(&["playlist", "import", file.to_str().unwrap()]);
    assert_eq!(imported.exit, 0, "{imported:?}");
    assert!(imported.out.ends_with("missing\t1\tLost\tNobody\n"), "{imported:?}");
    assert_eq!(imported.err, "1 song of the file could not be found, here or at the service.\n");
}
