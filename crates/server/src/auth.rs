//! Signing in with a phone: one-time passwords, access and refresh tokens.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use crate::app::{App, Ctx};
use crate::clock::micros;
use crate::db::{Ids, hashed, hex, id_column};
use crate::errors::ApiError;
use crate::input::Fields;
use crate::limits::Bucket;
use crate::server::SentOtp;
use crate::users::{self, User};
use crate::wire;

/// Wrong guesses after which a one-time password is void.
const MOST_ATTEMPTS: i64 = 5;
const REFRESH_TTL: Duration = Duration::from_hours(30 * 24);

/// A number that can be rung, not yet known to be anybody's. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    /// With its `+`.
    pub country_code: String,
    /// The national digits.
    pub number: String,
}

impl Phone {
    /// `None` when no such number can exist: +91 has ten digits from 6 on, elsewhere 4 to 14 do.
    pub fn new(country_code: &str, number: &str) -> Option<Self> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let code = country_code.strip_prefix('+')?;
        if !digits(code) || code.starts_with('0') || code.len() > 4 || !digits(number) {
            return None;
        }
        let fits = match code {
            "91" => number.len() == 10 && number.as_bytes()[0] >= b'6',
            _ => (4..=14).contains(&number.len()) && code.len() + number.len() <= 15,
        };
        fits.then(|| Self { country_code: country_code.to_owned(), number: number.to_owned() })
    }

    pub fn e164(&self) -> String {
        format!("{}{}", self.country_code, self.number)
    }

    fn from_fields(fields: &Fields) -> Result<Self, ApiError> {
        let number = fields.string("phone_number")?;
        let country_code = fields.string("country_code")?;
        Self::new(&country_code, &number).ok_or_else(|| ApiError::bad("Invalid phone number"))
    }
}

/// Whoever a bearer token belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub user_id: i64,
    id: String,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        signed_in(app, &parts.headers).await
    }
}

/// The session of a request's bearer token.
pub(crate) async fn signed_in(app: &App, headers: &HeaderMap) -> Result<Session, ApiError> {
    // A dependency in FastAPI's words: outside the handler, so outside the plan's catch-all.
    let missing = || ApiError::sign_in("Not authenticated", "AUTH_REQUIRED").by_framework();
    let header = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(missing)?;
    of_token(app, token).await
}

/// The session of an access token.
pub(crate) async fn of_token(app: &App, token: &str) -> Result<Session, ApiError> {
    let hash = hashed(token);
    let now = app.clock.now();
    app.db
        .call(move |connection| {
            read_token(connection, &hash, "access", now)?
                .ok_or_else(|| ApiError::sign_in("Invalid or expired token", "INVALID_TOKEN").by_framework())
        })
        .await
}

pub(crate) async fn request_otp(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    fields: Fields,
) -> Result<Response, ApiError> {
    let phone = Phone::from_fields(&fields)?;
    let quota = app.limits.take(Bucket::Otp, &phone.e164(), app.clock.now_s())?;
    let otp = match &app.options.otp {
        Some(fixed) => fixed.clone(),
        None => format!("{:06}", rand::random_range(0..1_000_000)),
    };
    let ids = Ids::new().with_blue_prefix("otp_");
    let hash = hashed(&format!("{}{otp}", ids.green));
    let expires_at = app.clock.now() + micros(app.options.otp_ttl);
    let (row, of) = (ids.clone(), phone.clone());
    app.db
        .call(move |connection| {
            connection.execute(
                "INSERT INTO otps (blue_id, green_id, country_code, number, hash, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![row.blue, row.green, of.country_code, of.number, hash, expires_at],
            )?;
            Ok(())
        })
        .await?;
    // Nobody listening is fine: then nobody has the phone.
    let _ = app.otps.send(SentOtp { otp, phone: phone.e164() });
    let wire = ctx.wire();
    let data = json!({
        "otp_id": ids.of_dialect(ctx.dialect),
        "expires_in": app.options.otp_ttl.as_secs(),
    });
    let mut response = wire::ok("OTP sent successfully", wire.named(data));
    if let Some(quota) = quota {
        quota.stamp(response.headers_mut());
    }
    Ok(response)
}

pub(crate) async fn verify_otp(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    fields: Fields,
) -> Result<Response, ApiError> {
    let id = fields.string("otp_id")?;
    let otp = fields.string("otp")?;
    let phone = Phone::from_fields(&fields)?;
    let ttl = app.options.token_ttl;
    let now = app.clock.now();
    let by_number_alone = ctx.as_planned();
    let column = id_column(ctx.dialect);
    let (user, tokens) = app
        .db
        .call(move |connection| {
            // What a wrong guess changes must stay, so the check has a transaction of its own.
            check_otp(connection, column, &id, &otp, &phone, now)?;
            let transaction = connection.transaction()?;
            let user = users::sign_in(&transaction, &phone, now, by_number_alone)?;
            let session = Session { user_id: user.id, id: hex(&rand::random::<[u8; 16]>()) };
            let tokens = Tokens {
                access: issue(&transaction, &session, "access", now + micros(ttl))?,
                refresh: issue(&transaction, &session, "refresh", now + micros(REFRESH_TTL))?,
            };
            transaction.commit()?;
            Ok((user, tokens))
        })
        .await?;
    let wire = ctx.wire();
    let tokens = wire.named(json!({
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires_in": ttl.as_secs(),
    }));
    Ok(wire::ok("Signed in", json!({ "user": wire.user(&user, None), "tokens": tokens })))
}

struct Tokens {
    access: String,
    refresh: String,
}

