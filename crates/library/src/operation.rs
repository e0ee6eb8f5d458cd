//! Operations: what a listener did that the service has to hear of, and which of it need not be said.

use std::collections::BTreeMap;

use jiff::Timestamp;
use melody_model::{EntryId, OperationId, ServerId, SongId};
use serde::{Deserialize, Serialize};

use crate::GenerationId;

/// What a listener did that the service has to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Add,
    Remove {
        /// The entry that was seen when it was removed, by generation: a newer one is not meant.
        seen: BTreeMap<GenerationId, ServerId>,
    },
    Play {
        /// How long was listened.
        seconds: u32,
        completed: bool,
        played_at: Timestamp,
    },
}

/// The kind of an [`Action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Add,
    Remove,
    Play,
}

/// Where an operation is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    Queued,
    Sending,
    Parked,
}

/// A change on its way to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    /// Later operations have higher numbers.
    pub seq: u64,
    pub song: SongId,
    pub title: String,
    pub entry: EntryId,
    pub action: Action,
    pub created_at: Timestamp,
    pub state: OperationState,
    /// How often it went out.
    pub attempts: u32,
    /// Whether it went out and what became of it is not known: read back before sending it again.
    pub uncertain: bool,
    /// When that attempt was given up, at the latest.
    pub unclear_at: Option<Timestamp>,
    /// What the service counted before the last attempt, if that was known.
    pub before: Option<PlaysBefore>,
    /// When an attempt at an earlier addition of the song was given up whose outcome was not known then: it may still
    /// arrive.
    pub addition_unclear_at: Option<Timestamp>,
    /// Whether a removal of the song waits behind it.
    pub removal_follows: bool,
    /// The current generation's id of the song; `None` while that generation does not know it.
    pub song_server_id: Option<ServerId>,
    /// The current generation's id of the entry: for a removal, the one that was seen then, else the one that
    /// was learnt since.
    pub entry_server_id: Option<ServerId>,
}

/// What the service counted for an entry before a play was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaysBefore {
    pub count: u64,
    pub last_played_at: Option<Timestamp>,
}

/// What became of an attempt that brought no answer to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This attempt did not get there. A doubt about an earlier one stays.
    NotReached,
    /// It may have been taken.
    Unknown,
    /// Reading back showed that no attempt was taken: it may simply be sent again.
    Refuted,
}

/// The service's word that it heard an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    pub generation: GenerationId,
    /// What the service calls the entry now; for a removal, nothing.
    pub entry_server_id: Option<ServerId>,
    /// The service's count of plays, if it gave one.
    pub play_count: Option<u64>,
    pub last_played_at: Option<Timestamp>,
}

/// An operation that the service refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedOp {
    pub op: OperationId,
    pub kind: OperationKind,
    pub song: SongId,
    pub title: String,
    /// The kind and the song's title: `add Tum Hi Ho`.
    pub what: String,
    /// As given to [`Library::park`](crate::Library::park).
    pub reason: String,
}

/// How much the service has yet to hear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxStatus {
    /// Operations to be sent; parked ones are not counted.
    pub pending: u64,
    pub parked: Vec<ParkedOp>,
    /// Plays of the last 30 days that may have been counted or not, and are not sent again.
    pub uncertain: u64,
}

impl Action {
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Add => OperationKind::Add,
            Self::Remove { .. } => OperationKind::Remove,
            Self::Play { .. } => OperationKind::Play,
        }
    }
}

impl OperationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Play => "play",
        }
    }
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotReached => "not_reached",
            Self::Unknown => "unknown",
            Self::Refuted => "refuted",
        }
    }
}

impl Operation {
    /// Whether the service can have heard nothing of it.
    fn is_untold(&self) -> bool {
        !self.uncertain && self.state != OperationState::Sending
    }
}

/// Which operations of one song, given in order, cancel out and need not be said: an addition and the
/// removal after it (with the plays between), or a removal and the addition after it. Only what the service
/// can have heard nothing of is folded.
pub fn fold(operations: &[Operation]) -> Vec<OperationId> {
    let mut folded = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (i, operation) in operations.iter().enumerate() {
        if operation.action.kind() == OperationKind::Play {
            continue;
        }
        let opposite = open.last().copied().filter(|&j| {
            let earlier = &operations[j];
            earlier.action.kind() != operation.action.kind() && earlier.is_untold() && operation.is_untold()
        });
        let Some(j) = opposite else {
            open.push(i);
            continue;
        };
        open.pop();
        let added = operations[j].action.kind() == OperationKind::Add;
        let plays = operations[j + 1..i].iter().filter(|o| added && o.action.kind() == OperationKind::Play);
        folded.extend(plays.map(|play| play.id));
        folded.extend([operations[j].id, operation.id]);
    }
    folded
}
