//! The account's saved songs.

use jiff::Timestamp;
use melody_model::{EntryOrder, EntrySort, RemoteEntry, RemotePage, ServerId};
use reqwest::Method;

use crate::{
    Client, Error,
    read::{entry, page},
    refusal,
    request::{Call, Subject, segment},
};

/// Which saved songs to give. `limit` is brought between 1 and 100 before it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryRequest {
    pub limit: u32,
    pub offset: u64,
    pub sort: EntrySort,
    pub order: EntryOrder,
    pub has_instrumental: Option<bool>,
}

impl Default for LibraryRequest {
    /// The newest hundred.
    fn default() -> Self {
        Self {
            limit: LIBRARY_LIMIT,
            offset: 0,
            sort: EntrySort::default(),
            order: EntryOrder::default(),
            has_instrumental: None,
        }
    }
}

/// The most that the service gives in one page of the library.
const LIBRARY_LIMIT: u32 = 100;

/// What the service says of a song that was just saved. A backend may tell the whole entry or only its id, and one
/// that says "you have it already" may tell neither.
#[derive(Clone, Debug, PartialEq)]
pub struct AddedEntry {
    pub server_id: Option<ServerId>,
    pub entry: Option<RemoteEntry>,
}

/// What became of a saved song that the service was told to remove.
#[derive(Debug)]
pub enum Removal {
    /// It is not there any more.
    Done,
    /// The service has no such entry.
    NotThere,
    /// Somebody said yes in a way that the service does not: only reading the library through can tell. The error is
    /// what to show if it has to be shown.
    Unclear(Error),
}

/// What the service counts after a play. Absent where it did not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayCount {
    pub play_count: Option<u64>,
    pub last_played_at: Option<Timestamp>,
}

impl Client {
    pub async fn library_songs(&self, request: LibraryRequest) -> Result<RemotePage<RemoteEntry>, Error> {
        let mut call = Call::api(Method::GET, &["library", "songs"])
            .about(Subject::Path)
            .bearer()
            .query("limit", request.limit.clamp(1, LIBRARY_LIMIT))
            .query("offset", request.offset)
            .query("sort", request.sort.as_str())
            .query("order", request.order.as_str())
            .optional("has_instrumental", request.has_instrumental);
        // The product's own specification calls these two by other names. What is asked for by default is what a
        // backend does by default, so only a choice is written twice.
        if (request.sort, request.order) != (EntrySort::default(), EntryOrder::default()) {
            let field = match request.sort {
                EntrySort::Added => "added_at",
                EntrySort::Title => "title",
                EntrySort::Artist => "artist",
                EntrySort::Plays => "play_count",
            };
            call = call.query_field("sort_by", field).query("sort_order", request.order.as_str());
        }
        let answer = self.call(call).await?;
        page::entries(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    /// Saves a song. Saving it twice makes one entry, whichever way the backend says so.
    pub async fn library_add(&self, track: &ServerId) -> Result<AddedEntry, Error> {
        let call = Call::api(Method::POST, &["library", "songs"]).bearer().field("track_id", track.as_str());
        match self.call(call).await {
            Ok(answer) => Ok(entry::added(&answer.payload)),
            Err(Error::Refused(refusal)) if refusal::says_already_there(&refusal) => {
                Ok(AddedEntry { server_id: None, entry: None })
            }
            Err(error) => Err(error),
        }
    }

    /// Removes a saved song; one that is gone already is told as that. A gateway's 404 is not: nobody has looked.
    pub async fn library_remove(&self, library_id: &ServerId) -> Result<Removal, Error> {
        let call = Call::api(Method::DELETE, &["library", "songs", segment(library_id)?]).bearer();
        match self.call(call).await {
            Ok(answer) if answer.is_plain_yes(library_id) => Ok(Removal::Done),
            Ok(answer) => Ok(Removal::Unclear(answer.unreadable())),
            Err(Error::Refused(refusal)) if matches!(refusal.status, 404 | 410) => Ok(Removal::NotThere),
            Err(error) => Err(error),
        }
    }

    /// Reports a play: `seconds` that were heard, and whether the song was heard to its end.
    pub async fn library_play(
        &self,
        library_id: &ServerId,
        seconds: u32,
        completed: bool,
    ) -> Result<PlayCount, Error> {
        let call = Call::api(Method::POST, &["library", "songs", segment(library_id)?, "play"])
            .bearer()
            .field("seconds_listened", seconds)
            // The name in the product's own specification.
            .field("duration", seconds)
            .field("completed", completed);
        let answer = self.call(call).await?;
        Ok(entry::play_count(&answer.payload))
    }
}
