//! One run of sync: which dialect answers, what goes out, what is read, and how it ends.

use std::collections::{BTreeMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use melody_model::{GenerationId, OperationId, RemoteEntry, ServerId};

use crate::{
    deciding::Found,
    outbox::Round,
    pace::{Allowance, Limits, later},
    passes::Pass,
    reading::Reading,
    words::{
        Answer, Call, Change, Dialect, Failure, Goal, Memory, RequestId, State, Step, Stopped, Told, Trouble,
    },
};

/// How many answers in a row must agree before another backend is believed to be the service now.
const AGREEING: u32 = 2;
/// How often the service is asked for that.
const GREETINGS: u32 = 3;
/// What this client is built for, where nothing tells.
const UNTOLD: Dialect = "green";
/// How long a limit is waited for within a run, and how often in a row. After that the run ends, and says until when.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(90);
const REFUSALS: u32 = 5;
/// Entries of a pass that are kept at once, while more are on their way.
const GATHERED: usize = 800;
/// How old a complete pass may be before the next one is due.
const FULL_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// One run. See the crate's documentation.
#[derive(Debug)]
pub struct Engine {
    pub(crate) goal: Goal,
    pub(crate) memory: Memory,
    pub(crate) limits: Limits,
    pub(crate) generation: Option<GenerationId>,
    dialect: Option<Dialect>,
    pub(crate) phase: Phase,
    /// Changes of the database that come before anything else.
    pub(crate) changes: VecDeque<Change>,
    requests: u64,
    in_flight: BTreeMap<RequestId, Asked>,
    /// Which walk through the pages is under way: an answer for an earlier one is of no interest any more.
    pub(crate) walk: u32,
    pub(crate) found: Found,
    /// Entries whose counts of plays have to be read.
    pub(crate) wanted: HashSet<ServerId>,
    /// Additions whose songs were looked for by name.
    pub(crate) searched: HashSet<OperationId>,
    /// Whether a change waits for what only a complete pass can tell.
    pub(crate) needs_pass: bool,
    /// Calls that the service has passed.
    pub(crate) passed: u32,
    stopped: Option<Stopped>,
    noted: Option<Trouble>,
    again_at: Option<Timestamp>,
    waiting: Option<Timestamp>,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Asked {
    pub call: Call,
    pub at: Timestamp,
    walk: u32,
}

#[derive(Debug)]
pub(crate) enum Phase {
    /// Which dialect answers? Asked so often, agreed so often.
    Greet {
        asked: u32,
        agreed: u32,
    },
    Enter,
    Send(Round),
    Read(Pass),
    Learn {
        song: ServerId,
        reading: Reading,
    },
    /// What could only go out after the library was read.
    SendRest(Round),
    Over,
}

impl Engine {
    pub fn new(goal: Goal, memory: Memory, mut limits: Limits) -> Self {
        limits.library.begin();
        limits.search.begin();
        Self {
            goal,
            dialect: memory.heard.map(|(dialect, _)| dialect).or(memory.dialect),
            memory,
            limits,
            generation: None,
            phase: Phase::Greet { asked: 0, agreed: 0 },
            changes: VecDeque::new(),
            requests: 0,
            in_flight: BTreeMap::new(),
            walk: 0,
            found: Found::default(),
            wanted: HashSet::new(),
            searched: HashSet::new(),
            needs_pass: false,
            passed: 0,
            stopped: None,
            noted: None,
            again_at: None,
            waiting: None,
        }
    }

    /// The paces, as the next run needs them.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The generation that this run is in, once that is known.
    pub fn generation(&self) -> Option<GenerationId> {
        self.generation
    }

    /// What can be seen of the run.
    pub fn state(&self) -> State {
        match (self.waiting, &self.phase) {
            (Some(until), _) => State::Waiting { until },
            (None, Phase::Read(pass)) => State::Running { progress: pass.progress() },
            (None, _) => State::Running { progress: None },
        }
    }

    /// What to do next. After [`Step::Change`] comes [`Engine::told`]; after [`Step::Wait`] an answer, or this again.
    pub fn next(&mut self, now: Timestamp) -> Step {
        self.waiting = None;
        let step = self.step(now);
        if let Step::Wait(Some(until)) = step {
            self.waiting = Some(until);
        }
        step
    }

    fn step(&mut self, now: Timestamp) -> Step {
        loop {
            if !self.gathers()
                && let Some(change) = self.next_change()
            {
                return change;
            }
            if let Some(stopped) = &self.stopped {
                return Step::Over(stopped.clone());
            }
            match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Greet { asked, agreed } => {
                    let (step, phase) = self.greet(asked, agreed, now);
                    self.phase = phase;
                    if let Some(step) = step {
                        return step;
                    }
                }
                Phase::Enter => {
                    self.phase = Phase::Enter;
                    return Step::Change(Change::Enter(self.dialect.unwrap_or(UNTOLD)));
                }
                Phase::Send(mut round) => {
                    let step = self.send_on(&mut round, now);
                    self.phase = match (&step, &self.goal) {
                        (Some(_), _) => Phase::Send(round),
                        (None, Goal::Sync) => Phase::Read(self.pass(now)),
                        (None, _) => Phase::Over,
                    };
                    if let Some(step) = step {
                        return step;
                    }
                }
                Phase::Read(mut pass) => {
                    let step = self.read_on(&mut pass, now);
                    // Nothing to wait for: there is something new to do.
                    if step == Some(Step::Wait(Some(now))) {
                        self.phase = Phase::Read(pass);
                        continue;
                    }
                    self.phase = match (&step, &self.goal) {
                        (Some(_), _) => Phase::Read(pass),
                        (None, Goal::Sync) => Phase::SendRest(Round::new()),
                        (None, _) => Phase::Over,
                    };
                    if let Some(step) = step {
                        return step;
                    }
                }
                Phase::Learn { song, mut reading } => {
                    let step = reading.wants().map(|offset| {
                        let step = self.ask(reading.call(offset), now);
                        if matches!(step, Step::Request(..)) {
                            reading.asked(offset);
                        }
                        step
                    });
                    let over = reading.is_over();
                    if !over {
                        self.phase = Phase::Learn { song, reading };
                        return step.unwrap_or(Step::Wait(None));
                    }
                }
                Phase::SendRest(mut round) => match self.send_on(&mut round, now) {
                    Some(step) => {
                        self.phase = Phase::SendRest(round);
                        return step;
                    }
                    None => self.phase = Phase::Over,
                },
                Phase::Over => {
                    self.stopped = Some(Stopped { trouble: self.noted, again_at: self.again_at });
                }
            }
        }
    }

    /// Finds out which backend the service is now, as far as that has to be known before.
    fn greet(&mut self, asked: u32, agreed: u32, now: Timestamp) -> (Option<Step>, Phase) {
        let here = Phase::Greet { asked, agreed };
        if !self.in_flight.is_empty() {
            return (Some(Step::Wait(None)), here);
        }
        let heard = self.memory.heard.map_or(0, |(_, times)| times).max(agreed);
        let changed = self.memory.dialect.is_some() && self.dialect != self.memory.dialect;
        let sends = matches!(self.goal, Goal::Send | Goal::Sync) && self.memory.pending > 0;
        let enough = if changed {
            heard >= AGREEING
        } else {
            // Operations are planned with one generation's ids: which one answers should be known before.
            heard > 0 || asked > 0 || (!sends && self.dialect.is_some())
        };
        if enough {
            return (None, Phase::Enter);
        }
        if asked >= GREETINGS {
            self.stop(Trouble::Switched);
            return (None, Phase::Over);
        }
        match self.ask(Call::Version, now) {
            step @ Step::Request(..) => (Some(step), Phase::Greet { asked: asked + 1, agreed }),
            wait => (Some(wait), here),
        }
    }

    /// The pass that is due.
    fn pass(&self, now: Timestamp) -> Pass {
        let complete = self.memory.full.is_some_and(|(generation, at)| {
            Some(generation) == self.generation && now < later(at, FULL_EVERY)
        });
        if self.memory.filled && complete && !self.needs_pass {
            Pass::newest(self.limits.page, now)
        } else {
            Pass::whole(self.limits.page, now)
        }
    }

    /// A first reading, from where an earlier one was cut off.
    fn fill(&self, now: Timestamp) -> Pass {
        match &self.memory.filling {
            Some((generation, filled)) if Some(*generation) == self.generation => {
                Pass::resumed(self.limits.page, filled, now)
            }
            _ => Pass::whole(self.limits.page, now),
        }
    }

    /// What came of the change that was the last step.
    pub fn told(&mut self, told: Told, now: Timestamp) {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Enter => {
                if let Told::Entered(generation) = told {
                    self.generation = Some(generation);
                }
                self.phase = match &self.goal {
                    Goal::Send | Goal::Sync => Phase::Send(Round::new()),
                    Goal::Fill => Phase::Read(self.fill(now)),
                    Goal::Compare => Phase::Read(Pass::whole(self.limits.page, now)),
                    Goal::Learn(song) => {
                        Phase::Learn { song: song.clone(), reading: Reading::newest(self.limits.page) }
                    }
                };
            }
            Phase::Send(mut round) => {
                round.told(told);
                self.phase = Phase::Send(round);
            }
            Phase::SendRest(mut round) => {
                round.told(told);
                self.phase = Phase::SendRest(round);
            }
            Phase::Read(mut pass) => {
                self.told_pass(&mut pass, told, now);
                self.phase = Phase::Read(pass);
            }
            other => self.phase = other,
        }
    }

    /// An answer, or why there is none; with what it shows of the backend and of its limits.
    pub fn answered(
        &mut self,
        request: RequestId,
        answer: Result<Answer, Failure>,
        dialect: Option<Dialect>,
        allowance: Option<Allowance>,
        now: Timestamp,
    ) {
        let Some(asked) = self.in_flight.remove(&request) else { return };
        let too_long = self.note_pace(&asked.call, &answer, allowance, now);
        if let Phase::Greet { asked, agreed } = self.phase {
            // One that does not tell shows it in its first answer.
            let agreed = match dialect {
                Some(dialect) if self.dialect == Some(dialect) => agreed + u32::from(answer.is_ok()),
                Some(dialect) => {
                    self.dialect = Some(dialect);
                    self.memory.heard = None;
                    u32::from(answer.is_ok())
                }
                None => agreed,
            };
            self.phase = Phase::Greet { asked, agreed };
            return;
        }
        if self.stopped.is_some() {
            return;
        }
        if dialect.is_some() && dialect != Some(self.dialect.unwrap_or(UNTOLD)) {
            // The backend changed under us: whose answer this was cannot be told, and the ids are another's.
            if let Some(op) = self.under_way() {
                self.changes.push_back(Change::Release { op, unclear: true, refuted: false });
            }
            self.stop(Trouble::Switched);
            return;
        }
        self.phase = match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Send(mut round) => {
                self.answered_round(&mut round, request, &asked.call, answer);
                Phase::Send(round)
            }
            Phase::SendRest(mut round) => {
                self.answered_round(&mut round, request, &asked.call, answer);
                Phase::SendRest(round)
            }
            Phase::Read(mut pass) => {
                if asked.walk == self.walk {
                    self.answered_pass(&mut pass, request, &asked, answer, now);
                }
                Phase::Read(pass)
            }
            Phase::Learn { song, reading } => {
                self.answered_learn(song, reading, request, &asked.call, answer)
            }
            other => other,
        };
        if too_long {
            self.stop(Trouble::Request(request));
        }
    }

    fn answered_learn(
        &mut self,
        song: ServerId,
        mut reading: Reading,
        request: RequestId,
        call: &Call,
        answer: Result<Answer, Failure>,
    ) -> Phase {
        match (call, answer) {
            (Call::Page { offset, .. }, Ok(Answer::Page(page))) => {
                reading.came(*offset, &page);
                let there = page.items.iter().any(|entry| entry.song.server_id == song);
                self.keep(page.items);
                if there { Phase::Over } else { Phase::Learn { song, reading } }
            }
            (Call::Page { offset, .. }, Err(Failure::Limited { .. })) => {
                reading.failed(*offset);
                Phase::Learn { song, reading }
            }
            _ => {
                self.stop(Trouble::Request(request));
                Phase::Over
            }
        }
    }

    /// Keeps the pace; answers whether a limit has to be waited for longer than a run should last.
    fn note_pace(
        &mut self,
        call: &Call,
        answer: &Result<Answer, Failure>,
        allowance: Option<Allowance>,
        now: Timestamp,
    ) -> bool {
        let pacer = match call {
            Call::Search { .. } => &mut self.limits.search,
            _ if is_limited(call) => &mut self.limits.library,
            _ => return matches!(answer, Err(Failure::Limited { .. })),
        };
        pacer.answered(allowance, now);
        match answer {
            Ok(_) => {
                pacer.passed();
                self.passed += 1;
                false
            }
            Err(Failure::Limited { retry_after }) => {
                let (until, times) = pacer.refused(*retry_after, now);
                let too_long = until > later(now, LONGEST_WAIT) || times >= REFUSALS;
                if too_long {
                    self.try_again_at(until);
                }
                too_long
            }
            Err(_) => false,
        }
    }

    /// A request, if its turn has come; else how long it has to wait.
    pub(crate) fn ask(&mut self, call: Call, now: Timestamp) -> Step {
        if let Some(wait) = self.must_wait(&call, now) {
            return wait;
        }
        match call {
            Call::Search { .. } => self.limits.search.sent(now),
            _ if is_limited(&call) => self.limits.library.sent(now),
            _ => {}
        }
        self.requests += 1;
        let id = RequestId(self.requests);
        self.in_flight.insert(id, Asked { call: call.clone(), at: now, walk: self.walk });
        Step::Request(id, call)
    }

    pub(crate) fn must_wait(&self, call: &Call, now: Timestamp) -> Option<Step> {
        let ready = match call {
            Call::Search { .. } => self.limits.search.ready_at(now),
            _ if is_limited(call) => self.limits.library.ready_at(now),
            _ => now,
        };
        (ready > now).then_some(Step::Wait(Some(ready)))
    }

    pub(crate) fn change(&mut self, change: Change) -> Step {
        self.changes.push_back(change);
        self.next_change().unwrap_or(Step::Wait(None))
    }

    pub(crate) fn next_change(&mut self) -> Option<Step> {
        let mut change = self.changes.pop_front()?;
        // Pages that came while the database was at work are kept at once.
        while let Change::Store { entries, filled, count: false } = &mut change
            && let Some(Change::Store { count: false, .. }) = self.changes.front()
            && let Some(Change::Store { entries: more, filled: further, .. }) = self.changes.pop_front()
        {
            entries.extend(more);
            *filled = further.or(filled.take());
        }
        Some(Step::Change(change))
    }

    /// Whether what came is not kept yet because more is on its way: many entries at once cost the database much less.
    fn gathers(&self) -> bool {
        let more = matches!(&self.phase, Phase::Read(pass) if pass.is_waiting()) && self.stopped.is_none();
        let mut entries = 0;
        more && self.changes.iter().all(|change| match change {
            Change::Store { entries: came, count: false, .. } => {
                entries += came.len();
                entries < GATHERED
            }
            _ => false,
        })
    }

    /// Keeps what a page held that was not read for a pass.
    pub(crate) fn keep(&mut self, entries: Vec<RemoteEntry>) {
        self.changes.push_back(Change::Store { entries, filled: None, count: false });
    }

    /// Ends the run, once the database has been told what came last.
    pub(crate) fn stop(&mut self, trouble: Trouble) {
        if self.stopped.is_none() {
            self.stopped = Some(Stopped { trouble: Some(trouble), again_at: self.again_at });
        }
    }

    /// Something went wrong that holds up nothing else.
    pub(crate) fn note(&mut self, trouble: Trouble) {
        self.noted.get_or_insert(trouble);
    }

    pub(crate) fn try_again_at(&mut self, at: Timestamp) {
        self.again_at = Some(self.again_at.map_or(at, |known| known.min(at)));
    }
}

/// Whether the limit of library calls counts a call.
fn is_limited(call: &Call) -> bool {
    matches!(call, Call::Page { .. } | Call::Add { .. } | Call::Remove { .. } | Call::Play { .. })
}
