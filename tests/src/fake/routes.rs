//! What the fake answers to each call of the contract.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::Response,
};
use serde_json::{Value, json};

use super::world::{Dialect, Quirk, Seen, World};

/// A refusal: status, code, sentence.
type Refusal = (u16, &'static str, &'static str);

/// Long enough for whoever comes meanwhile to come before the answer.
const SLOW: Duration = Duration::from_millis(300);

pub async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (response, slow) = {
        let world = world.lock().unwrap();
        let slow = world.is(Quirk::SlowRefresh) && uri.path().ends_with("/auth/refresh-token");
        (answered(world, &method, &uri, &headers, &body), slow)
    };
    if slow {
        // The old token is void already.
        tokio::time::sleep(SLOW).await;
    }
    response
}

fn answered(
    mut world: MutexGuard<'_, World>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let authorization = header_text(headers, "authorization");
    world.seen.push(Seen {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        authorization: authorization.clone(),
    });
    if let Some(outage) = world.outage.clone().filter(|outage| uri.path().ends_with(outage.on)) {
        let mut response = raw(outage.status, outage.content_type, outage.body.into_bytes());
        if let Some(seconds) = outage.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.parse().unwrap());
        }
        return response;
    }
    let bearer = authorization.and_then(|text| text.strip_prefix("Bearer ").map(str::to_owned));
    if let Some(path) = uri.path().strip_prefix("/media/") {
        if world.is(Quirk::GuardedSound) && bearer.as_ref() != Some(&world.access) {
            return refused(&world, (401, "INVALID_TOKEN", "Invalid or expired token"));
        }
        let signature = query(uri).get("signature").and_then(|text| text.parse().ok());
        return sound(&mut world, path, signature, header_text(headers, "range"));
    }
    let call = Call {
        method: method.as_str(),
        query: query(uri),
        body: serde_json::from_slice(body).unwrap_or(Value::Null),
        bearer,
    };
    match route(&mut world, uri.path(), &call) {
        Some(Ok(body)) => raw(200, "application/json", body.to_string().into_bytes()),
        Some(Err(refusal)) => refused(&world, refusal),
        None => raw(404, "text/plain", b"404 page not found".to_vec()),
    }
}

struct Call<'a> {
    method: &'a str,
    query: HashMap<String, String>,
    body: Value,
    bearer: Option<String>,
}

impl Call<'_> {
    /// A field of the body, in whichever case the dialect takes.
    fn field(&self, dialect: Dialect, snake: &str, camel: &str) -> Option<String> {
        let name = if dialect == Dialect::Blue { camel } else { snake };
        self.body[name].as_str().map(str::to_owned)
    }

    fn window(&self) -> (usize, usize) {
        let number = |name: &str| self.query.get(name).and_then(|text| text.parse().ok());
        (number("limit").unwrap_or(20), number("offset").unwrap_or(0))
    }
}

/// None: nothing is there, and what stands before the service says so.
fn route(world: &mut World, path: &str, call: &Call) -> Option<Result<Value, Refusal>> {
    let below = world.is(Quirk::BelowAPrefix);
    let path = if below { path.strip_prefix("/green")? } else { path };
    let only_system = world.is(Quirk::HealthBelowSystem);
    if path == "/health" && !only_system {
        return Some(Ok(json!({ "status": "healthy" })));
    }
    let path = path.strip_prefix("/api/v1")?;
    let dialect = world.dialect;
    let found = match (call.method, path) {
        ("GET", "/health") if !only_system => Ok(json!({ "status": "healthy" })),
        ("GET", "/system/health") if dialect == Dialect::Green => Ok(json!({ "status": "healthy" })),
        ("GET", "/version") if dialect == Dialect::Blue && !world.is(Quirk::NoVersion) => {
            Ok(json!({ "version": "1.0.0" }))
        }
        ("GET", "/system/version") if dialect == Dialect::Green && !world.is(Quirk::NoVersion) => {
            Ok(json!({ "version": "2.0.0" }))
        }
        ("POST", "/auth/request-otp") => request_otp(world, call),
        ("POST", "/auth/verify-otp") => verify_otp(world, call),
        ("POST", "/auth/refresh-token") => refresh(world, call),
        ("GET", "/music/search") => Ok(search(world, call)),
        ("GET", "/music/trending") => {
            let tracks: Vec<Value> = (0..world.songs.len()).map(|song| world.song(song, false)).collect();
            Ok(json!({ "success": true, "data": { "tracks": tracks, "timeframe": "weekly" } }))
        }
        ("GET", path) if path.starts_with("/music/track/") => track(world, path),
        (_, path) => return signed_in(world, path, call),
    };
    Some(found)
}

