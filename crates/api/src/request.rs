//! A call before it is sent: written once, in either dialect's case.

use bytes::Bytes;
use melody_model::{PhoneNumber, ServerId};
use reqwest::{
    Method,
    multipart::{Form, Part},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use crate::{Dialect, Error, ServiceAddress};

/// One call, free of dialect. Names are in snake case here.
pub(crate) struct Call {
    pub method: Method,
    route: Route,
    query: Vec<(&'static str, Word)>,
    body: Vec<(&'static str, Value)>,
    /// A file that goes instead of a JSON body: the field's name, and its bytes.
    file: Option<(&'static str, Bytes)>,
    /// Whether the account's token goes along.
    pub bearer: bool,
    pub subject: Subject,
    /// What must not come back to people or logs, should the service repeat it.
    pub secrets: Vec<SecretString>,
}

enum Route {
    /// Segments under `/api/v1`.
    Api(Vec<String>),
    /// A segment under `/user` (blue) or `/users` (green).
    User(&'static str),
    /// A whole address: the many places where health and version may be.
    Exactly(Url),
}

/// A value of the query.
enum Word {
    AsIs(String),
    /// The name of a field, in snake case: it follows the dialect.
    FieldName(&'static str),
}

/// What a call is about, where the same status means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    VerifyOtp,
    RefreshToken,
    /// Any word will do.
    Health,
    /// No one thing of the service: what is not found is the path itself.
    Path,
    Other,
}

impl Call {
    fn new(method: Method, route: Route) -> Self {
        Self {
            method,
            route,
            query: Vec::new(),
            body: Vec::new(),
            file: None,
            bearer: false,
            subject: Subject::Other,
            secrets: Vec::new(),
        }
    }

    pub fn api(method: Method, segments: &[&str]) -> Self {
        Self::new(method, Route::Api(segments.iter().map(|&s| s.to_owned()).collect()))
    }

    pub fn user(method: Method, segment: &'static str) -> Self {
        Self::new(method, Route::User(segment))
    }

    pub fn exactly(url: Url) -> Self {
        Self::new(Method::GET, Route::Exactly(url))
    }

    pub fn bearer(mut self) -> Self {
        self.bearer = true;
        self
    }

    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, Word::AsIs(value.to_string())));
        self
    }

    pub fn query_field(mut self, name: &'static str, field: &'static str) -> Self {
        self.query.push((name, Word::FieldName(field)));
        self
    }

    pub fn optional(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.body.push((name, value.into()));
        self
    }

    pub fn file(mut self, name: &'static str, bytes: Bytes) -> Self {
        self.file = Some((name, bytes));
        self
    }

    pub fn secret(mut self, name: &'static str, value: &SecretString) -> Self {
        self.secrets.push(value.clone());
        self.field(name, value.expose_secret())
    }

    pub fn phone(mut self, phone: &PhoneNumber) -> Self {
        self.secrets.push(SecretString::from(phone.e164()));
        self.secrets.push(SecretString::from(phone.national()));
        self.field("phone_number", phone.national()).field("country_code", phone.country())
    }

    /// Whether it is one of the account's library, which have a limit of their own.
    pub fn is_of_library(&self) -> bool {
        matches!(&self.route, Route::Api(segments) if segments.first().is_some_and(|first| first == "library"))
    }

    /// Whether what is sent depends on the dialect, so that it should be known before.
    pub fn depends_on_dialect(&self) -> bool {
        matches!(self.route, Route::User(_)) || self.is_written_in_a_case()
    }

    /// Whether a validation error may be about the case alone.
    pub fn is_written_in_a_case(&self) -> bool {
        self.body.iter().any(|(name, _)| name.contains('_'))
            || self.query.iter().any(|(name, _)| name.contains('_'))
    }

    pub fn has_two_paths(&self) -> bool {
        matches!(self.route, Route::User(_))
    }

    /// The address, with its query.
    pub fn url(&self, service: &ServiceAddress, dialect: Dialect) -> Url {
        let mut url = match &self.route {
            Route::Api(segments) => service.under_api(segments.iter().map(String::as_str)),
            Route::User(segment) => match dialect {
                Dialect::Blue => service.under_api(["user", segment]),
                Dialect::Green => service.under_api(["users", segment]),
            },
            Route::Exactly(url) => url.clone(),
        };
        if !self.query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in &self.query {
                match value {
                    Word::AsIs(value) => pairs.append_pair(&in_case(name, dialect), value),
                    Word::FieldName(field) => {
                        pairs.append_pair(&in_case(name, dialect), &in_case(field, dialect))
                    }
                };
            }
        }
        url
    }

    /// The file as a form; made anew for each try.
    pub fn form(&self) -> Option<Form> {
        let (name, bytes) = self.file.clone()?;
        let length = bytes.len() as u64;
        // Some backends take a part for a file only when it has a file's name.
        Some(Form::new().part(name, Part::stream_with_length(bytes, length).file_name(name)))
    }

    /// The body, with the names of its fields in the dialect's case. What is inside a field is as it was given.
    pub fn body(&self, dialect: Dialect) -> Option<Value> {
        if self.body.is_empty() {
            return None;
        }
        let fields: Map<_, _> =
            self.body.iter().map(|(name, value)| (in_case(name, dialect), value.clone())).collect();
        Some(Value::Object(fields))
    }
}

fn in_case(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Blue => camel(name),
        Dialect::Green => name.to_owned(),
    }
}

/// `thumbnail_url` → `thumbnailUrl`; a leading underscore stays.
pub(crate) fn camel(snake: &str) -> String {
    let mut out = String::with_capacity(snake.len());
    let mut upper = false;
    for c in snake.chars() {
        if c == '_' && !out.is_empty() {
            upper = true;
        } else if upper {
            out.extend(c.to_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// An id as one segment of a path.
///
/// # Errors
/// [`Error::Usage`] for an empty one, and for dots, which an address would swallow.
pub(crate) fn segment(id: &ServerId) -> Result<&str, Error> {
    match id.as_str() {
        "" | "." | ".." => Err(Error::Usage("That is not an id of the service.".to_owned())),
        id => Ok(id),
    }
}
