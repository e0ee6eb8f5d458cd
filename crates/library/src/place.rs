//! Fractional indexes: texts that sort by bytes, and between any two of which there is always another.
//!
//! Moving an item in a list of ten thousand so writes one row. The scheme is David Greenspan's (“Implementing
//! fractional indexing”): an integer whose first letter says how many digits it has, so that adding at either
//! end hardly ever makes a longer text, then a fraction for what comes in between.

/// The digits, in the order of their bytes.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The first place of an empty list.
const FIRST: &str = "a0";

/// A text that is no place, or two that are not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPlace;

/// A place after one and before another; without them, after or before all.
pub(crate) fn between(before: Option<&str>, after: Option<&str>) -> Result<String, NoPlace> {
    let place = match (before, after) {
        (None, None) => FIRST.to_owned(),
        (None, Some(after)) => {
            let (integer, fraction) = parts(after)?;
            if !fraction.is_empty() {
                integer.to_owned()
            } else if let Some(less) = less(integer)? {
                less
            } else {
                integer.to_owned() + &middle("", Some(fraction))?
            }
        }
        (Some(before), None) => {
            let (integer, fraction) = parts(before)?;
            match more(integer)? {
                Some(more) => more,
                None => integer.to_owned() + &middle(fraction, None)?,
            }
        }
        (Some(before), Some(after)) if before < after => {
            let (integer, fraction) = parts(before)?;
            let (other, end) = parts(after)?;
            if integer == other {
                integer.to_owned() + &middle(fraction, Some(end))?
            } else {
                match more(integer)? {
                    Some(more) if more.as_str() < after => more,
                    _ => integer.to_owned() + &middle(fraction, None)?,
                }
            }
        }
        _ => return Err(NoPlace),
    };
    Ok(place)
}

/// So many places in a row, after one and before another.
pub(crate) fn run(before: Option<&str>, after: Option<&str>, count: usize) -> Result<Vec<String>, NoPlace> {
    let mut places: Vec<String> = Vec::with_capacity(count);
    for _ in 0..count {
        let last = places.last().map(String::as_str).or(before);
        places.push(between(last, after)?);
    }
    Ok(places)
}

/// The integer and the fraction of a place.
fn parts(place: &str) -> Result<(&str, &str), NoPlace> {
    let head = *place.as_bytes().first().ok_or(NoPlace)?;
    let length = match head {
        b'a'..=b'z' => head - b'a',
        b'A'..=b'Z' => b'Z' - head,
        _ => return Err(NoPlace),
    };
    if !place.bytes().all(|digit| DIGITS.contains(&digit)) {
        return Err(NoPlace);
    }
    place.split_at_checked(usize::from(length) + 2).ok_or(NoPlace)
}

/// The next greater integer, if there is one.
fn more(integer: &str) -> Result<Option<String>, NoPlace> {
    let (&head, digits) = integer.as_bytes().split_first().ok_or(NoPlace)?;
    let mut digits = digits.to_vec();
    for digit in digits.iter_mut().rev() {
        match value(*digit)? + 1 {
            62 => *digit = DIGITS[0],
            next => {
                *digit = DIGITS[next];
                return Ok(Some(text(head, &digits)));
            }
        }
    }
    match head {
        b'Z' => return Ok(Some(text(b'a', &DIGITS[..1]))),
        b'z' => return Ok(None),
        b'a'..=b'y' => digits.push(DIGITS[0]),
        _ => drop(digits.pop()),
    }
    Ok(Some(text(head + 1, &digits)))
}

/// The next smaller integer, if there is one.
fn less(integer: &str) -> Result<Option<String>, NoPlace> {
    let (&head, digits) = integer.as_bytes().split_first().ok_or(NoPlace)?;
    let mut digits = digits.to_vec();
    for digit in digits.iter_mut().rev() {
        match value(*digit)?.checked_sub(1) {
            None => *digit = DIGITS[61],
            Some(next) => {
                *digit = DIGITS[next];
                return Ok(Some(text(head, &digits)));
            }
        }
    }
    match head {
        b'a' => return Ok(Some(text(b'Z', &DIGITS[61..]))),
        b'A' => return Ok(None),
        b'b'..=b'z' => drop(digits.pop()),
        _ => digits.push(DIGITS[61]),
    }
    Ok(Some(text(head - 1, &digits)))
}

