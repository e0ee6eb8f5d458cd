//! The day itself: the backends, the gateway, the steps, and the listeners who live through them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use melody_server::{Dialect, Ending, Migrated, Migration, Proxy, Traffic, held, migrate};

use crate::backend::{Backend, Start, Trouble, data};
use crate::faults::{Fault, FaultKind};
use crate::judge::{Meant, Name, from_nowhere, judge};
use crate::listener::{Listener, Who};
use crate::report::{Client, Report, tenths};
use crate::service::Service;
use crate::step::{Leg, Step, StepName};
use crate::{Error, Options};

/// The cutover script's health loop: its tries, and a hundredth of its pause.
const HEALTH_TRIES: u32 = 30;
const HEALTH_PAUSE: Duration = Duration::from_millis(100);
/// Songs of the catalogue, for each that a listener has saved, and at least.
const SONGS_FOR_EACH: u32 = 15;
const FEWEST_SONGS: u32 = 600;

/// Rehearses a day: over to green, back to blue, over again. `progress` hears of each step when it is over.
///
/// # Errors
/// [`Error`] when it could not be rehearsed to its end; what was lost is in the report.
pub async fn rehearse(options: Options, progress: &dyn Fn(&Step)) -> Result<Report, Error> {
    let folder = tempfile::Builder::new().prefix("melody-rehearsal-").tempdir()?;
    let mut stage = Stage::set(options, folder.path().to_owned(), progress).await?;
    let (at, address, asked) = (stage.folder.clone(), stage.proxy.base_url(), stage.options.clone());
    let coming = Who::all(asked.clients).into_iter().map(|who| Listener::begin(who, &at, &address, &asked));
    let mut listeners = try_join_all(coming).await?;
    agree(&mut listeners).await?;
    for leg in Leg::ALL {
        let over = AtomicBool::new(false);
        let (walked, lived) = tokio::join!(
            async {
                let walked = stage.walk(leg).await;
                over.store(true, Ordering::Relaxed);
                walked
            },
            try_join_all(listeners.iter_mut().map(|listener| listener.live(&over))),
        );
        walked?;
        lived?;
        stage.settle(leg, &mut listeners).await?;
    }
    let clients = stage.judged(&listeners).await?;
    try_join_all(listeners.into_iter().map(Listener::end)).await?;
    Ok(Report::new(asked.seed, asked.forgetful, clients, stage.steps))
}

/// All tell what they have to tell; then all hear what the others told, and those who share an account tidy up, which
/// the other device hears of as well.
async fn agree(listeners: &mut [Listener]) -> Result<(), Error> {
    try_join_all(listeners.iter_mut().map(Listener::settle)).await?;
    try_join_all(listeners.iter_mut().map(Listener::remove_in_calm)).await?;
    for _ in 0..2 {
        try_join_all(listeners.iter_mut().map(Listener::settle)).await?;
    }
    Ok(())
}

/// What listeners do not see: the backends behind the address.
struct Stage<'a> {
    options: Options,
    folder: PathBuf,
    service: Service,
    proxy: Proxy,
    blue: Option<Backend>,
    green: Option<Backend>,
    steps: Vec<Step>,
    progress: &'a dyn Fn(&Step),
}

impl<'a> Stage<'a> {
    /// Blue is up, and the address leads to it.
    async fn set(options: Options, folder: PathBuf, progress: &'a dyn Fn(&Step)) -> Result<Self, Error> {
        let service = Service::new()?;
        let blue = Backend::start(start(&options, &folder, Dialect::Blue, Vec::new())).await?;
        let proxy = Proxy::start(0, &blue.address, &blue.address).await?;
        let steps = Vec::new();
        Ok(Self { options, folder, service, proxy, blue: Some(blue), green: None, steps, progress })
    }

    /// Goes one way across, step by step, as the plan's scripts do.
    async fn walk(&mut self, leg: Leg) -> Result<(), Error> {
        self.step(leg, StepName::Start, async |stage| stage.start(leg).await).await?;
        if leg.migrates() {
            let name = StepName::FinalSync;
            self.step(leg, name, async |stage| stage.carry_over(leg, name).await).await?;
        }
        self.step(leg, StepName::MaintenanceOn, async |stage| stage.close(leg).await).await?;
        self.step(leg, StepName::Stop, async |stage| {
            *stage.backend(leg.from()) = None;
            Ok(None)
        })
        .await?;
        if leg.migrates() {
            let name = StepName::Migrate;
            self.step(leg, name, async |stage| stage.carry_over(leg, name).await).await?;
            self.step(leg, StepName::Validate, async |stage| stage.validate().await).await?;
        }
        self.step(leg, StepName::Switch, async |stage| stage.switch(leg).await).await?;
        self.step(leg, StepName::Health, async |stage| stage.poll_health().await).await?;
        self.step(leg, StepName::MaintenanceOff, async |stage| stage.open(leg).await).await?;
        // One that nobody stopped goes now: nothing leads to it any more.
        *self.backend(leg.from()) = None;
        Ok(())
    }

