//! What the cache gives up when it is too large: a plain rule.

use jiff::Timestamp;
use melody_model::{Rendition, SongId};

/// One cached rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cached {
    pub(super) song: SongId,
    pub(super) rendition: Rendition,
    pub(super) bytes: u64,
    /// When it was last played from.
    pub(super) used_at: Option<Timestamp>,
}

/// What is given up so that the rest fits into `cap` bytes: those first that were not played from for the longest time, and
/// as few as must be. Never what is in use, even where nothing else is left.
pub(super) fn evict(mut cached: Vec<Cached>, cap: u64, in_use: impl Fn(&Cached) -> bool) -> Vec<Cached> {
    let mut total: u64 = cached.iter().map(|one| one.bytes).sum();
    cached.retain(|one| !in_use(one));
    cached.sort_by_key(|one| (one.used_at, one.song, one.rendition));
    let mut given_up = Vec::new();
    for one in cached {
        if total <= cap {
            break;
        }
        total -= one.bytes;
        given_up.push(one);
    }
    given_up
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Bytes, when it was played from, and whether it is in use.
    fn songs() -> impl Strategy<Value = Vec<(u64, Option<i64>, bool)>> {
        prop::collection::vec((0..1000_u64, prop::option::of(0..50_i64), any::<bool>()), 0..40)
    }

    proptest! {
        #[test]
        fn it_fits_and_nothing_in_use_goes_and_nothing_goes_before_its_turn(songs in songs(), cap in 0..12_000_u64) {
            let cached: Vec<Cached> = songs
                .iter()
                .map(|(bytes, used, _)| Cached {
                    song: SongId::new(),
                    rendition: Rendition::Original,
                    bytes: *bytes,
                    used_at: used.and_then(|second| Timestamp::from_second(second).ok()),
                })
                .collect();
            let in_use: HashSet<SongId> =
                cached.iter().zip(&songs).filter(|(_, song)| song.2).map(|(one, _)| one.song).collect();
            let gone = evict(cached.clone(), cap, |one| in_use.contains(&one.song));
            let stays: Vec<&Cached> = cached.iter().filter(|one| !gone.contains(one)).collect();
            let bytes = |songs: &mut dyn Iterator<Item = &Cached>| songs.map(|one| one.bytes).sum::<u64>();
            let left = bytes(&mut stays.iter().copied());

            prop_assert!(gone.iter().all(|one| !in_use.contains(&one.song)), "what plays was given up");
            prop_assert!(
                left <= cap || stays.iter().all(|one| in_use.contains(&one.song)),
                "{left} bytes are left of {cap} with something to give up"
            );
            if let Some(last) = gone.last() {
                prop_assert!(left + last.bytes > cap, "one too many was given up");
                for one in stays.iter().filter(|one| !in_use.contains(&one.song)) {
                    prop_assert!(one.used_at >= last.used_at, "one that was played from later went first");
                }
            }
        }
    }
}
