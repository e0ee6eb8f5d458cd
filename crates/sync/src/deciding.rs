//! What becomes of one change that waits: it goes out, it is settled without that, or it waits on.

use std::collections::HashMap;

use jiff::Timestamp;
use melody_model::ServerId;

use crate::{
    SETTLE,
    pace::later,
    words::{Call, Doubt, Met, Pending, Plays, What},
};

/// What to do with a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Send(Call),
    /// No attempt was taken: it may be sent again.
    SendAgain(Call),
    /// The service has it as it was meant.
    Settled,
    /// It may have been taken, and a second time would count twice.
    Uncertain,
    /// It has nowhere to go.
    Moot,
    /// Not before then; or not before the service's library has been read.
    Later(Option<Timestamp>),
    /// Not before the service's count for this entry has been read.
    Look(ServerId),
}

/// What this run has found out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The service's library, if it has been read through.
    pub met: Option<Met>,
    /// What pages said of entries, and when they were asked for.
    pub plays: HashMap<ServerId, (Plays, Timestamp)>,
}

impl Found {
    /// Whether the library has been read and lacks an entry.
    pub fn lacks(&self, entry: &ServerId) -> bool {
        self.met.as_ref().is_some_and(|met| !met.ids.contains(entry))
    }
}

pub(crate) fn decide(pending: &Pending, found: &Found, now: Timestamp) -> Decision {
    match pending.what {
        What::Add => match &pending.song_id {
            // Repeating it makes no second entry, whatever became of an earlier attempt.
            Some(song) => Decision::Send(Call::Add { op: pending.op, song: song.clone() }),
            None => Decision::Later(None),
        },
        What::Remove => removal(pending, found, now),
        What::Play { seconds, completed } => play(pending, seconds, completed, found, now),
    }
}

fn removal(pending: &Pending, found: &Found, now: Timestamp) -> Decision {
    // An addition that is still on its way would come after the removal, and undo it.
    if let Some(until) = pending.held_until.filter(|&until| until > now) {
        return Decision::Later(Some(until));
    }
    match &pending.entry_id {
        // It is gone; whose doing that was makes no difference.
        Some(entry) if pending.doubt.is_some() && found.lacks(entry) => Decision::Settled,
        Some(entry) => Decision::Send(Call::Remove { op: pending.op, entry: entry.clone() }),
        // The service may have it under an id that it never told: only reading the library through can say.
        None => match &found.met {
            Some(met) if pending.held_until.is_none_or(|until| met.began >= until) => Decision::Settled,
            _ => Decision::Later(None),
        },
    }
}

fn play(pending: &Pending, seconds: u32, completed: bool, found: &Found, now: Timestamp) -> Decision {
    let Some(entry) = &pending.entry_id else {
        return if pending.removal_follows && found.met.is_some() {
            Decision::Moot
        } else {
            Decision::Later(None)
        };
    };
    if found.lacks(entry) {
        // Somebody removed the song: there is nothing left that a play could be counted for.
        return if pending.doubt.is_some() { Decision::Uncertain } else { Decision::Moot };
    }
    let call = Call::Play { op: pending.op, entry: entry.clone(), seconds, completed };
    let Some(Doubt { since, before }) = pending.doubt else { return Decision::Send(call) };
    let settled_at = later(since, SETTLE);
    if now < settled_at {
        return Decision::Later(Some(settled_at));
    }
    match (before, found.plays.get(entry)) {
        // Nothing to compare with.
        (None, _) => Decision::Uncertain,
        (Some(before), Some((plays, asked))) if *asked >= settled_at => {
            if same(before, *plays) {
                Decision::SendAgain(call)
            } else {
                Decision::Uncertain
            }
        }
        _ => Decision::Look(entry.clone()),
    }
}

/// Whether no play was counted between the two. A moment that was not told says nothing; what is kept of one is exact
/// to the microsecond.
fn same(before: Plays, now: Plays) -> bool {
    let moved = match (before.last, now.last) {
        (Some(before), Some(now)) => before.as_microsecond() != now.as_microsecond(),
        _ => false,
    };
    before.count == now.count && !moved
}
