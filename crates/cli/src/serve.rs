//! `serve`: the reference service in this process, told in JSON lines.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use melody_core::Code;
use melody_server::{Error, Options};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use crate::exit::Halt;
use crate::render::output;
use crate::signals::Signals;
use crate::values::{self, LONGEST_TTL_S, Secret};

/// What `serve --help` says of the file.
const DEVIATIONS: &str = "A TOML file of deviations for the parity check to find:

  [[deviation]]
  route = \"GET /music/search\"   METHOD /path, as in --faults; * for any
  kind = \"rename\"              rename, drop, type, status, order, precision,
                               encoding, slow, doubled or lost
  field = \"data.tracks.title\"  a field's path, or its name alone: wherever it is
  to = \"name\"                  rename: the other name
  nth = 2                      only in this row of each list, from 1
  rate = 0.5                   how often, 0 to 1
  seed = 7                     which answers those are
  status = 202                 status: which
  ms = 300                     slow: how late, in milliseconds

order, doubled and lost are of a list: of the field's, or of each list of objects.";

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Which of the two backends it is
    #[arg(long, value_name = "DIALECT", default_value = "green", value_parser = ["green", "blue"])]
    pub dialect: String,
    /// Give green the faults of the migration plan's own code
    #[arg(long)]
    pub as_planned: bool,
    /// The port on this machine; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Where its data is kept; without it they go when it goes
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The songs it has: demo, or synthetic:N for N made-up ones
    #[arg(long, value_name = "SONGS", default_value = "demo")]
    pub catalogue: String,
    /// One fixed six-digit code, instead of random ones
    #[arg(long, value_name = "CODE")]
    pub otp: Option<Secret>,
    /// How long a code is good for, in seconds
    #[arg(long, value_name = "S", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=LONGEST_TTL_S))]
    pub otp_ttl: u64,
    /// How long an access token is good for, in seconds
    #[arg(long, value_name = "S", default_value_t = 900, value_parser = clap::value_parser!(u64).range(1..=LONGEST_TTL_S))]
    pub token_ttl: u64,
    /// Whether the rate limits are kept
    #[arg(long, value_name = "WHETHER", default_value = "on", value_parser = ["on", "off"])]
    pub limits: String,
    /// A TOML file of deviations for the parity check to find
    #[arg(long, value_name = "FILE", long_help = DEVIATIONS)]
    pub deviate: Option<PathBuf>,
    /// How long making an instrumental takes, in seconds
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = values::seconds_from, allow_negative_numbers = true)]
    pub conversion_time: f64,
    /// A TOML file of faults to rehearse
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// The first line.
#[derive(Serialize)]
struct Listening {
    listening: String,
    dialect: String,
}

/// A line for each code that goes out.
#[derive(Serialize)]
struct Sent {
    otp: String,
    phone: String,
}

/// Serves until it is told to stop; then lets running requests end.
pub async fn serve(args: ServeArgs, signals: &mut Signals) -> Result<(), Halt> {
    let dialect = args.dialect.clone();
    let port = args.port;
    let server = melody_server::start(options(args)?).await.map_err(|error| refused(&error, port))?;
    let mut otps = server.otps();
    output::document(&Listening { listening: server.base_url(), dialect })?;
    loop {
        tokio::select! {
            _ = signals.next() => break,
            sent = otps.recv() => match sent {
                Ok(sent) => output::document(&Sent { otp: sent.otp, phone: sent.phone })?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    server.shutdown().await;
    Ok(())
}

fn options(args: ServeArgs) -> Result<Options, Halt> {
    let usage = |error: Error| Halt::usage(sentence(&error));
    let faults = match &args.faults {
        Some(path) => {
            let toml = std::fs::read_to_string(path).map_err(|error| {
                Halt::usage(format!("The faults cannot be read from {}: {error}.", path.display()))
            })?;
            melody_server::parse_faults(&toml).map_err(usage)?
        }
        None => Vec::new(),
    };
    let deviations = match &args.deviate {
        Some(path) => {
            let toml = std::fs::read_to_string(path).map_err(|error| {
                Halt::usage(format!("The deviations cannot be read from {}: {error}.", path.display()))
            })?;
            melody_server::parse_deviations(&toml).map_err(usage)?
        }
        None => Vec::new(),
    };
    Ok(Options {
        dialect: args.dialect.parse().map_err(usage)?,
        as_planned: args.as_planned,
        port: args.port,
        data: args.data,
        catalogue: args.catalogue.parse().map_err(usage)?,
        otp: args.otp.map(|otp| otp.0),
        otp_ttl: Duration::from_secs(args.otp_ttl),
        token_ttl: Duration::from_secs(args.token_ttl),
        limits: args.limits == "on",
        conversion_time: Duration::from_secs_f64(args.conversion_time),
        faults,
        deviations,
        ..Options::default()
    })
}

/// Why it does not start, by what a person can change.
pub fn refused(error: &Error, port: u16) -> Halt {
    let storage = |cause: &io::Error, place: String| match cause.kind() {
        io::ErrorKind::StorageFull => {
            Halt::local(Code::StorageFull, format!("There is no room left in {place}."))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Halt::local(Code::StorageReadOnly, format!("{place} cannot be written to."))
        }
        _ => Halt::local(Code::StorageDamaged, format!("{place} cannot be used: {cause}.")),
    };
    match error {
        Error::Data { folder, cause } => storage(cause, folder.display().to_string()),
        Error::Io(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
            Halt::usage(format!("Port {port} is taken. Choose another with --port, or 0 for a free one."))
        }
        Error::Io(cause) if cause.kind() == io::ErrorKind::PermissionDenied && (1..1024).contains(&port) => {
            Halt::usage(format!("Port {port} is not yours to use. Choose one above 1023 with --port."))
        }
        Error::Io(cause) => storage(cause, "The temporary folder".to_owned()),
        Error::Option(_) | Error::Faults(_) | Error::Deviations(_) => Halt::usage(sentence(error)),
        _ => Halt::local(Code::ProcessingError, sentence(error)),
    }
}

/// The server's words as a sentence.
fn sentence(error: &Error) -> String {
    // A TOML error shows the place in a little picture; its words alone are what fits a line.
    let words = error.to_string();
    let words: Vec<&str> =
        words.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|')).collect();
    let words = words.join(": ");
    let mut letters = words.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
