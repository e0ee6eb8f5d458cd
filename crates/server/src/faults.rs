//! The switchboard of faults: which request goes wrong, and how.

use std::fmt;
use std::str::FromStr;

use axum::http::Method;
use serde::Deserialize;

use crate::Error;

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection closes before the handler runs.
    DropBefore,
    /// The handler runs, then the connection closes without an answer.
    DropAfter,
    /// The handler runs twice; the second answer is sent.
    Duplicate,
    /// The answer is late by `ms`.
    Delay,
    /// `status` (500 unless told) in the dialect's error shape, the handler not run.
    Status,
    /// A gateway's HTML page with `status` (502 unless told), the handler not run.
    Html,
    /// The body stops half way, short of its `Content-Length`.
    Truncate,
    /// The connection is reset half way through the body.
    Reset,
    /// From here on 503 for the next `times` requests, or for ever without `times`.
    Maintenance,
    /// Every token is void from here on, the one of this request too.
    VoidTokens,
    /// The caller's library gains a row, or loses the row that this fault gave it, before the handler runs.
    ShiftPage,
    /// The conversion that this request begins fails half way.
    FailConversion,
    /// Each of the ten steps of the conversion that this request begins takes `ms` longer.
    SlowConversion,
}

/// One entry of the switchboard.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `METHOD /path` without `/api/v1`; `*` stands for any method, any one segment, at the end for
    /// any rest, alone for everything.
    pub route: String,
    /// What happens.
    pub kind: FaultKind,
    /// How often, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// So many matching requests pass first.
    #[serde(default)]
    pub after: u32,
    /// So many times at most; without it, no end.
    #[serde(default)]
    pub times: Option<u32>,
    /// For `status` and `html`.
    #[serde(default)]
    pub status: Option<u16>,
    /// For `delay` and `slow_conversion`: milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// The same seed and the same requests give the same faults.
    #[serde(default)]
    pub seed: u64,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// A fault that always happens on `route`.
    pub fn new(route: &str, kind: FaultKind) -> Self {
        Self { route: route.to_owned(), kind, rate: 1.0, after: 0, times: None, status: None, ms: 0, seed: 0 }
    }

    /// See [`Fault::times`].
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// See [`Fault::after`].
    pub fn after(mut self, after: u32) -> Self {
        self.after = after;
        self
    }

    /// See [`Fault::rate`] and [`Fault::seed`].
    pub fn rate(mut self, rate: f64, seed: u64) -> Self {
        self.rate = rate;
        self.seed = seed;
        self
    }

    /// See [`Fault::status`].
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// See [`Fault::ms`].
    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = ms;
        self
    }

    /// Whether the entry makes sense: a route it can match, a rate within 0 to 1, a status that exists.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.route.parse::<Route>()?;
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(Error::Faults(format!("rate is {} and may be 0 to 1", self.rate)));
        }
        match self.status {
            Some(status) if !(200..=599).contains(&status) => {
                Err(Error::Faults(format!("status is {status} and may be 200 to 599")))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a TOML file of `[[fault]]` tables.
pub fn parse_faults(toml: &str) -> Result<Vec<Fault>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        fault: Vec<Fault>,
    }
    let file: File = toml::from_str(toml).map_err(|error| Error::Faults(error.to_string()))?;
    file.fault.iter().try_for_each(Fault::check)?;
    Ok(file.fault)
}

/// What the `route` of a fault or of a deviation matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    method: Option<String>,
    /// `None` matches every path.
    segments: Option<Vec<String>>,
}

impl FromStr for Route {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "*" {
            return Ok(Self { method: None, segments: None });
        }
        let (method, path) = text
            .split_once(' ')
            .filter(|(method, path)| !method.is_empty() && (path.starts_with('/') || *path == "*"))
            .ok_or_else(|| Error::Faults(format!("a route is \"METHOD /path\" or \"*\", not {text:?}")))?;
        Ok(Self {
            method: (method != "*").then(|| method.to_ascii_uppercase()),
            segments: (path != "*").then(|| path[1..].split('/').map(str::to_owned).collect()),
        })
    }
}

impl Route {
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        if self.method.as_deref().is_some_and(|wanted| wanted != method.as_str()) {
            return false;
        }
        let Some(segments) = &self.segments else { return true };
        let mut asked = path.trim_start_matches('/').split('/');
        for (index, segment) in segments.iter().enumerate() {
            let Some(there) = asked.next() else { return false };
            if segment == "*" && index + 1 == segments.len() {
                return true;
            }
            if segment != "*" && !segment.starts_with('{') && segment != there {
                return false;
            }
        }
        asked.next().is_none()
    }
}

/// A fault with its memory.
struct Armed {
    fault: Fault,
    route: Route,
    seen: u32,
    fired: u32,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub delay_ms: u64,
    pub fault: Option<Fault>,
}

/// All faults of one server.
#[derive(Default)]
pub(crate) struct Switchboard(Vec<Armed>);

