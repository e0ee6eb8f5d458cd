//! A pass over the service's library: the newest entries, or all of them; what a suspicious page means; what follows
//! from a complete one.

use std::collections::VecDeque;

use jiff::Timestamp;
use melody_model::{RemoteEntry, RemotePage, ServerId};

use crate::{
    SETTLE,
    engine::{Asked, Engine},
    pace::later,
    reading::Reading,
    words::{
        Answer, Call, Change, Concluded, Failure, Goal, Met, Plays, RequestId, Step, Told, Trouble, Unmatched,
    },
};

/// How often a library that moves is read before the pass goes without a proof.
const ATTEMPTS: u32 = 3;
/// So many pages of new entries, and it is quicker to read everything at once.
const NEWEST_PAGES: u32 = 10;
/// Songs that are searched for in one run.
const SEARCHES: usize = 50;

/// A pass under way.
#[derive(Debug)]
pub(crate) struct Pass {
    reading: Reading,
    began: Timestamp,
    attempts: u32,
    /// Whether the first page was looked at: is this the generation that we think it is?
    recognised: bool,
    /// What was held back until that is known.
    held: Vec<RemoteEntry>,
    stage: Stage,
    /// Whether the library here was found to differ after a pass, and has been read once more for that.
    repeated: bool,
    pages: u32,
    /// A page that did not come.
    failed: Option<RequestId>,
}

#[derive(Debug)]
enum Stage {
    Reading,
    /// Known songs are asked for: does the service still know any of them?
    Probing {
        left: VecDeque<ServerId>,
        asked: bool,
        why: Suspicion,
    },
    /// Songs that this generation does not know under any id are searched for.
    Searching {
        left: VecDeque<Unmatched>,
        asked: bool,
        met: Met,
    },
    Over,
}

/// Why known songs are asked for.
#[derive(Debug)]
enum Suspicion {
    /// The first page holds nothing that is known.
    Strange,
    /// A complete pass lacks something, or most of the library.
    Absent { met: Met, mostly: bool },
}

impl Pass {
    fn of(reading: Reading, now: Timestamp) -> Self {
        Self {
            recognised: false,
            reading,
            began: now,
            attempts: 1,
            held: Vec::new(),
            stage: Stage::Reading,
            repeated: false,
            pages: 0,
            failed: None,
        }
    }

    pub fn whole(page: u32, now: Timestamp) -> Self {
        Self::of(Reading::whole(page, false), now)
    }

    pub fn newest(page: u32, now: Timestamp) -> Self {
        Self::of(Reading::newest(page), now)
    }

    pub fn resumed(page: u32, filled: &crate::Filled, now: Timestamp) -> Self {
        Self { recognised: true, ..Self::of(Reading::resumed(page, filled), now) }
    }

    /// Whether pages are under way.
    pub fn is_waiting(&self) -> bool {
        self.reading.is_waiting()
    }

    pub fn progress(&self) -> Option<(u64, u64)> {
        if self.reading.newest_first { None } else { self.reading.progress() }
    }
}

impl Engine {
    /// The next step of a pass; `None` when it is over.
    pub(crate) fn read_on(&mut self, pass: &mut Pass, now: Timestamp) -> Option<Step> {
        match &mut pass.stage {
            Stage::Over => None,
            Stage::Reading if pass.failed.is_some() && !pass.reading.is_waiting() => {
                // What else was under way has come, and stays.
                if let Some(request) = pass.failed {
                    self.stop(Trouble::Request(request));
                }
                Some(Step::Wait(Some(now)))
            }
            Stage::Reading if pass.reading.is_over() && !pass.reading.newest_first => {
                self.whole_reading_is_over(pass, now);
                self.next_change().or(Some(Step::Wait(Some(now))))
            }
            Stage::Reading => {
                let wants = pass.reading.wants().filter(|_| pass.failed.is_none());
                let Some(offset) = wants else { return Some(Step::Wait(None)) };
                let step = self.ask(pass.reading.call(offset), now);
                if matches!(step, Step::Request(..)) {
                    pass.reading.asked(offset);
                }
                Some(step)
            }
            Stage::Probing { asked: true, .. } | Stage::Searching { asked: true, .. } => {
                Some(Step::Wait(None))
            }
            Stage::Probing { left, asked, why } => {
                if let Some(song) = left.front() {
                    let step = self.ask(Call::Song(song.clone()), now);
                    *asked = matches!(step, Step::Request(..));
                    return Some(step);
                }
                // It knows none of them: these ids are another generation's.
                let ids = match why {
                    Suspicion::Strange => ids_of(&pass.held),
                    Suspicion::Absent { met, .. } => met.ids.iter().cloned().collect(),
                };
                let generation = self.generation?;
                Some(self.change(Change::Leave { generation, ids }))
            }
            Stage::Searching { left, asked, .. } => match left.front() {
                Some(Unmatched { title }) => {
                    let call = Call::Search { title: title.clone() };
                    let step = self.ask(call, now);
                    *asked = matches!(step, Step::Request(..));
                    Some(step)
                }
                None => Some(self.change(Change::Refill)),
            },
        }
    }

