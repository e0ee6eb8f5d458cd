//! A run: both backends asked, case after case, and everything that was found.

mod observe;
mod play;
mod prepare;

use std::{
    collections::{BTreeMap, HashSet},
    fmt, mem,
    ops::ControlFlow,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date};
use melody_api::{Dialect, Gate, ServiceAddress};
use melody_model::PhoneNumber;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use ts_rs::TS;
use url::Url;

use crate::{
    Case, Error, Severity, Suite, data,
    ids::IdMap,
    judge::{self, Bench, Found, Kind},
    latency::{self, Budget, Load},
    mask::Mask,
    report::{Book, Ended, Report},
    side::Side,
};
use observe::Observed;
use play::{Played, play, refused};

/// How a run is made.
pub struct Options {
    pub blue: String,
    pub green: String,
    /// Hosts besides this machine that may be compared, in plain http too.
    pub allow_hosts: Vec<String>,
    /// A disposable account, the same on both.
    pub account: Option<Account>,
    pub suite: Suite,
    /// Only cases with one of these tags, or whose id begins so; tags `slow` and `limit` are run only when named here.
    pub only: Vec<String>,
    /// How often each call is timed; `None` chooses.
    pub rounds: Option<usize>,
    pub budgets: Vec<Budget>,
    pub load: Option<Load>,
    /// Whether the account's whole libraries are compared.
    pub data: bool,
    /// The day by which rules that let something be run out.
    pub today: Date,
    /// Whether requests may leave, asked before each.
    pub gate: Gate,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("blue", &self.blue)
            .field("green", &self.green)
            .field("only", &self.only)
            .finish_non_exhaustive()
    }
}

/// Who is signed in on both.
#[derive(Debug)]
pub struct Account {
    pub phone: PhoneNumber,
    pub otp: OtpSource,
}

/// Asks somebody for the code that a backend sent; `None` when none is given.
pub type AskForCode = Box<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// Where the code of a sign-in comes from.
pub enum OtpSource {
    /// A test backend's fixed one.
    Fixed(SecretString),
    /// Asked for, once for each backend by its name.
    Ask(AskForCode),
}

impl fmt::Debug for OtpSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Fixed",
            Self::Ask(_) => "Ask",
        })
    }
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, TS)]
pub struct Progress {
    /// Cases.
    pub done: usize,
    pub of: usize,
    /// What is next, in a few words: a case by its id.
    pub now: String,
    /// What was found so far.
    pub breaking: usize,
    pub degrading: usize,
    pub cosmetic: usize,
}

/// Hears how far a run is, and may end it there: what was found until then is the report.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) -> ControlFlow<()> + Send + Sync);

/// What was made a little before the run began is the run's own: the clocks of two machines differ.
const CLOCKS: SignedDuration = SignedDuration::from_secs(10);
/// Timed so often where no limit is spent by it, and where one is.
const ROUNDS: (usize, usize) = (10, 2);

/// Compares two backends.
///
/// A run that is ended early has played no case by half: what one wrote is taken back before the next is asked about.
///
/// # Errors
/// What keeps the comparison from being made at all. Whatever the backends answer is in the report.
pub async fn run(mut options: Options, progress: OnProgress<'_>) -> Result<Report, Error> {
    let began = Timestamp::now();
    let suite = mem::take(&mut options.suite);
    let (blue, green) = (guarded(&options.blue, &options)?, guarded(&options.green, &options)?);
    let user_agent = concat!("melody-parity/", env!("CARGO_PKG_VERSION"));
    let mut run = Run {
        origins: (own_origin(&blue), own_origin(&green)),
        blue: Side::open("blue", blue, Dialect::Blue, user_agent, &options.gate).await?,
        green: Side::open("green", green, Dialect::Green, user_agent, &options.gate).await?,
        ids: IdMap::default(),
        mask: Mask::default(),
        began: began.checked_sub(CLOCKS).unwrap_or(began),
        book: Book::new(suite.ignored.clone(), options.today),
        observed: Observed::default(),
        sums: judge::Sums::new(),
    };
    if let Some(account) = &options.account {
        run.introduce(account);
    }
    let lifted = prepare::limits_are_lifted(&mut run.blue, &mut run.green).await;
    let signs_in = options.account.is_some();
    let (chosen, skipped) = choose(suite.expanded().cases, &options.only, signs_in, lifted);
    for (case, why) in skipped {
        run.book.skip(&case, why);
    }
    let ended = run.all(chosen, &options, lifted, progress).await?;
    Ok(run.book.close(
        &run.mask,
        [&run.blue, &run.green],
        Ended { began, signed_in: signs_in, early: ended.is_break() },
    ))
}