/// A fraction between two; `None` as the end is the whole.
fn middle(begin: &str, end: Option<&str>) -> Result<String, NoPlace> {
    if let Some(end) = end {
        let digit_of = |at| begin.as_bytes().get(at).copied().unwrap_or(DIGITS[0]);
        let same = end.bytes().enumerate().take_while(|(at, digit)| digit_of(*at) == *digit).count();
        if same > 0 {
            let (shared, end) = end.split_at_checked(same).ok_or(NoPlace)?;
            let rest = middle(begin.get(same..).unwrap_or_default(), Some(end))?;
            return Ok(shared.to_owned() + &rest);
        }
    }
    let low = begin.bytes().next().map_or(Ok(0), value)?;
    let high = match end {
        Some(end) => value(end.bytes().next().ok_or(NoPlace)?)?,
        None => 62,
    };
    if high.checked_sub(low).ok_or(NoPlace)? > 1 {
        return Ok(char::from(DIGITS[(low + high).div_ceil(2)]).to_string());
    }
    match end {
        Some(end) if end.len() > 1 => Ok(end[..1].to_owned()),
        _ => {
            let rest = middle(begin.get(1..).unwrap_or_default(), None)?;
            Ok(format!("{}{rest}", char::from(DIGITS[low])))
        }
    }
}

fn value(digit: u8) -> Result<usize, NoPlace> {
    DIGITS.binary_search(&digit).map_err(|_| NoPlace)
}

fn text(head: u8, digits: &[u8]) -> String {
    std::iter::once(&head).chain(digits).copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // All of it is test.

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_keep_the_order_in_which_they_were_put(at in prop::collection::vec(any::<prop::sample::Index>(), 1..300)) {
            let mut list: Vec<(String, usize)> = Vec::new();
            for (n, at) in at.iter().enumerate() {
                let at = at.index(list.len() + 1);
                let before = at.checked_sub(1).map(|before| list[before].0.clone());
                let after = list.get(at).map(|(place, _)| place.clone());
                let place = between(before.as_deref(), after.as_deref()).unwrap();
                prop_assert!(before.is_none_or(|before| before < place), "{place}");
                prop_assert!(after.is_none_or(|after| place < after), "{place}");
                list.insert(at, (place, n));
            }
            let mut sorted = list.clone();
            sorted.sort();
            prop_assert_eq!(sorted, list);
        }

        #[test]
        fn always_the_same_gap_costs_a_digit_for_five_moves(first in any::<bool>(), moves in 1..400_usize) {
            let (mut low, mut high) = ("a0".to_owned(), "a1".to_owned());
            for _ in 0..moves {
                let place = between(Some(&low), Some(&high)).unwrap();
                if first { high = place } else { low = place }
            }
            prop_assert!(low.len().max(high.len()) <= 4 + moves / 5, "{low} {high}");
        }
    }

    #[test]
    fn a_long_list_has_short_places() {
        let places = run(None, None, 100_000).unwrap();
        assert!(places.is_sorted_by(|a, b| a < b));
        assert!(places.iter().all(|place| place.len() <= 4), "{:?}", places.last());
        let mut first = "a0".to_owned();
        for _ in 0..10_000 {
            let before = between(None, Some(&first)).unwrap();
            assert!(before < first && before.len() <= 4, "{before}");
            first = before;
        }
    }

    #[test]
    fn what_is_no_place_is_told() {
        for (before, after) in
            [("a1", "a0"), ("a0", "a0"), ("", "a0"), ("a", "b"), ("!0", "a0"), ("aé", "b00")]
        {
            assert_eq!(between(Some(before), Some(after)), Err(NoPlace), "{before} {after}");
        }
    }
}