/// The calls that need a sign-in.
fn signed_in(world: &mut World, path: &str, call: &Call) -> Option<Result<Value, Refusal>> {
    let profile = if world.dialect == Dialect::Blue { "/user/profile" } else { "/users/profile" };
    let known = path.starts_with("/library/songs") || path == "/auth/logout" || path == profile;
    if !known {
        return None;
    }
    let good = call.bearer.as_ref().is_some_and(|bearer| *bearer == world.access) && world.calls_left > 0;
    if !good {
        return Some(Err((401, "INVALID_TOKEN", "Invalid or expired token")));
    }
    world.calls_left -= 1;
    let ok = |data: Value| Ok(json!({ "success": true, "data": data, "message": "" }));
    Some(match (call.method, path) {
        ("POST", "/auth/logout") => {
            world.access.clear();
            ok(Value::Null)
        }
        ("GET", "/library/songs") => {
            let entries = world.library.iter().map(|&song| world.entry(song)).collect();
            Ok(world.page("songs", entries, call.window()))
        }
        ("POST", "/library/songs") => {
            let id = call.field(world.dialect, "track_id", "trackId");
            match (0..world.songs.len()).find(|&song| Some(world.song_id(song)) == id) {
                None => Err((404, "RESOURCE_NOT_FOUND", "Track not found")),
                Some(song) if world.is(Quirk::SavedAlready) && world.library.contains(&song) => {
                    Err((409, "VALIDATION_ERROR", "Track already in library"))
                }
                Some(song) if world.is(Quirk::SavedAlreadyIsInvalid) && world.library.contains(&song) => {
                    Err((400, "VALIDATION_ERROR", "Song already in library"))
                }
                Some(song) => {
                    if !world.library.contains(&song) {
                        world.library.push(song);
                    }
                    ok(world.entry(song))
                }
            }
        }
        ("DELETE", path) => {
            let id = path.strip_prefix("/library/songs/").unwrap_or_default().to_owned();
            let place = world.library.iter().position(|&song| world.entry_id(song) == id);
            match place {
                Some(place) if !world.is(Quirk::GoneAlready) => {
                    world.library.remove(place);
                    if world.is(Quirk::OddRemovals) {
                        Ok(json!({ "deleted": true }))
                    } else {
                        ok(Value::Null)
                    }
                }
                None if world.is(Quirk::OddRemovals) => Ok(json!({ "deleted": false })),
                place => {
                    // Somebody else was quicker; the answer is the same as ever after.
                    place.map(|place| world.library.remove(place));
                    Err((404, "RESOURCE_NOT_FOUND", "Library item not found"))
                }
            }
        }
        ("POST", _) => ok(world.named(json!({ "play_count": 4, "last_played_at": null }))),
        _ => ok(json!({ "user": world.user() })),
    })
}

fn request_otp(world: &World, call: &Call) -> Result<Value, Refusal> {
    let number = call.field(world.dialect, "phone_number", "phoneNumber");
    match number {
        // A number that only the service knows to be dead.
        Some(number) if number == "9999999999" => Err((400, "VALIDATION_ERROR", "Invalid phone number")),
        Some(_) => {
            let data = world.named(json!({ "otp_id": "otp_0001", "expires_in": 300 }));
            Ok(json!({ "success": true, "data": data, "message": "OTP sent successfully" }))
        }
        None => Err((422, "VALIDATION_ERROR", "phone number is missing")),
    }
}

fn verify_otp(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    if let Some(refusal) = world.refuse_otp {
        return Err(refusal);
    }
    let id = call.field(world.dialect, "otp_id", "otpId");
    if id.as_deref() != Some("otp_0001") || call.body["otp"] != crate::melody::OTP {
        return Err((400, "INVALID_OTP", "Invalid OTP"));
    }
    let tokens = issue(world, true);
    let data = json!({ "user": world.user(), "tokens": tokens });
    Ok(json!({ "success": true, "data": data, "message": "Signed in" }))
}

