//! The account's tokens: kept once, renewed once, saved before they are used.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use secrecy::SecretString;

use crate::{
    Code, Error, TokenStore, Tokens,
    client::Shared,
    read::user,
    request::{Call, Subject},
};

/// The tokens of one client.
pub(crate) struct Auth {
    store: Arc<dyn TokenStore>,
    /// What the store is known to hold. A keyring may take its time, and is asked once.
    known: Mutex<Option<Tokens>>,
    /// One at a time within this process; the store's lock does the same between processes.
    turn: tokio::sync::Mutex<()>,
}

impl Auth {
    pub fn new(store: Arc<dyn TokenStore>) -> Self {
        Self { store, known: Mutex::new(None), turn: tokio::sync::Mutex::new(()) }
    }

    /// The tokens, if there are any.
    pub async fn tokens(&self) -> Result<Option<Tokens>, Error> {
        let known = self.known().clone();
        if known.is_some() {
            return Ok(known);
        }
        let stored = self.store.load().await?;
        self.known().clone_from(&stored);
        Ok(stored)
    }

    /// Keeps the tokens of a new sign-in.
    pub async fn begin(&self, tokens: Tokens) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let _lock = self.store.lock().await?;
        self.store.save(tokens.clone()).await?;
        *self.known() = Some(tokens);
        Ok(())
    }

    /// Forgets the tokens.
    pub async fn end(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let _lock = self.store.lock().await?;
        *self.known() = None;
        Ok(self.store.clear().await?)
    }

    /// What no answer may bring back to people, whichever call it is for.
    pub fn known_secrets(&self) -> Vec<SecretString> {
        self.known().iter().flat_map(|tokens| [tokens.access.clone(), tokens.refresh.clone()]).collect()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Tokens>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// A token for a call. One that has run out by our clock is renewed first.
    pub async fn access(self: &Arc<Self>) -> Result<SecretString, Error> {
        match self.auth.tokens().await? {
            None => Err(Error::SignInNeeded { request_id: None }),
            Some(tokens) if tokens.expired() => self.renewed(tokens.access).await,
            Some(tokens) => Ok(tokens.access),
        }
    }

    /// A token that is not the stale one. It is renewed in a task of its own: a caller that goes away must not
    /// take a spent refresh token's successor with it.
    pub async fn renewed(self: &Arc<Self>, stale: SecretString) -> Result<SecretString, Error> {
        let shared = Arc::clone(self);
        match tokio::spawn(async move { shared.renew(&stale).await }).await {
            Ok(renewed) => renewed.map(|tokens| tokens.access),
            // The runtime is shutting down.
            Err(_) => Err(Error::SignInNeeded { request_id: None }),
        }
    }

    async fn renew(&self, stale: &SecretString) -> Result<Tokens, Error> {
        let auth = &self.auth;
        let _turn = auth.turn.lock().await;
        if let Some(tokens) = auth.known().clone().filter(|t| !t.has_access(stale) && !t.expired()) {
            return Ok(tokens);
        }
        let _lock = auth.store.lock().await?;
        let stored = auth.store.load().await?;
        auth.known().clone_from(&stored);
        let Some(old) = stored else { return Err(Error::SignInNeeded { request_id: None }) };
        // Somebody else was quicker.
        if !old.has_access(stale) && !old.expired() {
            return Ok(old);
        }
        // Where new tokens could not be kept none are asked for: the old ones may be worth nothing after that.
        auth.store.save(old.clone()).await?;
        let call = Call::api(Method::POST, &["auth", "refresh-token"])
            .about(Subject::RefreshToken)
            .secret("refresh_token", &old.refresh);
        match self.within_time(&call, self.ask(&call, None)).await {
            Ok(answer) => {
                let new =
                    user::tokens(&answer.payload, Some(&old.refresh)).ok_or_else(|| answer.unreadable())?;
                auth.store.save(new.clone()).await?;
                *auth.known() = Some(new.clone());
                Ok(new)
            }
            Err(error) if is_void(&error) => {
                auth.store.clear().await?;
                *auth.known() = None;
                Err(Error::SignInNeeded { request_id: error.request_id().map(str::to_owned) })
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the service itself said that the refresh token is worth nothing. A gateway's word does not count.
fn is_void(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if matches!(refusal.code, Code::AuthRequired | Code::InvalidToken))
}
