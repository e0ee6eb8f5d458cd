//! Comparing the library here with the service's, entry by entry.

use std::collections::HashMap;

use melody_library::EntryIn;
use melody_model::{RemoteEntry, ServerId};
use melody_sync::Goal;

use super::run;
use crate::{Difference, DifferenceKind, Error, Verification, context::Account};

/// Reads the service's library through and compares. Stores nothing: what is compared must not become equal by that.
pub(super) async fn verify(account: &Account) -> Result<Verification, Error> {
    let ran = run::run(account, Goal::Compare, |_| {}).await?;
    ran.trouble?;
    let generation = ran.generation.ok_or(Error::LibraryMoved)?;
    let mut there: Vec<RemoteEntry> = ran.compared;
    // Pages overlap.
    there.sort_by(|a, b| a.server_id.cmp(&b.server_id));
    there.dedup_by(|a, b| a.server_id == b.server_id);
    Ok(compare(&account.library.entries_in(generation).await?, &there))
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
