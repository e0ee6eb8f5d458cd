//! The tokens of one account, kept among the secrets, refreshed by one process at a time.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use melody_api::{TokenStore, TokenStoreError, Tokens};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{Error, secrets::Secrets, storage::FileLock};

/// A process that holds the lock for longer is stuck. Less than a call may take, so that it is told as what it is.
const REFRESH_WAIT: Duration = Duration::from_secs(8);

/// One account's tokens, under one name among the secrets.
#[derive(Debug)]
pub(crate) struct AccountTokens {
    pub(crate) secrets: Arc<Secrets>,
    /// `None` for the guest, who has no tokens: a machine without a keyring still searches and plays.
    pub(crate) name: Option<String>,
    pub(crate) lock: PathBuf,
}

/// The form in which they are kept. Never printed: it has no `Debug`.
#[derive(Serialize, Deserialize)]
struct Kept {
    access: String,
    refresh: String,
    expires_at: Timestamp,
}

impl AccountTokens {
    async fn read(&self) -> Result<Option<Tokens>, Error> {
        let Some(name) = &self.name else { return Ok(None) };
        let Some(text) = self.secrets.get(name).await? else { return Ok(None) };
        // An unreadable one costs a sign-in, no more.
        Ok(serde_json::from_str::<Kept>(text.expose_secret()).ok().map(|kept| Tokens {
            access: SecretString::from(kept.access),
            refresh: SecretString::from(kept.refresh),
            expires_at: kept.expires_at,
        }))
    }

    async fn write(&self, tokens: Tokens) -> Result<(), Error> {
        let Some(name) = &self.name else { return Err(Error::SignInNeeded) };
        let kept = Kept {
            access: tokens.access.expose_secret().to_owned(),
            refresh: tokens.refresh.expose_secret().to_owned(),
            expires_at: tokens.expires_at,
        };
        let text = serde_json::to_string(&kept).map_err(Error::internal)?;
        self.secrets.set(name, &SecretString::from(text)).await
    }

    async fn remove(&self) -> Result<(), Error> {
        match &self.name {
            Some(name) => self.secrets.delete(name).await,
            None => Ok(()),
        }
    }

    async fn take_lock(&self) -> Result<Box<dyn Send>, Error> {
        match FileLock::acquire(&self.lock, REFRESH_WAIT).await? {
            Some(lock) => Ok(Box::new(lock)),
            None => Err(Error::Busy),
        }
    }
}

impl TokenStore for AccountTokens {
    fn load(&self) -> BoxFuture<'_, Result<Option<Tokens>, TokenStoreError>> {
        Box::pin(async { self.read().await.map_err(boxed) })
    }

    fn save(&self, tokens: Tokens) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async { self.write(tokens).await.map_err(boxed) })
    }

    fn clear(&self) -> BoxFuture<'_, Result<(), TokenStoreError>> {
        Box::pin(async { self.remove().await.map_err(boxed) })
    }

    fn lock(&self) -> BoxFuture<'_, Result<Box<dyn Send>, TokenStoreError>> {
        Box::pin(async { self.take_lock().await.map_err(boxed) })
    }
}

fn boxed(error: Error) -> TokenStoreError {
    TokenStoreError::new(error)
}
