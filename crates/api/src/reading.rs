//! What this client makes of an answer, as one JSON value: the second of the two readings of a comparison.

use melody_model::{RemoteEntry, RemoteSong, ServerId, User};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Error, PlayCount, RawAnswer,
    answer::{self, Answer},
    read::{
        entry, page, song, user,
        value::{self, Fields},
    },
    request::Subject,
};

/// As what an answer is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// Whether the call was carried out; nothing more is read.
    #[default]
    Nothing,
    OtpTicket,
    SignedIn,
    Tokens,
    Songs,
    Song,
    Entries,
    Added,
    Played,
    User,
    Health,
    Version,
}

impl RawAnswer {
    /// The answer as the client understands it: what it has no name for is left out, secrets are told by their length.
    ///
    /// # Errors
    /// What the call would have failed with.
    pub fn read_as(&self, reading: Reading) -> Result<Value, Error> {
        let subject = match reading {
            Reading::SignedIn => Subject::VerifyOtp,
            Reading::Tokens => Subject::RefreshToken,
            Reading::Health => Subject::Health,
            Reading::OtpTicket | Reading::Songs | Reading::Entries => Subject::Path,
            _ => Subject::Other,
        };
        let (_, verdict) = answer::judge(&self.as_raw(), subject, &[]);
        let answer = verdict?;
        read(&answer, reading).ok_or_else(|| answer.unreadable())
    }
}

fn read(answer: &Answer, reading: Reading) -> Option<Value> {
    let payload = &answer.payload;
    Some(match reading {
        Reading::Nothing => Value::Null,
        Reading::OtpTicket => {
            let ticket = user::otp_ticket(payload)?;
            json!({ "otp_id": ticket.otp_id, "expires_in": ticket.expires_in.as_secs() })
        }
        Reading::SignedIn => {
            json!({ "user": of_user(&user::answered(payload)?), "tokens": tokens(answer)? })
        }
        Reading::Tokens => tokens(answer)?,
        Reading::Songs => {
            let page = page::songs(payload)?;
            let items: Vec<_> = page.items.iter().map(of_song).collect();
            json!({ "items": items, "skipped": page.skipped, "total": page.total })
        }
        Reading::Song => of_song(&song::answered(payload)?),
        Reading::Entries => {
            let page = page::entries(payload)?;
            let items: Vec<_> = page.items.iter().map(of_entry).collect();
            json!({ "items": items, "skipped": page.skipped, "total": page.total })
        }
        Reading::Added => {
            let added = entry::added(payload);
            json!({ "id": added.server_id, "entry": added.entry.as_ref().map(of_entry) })
        }
        Reading::Played => {
            let PlayCount { play_count, last_played_at } = entry::play_count(payload);
            json!({ "play_count": play_count, "last_played_at": last_played_at })
        }
        Reading::User => of_user(&user::answered(payload)?),
        Reading::Health => {
            let mut fields = Fields::of(&payload.data).unwrap_or_default();
            json!({ "status": fields.read(&["status"], value::text).or_else(|| value::text(&payload.data)) })
        }
        Reading::Version => {
            let mut fields = Fields::of(&payload.data).unwrap_or_default();
            json!({ "version": fields.read(&["version", "api_version"], value::text) })
        }
    })
}

/// Which tokens there are and how long the first is good for; never the tokens.
fn tokens(answer: &Answer) -> Option<Value> {
    let tokens = user::tokens(&answer.payload, Some(&String::new().into()))?;
    let given = |token: &secrecy::SecretString| !token.expose_secret().is_empty();
    let lifetime = tokens.expires_at.duration_since(jiff::Timestamp::now()).as_secs_f64().round();
    Some(json!({ "access": given(&tokens.access), "refresh": given(&tokens.refresh), "lifetime": lifetime }))
}

fn of_song(song: &RemoteSong) -> Value {
    json!({ "id": song.server_id, "content": song.content, "details": song.details })
}

fn of_entry(entry: &RemoteEntry) -> Value {
    json!({
        "id": entry.server_id,
        "song": of_song(&entry.song),
        "added_at": entry.added_at,
        "play_count": entry.play_count,
        "last_played_at": entry.last_played_at,
        "has_instrumental": entry.has_instrumental,
    })
}

fn of_user(user: &User) -> Value {
    let User { id, name, avatar_url, preferences, stats, .. } = user;
    let id: &ServerId = id;
    json!({ "id": id, "name": name, "avatar_url": avatar_url, "preferences": preferences, "stats": stats })
}
