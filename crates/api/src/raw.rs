//! One exchange as it is: what a comparison of two backends sends and sees, over the same connections as every call.

use std::time::{Duration, Instant};

use reqwest::{
    Method, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::{
    Client, Error,
    answer::{self, Raw},
    http,
    media::bearer,
};

/// Where a path begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Under `/api/v1`.
    #[default]
    Api,
    /// Under the address that was given.
    Base,
    /// Under the bare host.
    Root,
}

/// A request that goes out as it is written: nothing is put into a dialect, tried again or renewed.
#[derive(Clone, Debug, Default)]
pub struct RawRequest {
    /// In capitals.
    pub method: String,
    pub place: Place,
    /// Each is escaped as one.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub token: Option<SecretString>,
    /// Whether a compressed body comes as it was sent.
    pub keep_encoding: bool,
}

/// Everything that came back.
#[derive(Clone, Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// Names in lower case; a value that is no text is left out.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Until the last byte.
    pub took: Duration,
    pub(crate) url: Url,
}

impl RawAnswer {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The same answer with another status and body: what the client would make of it.
    pub fn with(&self, status: u16, body: Vec<u8>) -> Self {
        Self { status, body, ..self.clone() }
    }

    /// In the form in which answers are judged.
    pub(crate) fn as_raw(&self) -> Raw {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        Raw {
            url: self.url.clone(),
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers,
            body: Some(self.body.clone()),
            request_id: String::new(),
        }
    }
}

impl Client {
    /// Sends one request and takes what comes, whatever it is.
    ///
    /// # Errors
    /// [`Error::Usage`] for a method or header that cannot be sent; otherwise only what keeps an answer from coming.
    pub async fn raw(&self, request: &RawRequest) -> Result<RawAnswer, Error> {
        let shared = &self.shared;
        let unsendable = |what: &str| Error::Usage(format!("“{what}” cannot be sent."));
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|_| unsendable(&request.method))?;
        let segments = request.segments.iter().map(String::as_str);
        let mut url = match request.place {
            Place::Api => shared.address.under_api(segments),
            Place::Base => shared.address.under_base(segments),
            Place::Root => {
                let mut url = shared.address.under_root("");
                if let Ok(mut path) = url.path_segments_mut() {
                    path.pop_if_empty().extend(segments);
                }
                url
            }
        };
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let client = if request.keep_encoding { shared.http.media(&url)? } else { shared.http.calls()? };
        let request_id = Uuid::new_v4().to_string();
        let mut building = client.request(method, url.clone()).header(answer::REQUEST_ID, &request_id);
        let mut accepts = false;
        for (name, value) in &request.headers {
            accepts |= name.eq_ignore_ascii_case("accept");
            let value = HeaderValue::from_str(value).map_err(|_| unsendable(name))?;
            building = building.header(name.parse::<HeaderName>().map_err(|_| unsendable(name))?, value);
        }
        if !accepts {
            building = building.header("accept", HeaderValue::from_static("application/json"));
        }
        if let Some(value) = request.token.as_ref().and_then(bearer) {
            building = building.header(AUTHORIZATION, value);
        }
        if let Some(body) = &request.body {
            building = building.body(body.clone());
        }
        let began = Instant::now();
        let exchange = async {
            let response = building.send().await?;
            let (status, headers, at) =
                (response.status(), response.headers().clone(), response.url().clone());
            Ok::<_, reqwest::Error>((status, headers, at, response.bytes().await?))
        };
        let answered = tokio::time::timeout(shared.timeouts.call, exchange).await;
        let (status, headers, at, body) = match answered {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => return Err(http::failure(&error, &url, &request_id)),
            Err(_) => return Err(http::timed_out(&url, &request_id)),
        };
        Ok(RawAnswer {
            status: status.as_u16(),
            headers: headers
                .iter()
                .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
                .collect(),
            body: body.to_vec(),
            took: began.elapsed(),
            url: at,
        })
    }
}
