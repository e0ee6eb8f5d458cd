//! One run of the engine: what it asks for is done, and it is told what came of that.

use std::{
    collections::HashMap,
    pin::{Pin, pin},
    sync::PoisonError,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use melody_model::{GenerationId, RemoteEntry};
use melody_sync::{Allowance, Answer, Engine, Goal, Memory, RequestId, State, Step, Stopped, Trouble};

use super::{changes, requests};
use crate::{Error, context::Account};

/// What a run brought.
#[derive(Debug)]
pub(super) struct Ran {
    /// The generation that it was in.
    pub generation: Option<GenerationId>,
    /// What was read to be compared.
    pub compared: Vec<RemoteEntry>,
    /// When it makes sense to run again, if something waits for that.
    pub again_at: Option<Timestamp>,
    /// What kept it from doing all that it was for.
    pub trouble: Result<(), Error>,
}

/// A request under way.
type UnderWay<'a> =
    FuturesUnordered<Pin<Box<dyn Future<Output = (RequestId, Result<Answer, Error>)> + Send + 'a>>>;

/// How often a run is begun before another backend that answers in its middle ends it.
const BEGINNINGS: u32 = 3;

/// Runs until the goal is reached or something stands in the way. `tell` hears how it stands, several times a second at
/// most. Fails when the database does.
///
/// The caller holds the lock: nobody else sends, and nobody else takes in pages.
pub(super) async fn run(account: &Account, goal: Goal, mut tell: impl FnMut(State)) -> Result<Ran, Error> {
    // A song's id means nothing to another backend: whoever asked for it has to look it up again.
    let beginnings = if matches!(goal, Goal::Learn(_)) { 1 } else { BEGINNINGS };
    let mut begun = 1;
    loop {
        let ran = run_on_one_backend(account, goal.clone(), &mut tell).await?;
        match ran.trouble {
            // What was heard is known only to this process: one that ends here would meet the same thing each time.
            Err(Error::ServiceSwitched) if begun < beginnings => begun += 1,
            _ => return Ok(ran),
        }
    }
}

async fn run_on_one_backend(
    account: &Account,
    goal: Goal,
    tell: &mut impl FnMut(State),
) -> Result<Ran, Error> {
    let limits = account.limits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut engine = Engine::new(goal, memory(account).await?, limits);
    let mut under_way = UnderWay::new();
    let mut failed: HashMap<RequestId, Error> = HashMap::new();
    let mut compared = Vec::new();
    let mut teller = Teller::default();
    let stopped = loop {
        let step = engine.next(Timestamp::now());
        teller.tell(engine.state(), tell);
        match step {
            Step::Request(id, call) => {
                // Also when this run is cut off in the middle, the next one knows how much of a minute is used up.
                *account.limits.lock().unwrap_or_else(PoisonError::into_inner) = engine.limits().clone();
                under_way.push(Box::pin(async move { (id, requests::ask(account, call).await) }));
            }
            Step::Change(change) => {
                let generation = engine.generation();
                let work = changes::carry_out(&account.library, generation, change, &mut compared);
                let mut came = Vec::new();
                let outcome = meanwhile(work, account, &mut under_way, &mut came).await?;
                engine.told(outcome, Timestamp::now());
                for answered in came {
                    answered.tell(&mut engine, &mut failed);
                }
            }
            Step::Wait(None) if under_way.is_empty() => {
                return Err(Error::internal("sync waits for an answer to nothing"));
            }
            Step::Wait(until) => {
                let Some((id, answer)) = next(&mut under_way, until).await else { continue };
                Answered::new(account, id, answer).tell(&mut engine, &mut failed);
            }
            Step::Over(stopped) => break stopped,
        }
    };
    *account.limits.lock().unwrap_or_else(PoisonError::into_inner) = engine.limits().clone();
    let Stopped { trouble, again_at } = stopped;
    let trouble = match trouble {
        None => Ok(()),
        Some(Trouble::Request(id)) => Err(failed.remove(&id).unwrap_or(Error::ServiceSwitched)),
        Some(Trouble::Switched) => Err(Error::ServiceSwitched),
        Some(Trouble::NotSaved) => Err(Error::NotSaved),
        Some(Trouble::Moved) => Err(Error::LibraryMoved),
    };
    Ok(Ran { generation: engine.generation(), compared, again_at, trouble })
}

/// An answer, with what it showed of the backend when it came.
struct Answered {
    id: RequestId,
    answer: Result<Answer, Error>,
    dialect: Option<&'static str>,
    allowance: Option<Allowance>,
    at: Timestamp,
}

impl Answered {
    fn new(account: &Account, id: RequestId, answer: Result<Answer, Error>) -> Self {
        let allowance = account.client.take_library_limit();
        Self {
            id,
            answer,
            dialect: account.client.dialect().map(melody_api::Dialect::as_str),
            allowance: allowance.map(|limit| Allowance { remaining: limit.remaining, reset: limit.reset }),
            at: Timestamp::now(),
        }
    }

    fn tell(self, engine: &mut Engine, failed: &mut HashMap<RequestId, Error>) {
        let answer = self.answer.map_err(|error| {
            let failure = requests::failure(&error);
            failed.insert(self.id, error);
            failure
        });
        engine.answered(self.id, answer, self.dialect, self.allowance, self.at);
    }
}

/// Lets the database work, and the network with it: what is answered meanwhile is put down in `came`.
async fn meanwhile<T>(
    work: impl Future<Output = T>,
    account: &Account,
    under_way: &mut UnderWay<'_>,
    came: &mut Vec<Answered>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            Some((id, answer)) = under_way.next() => came.push(Answered::new(account, id, answer)),
        }
    }
}

/// The next answer, or `None` when the time has come.
async fn next(
    under_way: &mut UnderWay<'_>,
    until: Option<Timestamp>,
) -> Option<(RequestId, Result<Answer, Error>)> {
    let Some(until) = until else { return under_way.next().await };
    let wait = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
    tokio::select! {
        Some(answered) = under_way.next() => Some(answered),
        () = tokio::time::sleep(wait) => None,
    }
}

/// What a run begins with.
async fn memory(account: &Account) -> Result<Memory, Error> {
    let library = &account.library;
    let known = library.current_generation().await?;
    let dialect = known.and_then(|known| known.dialect.parse::<melody_api::Dialect>().ok());
    let seen = *account.client.observations().borrow();
    Ok(Memory {
        dialect: dialect.map(melody_api::Dialect::as_str),
        heard: seen.dialect.filter(|_| seen.agreeing > 0).map(|dialect| (dialect.as_str(), seen.agreeing)),
        pending: library.outbox_status().await?.pending,
        filled: library.setting(changes::FILLED).await?.is_some(),
        filling: changes::kept(library, changes::FILLING).await?,
        full: changes::kept(library, changes::COMPLETE).await?,
        absence: changes::kept(library, changes::MISSING).await?,
    })
}

/// Tells how a run stands, when that changes, and not too often.
#[derive(Default)]
struct Teller {
    last: Option<(State, Instant)>,
}

impl Teller {
    const PAUSE: Duration = Duration::from_millis(250);

    fn tell(&mut self, state: State, tell: &mut impl FnMut(State)) {
        let news = match &self.last {
            None => true,
            Some((State::Running { .. }, at)) if matches!(state, State::Running { .. }) => {
                at.elapsed() >= Self::PAUSE
            }
            Some((last, _)) => *last != state,
        };
        if news {
            self.last = Some((state, Instant::now()));
            tell(state);
        }
    }
}
