//! The engine's changes of the database, as calls of the library.

use melody_library::{Acknowledgement, Action, Library, Operation, Outcome};
use melody_model::{GenerationId, RemoteEntry, ServerId};
use melody_sync::{Change, Concluded, Doubt, Pending, Plays, SETTLE, Told, Unmatched, What};
use serde::de::DeserializeOwned;

type Result<T> = std::result::Result<T, melody_library::Error>;

/// Why a change is parked whose song the service does not have, under whatever id.
pub(super) const NO_SUCH_SONG: &str = "The service does not have this song.";
/// When the library was last read through, among its settings.
pub(super) const FILLED: &str = "filled_at";
/// How far it was read for the first time.
pub(super) const FILLING: &str = "filling_at";
/// The last pass that proved what the service has: its generation, and when it began.
pub(super) const COMPLETE: &str = "complete_pass";
/// Since when passes lack most of the library.
pub(super) const MISSING: &str = "missing_since";

/// A setting, if it is one that this version understands.
pub(super) async fn kept<T: DeserializeOwned>(library: &Library, key: &str) -> Result<Option<T>> {
    Ok(library.setting(key).await?.and_then(|kept| serde_json::from_value(kept).ok()))
}

async fn keep(library: &Library, key: &str, value: impl serde::Serialize) -> Result<()> {
    library.set_setting(key, &serde_json::to_value(value)?).await
}

/// Carries out a change in the run's generation. `compared` takes the pages that are only compared.
pub(super) async fn carry_out(
    library: &Library,
    generation: Option<GenerationId>,
    change: Change,
    compared: &mut Vec<RemoteEntry>,
) -> Result<Told> {
    if let Change::Enter(dialect) = change {
        return Ok(Told::Entered(library.generation(dialect).await?));
    }
    // Nothing comes before the run has entered one.
    let Some(generation) = generation else { return Ok(Told::Done) };
    match change {
        Change::Enter(_) => {}
        Change::Leave { generation, ids } => {
            tracing::warn!("the service has other ids than before");
            return Ok(Told::Entered(library.leave_generation(generation, &ids).await?));
        }
        Change::Offer { limit } => {
            let operations = library.pending_operations(limit).await?;
            return Ok(Told::Offered(operations.into_iter().map(pending).collect()));
        }
        Change::Sending(op) => return Ok(Told::Going(library.mark_sending(op).await?)),
        Change::Heard { op, entry, count, last } => {
            let heard = Acknowledgement {
                generation,
                entry_server_id: entry,
                play_count: count,
                last_played_at: last,
            };
            library.acknowledge(op, heard).await?;
        }
        Change::Uncertain(op) => drop(library.end_uncertain(op).await?),
        Change::Moot(op) => drop(library.end_moot(op).await?),
        Change::Park { op, reason } => {
            library.park(op, reason.as_deref().unwrap_or(NO_SUCH_SONG)).await?;
        }
        Change::Release { op, unclear, refuted } => {
            let outcome = match (unclear, refuted) {
                (true, _) => Outcome::Unknown,
                (false, true) => Outcome::Refuted,
                (false, false) => Outcome::NotReached,
            };
            library.release(op, outcome).await?;
        }
        Change::Recognise(page) => {
            let found = library.recognise(generation, page).await?;
            return Ok(Told::Recognised { named: found.named, known: found.known, probes: found.probes });
        }
        Change::Store { entries, filled, count } => {
            let filling = match filled {
                Some(filled) => Some((FILLING, serde_json::to_value((generation, filled))?)),
                None => None,
            };
            let stored = library.store_entries_and_keep(generation, entries, filling).await?;
            let named = if count { Some(library.named(generation).await?) } else { None };
            return Ok(Told::Stored { new: stored.new as u64, named });
        }
        Change::Compare { entries, anew } => {
            if anew {
                compared.clear();
            }
            compared.extend(entries);
        }
        Change::Conclude { met, believe } => {
            let ids: Vec<ServerId> = met.ids.into_iter().collect();
            let concluded = library.conclude(generation, met.began, &ids, believe).await?;
            if concluded.differs {
                tracing::warn!(entries = ids.len(), "the library differs from what was just read");
            }
            return Ok(Told::Concluded(followed(concluded)));
        }
        Change::Missing(since) => keep(library, MISSING, since).await?,
        Change::Forget(song) => library.forget_server_id(song, generation).await?,
        Change::Learn(songs) => drop(library.store_songs(generation, songs).await?),
        Change::Refill => return Ok(Told::Concluded(followed(library.refill(generation).await?))),
        Change::Filled { complete } => {
            if let Some(at) = complete {
                keep(library, COMPLETE, (generation, at)).await?;
                keep(library, MISSING, ()).await?;
            }
            keep(library, FILLED, jiff::Timestamp::now()).await?;
        }
    }
    Ok(Told::Done)
}

fn followed(concluded: melody_library::Concluded) -> Concluded {
    let unmatched = concluded.unmatched.into_iter();
    Concluded {
        withheld: concluded.withheld,
        mostly: concluded.mostly,
        probes: concluded.probes,
        differs: concluded.differs,
        unmatched: unmatched.map(|song| Unmatched { title: song.title }).collect(),
    }
}

fn pending(operation: Operation) -> Pending {
    let before = operation.before.map(|before| Plays { count: before.count, last: before.last_played_at });
    let doubt = Doubt { since: operation.unclear_at.unwrap_or(operation.created_at), before };
    Pending {
        op: operation.id,
        song: operation.song,
        title: operation.title,
        what: match operation.action {
            Action::Add => What::Add,
            Action::Remove { .. } => What::Remove,
            Action::Play { seconds, completed, .. } => What::Play { seconds, completed },
        },
        song_id: operation.song_server_id,
        entry_id: operation.entry_server_id,
        attempts: operation.attempts,
        doubt: operation.uncertain.then_some(doubt),
        held_until: operation.addition_unclear_at.and_then(|at| at.checked_add(SETTLE).ok()),
        removal_follows: operation.removal_follows,
    }
}
