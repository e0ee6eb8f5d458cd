//! Playlists: any sequence of changes and of taking them back leaves what a plain list would be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

mod common;

use std::collections::BTreeMap;

use common::{Bench, inspect, song};
use melody_library::{Changes, Error, PlaylistChange, WantedSong};
use melody_model::{PlaylistId, PlaylistItemId, SongId};
use proptest::{prelude::*, sample::Index};

#[derive(Clone, Debug)]
enum Step {
    Create(usize),
    Rename(Index, u8),
    Delete(Index),
    Add(Index, Vec<usize>),
    Remove(Index, Index),
    Move(Index, Index, u64),
    Undo,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = any::<Index>;
    let step = prop_oneof![
        2 => (0..SONGS).prop_map(Step::Create),
        1 => (which(), 0..3_u8).prop_map(|(of, name)| Step::Rename(of, name)),
        1 => which().prop_map(Step::Delete),
        4 => (which(), prop::collection::vec(0..SONGS, 0..4)).prop_map(|(of, songs)| Step::Add(of, songs)),
        3 => (which(), which()).prop_map(|(of, item)| Step::Remove(of, item)),
        4 => (which(), which(), 0..9_u64).prop_map(|(of, item, to)| Step::Move(of, item, to)),
        5 => Just(Step::Undo),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..45)
}

const SONGS: usize = 4;

/// What a listener believes: each playlist's name and songs.
type Model = BTreeMap<PlaylistId, (String, Vec<SongId>)>;

async fn seen(bench: &Bench) -> Model {
    let mut all = Model::new();
    for playlist in bench.library.playlists().await.unwrap() {
        let page = bench.library.playlist(playlist.id, None, 0).await.unwrap();
        let places: Vec<u64> = page.items.iter().map(|item| item.place).collect();
        assert_eq!(places, (0..playlist.songs).collect::<Vec<_>>());
        assert_eq!(page.playlist, playlist);
        all.insert(playlist.id, (playlist.name, page.items.iter().map(|item| item.song.song.id).collect()));
    }
    all
}

async fn item(bench: &Bench, playlist: PlaylistId, at: usize) -> PlaylistItemId {
    bench.library.playlist(playlist, Some(1), at as u64).await.unwrap().items[0].id
}

