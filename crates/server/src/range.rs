//! What part of a file a request wants: `Range`, `If-Range`, `If-None-Match`.

use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, header};

/// What a request wants of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Whole,
    /// Never empty.
    Part(Range<u64>),
    NotModified,
    Unsatisfiable,
}

/// Reads the headers against a file of `size` bytes. `ranges` is whether the server honours them.
pub(crate) fn asked(headers: &HeaderMap, etag: &str, size: u64, ranges: bool) -> Asked {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH)
        && known.split(',').any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == etag)
    {
        return Asked::NotModified;
    }
    let Some(range) = text(header::RANGE).filter(|_| ranges) else { return Asked::Whole };
    if text(header::IF_RANGE).is_some_and(|known| known.trim() != etag) {
        return Asked::Whole;
    }
    part(range, size)
}

/// One range is honoured; several, or other units, are answered with the whole file.
fn part(range: &str, size: u64) -> Asked {
    let Some((from, to)) = range.trim().strip_prefix("bytes=").and_then(|spec| spec.split_once('-')) else {
        return Asked::Whole;
    };
    let part = match (from.trim(), to.trim()) {
        ("", last) => match last.parse::<u64>() {
            Ok(last) => size.saturating_sub(last)..size,
            Err(_) => return Asked::Whole,
        },
        (from, "") => match from.parse() {
            Ok(from) => from..size,
            Err(_) => return Asked::Whole,
        },
        (from, to) => match (from.parse::<u64>(), to.parse::<u64>()) {
            (Ok(from), Ok(to)) if from <= to => from..to.saturating_add(1).min(size),
            _ => return Asked::Whole,
        },
    };
    if part.start < part.end { Asked::Part(part) } else { Asked::Unsatisfiable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, expected) in [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-200", Asked::Part(90..100)),
            ("bytes=90-", Asked::Part(90..100)),
            ("bytes=-10", Asked::Part(90..100)),
            ("bytes=-500", Asked::Part(0..100)),
            ("bytes=100-", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
            ("bytes=9-0", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("items=0-1", Asked::Whole),
            ("bytes=x-1", Asked::Whole),
        ] {
            assert_eq!(part(range, 100), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Asked::Unsatisfiable);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let headers = |pairs: &[(HeaderName, &str)]| {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        let range = (header::RANGE, "bytes=0-9");
        let ask = |pairs: &[(HeaderName, &str)]| asked(&headers(pairs), "\"a\"", 100, true);
        assert_eq!(ask(&[range.clone(), (header::IF_NONE_MATCH, "\"b\", W/\"a\"")]), Asked::NotModified);
        assert_eq!(ask(&[range.clone(), (header::IF_NONE_MATCH, "\"b\"")]), Asked::Part(0..10));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"a\"")]), Asked::Part(0..10));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"b\"")]), Asked::Whole);
        assert_eq!(asked(&headers(&[range]), "\"a\"", 100, false), Asked::Whole);
    }
}
