//! Sending what waits: one change after the other, in the order of each song; one that is held back holds back no other
//! song's.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use melody_model::{OperationId, ServerId, SongId};

use crate::{
    deciding::{Decision, decide},
    engine::{Engine, Phase},
    reading::Reading,
    words::{Answer, Call, Change, Failure, Goal, Pending, RequestId, Step, Told, Trouble, What},
};

/// Operations that are looked at in one go.
const BATCH: u32 = 100;
/// So often the service may fail at one change, while it passes others, before that change is set aside.
const PATIENCE: u32 = 5;

/// One round through what waits.
#[derive(Debug, Default)]
pub(crate) struct Round {
    queue: VecDeque<Pending>,
    current: Option<(Pending, Stage)>,
    /// What this round is through with, though it still waits.
    passed_over: HashMap<OperationId, SongId>,
    /// Whether the database has to be asked what waits now, once the queue is empty.
    stale: bool,
    /// How many it was asked for last.
    limit: u32,
}

/// How far the change under way is.
#[derive(Debug)]
enum Stage {
    /// The database is told that it goes out.
    Marking(Call),
    Ready(Call),
    Asked,
    /// The service says that it has the song: it is looked up.
    Looking(Reading),
    /// The service has no such entry: is it still the service that gave out the id?
    Doubting,
    DoubtAsked,
    /// The service does not know the song by this id: does it know it by another one?
    Searching,
    SearchAsked,
}

impl Round {
    pub fn new() -> Self {
        Self { stale: true, ..Self::default() }
    }

    pub fn told(&mut self, told: Told) {
        match told {
            Told::Offered(offered) => {
                // So many may all be held back, and there are more behind them.
                self.stale |= offered.len() >= self.limit as usize;
                self.queue =
                    offered.into_iter().filter(|op| !self.passed_over.contains_key(&op.op)).collect();
            }
            // Somebody gave it up meanwhile.
            Told::Going(false) => {
                self.current = None;
                self.stale = true;
            }
            _ => {}
        }
    }
}

impl Engine {
    /// The next step of a round; `None` when it is over.
    pub(crate) fn send_on(&mut self, round: &mut Round, now: Timestamp) -> Option<Step> {
        loop {
            if round.stale && round.queue.is_empty() && round.current.is_none() {
                round.stale = false;
                let passed_over = u32::try_from(round.passed_over.len()).unwrap_or(u32::MAX);
                round.limit = BATCH.saturating_add(passed_over);
                return Some(self.change(Change::Offer { limit: round.limit }));
            }
            let Some((pending, stage)) = round.current.take() else {
                let pending = round.queue.pop_front()?;
                if let Some(step) = self.take_up(round, pending, now) {
                    return Some(step);
                }
                continue;
            };
            let (step, stage) = match stage {
                Stage::Marking(call) => (None, Stage::Ready(call)),
                Stage::Ready(call) => match self.ask(call.clone(), now) {
                    step @ Step::Request(..) => (Some(step), Stage::Asked),
                    wait => (Some(wait), Stage::Ready(call)),
                },
                Stage::Looking(mut reading) => match reading.wants() {
                    Some(offset) => {
                        let step = self.ask(reading.call(offset), now);
                        if matches!(step, Step::Request(..)) {
                            reading.asked(offset);
                        }
                        (Some(step), Stage::Looking(reading))
                    }
                    None if reading.is_over() => {
                        self.not_there_after_all(round, &pending);
                        continue;
                    }
                    None => (Some(Step::Wait(None)), Stage::Looking(reading)),
                },
                Stage::Doubting => {
                    let Some(song) = pending.song_id.clone() else {
                        self.leave_to_a_pass(round, &pending);
                        continue;
                    };
                    match self.ask(Call::Song(song), now) {
                        step @ Step::Request(..) => (Some(step), Stage::DoubtAsked),
                        wait => (Some(wait), Stage::Doubting),
                    }
                }
                Stage::Searching => {
                    let call = Call::Search { title: pending.title.clone() };
                    match self.ask(call, now) {
                        step @ Step::Request(..) => (Some(step), Stage::SearchAsked),
                        wait => (Some(wait), Stage::Searching),
                    }
                }
                stage @ (Stage::Asked | Stage::DoubtAsked | Stage::SearchAsked) => {
                    (Some(Step::Wait(None)), stage)
                }
            };
            round.current = Some((pending, stage));
            if step.is_some() {
                return step;
            }
        }
    }

