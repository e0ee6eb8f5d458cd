//! Sound and covers: addresses that may be anywhere, with a token only for our own.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{Client, Error};

/// What stands before a token.
const BEARER: &str = "Bearer ";

/// All that is needed to fetch one address. `Debug` shows no token.
#[derive(Clone, Debug)]
pub struct Media {
    /// Absolute. It may be signed: not for logs.
    pub url: Url,
    /// Follows redirects to other origins, without the token and never from https down to http.
    pub client: reqwest::Client,
    /// The bearer token when the address is of the service's own origin, and nothing otherwise.
    pub headers: HeaderMap,
}

impl Media {
    /// A request for the whole; add a `Range` for less.
    pub fn get(&self) -> reqwest::RequestBuilder {
        self.client.get(self.url.clone()).headers(self.headers.clone())
    }

    /// The token that goes along.
    pub(crate) fn token(&self) -> Option<SecretString> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        value.strip_prefix(BEARER).map(SecretString::from)
    }
}

impl Client {
    /// Makes an address that the service gave out fetchable: absolute, and with the headers that may go there.
    /// Without a sign-in, or when it cannot be renewed now, there is no token: the address may do without.
    pub async fn media(&self, address: &str) -> Result<Media, Error> {
        let url = self.shared.address.resolve(address)?;
        let client = self.shared.http.media(&url)?.clone();
        let mut headers = HeaderMap::new();
        if self.shared.address.same_origin(&url) {
            match self.shared.access().await {
                Ok(token) => {
                    headers.extend(bearer(&token).map(|value| (AUTHORIZATION, value)));
                }
                Err(Error::TokenStore(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(Media { url, client, headers })
    }
}

/// The header's value, marked so that no library prints it. `None` for a token that no header can hold.
pub(crate) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{BEARER}{}", token.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