    pub(crate) fn told_pass(&mut self, pass: &mut Pass, told: Told, now: Timestamp) {
        match told {
            Told::Recognised { named, known, probes } => {
                if named > 0 && known == 0 && !probes.is_empty() {
                    let left = probes.into();
                    pass.stage = Stage::Probing { left, asked: false, why: Suspicion::Strange };
                } else {
                    self.recognised(pass);
                }
            }
            Told::Entered(generation) => {
                self.generation = Some(generation);
                self.found.met = None;
                // What a search did not find there may well be here.
                self.searched.clear();
                self.read_again(pass, Reading::whole(self.limits.page, false), now);
            }
            Told::Stored { new, named } => self.stored(pass, new, named, now),
            Told::Concluded(concluded) => self.concluded(pass, concluded, now),
            Told::Done | Told::Offered(_) | Told::Going(_) => {}
        }
    }

    /// Reads once more, all of it, in a generation that is known by now.
    fn read_again(&mut self, pass: &mut Pass, reading: Reading, now: Timestamp) {
        self.walk += 1;
        let (attempts, repeated) = (pass.attempts, pass.repeated);
        *pass = Pass { attempts, repeated, recognised: true, ..Pass::of(reading, now) };
    }

    /// This is the generation that we think it is.
    fn recognised(&mut self, pass: &mut Pass) {
        pass.recognised = true;
        pass.stage = Stage::Reading;
        let held = std::mem::take(&mut pass.held);
        self.keep_page(pass, held);
    }

    /// Keeps a page of a pass. How far a first reading has come is true when its pages are kept, and not before.
    fn keep_page(&mut self, pass: &Pass, entries: Vec<RemoteEntry>) {
        let reading = &pass.reading;
        let filled = (!self.memory.filled && !reading.newest_first).then(|| reading.filled());
        self.changes.push_back(Change::Store { entries, filled, count: reading.newest_first });
    }

    pub(crate) fn answered_pass(
        &mut self,
        pass: &mut Pass,
        request: RequestId,
        asked: &Asked,
        answer: Result<Answer, Failure>,
        now: Timestamp,
    ) {
        match (&asked.call, answer) {
            (Call::Page { offset, .. }, Ok(Answer::Page(page))) => {
                self.page_came(pass, *offset, page, asked.at);
            }
            (Call::Page { offset, .. }, Err(failure)) => {
                pass.reading.failed(*offset);
                if !matches!(failure, Failure::Limited { .. }) {
                    pass.failed.get_or_insert(request);
                }
            }
            (Call::Song(_), Ok(Answer::Song(there))) => self.probed(pass, there, now),
            (Call::Search { .. }, Ok(Answer::Songs(songs))) => {
                self.changes.push_back(Change::Learn(songs));
                searched(pass);
            }
            (Call::Search { .. }, Err(Failure::Once { .. } | Failure::Refused { .. })) => searched(pass),
            (_, Err(Failure::Limited { .. })) => {
                if let Stage::Probing { asked, .. } | Stage::Searching { asked, .. } = &mut pass.stage {
                    *asked = false;
                }
            }
            _ => self.stop(Trouble::Request(request)),
        }
    }

    fn page_came(
        &mut self,
        pass: &mut Pass,
        offset: u64,
        page: RemotePage<RemoteEntry>,
        asked_at: Timestamp,
    ) {
        if !matches!(pass.stage, Stage::Reading) {
            return;
        }
        pass.reading.came(offset, &page);
        pass.pages += 1;
        for entry in &page.items {
            if self.wanted.contains(&entry.server_id) {
                let plays = Plays { count: entry.play_count, last: entry.last_played_at };
                self.found.plays.insert(entry.server_id.clone(), (plays, asked_at));
            }
        }
        if self.goal == Goal::Compare {
            self.changes.push_back(Change::Compare { entries: page.items, anew: pass.pages == 1 });
        } else if pass.recognised {
            self.keep_page(pass, page.items);
        } else {
            pass.held.clone_from(&page.items);
            self.changes.push_back(Change::Recognise(page.items));
        }
    }

