//! One of the two backends: its client, its dialect, its tokens, and what was captured from it.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use melody_api::{
    Client, ClientOptions, Dialect, Error as ApiError, Gate, MemoryTokenStore, Place, RawAnswer, RawRequest,
    ServiceAddress,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::{
    Error,
    suite::{Filled, Step, Token, Variables, fill_text, fill_value},
};

/// A token is renewed when it is good for no longer than this.
const SOON: SignedDuration = SignedDuration::from_secs(5);
/// An answer that says it is too early is waited for once, no longer than a limit's minute.
const LONGEST_WAIT: Duration = Duration::from_secs(65);
/// What is to run out is waited for no longer than this.
const LONGEST_LIFE: Duration = Duration::from_hours(1);
/// What has run out is asked about so much later: clocks differ.
const AFTER: Duration = Duration::from_secs(1);

/// One backend under comparison.
pub(crate) struct Side {
    /// `blue` or `green`: its part in the comparison, whatever it speaks.
    pub name: &'static str,
    pub address: ServiceAddress,
    pub dialect: Dialect,
    pub client: Client,
    pub variables: Variables,
    access: Option<SecretString>,
    refresh: Option<SecretString>,
    spent: Option<SecretString>,
    /// The account's first, and when it runs out.
    first: Option<(SecretString, Timestamp)>,
    expires_at: Option<Timestamp>,
    /// What the newest answer said is left of a limit, and when it is whole again.
    left: Option<(u32, Timestamp)>,
}

impl Side {
    /// Finds out what speaks there.
    pub async fn open(
        name: &'static str,
        address: ServiceAddress,
        usual: Dialect,
        user_agent: &str,
        gate: &Gate,
    ) -> Result<Self, Error> {
        let mut options = ClientOptions::new(Arc::new(MemoryTokenStore::default()));
        options.gate = gate.clone();
        user_agent.clone_into(&mut options.user_agent);
        let client = Client::new(address.clone(), options);
        match client.version().await {
            Ok(_) | Err(ApiError::Refused(_)) => {}
            // Without version endpoints the next answer may tell; without anybody there is nothing to compare.
            Err(_) => {
                client.health().await.map_err(|error| Error::Side { side: name, error })?;
            }
        }
        let dialect = client.dialect().unwrap_or(usual);
        let mut side = Self {
            name,
            address,
            dialect,
            client,
            variables: Variables::new(),
            access: None,
            refresh: None,
            spent: None,
            first: None,
            expires_at: None,
            left: None,
        };
        let unknown = match dialect {
            Dialect::Blue => "000000000000000000000000",
            Dialect::Green => "00000000-0000-4000-8000-000000000000",
        };
        side.variables.insert("unknown_id".into(), unknown.into());
        side.variables.insert("malformed_id".into(), "no-id-at-all".into());
        Ok(side)
    }

