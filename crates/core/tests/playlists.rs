//! Playlists over the real server: files in and out, sign-in and sign-out, what a screen hears.

#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot go on may end.

mod common;

use std::{collections::BTreeSet, path::Path};

use common::{Bench, download, extra, one, search, sign_in, small, tone};
use melody_core::{
    Code, Command, Core, Event, ImportedPlaylist, PlaylistFormat, Reply, SearchRequest, ShownPlaylist,
};
use melody_model::PlaylistView;

async fn ask(core: &Core, command: Command) -> PlaylistView {
    match core.dispatch(command).await.unwrap() {
        Reply::PlaylistChanged(changed) => changed.playlist,
        other => panic!("{other:?}"),
    }
}

async fn create(core: &Core, name: &str, ids: &[String]) -> PlaylistView {
    ask(core, Command::PlaylistCreate { name: name.into(), ids: ids.to_vec() }).await
}

async fn names(core: &Core) -> Vec<String> {
    match core.dispatch(Command::PlaylistList).await.unwrap() {
        Reply::Playlists(list) => list.playlists.into_iter().map(|playlist| playlist.name).collect(),
        other => panic!("{other:?}"),
    }
}

async fn show(core: &Core, playlist: &str) -> ShownPlaylist {
    let command = Command::PlaylistShow { playlist: playlist.into(), limit: None, offset: 0 };
    match core.dispatch(command).await.unwrap() {
        Reply::Playlist(shown) => shown,
        other => panic!("{other:?}"),
    }
}

async fn titles(core: &Core, playlist: &str) -> Vec<String> {
    show(core, playlist).await.items.into_iter().map(|item| item.song.song.content.title).collect()
}

async fn export(core: &Core, playlist: &str, format: PlaylistFormat) -> String {
    let command = Command::PlaylistExport { playlist: playlist.into(), format };
    match core.dispatch(command).await.unwrap() {
        Reply::Exported(exported) => exported.text,
        other => panic!("{other:?}"),
    }
}

async fn import(core: &Core, text: String) -> ImportedPlaylist {
    match core.dispatch(Command::PlaylistImport { text, name: Some("From a file".into()) }).await.unwrap() {
        Reply::Imported(imported) => imported,
        other => panic!("{other:?}"),
    }
}

const FORMATS: [PlaylistFormat; 3] = [PlaylistFormat::M3u8, PlaylistFormat::Xspf, PlaylistFormat::Json];

async fn bench() -> Bench {
    let songs = vec![
        extra("दिल की बात", Some(tone(1))),
        extra("Monsoon & Letters", Some(tone(1))),
        extra("Sannata", None),
    ];
    Bench::with(small(songs)).await
}

