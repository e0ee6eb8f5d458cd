//! Which backend answers: found out before anything is sent, and watched while it goes on.

use melody_model::{GenerationId, ServerId};
use melody_sync::{Answer, Call, Change, Dialect, Failure, Goal, Memory, Told, Trouble, What};

use super::bench::{Bench, Ran, ids, pass_is_due, pending, read_lately};

/// How often it was asked which dialect answers.
fn greetings(ran: &Ran) -> usize {
    ran.asked().iter().filter(|call| matches!(call, Call::Version)).count()
}

fn entered(ran: &Ran) -> Option<Dialect> {
    ran.changed().into_iter().find_map(|change| match change {
        Change::Enter(dialect) => Some(*dialect),
        _ => None,
    })
}

/// Runs with greetings that show these dialects, the last of them again and again.
fn greeted(goal: Goal, memory: Memory, shown: &[Option<Dialect>]) -> Ran {
    let mut shown = shown.to_vec();
    shown.reverse();
    let dialect = move |_: &Call| if shown.len() > 1 { shown.pop()? } else { shown[0] };
    Bench { dialect: Box::new(dialect), ..Bench::default() }.run(goal, memory)
}

#[test]
fn which_backend_answers_is_asked_as_far_as_that_has_to_be_known() {
    let known = |heard, pending| Memory { heard, pending, ..read_lately() };
    let green = &[Some("green")][..];
    for (goal, memory, times) in [
        (Goal::Sync, known(Some(("green", 1)), 1), 0),
        (Goal::Sync, known(None, 1), 1),
        (Goal::Send, known(None, 1), 1),
        (Goal::Sync, known(None, 0), 0),
        (Goal::Fill, known(None, 1), 0),
        (Goal::Fill, Memory::default(), 1),
    ] {
        let ran = greeted(goal.clone(), memory.clone(), green);
        assert_eq!((greetings(&ran), entered(&ran)), (times, Some("green")), "{goal:?} {memory:?}");
    }
}

#[test]
fn another_backend_is_believed_when_two_answers_in_a_row_agree() {
    let unheard = || Memory { heard: None, ..read_lately() };
    let (blue, green) = (Some("blue"), Some("green"));
    let run = |memory, shown: &[_]| greeted(Goal::Sync, memory, shown);

    let ran = run(unheard(), &[blue]);
    assert_eq!((greetings(&ran), entered(&ran)), (2, blue));
    let ran = run(unheard(), &[blue, green]);
    assert_eq!((greetings(&ran), entered(&ran)), (2, green), "the one that was known answers again");
    let ran = run(Memory { heard: Some(("blue", 2)), ..read_lately() }, &[blue]);
    assert_eq!((greetings(&ran), entered(&ran)), (0, blue));
    let ran = run(Memory { heard: Some(("blue", 1)), ..read_lately() }, &[blue]);
    assert_eq!((greetings(&ran), entered(&ran)), (2, blue), "one answer is not enough");
    let ran = run(Memory { heard: Some(("blue", 1)), ..read_lately() }, &[green]);
    assert_eq!((greetings(&ran), entered(&ran)), (1, green));
}

#[test]
fn where_answers_do_not_agree_nothing_is_sent_and_no_generation_entered() {
    // An answer that is none shows a dialect too, and proves nothing.
    let mut times = 0;
    let ran = Bench {
        waiting: vec![pending(1, 1, What::Add)],
        answer: Box::new(|_| Some(Err(Failure::Closed))),
        dialect: Box::new(|_| {
            times += 1;
            Some("blue")
        }),
        ..Bench::default()
    }
    .run(Goal::Sync, Memory { heard: None, ..read_lately() });
    assert_eq!((times, entered(&ran), ran.stopped.trouble), (3, None, Some(Trouble::Switched)));
    assert!(ran.sent().is_empty() && ran.waiting.len() == 1);
}

