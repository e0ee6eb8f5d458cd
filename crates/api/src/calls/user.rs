//! The account's profile.

use bytes::Bytes;
use melody_model::{JsonMap, User};
use reqwest::Method;
use serde_json::Value;

use crate::{Client, Error, read::user, request::Call};

/// What to change. Preferences are sent in the spelling that they have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileUpdate {
    pub name: Option<String>,
    pub preferences: Option<JsonMap>,
}

impl Client {
    /// The account, with what the service adds up about it.
    pub async fn profile(&self) -> Result<User, Error> {
        let answer = self.call(Call::user(Method::GET, "profile").bearer()).await?;
        user::answered(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    /// Changes the account. A backend that answers with nothing is asked for the profile.
    pub async fn update_profile(&self, update: ProfileUpdate) -> Result<User, Error> {
        let mut call = Call::user(Method::PUT, "profile").bearer();
        if let Some(name) = update.name {
            call = call.field("name", name);
        }
        if let Some(preferences) = update.preferences {
            call = call.field("preferences", Value::Object(preferences));
        }
        let answer = self.call(call).await?;
        match user::answered(&answer.payload) {
            Some(user) => Ok(user),
            None => self.profile().await,
        }
    }

    /// Gives the account a picture: PNG, JPEG or WebP. What else is refused, and how large it may be, is the
    /// service's to say.
    pub async fn upload_avatar(&self, picture: Bytes) -> Result<User, Error> {
        let answer = self.call(Call::user(Method::POST, "avatar").bearer().file("avatar", picture)).await?;
        match user::answered(&answer.payload) {
            Some(user) => Ok(user),
            None => self.profile().await,
        }
    }
}