/// Two backends under comparison, and what is known so far.
pub(crate) struct Run {
    pub blue: Side,
    pub green: Side,
    pub ids: IdMap,
    pub mask: Mask,
    began: Timestamp,
    origins: (String, String),
    pub book: Book,
    observed: Observed,
    sums: judge::Sums,
}

impl Run {
    /// Every case in its turn, and between them what is measured and walked.
    async fn all(
        &mut self,
        chosen: Vec<Case>,
        options: &Options,
        lifted: bool,
        progress: OnProgress<'_>,
    ) -> Result<ControlFlow<()>, Error> {
        let of = chosen.len();
        let (last, first): (Vec<Case>, Vec<Case>) = chosen.into_iter().partition(|case| case.has_tag("last"));
        let account = options.account.as_ref();
        let mut prepared = false;
        for (done, case) in first.iter().enumerate() {
            if !prepared && !case.has_tag("sign-in") {
                // What is saved already is left alone, and only known once somebody is signed in.
                self.prepare().await;
                prepared = true;
            }
            if progress(self.so_far(done, of, &case.id)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.case(case, account).await?;
        }
        let done = first.len();
        if progress(self.so_far(done, of, "how long calls take")).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let rounds = options.rounds.unwrap_or(if lifted { ROUNDS.0 } else { ROUNDS.1 });
        self.time(rounds, &options.budgets).await;
        if let Some(load) = options.load {
            if progress(self.so_far(done, of, "under load")).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.load(load).await;
        }
        if options.data && self.both_signed_in() {
            if progress(self.so_far(done, of, "both libraries, song by song")).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.data().await;
        }
        for (at, case) in last.iter().enumerate() {
            if progress(self.so_far(done + at, of, &case.id)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            self.case(case, account).await?;
        }
        // There is nothing left to end.
        let _ = progress(self.so_far(of, of, "done"));
        Ok(ControlFlow::Continue(()))
    }

    fn so_far(&self, done: usize, of: usize, now: &str) -> Progress {
        let [cosmetic, degrading, breaking] = self.book.so_far();
        Progress { done, of, now: self.mask.text(now), breaking, degrading, cosmetic }
    }

    fn introduce(&mut self, account: &Account) {
        self.mask.hide(account.phone.national());
        if let OtpSource::Fixed(code) = &account.otp {
            self.mask.hide(code.expose_secret());
        }
        // Another code with the same digits behind it: another number, and nobody's who was asked.
        let other = if account.phone.country() == "+44" { "+49" } else { "+44" };
        for side in [&mut self.blue, &mut self.green] {
            for (name, value) in [
                ("phone", account.phone.national()),
                ("country", account.phone.country()),
                ("other_country", other),
            ] {
                side.variables.insert(name.into(), value.into());
            }
            if let OtpSource::Fixed(code) = &account.otp {
                side.variables.insert("otp".into(), code.expose_secret().into());
                // A code that is surely not the one.
                let wrong: String =
                    code.expose_secret().chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
                side.variables.insert("wrong_otp".into(), wrong.into());
            } else {
                side.variables.insert("wrong_otp".into(), "000000".into());
            }
        }
    }

    pub(crate) fn both_signed_in(&self) -> bool {
        self.blue.signed_in() && self.green.signed_in()
    }

    /// One case on blue, then on green, then the verdict on each of its calls.
    async fn case(&mut self, case: &Case, account: Option<&Account>) -> Result<(), Error> {
        if case.needs_account()
            && !case.has_tag("sign-in")
            && !self.both_signed_in()
            && !case.has_tag("spent")
        {
            self.book.skip(&case.id, "The sign-in did not work on both.".into());
            return Ok(());
        }
        let blue = play(&mut self.blue, case, true, account, &mut self.mask).await?;
        let green = play(&mut self.green, case, false, account, &mut self.mask).await?;
        if case.has_tag("sign-in") && !self.blue.signed_in() {
            // Without blue there is nothing that green could be compared with.
            if let Some(error) = refused(case, blue) {
                return Err(Error::Side { side: "blue", error });
            }
            return Ok(());
        }
        if let Some(why) = unplayable(&blue, &green) {
            if case.has_tag("sign-in")
                && let Some(error) = refused(case, green)
            {
                return Err(Error::Side { side: "green", error });
            }
            self.book.skip(&case.id, why);
            return Ok(());
        }
        self.book.counted();
        for (at, step) in case.steps.iter().enumerate().filter(|(_, step)| !step.silent) {
            let (Some(Played::Done(a)), Some(Played::Done(b))) = (blue.get(at), green.get(at)) else {
                continue;
            };
            let mut bench = Bench {
                ids: &mut self.ids,
                dialects: (self.blue.dialect, self.green.dialect),
                began: self.began,
                origins: (&self.origins.0, &self.origins.1),
                lift: self.blue.dialect != self.green.dialect,
                sums: &mut self.sums,
            };
            let judged = judge::judge(&mut bench, step, &a.answer, a.again.as_ref(), &b.answer);
            self.observed.note(step, &a.answer, a.again.as_ref(), &b.answer);
            let sides = [(&self.blue, &a.request, &a.answer), (&self.green, &b.request, &b.answer)];
            self.book.enter(case, step, judged, sides, &self.mask);
        }
        self.suspect(case).await;
        Ok(())
    }

    /// What looks slower on green is timed again before it is said.
    async fn suspect(&mut self, case: &Case) {
        for step in case.steps.iter().filter(|step| step.is_pure() && !step.silent) {
            if !self.observed.looks_slow(step) {
                continue;
            }
            let (Ok(blue), Ok(green)) = (self.blue.request(step), self.green.request(step)) else { continue };
            let mut taken = (Vec::new(), Vec::new());
            for _ in 0..observe::CONFIRMED_BY {
                for (side, request, taken) in
                    [(&mut self.blue, &blue, &mut taken.0), (&mut self.green, &green, &mut taken.1)]
                {
                    if let Ok(answer) = side.send(request).await {
                        taken.push(answer.took);
                    }
                }
            }
            if let Some(slow) = observe::slower(&taken.0, &taken.1) {
                self.observed.told(step);
                self.book.found(&case.id, &step.call, slow);
            }
        }
    }

    async fn prepare(&mut self) {
        let mut saved = HashSet::new();
        if self.both_signed_in() {
            for side in [&mut self.blue, &mut self.green] {
                saved.extend(data::walk(side).await.entries.into_iter().map(|entry| entry.song_id));
            }
        }
        prepare::songs(&mut self.blue, &mut self.green, &mut self.ids, &saved).await;
    }

    async fn time(&mut self, rounds: usize, budgets: &[Budget]) {
        for (case, call, slow) in self.observed.slow_writes() {
            self.book.found(&case, &call, slow);
        }
        let timed = latency::rounds(&mut self.blue, &mut self.green, rounds).await;
        for timed in &timed {
            if let Some(slow) = observe::slower(&timed.blue, &timed.green)
                && !self.observed.was_told(&timed.call)
            {
                self.book.found("latency", &timed.call, slow);
            }
        }
        let latency: Vec<_> = timed.iter().filter_map(latency::Timed::summed_up).collect();
        for (call, broken) in latency::over_budget(&latency, budgets) {
            self.book.found("latency", &call, broken);
        }
        self.book.latency(latency);
    }

    async fn load(&mut self, load: Load) {
        let told = latency::load(&self.blue, &self.green, load).await;
        if told.green.failed > told.blue.failed {
            self.book.found(
                "load",
                "GET /music/search",
                Found {
                    path: "status".into(),
                    kind: Kind::Status,
                    severity: Severity::Degrading,
                    blue: told.blue.failed.into(),
                    green: told.green.failed.into(),
                    why: "More calls fail under load.".into(),
                    count: 1,
                },
            );
        }
        self.book.load(told);
    }

    async fn data(&mut self) {
        let found = data::compare(&mut self.blue, &mut self.green, &mut self.ids, self.began).await;
        self.book.counted();
        for finding in found {
            self.book.found("data", "GET /library/songs", finding);
        }
    }
}

/// Why a case says nothing: a variable that no earlier call gave, or a limit that is spent.
fn unplayable(blue: &[Played], green: &[Played]) -> Option<String> {
    blue.iter().chain(green).find_map(|played| match played {
        Played::Lacks(name) => Some(format!("Nothing gave {name}.")),
        Played::Limited(_) => {
            Some("The limit of this call is spent for longer than a case waits.".to_owned())
        }
        Played::Done(_) => None,
    })
}

/// Which cases are run, and why the others are not.
fn choose(
    cases: Vec<Case>,
    only: &[String],
    signs_in: bool,
    lifted: bool,
) -> (Vec<Case>, Vec<(String, String)>) {
    let mut chosen = Vec::new();
    let mut skipped: BTreeMap<String, String> = BTreeMap::new();
    for case in cases {
        let named = |tag: &str| only.iter().any(|wanted| wanted == tag);
        let wanted = only.is_empty()
            || only.iter().any(|tag| case.has_tag(tag) || case.id.starts_with(tag.as_str()))
            // What others stand on.
            || (signs_in && case.has_tag("sign-in"));
        if !wanted {
            continue;
        }
        let why = if case.needs_account() && !signs_in {
            Some("It needs a sign-in, and no account was given.")
        } else if case.has_tag("slow") && !named("slow") {
            Some("It takes long: --only slow runs it.")
        } else if case.has_tag("limit") && !named("limit") && !lifted {
            Some("It spends a limit, and the backends keep theirs: --only limit runs it.")
        } else {
            None
        };
        match why {
            Some(why) => {
                skipped.insert(case.id.clone(), why.to_owned());
            }
            None => chosen.push(case),
        }
    }
    // What signs in comes first, in whichever file it stands.
    chosen.sort_by_key(|case| !case.has_tag("sign-in"));
    (chosen, skipped.into_iter().collect())
}

/// An address that may be compared.
fn guarded(text: &str, options: &Options) -> Result<ServiceAddress, Error> {
    let address = ServiceAddress::parse(text, &options.allow_hosts).map_err(Error::Address)?;
    let host = Url::parse(&address.to_string()).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    if address.is_loopback() || options.allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host))
    {
        Ok(address)
    } else {
        Err(Error::Guarded { host })
    }
}