async fn ids(core: &Core) -> Vec<String> {
    let mut ids = Vec::new();
    for title in ["दिल", "Monsoon", "Sannata"] {
        ids.push(one(core, title).await.song.id.to_string());
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_goes_out_and_comes_back_on_another_machine() {
    let bench = bench().await;
    let core = bench.signed_in().await;
    let ids = ids(&core).await;
    let made = create(&core, "Rain <1>", &[&ids[..], &ids[..1]].concat()).await.id.to_string();
    download(&core, &ids[1]).await;
    let expected = titles(&core, "Rain <1>").await;
    assert_eq!(expected, ["दिल की बात", "Monsoon & Letters", "Sannata", "दिल की बात"]);

    for format in FORMATS {
        let text = export(&core, &made, format).await;
        // Where the song is on this machine, its file is named, and it is there.
        let file = text.lines().find_map(|line| match format {
            PlaylistFormat::M3u8 => line.strip_prefix('/').map(|path| format!("/{path}")),
            PlaylistFormat::Xspf => {
                line.trim().strip_prefix("<location>file://")?.strip_suffix("</location>").map(str::to_owned)
            }
            PlaylistFormat::Json => {
                line.trim().strip_prefix("\"file\": \"")?.strip_suffix('"').map(str::to_owned)
            }
        });
        assert!(Path::new(&file.unwrap()).is_file(), "{text}");
        assert!(!text.contains(&bench.server.base_url()), "an address of the service leaves the machine");
        let here = import(&core, text.clone()).await;
        assert_eq!((here.unmatched.len(), here.playlist.name.as_str()), (0, "Rain <1>"), "{text}");
        assert_eq!(titles(&core, &here.playlist.id.to_string()).await, expected);

        // Another machine has none of our ids and has never seen the songs.
        let elsewhere = Bench { profile: tempfile::TempDir::new().unwrap(), ..self::bench().await };
        let other = elsewhere.core().await;
        let there = import(&other, text).await;
        assert_eq!(there.unmatched, [], "{format:?}");
        assert_eq!(titles(&other, "Rain <1>").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_lists_and_nobody_has_is_told() {
    let bench = bench().await;
    let core = bench.core().await;
    ids(&core).await;
    let text = "#EXTM3U\n#EXTINF:2,Bench - Sannata\na.mp3\n#EXTINF:200,Nobody - Never Heard\nb.mp3\n\
                #EXTINF:900,Bench - Sannata\nc.mp3\nBench - Monsoon & Letters.flac\n";
    for asked in [true, false] {
        if !asked {
            bench.server.set_maintenance(true);
        }
        let imported = import(&core, text.to_owned()).await;
        let missing: Vec<_> = imported
            .unmatched
            .iter()
            .map(|song| (song.place, song.title.as_str(), song.artist.as_str()))
            .collect();
        assert_eq!(missing, [(1, "Never Heard", "Nobody"), (2, "Sannata", "Bench")]);
        assert_eq!(imported.playlist.name, "From a file");
        let id = imported.playlist.id.to_string();
        assert_eq!(titles(&core, &id).await, ["Sannata", "Monsoon & Letters"]);
    }
    let refused = core.dispatch(Command::PlaylistImport { text: "<html/>".into(), name: None }).await;
    assert_eq!(refused.unwrap_err().code(), Code::ValidationError);
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_named_by_number_or_id_and_changes_are_taken_back() {
    let bench = bench().await;
    let core = bench.core().await;
    let ids = ids(&core).await;
    create(&core, "Rain", &ids).await;
    let last = show(&core, "Rain").await.items[2].id.to_string();
    ask(&core, Command::PlaylistMove { playlist: "Rain".into(), item: last.clone(), to: 0 }).await;
    ask(&core, Command::PlaylistRemove { playlist: "Rain".into(), item: "3".into() }).await;
    assert_eq!(titles(&core, "Rain").await, ["Sannata", "दिल की बात"]);
    for item in ["0", "4", "-1", "x", ""] {
        let command = Command::PlaylistRemove { playlist: "Rain".into(), item: item.into() };
        assert_eq!(core.dispatch(command).await.unwrap_err().code(), Code::ResourceNotFound, "{item}");
    }
    ask(&core, Command::PlaylistDelete { playlist: "Rain".into() }).await;
    for expected in [2, 3, 3] {
        let Reply::TakenBack(taken) = core.dispatch(Command::PlaylistUndo).await.unwrap() else { panic!() };
        assert_eq!(taken.playlist.unwrap().songs, expected);
    }
    assert_eq!(titles(&core, "Rain").await, ["दिल की बात", "Monsoon & Letters", "Sannata"]);

    // Ids that nobody knows change nothing; names are checked.
    let unknown =
        Command::PlaylistAdd { playlist: "Rain".into(), ids: vec![ids[0].clone(), "nothing".into()] };
    assert_eq!(core.dispatch(unknown).await.unwrap_err().code(), Code::ValidationError);
    assert_eq!(show(&core, "Rain").await.playlist.songs, 3);
    for name in ["", " \n ", &"x".repeat(201)] {
        let command = Command::PlaylistCreate { name: name.into(), ids: Vec::new() };
        assert_eq!(core.dispatch(command).await.unwrap_err().code(), Code::ValidationError);
    }
    create(&core, "Rain", &[]).await;
    let which = core.dispatch(Command::PlaylistRename { playlist: "Rain".into(), name: "x".into() }).await;
    let told = which.unwrap_err().report();
    assert!(told.code == Code::ValidationError && told.message.contains("2 playlists"), "{told:?}");
    let limit = Command::PlaylistShow { playlist: "Rain".into(), limit: Some(501), offset: 0 };
    assert_eq!(core.dispatch(limit).await.unwrap_err().code(), Code::ValidationError);
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_are_the_accounts_and_a_guests_go_with_who_signs_in() {
    let bench = bench().await;
    let core = bench.core().await;
    let mut events = core.events();
    let guests = ids(&core).await;
    create(&core, "Guest's", &guests).await;
    let mut heard = BTreeSet::new();
    while !heard.contains("playlists") {
        match events.recv().await.unwrap() {
            Event::PlaylistsChanged => heard.insert("playlists"),
            Event::LibraryChanged => heard.insert("library"),
            _ => continue,
        };
    }
    sign_in(&core).await.unwrap();
    assert_eq!(titles(&core, "Guest's").await.len(), 3);
    create(&core, "Own", &guests[..1]).await;
    core.dispatch(Command::Logout { forget: false }).await.unwrap();
    assert!(names(&core).await.is_empty(), "they moved, and who signs out leaves nothing behind");
    sign_in(&core).await.unwrap();
    assert_eq!(names(&core).await, ["Guest's", "Own"]);
    core.close().await.unwrap();

    let core = bench.core().await;
    assert_eq!(titles(&core, "Own").await.len(), 1, "a restart keeps them");
    core.dispatch(Command::Logout { forget: true }).await.unwrap();
    sign_in(&core).await.unwrap();
    assert!(names(&core).await.is_empty(), "forgotten with the account");
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_need_no_service() {
    let bench = bench().await;
    let core = bench.core().await;
    let ids = ids(&core).await;
    bench.server.kill().await;
    let made = create(&core, "Rain", &ids).await.id.to_string();
    assert_eq!(titles(&core, "Rain").await.len(), 3);
    for format in FORMATS {
        let text = export(&core, &made, format).await;
        assert_eq!(import(&core, text).await.unmatched, []);
    }
    let offline = SearchRequest { query: "sannata".into(), limit: 5, offline: true, ..Default::default() };
    core.dispatch(Command::Search(offline)).await.unwrap();
    assert!(search(&core, "sannata").await.is_err(), "the service is gone");
}
