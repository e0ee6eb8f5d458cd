//! How long the calls of the cases took, and when green is so much slower that it has to be said.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;

use super::milliseconds;
use crate::{
    Severity, Step,
    judge::{Answered, Found, Kind},
    latency::{self, median},
};

/// A suspicion is confirmed by so many calls on each side.
pub(super) const CONFIRMED_BY: usize = 10;
/// A difference below this is nobody's to notice, whatever its ratio.
const NOTICED: Duration = Duration::from_millis(50);
/// Slower by this is more than the noise of a busy machine, if the whole interval says so.
const RATIO: f64 = 1.5;

/// Times by call: blue's and green's.
#[derive(Debug, Default)]
pub(super) struct Observed {
    calls: BTreeMap<String, (Vec<Duration>, Vec<Duration>)>,
    latest: BTreeMap<String, (Duration, Duration)>,
    writes: BTreeSet<String>,
    told: BTreeSet<String>,
}

impl Observed {
    pub fn note(&mut self, step: &Step, blue: &Answered, again: Option<&Answered>, green: &Answered) {
        let (Ok(blue), Ok(green)) = (blue, green) else { return };
        let again = again.and_then(|again| again.as_ref().ok()).map(|again| again.took);
        let of_blue = again.map_or(blue.took, |again| again.max(blue.took));
        self.latest.insert(step.call.clone(), (of_blue, green.took));
        let times = self.calls.entry(step.call.clone()).or_default();
        times.0.push(blue.took);
        times.1.push(green.took);
        if !step.is_pure() {
            self.writes.insert(step.call.clone());
        }
    }

    /// Whether the newest answer to this call makes one look again.
    pub fn looks_slow(&self, step: &Step) -> bool {
        let slow = self
            .latest
            .get(&step.call)
            .is_some_and(|(blue, green)| *green > *blue * 2 && *green > *blue + NOTICED);
        slow && !self.told.contains(&step.call)
    }

    pub fn told(&mut self, step: &Step) {
        self.told.insert(step.call.clone());
    }

    pub fn was_told(&self, call: &str) -> bool {
        self.told.contains(call)
    }

    /// Writes are not repeated for the sake of time: what the cases took must do.
    pub fn slow_writes(&mut self) -> Vec<(String, String, Found)> {
        let slow: Vec<_> = self
            .calls
            .iter()
            .filter(|(call, times)| self.writes.contains(*call) && times.0.len() > 1)
            .filter_map(|(call, (blue, green))| {
                Some(("latency".to_owned(), call.clone(), slower(blue, green)?))
            })
            .collect();
        self.told.extend(slow.iter().map(|(_, call, _)| call.clone()));
        slow
    }
}

/// The finding, where green is slower by more than chance and by enough to be noticed.
pub(super) fn slower(blue: &[Duration], green: &[Duration]) -> Option<Found> {
    let (a, b) = (median(blue)?, median(green)?);
    if b < a + NOTICED {
        return None;
    }
    let [low, high] = latency::interval(blue, green);
    (low > RATIO).then(|| Found {
        path: "latency".into(),
        kind: Kind::Slow,
        severity: Severity::Degrading,
        blue: json!(milliseconds(a)),
        green: json!(milliseconds(b)),
        why: format!(
            "Milliseconds, the median of {}: slower by a factor of {low:.1} to {high:.1}.",
            green.len()
        ),
        count: 1,
    })
}