#[test]
fn who_shows_no_dialect_keeps_the_one_that_was_known_and_is_green_where_none_was() {
    let blue = Memory { dialect: Some("blue"), heard: None, ..read_lately() };
    assert_eq!(entered(&greeted(Goal::Sync, blue, &[None])), Some("blue"));
    let ran = greeted(Goal::Fill, Memory::default(), &[None]);
    assert_eq!((entered(&ran), ran.stopped.trouble), (Some("green"), None));
}

#[test]
fn a_backend_that_changes_in_the_middle_ends_the_run_and_nothing_of_it_is_kept() {
    for goal in [Goal::Sync, Goal::Fill, Goal::Compare, Goal::Learn(ServerId::from("s1"))] {
        let mut pages = 0;
        let dialect = |_: &Call| {
            pages += 1;
            Some(if pages > 1 { "blue" } else { "green" })
        };
        let ran = Bench { page: 2, dialect: Box::new(dialect), ..Bench::default() }
            .run(goal.clone(), pass_is_due());
        assert_eq!(ran.stopped.trouble, Some(Trouble::Switched), "{goal:?}");
        let of_the_second = |change: &Change| match change {
            Change::Store { entries, .. } | Change::Compare { entries, .. } => {
                let first = if matches!(goal, Goal::Learn(_)) { ids([5, 4]) } else { ids([1, 2]) };
                entries.iter().any(|entry| !first.contains(&entry.server_id))
            }
            Change::Conclude { .. } | Change::Filled { .. } | Change::Leave { .. } => true,
            _ => false,
        };
        assert_eq!(ran.did(of_the_second), 0, "{ran:?}");
    }
}

/// A first page of which nothing is known. Of the songs that are asked for the service knows these.
fn strange(knows: &[&str], named: u64, known: u64, probes: usize) -> Ran {
    let told = move |change: &Change| match change {
        Change::Recognise(_) => {
            let probes = [ServerId::from("s8"), ServerId::from("s9")].into_iter().take(probes).collect();
            Some(Told::Recognised { named, known, probes })
        }
        _ => None,
    };
    let answer = |call: &Call| match call {
        Call::Song(song) => Some(Ok(Answer::Song(knows.contains(&song.as_str())))),
        _ => None,
    };
    Bench { told: Box::new(told), answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Sync, read_lately())
}

fn left(ran: &Ran) -> Vec<&Change> {
    ran.changed().into_iter().filter(|change| matches!(change, Change::Leave { .. })).collect()
}

#[test]
fn a_first_page_of_which_nothing_is_known_is_kept_only_if_the_service_knows_a_song_of_ours() {
    let questions = |ran: &Ran| ran.asked().iter().filter(|call| matches!(call, Call::Song(_))).count();
    for (knows, asked) in [(&["s8"][..], 1), (&["s9"][..], 2)] {
        let ran = strange(knows, 5, 0, 2);
        assert_eq!((questions(&ran), left(&ran), ran.walks()), (asked, vec![], 0));
        assert_eq!(ran.kept(), ids([5, 4, 3, 2, 1]), "it is kept after that");
    }
    let ran = strange(&[], 5, 0, 2);
    assert_eq!(questions(&ran), 2);
    let leave = Change::Leave { generation: GenerationId(1), ids: ids([5, 4, 3, 2, 1]) };
    assert_eq!(left(&ran), [&leave]);
    let place = |wanted: &dyn Fn(&Change) -> bool| ran.changed().iter().position(|change| wanted(change));
    let stored = place(&|change| matches!(change, Change::Store { .. }));
    assert!(stored > place(&|change| *change == leave), "nothing is kept under the old one: {ran:?}");
    assert_eq!(ran.walks(), 1, "the other one's library is read through");

    for (named, known, probes) in [(0, 0, 2), (5, 1, 2), (5, 0, 0)] {
        let ran = strange(&[], named, known, probes);
        assert_eq!((questions(&ran), left(&ran)), (0, vec![]), "{named} {known} {probes}");
    }
}
