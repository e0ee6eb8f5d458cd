//! What becomes of a change that the service answers badly, and what of those behind it.

use std::time::Duration;

use jiff::SignedDuration;
use melody_model::{ServerId, SongId};
use melody_sync::{
    Answer, Call, Change, Dialect, Failure, Goal, Memory, Pending, RequestId, Told, Trouble, What,
};

use super::bench::{Bench, Ran, entry, op, pass_is_due, pending, read_lately, released};

fn add(n: u64) -> Pending {
    pending(u128::from(n), n, What::Add)
}

fn adds(n: u64) -> Call {
    Call::Add { op: op(n.into()), song: ServerId(format!("s{n}")) }
}

fn saved(n: u64) -> Change {
    Change::Heard { op: op(n.into()), entry: Some(ServerId(format!("e{n}"))), count: None, last: None }
}

/// Sends additions of two songs; of the first one each attempt fails so.
fn failing(goal: Goal, failure: Failure, memory: Memory, attempts: u32) -> Ran {
    let waiting = vec![Pending { attempts, ..add(1) }, add(2)];
    let answer = move |call: &Call| (*call == adds(1)).then(|| Err(failure.clone()));
    Bench { waiting, answer: Box::new(answer), ..Bench::default() }.run(goal, memory)
}

fn once() -> Failure {
    Failure::Once { reason: "500".into() }
}

fn not_found() -> Failure {
    Failure::Refused { not_found: true, reason: "404".into() }
}

fn park(n: u128, reason: Option<&str>) -> Change {
    Change::Park { op: op(n), reason: reason.map(str::to_owned) }
}

#[test]
fn a_change_is_marked_before_it_goes_out_and_stays_behind_if_it_was_given_up() {
    let run = |going| {
        let told = move |change: &Change| matches!(change, Change::Sending(_)).then_some(Told::Going(going));
        Bench { waiting: vec![add(1)], told: Box::new(told), ..Bench::default() }
            .run(Goal::Send, read_lately())
    };
    let ran = run(true);
    assert_eq!(ran.did(|change| *change == Change::Sending(op(1))), 1);
    assert_eq!(ran.sent(), [&adds(1)]);

    let mut offers = 0;
    let told = |change: &Change| match change {
        Change::Offer { .. } => {
            offers += 1;
            (offers > 1).then(|| Told::Offered(Vec::new()))
        }
        Change::Sending(_) => Some(Told::Going(false)),
        _ => None,
    };
    let ran = Bench { waiting: vec![add(1)], told: Box::new(told), ..Bench::default() }
        .run(Goal::Send, read_lately());
    assert!(ran.sent().is_empty(), "{ran:?}");
    assert_eq!(offers, 2, "what waits now is asked for");
}

#[test]
fn one_that_fails_holds_up_no_other_song() {
    for failure in [once(), Failure::Unproven] {
        let ran = failing(Goal::Send, failure, read_lately(), 0);
        assert_eq!(ran.sent(), [&adds(1), &adds(2)]);
        assert_eq!(ran.became(), [&released(1, true), &saved(2)]);
        assert_eq!(ran.waiting.len(), 1);
    }
    // The failure of the one is told, though the run went on. That of what a pass may settle is not.
    assert_eq!(
        failing(Goal::Send, once(), read_lately(), 0).stopped.trouble,
        Some(Trouble::Request(RequestId(1)))
    );
    assert_eq!(failing(Goal::Send, Failure::Unproven, read_lately(), 0).stopped.trouble, None);
}

#[test]
fn however_many_are_held_back_those_behind_them_go_out() {
    let play = What::Play { seconds: 60, completed: true };
    let held = |n: u64| Pending { entry_id: None, ..pending(n.into(), n, play) };
    let waiting = (1..=250).map(held).chain([add(300)]).collect();
    let ran = Bench { waiting, ..Bench::default() }.run(Goal::Send, read_lately());
    assert_eq!((ran.sent(), ran.waiting.len()), (vec![&adds(300)], 250));
}

#[test]
fn what_was_not_proven_is_settled_by_a_complete_pass_and_told_if_that_did_not_help() {
    let ran = failing(Goal::Sync, Failure::Unproven, read_lately(), 0);
    assert_eq!(ran.walks(), 1, "{ran:?}");
    assert_eq!(ran.sent(), [&adds(1), &adds(2), &adds(1)]);
    assert!(matches!(ran.stopped.trouble, Some(Trouble::Request(_))));
    assert_eq!(ran.waiting.len(), 1);
}

