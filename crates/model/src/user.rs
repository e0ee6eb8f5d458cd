//! The person who is signed in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{JsonMap, ServerId};

/// An account, as the service tells it. The phone number is the client's to keep, masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: ServerId,
    pub name: Option<String>,
    pub avatar_url: Option<String>,
    /// Keys as stored: they are written back in the spelling that was read.
    pub preferences: JsonMap,
    pub stats: Option<UserStats>,
    /// Fields that this client has no name for, kept as they came; never the phone number.
    #[serde(default, skip_serializing_if = "JsonMap::is_empty")]
    pub extra: JsonMap,
}

/// What the profile call adds up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserStats {
    pub songs: Option<u64>,
    /// Seconds.
    pub playtime_s: Option<u64>,
    pub conversions: Option<u64>,
    pub joined_at: Option<Timestamp>,
}
