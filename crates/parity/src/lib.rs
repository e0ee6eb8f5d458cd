//! The comparison of two backends as a client meets them: one suite, run against both through the client's own
//! connections, each difference judged on the raw answer and on what the client reads in it.

mod data;
mod error;
mod ids;
mod judge;
mod latency;
mod mask;
mod record;
mod report;
mod run;
mod side;
mod suite;

pub use error::Error;
pub use judge::{Kind, Row, Severity};
pub use latency::{Borne, Budget, Latency, Load, LoadReport, Percentiles};
pub use record::Recorder;
pub use report::{
    Backend, Backends, Exchange, ExchangeSide, Expected, Finding, Hidden, Noise, Report, Skipped, Summary,
};
pub use run::{Account, AskForCode, OnProgress, Options, OtpSource, Progress, run};
pub use suite::{Case, Ignore, Step, Suite, Token};
