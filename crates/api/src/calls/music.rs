//! Searching, one song, and what is trending.

use melody_model::{RemotePage, RemoteSong, SearchType, ServerId, Source, Timeframe};
use reqwest::Method;

use crate::{
    Client, Error,
    read::{page, song},
    request::{Call, Subject, segment},
};

/// What to search for. `limit` is brought between 1 and 50 before it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    pub query: String,
    pub kind: SearchType,
    /// ISO 639-1.
    pub language: Option<String>,
    pub source: Source,
    pub limit: u32,
    pub offset: u64,
}

impl SearchRequest {
    /// The first twenty songs, from all sources and in all languages.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            kind: SearchType::default(),
            language: None,
            source: Source::default(),
            limit: 20,
            offset: 0,
        }
    }
}

/// The most that the service gives for one search.
const SEARCH_LIMIT: u32 = 50;

impl Client {
    /// Needs no sign-in.
    pub async fn search(&self, request: SearchRequest) -> Result<RemotePage<RemoteSong>, Error> {
        let call = Call::api(Method::GET, &["music", "search"])
            .about(Subject::Path)
            .query("q", &request.query)
            // The service looks everywhere when it is told no type; it has no word for that.
            .optional("type", (request.kind != SearchType::All).then(|| request.kind.as_str()))
            .query("limit", request.limit.clamp(1, SEARCH_LIMIT))
            .query("offset", request.offset)
            .optional("language", request.language.as_ref())
            .query("source", request.source.as_str());
        let answer = self.call(call).await?;
        page::songs(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    /// The song in full, lyrics and metadata too. Needs no sign-in.
    pub async fn track(&self, id: &ServerId) -> Result<RemoteSong, Error> {
        let answer = self.call(Call::api(Method::GET, &["music", "track", segment(id)?])).await?;
        song::answered(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    /// Needs no sign-in.
    pub async fn trending(
        &self,
        language: Option<&str>,
        timeframe: Timeframe,
        limit: u32,
    ) -> Result<RemotePage<RemoteSong>, Error> {
        let call = Call::api(Method::GET, &["music", "trending"])
            .about(Subject::Path)
            .optional("language", language)
            .query("limit", limit.clamp(1, SEARCH_LIMIT))
            .query("timeframe", timeframe.as_str());
        let answer = self.call(call).await?;
        page::songs(&answer.payload).ok_or_else(|| answer.unreadable())
    }
}
