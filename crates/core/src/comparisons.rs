//! Comparisons of two backends, for QA: one at a time, told as it goes, and kept below the profile.

use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use melody_model::PhoneNumber;
use melody_parity::{
    Account, Backends, Exchange, Finding, Options, OtpSource, Progress, Report, Skipped, Suite, Summary,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ts_rs::TS;
use uuid::Uuid;

use crate::{
    CompareRequest, Error, Event,
    context::{Context, gate},
    session::read_otp,
    storage::create_folder,
};

/// Below the profile: a folder for each comparison, named by its id.
const FOLDER: &str = "comparisons";
/// In such a folder, beside what [`Report::write`] writes. The first is enough for the list.
const RUN: &str = "run.json";
const EXCHANGES: &str = "exchanges.json";
/// No comparison is written for so long.
const ABANDONED: Duration = Duration::from_hours(1);

/// A comparison that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ComparisonRun {
    #[ts(type = "string")]
    pub id: Uuid,
    pub summary: Summary,
    pub backends: Backends,
}

/// All that it found. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Comparison {
    #[serde(flatten)]
    pub run: ComparisonRun,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Cases that were not run.
    pub skipped: Vec<Skipped>,
}

/// Those that were kept, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct ComparisonList {
    pub comparisons: Vec<ComparisonRun>,
    pub running: Option<ComparisonProgress>,
}

/// How far the comparison that is under way has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, TS)]
pub struct ComparisonProgress {
    #[serde(flatten)]
    pub progress: Progress,
    /// It was asked to end, and does so after its case.
    pub ending: bool,
}

/// The service of the comparisons.
#[derive(Clone, Debug)]
pub(crate) struct Comparisons {
    context: Arc<Context>,
    running: Arc<Mutex<Option<ComparisonProgress>>>,
}

impl Comparisons {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, running: Arc::default() }
    }

    /// Compares with the built-in suite, and keeps what came of it.
    pub(crate) async fn compare(&self, request: CompareRequest) -> Result<ComparisonRun, Error> {
        let account = match request.account {
            Some(typed) => {
                let otp = OtpSource::Fixed(read_otp(&typed.otp)?);
                Some(account_for_both(&typed.country, &typed.phone, otp)?)
            }
            None => None,
        };
        let options = Options {
            blue: request.blue,
            green: request.green,
            allow_hosts: request.allow_hosts,
            account,
            suite: Suite::built_in()?,
            only: Vec::new(),
            rounds: None,
            budgets: Vec::new(),
            load: None,
            data: true,
            today: jiff::Zoned::now().date(),
            gate: gate(&self.context.profile),
        };
        let _turn = self.begin()?;
        let further = |now: Progress| self.further(now);
        let report = Box::pin(melody_parity::run(options, &further)).await?;
        let folder = self.folder();
        tokio::task::spawn_blocking(move || keep(&folder, &report)).await.map_err(Error::internal)?
    }

    /// Asks the comparison that is under way to end.
    pub(crate) fn end(&self) {
        let asked = self.lock().as_mut().map(|running| {
            running.ending = true;
            running.clone()
        });
        if let Some(running) = asked {
            self.context.tell(Event::ComparisonProgress(running));
        }
    }

    pub(crate) async fn list(&self) -> Result<ComparisonList, Error> {
        let folder = self.folder();
        let comparisons =
            tokio::task::spawn_blocking(move || kept(&folder)).await.map_err(Error::internal)??;
        Ok(ComparisonList { comparisons, running: self.lock().clone() })
    }

    pub(crate) async fn show(&self, id: &str) -> Result<Comparison, Error> {
        let folder = self.folder_of(id)?;
        let read = tokio::task::spawn_blocking(move || {
            let run = read_json(&folder.join(RUN))?;
            let Report { findings, skipped, .. } = read_json(&folder.join("report.json"))?;
            Ok(Comparison { run, findings, skipped })
        });
        read.await.map_err(Error::internal)?
    }

    pub(crate) async fn exchange(&self, id: &str, exchange: usize) -> Result<Exchange, Error> {
        let path = self.folder_of(id)?.join(EXCHANGES);
        let read = tokio::task::spawn_blocking(move || read_json::<Vec<Exchange>>(&path));
        let found = read.await.map_err(Error::internal)??.into_iter().nth(exchange);
        found.ok_or_else(|| Error::Invalid(format!("This comparison has no exchange {exchange}.")))
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<(), Error> {
        let folder = self.folder_of(id)?;
        let removed = tokio::task::spawn_blocking(move || {
            // Without it the rest is no comparison: one that is removed by half does not come back.
            let run = folder.join(RUN);
            fs::remove_file(&run).map_err(|e| Error::storage(&run, e))?;
            fs::remove_dir_all(&folder).map_err(|e| Error::storage(&folder, e))
        });
        removed.await.map_err(Error::internal)??;
        self.context.tell(Event::ComparisonsChanged);
        Ok(())
    }

    /// Its page, which needs nothing else.
    pub(crate) fn page(&self, id: &str) -> Result<PathBuf, Error> {
        Ok(self.folder_of(id)?.join("report.html"))
    }

    fn folder(&self) -> PathBuf {
        self.context.profile.root().join(FOLDER)
    }

    /// The folder of one that was kept. What is no id of ours leads nowhere.
    fn folder_of(&self, id: &str) -> Result<PathBuf, Error> {
        let known = id.parse::<Uuid>().ok().map(|id| self.folder().join(id.to_string()));
        known
            .filter(|folder| folder.join(RUN).is_file())
            .ok_or_else(|| Error::Invalid("This comparison is not here any more.".into()))
    }

    fn begin(&self) -> Result<Turn<'_>, Error> {
        let mut running = self.lock();
        if running.is_some() {
            return Err(Error::Invalid("A comparison is under way. End it first.".into()));
        }
        let begun = running.insert(ComparisonProgress::default()).clone();
        drop(running);
        self.context.tell(Event::ComparisonProgress(begun));
        Ok(Turn(self))
    }

    fn further(&self, progress: Progress) -> ControlFlow<()> {
        let mut running = self.lock();
        let ending = running.as_ref().is_some_and(|running| running.ending);
        let now = running.insert(ComparisonProgress { progress, ending }).clone();
        drop(running);
        self.context.tell(Event::ComparisonProgress(now));
        if ending { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ComparisonProgress>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to compare; when it goes, however that comes, the comparison is over.
struct Turn<'a>(&'a Comparisons);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
        self.0.context.tell(Event::ComparisonsChanged);
    }
}

