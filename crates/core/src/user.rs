//! The account as the service keeps it: name, picture, preferences, and what it adds up.

use std::sync::Arc;

use jiff::Timestamp;
use melody_api::ProfileUpdate;
use melody_model::{JsonMap, ServerId, User, UserStats};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::{
    Error,
    context::{Account, Context},
};

/// The most letters of a name (the service's own bound).
const LONGEST_NAME: usize = 255;
/// The largest picture that is sent, in bytes (the service's own bound).
const LARGEST_PICTURE: usize = 5 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct OneUser {
    pub user: UserView,
}

/// The one who is signed in, as the service tells it.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct UserView {
    pub id: ServerId,
    pub phone_masked: String,
    pub name: Option<String>,
    pub avatar_url: Option<String>,
    pub preferences: UserPreferences,
    pub stats: UserTotals,
}

/// What a listener likes; absent where the service was not told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct UserPreferences {
    /// ISO 639-1.
    pub languages: Option<Vec<String>>,
    pub genres: Option<Vec<String>>,
    pub auto_convert_to_instrumental: Option<bool>,
    pub notifications_enabled: Option<bool>,
}

/// What the service adds up about a listener.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct UserTotals {
    pub songs: Option<u64>,
    /// Seconds.
    pub playtime_s: Option<u64>,
    pub conversions: Option<u64>,
    #[ts(type = "string | null")]
    pub joined_at: Option<Timestamp>,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[serde(default)]
pub struct UserChange {
    pub name: Option<String>,
    pub preferences: UserPreferences,
}

/// The service of the account's profile.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    context: Arc<Context>,
}

impl Users {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    pub(crate) async fn show(&self) -> Result<OneUser, Error> {
        let account = self.context.signed_in()?;
        let user = account.client.profile().await?;
        self.shown(&account, user).await
    }

    pub(crate) async fn change(&self, change: UserChange) -> Result<OneUser, Error> {
        let account = self.context.signed_in()?;
        let name = change.name.map(|name| name.trim().to_owned());
        if name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST_NAME) {
            return Err(Error::Invalid(format!("A name has 1 to {LONGEST_NAME} letters.")));
        }
        let mut update = ProfileUpdate { name, preferences: None };
        if change.preferences != UserPreferences::default() {
            // The service takes the place of all of them: what this client has no name for stays as it is.
            let mut preferences = account.client.profile().await?.preferences;
            write(&mut preferences, change.preferences);
            update.preferences = Some(preferences);
        }
        if update == ProfileUpdate::default() {
            return Err(Error::Invalid("Say what to change.".into()));
        }
        let user = account.client.update_profile(update).await?;
        self.shown(&account, user).await
    }

    pub(crate) async fn set_avatar(&self, picture: Vec<u8>) -> Result<OneUser, Error> {
        let account = self.context.signed_in()?;
        if !is_picture(&picture) {
            return Err(Error::Invalid("The picture is no PNG, JPEG or WebP.".into()));
        }
        if picture.len() > LARGEST_PICTURE {
            return Err(Error::Invalid("The picture is larger than 5 MB.".into()));
        }
        let user = account.client.upload_avatar(picture.into()).await?;
        self.shown(&account, user).await
    }

    /// The account as a face shows it. A name that has changed is remembered with the sign-in.
    async fn shown(&self, account: &Account, user: User) -> Result<OneUser, Error> {
        let known = account.record.as_ref().ok_or(Error::SignInNeeded)?.user.clone();
        if known.name != user.name {
            let (identity, name) = (account.service.address.identity(), user.name.clone());
            self.context
                .update_settings(move |settings| {
                    if let Some(record) = settings.accounts.get_mut(&identity) {
                        record.user.name.clone_from(&name);
                    }
                })
                .await?;
        }
        let UserStats { songs, playtime_s, conversions, joined_at } = user.stats.unwrap_or_default();
        Ok(OneUser {
            user: UserView {
                id: user.id,
                phone_masked: known.phone_masked,
                name: user.name,
                avatar_url: user.avatar_url,
                preferences: read(&user.preferences),
                stats: UserTotals { songs, playtime_s, conversions, joined_at },
            },
        })
    }
}

/// The preferences' names: as they are stored by both backends, and as one may have written them.
const LANGUAGES: [&str; 2] = ["languages", "languages"];
const GENRES: [&str; 2] = ["genres", "genres"];
const AUTO_CONVERT: [&str; 2] = ["autoConvertToInstrumental", "auto_convert_to_instrumental"];
const NOTIFICATIONS: [&str; 2] = ["notificationsEnabled", "notifications_enabled"];

fn read(stored: &JsonMap) -> UserPreferences {
    let get = |names: [&str; 2]| names.iter().find_map(|name| stored.get(*name));
    let words = |names| {
        let items = get(names)?.as_array()?.iter();
        Some(items.filter_map(|word| word.as_str().map(str::to_owned)).collect())
    };
    UserPreferences {
        languages: words(LANGUAGES),
        genres: words(GENRES),
        auto_convert_to_instrumental: get(AUTO_CONVERT).and_then(Value::as_bool),
        notifications_enabled: get(NOTIFICATIONS).and_then(Value::as_bool),
    }
}

/// Writes what is to change, in the spelling that is there.
fn write(stored: &mut JsonMap, change: UserPreferences) {
    let mut set = |[usual, other]: [&str; 2], value: Option<Value>| {
        if let Some(value) = value {
            let name = if stored.contains_key(other) { other } else { usual };
            stored.insert(name.to_owned(), value);
        }
    };
    set(LANGUAGES, change.languages.map(Value::from));
    set(GENRES, change.genres.map(Value::from));
    set(AUTO_CONVERT, change.auto_convert_to_instrumental.map(Value::from));
    set(NOTIFICATIONS, change.notifications_enabled.map(Value::from));
}

/// By what the bytes begin with.
fn is_picture(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x89, b'P', b'N', b'G', ..]
            | [0xff, 0xd8, 0xff, ..]
            | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..]
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn preferences_are_written_back_in_the_spelling_that_was_read() {
        let mut stored = JsonMap::new();
        stored.insert("notifications_enabled".into(), json!(true));
        stored.insert("theme".into(), json!("dark"));
        let change = UserPreferences {
            languages: Some(vec!["hi".into()]),
            auto_convert_to_instrumental: Some(true),
            notifications_enabled: Some(false),
            genres: None,
        };
        write(&mut stored, change.clone());
        assert_eq!(
            Value::Object(stored.clone()),
            json!({"languages": ["hi"], "autoConvertToInstrumental": true, "notifications_enabled": false,
                "theme": "dark"})
        );
        assert_eq!(read(&stored), change);
    }
}
