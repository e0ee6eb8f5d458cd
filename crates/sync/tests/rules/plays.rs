//! When a play goes out, when it is sent again, and when it is shown as uncertain instead.

use jiff::{SignedDuration, Timestamp};
use melody_model::ServerId;
use melody_sync::{Call, Change, Doubt, Goal, Pending, Plays, What};

use super::bench::{Bench, Ran, at, entry, op, pass_is_due, pending, read_lately};

const PLAY: What = What::Play { seconds: 60, completed: true };

fn play(n: u128) -> Call {
    Call::Play { op: op(n), entry: ServerId::from("e1"), seconds: 60, completed: true }
}

/// A play that went out so many seconds before the run begins; the service counted so much before it.
fn doubted(since: i64, before: Option<(u64, Option<Timestamp>)>) -> Pending {
    let before = before.map(|(count, last)| Plays { count, last });
    Pending { attempts: 1, doubt: Some(Doubt { since: at(since), before }), ..pending(1, 1, PLAY) }
}

fn sync(waiting: Vec<Pending>) -> Ran {
    Bench { waiting, ..Bench::default() }.run(Goal::Sync, read_lately())
}

const UNPLAYED: Option<(u64, Option<Timestamp>)> = Some((3, None));

#[test]
fn a_play_in_doubt_settles_before_anything_is_concluded() {
    for before in [None, UNPLAYED] {
        let ran = sync(vec![doubted(-50, before)]);
        assert_eq!((ran.sent(), ran.became()), (vec![], vec![]), "{before:?}");
        assert_eq!(ran.stopped.again_at, Some(at(10)));
    }
}

#[test]
fn a_play_is_sent_again_when_the_service_counted_none_since() {
    let exact = at(-500) + SignedDuration::from_nanos(300);
    for last in [None, Some(at(-500)), Some(exact)] {
        let ran = sync(vec![doubted(-60, Some((3, last)))]);
        assert_eq!(ran.sent(), [&play(1)], "{last:?}");
        let refuted = Change::Release { op: op(1), unclear: false, refuted: true };
        assert_eq!(ran.became()[0], &refuted);
        assert!(matches!(ran.asked()[0], Call::Page { newest_first: true, .. }), "its count is read first");
        assert!(ran.waiting.is_empty());
    }
}

#[test]
fn a_play_that_may_have_been_counted_is_uncertain() {
    for before in [None, Some((2, None)), Some((4, None)), Some((3, Some(at(-600))))] {
        let ran = sync(vec![doubted(-60, before)]);
        assert_eq!((ran.sent(), ran.became()), (vec![], vec![&Change::Uncertain(op(1))]), "{before:?}");
    }
}

#[test]
fn a_count_that_was_asked_for_before_the_play_had_settled_says_nothing() {
    // The page is asked for at once for the first play, and comes after ten seconds: the second has settled by then.
    let second = Pending { op: op(2), ..doubted(-55, UNPLAYED) };
    let waiting = vec![doubted(-100, Some((2, None))), second];
    let ran = Bench { waiting, seconds: 10, ..Bench::default() }.run(Goal::Sync, read_lately());
    assert_eq!((ran.sent(), ran.became()), (vec![], vec![&Change::Uncertain(op(1))]));
    assert_eq!(ran.waiting.len(), 1);
}

#[test]
fn the_newest_pages_are_read_on_until_the_entry_of_a_play_in_doubt_came() {
    let entries = (1..=6).map(entry).collect();
    let ran = Bench { waiting: vec![doubted(-60, UNPLAYED)], entries, page: 4, ..Bench::default() }
        .run(Goal::Sync, read_lately());
    let offsets: Vec<u64> = ran
        .asked()
        .into_iter()
        .filter_map(|call| match call {
            Call::Page { offset, newest_first: true, .. } => Some(*offset),
            _ => None,
        })
        .collect();
    assert_eq!(offsets, [0, 4], "{ran:?}");
    assert_eq!((ran.sent(), ran.walks()), (vec![&play(1)], 0));
}

#[test]
fn a_play_of_an_entry_that_is_gone_is_moot_or_uncertain_if_it_went_out() {
    let entries: Vec<_> = (2..=5).map(entry).collect();
    let waiting = vec![doubted(-10, UNPLAYED), pending(2, 1, PLAY)];
    let ran = Bench { entries, waiting, ..Bench::default() }.run(Goal::Sync, pass_is_due());
    assert_eq!((ran.sent(), ran.became()), (vec![], vec![&Change::Uncertain(op(1)), &Change::Moot(op(2))]));
}

#[test]
fn a_play_without_an_entry_waits_for_one_unless_the_song_is_removed() {
    let run = |goal, removal_follows| {
        let waiting = vec![Pending { entry_id: None, removal_follows, ..pending(1, 1, PLAY) }];
        Bench { waiting, ..Bench::default() }.run(goal, read_lately())
    };
    let ran = run(Goal::Sync, false);
    assert_eq!((ran.sent(), ran.became(), ran.walks()), (vec![], vec![], 1));
    assert_eq!(run(Goal::Sync, true).became(), [&Change::Moot(op(1))]);
    assert!(run(Goal::Send, true).became().is_empty(), "an addition may be on its way that names it");
}