    /// The request of a step, in this backend's dialect, or the variable that it lacks.
    pub fn request(&self, step: &Step) -> Filled<RawRequest> {
        let (blue, green) = step.paths();
        let path = if self.dialect == Dialect::Blue { blue } else { green };
        let known = &self.variables;
        let segments = path.trim_start_matches('/').split('/').map(|s| fill_text(s, known));
        let mut query = Vec::new();
        for (name, value) in &step.query {
            let value = match fill_value(value, known)? {
                Value::String(text) => text,
                other => other.to_string(),
            };
            query.push((self.spelled(name), value));
        }
        let mut headers = Vec::new();
        for (name, value) in &step.headers {
            headers.push((name.clone(), fill_text(value, known)?));
        }
        let body = match (&step.json, &step.text) {
            (Some(json), _) => Some(self.cased(fill_value(json, known)?).to_string().into_bytes()),
            (None, Some(text)) => Some(fill_text(text, known)?.into_bytes()),
            (None, None) => None,
        };
        let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !typed {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let token = match step.token {
            Token::None => None,
            Token::Account => Some(self.access.clone().ok_or("access_token")?),
            Token::Spent => Some(self.spent.clone().ok_or("access_token")?),
            Token::Expired => Some(self.first.clone().ok_or("access_token")?.0),
            Token::Void => Some(SecretString::from("0123456789abcdef0123456789abcdef")),
            Token::Malformed => Some(SecretString::from("no token")),
        };
        Ok(RawRequest {
            method: step.method().to_owned(),
            place: match step.at.as_deref() {
                Some("root") => Place::Root,
                Some("base") => Place::Base,
                _ => Place::Api,
            },
            segments: segments.collect::<Filled<_>>()?,
            query,
            headers,
            body,
            token,
            keep_encoding: step.as_sent,
        })
    }

    /// A name of the contract as this backend spells it.
    fn spelled(&self, name: &str) -> String {
        if self.dialect == Dialect::Green {
            return name.to_owned();
        }
        let mut out = String::with_capacity(name.len());
        let mut up = false;
        for c in name.chars() {
            match c {
                '_' if !out.is_empty() => up = true,
                c if up => {
                    out.extend(c.to_uppercase());
                    up = false;
                }
                c => out.push(c),
            }
        }
        out
    }

    fn cased(&self, body: Value) -> Value {
        match body {
            Value::Object(fields) => Value::Object(
                fields.into_iter().map(|(name, value)| (self.spelled(&name), value)).collect::<Map<_, _>>(),
            ),
            other => other,
        }
    }

    /// Sends a request at the pace of the backend's limits.
    pub async fn send(&mut self, request: &RawRequest) -> Result<RawAnswer, ApiError> {
        if let Some((0, reset)) = self.left {
            let wait = Duration::try_from(reset.duration_since(Timestamp::now())).unwrap_or_default();
            // An hour's limit is no case's to wait for.
            if wait <= LONGEST_WAIT {
                tokio::time::sleep(wait).await;
            }
            self.left = None;
        }
        let answer = self.client.raw(request).await?;
        let number = |name: &str| answer.header(name).and_then(|text| text.trim().parse::<i64>().ok());
        if let (Some(left), Some(reset)) = (number("x-ratelimit-remaining"), number("x-ratelimit-reset"))
            && let Ok(reset) = Timestamp::from_second(reset)
        {
            self.left = Some((u32::try_from(left).unwrap_or(0), reset));
        }
        Ok(answer)
    }

    /// Keeps what a sign-in or a renewal gave.
    pub fn keep_tokens(&mut self, data: &Value) {
        let text = |name: &str| data.get(name).and_then(Value::as_str).map(SecretString::from);
        if let Some(access) = text("access_token") {
            // An address of a socket takes it where no header can.
            self.variables
                .insert("access_token".into(), Value::from(secrecy::ExposeSecret::expose_secret(&access)));
            self.access = Some(access.clone());
            let seconds = data.get("expires_in").and_then(Value::as_i64).unwrap_or(900);
            self.expires_at = Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).ok();
            if self.first.is_none() {
                self.first = self.expires_at.map(|until| (access, until));
            }
        }
        if let Some(refresh) = text("refresh_token") {
            self.variables
                .insert("refresh_token".into(), Value::from(secrecy::ExposeSecret::expose_secret(&refresh)));
            self.refresh = Some(refresh);
        }
    }

    /// Waits for what a step waits for: a token that is to run out, or so many seconds.
    pub async fn wait_for(&self, step: &Step) -> Filled<()> {
        let mut wait = Duration::ZERO;
        if let (Token::Expired, Some((_, until))) = (step.token, &self.first) {
            let left = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
            wait = left + AFTER;
        }
        if let Some(seconds) = &step.wait {
            let seconds = fill_value(seconds, &self.variables)?;
            let seconds = seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()).unwrap_or_default();
            wait = wait.max(Duration::from_secs(seconds) + AFTER);
        }
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(LONGEST_LIFE)).await;
        }
        Ok(())
    }

    /// From now on the account's token is one that was signed out.
    pub fn spend_token(&mut self) {
        self.spent = self.access.take();
    }

    pub fn signed_in(&self) -> bool {
        self.access.is_some()
    }

    /// Renews a token that will not last; whether it worked shows in the next answer.
    pub async fn renew_if_needed(&mut self) {
        let soon = Timestamp::now().checked_add(SOON).ok();
        let (Some(expires_at), Some(refresh), Some(soon)) = (self.expires_at, self.refresh.clone(), soon)
        else {
            return;
        };
        if self.access.is_none() || expires_at > soon {
            return;
        }
        let body = json!({ "refresh_token": secrecy::ExposeSecret::expose_secret(&refresh) });
        let request = RawRequest {
            method: "POST".into(),
            segments: vec!["auth".into(), "refresh-token".into()],
            headers: vec![("content-type".into(), "application/json".into())],
            body: Some(self.cased(body).to_string().into_bytes()),
            ..RawRequest::default()
        };
        let Ok(answer) = self.send(&request).await else { return };
        if let Ok(value) = serde_json::from_slice::<Value>(&answer.body) {
            let canonical = crate::judge::canonical(&value, true, answer.status).value;
            let data = canonical.get("data").cloned().unwrap_or_default();
            let tokens = data.get("tokens").cloned().unwrap_or(data);
            self.keep_tokens(&tokens);
        }
    }
}
