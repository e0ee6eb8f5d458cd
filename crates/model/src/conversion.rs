//! Instrumentals that the service makes on request.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{JsonMap, RemoteSong, ServerId};

/// How far a conversion has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConversionStatus {
    #[default]
    Queued,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl ConversionStatus {
    /// Every value, in the order in which help texts list them.
    pub const ALL: &[Self] =
        &[Self::Queued, Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    /// The word used on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Processing)
    }
}

impl std::str::FromStr for ConversionStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|status| status.as_str() == text).copied();
        found.ok_or_else(|| format!("“{text}” is no status of a conversion."))
    }
}

/// A conversion, as the service tells it. What it leaves out is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteConversion {
    /// The job's id.
    pub server_id: ServerId,
    /// The saved song's.
    pub library_id: Option<ServerId>,
    pub track_id: Option<ServerId>,
    pub song: Option<RemoteSong>,
    pub status: ConversionStatus,
    /// 0 to 100.
    pub progress: u8,
    /// How many are made before it.
    pub queue_position: Option<u64>,
    pub seconds_left: Option<u64>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    /// Why it failed, in the service's words.
    pub error: Option<String>,
    /// Fields that this client has no name for, kept as they came.
    pub extra: JsonMap,
}
