//! Which row of one list is which of the other: by content, by known ids, by likeness; never by position alone.

use std::collections::HashMap;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::ids::{self, IdMap};

/// Rows that agree in at least this share of their fields are one row that changed.
const ALIKE: f64 = 0.5;

/// How two lists belong together. All numbers are positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alignment {
    /// Blue's row, green's row, and whether their content says so; in blue's order.
    pub pairs: Vec<(usize, usize, bool)>,
    /// Only in blue.
    pub lost: Vec<usize>,
    /// Only in green.
    pub extra: Vec<usize>,
}

impl Alignment {
    /// Whether green has its rows in blue's order.
    pub fn in_order(&self) -> bool {
        self.pairs.is_sorted_by_key(|(_, green, _)| *green)
    }
}

pub(crate) fn align(blue: &[Value], green: &[Value], known: &IdMap) -> Alignment {
    let mut of_blue: Vec<Option<(usize, bool)>> = vec![None; blue.len()];
    let mut taken = vec![false; green.len()];
    let mut by_content: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, row) in green.iter().enumerate().rev() {
        by_content.entry(identity(row)).or_default().push(at);
    }
    for (at, row) in blue.iter().enumerate() {
        if let Some(found) = by_content.get_mut(&identity(row)).and_then(Vec::pop) {
            of_blue[at] = Some((found, true));
            taken[found] = true;
        }
    }
    let open = |of_blue: &[Option<(usize, bool)>]| {
        of_blue.iter().enumerate().filter(|(_, pair)| pair.is_none()).map(|(at, _)| at).collect::<Vec<_>>()
    };
    for at in open(&of_blue) {
        let Some(id) = id(&blue[at]) else { continue };
        let same = |row: &Value| self::id(row).is_some_and(|other| known.knows(id, other));
        if let Some(found) = (0..green.len()).find(|&g| !taken[g] && same(&green[g])) {
            of_blue[at] = Some((found, false));
            taken[found] = true;
        }
    }
    for at in open(&of_blue) {
        let best = (0..green.len())
            .filter(|&g| !taken[g])
            .map(|g| (g, likeness(&blue[at], &green[g])))
            .filter(|(_, alike)| *alike >= ALIKE)
            // The first of equals: lists mostly agree in their order.
            .fold(None, |best: Option<(usize, f64)>, one| match best {
                Some(best) if best.1 >= one.1 => Some(best),
                _ => Some(one),
            });
        if let Some((found, _)) = best {
            of_blue[at] = Some((found, false));
            taken[found] = true;
        }
    }
    Alignment {
        pairs: of_blue
            .iter()
            .enumerate()
            .filter_map(|(b, pair)| pair.map(|(g, sure)| (b, g, sure)))
            .collect(),
        lost: open(&of_blue),
        extra: (0..green.len()).filter(|&g| !taken[g]).collect(),
    }
}

/// What a row is about, in letters: a song's title, artist, album and length; else all that is no id and no moment.
pub(crate) fn identity(row: &Value) -> String {
    let song = ["track", "song"].iter().find_map(|name| row.get(name)).unwrap_or(row);
    if let (Some(title), Some(artist)) =
        (song.get("title").and_then(Value::as_str), song.get("artist").and_then(Value::as_str))
    {
        let fold = |text: &str| text.trim().nfc().collect::<String>().to_lowercase();
        let album = song.get("album").and_then(Value::as_str).unwrap_or_default();
        let duration = song.get("duration").map(|d| d.to_string().replace('"', "")).unwrap_or_default();
        return [fold(title), fold(artist), fold(album), duration].join("\u{1f}");
    }
    match row {
        Value::Object(_) => {
            let mut leaves = Vec::new();
            collect(row, "", &mut leaves);
            leaves.into_iter().map(|(path, text)| format!("{path}={text}")).collect::<Vec<_>>().join("\u{1f}")
        }
        other => other.to_string(),
    }
}

fn id(row: &Value) -> Option<&str> {
    ["id", "_id", "library_id"].iter().find_map(|name| row.get(name)).and_then(Value::as_str)
}

/// Fields that are the same, of those that either has.
fn likeness(blue: &Value, green: &Value) -> f64 {
    let (mut of_blue, mut of_green) = (Vec::new(), Vec::new());
    collect(blue, "", &mut of_blue);
    collect(green, "", &mut of_green);
    let all = of_blue.len().max(of_green.len());
    if all == 0 {
        return 0.0;
    }
    let green: HashMap<_, _> = of_green.into_iter().collect();
    let same = of_blue.iter().filter(|(path, text)| green.get(path) == Some(text)).count();
    same as f64 / all as f64
}

/// All that is no id, no moment and no address.
fn collect(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                collect(value, &format!("{path}/{name}"), into);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, &format!("{path}/{at}"), into);
            }
        }
        Value::String(text)
            if ids::form(text).is_some() || text.starts_with('/') || text.starts_with("http") => {}
        Value::Null => {}
        Value::String(_) if path.ends_with("_at") => {}
        other => into.push((path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn song(n: usize) -> Value {
        json!({ "id": format!("{n:024x}"), "title": format!("Song {n}"), "artist": "A", "duration": 100 + n, "language": "hi" })
    }

    #[test]
    fn a_changed_row_is_found_by_what_stayed() {
        let blue = [song(1), song(2), song(3)];
        let mut changed = song(2);
        changed["title"] = "Something else".into();
        let aligned = align(&blue, &[song(1), changed, song(3)], &IdMap::default());
        assert_eq!(aligned.pairs, [(0, 0, true), (1, 1, false), (2, 2, true)]);
        // Another row altogether is no change of this one.
        let other = json!({ "title": "X", "artist": "Y", "duration": 9, "language": "ta" });
        let aligned = align(&blue, &[song(1), other, song(3)], &IdMap::default());
        assert_eq!((aligned.lost, aligned.extra), (vec![1], vec![1]));
    }

    proptest! {
        /// Whatever is taken out, doubled and mixed, each row is in one place of the result, and what is there is paired
        /// by its content.
        #[test]
        fn each_row_is_accounted_for(
            n in 0usize..12,
            mix in prop::collection::vec(0usize..12, 0..16),
        ) {
            let blue: Vec<Value> = (0..n).map(song).collect();
            let green: Vec<Value> = mix.iter().map(|&m| song(m)).collect();
            let aligned = align(&blue, &green, &IdMap::default());
            prop_assert_eq!(aligned.pairs.len() + aligned.lost.len(), blue.len());
            prop_assert_eq!(aligned.pairs.len() + aligned.extra.len(), green.len());
            for (b, g, sure) in &aligned.pairs {
                if *sure {
                    prop_assert_eq!(identity(&blue[*b]), identity(&green[*g]));
                }
            }
            for lost in &aligned.lost {
                prop_assert!(!mix.contains(lost));
            }
        }
    }
}