    /// Does a step unless it is left out, writes down how it went, and lets the listeners live on for a while.
    async fn step(
        &mut self,
        leg: Leg,
        step: StepName,
        work: impl AsyncFnOnce(&mut Self) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        let began = Instant::now();
        // Maintenance that nobody switches off would have no end.
        let left_out =
            step != StepName::MaintenanceOff && self.fault(leg, step, FaultKind::Skipped).is_some();
        let note = if left_out { Some("left out".to_owned()) } else { work(self).await? };
        self.over(Step { leg, step, seconds: tenths(began.elapsed().as_secs_f64()), note });
        tokio::time::sleep(self.options.pause).await;
        Ok(())
    }

    fn over(&mut self, step: Step) {
        tracing::info!(leg = %step.leg, step = %step.step, note = step.note, "over");
        (self.progress)(&step);
        self.steps.push(step);
    }

    fn fault(&self, leg: Leg, step: StepName, kind: FaultKind) -> Option<&Fault> {
        self.options.faults.iter().find(|fault| fault.kind == kind && fault.hits(leg, step))
    }

    fn backend(&mut self, dialect: Dialect) -> &mut Option<Backend> {
        match dialect {
            Dialect::Blue => &mut self.blue,
            Dialect::Green => &mut self.green,
        }
    }

    /// Where a backend listens, while it does.
    fn address(&mut self, dialect: Dialect) -> Option<String> {
        self.backend(dialect).as_ref().map(|backend| backend.address.clone())
    }

    async fn start(&mut self, leg: Leg) -> Result<Option<String>, Error> {
        let troubles = [
            (StepName::Health, FaultKind::NeverWell, Trouble::NeverWell),
            (StepName::Switch, FaultKind::VoidTokens, Trouble::VoidTokens),
        ];
        let here = troubles.into_iter().filter(|(step, kind, _)| self.fault(leg, *step, *kind).is_some());
        let troubles = here.map(|(_, _, trouble)| trouble).collect();
        let backend = Backend::start(start(&self.options, &self.folder, leg.to(), troubles)).await?;
        self.proxy.set_backend(leg.to(), &backend.address)?;
        *self.backend(leg.to()) = Some(backend);
        Ok(None)
    }

    /// Makes green's data those of blue.
    async fn carry_over(&mut self, leg: Leg, step: StepName) -> Result<Option<String>, Error> {
        if self.fault(leg, step, FaultKind::RolledBack).is_some() {
            let told = self.migrated(Ending::RolledBack).await?;
            return Ok(Some(format!("said to be done, {}, and rolled back", counted(told))));
        }
        if self.fault(leg, step, FaultKind::HalfWay).is_some() {
            let half = self.migrated(Ending::HalfWay).await?;
            tokio::time::sleep(self.options.pause).await;
            let whole = self.migrated(Ending::Well).await?;
            return Ok(Some(format!("broke off after {}; done again, {}", counted(half), counted(whole))));
        }
        self.migrated(Ending::Well).await.map(|_| None)
    }

    async fn migrated(&self, ending: Ending) -> Result<Migrated, Error> {
        let forgetful = self.options.forgetful;
        let how = Migration { forget_library: forgetful, shift_times: forgetful, ending };
        let (blue, green) = (data(&self.folder, Dialect::Blue), data(&self.folder, Dialect::Green));
        let work = tokio::task::spawn_blocking(move || migrate(&blue, &green, how));
        Ok(work.await.map_err(Error::broken)??)
    }

    /// Counts on both sides, and has it migrated once more where green lacks something. A forgetful migration is not
    /// seen through: the plan's validation looks at one user.
    async fn validate(&mut self) -> Result<Option<String>, Error> {
        let (old, new) = self.counts().await?;
        if old == new {
            return Ok(None);
        }
        self.migrated(Ending::Well).await?;
        let (_, again) = self.counts().await?;
        let end =
            if again == old { "migrated again, now as many" } else { "migrated again, still not as many" };
        Ok(Some(format!("blue has {}, green {}: {end}", counted(old), counted(new))))
    }

    /// What blue and green hold, as far as it is looked at.
    async fn counts(&self) -> Result<(Migrated, Migrated), Error> {
        let (blue, green) = (data(&self.folder, Dialect::Blue), data(&self.folder, Dialect::Green));
        let work =
            tokio::task::spawn_blocking(move || Ok::<_, melody_server::Error>((held(&blue)?, held(&green)?)));
        let (mut blue, mut green) = work.await.map_err(Error::broken)??;
        if self.options.forgetful {
            (blue.entries, green.entries) = (0, 0);
        }
        Ok((blue, green))
    }

