//! Before the first case: songs that both backends have, whatever their ids, and whether limits are kept.

use std::collections::HashSet;

use melody_api::{RawRequest, SearchRequest};
use melody_model::{RemoteSong, Timeframe};
use serde_json::Value;

use crate::{ids::IdMap, side::Side};

/// So many songs are enough for every case.
const SONGS: usize = 8;
/// Looked at among blue's most popular.
const LOOKED_AT: usize = 40;

/// Finds songs on both by content, gives them the names `song1`, `song2`…, and learns their ids. What is in a library
/// already is not among them: it would be taken out with what a case puts there.
pub(super) async fn songs(blue: &mut Side, green: &mut Side, ids: &mut IdMap, saved: &HashSet<String>) {
    let of_blue = some_songs(blue).await;
    let of_green = some_songs(green).await;
    let mut found = 0;
    for song in of_blue.iter().take(LOOKED_AT) {
        let other = match of_green.iter().find(|other| same(song, other)) {
            Some(other) => Some(other.clone()),
            None => search(green, &song.content.title).await.into_iter().find(|other| same(song, other)),
        };
        let Some(other) = other else { continue };
        if saved.contains(song.server_id.as_str()) || saved.contains(other.server_id.as_str()) {
            continue;
        }
        found += 1;
        ids.learn(song.server_id.as_str(), other.server_id.as_str());
        for (side, id) in [(&mut *blue, &song.server_id), (&mut *green, &other.server_id)] {
            side.variables.insert(format!("song{found}"), id.as_str().into());
        }
        if found == SONGS {
            break;
        }
    }
    if let Some(song) = of_blue.first() {
        let content = &song.content;
        let words = |text: &str| text.split_whitespace().next().unwrap_or(text).to_owned();
        for (name, value) in [
            ("title1", Some(content.title.clone())),
            ("word1", Some(words(&content.title))),
            ("artist1", Some(content.artist.clone())),
            ("artist_word1", Some(words(&content.artist))),
            ("album1", content.album.clone()),
            ("language1", content.language.clone()),
        ] {
            let Some(value) = value else { continue };
            for side in [&mut *blue, &mut *green] {
                side.variables.insert(name.to_owned(), Value::from(value.clone()));
            }
        }
    }
}

async fn some_songs(side: &Side) -> Vec<RemoteSong> {
    match side.client.trending(None, Timeframe::Weekly, 50).await {
        Ok(page) if !page.items.is_empty() => page.items,
        _ => search(side, "a").await,
    }
}

async fn search(side: &Side, words: &str) -> Vec<RemoteSong> {
    let request = SearchRequest { limit: 50, ..SearchRequest::new(words) };
    side.client.search(request).await.map(|page| page.items).unwrap_or_default()
}

fn same(one: &RemoteSong, other: &RemoteSong) -> bool {
    let fold = |text: &str| text.trim().to_lowercase();
    let (one, other) = (&one.content, &other.content);
    fold(&one.title) == fold(&other.title) && fold(&one.artist) == fold(&other.artist)
}

/// Whether neither backend says anything of a limit where each must.
pub(super) async fn limits_are_lifted(blue: &mut Side, green: &mut Side) -> bool {
    let request = RawRequest {
        method: "GET".into(),
        segments: vec!["music".into(), "search".into()],
        query: vec![("q".into(), "a".into()), ("limit".into(), "1".into())],
        ..RawRequest::default()
    };
    let mut lifted = true;
    for side in [blue, green] {
        let kept = side.send(&request).await.is_ok_and(|answer| answer.header("x-ratelimit-limit").is_some());
        lifted &= !kept;
    }
    lifted
}
