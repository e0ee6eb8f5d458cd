//! How long a comparison takes and what memory it needs: `compare suite`, or `compare libraries [ENTRIES]`, prints one
//! JSON document.
//!
//! The backends are processes of their own (`compare serve DIALECT ENTRIES`, this program again), so that the figures are
//! the comparison's alone.

use std::{
    error::Error,
    fs,
    io::{self, BufRead, BufReader, Read},
    ops::ControlFlow,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use melody_model::PhoneNumber;
use melody_parity::{Account, Options, OtpSource, Report, Suite, run};
use melody_server::{CatalogueChoice, Dialect};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

const OTP: &str = "424242";
const PHONE: &str = "9876543210";
const COUNTRY: &str = "+91";

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["suite"] => compare(0, &[], None).await,
        ["libraries"] => compare(100_000, &["data"], Some(0)).await,
        ["libraries", entries] => compare(entries.parse()?, &["data"], Some(0)).await,
        ["serve", dialect, entries] => serve(dialect.parse()?, entries.parse()?).await,
        _ => Err("compare suite | libraries [ENTRIES] | serve DIALECT ENTRIES".into()),
    }
}

async fn compare(entries: usize, only: &[&str], rounds: Option<usize>) -> Outcome<()> {
    let (blue, green) = (Backend::start("blue", entries)?, Backend::start("green", entries)?);
    let options = Options {
        blue: blue.address.clone(),
        green: green.address.clone(),
        allow_hosts: Vec::new(),
        account: Some(Account {
            phone: PhoneNumber::parse(COUNTRY, PHONE)?,
            otp: OtpSource::Fixed(OTP.to_owned().into()),
        }),
        suite: Suite::built_in()?,
        only: only.iter().map(|&tag| tag.to_owned()).collect(),
        rounds,
        budgets: Vec::new(),
        load: None,
        data: true,
        today: jiff::Zoned::now().date(),
        gate: Arc::new(|| true),
    };
    let begun = Instant::now();
    let report: Report = Box::pin(run(options, &|_| ControlFlow::Continue(()))).await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{:#}",
        json!({
            "seconds": seconds,
            "peak_mb": peak_megabytes()?,
            "cases": report.summary.cases,
            "calls": report.summary.calls,
            "findings": report.summary.findings,
            "entries": entries,
        })
    );
    Ok(())
}

/// A backend that says where it is, and ends when nobody holds its input any more.
async fn serve(dialect: Dialect, entries: usize) -> Outcome<()> {
    let catalogue = if entries == 0 { CatalogueChoice::Demo } else { CatalogueChoice::Synthetic(entries) };
    let options = melody_server::Options {
        dialect,
        otp: Some(OTP.into()),
        limits: false,
        catalogue,
        ..melody_server::Options::default()
    };
    let server = melody_server::start(options).await?;
    if entries > 0 {
        server.fill_library(COUNTRY, PHONE, entries)?;
    }
    println!("{}", server.base_url());
    tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// One of the two. It ends with us.
struct Backend {
    process: Child,
    address: String,
}

impl Backend {
    fn start(dialect: &str, entries: usize) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", dialect, &entries.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let out = process.stdout.take().ok_or("a backend without an output")?;
        BufReader::new(out).read_line(&mut address)?;
        Ok(Self { process, address: address.trim().to_owned() })
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The highest resident set of this process, in units of 10⁶ bytes.
fn peak_megabytes() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
