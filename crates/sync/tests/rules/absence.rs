//! What follows when a complete pass lacks something, and when it does not agree with the database.

use std::collections::VecDeque;

use melody_model::{GenerationId, ServerId};
use melody_sync::{Answer, Call, Change, Concluded, Failure, Goal, Memory, Trouble, Unmatched};

use super::bench::{Bench, Ran, at, ids, pass_is_due};

fn songs(numbers: impl IntoIterator<Item = u64>) -> Vec<ServerId> {
    numbers.into_iter().map(|n| ServerId(format!("s{n}"))).collect()
}

fn lacking(mostly: bool) -> VecDeque<Concluded> {
    [Concluded { withheld: true, mostly, probes: songs([8, 9]), ..Concluded::default() }].into()
}

/// A pass that lacks something. Of the two songs that are asked for the service knows these.
fn run(mostly: bool, absence: Option<i64>, knows: &[&str]) -> Ran {
    let answer = |call: &Call| match call {
        Call::Song(song) => Some(Ok(Answer::Song(knows.contains(&song.as_str())))),
        _ => None,
    };
    let memory = Memory { absence: absence.map(at), pending: 0, ..pass_is_due() };
    Bench { concluded: lacking(mostly), answer: Box::new(answer), ..Bench::default() }.run(Goal::Sync, memory)
}

fn conclusions(ran: &Ran) -> Vec<bool> {
    let believed = ran.changed().into_iter().filter_map(|change| match change {
        Change::Conclude { believe, .. } => Some(*believe),
        _ => None,
    });
    believed.collect()
}

fn ends_complete(ran: &Ran) -> bool {
    ran.changed().last() == Some(&&Change::Filled { complete: Some(at(0)) })
}

fn probed(ran: &Ran) -> Vec<&ServerId> {
    let songs = ran.asked().into_iter().filter_map(|call| match call {
        Call::Song(song) => Some(song),
        _ => None,
    });
    songs.collect()
}

#[test]
fn an_entry_that_is_gone_is_believed_only_of_a_service_that_knows_one_of_those_songs() {
    for (knows, asked) in [(&["s8"][..], songs([8])), (&["s9"][..], songs([8, 9]))] {
        let ran = run(false, None, knows);
        assert_eq!(conclusions(&ran), [false, true]);
        assert_eq!(probed(&ran), asked.iter().collect::<Vec<_>>());
        assert!(ends_complete(&ran), "{ran:?}");
        assert_eq!(ran.did(|change| matches!(change, Change::Leave { .. })), 0);
    }
}

#[test]
fn a_service_that_knows_none_of_those_songs_is_another_one() {
    let ran = run(false, None, &[]);
    assert_eq!(conclusions(&ran), [false, false], "once for each generation, and never believed: {ran:?}");
    let mut left = ran.changed().into_iter().filter_map(|change| match change {
        Change::Leave { generation, ids } => Some((*generation, ids.clone())),
        _ => None,
    });
    let (generation, mut named) = left.next().unwrap();
    named.sort();
    assert_eq!((generation, named, left.next()), (GenerationId(1), ids(1..=5), None));
    assert_eq!(ran.walks(), 2, "in the other generation all is read anew");
    let met = ran.changed().into_iter().rev().find_map(|change| match change {
        Change::Conclude { met, .. } => Some(met.generation),
        _ => None,
    });
    assert_eq!((met, ran.generation), (Some(GenerationId(2)), Some(GenerationId(2))));
}

#[test]
fn that_most_of_a_library_is_gone_is_believed_when_a_later_pass_says_so_too() {
    let ran = run(true, None, &["s8"]);
    assert_eq!(conclusions(&ran), [false]);
    // Noted when that was found, which was after a page and a probe of a second each.
    assert_eq!(ran.did(|change| *change == Change::Missing(at(2))), 1);
    assert_eq!(ran.changed().last(), Some(&&Change::Filled { complete: None }));

    // Two seconds into the run it is a minute, or not quite.
    for (since, believed) in [(-57, false), (-58, true), (-3_600, true)] {
        let ran = run(true, Some(since), &["s8"]);
        assert_eq!(conclusions(&ran).contains(&true), believed, "{since}");
        assert_eq!(ends_complete(&ran), believed);
        assert_eq!(ran.did(|change| matches!(change, Change::Missing(_))), 0, "since when is known");
    }
}

#[test]
fn where_a_probe_fails_nothing_is_concluded() {
    for failure in [Failure::Limited { retry_after: None }, Failure::Away { sent: true }, Failure::Closed] {
        let answer = move |call: &Call| matches!(call, Call::Song(_)).then(|| Err(failure.clone()));
        let ran = Bench { concluded: lacking(false), answer: Box::new(answer), ..Bench::default() }
            .run(Goal::Sync, pass_is_due());
        assert_eq!((conclusions(&ran), probed(&ran).len()), (vec![false], 1));
        assert!(matches!(ran.stopped.trouble, Some(Trouble::Request(_))));
        assert_eq!(ran.did(|change| matches!(change, Change::Leave { .. } | Change::Filled { .. })), 0);
    }
}

#[test]
fn a_library_that_differs_is_read_once_more_and_only_once() {
    let differs = || Concluded { differs: true, ..Concluded::default() };
    let concluded = [differs(), differs(), differs()].into();
    let ran = Bench { concluded, ..Bench::default() }.run(Goal::Sync, pass_is_due());
    assert_eq!(ran.walks(), 2);
    assert_eq!(
        ran.changed().last(),
        Some(&&Change::Filled { complete: Some(at(1)) }),
        "the second began then"
    );
}

#[test]
fn songs_that_are_not_known_there_are_searched_for_and_queued_again_after_that() {
    let unmatched = (1..=60).map(|n| Unmatched { title: format!("Lost {n}") }).collect();
    let concluded = Concluded { unmatched, ..Concluded::default() };
    let mut failures = 2;
    let answer = |call: &Call| match call {
        // One is refused, one meets a limit.
        Call::Search { title } if title == "Lost 7" => Some(Err(Failure::Once { reason: "500".into() })),
        Call::Search { title } if title == "Lost 9" && failures > 0 => {
            failures -= 1;
            Some(Err(Failure::Limited { retry_after: None }))
        }
        _ => None,
    };
    let ran = Bench { concluded: [concluded].into(), answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Sync, pass_is_due());
    let searched: Vec<&String> = ran
        .asked()
        .into_iter()
        .filter_map(|call| match call {
            Call::Search { title } => Some(title),
            _ => None,
        })
        .collect();
    let mut expected: Vec<String> = (1..=50).map(|n| format!("Lost {n}")).collect();
    expected.splice(8..8, ["Lost 9".to_owned(), "Lost 9".to_owned()]);
    assert_eq!(searched, expected.iter().collect::<Vec<_>>());
    assert_eq!(ran.did(|change| matches!(change, Change::Learn(_))), 49);
    let last = ran.changed();
    assert_eq!(last[last.len() - 2..], [&Change::Refill, &Change::Filled { complete: Some(at(0)) }]);
}
