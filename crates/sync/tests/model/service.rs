//! The service, as the contract has it: several backends, of which one answers at a time, each with ids of its own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use melody_model::{
    JsonMap, OperationId, RemoteEntry, RemotePage, RemoteSong, ServerId, SongContent, SongDetails,
};
use melody_sync::{Answer, Call, Dialect, Failure, Plays};

#[derive(Clone, Debug)]
pub struct Entry {
    pub id: u64,
    pub song: usize,
    pub added_at: Timestamp,
    pub plays: u64,
    pub last: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct Backend {
    pub dialect: Dialect,
    /// What all of its ids begin with.
    tag: String,
    pub entries: Vec<Entry>,
    ids: u64,
    /// How often each play that was sent was carried out.
    pub played: BTreeMap<OperationId, u32>,
    /// How often the network made two of it.
    pub doubled: BTreeMap<OperationId, u32>,
}

impl Backend {
    pub fn new(dialect: Dialect, number: usize) -> Self {
        Self {
            dialect,
            tag: format!("{dialect}{number}"),
            entries: Vec::new(),
            ids: 0,
            played: BTreeMap::new(),
            doubled: BTreeMap::new(),
        }
    }

    pub fn user(&self) -> ServerId {
        ServerId(format!("{}-user", self.tag))
    }

    pub fn song_id(&self, song: usize) -> ServerId {
        ServerId(format!("{}-s{song}", self.tag))
    }

    fn entry_id(&self, id: u64) -> ServerId {
        ServerId(format!("{}-e{id}", self.tag))
    }

    pub fn song(&self, song: usize) -> RemoteSong {
        RemoteSong {
            server_id: self.song_id(song),
            content: SongContent {
                title: format!("Song {song}"),
                artist: "Model".to_owned(),
                duration_s: Some(200),
                ..SongContent::default()
            },
            details: SongDetails::default(),
            extra: JsonMap::new(),
        }
    }

    fn entry(&self, entry: &Entry) -> RemoteEntry {
        RemoteEntry {
            server_id: self.entry_id(entry.id),
            song: self.song(entry.song),
            added_at: Some(entry.added_at),
            play_count: entry.plays,
            last_played_at: entry.last,
            has_instrumental: false,
            extra: JsonMap::new(),
        }
    }

    fn song_of(&self, id: &ServerId) -> Option<usize> {
        id.as_str().strip_prefix(&format!("{}-s", self.tag))?.parse().ok()
    }

    fn place(&self, id: &ServerId) -> Option<usize> {
        let id: u64 = id.as_str().strip_prefix(&format!("{}-e", self.tag))?.parse().ok()?;
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// Saves a song; saved twice it is saved once.
    pub fn add(&mut self, song: usize, now: Timestamp) -> &Entry {
        let known = self.entries.iter().position(|entry| entry.song == song);
        let at = known.unwrap_or_else(|| {
            self.ids += 1;
            self.entries.push(Entry { id: self.ids, song, added_at: now, plays: 0, last: None });
            self.entries.len() - 1
        });
        &self.entries[at]
    }

    pub fn carry_out(&mut self, call: &Call, now: Timestamp) -> Result<Answer, Failure> {
        let not_found = || Failure::Refused { not_found: true, reason: "not here".to_owned() };
        Ok(match call {
            Call::Version => Answer::Version,
            Call::Page { offset, limit, newest_first } => {
                let total = self.entries.len() as u64;
                let items: Vec<_> = if *newest_first {
                    self.entries.iter().rev().skip(*offset as usize).take(*limit as usize).collect()
                } else {
                    self.entries.iter().skip(*offset as usize).take(*limit as usize).collect()
                };
                let items = items.into_iter().map(|entry| self.entry(entry)).collect();
                Answer::Page(RemotePage { items, skipped: 0, total: Some(total) })
            }
            Call::Add { song, .. } => {
                let song = self.song_of(song).ok_or_else(not_found)?;
                let entry = self.add(song, now).clone();
                let plays = Plays { count: entry.plays, last: entry.last };
                Answer::Added { entry: Some(self.entry_id(entry.id)), plays: Some(plays) }
            }
            Call::Remove { entry, .. } => match self.place(entry) {
                Some(at) => {
                    self.entries.remove(at);
                    Answer::Removed
                }
                None => Answer::NotThere,
            },
            Call::Play { op, entry, .. } => {
                let at = self.place(entry).ok_or_else(not_found)?;
                *self.played.entry(*op).or_default() += 1;
                let entry = &mut self.entries[at];
                entry.plays += 1;
                entry.last = Some(now);
                Answer::Played { count: Some(entry.plays), last: entry.last }
            }
            Call::Song(song) => Answer::Song(self.song_of(song).is_some()),
            Call::Search { title, .. } => {
                let song = title.strip_prefix("Song ").and_then(|n| n.parse().ok());
                Answer::Songs(song.map(|song| self.song(song)).into_iter().collect())
            }
        })
    }
}

impl Backend {
    /// Carries out a request once more than it was sent.
    fn carry_out_again(&mut self, call: &Call, now: Timestamp) {
        let sent = self.played.clone();
        let done = self.carry_out(call, now);
        // What the client sent is what it answers for; no key tells the service that it is the same play.
        self.played = sent;
        if let (Call::Play { op, .. }, Ok(_)) = (call, done) {
            *self.doubled.entry(*op).or_default() += 1;
        }
    }
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The request does not arrive.
    LostBefore,
    /// It is carried out, and its answer is lost.
    LostAfter,
    /// It arrives twice.
    Twice,
    /// Its answer is lost, and it arrives so many seconds later.
    Late(u8),
    /// Its answer comes so many seconds later.
    Slow(u8),
    /// A limit, with or without a word of how long.
    Limited(Option<u8>),
    /// A 500 before, or after it was carried out.
    Broken {
        after: bool,
    },
    Closed,
    /// Every token is void from here on.
    Void,
    /// Another client saves, removes or plays a song that nobody owns before it is carried out.
    Moved(u8),
    /// The other backend answers this one.
    Astray,
    /// The program ends before the answer; `true`: it was carried out.
    Crash(bool),
}

#[derive(Debug)]
pub struct Service {
    pub backends: Vec<Backend>,
    pub active: usize,
    /// Requests on their way.
    late: Vec<(Timestamp, Call)>,
    /// Which tokens are good: a device that signed in before is out.
    pub sign_in: u32,
}

/// An answer, and what it shows.
pub struct Answered {
    pub answer: Result<Answer, Failure>,
    pub dialect: Option<Dialect>,
    pub seconds: u8,
    pub crash: bool,
}

impl Service {
    pub fn new() -> Self {
        Self { backends: vec![Backend::new("blue", 0)], active: 0, late: Vec::new(), sign_in: 0 }
    }

