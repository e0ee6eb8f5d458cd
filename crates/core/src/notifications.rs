//! What the service has to say to the one who is signed in.

use std::sync::Arc;

use melody_api::NotificationsRequest;
use melody_model::{Notification, ServerId};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    Error, catalogue,
    context::{Account, Context},
};

/// The most notifications in one answer.
const MOST: u32 = 100;

/// Notifications, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct NotificationPage {
    pub notifications: Vec<Notification>,
    pub total: u64,
    /// How many are unread over all pages.
    pub unread: u64,
    /// Items of the answer that could not be read.
    pub skipped: usize,
}

/// What is left unread after some were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
pub struct UnreadNotifications {
    pub unread: u64,
}

/// The service of the notifications.
#[derive(Clone, Debug)]
pub(crate) struct Notifications {
    context: Arc<Context>,
}

impl Notifications {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    pub(crate) async fn list(
        &self,
        limit: u32,
        offset: u64,
        unread_only: bool,
    ) -> Result<NotificationPage, Error> {
        catalogue::check_limit(limit, MOST)?;
        let account = self.context.signed_in()?;
        let page = account.client.notifications(NotificationsRequest { limit, offset, unread_only }).await?;
        let came = (page.items.len() + page.skipped) as u64;
        let total = page.total.unwrap_or(offset + came);
        let unread = if unread_only { total } else { unread(&account).await? };
        Ok(NotificationPage { notifications: page.items, total, unread, skipped: page.skipped })
    }

    /// Marks some as read; all of them when none is named.
    pub(crate) async fn read(&self, ids: &[String]) -> Result<UnreadNotifications, Error> {
        let account = self.context.signed_in()?;
        if ids.is_empty() {
            account.client.read_all_notifications().await?;
        }
        for id in ids {
            account.client.read_notification(&ServerId::from(id.trim())).await?;
        }
        Ok(UnreadNotifications { unread: unread(&account).await? })
    }
}

/// The service has no call that counts them: a page of the unread does, for it tells how many there are over all pages.
async fn unread(account: &Account) -> Result<u64, Error> {
    let request = NotificationsRequest { limit: 1, offset: 0, unread_only: true };
    let page = account.client.notifications(request).await?;
    Ok(page.total.unwrap_or(page.items.len() as u64))
}
