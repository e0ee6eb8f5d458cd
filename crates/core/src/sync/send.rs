//! Telling the service what changed here: the outbox, operation by operation.

use melody_api::Removal;
use melody_library::{Acknowledgement, Action, GenerationId, Operation, Outcome};

use super::read::{self, Met};
use crate::{Error, context::Account};

/// Operations that are looked at in one go.
const BATCH: u32 = 100;

/// What became of one operation.
enum Sent {
    Heard(Acknowledgement),
    /// The service will never take it.
    Refused(String),
    /// It cannot be said yet: its song or its entry has no id in this generation.
    NotYet,
    /// Somebody said yes who need not be the service: reading the library through will tell.
    Unclear(Error),
}

/// The generation that the service is in now, by an answer of this process and not by what is remembered.
async fn present_generation(account: &Account) -> Result<GenerationId, Error> {
    if account.client.observations().borrow().agreeing == 0 {
        // Operations are planned with one generation's ids: which one answers should be known before. A backend
        // that does not tell shows it in its first answer.
        let _ = account.client.version().await;
    }
    account.generation().await
}

/// Sends what waits, in the order of each song. `met` is what the service has, when the library has just been read
/// through: what is not in it is not there.
///
/// The caller holds the lock: nobody else sends.
pub(super) async fn drain(account: &Account, met: Option<&Met>) -> Result<(), Error> {
    if account.library.outbox_status().await?.pending == 0 {
        return Ok(());
    }
    let generation = present_generation(account).await?;
    // What another generation has says nothing of this one's.
    let met = met.filter(|met| met.generation == generation);
    let mut passed_over = Vec::new();
    let mut first_refusal = None;
    loop {
        let operations = account.library.pending_operations(BATCH + passed_over.len() as u32).await?;
        let todo: Vec<_> = operations.into_iter().filter(|op| !passed_over.contains(&op.id)).collect();
        if todo.is_empty() {
            return first_refusal.map_or(Ok(()), Err);
        }
        for operation in todo {
            let id = operation.id;
            if !account.library.mark_sending(id).await? {
                continue;
            }
            let sent = send(account, generation, operation, met).await;
            if account.generation().await? != generation {
                // The backend changed under us: whose answer this was cannot be told, and the ids are another's.
                account.library.release(id, Outcome::Unknown).await?;
                return Err(Error::ServiceSwitched);
            }
            match sent {
                Ok(Sent::Heard(heard)) => {
                    account.library.acknowledge(id, heard).await?;
                }
                Ok(Sent::Refused(reason)) => {
                    account.library.park(id, &reason).await?;
                }
                Ok(Sent::NotYet) => {
                    account.library.release(id, Outcome::NotReached).await?;
                    passed_over.push(id);
                }
                Ok(Sent::Unclear(e)) => {
                    account.library.release(id, Outcome::Unknown).await?;
                    passed_over.push(id);
                    // Before the library is read there is hope that it settles this.
                    if met.is_some() {
                        first_refusal.get_or_insert(e);
                    }
                }
                Err(e) => {
                    let outcome = if e.was_not_taken() { Outcome::NotReached } else { Outcome::Unknown };
                    account.library.release(id, outcome).await?;
                    if !e.is_of_one_call() {
                        return Err(e);
                    }
                    // One that the service cannot digest holds back its own song, and nothing else.
                    passed_over.push(id);
                    first_refusal.get_or_insert(e);
                }
            }
        }
    }
}

async fn send(
    account: &Account,
    generation: GenerationId,
    operation: Operation,
    met: Option<&Met>,
) -> Result<Sent, Error> {
    let mut heard =
        Acknowledgement { generation, entry_server_id: None, play_count: None, last_played_at: None };
    let told = match &operation.action {
        Action::Add => {
            let Some(song) = &operation.song_server_id else { return Ok(Sent::NotYet) };
            let added = account.client.library_add(song).await;
            // "You have it already" may be said without a name for it, and by who has it not: it is looked up.
            if added.as_ref().is_ok_and(|added| added.server_id.is_none())
                && !read::has(account, song).await?
            {
                return Ok(Sent::Unclear(Error::NotSaved));
            }
            added.map(|added| {
                heard.entry_server_id = added.server_id;
                heard.play_count = added.entry.as_ref().map(|entry| entry.play_count);
                heard.last_played_at = added.entry.and_then(|entry| entry.last_played_at);
            })
        }
        Action::Remove { .. } => match &operation.entry_server_id {
            Some(entry) if operation.uncertain && met.is_some_and(|met| !met.ids.contains(entry)) => Ok(()),
            Some(entry) => match account.client.library_remove(entry).await {
                Ok(Removal::Unclear(e)) => return Ok(Sent::Unclear(e.into())),
                removed => removed.map(drop),
            },
            // The service may have it under an id that it never told: only reading the library through can say.
            None if met.is_some() => Ok(()),
            None => return Ok(Sent::NotYet),
        },
        Action::Play { seconds, completed, .. } => {
            // At most once: an attempt whose outcome is not known is not repeated, for a play sent twice is
            // counted twice.
            if operation.uncertain {
                return Ok(Sent::Heard(heard));
            }
            let Some(entry) = &operation.entry_server_id else { return Ok(Sent::NotYet) };
            account.client.library_play(entry, *seconds, *completed).await.map(|count| {
                heard.entry_server_id = Some(entry.clone());
                heard.play_count = count.play_count;
                heard.last_played_at = count.last_played_at;
            })
        }
    };
    match told.map_err(Error::from) {
        Ok(()) => Ok(Sent::Heard(heard)),
        Err(e) if e.will_never_pass() => Ok(Sent::Refused(e.to_string())),
        Err(e) => Err(e),
    }
}
