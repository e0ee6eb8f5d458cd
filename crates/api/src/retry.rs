//! Whether and when an idempotent call is tried again by itself.

use std::time::Duration;

use reqwest::Method;

use crate::{Code, Error, error::Reason};

/// Tries of one call, the first included.
const TRIES: u32 = 3;
/// The first pause is anywhere between nothing and this; each later one may be twice as long.
const BASE: Duration = Duration::from_millis(200);
/// The longest that a call waits because the service asks for it. More is told to the caller instead.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long to pause before trying again after `tries` tries; `None` to give up. Only GET and DELETE, which may
/// happen twice without harm: a POST whose answer was lost may have been carried out.
pub(crate) fn pause(method: &Method, error: &Error, tries: u32) -> Option<Duration> {
    if tries >= TRIES || !matches!(*method, Method::GET | Method::DELETE) {
        return None;
    }
    let jitter = || rand::random_range(Duration::ZERO..=BASE * 2_u32.pow(tries.saturating_sub(1)));
    match error {
        Error::Unreachable(e) if matches!(e.reason, Reason::Certificate | Reason::NotSetUp) => None,
        Error::Unreachable(_) => within(error.retry_after().unwrap_or_default()).map(|wait| wait + jitter()),
        // The service named a time: before it there is no point, and without one there is no telling.
        Error::Maintenance { .. } => within(error.retry_after()?).map(|wait| wait + jitter()),
        Error::Refused(refusal) if refusal.code == Code::RateLimitExceeded => {
            within(refusal.retry_after?).map(|wait| wait + jitter())
        }
        Error::Refused(refusal) if error.retryable() && refusal.status >= 500 => {
            within(refusal.retry_after.unwrap_or_default()).map(|wait| wait + jitter())
        }
        _ => None,
    }
}

fn within(wait: Duration) -> Option<Duration> {
    (wait <= LONGEST_WAIT).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unreachable;

    fn unreachable(reason: Reason) -> Error {
        Error::Unreachable(Box::new(Unreachable {
            address: "https://api.example".into(),
            reason,
            status: None,
            first_line: None,
            retry_after: None,
            request_id: None,
        }))
    }

    fn maintenance(seconds: Option<u64>) -> Error {
        Error::Maintenance { retry_after: seconds.map(Duration::from_secs), request_id: None, dialect: None }
    }

    #[test]
    fn only_what_may_happen_twice_is_tried_again_and_not_for_ever() {
        let error = unreachable(Reason::BrokenOff);
        for method in [Method::GET, Method::DELETE] {
            assert!(pause(&method, &error, 1).is_some());
            assert!(pause(&method, &error, TRIES).is_none());
        }
        for method in [Method::POST, Method::PUT] {
            assert!(pause(&method, &error, 1).is_none());
        }
        assert!(pause(&Method::GET, &unreachable(Reason::Certificate), 1).is_none());
        assert!(pause(&Method::GET, &unreachable(Reason::NotSetUp), 1).is_none());
        assert!(pause(&Method::GET, &Error::Usage(String::new()), 1).is_none());
    }

    #[test]
    fn pauses_are_spread_and_bounded() {
        let error = unreachable(Reason::BrokenOff);
        let pauses: Vec<_> = (0..200).filter_map(|_| pause(&Method::GET, &error, 2)).collect();
        assert!(pauses.iter().all(|p| *p <= BASE * 2));
        assert!(pauses.iter().max() > pauses.iter().min(), "full jitter");
    }

    #[test]
    fn the_services_wish_is_kept_when_it_is_short() {
        assert!(pause(&Method::GET, &maintenance(Some(2)), 1).unwrap() >= Duration::from_secs(2));
        assert!(pause(&Method::GET, &maintenance(Some(60)), 1).is_none());
        assert!(pause(&Method::GET, &maintenance(None), 1).is_none());
    }
}
