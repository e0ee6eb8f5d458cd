//! Deviations: answers that are not what they should be, for the parity check to find.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use crate::Error;
use crate::app::App;
use crate::faults::{Route, draw};
use crate::front::BASE;
use crate::spoil;

/// More than any JSON answer here.
const MOST_BUFFERED: usize = 64 * 1024 * 1024;

/// How an answer deviates. A field is named alone (`title`: wherever it is) or by its path (`data.tracks.title`: lists on
/// the way are passed through).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    /// `field` is called `to`.
    Rename,
    /// `field` is missing.
    Drop,
    /// `field` is of another type: a number or a truth is a text, a text a list of it, a list or an object its JSON as a
    /// text. Null stays.
    Type,
    /// The answer has `status`, and the body that it would have had.
    Status,
    /// The rows of a list (`field`, or each list of objects) come the other way round.
    Order,
    /// `field` is less exact: a fraction is cut off, a whole number is rounded down to tens, a moment to minutes.
    Precision,
    /// The texts of `field` (or each text) have their UTF-8 read as Latin-1: `é` is `Ã©`.
    Encoding,
    /// The answer is late by `ms`.
    Slow,
    /// One row of a list (`field`, or each list of objects) comes twice: the first, or the `nth`.
    Doubled,
    /// That row is missing; what the answer says of how many there are stays.
    Lost,
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// As a fault's.
    pub route: String,
    /// What is different.
    pub kind: DeviationKind,
    /// Which field, or which list.
    #[serde(default)]
    pub field: Option<String>,
    /// The field's other name, for `rename`.
    #[serde(default)]
    pub to: Option<String>,
    /// Only in this row of each list, from 1.
    #[serde(default)]
    pub nth: Option<usize>,
    /// How often, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// The same seed and the same requests give the same deviations.
    #[serde(default)]
    pub seed: u64,
    /// For `status`.
    #[serde(default)]
    pub status: Option<u16>,
    /// For `slow`: milliseconds.
    #[serde(default)]
    pub ms: Option<u64>,
}

fn always() -> f64 {
    1.0
}

impl Deviation {
    /// Always, on `route`.
    pub fn new(route: &str, kind: DeviationKind) -> Self {
        Self {
            route: route.to_owned(),
            kind,
            field: None,
            to: None,
            nth: None,
            rate: 1.0,
            seed: 0,
            status: None,
            ms: None,
        }
    }

    /// See [`Deviation::field`].
    pub fn field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// See [`Deviation::to`].
    pub fn to(mut self, name: &str) -> Self {
        self.to = Some(name.to_owned());
        self
    }

    /// See [`Deviation::nth`].
    pub fn nth(mut self, row: usize) -> Self {
        self.nth = Some(row);
        self
    }

    /// See [`Deviation::rate`] and [`Deviation::seed`].
    pub fn rate(mut self, rate: f64, seed: u64) -> Self {
        self.rate = rate;
        self.seed = seed;
        self
    }