    /// Decides about a change; answers with a step if something has to happen before the next one.
    fn take_up(&mut self, round: &mut Round, pending: Pending, now: Timestamp) -> Option<Step> {
        let op = pending.op;
        if pending.what == What::Add && pending.song_id.is_none() {
            let read = self.found.met.is_some();
            if read && pending.removal_follows {
                round.stale = true;
                return Some(self.change(Change::Moot(op)));
            }
            let searched = self.searched.contains(&op);
            if read && searched {
                round.stale = true;
                return Some(self.change(Change::Park { op, reason: None }));
            }
            // Where a pass follows, that may tell without being asked for each song.
            if !searched && (read || self.goal == Goal::Send) {
                round.current = Some((pending, Stage::Searching));
                return None;
            }
        }
        let call = match decide(&pending, &self.found, now) {
            Decision::Send(call) => call,
            Decision::SendAgain(call) => {
                self.changes.push_back(Change::Release { op, unclear: false, refuted: true });
                call
            }
            Decision::Settled => {
                round.stale = true;
                return Some(self.change(Change::Heard { op, entry: None, count: None, last: None }));
            }
            Decision::Uncertain => {
                round.stale = true;
                return Some(self.change(Change::Uncertain(op)));
            }
            Decision::Moot => {
                round.stale = true;
                return Some(self.change(Change::Moot(op)));
            }
            Decision::Later(until) => {
                match until {
                    Some(until) => self.try_again_at(until),
                    // What it waits for, only a complete pass can tell.
                    None => self.needs_pass = true,
                }
                round.passed_over.insert(op, pending.song);
                return None;
            }
            Decision::Look(entry) => {
                self.wanted.insert(entry);
                round.passed_over.insert(op, pending.song);
                return None;
            }
        };
        // Marked as going out only when it may go at once: a kill while it waits for its turn is no doubt.
        if let Some(wait) = self.must_wait(&call, now) {
            round.queue.push_front(pending);
            return Some(wait);
        }
        self.changes.push_back(Change::Sending(op));
        round.current = Some((pending, Stage::Marking(call)));
        Some(self.next_change().unwrap_or(Step::Wait(None)))
    }

    /// An answer for the change under way.
    pub(crate) fn answered_round(
        &mut self,
        round: &mut Round,
        request: RequestId,
        call: &Call,
        answer: Result<Answer, Failure>,
    ) {
        let Some((pending, stage)) = round.current.take() else { return };
        let op = pending.op;
        let page = match (call, stage) {
            (Call::Page { offset, .. }, Stage::Looking(reading)) => Some((*offset, reading)),
            _ => None,
        };
        if let Some((offset, mut reading)) = page {
            match answer {
                Ok(Answer::Page(page)) => {
                    reading.came(offset, &page);
                    let named = page
                        .items
                        .iter()
                        .find(|entry| Some(&entry.song.server_id) == pending.song_id.as_ref());
                    let entry = named.map(|entry| entry.server_id.clone());
                    self.keep(page.items);
                    match entry {
                        Some(entry) => self.heard(round, &pending, Some(entry), None, None),
                        None => round.current = Some((pending, Stage::Looking(reading))),
                    }
                }
                Err(Failure::Limited { .. }) => {
                    reading.failed(offset);
                    round.current = Some((pending, Stage::Looking(reading)));
                }
                _ => {
                    self.release(op, true);
                    self.stop(Trouble::Request(request));
                }
            }
            return;
        }
        match answer {
            Ok(answer) => self.answered_well(round, pending, answer),
            Err(failure) => self.failed_round(round, request, pending, call, failure),
        }
    }

    fn answered_well(&mut self, round: &mut Round, pending: Pending, answer: Answer) {
        let op = pending.op;
        match answer {
            // “You have it already” may be said without a name for it, and by who has it not: it is looked up.
            Answer::Added { entry: None, .. } => {
                round.current = Some((pending, Stage::Looking(Reading::newest(self.limits.page))));
            }
            Answer::Added { entry, plays } => {
                let count = plays.map(|plays| plays.count);
                self.heard(round, &pending, entry, count, plays.and_then(|plays| plays.last));
            }
            Answer::Played { count, last } => {
                self.heard(round, &pending, pending.entry_id.clone(), count, last);
            }
            // Gone, or of a backend that was built anew and knows none of these ids.
            Answer::NotThere if !pending.entry_id.as_ref().is_some_and(|entry| self.found.lacks(entry)) => {
                round.current = Some((pending, Stage::Doubting));
            }
            Answer::Removed | Answer::NotThere | Answer::Song(true) => self.removed(round, &pending),
            Answer::Song(false) => self.leave_to_a_pass(round, &pending),
            Answer::Songs(songs) => {
                if pending.song_id.is_some() {
                    self.release(op, false);
                    self.changes.push_back(Change::Forget(pending.song));
                }
                self.changes.push_back(Change::Learn(songs));
                self.searched.insert(op);
                round.stale = true;
            }
            Answer::Version | Answer::Page(_) => self.release(op, true),
        }
    }

