//! A run against a service and a database made up for it, and all that came out of the engine.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use melody_model::{
    GenerationId, JsonMap, OperationId, RemoteEntry, RemotePage, RemoteSong, ServerId, SongContent,
    SongDetails, SongId,
};
use melody_sync::{
    Allowance, Answer, Call, Change, Concluded, Dialect, Doubt, Engine, Failure, Goal, Limits, Memory,
    Pending, State, Step, Stopped, Told, What,
};

/// A moment, told in seconds from when the run begins.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

/// An entry of the service's library, `e1` of the song `s1`, that was played three times.
pub fn entry(n: u64) -> RemoteEntry {
    RemoteEntry {
        server_id: ServerId(format!("e{n}")),
        song: RemoteSong {
            server_id: ServerId(format!("s{n}")),
            content: SongContent { title: format!("Song {n}"), ..SongContent::default() },
            details: SongDetails::default(),
            extra: JsonMap::new(),
        },
        added_at: None,
        play_count: 3,
        last_played_at: Some(at(-500)),
        has_instrumental: false,
        extra: JsonMap::new(),
    }
}

/// A change that waits, of the song `s1` with the entry `e1`. `op` tells changes apart.
pub fn pending(op: u128, n: u64, what: What) -> Pending {
    Pending {
        op: OperationId(uuid(op)),
        song: SongId(uuid(u128::from(n))),
        title: format!("Song {n}"),
        what,
        song_id: Some(ServerId(format!("s{n}"))),
        entry_id: (what != What::Add).then(|| ServerId(format!("e{n}"))),
        attempts: 0,
        doubt: None,
        held_until: None,
        removal_follows: false,
    }
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

pub fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<ServerId> {
    numbers.into_iter().map(|n| ServerId(format!("e{n}"))).collect()
}

/// A library that was read through an hour ago, by a green backend.
pub fn read_lately() -> Memory {
    Memory {
        dialect: Some("green"),
        heard: Some(("green", 3)),
        pending: 1,
        filled: true,
        full: Some((GenerationId(1), at(-3_600))),
        ..Memory::default()
    }
}

/// The same, read through so long ago that it is due again.
pub fn pass_is_due() -> Memory {
    Memory { full: None, ..read_lately() }
}

type Answered = Result<Answer, Failure>;
/// What is otherwise than usual: `None` is the usual.
type Unless<'a, Asked, Told> = Box<dyn FnMut(&Asked) -> Option<Told> + 'a>;

/// What the run meets. Everything that is not said is well.
pub struct Bench<'a> {
    /// The service's library, the oldest first.
    pub entries: Vec<RemoteEntry>,
    /// What waits to be sent; of each song the first is offered.
    pub waiting: Vec<Pending>,
    /// How long each answer takes.
    pub seconds: i64,
    /// Entries of one page.
    pub page: u32,
    /// What follows from complete passes, one after the other.
    pub concluded: VecDeque<Concluded>,
    /// How many entries are known here; as many as the service has, unless told.
    pub named: Option<u64>,
    /// Another answer than the good one.
    pub answer: Unless<'a, Call, Answered>,
    /// What the database says to a change, if it is not the usual.
    pub told: Unless<'a, Change, Told>,
    /// Which dialect the answer to a request shows.
    pub dialect: Unless<'a, Call, Dialect>,
    /// What the answer to a request says of the limit; nothing, unless told.
    pub allowance: Unless<'a, Call, Allowance>,
}

/// What a run did.
#[derive(Debug)]
pub struct Ran {
    /// Requests and changes of the database, in their order.
    pub did: Vec<Did>,
    pub stopped: Stopped,
    /// What waits still.
    pub waiting: Vec<Pending>,
    /// What could be seen of the run, each different state once.
    pub states: Vec<State>,
    /// How long it took.
    pub took: SignedDuration,
    /// The generation that it was in.
    pub generation: Option<GenerationId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    Ask(Call),
    Change(Change),
}

impl Default for Bench<'_> {
    fn default() -> Self {
        Self {
            entries: (1..=5).map(entry).collect(),
            waiting: Vec::new(),
            seconds: 1,
            page: 100,
            concluded: VecDeque::new(),
            named: None,
            answer: Box::new(|_| None),
            told: Box::new(|_| None),
            dialect: Box::new(|_| Some("green")),
            allowance: Box::new(|_| None),
        }
    }
}