/// What stands before a path in an absolute address of the service's own.
fn own_origin(address: &ServiceAddress) -> String {
    Url::parse(&address.to_string()).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

/// Time as reports have it.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(blue: &str, allow: &[&str]) -> Options {
        Options {
            blue: blue.into(),
            green: blue.into(),
            allow_hosts: allow.iter().map(|&host| host.to_owned()).collect(),
            account: None,
            suite: Suite::default(),
            only: Vec::new(),
            rounds: None,
            budgets: Vec::new(),
            load: None,
            data: false,
            today: "2026-11-23".parse().unwrap(),
            gate: std::sync::Arc::new(|| true),
        }
    }

    #[test]
    fn strangers_are_not_compared() {
        for (address, allow, may) in [
            ("http://127.0.0.1:8000", vec![], true),
            ("localhost:3000/blue", vec![], true),
            ("https://api.melodystudio.com", vec![], false),
            ("https://staging.example/green", vec!["staging.example"], true),
            ("http://staging.example", vec!["Staging.Example"], true),
            ("https://staging.example.org", vec!["staging.example"], false),
        ] {
            let options = options(address, &allow);
            assert_eq!(guarded(address, &options).is_ok(), may, "{address}");
        }
        let refused = guarded("https://api.melodystudio.com", &options("x", &[])).unwrap_err().to_string();
        assert!(refused.contains("--allow-host api.melodystudio.com"), "{refused}");
    }

    #[test]
    fn what_waits_or_spends_is_run_when_asked_for() {
        let case = |id: &str, tags: &[&str]| Case {
            id: id.into(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..Case::default()
        };
        let cases = || {
            vec![case("a", &["music"]), case("b", &["limit"]), case("c", &["slow"]), case("d", &["sign-in"])]
        };
        let ids = |chosen: Vec<Case>| chosen.into_iter().map(|case| case.id).collect::<Vec<_>>();
        let (chosen, skipped) = choose(cases(), &[], false, false);
        assert_eq!((ids(chosen), skipped.len()), (vec!["a".to_owned()], 3));
        let (chosen, _) = choose(cases(), &[], true, true);
        assert_eq!(ids(chosen), ["d", "a", "b"]);
        let (chosen, _) = choose(cases(), &["slow".into()], true, false);
        assert_eq!(ids(chosen), ["d", "c"]);
    }
}
