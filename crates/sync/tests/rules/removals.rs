//! When a removal goes out, and when it has nothing left to do.

use melody_model::ServerId;
use melody_sync::{Answer, Call, Failure, Goal, Pending, What};

use super::bench::{Bench, at, entry, heard, op, pass_is_due, pending, read_lately, released};

fn removal() -> Pending {
    pending(1, 1, What::Remove)
}

fn remove() -> Call {
    Call::Remove { op: op(1), entry: ServerId::from("e1") }
}

#[test]
fn a_removal_waits_for_an_addition_that_may_still_arrive() {
    let held = Pending { held_until: Some(at(30)), ..removal() };
    let ran = Bench { waiting: vec![held], ..Bench::default() }.run(Goal::Send, read_lately());
    assert_eq!((ran.sent(), ran.became()), (vec![], vec![]));
    assert_eq!(ran.stopped.again_at, Some(at(30)));
    assert_eq!(ran.waiting.len(), 1);

    let held = Pending { held_until: Some(at(0)), ..removal() };
    let ran = Bench { waiting: vec![held], ..Bench::default() }.run(Goal::Send, read_lately());
    assert_eq!((ran.sent(), ran.became()), (vec![&remove()], vec![&heard(1)]));
}

#[test]
fn a_removal_without_a_name_is_settled_by_a_pass_that_began_after_the_addition_could_arrive() {
    let run = |goal, memory, held_until| {
        let nameless = Pending { entry_id: None, held_until, ..removal() };
        let entries = (2..=5).map(entry).collect();
        Bench { entries, waiting: vec![nameless], seconds: 10, ..Bench::default() }.run(goal, memory)
    };
    for settled in [None, Some(at(0))] {
        let ran = run(Goal::Sync, read_lately(), settled);
        assert_eq!((ran.sent(), ran.became()), (vec![], vec![&heard(1)]), "{settled:?}");
        assert_eq!(ran.walks(), 1, "only a complete pass can tell: {ran:?}");
    }
    let ran = run(Goal::Sync, pass_is_due(), Some(at(5)));
    assert_eq!(ran.walks(), 1);
    assert!(ran.became().is_empty() && ran.waiting.len() == 1, "the pass began too early: {ran:?}");
    assert!(run(Goal::Send, read_lately(), None).became().is_empty(), "nothing was read");
}

#[test]
fn a_removal_that_may_have_been_taken_is_done_when_the_library_lacks_its_entry() {
    let run = |entries: Vec<_>| {
        let mut failed = false;
        Bench {
            waiting: vec![removal()],
            entries,
            answer: Box::new(move |call| {
                let first = matches!(call, Call::Remove { .. }) && !std::mem::replace(&mut failed, true);
                first.then(|| Err(Failure::Once { reason: "500".into() }))
            }),
            ..Bench::default()
        }
        .run(Goal::Sync, pass_is_due())
    };
    let ran = run((2..=5).map(entry).collect());
    assert_eq!((ran.sent(), ran.became()), (vec![&remove()], vec![&released(1, true), &heard(1)]));
    let ran = run((1..=5).map(entry).collect());
    assert_eq!(ran.sent(), [&remove(), &remove()], "it is there: the first attempt was not taken");
}

#[test]
fn a_removal_that_was_never_sent_is_not_taken_for_done() {
    // The first change of the song is settled by the pass, and the second then offered for the first time.
    let first = Pending { entry_id: None, ..removal() };
    let second = pending(2, 1, What::Remove);
    let ran =
        Bench { waiting: vec![first, second], entries: (2..=5).map(entry).collect(), ..Bench::default() }
            .run(Goal::Sync, pass_is_due());
    assert_eq!(ran.sent(), [&Call::Remove { op: op(2), entry: ServerId::from("e1") }]);
}

#[test]
fn not_there_is_believed_of_a_service_that_knows_the_song() {
    let run = |there: bool, song_id: Option<ServerId>| {
        Bench {
            waiting: vec![Pending { song_id, ..removal() }],
            entries: Vec::new(),
            answer: Box::new(move |call| match call {
                Call::Remove { .. } => Some(Ok(Answer::NotThere)),
                Call::Song(_) => Some(Ok(Answer::Song(there))),
                _ => None,
            }),
            ..Bench::default()
        }
        .run(Goal::Send, read_lately())
    };
    let s1 = ServerId::from("s1");
    let ran = run(true, Some(s1.clone()));
    assert_eq!(ran.asked(), [&remove(), &Call::Song(s1.clone())]);
    assert_eq!(ran.became(), [&heard(1)]);
    let ran = run(false, Some(s1.clone()));
    assert_eq!(ran.asked(), [&remove(), &Call::Song(s1)]);
    assert_eq!((ran.became(), ran.waiting.len()), (vec![&released(1, false)], 1), "another backend's answer");
    let ran = run(true, None);
    assert_eq!((ran.became(), ran.waiting.len()), (vec![&released(1, false)], 1), "nothing to ask by");
}

#[test]
fn not_there_needs_no_second_question_where_the_library_was_read_and_lacks_it() {
    let first = Pending { entry_id: None, ..removal() };
    let ran = Bench {
        waiting: vec![first, pending(2, 1, What::Remove)],
        entries: (2..=5).map(entry).collect(),
        answer: Box::new(|call| matches!(call, Call::Remove { .. }).then_some(Ok(Answer::NotThere))),
        ..Bench::default()
    }
    .run(Goal::Sync, pass_is_due());
    assert_eq!(ran.became(), [&heard(1), &heard(2)]);
    assert!(!ran.asked().iter().any(|call| matches!(call, Call::Song(_))), "{ran:?}");
}
