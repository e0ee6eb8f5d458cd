//! What the service has to say to the one who is signed in.

use melody_model::{Notification, RemotePage, ServerId};
use reqwest::Method;

use crate::{
    Client, Error,
    read::page,
    request::{Call, Subject, segment},
};

/// Which notifications to give. `limit` is brought between 1 and 100 before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationsRequest {
    pub limit: u32,
    pub offset: u64,
    pub unread_only: bool,
}

const MOST: u32 = 100;

impl Client {
    pub async fn notifications(
        &self,
        request: NotificationsRequest,
    ) -> Result<RemotePage<Notification>, Error> {
        let mut call = Call::api(Method::GET, &["notifications"])
            .about(Subject::Path)
            .bearer()
            .query("limit", request.limit.clamp(1, MOST))
            .query("offset", request.offset);
        // What a backend does by default is not asked for: it would make the call depend on the dialect.
        if request.unread_only {
            call = call.query("unread_only", true);
        }
        let answer = self.call(call).await?;
        page::notifications(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    pub async fn read_notification(&self, id: &ServerId) -> Result<(), Error> {
        self.call(Call::api(Method::PUT, &["notifications", segment(id)?, "read"]).bearer()).await?;
        Ok(())
    }

    pub async fn read_all_notifications(&self) -> Result<(), Error> {
        let call = Call::api(Method::PUT, &["notifications", "read-all"]).about(Subject::Path).bearer();
        self.call(call).await?;
        Ok(())
    }
}