async fn follow(steps: Vec<Step>) {
    let mut bench = Bench::new().await;
    let mut songs = Vec::new();
    for n in 0..SONGS {
        songs.push(bench.store(song(&format!("s{n}"), &format!("Song {n}"), "")).await);
    }
    let mut model = Model::new();
    let mut past: Vec<Model> = Vec::new();
    for step in steps {
        let before = model.clone();
        let pick =
            |of: &Index| (!before.is_empty()).then(|| *of.get(&before.keys().copied().collect::<Vec<_>>()));
        match &step {
            Step::Create(n) => {
                let made = bench.library.create_playlist("New", vec![songs[*n]; 2]).await.unwrap();
                model.insert(made.id, ("New".to_owned(), vec![songs[*n]; 2]));
            }
            Step::Rename(of, name) => {
                let Some(id) = pick(of) else { continue };
                bench.library.rename_playlist(id, &name.to_string()).await.unwrap();
                model.get_mut(&id).unwrap().0 = name.to_string();
            }
            Step::Delete(of) => {
                let Some(id) = pick(of) else { continue };
                bench.library.delete_playlist(id).await.unwrap();
                model.remove(&id);
            }
            Step::Add(of, added) => {
                let Some(id) = pick(of) else { continue };
                let added: Vec<SongId> = added.iter().map(|n| songs[*n]).collect();
                bench.library.add_to_playlist(id, added.clone()).await.unwrap();
                model.get_mut(&id).unwrap().1.extend(added);
            }
            Step::Remove(of, at) => {
                let Some(id) = pick(of) else { continue };
                let list = &mut model.get_mut(&id).unwrap().1;
                if list.is_empty() {
                    continue;
                }
                let at = at.index(list.len());
                bench.library.remove_from_playlist(id, item(&bench, id, at).await).await.unwrap();
                list.remove(at);
            }
            Step::Move(of, at, to) => {
                let Some(id) = pick(of) else { continue };
                let list = &mut model.get_mut(&id).unwrap().1;
                if list.is_empty() {
                    continue;
                }
                let at = at.index(list.len());
                bench.library.move_in_playlist(id, item(&bench, id, at).await, *to).await.unwrap();
                let moved = list.remove(at);
                list.insert((*to as usize).min(list.len()), moved);
            }
            Step::Undo => {
                let undone = bench.library.undo_playlist_change().await.unwrap();
                assert_eq!(undone.is_some(), !past.is_empty(), "{step:?}");
                model = past.pop().unwrap_or(model);
            }
            Step::Reopen => bench = bench.reopen(),
        }
        let changes: i64 = inspect(&bench.file())
            .query_row("SELECT count(*) FROM playlist_change", [], |row| row.get(0))
            .unwrap();
        if changes as usize > past.len() {
            past.push(before);
        }
        assert_eq!(changes as usize, past.len(), "{step:?}: what changes nothing is nothing to take back");
        assert_eq!(seen(&bench).await, model, "{step:?}");
    }
    while let Some(before) = past.pop() {
        bench.library.undo_playlist_change().await.unwrap().unwrap();
        assert_eq!(seen(&bench).await, before, "taking everything back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_can_be_taken_back_one_by_one(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(follow(steps));
    }
}

#[tokio::test]
async fn the_last_fifty_changes_can_be_taken_back() {
    let bench = Bench::new().await;
    let made = bench.library.create_playlist("0", Vec::new()).await.unwrap();
    for n in 1..=60 {
        bench.library.rename_playlist(made.id, &n.to_string()).await.unwrap();
    }
    for n in (10..60).rev() {
        let undone = bench.library.undo_playlist_change().await.unwrap().unwrap();
        assert_eq!((undone.change, undone.playlist.name), (PlaylistChange::Renamed, n.to_string()));
    }
    assert_eq!(bench.library.undo_playlist_change().await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_there_is_told_and_nothing_is_half_done() {
    let bench = Bench::new().await;
    let one = bench.store(song("s1", "One", "")).await;
    let list = bench.library.create_playlist("Rain", vec![one]).await.unwrap();
    let other = bench.library.create_playlist("Sun", vec![one]).await.unwrap();
    let nobody = SongId::new();
    let refused = bench.library.add_to_playlist(list.id, vec![one, nobody]).await;
    assert_eq!(refused, Err(Error::UnknownSong(nobody)));
    assert_eq!(bench.library.playlist(list.id, None, 0).await.unwrap().items.len(), 1);
    let gone = PlaylistId::new();
    assert_eq!(bench.library.rename_playlist(gone, "x").await, Err(Error::UnknownPlaylist));
    let elsewhere = item(&bench, other.id, 0).await;
    let refused = bench.library.remove_from_playlist(list.id, elsewhere).await;
    assert_eq!(refused, Err(Error::UnknownPlaylistItem), "an item of another playlist");
    assert_eq!(refused.unwrap_err().code(), "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_playlist_is_named_by_id_by_name_or_by_how_it_reads() {
    let bench = Bench::new().await;
    let rain = bench.library.create_playlist("Rain", Vec::new()).await.unwrap();
    let shout = bench.library.create_playlist("RAIN", Vec::new()).await.unwrap();
    let marks = bench.library.create_playlist("!!!", Vec::new()).await.unwrap();
    let find = async |text: &str| -> Vec<PlaylistId> {
        bench.library.find_playlists(text).await.unwrap().iter().map(|found| found.id).collect()
    };
    assert_eq!(find(&rain.id.to_string()).await, [rain.id]);
    assert_eq!(find("Rain").await, [rain.id]);
    assert_eq!(find("rain").await, [rain.id, shout.id], "both read so");
    assert_eq!(find(" !!! ").await, [marks.id]);
    assert!(find("???").await.is_empty());
}

#[tokio::test]
async fn listeners_hear_of_playlists() {
    let bench = Bench::new().await;
    let mut heard = bench.library.changes();
    let id = bench.library.create_playlist("Rain", Vec::new()).await.unwrap().id;
    let expected = Changes { playlists: vec![id], ..Changes::default() };
    assert_eq!(heard.recv().await.unwrap(), expected);
    bench.library.rename_playlist(id, "Rain").await.unwrap();
    assert!(heard.try_recv().is_err(), "it was called so");
    bench.library.undo_playlist_change().await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn songs_of_a_file_are_matched_by_id_then_by_name() {
    let bench = Bench::new().await;
    let mut tum = song("s1", "Tum Hi Ho", "Arijit Singh");
    tum.content.external_ids = BTreeMap::from([("spotify".to_owned(), "abc".to_owned())]);
    tum.content.duration_s = Some(262);
    let tum = bench.store(tum).await;
    let mut live = song("s2", "Tum Hi Ho", "Arijit Singh");
    live.content.duration_s = Some(300);
    live.content.album = Some("Live".to_owned());
    let live = bench.store(live).await;
    let cover = bench.store(song("s3", "Tum Hi Ho", "Somebody Else")).await;
    let alone = bench.store(song("s4", "Sannata", "Nobody")).await;
    let by_name = |title: &str, artist: &str, duration_s| WantedSong {
        title: title.to_owned(),
        artist: artist.to_owned(),
        duration_s,
        ..WantedSong::default()
    };
    let by_id =
        |id: &str| WantedSong { ids: vec!["unknown".into(), id.into()], ..by_name("Other", "", None) };
    let elsewhere = |id: &str| WantedSong {
        external_ids: BTreeMap::from([("spotify".to_owned(), id.to_owned())]),
        ..WantedSong::default()
    };
    let cases = [
        (by_id(&live.to_string()), Some(live), "our id"),
        (by_id("s3"), Some(cover), "the service's id"),
        (elsewhere("abc"), Some(tum), "another catalogue's id"),
        (elsewhere("abd"), None, "an id that nobody has"),
        (by_name("tum hi ho!", "ARIJIT singh", Some(260)), Some(tum), "two seconds less"),
        (by_name("tum hi ho!", "ARIJIT singh", Some(302)), Some(live), "two seconds more"),
        (by_name("Tum Hi Ho", "Arijit Singh", Some(280)), None, "neither is so long"),
        (by_name("Tum Hi Ho", "Arijit", None), None, "half an artist"),
        (by_name("Tum Hi", "Arijit Singh", None), None, "half a title"),
        (by_name("Tum Hi Ho", "", None), None, "which of the three"),
        (by_name("Sannata", "", None), Some(alone), "the only one called so"),
        (
            WantedSong { album: Some("live".into()), ..by_name("Tum Hi Ho", "Arijit Singh", None) },
            Some(live),
            "the album tells",
        ),
        (by_name("", "", None), None, "nothing is told"),
    ];
    let (wanted, expected): (Vec<_>, Vec<_>) =
        cases.into_iter().map(|(wanted, found, why)| (wanted, (why, found))).unzip();
    let found = bench.library.match_songs(wanted).await.unwrap();
    let found: Vec<_> = expected.iter().map(|(why, _)| *why).zip(found).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_guests_playlists_move_to_the_account_once() {
    let guest = Bench::new().await;
    let shared = guest.store(song("s1", "Shared", "")).await;
    let only_guests = guest.store(song("s2", "Guest's", "")).await;
    let rain = guest.library.create_playlist("Rain", vec![only_guests, shared, only_guests]).await.unwrap();

    let account = Bench::new().await;
    let known = account.store(song("s1", "Shared", "")).await;
    let own = account.library.create_playlist("Own", vec![known]).await.unwrap();
    let moved = account.library.carry_over_from(&guest.file()).await.unwrap();
    assert_eq!(moved.playlists, [rain.id]);
    // Killed before the guest let go: the next sign-in brings nothing twice.
    assert_eq!(account.library.carry_over_from(&guest.file()).await.unwrap(), moved);
    let names: Vec<_> =
        account.library.playlists().await.unwrap().into_iter().map(|p| (p.name, p.songs)).collect();
    assert_eq!(names, [("Own".to_owned(), 1), ("Rain".to_owned(), 3)]);
    let page = account.library.playlist(rain.id, None, 0).await.unwrap();
    let songs: Vec<_> = page.items.iter().map(|item| item.song.song.id).collect();
    assert_eq!(songs, [only_guests, known, only_guests]);

    guest.library.forget_moved(moved).await.unwrap();
    assert_eq!(guest.library.playlists().await.unwrap(), []);
    assert_eq!(guest.library.undo_playlist_change().await.unwrap(), None);
    // What the account deletes afterwards stays deleted.
    account.library.delete_playlist(rain.id).await.unwrap();
    account.library.carry_over_from(&guest.file()).await.unwrap();
    assert_eq!(account.library.playlists().await.unwrap().len(), 1);
    account.library.playlist(own.id, None, 0).await.unwrap();
}