#[test]
fn one_that_the_service_cannot_digest_is_parked_after_five_failures_while_others_pass() {
    let waiting = |attempts| vec![add(2), Pending { attempts, ..add(1) }];
    let answer = |call: &Call| (*call == adds(1)).then(|| Err(once()));
    for (attempts, parked) in [(3, false), (4, true), (9, true)] {
        let ran = Bench { waiting: waiting(attempts), answer: Box::new(answer), ..Bench::default() }
            .run(Goal::Send, read_lately());
        let became = if parked { park(1, Some("500")) } else { released(1, true) };
        assert_eq!(ran.became(), [&saved(2), &became], "{attempts}");
    }
    // Where nothing passes, the service fails, and not at this change.
    let ran = Bench {
        waiting: vec![Pending { attempts: 9, ..add(1) }],
        answer: Box::new(answer),
        ..Bench::default()
    }
    .run(Goal::Send, read_lately());
    assert_eq!(ran.became(), [&released(1, true)]);
}

#[test]
fn what_stops_a_run_leaves_doubt_only_where_the_request_may_have_arrived() {
    for (failure, unclear) in [
        (Failure::Away { sent: true }, true),
        (Failure::Away { sent: false }, false),
        (Failure::Closed, false),
        (Failure::SignIn, false),
        (Failure::Here, false),
    ] {
        let ran = failing(Goal::Send, failure.clone(), read_lately(), 0);
        assert_eq!((ran.sent(), ran.became()), (vec![&adds(1)], vec![&released(1, unclear)]), "{failure:?}");
        assert_eq!(ran.stopped.trouble, Some(Trouble::Request(RequestId(1))));
        assert_eq!(ran.waiting.len(), 2);
    }
}

#[test]
fn at_a_limit_a_change_waits_in_its_turn_and_leaves_no_doubt() {
    let mut limited = 2;
    let answer = |call: &Call| {
        if *call != adds(1) || limited == 0 {
            return None;
        }
        limited -= 1;
        Some(Err(Failure::Limited { retry_after: Some(Duration::from_secs(20)) }))
    };
    let ran = Bench { waiting: vec![add(1), add(2)], answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Send, read_lately());
    assert_eq!(ran.sent(), [&adds(1), &adds(1), &adds(1), &adds(2)]);
    assert_eq!(ran.became(), [&released(1, false), &released(1, false), &saved(1), &saved(2)]);
    assert!(ran.took >= SignedDuration::from_secs(40), "{}", ran.took);
}

#[test]
fn an_attempt_that_met_a_limit_is_counted_as_the_database_counts_it() {
    let mut failures = vec![once(), Failure::Limited { retry_after: None }];
    let answer = |call: &Call| (*call == adds(1)).then(|| failures.pop().map(Err)).flatten();
    let waiting = vec![add(2), Pending { attempts: 3, ..add(1) }];
    let ran = Bench { waiting, answer: Box::new(answer), ..Bench::default() }.run(Goal::Send, read_lately());
    assert_eq!(ran.became(), [&saved(2), &released(1, false), &park(1, Some("500"))]);
}

#[test]
fn a_limit_that_is_long_or_hit_again_and_again_ends_the_run_and_says_until_when() {
    let run = |wait: u64| {
        let answer = move |call: &Call| {
            (*call == adds(1)).then(|| Err(Failure::Limited { retry_after: Some(Duration::from_secs(wait)) }))
        };
        Bench { waiting: vec![add(1), add(2)], answer: Box::new(answer), ..Bench::default() }
            .run(Goal::Send, read_lately())
    };
    for (wait, attempts) in [(89, 5), (90, 5), (91, 1)] {
        let ran = run(wait);
        assert_eq!(ran.sent().len(), attempts, "{wait}");
        assert!(ran.stopped.trouble.is_some() && ran.stopped.again_at.is_some());
        assert_eq!(ran.waiting.len(), 2);
    }
}

