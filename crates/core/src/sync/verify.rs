//! Comparing the library here with the service's, entry by entry.

use std::collections::HashMap;

use melody_library::EntryIn;
use melody_model::{RemoteEntry, ServerId};

use super::read::Walk;
use crate::{Difference, DifferenceKind, Error, Verification, context::Account};

/// How often the service's library is read before it counts as one that never rests.
const TRIES: u32 = 3;

/// Reads the service's library through and compares. Stores nothing: what is compared must not become equal by that.
pub(super) async fn verify(account: &Account) -> Result<Verification, Error> {
    for _ in 0..TRIES {
        let mut walk = Walk::default();
        let mut there = Vec::new();
        while let Some((_, page)) = walk.next(account).await? {
            there.extend(page);
        }
        if let Some(met) = walk.met() {
            return Ok(compare(&account.library.entries_in(met.generation).await?, &there));
        }
    }
    Err(Error::LibraryMoved)
}

/// What differs. A change that is still to be sent explains a difference, and is only counted.
fn compare(here: &[EntryIn], there: &[RemoteEntry]) -> Verification {
    let mut known: HashMap<&ServerId, &EntryIn> = HashMap::new();
    known.extend(here.iter().filter_map(|entry| Some((entry.song_server_id.as_ref()?, entry))));
    let mut differences = Vec::new();
    for entry in there {
        let song = &entry.song;
        match known.remove(&song.server_id) {
            Some(ours) if ours.pending => {}
            Some(ours) if ours.play_count >= entry.play_count => {}
            Some(ours) => differences.push(Difference {
                plays_here: Some(ours.play_count),
                plays_there: Some(entry.play_count),
                ..difference(DifferenceKind::Plays, ours)
            }),
            None => differences.push(Difference {
                kind: DifferenceKind::MissingHere,
                song_id: None,
                server_id: Some(song.server_id.clone()),
                title: song.content.title.clone(),
                plays_here: None,
                plays_there: None,
            }),
        }
    }
    let nameless = here.iter().filter(|entry| entry.song_server_id.is_none());
    let missing = known.into_values().chain(nameless).filter(|entry| !entry.pending);
    differences.extend(missing.map(|entry| difference(DifferenceKind::MissingThere, entry)));
    differences.sort_by(|a, b| (a.kind, &a.title, &a.server_id).cmp(&(b.kind, &b.title, &b.server_id)));
    Verification {
        here: here.iter().filter(|entry| !entry.removed).count() as u64,
        there: there.len() as u64,
        pending: here.iter().filter(|entry| entry.pending).count() as u64,
        differences,
    }
}

fn difference(kind: DifferenceKind, entry: &EntryIn) -> Difference {
    Difference {
        kind,
        song_id: Some(entry.song),
        server_id: entry.song_server_id.clone(),
        title: entry.title.clone(),
        plays_here: None,
        plays_there: None,
    }
}