/// The account that is signed in on both backends.
///
/// # Errors
/// [`Error::Phone`] when that is no number.
pub fn account_for_both(country: &str, phone: &SecretString, otp: OtpSource) -> Result<Account, Error> {
    Ok(Account { phone: PhoneNumber::parse(country, phone.expose_secret())?, otp })
}

/// Writes a comparison down: first all of it, and as the last what makes it one.
fn keep(all: &Path, report: &Report) -> Result<ComparisonRun, Error> {
    let run =
        ComparisonRun { id: Uuid::now_v7(), summary: report.summary, backends: report.backends.clone() };
    sweep(all);
    let folder = all.join(run.id.to_string());
    create_folder(&folder)?;
    report.write(&folder)?;
    write_json(&folder.join(EXCHANGES), &report.exchanges)?;
    write_json(&folder.join(RUN), &run)?;
    Ok(run)
}

/// Removes what a process left that died while it wrote one. Not what another process may be writing now.
fn sweep(all: &Path) {
    let Ok(folders) = fs::read_dir(all) else { return };
    for folder in folders.flatten().map(|entry| entry.path()) {
        let written = folder.metadata().and_then(|found| found.modified()).ok();
        let abandoned = written.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED);
        // What cannot be removed now can be the next time.
        if abandoned && !folder.join(RUN).is_file() {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

fn kept(all: &Path) -> Result<Vec<ComparisonRun>, Error> {
    let folders = match fs::read_dir(all) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folders => folders.map_err(|e| Error::storage(all, e))?,
    };
    let mut runs: Vec<ComparisonRun> = Vec::new();
    for folder in folders.flatten().map(|entry| entry.path()) {
        match read_json(&folder.join(RUN)) {
            Ok(run) => runs.push(run),
            // One that cannot be read costs the others nothing.
            Err(e) => tracing::warn!(code = %e.code(), "a comparison cannot be read"),
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.id));
    Ok(runs)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(|e| Error::storage(path, e))?;
    serde_json::from_slice(&bytes).map_err(|e| {
        tracing::warn!(error = %e, "a file of a comparison cannot be read");
        Error::DamagedFile { path: path.to_owned(), reason: "it is not what was written there".into() }
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
    fs::write(path, bytes).map_err(|e| Error::storage(path, e))
}