    /// The newest entries are kept: is that enough?
    fn stored(&mut self, pass: &mut Pass, new: u64, named: Option<u64>, now: Timestamp) {
        let Some(named) = named else { return };
        if !pass.reading.newest_first || !matches!(pass.stage, Stage::Reading) {
            return;
        }
        let reading = &pass.reading;
        let agrees = reading.total() == Some(named);
        let seen = self.wanted.iter().all(|entry| self.found.plays.contains_key(entry));
        if new == 0 && agrees && !reading.moved() && seen {
            pass.stage = Stage::Over;
        } else if reading.is_over()
            || reading.moved()
            || (new == 0 && !agrees)
            || reading.total().is_some_and(|total| total < named)
            || pass.pages >= NEWEST_PAGES
        {
            self.read_again(pass, Reading::whole(self.limits.page, false), now);
        }
    }

    /// Every page of the whole library came and is kept.
    fn whole_reading_is_over(&mut self, pass: &mut Pass, now: Timestamp) {
        let proven = pass.reading.proven().cloned().zip(self.generation);
        if let Some((ids, generation)) = proven {
            let met = Met { generation, began: pass.began, ids };
            pass.stage = Stage::Over;
            if self.goal != Goal::Compare {
                self.found.met = Some(met.clone());
                self.changes.push_back(Change::Conclude { met, believe: false });
            }
            return;
        }
        if pass.attempts < ATTEMPTS
            && let Some(reading) = pass.reading.again()
        {
            pass.attempts += 1;
            self.read_again(pass, reading, now);
            return;
        }
        pass.stage = Stage::Over;
        if self.goal == Goal::Compare {
            self.stop(Trouble::Moved);
        } else {
            self.changes.push_back(Change::Filled { complete: None });
        }
    }

    fn concluded(&mut self, pass: &mut Pass, concluded: Concluded, now: Timestamp) {
        // After the searches: what is still not matched is kept and shown.
        if let Stage::Searching { met, .. } = &pass.stage {
            let complete = Some(met.began);
            pass.stage = Stage::Over;
            self.changes.push_back(Change::Filled { complete });
            return;
        }
        let Some(met) = self.found.met.clone() else { return };
        if concluded.withheld {
            // What the service may have lost proves nothing about a change either.
            self.found.met = None;
            let left = concluded.probes.into();
            pass.stage = Stage::Probing {
                left,
                asked: false,
                why: Suspicion::Absent { met, mostly: concluded.mostly },
            };
            return;
        }
        if concluded.differs && !pass.repeated {
            pass.repeated = true;
            self.read_again(pass, Reading::whole(self.limits.page, false), now);
            return;
        }
        if concluded.unmatched.is_empty() {
            self.changes.push_back(Change::Filled { complete: Some(met.began) });
            return;
        }
        let left = concluded.unmatched.into_iter().take(SEARCHES).collect();
        pass.stage = Stage::Searching { left, asked: false, met };
    }

    /// Whether the service still knows a song by the id that this generation gave it.
    fn probed(&mut self, pass: &mut Pass, there: bool, now: Timestamp) {
        let Stage::Probing { left, asked, why } = &mut pass.stage else { return };
        *asked = false;
        left.pop_front();
        if !there {
            return;
        }
        match std::mem::replace(why, Suspicion::Strange) {
            Suspicion::Strange => self.recognised(pass),
            Suspicion::Absent { met, mostly } => {
                pass.stage = Stage::Over;
                // The generation is the same. That most of the library went is believed when a later pass says so too.
                match self.memory.absence {
                    since if !mostly || since.is_some_and(|since| later(since, SETTLE) <= now) => {
                        self.found.met = Some(met.clone());
                        self.changes.push_back(Change::Conclude { met, believe: true });
                    }
                    Some(_) => self.changes.push_back(Change::Filled { complete: None }),
                    None => {
                        self.changes.push_back(Change::Missing(now));
                        self.changes.push_back(Change::Filled { complete: None });
                    }
                }
            }
        }
    }
}

fn searched(pass: &mut Pass) {
    if let Stage::Searching { left, asked, .. } = &mut pass.stage {
        left.pop_front();
        *asked = false;
    }
}

fn ids_of(entries: &[RemoteEntry]) -> Vec<ServerId> {
    entries.iter().map(|entry| entry.server_id.clone()).collect()
}
