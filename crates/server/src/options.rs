//! How a server is started: what it speaks, what it holds, what it allows.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;

use crate::Error;
use crate::deviations::Deviation;
use crate::faults::Fault;

/// Which of the two backends the unprefixed addresses speak as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The old one: Node, camelCase, ObjectIds.
    Blue,
    /// The new one: FastAPI, snake_case, UUIDs.
    Green,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blue => "blue",
            Self::Green => "green",
        })
    }
}

impl FromStr for Dialect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "blue" => Ok(Self::Blue),
            "green" => Ok(Self::Green),
            other => Err(Error::Option(format!("the dialect is blue or green, not {other:?}"))),
        }
    }
}

/// More made-up songs than this are more than a test machine holds.
const MOST_SYNTHETIC: usize = 10_000_000;

/// Which songs the service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogueChoice {
    /// The invented demo songs.
    Demo,
    /// So many made-up rows, for load. Zero leaves only [`Options::extra_songs`].
    Synthetic(usize),
}

impl fmt::Display for CatalogueChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demo => f.write_str("demo"),
            Self::Synthetic(n) => write!(f, "synthetic:{n}"),
        }
    }
}

impl FromStr for CatalogueChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Option(format!("the catalogue is demo or synthetic:N, not {text:?}"));
        match text.split_once(':') {
            None if text == "demo" => Ok(Self::Demo),
            Some(("synthetic", count)) => match count.parse() {
                Ok(count) if count <= MOST_SYNTHETIC => Ok(Self::Synthetic(count)),
                Ok(_) => Err(Error::Option(format!("at most {MOST_SYNTHETIC} songs can be made up"))),
                Err(_) => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

/// A song that a test brings along, with the sound it wants served, however broken.
#[derive(Debug, Clone, Default)]
pub struct ExtraSong {
    /// Title and artist together name the song: the same pair twice is one song.
    pub title: String,
    /// See `title`.
    pub artist: String,
    /// The record it is on, if any.
    pub album: Option<String>,
    /// ISO 639-1.
    pub language: String,
    /// What the service claims, in whole seconds; the sound need not agree.
    pub duration_s: u32,
    /// Its files; none means a song without sound.
    pub audio: Vec<ExtraAudio>,
}

/// One rendition of an [`ExtraSong`].
#[derive(Debug, Clone)]
pub struct ExtraAudio {
    /// `original` or `instrumental`.
    pub rendition: String,
    /// The extension that the address ends with and that decides the content type: `mp3`, `m4a`, `ogg`, `opus`, `wav`, `flac`.
    pub format: String,
    /// The bytes themselves.
    pub source: AudioSource,
}

/// Where the bytes of an [`ExtraAudio`] are.
#[derive(Debug, Clone)]
pub enum AudioSource {
    /// Served as they are.
    Bytes(Bytes),
    /// Read when first asked for.
    File(PathBuf),
}

/// Everything that can be chosen about a server. `Options::default()` is what `melody serve` gives.
#[derive(Clone)]
pub struct Options {
    /// What the unprefixed addresses speak. `/blue/…` and `/green/…` are always there as well.
    pub dialect: Dialect,
    /// Whether green has the faults of the migration plan's own code.
    pub as_planned: bool,
    /// On 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where the database and the rendered sound are kept; without it they go when the server goes.
    pub data: Option<PathBuf>,
    /// Which songs there are.
    pub catalogue: CatalogueChoice,
    /// Songs besides the catalogue's.
    pub extra_songs: Vec<ExtraSong>,
    /// A fixed one-time password in place of random ones: six digits.
    pub otp: Option<String>,
    /// How long a one-time password is good for.
    pub otp_ttl: Duration,
    /// How long an access token is good for.
    pub token_ttl: Duration,
    /// Whether a refresh gives a new refresh token and voids the old one.
    pub rotate_refresh: bool,
    /// Whether rate limits are kept.
    pub limits: bool,
    /// How long making an instrumental takes, in ten steps.
    pub conversion_time: Duration,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// In what its answers are not as they should be.
    pub deviations: Vec<Deviation>,
    /// What `Retry-After` says during maintenance.
    pub maintenance_retry_after: Duration,
    /// Whether sound honours `Range`.
    pub ranges: bool,
    /// Bytes a second for each sound response; `None` is as fast as it goes.
    pub throttle: Option<u64>,
    /// Sound addresses are signed and answer 403 when they are older than this.
    pub signed_media_ttl: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::Green,
            as_planned: false,
            port: 0,
            data: None,
            catalogue: CatalogueChoice::Demo,
            extra_songs: Vec::new(),
            otp: None,
            otp_ttl: Duration::from_mins(5),
            token_ttl: Duration::from_mins(15),
            rotate_refresh: true,
            limits: true,
            conversion_time: Duration::from_secs(5),
            faults: Vec::new(),
            deviations: Vec::new(),
            maintenance_retry_after: Duration::from_secs(30),
            ranges: true,
            throttle: None,
            signed_media_ttl: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("dialect", &self.dialect)
            .field("as_planned", &self.as_planned)
            .field("port", &self.port)
            .field("data", &self.data)
            .field("catalogue", &self.catalogue)
            .field("faults", &self.faults.len())
            .finish_non_exhaustive()
    }
}