#[test]
fn an_id_that_is_refused_before_the_library_was_read_is_forgotten_and_nothing_is_parked() {
    let ran = failing(Goal::Send, not_found(), read_lately(), 0);
    assert_eq!(ran.became(), [&released(1, false), &saved(2)]);
    assert_eq!(ran.did(|change| *change == Change::Forget(SongId(op(1).0))), 1);
    assert_eq!(ran.waiting.len(), 1);

    // An id of an entry may be another backend's: that is for the pass to find out, and the song's is not doubted.
    let removal = pending(1, 1, What::Remove);
    let answer = |call: &Call| matches!(call, Call::Remove { .. }).then(|| Err(not_found()));
    let ran = Bench { waiting: vec![removal], answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Sync, read_lately());
    assert_eq!(ran.did(|change| matches!(change, Change::Forget(_) | Change::Park { .. })), 0);
    assert_eq!((ran.walks(), ran.waiting.len()), (1, 1));
}

#[test]
fn a_song_that_is_refused_after_the_library_was_read_is_searched_for_and_then_parked() {
    let ran = failing(Goal::Sync, not_found(), pass_is_due(), 0);
    let search = Call::Search { title: "Song 1".into() };
    let asked: Vec<_> = ran.asked().into_iter().filter(|call| !matches!(call, Call::Page { .. })).collect();
    assert_eq!(asked, [&adds(1), &adds(2), &adds(1), &search, &adds(1)]);
    assert_eq!(ran.became().last(), Some(&&park(1, Some("404"))));
    assert_eq!(ran.did(|change| matches!(change, Change::Learn(_))), 1);
    assert_eq!(ran.did(|change| *change == Change::Forget(SongId(op(1).0))), 2);
}

#[test]
fn what_is_refused_for_good_is_parked_with_the_reason_and_holds_up_nobody() {
    let refused = Failure::Refused { not_found: false, reason: "403".into() };
    let ran = failing(Goal::Send, refused, read_lately(), 0);
    assert_eq!(ran.became(), [&park(1, Some("403")), &saved(2)]);
    assert_eq!(ran.stopped.trouble, None);
}

#[test]
fn a_song_without_an_id_is_searched_for_and_parked_when_the_library_was_read_too() {
    let run = |goal, removal_follows| {
        let waiting = vec![Pending { song_id: None, removal_follows, ..add(9) }];
        Bench { waiting, ..Bench::default() }.run(goal, pass_is_due())
    };
    let search = Call::Search { title: "Song 9".into() };
    let ran = run(Goal::Send, false);
    assert_eq!((ran.asked(), ran.became()), (vec![&search], vec![]), "only the library can tell more");
    let ran = run(Goal::Sync, false);
    assert_eq!(ran.asked().last(), Some(&&search));
    assert_eq!(ran.asked().iter().filter(|call| ***call == search).count(), 1);
    assert!(matches!(ran.asked()[0], Call::Page { .. }), "a pass may tell without a search: {ran:?}");
    assert_eq!(ran.became(), [&park(9, None)]);
    let ran = run(Goal::Sync, true);
    assert_eq!(ran.became(), [&Change::Moot(op(9))], "it is removed again anyway");
    assert!(!ran.asked().contains(&&search));
}

#[test]
fn a_search_that_meets_a_limit_is_made_again_and_one_that_fails_is_left_to_a_pass() {
    let run = |failure: Failure| {
        let mut first = true;
        let answer = move |call: &Call| {
            let fails = matches!(call, Call::Search { .. }) && std::mem::take(&mut first);
            fails.then(|| Err(failure.clone()))
        };
        let waiting = vec![Pending { song_id: None, ..add(9) }, add(2)];
        Bench { waiting, answer: Box::new(answer), ..Bench::default() }.run(Goal::Send, read_lately())
    };
    let search = Call::Search { title: "Song 9".into() };
    let ran = run(Failure::Limited { retry_after: Some(Duration::from_secs(3)) });
    assert_eq!(ran.asked(), [&search, &search, &adds(2)]);
    let ran = run(once());
    assert_eq!(ran.asked(), [&search, &adds(2)]);
    assert_eq!(ran.became(), [&released(9, false), &saved(2)]);
    // The question was not the change: that leaves no doubt.
    let ran = run(Failure::Away { sent: true });
    assert_eq!((ran.asked(), ran.became()), (vec![&search], vec![&released(9, false)]));
}

#[test]
fn a_question_about_a_song_that_meets_a_limit_ends_the_run_and_leaves_no_doubt() {
    let answer = |call: &Call| match call {
        Call::Remove { .. } => Some(Ok(Answer::NotThere)),
        Call::Song(_) => Some(Err(Failure::Limited { retry_after: None })),
        _ => None,
    };
    let waiting = vec![pending(1, 1, What::Remove), add(2)];
    let ran = Bench { waiting, answer: Box::new(answer), ..Bench::default() }.run(Goal::Send, read_lately());
    assert_eq!((ran.became(), ran.asked().len()), (vec![&released(1, false)], 2));
    assert_eq!(ran.stopped.trouble, Some(Trouble::Request(RequestId(2))));
}

