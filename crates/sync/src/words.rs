//! What goes into the engine and what comes out of it: all of its words.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;
use melody_model::{GenerationId, OperationId, RemoteEntry, RemotePage, RemoteSong, ServerId, SongId};

use crate::Filled;

/// The word for a backend's dialect: `blue`, `green`.
pub type Dialect = &'static str;

/// What a run is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Sends what waits.
    Send,
    /// Sends what waits, reads the library, and sends what could only go out after that.
    Sync,
    /// Reads the library for the first time, from where an earlier try was cut off.
    Fill,
    /// Learns what the service says of one saved song, by the song's id there.
    Learn(ServerId),
    /// Reads the library to compare it. Stores nothing.
    Compare,
}

/// What the database knows when a run begins.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The dialect of the generation that is current; `None` before any backend has answered.
    pub dialect: Option<Dialect>,
    /// What the answers of this process have shown: the dialect, and how many in a row showed it.
    pub heard: Option<(Dialect, u32)>,
    /// How many changes wait to be sent.
    pub pending: u64,
    /// Whether the library has ever been read to its end.
    pub filled: bool,
    /// How far a first reading came that was cut off.
    pub filling: Option<(GenerationId, Filled)>,
    /// The last complete pass: in which generation, and when.
    pub full: Option<(GenerationId, Timestamp)>,
    /// When a pass first lacked most of the library, if the last one did.
    pub absence: Option<Timestamp>,
}

/// A change that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub op: OperationId,
    pub song: SongId,
    pub title: String,
    pub what: What,
    /// The generation's id of the song, if it knows the song.
    pub song_id: Option<ServerId>,
    /// The generation's id of the entry: for a removal, of the one that was seen.
    pub entry_id: Option<ServerId>,
    /// How often it went out.
    pub attempts: u32,
    /// An attempt went out, and what became of it is not known.
    pub doubt: Option<Doubt>,
    /// Until then an earlier addition of the same song may still arrive.
    pub held_until: Option<Timestamp>,
    /// Whether the song is removed later on: then what has nowhere to go need not be sent.
    pub removal_follows: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Add,
    Remove,
    /// `seconds` were listened.
    Play {
        seconds: u32,
        completed: bool,
    },
}

/// An attempt of which it is not known whether the service took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// When it went out, at the latest.
    pub since: Timestamp,
    /// What the service counted before, if that was known.
    pub before: Option<Plays>,
}

/// What the service counts for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plays {
    pub count: u64,
    pub last: Option<Timestamp>,
}

/// Names a request within its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A request to the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Asked only to hear which dialect answers.
    Version,
    /// A page of entries by the time of adding.
    Page {
        offset: u64,
        limit: u32,
        newest_first: bool,
    },
    Add {
        op: OperationId,
        song: ServerId,
    },
    Remove {
        op: OperationId,
        entry: ServerId,
    },
    Play {
        op: OperationId,
        entry: ServerId,
        seconds: u32,
        completed: bool,
    },
    /// Whether the catalogue has a song by this id.
    Song(ServerId),
    /// Songs by this title.
    Search {
        title: String,
    },
}

/// A good answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Version,
    Page(RemotePage<RemoteEntry>),
    /// The service may not say what it calls the entry.
    Added {
        entry: Option<ServerId>,
        plays: Option<Plays>,
    },
    Removed,
    /// The service has no such entry.
    NotThere,
    Played {
        count: Option<u64>,
        last: Option<Timestamp>,
    },
    /// Whether the song is there, by the service's own word.
    Song(bool),
    Songs(Vec<RemoteSong>),
}

/// Why there is no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered, or not the service. `sent` is whether the request may have arrived.
    Away {
        sent: bool,
    },
    /// A limit was hit.
    Limited {
        retry_after: Option<Duration>,
    },
    /// The service is closed, for everybody.
    Closed,
    SignIn,
    /// Somebody said yes in a way that the service does not.
    Unproven,
    /// The service failed at this one call, and may pass the next. The reason is the one to show.
    Once {
        reason: String,
    },
    /// The service refuses this call for good.
    Refused {
        not_found: bool,
        reason: String,
    },
    /// Something on this machine.
    Here,
}

