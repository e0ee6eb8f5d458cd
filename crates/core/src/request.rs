//! What commands carry.

use melody_model::{EntryOrder, EntrySort, Rendition, SearchType, Source, Timeframe};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A phone number as it was typed. Secret, because it is one.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct OtpRequest {
    #[ts(type = "string")]
    pub phone: SecretString,
    pub country: String,
}

#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct SearchRequest {
    pub query: String,
    #[serde(default)]
    #[ts(as = "Option<SearchType>", optional)]
    pub kind: SearchType,
    #[serde(default)]
    #[ts(optional)]
    pub language: Option<String>,
    #[serde(default)]
    #[ts(as = "Option<Source>", optional)]
    pub source: Source,
    pub limit: u32,
    pub offset: u64,
    /// Search what is on this machine and send nothing.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub offline: bool,
}

#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct TrendingRequest {
    #[serde(default)]
    #[ts(optional)]
    pub language: Option<String>,
    #[serde(default)]
    #[ts(as = "Option<Timeframe>", optional)]
    pub timeframe: Timeframe,
    pub limit: u32,
    /// What is known on this machine, without asking.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub offline: bool,
}

#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct ListRequest {
    pub limit: u32,
    pub offset: u64,
    #[serde(default)]
    #[ts(as = "Option<EntrySort>", optional)]
    pub sort: EntrySort,
    #[serde(default)]
    #[ts(as = "Option<EntryOrder>", optional)]
    pub order: EntryOrder,
    /// Only songs that have these words, as a search would find them.
    #[serde(default)]
    #[ts(optional)]
    pub filter: Option<String>,
    #[serde(default)]
    #[ts(optional)]
    pub language: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct PlayRequest {
    /// The new queue, in order.
    pub ids: Vec<String>,
    /// The place of the song that begins, from 0.
    #[serde(default)]
    #[ts(as = "Option<usize>", optional)]
    pub start: usize,
    #[serde(default)]
    #[ts(as = "Option<Rendition>", optional)]
    pub rendition: Rendition,
    /// Where that song begins, in seconds.
    #[serde(default)]
    #[ts(as = "Option<f64>", optional)]
    pub from_s: f64,
    /// How much of each song is heard, in seconds; all of it when absent.
    #[serde(default)]
    #[ts(optional)]
    pub for_s: Option<f64>,
}

/// Two backends, and who is to be signed in on both.
#[derive(Clone, Debug, Default, Deserialize, TS)]
pub struct CompareRequest {
    /// The old backend's address.
    pub blue: String,
    /// The new one's.
    pub green: String,
    /// Hosts that may be compared besides this machine, in plain http too.
    #[serde(default)]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub allow_hosts: Vec<String>,
    /// A disposable account; without one only what needs no sign-in is compared.
    #[serde(default)]
    #[ts(optional)]
    pub account: Option<CompareAccount>,
}

/// An account that both backends take, as it was typed. It is in no file and in no log.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct CompareAccount {
    #[ts(type = "string")]
    pub phone: SecretString,
    pub country: String,
    /// The one code that the test backends send.
    #[ts(type = "string")]
    pub otp: SecretString,
}

/// Where songs come into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// After the song that is on.
    Next,
    Last,
}
