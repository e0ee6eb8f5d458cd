//! What a listener meant, beside what the last backend has.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// What a song is by, whoever tells of it: ids differ from backend to backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name {
    pub title: String,
    pub artist: String,
    pub album: Option<String>,
    /// Whole seconds.
    pub duration_s: Option<u32>,
}

/// What a listener wanted of a song.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Add,
    Remove,
}

/// A change that the last backend does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lost {
    pub change: Change,
    pub song: Name,
}

/// A song that the last backend has more often than anybody saved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubled {
    pub song: Name,
    /// 0 when nobody of this account ever had it.
    pub meant: usize,
    pub there: usize,
}

/// What is wrong for one listener.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub lost: Vec<Lost>,
    pub doubled: Vec<Doubled>,
}

/// Whether each song that a listener touched is to be saved, by their last word.
pub(crate) type Meant = BTreeMap<Name, bool>;

/// Compares. `there` has every saved song of the account as often as it is listed; `unmatched` are songs that the client
/// has told to be unknown to this backend: kept by it, and shown.
pub(crate) fn judge(meant: &Meant, there: &[Name], unmatched: &BTreeSet<Name>) -> Verdict {
    let mut verdict = Verdict::default();
    for (song, saved) in meant {
        let found = there.iter().filter(|other| *other == song).count();
        let lost = |change| Lost { change, song: song.clone() };
        match (saved, found) {
            (true, 0) if unmatched.contains(song) => {}
            (true, 0) => verdict.lost.push(lost(Change::Add)),
            (false, 1..) => verdict.lost.push(lost(Change::Remove)),
            _ => {}
        }
        if found > 1 {
            verdict.doubled.push(Doubled { song: song.clone(), meant: usize::from(*saved), there: found });
        }
    }
    verdict
}

/// Songs that are there and that no listener of the account ever touched.
pub(crate) fn from_nowhere(meant: &[&Meant], there: &[Name]) -> Vec<Doubled> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for song in there.iter().filter(|song| !meant.iter().any(|meant| meant.contains_key(song))) {
        *counts.entry(song).or_default() += 1;
    }
    counts.into_iter().map(|(song, there)| Doubled { song: song.clone(), meant: 0, there }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn song(title: &str) -> Name {
        Name { title: title.to_owned(), artist: "Asha".to_owned(), album: None, duration_s: Some(40) }
    }

    fn meant() -> Meant {
        [("kept", true), ("removed", false)].map(|(title, saved)| (song(title), saved)).into()
    }

    #[test]
    fn nothing_is_lost_where_all_is_as_it_was_meant() {
        assert_eq!(judge(&meant(), &[song("kept")], &BTreeSet::new()), Verdict::default());
        assert_eq!(from_nowhere(&[&meant()], &[song("kept")]), vec![]);
    }

    #[test]
    fn a_missing_song_and_a_removal_that_did_not_hold_are_lost() {
        let verdict = judge(&meant(), &[song("removed")], &BTreeSet::new());
        let changes: Vec<_> =
            verdict.lost.iter().map(|lost| (lost.song.title.as_str(), lost.change)).collect();
        assert_eq!(changes, [("kept", Change::Add), ("removed", Change::Remove)]);
        assert_eq!(verdict.doubled, vec![]);
        // The client kept it, and said so.
        assert_eq!(judge(&meant(), &[], &[song("kept")].into()), Verdict::default());
    }

    #[test]
    fn a_song_that_is_there_twice_or_comes_from_nowhere_is_too_much() {
        let there = [song("kept"), song("kept"), song("strange")];
        let doubled = judge(&meant(), &there, &BTreeSet::new()).doubled;
        assert_eq!(doubled, [Doubled { song: song("kept"), meant: 1, there: 2 }]);
        let other = Meant::from([(song("other"), true)]);
        assert_eq!(
            from_nowhere(&[&meant(), &other], &there),
            [Doubled { song: song("strange"), meant: 0, there: 1 }]
        );
    }
}