    pub fn backend(&mut self) -> &mut Backend {
        &mut self.backends[self.active]
    }

    /// What was on its way arrives.
    pub fn arrive(&mut self, now: Timestamp) {
        let (due, late) = std::mem::take(&mut self.late).into_iter().partition(|(at, _)| *at <= now);
        self.late = late;
        let due: Vec<(Timestamp, Call)> = due;
        for (_, call) in due {
            let _ = self.backend().carry_out(&call, now);
        }
    }

    /// A client that is none of the devices, and its songs those that nobody owns.
    pub fn meddle(&mut self, how: u8, now: Timestamp) {
        let song = super::story::SHARED + usize::from(how % 3);
        let backend = self.backend();
        let at = backend.entries.iter().position(|entry| entry.song == song);
        match (how / 3 % 3, at) {
            (0, _) => {
                backend.add(song, now);
            }
            (1, Some(at)) => {
                backend.entries.remove(at);
            }
            (_, Some(at)) => {
                backend.entries[at].plays += 1;
                backend.entries[at].last = Some(now);
            }
            (_, None) => {}
        }
    }

    pub fn ask(&mut self, call: &Call, fault: Fault, signed_in: u32, now: Timestamp) -> Answered {
        let mut answered =
            Answered { answer: Err(Failure::Away { sent: true }), dialect: None, seconds: 0, crash: false };
        let open = matches!(call, Call::Version | Call::Song(_) | Call::Search { .. });
        if fault == Fault::Void {
            self.sign_in += 1;
        }
        let at = match fault {
            // Which of two backends of one dialect answers, nobody can tell.
            Fault::Astray => {
                let now = self.backends[self.active].dialect;
                self.backends.iter().position(|backend| backend.dialect != now).unwrap_or(self.active)
            }
            _ => self.active,
        };
        let dialect = Some(self.backends[at].dialect);
        if !open && signed_in != self.sign_in {
            return Answered { answer: Err(Failure::SignIn), dialect, ..answered };
        }
        match fault {
            Fault::LostBefore => {}
            Fault::LostAfter => drop(self.backends[at].carry_out(call, now)),
            Fault::Late(seconds) => {
                let late = now + SignedDuration::from_secs(i64::from(seconds % 60));
                self.late.push((late, call.clone()));
            }
            Fault::Limited(seconds) => {
                let retry_after = seconds.map(|seconds| std::time::Duration::from_secs(seconds.into()));
                answered.answer = Err(Failure::Limited { retry_after });
                answered.dialect = dialect;
            }
            Fault::Broken { after } => {
                if after {
                    drop(self.backends[at].carry_out(call, now));
                }
                answered.answer = Err(Failure::Once { reason: "broken".to_owned() });
                answered.dialect = dialect;
            }
            Fault::Closed => {
                answered.answer = Err(Failure::Closed);
                answered.dialect = dialect;
            }
            Fault::Crash(carried_out) => {
                if carried_out {
                    drop(self.backends[at].carry_out(call, now));
                }
                answered.crash = true;
            }
            Fault::None | Fault::Twice | Fault::Slow(_) | Fault::Void | Fault::Moved(_) | Fault::Astray => {
                if let Fault::Moved(how) = fault {
                    self.meddle(how, now);
                }
                if fault == Fault::Twice {
                    self.backends[at].carry_out_again(call, now);
                }
                answered.answer = self.backends[at].carry_out(call, now);
                answered.dialect = dialect;
                if let Fault::Slow(seconds) = fault {
                    answered.seconds = seconds;
                }
            }
        }
        answered
    }
}
