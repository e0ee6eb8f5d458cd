//! What a run found, as everybody who reads it gets it: nothing secret, worst first.

mod book;
mod html;
mod junit;

use std::{fs, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

pub(crate) use book::{Book, Ended};

use crate::{
    Error, Kind, Severity,
    latency::{Latency, LoadReport},
};

/// One comparison of two backends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    pub summary: Summary,
    pub findings: Vec<Finding>,
    pub expected: Vec<Expected>,
    pub hidden: Vec<Hidden>,
    pub noise: Vec<Noise>,
    pub skipped: Vec<Skipped>,
    pub latency: Vec<Latency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadReport>,
    pub backends: Backends,
    /// The exchanges behind the findings; not in `report.json`.
    #[serde(skip)]
    pub exchanges: Vec<Exchange>,
}

/// How much there is of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Summary {
    /// Cases that were run.
    pub cases: usize,
    pub findings: usize,
    /// Places at which the two differ as the table of shapes says.
    pub expected: usize,
    /// Places at which blue differs from itself.
    pub noise: usize,
    pub skipped: usize,
    /// Places that a rule of normalising, or one that lets something be, hid.
    pub hidden: usize,
    pub breaking: usize,
    pub degrading: usize,
    pub cosmetic: usize,
    /// Findings that the baseline has already; they are not among the others.
    pub known: usize,
    pub calls: usize,
}

/// Who was compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Backends {
    pub blue: Backend,
    pub green: Backend,
    #[ts(type = "string")]
    pub began: Timestamp,
    pub seconds: f64,
    /// Whether an account was used; without one only what needs none is compared.
    pub signed_in: bool,
    /// Whether somebody ended it before all was compared.
    #[serde(default)]
    pub ended_early: bool,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Backend {
    pub address: String,
    /// What it speaks.
    pub dialect: String,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Finding {
    pub case: String,
    pub call: String,
    /// A JSON pointer into the answer in the common form, or `status`, `header:NAME`, `latency`.
    pub path: String,
    pub kind: Kind,
    pub severity: Severity,
    #[ts(type = "unknown")]
    pub blue: Value,
    #[ts(type = "unknown")]
    pub green: Value,
    pub why: String,
    /// How many places it stands for.
    pub count: usize,
    /// Which of the run's exchanges shows it, from 0; absent for what no single call shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub exchange: Option<usize>,
}

/// A difference that the contract's table of shapes has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The first case that met it.
    pub case: String,
    pub call: String,
    pub path: String,
    /// The heading of the row.
    pub row: String,
    pub blue: Value,
    pub green: Value,
    pub count: usize,
}

/// What a rule hid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    pub rule: String,
    pub count: usize,
    /// The first few places.
    pub paths: Vec<String>,
}

/// A place at which blue differs from itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    pub case: String,
    pub path: String,
}

/// A case that was not run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Skipped {
    pub case: String,
    pub why: String,
}

/// One call with findings, as it went on both sides. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exchange {
    pub case: String,
    pub call: String,
    pub blue: ExchangeSide,
    pub green: ExchangeSide,
}

/// One side of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ExchangeSide {
    /// The call for a shell; the token is left to whoever repeats it.
    pub curl: String,
    /// The status, or the code of what kept an answer from coming.
    pub status: String,
    /// JSON in lines, or text; its beginning, when it is long.
    pub body: String,
}

impl Report {
    /// The worst that was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// `report.json`.
    ///
    /// # Errors
    /// [`Error::File`], which does not come.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self)
            .map_err(|e| Error::File(format!("The report cannot be written: {e}.")))
    }

    /// A report that was written earlier.
    ///
    /// # Errors
    /// [`Error::File`] that names the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let text =
            fs::read_to_string(path).map_err(|e| Error::File(format!("{shown} cannot be read: {e}.")))?;
        serde_json::from_str(&text)
            .map_err(|e| Error::File(format!("{shown} is no report of a comparison: {e}.")))
    }

    /// Leaves out what an earlier report has: the same case, place and kind. What became worse is new.
    #[must_use]
    pub fn since(mut self, baseline: &Self) -> Self {
        let known = |new: &Finding| {
            baseline.findings.iter().any(|old| {
                (&old.case, &old.call, &old.path, old.kind) == (&new.case, &new.call, &new.path, new.kind)
                    && old.severity >= new.severity
            })
        };
        let all = self.findings.len();
        self.findings.retain(|finding| !known(finding));
        self.summary.known = all - self.findings.len();
        self.count();
        self
    }

    /// The summary's figures of the findings that are left.
    fn count(&mut self) {
        let of = |severity| self.findings.iter().filter(|f| f.severity == severity).count();
        let (breaking, degrading, cosmetic) =
            (of(Severity::Breaking), of(Severity::Degrading), of(Severity::Cosmetic));
        self.summary =
            Summary { findings: self.findings.len(), breaking, degrading, cosmetic, ..self.summary };
    }

    /// Writes `report.json`, `report.html` and `junit.xml` to a folder that is there.
    ///
    /// # Errors
    /// [`Error::Unwritable`] that names the file.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let files =
            [("report.json", self.json()?), ("report.html", self.html()), ("junit.xml", self.junit())];
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|source| Error::Unwritable { path, source })?;
        }
        Ok(())
    }

    /// The report as CI systems read it.
    pub fn junit(&self) -> String {
        junit::junit(self)
    }

    /// The report as one page that needs nothing else.
    pub fn html(&self) -> String {
        html::html(self)
    }
}