fn refresh(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let token = call.field(world.dialect, "refresh_token", "refreshToken");
    if token.as_ref() != Some(&world.refresh) {
        return Err((401, "INVALID_TOKEN", "Invalid refresh token"));
    }
    world.refreshes += 1;
    let rotates = !world.is(Quirk::NoRotation);
    let data = issue(world, rotates);
    Ok(json!({ "success": true, "data": data, "message": "" }))
}

/// New tokens; the old ones are void.
fn issue(world: &mut World, with_refresh: bool) -> Value {
    let number = world.seen.len();
    world.access = format!("access-token-{number}");
    world.calls_left = if world.is(Quirk::ShortTokens) { 1 } else { u32::MAX };
    let mut tokens = json!({ "access_token": world.access, "expires_in": 900 });
    if with_refresh {
        world.refresh = format!("refresh-token-{number}");
        tokens["refresh_token"] = world.refresh.clone().into();
    }
    world.named(tokens)
}

fn search(world: &World, call: &Call) -> Value {
    let wanted = call.query.get("q").cloned().unwrap_or_default().to_lowercase();
    let found = (0..world.songs.len())
        .filter(|&song| world.songs[song].title.to_lowercase().contains(&wanted))
        .map(|song| world.song(song, false))
        .collect();
    world.page("tracks", found, call.window())
}

fn track(world: &mut World, path: &str) -> Result<Value, Refusal> {
    let id = path.rsplit('/').next().unwrap_or_default();
    let song = (0..world.songs.len()).find(|&song| world.song_id(song) == id).ok_or((
        404,
        "RESOURCE_NOT_FOUND",
        "Track not found",
    ))?;
    // Asking for the song again is how a listener gets a fresh address.
    world.signature += 1;
    let song = world.song(song, true);
    let data = if world.is(Quirk::BareTrack) { song } else { json!({ "track": song }) };
    Ok(json!({ "success": true, "data": data, "message": "" }))
}

fn sound(world: &mut World, name: &str, signature: Option<u32>, range: Option<String>) -> Response {
    let stem = name.split('.').next().unwrap_or_default();
    let song = stem.parse::<usize>().ok().and_then(|index| world.songs.get(index));
    let Some(bytes) = song.and_then(|song| song.sound.clone()) else {
        return raw(404, "text/plain", b"no such file".to_vec());
    };
    if world.is(Quirk::AddressesExpire) {
        // Addresses that came in a list are stale by the time they are used; those of a track answer are not.
        if signature.is_none_or(|signature| signature == 0) {
            return raw(403, "text/plain", b"expired".to_vec());
        }
    }
    let part = range
        .filter(|_| !world.is(Quirk::NoRanges) && !world.is(Quirk::NoLength))
        .and_then(|range| part_of(&range, bytes.len()));
    let Some((from, to)) = part else {
        let mut response = raw(200, "application/octet-stream", bytes);
        if world.is(Quirk::NoLength) {
            let whole = std::mem::take(response.body_mut()).into_data_stream();
            *response.body_mut() = Body::from_stream(whole);
        }
        return response;
    };
    let mut response = raw(206, "application/octet-stream", bytes[from..=to].to_vec());
    let range = format!("bytes {from}-{to}/{}", bytes.len());
    response.headers_mut().insert(header::CONTENT_RANGE, range.parse().unwrap());
    response.headers_mut().insert(header::ACCEPT_RANGES, "bytes".parse().unwrap());
    response
}

/// First and last byte of `bytes=a-b`.
fn part_of(range: &str, size: usize) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let from: usize = from.parse().ok()?;
    let to = if to.is_empty() { size - 1 } else { to.parse::<usize>().ok()?.min(size - 1) };
    (from <= to).then_some((from, to))
}

fn refused(world: &World, (status, code, sentence): Refusal) -> Response {
    let body = match world.dialect {
        Dialect::Blue => json!({
            "success": false, "message": sentence, "error": { "code": code, "details": {} },
        }),
        Dialect::Green if world.is(Quirk::CatchAll) && status != 401 && status != 422 => {
            let body = json!({ "detail": format!("{status}: {sentence}") });
            return raw(500, "application/json", body.to_string().into_bytes());
        }
        Dialect::Green if status == 422 => {
            json!({ "detail": [{ "loc": ["body"], "msg": sentence, "type": "value_error" }] })
        }
        Dialect::Green => json!({ "detail": sentence }),
    };
    raw(status, "application/json", body.to_string().into_bytes())
}

fn raw(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body))
        .unwrap()
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn query(uri: &Uri) -> HashMap<String, String> {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
}
