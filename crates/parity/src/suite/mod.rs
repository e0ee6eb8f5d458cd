//! What is asked of both backends: cases in a readable file, each a few calls, with variables, captures and expectations.

mod fill;

use std::{collections::BTreeMap, path::Path};

use jiff::civil::Date;
use melody_api::Reading;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use fill::{Filled, Variables, fill_text, fill_value};

use crate::Error;

/// The built-in suite, one file for each subject.
const BUILT_IN: &[(&str, &str)] = &[
    ("account", include_str!("../../suites/account.toml")),
    ("music", include_str!("../../suites/music.toml")),
    ("library", include_str!("../../suites/library.toml")),
    ("conversions", include_str!("../../suites/conversions.toml")),
    ("http", include_str!("../../suites/http.toml")),
    ("notifications", include_str!("../../suites/notifications.toml")),
];

/// Cases, and what of their differences is let be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    #[serde(default, rename = "case")]
    pub cases: Vec<Case>,
    #[serde(default, rename = "ignore", skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<Ignore>,
}

/// One thing that is compared: calls that belong together, on one backend and then on the other.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `subject/what`; the tags and the order of a run do not depend on it.
    pub id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// One case for each of these values, under this name as a variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Vec<Value>>,
    /// The value of `each` that this case tries.
    #[serde(skip)]
    pub(crate) with: Variables,
    pub steps: Vec<Step>,
    /// What takes the steps back; carried out in any event and not compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Step>,
}

/// One call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `GET /music/search`; with ` | ` between blue's path and green's where they differ.
    pub call: String,
    /// Where the path begins: `api` (under `/api/v1`), `base` or `root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Names in snake case; each backend gets its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A JSON body; names of its own fields in snake case, what is within them as it stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// A body as it stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub token: Token,
    /// Seconds that pass before it, an hour at most; a variable too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Value>,
    /// As what the client reads the answer.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub reads: Reading,
    /// Variables out of the answer, by JSON pointer, in snake case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, String>,
    /// What both must answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Lists in any order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_order: bool,
    /// What differs from one process to the next by its nature: only that it is there, and of one kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form_only: Vec<String>,
    /// Moments at which an account came to be: within ten minutes of each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
    /// Carried out for what it gives to later calls, and not compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Whether a compressed answer is looked at as it was sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_sent: bool,
}

/// Whose token goes along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Token {
    #[default]
    None,
    /// The account's.
    Account,
    /// One that no backend gave out.
    Void,
    /// Something that is no token.
    Malformed,
    /// The account's from before it signed out.
    Spent,
    /// The account's first, once it has run out: the step waits until then.
    Expired,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A difference that somebody has decided to let be, for now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// A case's id; a `*` at its end stands for anything.
    pub case: String,
    /// A path of a finding, likewise.
    pub path: String,
    pub reason: String,
    /// The last day on which this holds.
    pub until: Date,
}

impl Suite {
    /// The whole contract.
    ///
    /// # Errors
    /// [`Error::File`], which a test excludes.
    pub fn built_in() -> Result<Self, Error> {
        let mut suite = Self::default();
        for (name, text) in BUILT_IN {
            suite.add(Self::parse(text, &format!("the built-in suite “{name}”"))?);
        }
        Ok(suite)
    }

    /// Somebody's own, from a file.
    ///
    /// # Errors
    /// [`Error::File`] that names the file and the place.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|e| Error::File(format!("{shown} cannot be read: {e}.")))?;
        Self::parse(&text, &shown.to_string())
    }

    /// Reads a suite and checks what its grammar does not.
    ///
    /// # Errors
    /// [`Error::File`] that names the place.
    pub fn parse(text: &str, name: &str) -> Result<Self, Error> {
        let suite: Self = toml::from_str(text).map_err(|e| {
            let line =
                e.to_string().lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ");
            Error::File(format!("{name} is no suite. {line}."))
        })?;
        for case in &suite.cases {
            if case.steps.is_empty() {
                return Err(Error::File(format!("{name}: the case {} has no steps.", case.id)));
            }
            for step in case.steps.iter().chain(&case.undo) {
                step.check().map_err(|why| Error::File(format!("{name}: the case {}: {why}.", case.id)))?;
            }
        }
        if let Some(rule) = suite.ignored.iter().find(|rule| rule.reason.trim().len() < 8) {
            return Err(Error::File(format!("{name}: what is let be in {} needs a reason.", rule.case)));
        }
        Ok(suite)
    }

    /// All of another's cases too.
    pub fn add(&mut self, other: Self) {
        self.cases.extend(other.cases);
        self.ignored.extend(other.ignored);
    }

    /// One case for each value of what is to be tried.
    #[must_use]
    pub fn expanded(self) -> Self {
        let cases = self.cases.into_iter().flat_map(fill::expand).collect();
        Self { cases, ignored: self.ignored }
    }
}