    /// See [`Deviation::status`].
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// See [`Deviation::ms`].
    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = Some(ms);
        self
    }

    /// # Errors
    /// What is wrong with the entry, and what to write instead.
    fn check(&self) -> Result<(), String> {
        use DeviationKind as Kind;
        self.route.parse::<Route>().map_err(|error| match error {
            Error::Faults(words) => words,
            other => other.to_string(),
        })?;
        if !(0.0..=1.0).contains(&self.rate) {
            return Err(format!("rate is {} and may be 0 to 1", self.rate));
        }
        if self.nth == Some(0) {
            return Err("nth counts from 1".to_owned());
        }
        let empty = |field: &Option<String>| field.as_deref().is_none_or(|name| name.trim().is_empty());
        let needs_field = matches!(self.kind, Kind::Rename | Kind::Drop | Kind::Type | Kind::Precision);
        match self.kind {
            _ if needs_field && empty(&self.field) => {
                Err("say which field it is: field = \"title\", or field = \"data.tracks.title\"".to_owned())
            }
            Kind::Rename if empty(&self.to) => {
                Err("say what the field is called instead: to = \"name\"".to_owned())
            }
            Kind::Status if !self.status.is_some_and(|status| (200..=599).contains(&status)) => {
                Err("say which status it is, 200 to 599: status = 202".to_owned())
            }
            Kind::Slow if self.ms.is_none() => {
                Err("say how late the answer is, in milliseconds: ms = 300".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Reads a TOML file of `[[deviation]]` tables. An error names the line, and what to write there.
pub fn parse_deviations(toml: &str) -> Result<Vec<Deviation>, Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        deviation: Vec<Spanned<Deviation>>,
    }
    let file: File = toml::from_str(toml).map_err(|error| Error::Deviations(error.to_string()))?;
    let checked = file.deviation.into_iter().map(|spanned| {
        let line = toml[..spanned.span().start].matches('\n').count() + 1;
        let deviation = spanned.into_inner();
        match deviation.check() {
            Ok(()) => Ok(deviation),
            Err(words) => Err(Error::Deviations(format!("the entry at line {line}: {words}"))),
        }
    });
    checked.collect()
}

/// A deviation with its memory.
#[derive(Debug)]
struct Armed {
    deviation: Deviation,
    route: Route,
    seen: u64,
}

/// All deviations of one server.
#[derive(Debug, Default)]
pub(crate) struct Deviations(Vec<Armed>);

impl Deviations {
    pub fn new(deviations: Vec<Deviation>) -> Result<Self, Error> {
        let armed = deviations.into_iter().map(|deviation| {
            deviation.check().map_err(Error::Deviations)?;
            Ok(Armed { route: deviation.route.parse()?, deviation, seen: 0 })
        });
        armed.collect::<Result<_, Error>>().map(Self)
    }

    /// Those that this answer has.
    fn due(&mut self, method: &Method, path: &str) -> Vec<Deviation> {
        let mut due = Vec::new();
        for armed in self.0.iter_mut().filter(|armed| armed.route.matches(method, path)) {
            let turn = armed.seen;
            armed.seen += 1;
            if draw(armed.deviation.seed, turn) < armed.deviation.rate {
                due.push(armed.deviation.clone());
            }
        }
        due
    }
}

/// Around what answers in JSON, within compression.
pub(crate) async fn deviate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path();
    let path = path.strip_prefix(BASE).filter(|rest| rest.starts_with('/')).unwrap_or(path).to_owned();
    let due = app.switches().deviations.due(&method, &path);
    let response = next.run(request).await;
    // A socket that opens has no body to spoil.
    if due.is_empty() || response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    spoiled(response, &due).await
}

async fn spoiled(response: Response, due: &[Deviation]) -> Response {
    let (mut parts, body) = response.into_parts();
    let late: u64 = due.iter().filter_map(|one| one.ms.filter(|_| one.kind == DeviationKind::Slow)).sum();
    if late > 0 {
        tokio::time::sleep(Duration::from_millis(late)).await;
    }
    let told = due.iter().find(|one| one.kind == DeviationKind::Status).and_then(|one| one.status);
    if let Some(status) = told.and_then(|status| StatusCode::from_u16(status).ok()) {
        parts.status = status;
    }
    let Ok(bytes) = to_bytes(body, MOST_BUFFERED).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut body) => {
            let before = body.clone();
            for deviation in due {
                spoil::spoil(&mut body, deviation);
            }
            // What nothing was done to leaves as it came.
            if body == before { Body::from(bytes) } else { Body::from(body.to_string()) }
        }
        Err(_) => Body::from(bytes),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_deviations_is_read() {
        let read = parse_deviations(
            "[[deviation]]\nroute = \"GET /music/search\"\nkind = \"rename\"\nfield = \"title\"\nto = \"name\"\n\
             nth = 2\nrate = 0.5\nseed = 7\n\n[[deviation]]\nroute = \"*\"\nkind = \"slow\"\nms = 300\n",
        );
        let wanted = [
            Deviation::new("GET /music/search", DeviationKind::Rename)
                .field("title")
                .to("name")
                .nth(2)
                .rate(0.5, 7),
            Deviation::new("*", DeviationKind::Slow).ms(300),
        ];
        assert_eq!(read.unwrap(), wanted);
        assert!(parse_deviations("").unwrap().is_empty());
    }

    #[test]
    fn an_error_names_the_line_and_what_to_write() {
        let entry = |rest: &str| {
            format!(
                "[[deviation]]\nroute = \"*\"\nkind = \"order\"\n\n[[deviation]]\nroute = \"*\"\n{rest}\n"
            )
        };
        for (rest, words) in [
            (
                "kind = \"rename\"\nfield = \"title\"",
                "the entry at line 5: say what the field is called instead",
            ),
            ("kind = \"drop\"", "the entry at line 5: say which field it is"),
            ("kind = \"status\"\nstatus = 99", "the entry at line 5: say which status it is, 200 to 599"),
            ("kind = \"slow\"", "the entry at line 5: say how late"),
            ("kind = \"lost\"\nnth = 0", "the entry at line 5: nth counts from 1"),
            ("kind = \"lost\"\nrate = 1.5", "the entry at line 5: rate is 1.5 and may be 0 to 1"),
            ("kind = \"explode\"", "line 7"),
            ("kind = \"lost\"\nfeild = \"title\"", "line 8"),
        ] {
            let told = parse_deviations(&entry(rest)).unwrap_err().to_string();
            assert!(told.contains(words), "{rest}: {told}");
        }
        let told = parse_deviations("[[deviation]]\nroute = \"songs\"\nkind = \"order\"").unwrap_err();
        assert!(told.to_string().contains("a route is \"METHOD /path\""), "{told}");
    }
}