    /// Maintenance is on at both: traffic opens before it is off.
    async fn close(&mut self, leg: Leg) -> Result<Option<String>, Error> {
        let wrong = self.fault(leg, StepName::MaintenanceOn, FaultKind::WrongSide).is_some();
        let sides = if wrong { vec![leg.to()] } else { vec![leg.from(), leg.to()] };
        for side in sides {
            if let Some(address) = self.address(side) {
                self.service.maintenance(&address, true).await?;
            }
        }
        Ok(wrong.then(|| format!("switched on at {} only", leg.to())))
    }

    async fn switch(&mut self, leg: Leg) -> Result<Option<String>, Error> {
        let in_turn = self.fault(leg, StepName::Switch, FaultKind::InTurn).is_some();
        if in_turn {
            self.proxy.send(Traffic::InTurn);
            tokio::time::sleep(self.options.pause * 2).await;
        }
        self.proxy.send(Traffic::To(leg.to()));
        Ok(in_turn.then(|| "both answered in turn for a while".to_owned()))
    }

    async fn poll_health(&mut self) -> Result<Option<String>, Error> {
        let address = self.proxy.base_url();
        for tries in 1..=HEALTH_TRIES {
            if self.service.is_well(&address).await {
                return Ok((tries > 1).then(|| format!("well after {tries} tries")));
            }
            tokio::time::sleep(HEALTH_PAUSE).await;
        }
        Ok(Some(format!("not well in {HEALTH_TRIES} tries; the script goes on")))
    }

    async fn open(&mut self, leg: Leg) -> Result<Option<String>, Error> {
        let mut note = None;
        if self.fault(leg, StepName::MaintenanceOff, FaultKind::Skipped).is_some() {
            note = Some("left out; noticed later".to_owned());
        }
        if self.fault(leg, StepName::MaintenanceOff, FaultKind::WrongSide).is_some() {
            if let Some(address) = self.address(leg.from()) {
                self.service.maintenance(&address, false).await?;
            }
            note = Some(format!("switched off at {}; noticed later", leg.from()));
        }
        if note.is_some() {
            tokio::time::sleep(self.options.pause * 2).await;
        }
        if let Some(address) = self.address(leg.to()) {
            self.service.maintenance(&address, false).await?;
        }
        Ok(note)
    }

    async fn settle(&mut self, leg: Leg, listeners: &mut [Listener]) -> Result<(), Error> {
        let began = Instant::now();
        agree(listeners).await?;
        let lost = match self.fault(leg, StepName::Settle, FaultKind::LosesWrites) {
            Some(fault) if leg == Leg::ToGreenAgain => Some(fault.songs),
            _ => None,
        };
        let mut note = None;
        if let (Some(songs), Some(first)) = (lost, listeners.first()) {
            let taken = self.lose(songs, first.who).await?;
            note = Some(format!("green lost {taken} saved songs of client {}", first.who.client));
        }
        let seconds = tenths(began.elapsed().as_secs_f64());
        self.over(Step { leg, step: StepName::Settle, seconds, note });
        Ok(())
    }

    /// Takes acknowledged songs out of green's library behind everybody's back.
    async fn lose(&mut self, songs: usize, who: Who) -> Result<usize, Error> {
        let Some(green) = self.address(Dialect::Green) else { return Ok(0) };
        let account = self.service.library(&green, &who.phone()).await?;
        let taken = account.saved.iter().take(songs);
        for (entry, _) in taken.clone() {
            account.remove(entry).await?;
        }
        Ok(taken.count())
    }

    /// Each listener's list beside what the last backend has, read from it and not from the clients.
    async fn judged(&mut self, listeners: &[Listener]) -> Result<Vec<Client>, Error> {
        let green = self.address(Dialect::Green).unwrap_or_default();
        let mut clients = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let who = listener.who;
            let account = self.service.library(&green, &who.phone()).await?;
            let there: Vec<Name> = account.saved.into_iter().map(|(_, name)| name).collect();
            let (replayed, unmatched) = listener.switches().await?;
            let mut verdict = judge(&listener.meant, &there, &unmatched);
            if who.device != Some(1) {
                let of_account = listeners.iter().filter(|other| other.who.account == who.account);
                let meant: Vec<&Meant> = of_account.map(|other| &other.meant).collect();
                verdict.doubled.extend(from_nowhere(&meant, &there));
            }
            clients.push(Client {
                client: who.client,
                account: who.account,
                silent_s: tenths(listener.silent_s()),
                queued: listener.queued,
                replayed,
                lost: verdict.lost,
                doubled: verdict.doubled,
                unmatched: unmatched.into_iter().collect(),
                sign_ins: listener.sign_ins,
                unsettled: listener.unsettled.clone(),
            });
        }
        Ok(clients)
    }
}

fn start(options: &Options, folder: &std::path::Path, dialect: Dialect, troubles: Vec<Trouble>) -> Start {
    Start {
        program: options.program.clone(),
        dialect,
        folder: folder.to_owned(),
        catalogue: (options.songs * SONGS_FOR_EACH).max(FEWEST_SONGS),
        troubles,
    }
}

fn counted(there: Migrated) -> String {
    format!("{} users and {} saved songs", there.users, there.entries)
}
