//! How long calls take on both: timed in turn and in random order, compared by an interval and not by a single figure.

use std::time::Duration;

use melody_api::RawRequest;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error, Severity, Token,
    judge::{Found, Kind},
    run::milliseconds,
    side::Side,
    suite::Step,
};

/// Resamplings of the bootstrap.
const RESAMPLED: usize = 1_000;
/// The order of a run and its intervals can be had again.
const SEED: u64 = 4;

/// A call, its query, whose token goes along.
type Call = (&'static str, &'static [(&'static str, &'static str)], Token);

/// The calls that a listener waits for.
const CALLS: &[Call] = &[
    ("GET /health", &[], Token::None),
    ("GET /music/search", &[("q", "{word1}"), ("limit", "20")], Token::None),
    ("GET /music/trending", &[("limit", "20")], Token::None),
    ("GET /music/track/{song1}", &[], Token::None),
    ("GET /library/songs", &[("limit", "100")], Token::Account),
    ("GET /user/profile | /users/profile", &[], Token::Account),
];

/// Times of one call.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub call: String,
    pub blue: Vec<Duration>,
    pub green: Vec<Duration>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub call: String,
    pub blue: Percentiles,
    pub green: Percentiles,
    /// Green's median by blue's.
    pub ratio: f64,
    /// Where the ratio lies, with 95 of 100 in it.
    pub interval: [f64; 2],
    /// Of each backend.
    pub rounds: usize,
}

/// What green may take.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// A call as the suite writes it; `*` is each of them.
    pub call: String,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// The most that the interval of the ratio may begin at.
    pub ratio: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    budget: Vec<Budget>,
}

impl Budget {
    /// Reads `[[budget]]` tables.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(path: &std::path::Path) -> Result<Vec<Self>, Error> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::File(format!("{shown} cannot be read: {e}.")))?;
        let budgets: Budgets = toml::from_str(&text)
            .map_err(|e| Error::File(format!("{shown} is no budget: {}.", e.message())))?;
        Ok(budgets.budget)
    }
}

/// A steady stream of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Calls a second on each backend, at most [`Load::MOST_A_SECOND`].
    pub a_second: u32,
    /// Seconds, at most [`Load::LONGEST_S`].
    pub seconds: u32,
}

impl Load {
    pub const MOST_A_SECOND: u32 = 200;
    pub const LONGEST_S: u32 = 600;
}

/// What became of the calls of a load on one backend.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Borne {
    pub sent: usize,
    pub failed: usize,
    #[serde(flatten)]
    pub took: Percentiles,
}

/// A load on both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    pub blue: Borne,
    pub green: Borne,
}

/// Times each call so many times on each side.
pub(crate) async fn rounds(blue: &mut Side, green: &mut Side, rounds: usize) -> Vec<Timed> {
    let mut calls = Vec::new();
    for (call, query, token) in CALLS {
        let step = Step {
            call: (*call).to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
            token: *token,
            ..Step::default()
        };
        // Without an account, or without a song on both, there is less to time.
        if let (Ok(a), Ok(b)) = (blue.request(&step), green.request(&step)) {
            calls.push((Timed { call: step.call, blue: Vec::new(), green: Vec::new() }, a, b));
        }
    }
    let mut turns: Vec<(usize, bool)> = (0..calls.len())
        .flat_map(|at| [(at, true), (at, false)])
        .flat_map(|turn| vec![turn; rounds])
        .collect();
    turns.shuffle(&mut StdRng::seed_from_u64(SEED));
    for (at, first) in turns {
        let (timed, a, b) = &mut calls[at];
        let (side, request, times) =
            if first { (&mut *blue, &*a, &mut timed.blue) } else { (&mut *green, &*b, &mut timed.green) };
        if let Ok(answer) = side.send(request).await
            && answer.status < 400
        {
            times.push(answer.took);
        }
    }
    calls.into_iter().map(|(timed, ..)| timed).collect()
}

impl Timed {
    /// The figures; none when a side never answered well.
    pub fn summed_up(&self) -> Option<Latency> {
        let (blue, green) = (Percentiles::of(&self.blue)?, Percentiles::of(&self.green)?);
        let ratio = median(&self.green)?.as_secs_f64() / median(&self.blue)?.as_secs_f64().max(1e-9);
        let hundredths = |x: f64| (x * 100.0).round() / 100.0;
        Some(Latency {
            call: self.call.clone(),
            blue,
            green,
            ratio: hundredths(ratio),
            interval: interval(&self.blue, &self.green).map(hundredths),
            rounds: self.blue.len().min(self.green.len()),
        })
    }
}

impl Percentiles {
    /// By the nearest rank.
    pub fn of(times: &[Duration]) -> Option<Self> {
        let mut times = times.to_vec();
        times.sort_unstable();
        let at = |share: f64| {
            let rank = (share * times.len() as f64).ceil() as usize;
            times.get(rank.saturating_sub(1)).copied().map(milliseconds)
        };
        Some(Self { p50: at(0.5)?, p95: at(0.95)?, p99: at(0.99)? })
    }
}