/// A change of the database. Each is one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Makes the generation of a dialect the current one. Answered by [`Told::Entered`].
    Enter(Dialect),
    /// Ends the current generation: the same dialect has other ids now. The one that knows these ids is entered, else
    /// a new one. Answered by [`Told::Entered`].
    Leave {
        generation: GenerationId,
        ids: Vec<ServerId>,
    },
    /// Folds what cancels out. Answered by [`Told::Offered`]: what may go out now, at most one for each song.
    Offer {
        limit: u32,
    },
    /// Notes that a change goes out, and what the service counted before. Answered by [`Told::Going`].
    Sending(OperationId),
    Heard {
        op: OperationId,
        entry: Option<ServerId>,
        count: Option<u64>,
        last: Option<Timestamp>,
    },
    /// It may have been taken and is not sent again.
    Uncertain(OperationId),
    /// It has nowhere to go.
    Moot(OperationId),
    Park {
        op: OperationId,
        /// As it came with the failure; `None` when the service does not have the song.
        reason: Option<String>,
    },
    /// Back among what waits. `unclear` is whether this attempt may have been taken; `refuted` that none was.
    Release {
        op: OperationId,
        unclear: bool,
        refuted: bool,
    },
    /// Asks what of a page is known. Answered by [`Told::Recognised`].
    Recognise(Vec<RemoteEntry>),
    /// Keeps entries that pages held, and with them how far a first reading has come. Answered by [`Told::Stored`];
    /// `count` asks how many entries the generation has named.
    Store {
        entries: Vec<RemoteEntry>,
        filled: Option<Filled>,
        count: bool,
    },
    /// Hands on a page that is compared; `anew`: what came before it is void.
    Compare {
        entries: Vec<RemoteEntry>,
        anew: bool,
    },
    /// Draws the conclusions of a complete, consistent pass. Answered by [`Told::Concluded`]. `believe`: that what
    /// is absent was removed.
    Conclude {
        met: Met,
        believe: bool,
    },
    /// Notes since when most of the library is missing.
    Missing(Timestamp),
    /// The service does not know a song by its id any more.
    Forget(SongId),
    /// Keeps songs that a search found, to match them.
    Learn(Vec<RemoteSong>),
    /// Queues again what is missing there, after songs were learnt. Answered by [`Told::Concluded`].
    Refill,
    /// The library has been read to its end; `complete` when that proved what it holds.
    Filled {
        complete: Option<Timestamp>,
    },
}

/// What a complete and consistent pass met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    pub generation: GenerationId,
    pub began: Timestamp,
    /// Every entry's id.
    pub ids: HashSet<ServerId>,
}

/// What came of a change of the database.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Done,
    Entered(GenerationId),
    Offered(Vec<Pending>),
    /// `false`: the operation is done or set aside meanwhile, and must not go out.
    Going(bool),
    /// Of the library here, how many entries the generation has named, and how many of them the page holds, by their own
    /// id or by their song's. With some songs to ask for.
    Recognised {
        named: u64,
        known: u64,
        probes: Vec<ServerId>,
    },
    /// How many of the entries were new; and how many the generation has named now, if that was asked.
    Stored {
        new: u64,
        named: Option<u64>,
    },
    Concluded(Concluded),
}

/// What followed from a complete pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concluded {
    /// The pass lacked something, and nothing was concluded yet.
    pub withheld: bool,
    /// Whether it lacked most of the library.
    pub mostly: bool,
    /// Songs that it lacked, to see whether the generation is still the same.
    pub probes: Vec<ServerId>,
    /// Whether the library here is what the pass met.
    pub differs: bool,
    /// Saved songs that this generation does not know.
    pub unmatched: Vec<Unmatched>,
}

/// A saved song that could not be matched to one of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    pub title: String,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Several may be under way at once.
    Request(RequestId, Call),
    /// One at a time: nothing else is asked of the engine before it is told what came of it.
    Change(Change),
    /// Until an answer comes, or until then.
    Wait(Option<Timestamp>),
    Over(Stopped),
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    pub trouble: Option<Trouble>,
    /// When it makes sense to run again, if something waits for that.
    pub again_at: Option<Timestamp>,
}

/// What kept a run from doing all that it was for. Nothing is lost by any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The failure of this request.
    Request(RequestId),
    /// Another backend answered in the middle.
    Switched,
    /// The service says that a song is saved, and does not have it.
    NotSaved,
    /// The library kept moving while it was compared.
    Moved,
}

/// What can be seen of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Entries read, of how many.
    Running { progress: Option<(u64, u64)> },
    /// Held back by a limit.
    Waiting { until: Timestamp },
}
