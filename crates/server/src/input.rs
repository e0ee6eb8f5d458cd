//! What callers send, read as the dialect spells it: JSON bodies and queries.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde_json::{Map, Value};

use crate::app::Ctx;
use crate::errors::ApiError;
use crate::options::Dialect;

/// `otp_id` as blue writes it: `otpId`.
pub(crate) fn camel(snake: &str) -> String {
    let mut out = String::with_capacity(snake.len());
    let mut up = false;
    for c in snake.chars() {
        if c == '_' {
            up = true;
        } else if up {
            out.push(c.to_ascii_uppercase());
            up = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// A name as the dialect spells it.
pub(crate) fn spelled(dialect: Dialect, snake: &str) -> String {
    match dialect {
        Dialect::Blue => camel(snake),
        Dialect::Green => snake.to_owned(),
    }
}

/// A JSON object from the body; its fields are asked for in snake case and read in the dialect's.
#[derive(Debug)]
pub(crate) struct Fields {
    dialect: Dialect,
    object: Map<String, Value>,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let ctx = Ctx::from_request_parts(&mut parts, state).await?;
        let bytes = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| ApiError::invalid("body", "", "json_invalid", "The body cannot be read"))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self { dialect: ctx.dialect, object }),
            _ => Err(ApiError::invalid("body", "", "json_invalid", "JSON decode error")),
        }
    }
}

impl Fields {
    fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(&spelled(self.dialect, name)).filter(|value| !value.is_null())
    }

    fn require(&self, name: &str) -> Result<&Value, ApiError> {
        self.get(name).ok_or_else(|| ApiError::invalid("body", name, "missing", "Field required"))
    }

    pub fn string(&self, name: &str) -> Result<String, ApiError> {
        self.require(name)?
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| ApiError::invalid("body", name, "string_type", "Input should be a valid string"))
    }

    pub fn optional_string(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.get(name).map(|_| self.string(name)).transpose()
    }

    /// A whole number, not below zero; zero when absent.
    pub fn count(&self, name: &str) -> Result<i64, ApiError> {
        let Some(value) = self.get(name) else { return Ok(0) };
        let number = value
            .as_i64()
            .ok_or_else(|| ApiError::invalid("body", name, "int_type", "Input should be a valid integer"))?;
        if number < 0 {
            return Err(ApiError::invalid(
                "body",
                name,
                "greater_than_equal",
                "Input should be greater than or equal to 0",
            ));
        }
        Ok(number)
    }

    /// False when absent.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        let Some(value) = self.get(name) else { return Ok(false) };
        value
            .as_bool()
            .ok_or_else(|| ApiError::invalid("body", name, "bool_type", "Input should be a valid boolean"))
    }

    pub fn optional_object(&self, name: &str) -> Result<Option<&Map<String, Value>>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value
            .as_object()
            .map(Some)
            .ok_or_else(|| ApiError::invalid("body", name, "dict_type", "Input should be a valid dictionary"))
    }
}

/// The query; its names are asked for in snake case and read in the dialect's.
#[derive(Debug)]
pub(crate) struct Params {
    dialect: Dialect,
    values: HashMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ctx = Ctx::from_request_parts(parts, state).await?;
        let Query(values) = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("query", "", "string_unicode", "The query cannot be read"))?;
        Ok(Self { dialect: ctx.dialect, values })
    }
}

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&spelled(self.dialect, name)).map(String::as_str)
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(_) => {
                Err(ApiError::invalid("query", name, "bool_parsing", "Input should be a valid boolean"))
            }
        }
    }

    /// One of `allowed`, the first when absent.
    pub fn choice(&self, name: &str, allowed: &[&'static str]) -> Result<&'static str, ApiError> {
        let Some(asked) = self.get(name) else { return Ok(allowed[0]) };
        allowed.iter().find(|one| **one == asked).copied().ok_or_else(|| {
            let message = format!("Input should be one of: {}", allowed.join(", "));
            ApiError::invalid("query", name, "literal_error", message)
        })
    }

    fn number(&self, name: &str, otherwise: i64, least: i64) -> Result<i64, ApiError> {
        let Some(text) = self.get(name) else { return Ok(otherwise) };
        let number = text.parse().map_err(|_| {
            ApiError::invalid("query", name, "int_parsing", "Input should be a valid integer")
        })?;
        if number < least {
            let message = format!("Input should be greater than or equal to {least}");
            return Err(ApiError::invalid("query", name, "greater_than_equal", message));
        }
        Ok(number)
    }

    /// `limit` and `offset`. More than `most` gives `most`.
    pub fn window(&self, ctx: &Ctx, most: i64) -> Result<Window, ApiError> {
        if ctx.as_planned() {
            return self.window_as_planned();
        }
        let limit = self.number("limit", 20, 1)?.min(most);
        Ok(Window { limit, offset: self.number("offset", 0, 0)? })
    }

    /// The plan checks nothing: what PostgreSQL or Python says then is what leaves.
    fn window_as_planned(&self) -> Result<Window, ApiError> {
        let limit = self.number("limit", 20, i64::MIN)?;
        let offset = self.number("offset", 0, i64::MIN)?;
        let broken = if limit == 0 {
            "integer division or modulo by zero"
        } else if limit < 0 {
            "LIMIT must not be negative"
        } else if offset < 0 {
            "OFFSET must not be negative"
        } else {
            return Ok(Window { limit, offset });
        };
        Err(ApiError::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", broken))
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub limit: i64,
    pub offset: i64,
}
