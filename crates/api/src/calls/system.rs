//! Health and version: where they are differs, and so they are looked for.

use std::time::Duration;

use futures_util::future::join;
use melody_model::JsonMap;
use url::Url;
use uuid::Uuid;

use crate::{
    Client, Dialect, Error,
    address::without_secrets,
    answer::Answer,
    client::Shared,
    detect::Evidence,
    error::Reason,
    read::value::{self, Fields},
    request::{Call, Subject},
};

/// The service answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The address that answered first.
    pub address: String,
    /// The service's own word: `healthy`.
    pub status: Option<String>,
    pub version: Option<String>,
    /// Whatever else came.
    pub extra: JsonMap,
}

/// What runs there.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub version: Option<String>,
    /// Told from the path that answered, else from the answer's shape.
    pub dialect: Option<Dialect>,
    /// Whatever else came.
    pub extra: JsonMap,
}

/// How long a call waits for the version endpoints to tell the dialect, before it goes on without them.
const PROBE: Duration = Duration::from_secs(3);

impl Client {
    /// Asks `/health` at the root, then under the base: the first that answers wins.
    pub async fn health(&self) -> Result<Health, Error> {
        let shared = &self.shared;
        let service = &shared.address;
        let mut places = vec![
            service.under_root("health"),
            service.under_base(["health"]),
            service.under_api(["health"]),
            service.under_api(["system", "health"]),
            service.under_base(["system", "health"]),
        ];
        places.dedup();
        let call = Call::exactly(places[0].clone());
        shared
            .within_time(&call, async {
                let mut first: Option<Error> = None;
                for place in places {
                    match shared.glance(place.clone(), Subject::Health).await {
                        Ok(answer) => return Ok(health(&answer, &place)),
                        // Nobody is there at all, and the other places are at the same host.
                        Err(error) if nobody(&error) => return Err(error),
                        Err(error) => first = Some(telling(first, error)),
                    }
                }
                Err(first.unwrap_or_else(|| Error::Usage("There is no place to ask.".to_owned())))
            })
            .await
    }

    /// Asks blue's and green's place for the version at once; which of them answers tells the dialect.
    pub async fn version(&self) -> Result<Version, Error> {
        let call = Call::exactly(self.shared.address.under_api(["version"]));
        self.shared.within_time(&call, self.shared.version()).await
    }
}

impl Shared {
    /// Asks for the dialect once, when no answer has shown it yet. A service without version endpoints tells it by
    /// other answers, later.
    pub async fn know_dialect(&self) -> Result<(), Error> {
        if self.detector.dialect().is_some() {
            return Ok(());
        }
        let mut probed = self.probed.lock().await;
        if *probed || self.detector.dialect().is_some() {
            return Ok(());
        }
        match tokio::time::timeout(PROBE, self.version()).await {
            Ok(Err(error)) if nobody(&error) => return Err(error),
            Ok(Err(Error::Unreachable(_) | Error::Maintenance { .. })) | Err(_) => {}
            Ok(_) => *probed = true,
        }
        Ok(())
    }

    async fn version(&self) -> Result<Version, Error> {
        let mut first: Option<Error> = None;
        let service = &self.address;
        for under in [service.under_api([]), service.under_base([])] {
            let at = |segments: &[&str]| {
                let mut url = under.clone();
                if let Ok(mut path) = url.path_segments_mut() {
                    path.pop_if_empty().extend(segments);
                }
                self.glance(url, Subject::Other)
            };
            let (answer, dialect) = match join(at(&["version"]), at(&["system", "version"])).await {
                (Ok(answer), Err(_)) => (answer, Some(Dialect::Blue)),
                (Err(_), Ok(answer)) => (answer, Some(Dialect::Green)),
                // A backend that answers at both has told nothing by that; its shape may.
                (Ok(answer), Ok(_)) => (answer, None),
                (Err(error), Err(other)) => {
                    if nobody(&error) {
                        return Err(error);
                    }
                    first = Some(telling(Some(telling(first, error)), other));
                    continue;
                }
            };
            if let Some(dialect) = dialect {
                self.detector.note(Evidence::certain(dialect));
            }
            let mut fields = Fields::of(&answer.payload.data).unwrap_or_default();
            return Ok(Version {
                version: fields.read(&["version", "api_version"], value::text),
                dialect: dialect.or(self.detector.dialect()),
                extra: fields.rest(),
            });
        }
        Err(first.unwrap_or_else(|| Error::Usage("There is no place to ask.".to_owned())))
    }

    /// One GET, tried once.
    async fn glance(&self, url: Url, subject: Subject) -> Result<Answer, Error> {
        let call = Call::exactly(url).about(subject);
        self.once(&call, Dialect::Green, None, &Uuid::new_v4().to_string()).await
    }
}

fn health(answer: &Answer, place: &Url) -> Health {
    let data = &answer.payload.data;
    let mut fields = Fields::of(data).unwrap_or_default();
    Health {
        address: without_secrets(place),
        status: fields.read(&["status"], value::text).or_else(|| value::text(data)),
        version: fields.read(&["version"], value::text),
        extra: fields.rest(),
    }
}

/// Whether nobody is there at all, so that there is no point in asking at another path.
fn nobody(error: &Error) -> bool {
    match error {
        Error::Offline => true,
        Error::Unreachable(e) => matches!(
            e.reason,
            Reason::NoSuchHost | Reason::ConnectionRefused | Reason::NoConnection | Reason::Certificate
        ),
        _ => false,
    }
}

/// Of two errors the one that says more: the service's own word before a stranger's, the earlier before the later.
fn telling(first: Option<Error>, next: Error) -> Error {
    let own = |error: &Error| matches!(error, Error::Refused(_) | Error::Maintenance { .. });
    match first {
        Some(first) if own(&first) || !own(&next) => first,
        _ => next,
    }
}
