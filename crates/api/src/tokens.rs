//! Tokens and the place that keeps them.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::TokenStoreError;

/// What a sign-in gives. `Debug` shows neither token.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: SecretString,
    pub refresh: SecretString,
    /// When the access token runs out, by this machine's clock.
    pub expires_at: Timestamp,
}

impl Tokens {
    pub(crate) fn has_access(&self, other: &SecretString) -> bool {
        self.access.expose_secret() == other.expose_secret()
    }

    pub(crate) fn expired(&self) -> bool {
        self.expires_at <= Timestamp::now()
    }
}

/// Where the tokens of one profile are kept: a keyring, a file, or memory.
pub trait TokenStore: Send + Sync + 'static {
    fn load(&self) -> BoxFuture<'_, Result<Option<Tokens>, TokenStoreError>>;
    fn save(&self, tokens: Tokens) -> BoxFuture<'_, Result<(), TokenStoreError>>;
    fn clear(&self) -> BoxFuture<'_, Result<(), TokenStoreError>>;
    /// Held across a refresh, so that two processes never spend one refresh token twice; the guard is dropped
    /// afterwards.
    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Send>, TokenStoreError>>;
}

/// Tokens that end with the process. Clones of one `Arc` share them; there is nobody else to lock out.
#[derive(Debug, Default)]
pub struct MemoryTokenStore(Mutex<Option<Tokens>>);

impl TokenStore for MemoryTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Tokens>, TokenStoreError>> {
        Box::pin(async { Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()) })
    }

    fn save(&self, tokens: Tokens) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tokens);
            Ok(())
        })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
            Ok(())
        })
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Send>, TokenStoreError>> {
        Box::pin(async { Ok(Box::new(()) as Box<dyn Send>) })
    }
}