pub(crate) fn median(times: &[Duration]) -> Option<Duration> {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

/// Where 95 of 100 resampled ratios of the medians lie.
pub(crate) fn interval(blue: &[Duration], green: &[Duration]) -> [f64; 2] {
    if blue.is_empty() || green.is_empty() {
        return [0.0, 0.0];
    }
    let mut random = StdRng::seed_from_u64(SEED);
    let mut again = |times: &[Duration]| -> f64 {
        let drawn: Vec<Duration> = times.iter().map(|_| times[random.random_range(0..times.len())]).collect();
        median(&drawn).unwrap_or_default().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..RESAMPLED).map(|_| again(green) / again(blue).max(1e-9)).collect();
    ratios.sort_by(f64::total_cmp);
    [ratios[RESAMPLED / 40], ratios[RESAMPLED - RESAMPLED / 40 - 1]]
}

/// Calls that take more than they may.
pub(crate) fn over_budget(latency: &[Latency], budgets: &[Budget]) -> Vec<(String, Found)> {
    let mut broken = Vec::new();
    for line in latency {
        for budget in budgets.iter().filter(|budget| budget.call == "*" || budget.call == line.call) {
            for (what, most, is) in [
                ("p50", budget.p50_ms, line.green.p50),
                ("p95", budget.p95_ms, line.green.p95),
                ("p99", budget.p99_ms, line.green.p99),
                ("ratio", budget.ratio, line.interval[0]),
            ] {
                let Some(most) = most.filter(|most| is > *most) else { continue };
                let found = Found {
                    path: "latency".into(),
                    kind: Kind::Slow,
                    severity: Severity::Degrading,
                    blue: json!(most),
                    green: json!(is),
                    why: format!("The budget of {what} is {most}."),
                    count: 1,
                };
                broken.push((line.call.clone(), found));
            }
        }
    }
    broken
}

/// Sends searches at a steady pace to both, each on its own clock.
pub(crate) async fn load(blue: &Side, green: &Side, load: Load) -> LoadReport {
    let (blue, green) = tokio::join!(borne(blue, load), borne(green, load));
    LoadReport { blue, green }
}

async fn borne(side: &Side, load: Load) -> Borne {
    let a_second = load.a_second.clamp(1, Load::MOST_A_SECOND);
    let seconds = load.seconds.clamp(1, Load::LONGEST_S);
    let request = RawRequest {
        method: "GET".into(),
        segments: vec!["music".into(), "search".into()],
        query: vec![("q".into(), "a".into())],
        ..RawRequest::default()
    };
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / a_second);
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..a_second * seconds {
        ticks.tick().await;
        let (client, request) = (side.client.clone(), request.clone());
        under_way
            .spawn(async move { client.raw(&request).await.ok().filter(|a| a.status < 400).map(|a| a.took) });
    }
    let mut times = Vec::new();
    let mut sent = 0;
    while let Some(done) = under_way.join_next().await {
        sent += 1;
        times.extend(done.ok().flatten());
    }
    let took = Percentiles::of(&times).unwrap_or(Percentiles { p50: 0.0, p95: 0.0, p99: 0.0 });
    Borne { sent, failed: sent - times.len(), took }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(times: &[u64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times = ms(&(1..=100).collect::<Vec<_>>());
        assert_eq!(Percentiles::of(&times), Some(Percentiles { p50: 50.0, p95: 95.0, p99: 99.0 }));
        assert_eq!(Percentiles::of(&[]), None);
    }

    #[test]
    fn the_interval_is_narrow_where_the_times_are_and_wide_where_not() {
        let [low, high] = interval(&ms(&[10; 20]), &ms(&[30; 20]));
        assert_eq!((low, high), (3.0, 3.0));
        let [low, high] = interval(&ms(&[10, 50, 10, 50, 10, 50]), &ms(&[10, 50, 50, 10, 50, 10]));
        assert!(low < 1.0 && high > 1.0, "{low} {high}");
    }

    #[test]
    fn a_budget_is_held_to() {
        let line = Latency {
            call: "GET /x".into(),
            blue: Percentiles { p50: 1.0, p95: 2.0, p99: 3.0 },
            green: Percentiles { p50: 4.0, p95: 9.0, p99: 9.0 },
            ratio: 4.0,
            interval: [3.5, 4.5],
            rounds: 9,
        };
        let budget = |call: &str, p95, ratio| Budget {
            call: call.into(),
            p50_ms: None,
            p95_ms: p95,
            p99_ms: None,
            ratio,
        };
        let over = |budget| over_budget(std::slice::from_ref(&line), &[budget]).len();
        assert_eq!(over(budget("*", Some(8.0), Some(3.0))), 2);
        assert_eq!(over(budget("GET /x", Some(9.0), Some(3.5))), 0);
        assert_eq!(over(budget("GET /y", Some(1.0), None)), 0);
    }

    proptest! {
        /// The median ratio of equal samples lies in its interval.
        #[test]
        fn equal_samples_are_no_slower(times in prop::collection::vec(1u64..1000, 5..30)) {
            let [low, high] = interval(&ms(&times), &ms(&times));
            prop_assert!(low <= 1.0 && high >= 1.0);
        }
    }
}