impl Bench<'_> {
    pub fn run(mut self, goal: Goal, memory: Memory) -> Ran {
        let mut engine = Engine::new(goal, memory, Limits::new(7).with_pages_of(self.page));
        let mut now = at(0);
        let mut under_way = VecDeque::new();
        let mut did = Vec::new();
        let mut states = Vec::new();
        for _ in 0..5_000 {
            let step = engine.next(now);
            if states.last() != Some(&engine.state()) {
                states.push(engine.state());
            }
            match step {
                Step::Request(id, call) => {
                    did.push(Did::Ask(call.clone()));
                    under_way.push_back((id, call));
                }
                Step::Change(change) => {
                    let told = self.carry_out(&change, now);
                    did.push(Did::Change(change));
                    engine.told(told, now);
                }
                Step::Wait(until) => {
                    let Some((id, call)) = under_way.pop_front() else {
                        now = until.unwrap();
                        continue;
                    };
                    now += SignedDuration::from_secs(self.seconds);
                    let answer = (self.answer)(&call).unwrap_or_else(|| Ok(self.good(&call)));
                    let dialect = (self.dialect)(&call);
                    let allowance = (self.allowance)(&call);
                    engine.answered(id, answer, dialect, allowance, now);
                }
                Step::Over(stopped) => {
                    let took = now.duration_since(at(0));
                    let generation = engine.generation();
                    return Ran { did, stopped, waiting: self.waiting, states, took, generation };
                }
            }
        }
        panic!("a run that does not end: {did:#?}");
    }

    fn good(&self, call: &Call) -> Answer {
        match call {
            Call::Version => Answer::Version,
            Call::Page { offset, limit, newest_first } => {
                Answer::Page(page_of(&self.entries, *offset, *limit, *newest_first))
            }
            Call::Add { song, .. } => {
                Answer::Added { entry: Some(ServerId(song.as_str().replace('s', "e"))), plays: None }
            }
            Call::Remove { .. } => Answer::Removed,
            Call::Play { .. } => Answer::Played { count: None, last: None },
            Call::Song(_) => Answer::Song(true),
            Call::Search { .. } => Answer::Songs(Vec::new()),
        }
    }

    fn carry_out(&mut self, change: &Change, now: Timestamp) -> Told {
        match change {
            Change::Heard { op, .. } | Change::Uncertain(op) | Change::Moot(op) | Change::Park { op, .. } => {
                self.waiting.retain(|pending| pending.op != *op);
            }
            Change::Release { op, unclear, refuted } => {
                for pending in self.waiting.iter_mut().filter(|pending| pending.op == *op) {
                    pending.attempts += 1;
                    let before = pending.doubt.and_then(|doubt| doubt.before);
                    if *unclear {
                        pending.doubt = Some(Doubt { since: now, before });
                    } else if *refuted {
                        pending.doubt = None;
                    }
                }
            }
            _ => {}
        }
        if let Some(told) = (self.told)(change) {
            return told;
        }
        match change {
            Change::Enter(_) => Told::Entered(GenerationId(1)),
            Change::Leave { .. } => Told::Entered(GenerationId(2)),
            Change::Offer { limit } => Told::Offered(self.offer(*limit)),
            Change::Sending(_) => Told::Going(true),
            Change::Recognise(page) => {
                let known = page.len() as u64;
                Told::Recognised { named: known, known, probes: ids([1]) }
            }
            Change::Store { count, .. } => {
                let named = self.named.unwrap_or(self.entries.len() as u64);
                Told::Stored { new: 0, named: count.then_some(named) }
            }
            Change::Conclude { .. } => Told::Concluded(self.concluded.pop_front().unwrap_or_default()),
            Change::Refill => Told::Concluded(Concluded::default()),
            _ => Told::Done,
        }
    }

    fn offer(&self, limit: u32) -> Vec<Pending> {
        let mut offered: Vec<Pending> = Vec::new();
        for pending in &self.waiting {
            if offered.iter().all(|earlier| earlier.song != pending.song) {
                offered.push(pending.clone());
            }
        }
        offered.truncate(limit as usize);
        offered
    }
}

/// A page as a good service gives it.
pub fn page_of(
    entries: &[RemoteEntry],
    offset: u64,
    limit: u32,
    newest_first: bool,
) -> RemotePage<RemoteEntry> {
    let mut all = entries.to_vec();
    if newest_first {
        all.reverse();
    }
    let total = Some(all.len() as u64);
    let items = all.into_iter().skip(offset as usize).take(limit as usize).collect();
    RemotePage { items, skipped: 0, total }
}

impl Ran {
    /// Every request.
    pub fn asked(&self) -> Vec<&Call> {
        let asked = self.did.iter().filter_map(|did| match did {
            Did::Ask(call) => Some(call),
            Did::Change(_) => None,
        });
        asked.collect()
    }

    /// Every change of the database. To offer what waits is none.
    pub fn changed(&self) -> Vec<&Change> {
        let changed = self.did.iter().filter_map(|did| match did {
            Did::Ask(_) | Did::Change(Change::Offer { .. }) => None,
            Did::Change(change) => Some(change),
        });
        changed.collect()
    }

    /// Requests that change something there, in their order.
    pub fn sent(&self) -> Vec<&Call> {
        let sends = |call: &&Call| matches!(call, Call::Add { .. } | Call::Remove { .. } | Call::Play { .. });
        self.asked().into_iter().filter(sends).collect()
    }

    /// What became of changes that waited.
    pub fn became(&self) -> Vec<&Change> {
        let changed = self.changed().into_iter();
        changed
            .filter(|change| {
                matches!(
                    change,
                    Change::Heard { .. }
                        | Change::Uncertain(_)
                        | Change::Moot(_)
                        | Change::Park { .. }
                        | Change::Release { .. }
                )
            })
            .collect()
    }

    /// How often the library was read through: first pages, the oldest first.
    pub fn walks(&self) -> usize {
        let first = |call: &&Call| matches!(call, Call::Page { offset: 0, newest_first: false, .. });
        self.asked().into_iter().filter(first).count()
    }

    /// Ids of all entries that were kept.
    pub fn kept(&self) -> Vec<ServerId> {
        let entries = self.changed().into_iter().filter_map(|change| match change {
            Change::Store { entries, .. } => Some(entries),
            _ => None,
        });
        entries.flatten().map(|entry| entry.server_id.clone()).collect()
    }

    pub fn did(&self, wanted: impl Fn(&Change) -> bool) -> usize {
        self.changed().into_iter().filter(|change| wanted(change)).count()
    }
}

/// A change was taken, or had been already.
pub fn heard(op: u128) -> Change {
    Change::Heard { op: OperationId(uuid(op)), entry: None, count: None, last: None }
}

pub fn released(op: u128, unclear: bool) -> Change {
    Change::Release { op: OperationId(uuid(op)), unclear, refuted: false }
}

pub fn op(op: u128) -> OperationId {
    OperationId(uuid(op))
}