pub(crate) async fn refresh_token(
    State(app): State<Arc<App>>,
    ctx: Ctx,
    fields: Fields,
) -> Result<Response, ApiError> {
    let hash = hashed(&fields.string("refresh_token")?);
    let rotate = app.options.rotate_refresh;
    let ttl = app.options.token_ttl;
    let now = app.clock.now();
    let (access, refresh) = app
        .db
        .call(move |connection| {
            let transaction = connection.transaction()?;
            let session = read_token(&transaction, &hash, "refresh", now)?
                .ok_or_else(|| ApiError::sign_in("Invalid refresh token", "INVALID_TOKEN"))?;
            let access = issue(&transaction, &session, "access", now + micros(ttl))?;
            let refresh = if rotate {
                transaction.execute("DELETE FROM tokens WHERE hash = ?1", [&hash])?;
                Some(issue(&transaction, &session, "refresh", now + micros(REFRESH_TTL))?)
            } else {
                None
            };
            transaction.commit()?;
            Ok((access, refresh))
        })
        .await?;
    let wire = ctx.wire();
    let mut data = json!({ "access_token": access, "expires_in": ttl.as_secs() });
    if let Some(refresh) = refresh {
        data["refresh_token"] = refresh.into();
    }
    Ok(wire::ok("Token refreshed", wire.named(data)))
}

pub(crate) async fn logout(State(app): State<Arc<App>>, session: Session) -> Result<Response, ApiError> {
    app.db
        .call(move |connection| {
            connection.execute("DELETE FROM tokens WHERE session = ?1", [session.id])?;
            Ok(())
        })
        .await?;
    Ok(wire::ok("Signed out", Value::Null))
}

/// Every token void, at once.
pub(crate) fn void_tokens(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM tokens", []).map(|_| ())
}

/// Uses a one-time password up, or counts a wrong guess.
fn check_otp(
    connection: &Connection,
    column: &str,
    id: &str,
    otp: &str,
    phone: &Phone,
    now: i64,
) -> Result<(), ApiError> {
    let wrong = |message: &str, details: Value| {
        ApiError::new(StatusCode::BAD_REQUEST, "INVALID_OTP", message).with_details(details)
    };
    let row = connection
        .prepare_cached(&format!(
            "SELECT green_id, country_code, number, hash, expires_at, attempts FROM otps WHERE {column} = ?1"
        ))?
        .query_row([id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                Phone { country_code: row.get(1)?, number: row.get(2)? },
                row.get::<_, String>(3)?,
                row.get::<_, i64>(4)?,
                row.get::<_, i64>(5)?,
            ))
        })
        .optional()?;
    let Some((key, sent_to, hash, expires_at, attempts)) = row else {
        return Err(wrong("Invalid OTP", json!({ "reason": "unknown" })));
    };
    if now >= expires_at {
        connection.execute("DELETE FROM otps WHERE green_id = ?1", [&key])?;
        return Err(wrong("OTP expired", json!({ "reason": "expired" })));
    }
    if sent_to == *phone && hash == hashed(&format!("{key}{otp}")) {
        connection.execute("DELETE FROM otps WHERE green_id = ?1", [&key])?;
        return Ok(());
    }
    let left = MOST_ATTEMPTS - attempts - 1;
    if left <= 0 {
        connection.execute("DELETE FROM otps WHERE green_id = ?1", [&key])?;
    } else {
        connection.execute("UPDATE otps SET attempts = attempts + 1 WHERE green_id = ?1", [&key])?;
    }
    Err(wrong("Invalid OTP", json!({ "reason": "wrong", "attemptsLeft": left.max(0) })))
}

fn read_token(
    connection: &Connection,
    hash: &str,
    kind: &str,
    now: i64,
) -> rusqlite::Result<Option<Session>> {
    connection
        .prepare_cached(
            "SELECT user_id, session FROM tokens WHERE hash = ?1 AND kind = ?2 AND expires_at > ?3",
        )?
        .query_row(params![hash, kind, now], |row| Ok(Session { user_id: row.get(0)?, id: row.get(1)? }))
        .optional()
}

fn issue(
    connection: &Connection,
    session: &Session,
    kind: &str,
    expires_at: i64,
) -> rusqlite::Result<String> {
    let token = hex(&rand::random::<[u8; 32]>());
    connection
        .prepare_cached(
            "INSERT INTO tokens (hash, kind, session, user_id, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![hashed(&token), kind, session.id, session.user_id, expires_at])?;
    Ok(token)
}

/// A signed-in user's row; the session is void when it is gone.
pub(crate) async fn user_of(app: &App, session: &Session) -> Result<User, ApiError> {
    let id = session.user_id;
    app.db
        .call(move |connection| {
            users::read(connection, id)?
                .ok_or_else(|| ApiError::sign_in("Invalid or expired token", "INVALID_TOKEN"))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn only_numbers_that_can_be_rung_are_taken() {
        assert!(Phone::new("+91", "9876543210").is_some());
        for number in ["5876543210", "987654321", "98765432100", "98765 4321", "", "९८७६५४३२१०"]
        {
            assert!(Phone::new("+91", number).is_none(), "{number}");
        }
        assert!(Phone::new("+49", "1701").is_some());
        assert!(Phone::new("+49", "170").is_none());
        assert!(Phone::new("+49", "1234567890123").is_some());
        assert!(Phone::new("+49", "12345678901234").is_none());
        for code in ["91", "+", "+0", "+12345", "+9a", ""] {
            assert!(Phone::new(code, "9876543210").is_none(), "{code}");
        }
    }
}