/// An addition that the service has already, it says, without a name for it.
fn nameless(goal: Goal, memory: Memory, entries: std::ops::RangeInclusive<u64>, page: u32) -> Ran {
    let answer = |call: &Call| {
        matches!(call, Call::Add { .. }).then_some(Ok(Answer::Added { entry: None, plays: None }))
    };
    let entries = entries.map(entry).collect();
    Bench { waiting: vec![add(1)], entries, page, answer: Box::new(answer), ..Bench::default() }
        .run(goal, memory)
}

#[test]
fn a_song_that_is_said_to_be_saved_is_looked_up_from_the_newest_on() {
    let ran = nameless(Goal::Send, read_lately(), 1..=7, 3);
    let page = |offset| Call::Page { offset, limit: 3, newest_first: true };
    assert_eq!(ran.asked(), [&adds(1), &page(0), &page(3), &page(6)]);
    assert_eq!((ran.became(), ran.kept().len()), (vec![&saved(1)], 7));

    let ran = nameless(Goal::Send, read_lately(), 2..=4, 3);
    assert_eq!(ran.became(), [&released(1, true)]);
    assert_eq!(ran.stopped.trouble, None, "the pass may tell more");
    let ran = nameless(Goal::Sync, read_lately(), 2..=4, 3);
    assert_eq!((ran.walks(), ran.waiting.len()), (1, 1));
    assert_eq!(ran.stopped.trouble, Some(Trouble::NotSaved));
}

#[test]
fn a_look_up_that_meets_a_limit_goes_on_and_one_that_fails_leaves_a_doubt() {
    let run = |failure: Failure| {
        let mut first = true;
        let answer = move |call: &Call| match call {
            Call::Add { .. } => Some(Ok(Answer::Added { entry: None, plays: None })),
            Call::Page { .. } if std::mem::take(&mut first) => Some(Err(failure.clone())),
            _ => None,
        };
        Bench { waiting: vec![add(1)], answer: Box::new(answer), ..Bench::default() }
            .run(Goal::Send, read_lately())
    };
    let ran = run(Failure::Limited { retry_after: Some(Duration::from_secs(3)) });
    assert_eq!((ran.became(), ran.asked().len()), (vec![&saved(1)], 3));
    let ran = run(Failure::Away { sent: false });
    assert_eq!(ran.became(), [&released(1, true)]);
    assert_eq!(ran.stopped.trouble, Some(Trouble::Request(RequestId(2))));
}

#[test]
fn another_backend_that_answers_a_change_leaves_it_in_doubt_and_ends_the_run() {
    let dialect = |call: &Call| -> Option<Dialect> {
        Some(if matches!(call, Call::Add { .. }) { "blue" } else { "green" })
    };
    let ran = Bench { waiting: vec![add(1), add(2)], dialect: Box::new(dialect), ..Bench::default() }
        .run(Goal::Sync, read_lately());
    assert_eq!((ran.sent(), ran.became()), (vec![&adds(1)], vec![&released(1, true)]));
    assert_eq!(ran.stopped.trouble, Some(Trouble::Switched));
    assert_eq!(ran.waiting.len(), 2);
}

#[test]
fn what_a_run_sent_itself_is_known_to_it_after_its_own_pass() {
    // Removed after the pass: a play that follows has nothing to be counted for. Added after it: it has.
    let play = What::Play { seconds: 60, completed: true };
    let first = Pending { entry_id: None, ..pending(1, 9, What::Remove) };
    let entries = (1..=5).map(entry).collect();
    let waiting = vec![
        first,
        pending(2, 9, What::Add),
        pending(3, 9, play),
        pending(4, 9, What::Remove),
        pending(5, 9, play),
    ];
    let ran = Bench { entries, waiting, ..Bench::default() }.run(Goal::Sync, pass_is_due());
    let e9 = || ServerId::from("e9");
    let sent = [
        &Call::Add { op: op(2), song: ServerId::from("s9") },
        &Call::Play { op: op(3), entry: e9(), seconds: 60, completed: true },
        &Call::Remove { op: op(4), entry: e9() },
    ];
    assert_eq!(ran.sent(), sent);
    assert_eq!(ran.became().last(), Some(&&Change::Moot(op(5))));
}
