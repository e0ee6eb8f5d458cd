//! The one way through which every request goes: dialect, tries, one exchange.

use std::{future::Future, sync::PoisonError, time::Instant};

use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::{
    Code, Dialect, Error,
    address::without_secrets,
    answer::{self, Answer, Raw},
    client::Shared,
    detect::Evidence,
    error::{Reason, Unreachable},
    http,
    media::bearer,
    refusal,
    request::Call,
    retry,
};

/// More than any page of the contract needs.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// What green's plan speaks, and what this client is built for.
const UNTOLD: Dialect = Dialect::Green;

impl Shared {
    /// Ends a call that takes longer than a call may.
    pub async fn within_time<T>(
        &self,
        call: &Call,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(self.timeouts.call, work).await {
            Ok(result) => result,
            Err(_) => Err(Error::Unreachable(Box::new(Unreachable {
                address: without_secrets(&call.url(&self.address, self.detector.dialect().unwrap_or(UNTOLD))),
                reason: Reason::TimedOut,
                status: None,
                first_line: None,
                retry_after: None,
                request_id: None,
            }))),
        }
    }

    /// Asks in the dialect that is known, and once more in the other when the answer shows that it has changed.
    pub async fn ask(&self, call: &Call, token: Option<&SecretString>) -> Result<Answer, Error> {
        if call.depends_on_dialect() {
            self.know_dialect().await?;
        }
        let dialect = self.detector.dialect().unwrap_or(UNTOLD);
        let first = match self.tried(call, dialect, token).await {
            Ok(answer) => {
                self.note_path(call, dialect);
                return Ok(answer);
            }
            Err(error) => error,
        };
        // Refused for its form, by the other backend: it has been carried out by nobody.
        let other_case = call.is_written_in_a_case()
            && first.code() == Code::ValidationError
            && first.dialect() == Some(dialect.other());
        let other_path = call.has_two_paths() && matches!(first.status(), Some(404 | 405));
        if !other_case && !other_path {
            return Err(first);
        }
        match self.tried(call, dialect.other(), token).await {
            Ok(answer) => {
                self.note_path(call, dialect.other());
                Ok(answer)
            }
            // Neither path is there: what was said first is about the more likely one.
            Err(second) if other_path && matches!(second.status(), Some(404 | 405)) => Err(first),
            Err(second) => Err(second),
        }
    }

    /// A path that only one dialect is supposed to have has answered.
    fn note_path(&self, call: &Call, dialect: Dialect) {
        if call.has_two_paths() {
            self.detector.note(Evidence::slight(dialect));
        }
    }

    /// Tries an idempotent call again while that makes sense.
    async fn tried(
        &self,
        call: &Call,
        dialect: Dialect,
        token: Option<&SecretString>,
    ) -> Result<Answer, Error> {
        let request_id = Uuid::new_v4().to_string();
        let mut tries = 1;
        loop {
            let error = match self.once(call, dialect, token, &request_id).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = retry::pause(&call.method, &error, tries) else { return Err(error) };
            tracing::debug!(request_id, tries, code = %error.code(), "trying again");
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// One exchange, as it comes out.
    pub async fn once(
        &self,
        call: &Call,
        dialect: Dialect,
        token: Option<&SecretString>,
        request_id: &str,
    ) -> Result<Answer, Error> {
        let url = call.url(&self.address, dialect);
        let mut request = self
            .http
            .calls()?
            .request(call.method.clone(), url.clone())
            .header("accept", HeaderValue::from_static("application/json"))
            .header(answer::REQUEST_ID, request_id);
        if let Some(body) = call.body(dialect) {
            request = request.json(&body);
        }
        if let Some(form) = call.form() {
            request = request.multipart(form);
        }
        if let Some(value) = token.and_then(bearer) {
            request = request.header(AUTHORIZATION, value);
        }
        let mut secrets = call.secrets.clone();
        secrets.extend(token.cloned());
        secrets.extend(self.auth.known_secrets());
        let began = Instant::now();
        let raw = self.exchange(request, url, request_id, &secrets).await?;
        // The path may hold ids, and never the query: what people search for is their own affair.
        tracing::debug!(
            method = %call.method,
            path = raw.url.path(),
            status = raw.status.as_u16(),
            ms = began.elapsed().as_millis() as u64,
            request_id = raw.request_id,
            "answered"
        );
        if call.is_of_library()
            && let Some(limit) = refusal::rate_limit(&raw.headers)
        {
            *self.library_limit.lock().unwrap_or_else(PoisonError::into_inner) = Some(limit);
        }
        let (evidence, verdict) = answer::judge(&raw, call.subject, &secrets);
        if let Some(evidence) = evidence {
            self.detector.note(evidence);
        }
        verdict
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        url: Url,
        request_id: &str,
        secrets: &[SecretString],
    ) -> Result<Raw, Error> {
        let failed = |error: reqwest::Error| http::failure(&error, &url, request_id);
        let mut response = request.send().await.map_err(failed)?;
        let mut body = Vec::new();
        let mut whole = true;
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                whole = false;
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Raw {
            status: response.status(),
            request_id: answer::request_id(response.headers(), request_id, secrets),
            headers: response.headers().clone(),
            url: response.url().clone(),
            body: whole.then_some(body),
        })
    }
}