    fn failed_round(
        &mut self,
        round: &mut Round,
        request: RequestId,
        pending: Pending,
        call: &Call,
        failure: Failure,
    ) {
        let op = pending.op;
        // The question whether the song is there was not the change.
        let asked_about = matches!(call, Call::Song(_) | Call::Search { .. });
        match failure {
            Failure::Limited { .. } if matches!(call, Call::Search { .. }) => {
                round.current = Some((pending, Stage::Searching));
            }
            Failure::Limited { .. } => {
                self.release(op, false);
                // In its turn again, which is the first; at a limit of which no pace is known the run ends before.
                round.queue.push_front(Pending { attempts: pending.attempts + 1, ..pending });
            }
            Failure::Away { sent } => {
                self.release(op, sent && !asked_about);
                self.stop(Trouble::Request(request));
            }
            Failure::Closed | Failure::SignIn | Failure::Here => {
                self.release(op, false);
                self.stop(Trouble::Request(request));
            }
            _ if asked_about => self.leave_to_a_pass(round, &pending),
            Failure::Unproven => {
                self.release(op, true);
                // Before the library is read there is hope that it settles this.
                if self.found.met.is_some() {
                    self.note(Trouble::Request(request));
                }
                self.needs_pass = true;
                round.passed_over.insert(op, pending.song);
            }
            Failure::Once { reason } => {
                // A handler that failed may have done its work first.
                if pending.attempts + 1 >= PATIENCE && self.passed > 0 {
                    self.changes.push_back(Change::Park { op, reason: Some(reason) });
                    round.stale = true;
                } else {
                    self.release(op, true);
                    round.passed_over.insert(op, pending.song);
                }
                self.note(Trouble::Request(request));
            }
            // An id that the service does not know may be one of another backend, which looks the same.
            Failure::Refused { not_found: true, .. } if self.found.met.is_none() => {
                self.leave_to_a_pass(round, &pending);
                if pending.what == What::Add {
                    // So that the song is recognised under the id that it has now.
                    self.changes.push_back(Change::Forget(pending.song));
                }
            }
            Failure::Refused { not_found: true, .. } if pending.what != What::Add => {
                // It went since the pass: the next one settles that.
                self.leave_to_a_pass(round, &pending);
            }
            Failure::Refused { not_found: true, .. } if !self.searched.contains(&op) => {
                round.current = Some((pending, Stage::Searching));
            }
            Failure::Refused { reason, .. } => {
                self.changes.push_back(Change::Park { op, reason: Some(reason) });
                round.stale = true;
            }
        }
    }

    fn heard(
        &mut self,
        round: &mut Round,
        pending: &Pending,
        entry: Option<ServerId>,
        count: Option<u64>,
        last: Option<Timestamp>,
    ) {
        if let (Some(met), Some(entry)) = (&mut self.found.met, &entry) {
            met.ids.insert(entry.clone());
        }
        self.changes.push_back(Change::Heard { op: pending.op, entry, count, last });
        // What waited for it may go now.
        round.passed_over.retain(|_, song| *song != pending.song);
        round.stale = true;
    }

    fn removed(&mut self, round: &mut Round, pending: &Pending) {
        if let (Some(met), Some(entry)) = (&mut self.found.met, &pending.entry_id) {
            met.ids.remove(entry);
        }
        self.heard(round, pending, None, None, None);
    }

    /// The service said that it has the song, and has not.
    fn not_there_after_all(&mut self, round: &mut Round, pending: &Pending) {
        self.release(pending.op, true);
        if self.found.met.is_some() {
            self.note(Trouble::NotSaved);
        }
        self.needs_pass = true;
        round.passed_over.insert(pending.op, pending.song);
    }

    fn leave_to_a_pass(&mut self, round: &mut Round, pending: &Pending) {
        self.release(pending.op, false);
        self.needs_pass = true;
        round.passed_over.insert(pending.op, pending.song);
    }

    fn release(&mut self, op: OperationId, unclear: bool) {
        self.changes.push_back(Change::Release { op, unclear, refuted: false });
    }

    /// Whether a change is on its way: cut off now, it may have been taken.
    pub(crate) fn under_way(&self) -> Option<OperationId> {
        match &self.phase {
            Phase::Send(Round { current: Some((pending, Stage::Asked)), .. })
            | Phase::SendRest(Round { current: Some((pending, Stage::Asked)), .. }) => Some(pending.op),
            _ => None,
        }
    }
}