impl Case {
    /// Whether somebody has to be signed in for it.
    pub fn needs_account(&self) -> bool {
        self.has_tag("sign-in")
            || self
                .steps
                .iter()
                .any(|step| matches!(step.token, Token::Account | Token::Spent | Token::Expired))
    }

    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }
}

impl Step {
    fn check(&self) -> Result<(), String> {
        let path = self.call.split_once(' ').map(|(_, path)| path).unwrap_or_default();
        let method = self.method();
        let named = method.starts_with('{') || method.bytes().all(|b| b.is_ascii_uppercase());
        if !path.starts_with('/') || !named {
            return Err(format!("“{}” is no call; it looks like GET /music/search", self.call));
        }
        match self.at.as_deref() {
            None | Some("api" | "base" | "root") => Ok(()),
            Some(other) => Err(format!("“{other}” is no place; a path begins at api, base or root")),
        }
    }

    pub fn method(&self) -> &str {
        self.call.split(' ').next().unwrap_or_default()
    }

    /// The paths of blue and of green.
    pub fn paths(&self) -> (&str, &str) {
        let paths = self.call.split_once(' ').map(|(_, paths)| paths).unwrap_or_default();
        paths.split_once(" | ").unwrap_or((paths, paths))
    }

    /// Whether it changes nothing, so that it may be asked twice.
    pub fn is_pure(&self) -> bool {
        matches!(self.method(), "GET" | "HEAD" | "OPTIONS")
    }
}

impl Ignore {
    /// Whether the rule is about this finding; not whether it still holds.
    pub fn is_about(&self, case: &str, path: &str) -> bool {
        let fits = |rule: &str, text: &str| match rule.strip_suffix('*') {
            Some(begin) => text.starts_with(begin),
            None => rule == text,
        };
        fits(&self.case, case) && fits(&self.path, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_suite_is_readable_and_its_ids_are_its_own() {
        let suite = Suite::built_in().unwrap().expanded();
        let mut ids: Vec<_> = suite.cases.iter().map(|case| case.id.clone()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "two cases have one id");
        assert!(all > 150, "{all} cases");
        assert!(suite.ignored.is_empty(), "nothing is let be from the start");
    }

    #[test]
    fn a_broken_suite_is_told_by_file_and_place() {
        for (text, told) in [
            ("[[case]]\nid = 'x'\nsteps = []", "no steps"),
            ("[[case]]\nid = 'x'\nsteps = [{ call = 'music' }]", "is no call"),
            ("[[case]]\nid = 'x'\nsteps = [{ call = 'GET https://elsewhere.example/x' }]", "is no call"),
            ("[[case]]\nid = 'x'\nsteps = [{ call = 'GET /x', at = 'moon' }]", "no place"),
            ("[[case]]\nid = 'x'\nwhatever = 1\nsteps = [{ call = 'GET /x' }]", "whatever"),
            ("[[ignore]]\ncase = '*'\npath = '/x'\nreason = ''\nuntil = '2026-12-01'", "needs a reason"),
            ("[[ignore]]\ncase = '*'\npath = '/x'\nreason = 'because of it'", "until"),
        ] {
            let error = Suite::parse(text, "mine.toml").unwrap_err().to_string();
            assert!(error.contains("mine.toml") && error.contains(told), "{error}");
        }
    }

    #[test]
    fn a_rule_holds_for_what_it_names() {
        let rule = Ignore {
            case: "search/*".into(),
            path: "/data/tracks/0/title".into(),
            reason: "known to QA".into(),
            until: "2026-12-01".parse().unwrap(),
        };
        assert!(rule.is_about("search/emoji", "/data/tracks/0/title"));
        assert!(!rule.is_about("library/list", "/data/tracks/0/title"));
        assert!(!rule.is_about("search/emoji", "/data/tracks/0/titles"));
    }
}
