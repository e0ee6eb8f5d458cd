//! The engine's requests, as calls of the service, and what their failures mean to it.

use melody_api::{LibraryRequest, Reason, Removal, SearchRequest};
use melody_model::{EntryOrder, EntrySort};
use melody_sync::{Answer, Call, Failure, Plays};

use super::reason;
use crate::{Code, Error, context::Account};

/// Songs of one search: the service's own bound.
const MOST_FOUND: u32 = 50;

pub(super) async fn ask(account: &Account, call: Call) -> Result<Answer, Error> {
    let client = &account.client;
    Ok(match call {
        Call::Version => {
            client.version().await?;
            Answer::Version
        }
        Call::Page { offset, limit, newest_first } => {
            let order = if newest_first { EntryOrder::Desc } else { EntryOrder::Asc };
            let request =
                LibraryRequest { limit, offset, sort: EntrySort::Added, order, has_instrumental: None };
            Answer::Page(client.library_songs(request).await?)
        }
        Call::Add { song, .. } => {
            let added = client.library_add(&song).await?;
            let plays =
                added.entry.map(|entry| Plays { count: entry.play_count, last: entry.last_played_at });
            Answer::Added { entry: added.server_id, plays }
        }
        Call::Remove { entry, .. } => match client.library_remove(&entry).await? {
            Removal::Done => Answer::Removed,
            Removal::NotThere => Answer::NotThere,
            // Somebody's yes: what came is the error to show if it has to be shown.
            Removal::Unclear(error) => return Err(Error::Unproven(error)),
        },
        Call::Play { entry, seconds, completed, .. } => {
            let count = client.library_play(&entry, seconds, completed).await?;
            Answer::Played { count: count.play_count, last: count.last_played_at }
        }
        Call::Song(song) => match client.track(&song).await.map_err(Error::from) {
            Ok(_) => Answer::Song(true),
            Err(error) if error.code() == Code::ResourceNotFound => Answer::Song(false),
            Err(error) => return Err(error),
        },
        Call::Search { title } => {
            // The service looks for tracks in their titles alone; which of them it is, the library's matching tells.
            let request = SearchRequest { limit: MOST_FOUND, ..SearchRequest::new(title) };
            Answer::Songs(client.search(request).await?.items)
        }
    })
}

/// What a failure means: whom it is about, and whether the request may have been carried out.
pub(super) fn failure(error: &Error) -> Failure {
    use melody_api::Error as Api;
    match error {
        Error::Unproven(_) => return Failure::Unproven,
        Error::Api(Api::Unreachable(away)) => {
            let never_left = matches!(
                away.reason,
                Reason::NoSuchHost
                    | Reason::ConnectionRefused
                    | Reason::NoConnection
                    | Reason::NotSetUp
                    | Reason::Certificate
            );
            return Failure::Away { sent: !never_left };
        }
        Error::Api(Api::NotTheService(_)) => return Failure::Away { sent: true },
        _ => {}
    }
    let reason = reason::keep(error);
    match error.code() {
        Code::RateLimitExceeded => {
            let retry_after = match error {
                Error::Api(e) => e.retry_after(),
                _ => None,
            };
            Failure::Limited { retry_after }
        }
        Code::Maintenance => Failure::Closed,
        Code::AuthRequired | Code::InvalidToken => Failure::SignIn,
        Code::ServiceError | Code::ProcessingError | Code::ExternalApiError => Failure::Once { reason },
        Code::ResourceNotFound => Failure::Refused { not_found: true, reason },
        Code::ValidationError => Failure::Refused { not_found: false, reason },
        _ => Failure::Here,
    }
}
