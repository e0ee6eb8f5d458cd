//! What the service has to say to the one who is signed in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{JsonMap, ServerId};

/// One message of the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Notification {
    /// The current generation's: it is nothing that is kept here.
    pub id: ServerId,
    /// The service's own word: `conversion_completed`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub title: String,
    pub message: Option<String>,
    /// What it is about, as the service wrote it.
    #[ts(type = "Record<string, unknown>")]
    pub data: JsonMap,
    pub read: bool,
    #[ts(type = "string | null")]
    pub created_at: Option<Timestamp>,
}
