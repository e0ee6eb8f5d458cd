//! Instrumentals on request: asked for, looked at, listed.

use melody_model::{ConversionStatus, RemoteConversion, RemotePage, ServerId};
use reqwest::Method;

use crate::{
    Client, Error,
    read::{conversion, page, value::Fields},
    request::{Call, Subject, segment},
};

/// Which conversions to give. `limit` is brought between 1 and 100 before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversionsRequest {
    pub limit: u32,
    pub offset: u64,
    pub status: Option<ConversionStatus>,
}

const MOST: u32 = 100;

impl Client {
    /// Asks for the instrumental of a saved song, whose original is at `audio_url`. The answer need not say more than
    /// the job's id. It is asked once: whoever does not hear the answer looks at [`Self::conversions`] first.
    pub async fn convert(&self, library_id: &ServerId, audio_url: &str) -> Result<RemoteConversion, Error> {
        let call = Call::api(Method::POST, &["audio", "convert-to-instrumental"])
            .about(Subject::Path)
            .bearer()
            .field("library_id", library_id.as_str())
            .field("audio_url", audio_url)
            .field("priority", "normal");
        let answer = self.call(call).await?;
        conversion::answered(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    pub async fn conversion(&self, job: &ServerId) -> Result<RemoteConversion, Error> {
        let call = Call::api(Method::GET, &["audio", "conversion-status", segment(job)?]).bearer();
        let answer = self.call(call).await?;
        let unnamed = || Some(conversion::conversion_with(job.clone(), Fields::of(&answer.payload.data)?));
        conversion::answered(&answer.payload).or_else(unnamed).ok_or_else(|| answer.unreadable())
    }

    /// The newest first, as the service orders them.
    pub async fn conversions(
        &self,
        request: ConversionsRequest,
    ) -> Result<RemotePage<RemoteConversion>, Error> {
        let call = Call::api(Method::GET, &["audio", "conversion-history"])
            .about(Subject::Path)
            .bearer()
            .query("limit", request.limit.clamp(1, MOST))
            .query("offset", request.offset)
            .optional("status", request.status.map(ConversionStatus::as_str));
        let answer = self.call(call).await?;
        page::conversions(&answer.payload).ok_or_else(|| answer.unreadable())
    }
}