impl fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|armed| &armed.fault)).finish()
    }
}

impl Switchboard {
    pub fn new(faults: Vec<Fault>) -> Result<Self, Error> {
        faults
            .into_iter()
            .map(|fault| {
                fault.check()?;
                Ok(Armed { route: fault.route.parse()?, fault, seen: 0, fired: 0 })
            })
            .collect::<Result<_, Error>>()
            .map(Self)
    }

    /// Delays add up; of the others the first that fires is it, and those below it are not asked.
    pub fn plan(&mut self, method: &Method, path: &str) -> Plan {
        let mut plan = Plan::default();
        for armed in &mut self.0 {
            if !armed.route.matches(method, path) || !armed.fires() {
                continue;
            }
            if armed.fault.kind == FaultKind::Delay {
                plan.delay_ms += armed.fault.ms;
            } else {
                plan.fault = Some(armed.fault.clone());
                break;
            }
        }
        plan
    }
}

impl Armed {
    fn fires(&mut self) -> bool {
        let turn = self.seen;
        self.seen = self.seen.saturating_add(1);
        // Maintenance fires once: its `times` counts the requests it then refuses.
        let most = if self.fault.kind == FaultKind::Maintenance { Some(1) } else { self.fault.times };
        if turn < self.fault.after || most.is_some_and(|most| self.fired >= most) {
            return false;
        }
        let fires = draw(self.fault.seed, u64::from(turn)) < self.fault.rate;
        self.fired += u32::from(fires);
        fires
    }
}

/// A number from 0 up to 1 that depends on nothing but its arguments (splitmix64).
pub(crate) fn draw(seed: u64, turn: u64) -> f64 {
    let mut x = seed.wrapping_add(turn.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(route: &str, method: Method, path: &str) -> bool {
        route.parse::<Route>().unwrap().matches(&method, path)
    }

    #[test]
    fn routes_match_whole_paths_and_wildcards() {
        assert!(matches("POST /library/songs", Method::POST, "/library/songs"));
        assert!(!matches("POST /library/songs", Method::GET, "/library/songs"));
        assert!(!matches("POST /library/songs", Method::POST, "/library/songs/1/play"));
        assert!(matches("POST /library/songs/*/play", Method::POST, "/library/songs/1/play"));
        assert!(matches("POST /library/songs/{id}/play", Method::POST, "/library/songs/1/play"));
        assert!(matches("GET /media/*", Method::GET, "/media/audio/x/original.flac"));
        assert!(!matches("GET /media/*", Method::GET, "/media"));
        assert!(matches("* /health", Method::GET, "/health"));
        assert!(matches("*", Method::PUT, "/whatever"));
        assert!("library".parse::<Route>().is_err());
    }

    #[test]
    fn after_and_times_bound_a_fault() {
        let fault = Fault::new("*", FaultKind::DropBefore).after(2).times(3);
        let mut board = Switchboard::new(vec![fault]).unwrap();
        let fired: Vec<bool> = (0..8).map(|_| board.plan(&Method::GET, "/x").fault.is_some()).collect();
        assert_eq!(fired, [false, false, true, true, true, false, false, false]);
    }

    #[test]
    fn the_same_seed_gives_the_same_faults_at_the_asked_rate() {
        let run = |seed| {
            let fault = Fault::new("*", FaultKind::Status).rate(0.3, seed);
            let mut board = Switchboard::new(vec![fault]).unwrap();
            (0..1000).map(|_| board.plan(&Method::GET, "/x").fault.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).into_iter().filter(|hit| *hit).count();
        assert!((240..=360).contains(&hits), "{hits} of 1000");
    }

    #[test]
    fn a_file_of_faults_is_read_and_nonsense_is_refused() {
        let faults = parse_faults(
            "[[fault]]\nroute = \"POST /library/songs\"\nkind = \"drop_after\"\nrate = 0.1\nafter = 3\n\
             times = 5\nstatus = 503\nms = 800\nseed = 7\n[[fault]]\nroute = \"*\"\nkind = \"shift_page\"\n",
        )
        .unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(faults[0].kind, FaultKind::DropAfter);
        assert_eq!((faults[0].after, faults[0].times, faults[0].ms, faults[0].seed), (3, Some(5), 800, 7));
        assert_eq!(faults[1].rate, 1.0);
        assert!(parse_faults("[[fault]]\nroute = \"*\"\nkind = \"explode\"").is_err());
        assert!(parse_faults("[[fault]]\nroute = \"*\"\nkind = \"delay\"\nrate = 2.0").is_err());
        assert!(parse_faults("[[fault]]\nroute = \"songs\"\nkind = \"delay\"").is_err());
        assert!(parse_faults("[[fault]]\nroute = \"*\"\nkind = \"html\"\nstatus = 99").is_err());
        assert!(parse_faults("").unwrap().is_empty());
    }
}
