//! What is asked of a backend directly, past the clients: health, the operator's switch, what is saved there.

use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::judge::Name;
use crate::{COUNTRY, Error, OTP};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most that a page of a library has.
const PAGE: usize = 100;

/// A way to ask.
#[derive(Clone, Debug)]
pub(crate) struct Service(Client);

impl Service {
    pub fn new() -> Result<Self, Error> {
        // Plain HTTP on this machine is all that is asked, but no client is made without.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().timeout(PATIENCE).build();
        client.map(Self).map_err(|error| wrong("A client", &error))
    }

    /// What the cutover script's `curl -f` looks at.
    pub async fn is_well(&self, address: &str) -> bool {
        self.0.get(format!("{address}/health")).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// The operator's switch of one backend.
    pub async fn maintenance(&self, address: &str, on: bool) -> Result<(), Error> {
        let way = if on { "enable" } else { "disable" };
        let path = format!("{address}/admin/maintenance/{way}");
        let answer = self.0.post(&path).send().await.map_err(|error| wrong(&path, &error))?;
        good(&path, &answer)
    }

    /// Every saved song of an account at green, in the service's order, with the id of its entry.
    pub async fn library(&self, green: &str, phone: &str) -> Result<Account<'_>, Error> {
        let mut account = Account {
            service: self,
            base: format!("{green}/api/v1"),
            token: String::new(),
            saved: Vec::new(),
        };
        let who = json!({ "phone_number": phone, "country_code": COUNTRY });
        let sent = account.call(Method::POST, "/auth/request-otp", Some(who.clone())).await?;
        let mut proof = who;
        proof["otp_id"] = sent["data"]["otp_id"].clone();
        proof["otp"] = OTP.into();
        let proven = account.call(Method::POST, "/auth/verify-otp", Some(proof)).await?;
        account.token = text(&proven["data"]["tokens"]["access_token"]);
        loop {
            let path = format!("/library/songs?limit={PAGE}&offset={}", account.saved.len());
            let page = account.call(Method::GET, &path, None).await?;
            let rows = page["data"]["songs"].as_array().cloned().unwrap_or_default();
            account.saved.extend(rows.iter().map(|row| (text(&row["library_id"]), name(&row["track"]))));
            if rows.len() < PAGE {
                return Ok(account);
            }
        }
    }
}

/// One account at green, as it was read.
#[derive(Debug)]
pub(crate) struct Account<'a> {
    service: &'a Service,
    base: String,
    token: String,
    /// Ids of entries, and their songs.
    pub saved: Vec<(String, Name)>,
}

impl Account<'_> {
    /// Removes an entry behind every client's back.
    pub async fn remove(&self, entry: &str) -> Result<(), Error> {
        self.call(Method::DELETE, &format!("/library/songs/{entry}"), None).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let asked = format!("{method} {path}");
        let mut request = self.service.0.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|error| wrong(&asked, &error))?;
        good(&asked, &answer)?;
        answer.json().await.map_err(|error| wrong(&asked, &error))
    }
}

fn good(asked: &str, answer: &Response) -> Result<(), Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(Error::Answer { asked: asked.to_owned(), answer: status.to_string() })
}

fn wrong(asked: &str, error: &reqwest::Error) -> Error {
    Error::Answer { asked: asked.to_owned(), answer: error.to_string() }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn name(song: &Value) -> Name {
    Name {
        title: text(&song["title"]),
        artist: text(&song["artist"]),
        album: song["album"].as_str().map(str::to_owned),
        duration_s: song["duration"].as_u64().and_then(|seconds| seconds.try_into().ok()),
    }
}
