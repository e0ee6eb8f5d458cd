//! Accounts, tokens and one-time passwords, in either backend's form.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use melody_model::{User, UserStats};
use secrecy::SecretString;
use serde_json::Value;

use super::{
    envelope::Payload,
    song::{address, id},
    time::timestamp,
    value::{self, Fields},
};
use crate::{OtpTicket, Tokens};

/// What the contract says, for a backend that leaves it out.
const OTP_SECONDS: u64 = 300;
const ACCESS_SECONDS: u64 = 900;

/// The account that an answer is about.
pub(crate) fn answered(payload: &Payload) -> Option<User> {
    // The sums may lie beside the account.
    let beside = Fields::of(&payload.data).and_then(|mut fields| fields.read(&["stats"], stats));
    let mut user = payload.candidates(&["user"]).iter().find_map(user)?;
    user.stats = user.stats.or(beside);
    Some(user)
}

fn user(value: &Value) -> Option<User> {
    let mut fields = Fields::of(value)?;
    let id = fields.read(&["id", "_id", "user_id"], id)?;
    // Blue has these three in a profile of their own.
    let mut profile = fields.read(&["profile"], Fields::of).unwrap_or_default();
    let name = fields.read(&["name"], value::text).or_else(|| profile.read(&["name"], value::text));
    let avatar = &["avatar_url", "avatar"];
    let avatar_url = fields.read(avatar, address).or_else(|| profile.read(avatar, address));
    let preferences = fields
        .read(&["preferences"], value::object)
        .or_else(|| profile.read(&["preferences"], value::object))
        .unwrap_or_default();
    let stats = fields.read(&["stats"], stats);
    // The number is ours to keep, masked.
    fields.forget(&["phone_number", "phone", "country_code"]);
    let mut extra = fields.rest();
    let rest = profile.rest();
    if !rest.is_empty() {
        extra.insert("profile".to_owned(), Value::Object(rest));
    }
    Some(User { id, name, avatar_url, preferences, stats, extra })
}

fn stats(value: &Value) -> Option<UserStats> {
    let mut fields = Fields::of(value)?;
    Some(UserStats {
        songs: fields.read(&["songs", "total_songs", "songs_count"], value::whole),
        playtime_s: fields.read(&["playtime", "total_playtime", "playtime_seconds"], value::whole),
        conversions: fields
            .read(&["conversions", "instrumental_conversions", "total_conversions"], value::whole),
        joined_at: fields.read(&["joined_at", "joined", "created_at"], timestamp),
    })
}

pub(crate) fn otp_ticket(payload: &Payload) -> Option<OtpTicket> {
    let mut fields = Fields::of(&payload.data)?;
    Some(OtpTicket {
        otp_id: fields.read(&["otp_id", "id"], value::text)?,
        expires_in: Duration::from_secs(fields.read(&["expires_in"], value::whole).unwrap_or(OTP_SECONDS)),
    })
}

/// Tokens, nested or beside the rest. A backend that does not rotate sends no new refresh token: the old one stays.
pub(crate) fn tokens(payload: &Payload, old_refresh: Option<&SecretString>) -> Option<Tokens> {
    payload.candidates(&["tokens", "token"]).iter().find_map(|value| {
        let mut fields = Fields::of(value)?;
        let access = fields.read(&["access_token", "access", "token"], address)?;
        let refresh = fields.read(&["refresh_token", "refresh"], address).map(SecretString::from);
        let seconds =
            fields.read(&["expires_in", "access_expires_in"], value::whole).unwrap_or(ACCESS_SECONDS);
        let lifetime = SignedDuration::from_secs(i64::try_from(seconds).ok()?);
        Some(Tokens {
            access: access.into(),
            refresh: refresh.or_else(|| old_refresh.cloned())?,
            expires_at: Timestamp::now().saturating_add(lifetime).ok()?,
        })
    })
}
