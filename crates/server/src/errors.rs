//! What goes wrong: for whoever starts the server, and, free of dialect, for whoever calls it.

use std::io;
use std::path::{Path, PathBuf};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a server could not be started or asked something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option does not say what it may say.
    #[error("{0}")]
    Option(String),
    /// The list of faults cannot be read.
    #[error("the faults cannot be read: {0}")]
    Faults(String),
    /// The list of deviations cannot be read.
    #[error("the deviations cannot be read: {0}")]
    Deviations(String),
    /// The address is taken, or nothing can be written to the temporary folder.
    #[error("the server cannot start: {0}")]
    Io(#[from] io::Error),
    /// The folder given for the data cannot be used.
    #[error("{folder} cannot be used: {cause}", folder = .folder.display())]
    Data { folder: PathBuf, cause: io::Error },
    /// The database refuses.
    #[error("the server's database refuses: {0}")]
    Database(#[from] rusqlite::Error),
    /// A song cannot be made.
    #[error(transparent)]
    Catalogue(#[from] crate::catalogue::Error),
}

impl Error {
    /// What went wrong while the data were opened, as a matter of their folder if one was given.
    pub(crate) fn about(self, folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return self };
        let cause = match self {
            Self::Io(cause) => cause,
            Self::Database(cause) => io::Error::new(kind_of(&cause), cause),
            other => return other,
        };
        Self::Data { folder: folder.to_owned(), cause }
    }
}

/// What a database's refusal is to a file.
fn kind_of(error: &rusqlite::Error) -> io::ErrorKind {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly) => io::ErrorKind::ReadOnlyFilesystem,
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::InvalidData,
    }
}

/// Who refuses: the handler itself, or what stands around it. The plan's catch-all only swallows the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Handler,
    Framework,
}

/// The field that a validation error is about.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// `query` or `body`.
    pub place: &'static str,
    /// In snake case.
    pub name: String,
    /// What FastAPI calls this kind of error.
    pub kind: &'static str,
}

/// A refusal, before it takes the shape of a dialect.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub status: StatusCode,
    /// One of the contract's codes; only blue says it.
    pub code: &'static str,
    pub message: String,
    pub details: Value,
    pub field: Option<Box<Field>>,
    pub source: Source,
    pub headers: Box<HeaderMap>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: json!({}),
            field: None,
            source: Source::Handler,
            headers: Box::default(),
        }
    }

    /// A value that the handler itself refuses: 400 in both dialects.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message)
    }

    /// A value that never reaches the handler: 400 in blue, 422 in green.
    pub fn invalid(place: &'static str, name: &str, kind: &'static str, message: impl Into<String>) -> Self {
        let mut error = Self::bad(message).by_framework();
        error.field = Some(Box::new(Field { place, name: name.to_owned(), kind }));
        error
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", format!("{what} not found"))
    }

    /// The address itself is unknown.
    pub fn no_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", "Not Found").by_framework()
    }

    /// The address is known, the method is not.
    pub fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "VALIDATION_ERROR", "Method Not Allowed").by_framework()
    }

    pub fn sign_in(message: &str, code: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub fn maintenance(retry_after_s: u64) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "MAINTENANCE", "Service under maintenance")
            .by_framework()
            .with_header(header::RETRY_AFTER, retry_after_s.into())
    }

    /// Something broke in here; the cause is logged, not told.
    pub fn internal(code: &'static str, cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a handler failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, "Internal server error")
    }

    pub fn by_framework(mut self) -> Self {
        self.source = Source::Framework;
        self
    }

    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal("STORAGE_ERROR", &error)
    }
}

impl IntoResponse for ApiError {
    /// Carries the error to [`crate::wire::shape_errors`], which knows the dialect.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
