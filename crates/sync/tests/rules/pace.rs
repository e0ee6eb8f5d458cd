//! Which limit a call counts for, and how much of what comes is kept at once.

use std::time::Duration;

use jiff::SignedDuration;
use melody_sync::{Allowance, Answer, Call, Change, Concluded, Failure, Goal, Memory, Pending, What};

use super::bench::{Bench, at, entry, pass_is_due, pending, read_lately};

#[test]
fn searches_have_a_limit_of_their_own() {
    // A hundred in a minute, from the first refusal on.
    let waiting = (1..=150).map(|n| Pending { song_id: None, ..pending(n.into(), n, What::Add) }).collect();
    let mut first = true;
    let answer = |_: &Call| {
        let refused = std::mem::take(&mut first);
        refused.then(|| Err(Failure::Limited { retry_after: Some(Duration::from_secs(1)) }))
    };
    let ran = Bench { waiting, seconds: 0, answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Send, read_lately());
    assert_eq!(ran.asked().len(), 151);
    let minute = SignedDuration::from_secs(60)..SignedDuration::from_secs(63);
    assert!(minute.contains(&ran.took), "{}", ran.took);

    // That of the library does not hold them up.
    let unmatched = vec![melody_sync::Unmatched { title: "Lost".into() }];
    let ran = Bench {
        concluded: [Concluded { unmatched, ..Concluded::default() }].into(),
        allowance: Box::new(|_| Some(Allowance { remaining: 0, reset: at(50) })),
        ..Bench::default()
    }
    .run(Goal::Sync, pass_is_due());
    assert!(matches!(ran.asked()[..], [Call::Page { .. }, Call::Search { .. }]));
    assert!(ran.took < SignedDuration::from_secs(10), "{}", ran.took);
}

#[test]
fn whether_a_song_is_there_counts_towards_no_limit() {
    let probes = ["s8", "s9"].map(Into::into).to_vec();
    let run = |remaining, differs| {
        let concluded = [
            Concluded { withheld: true, probes: probes.clone(), ..Concluded::default() },
            Concluded { differs, ..Concluded::default() },
        ];
        Bench {
            concluded: concluded.into(),
            answer: Box::new(|call| (*call == Call::Song("s8".into())).then_some(Ok(Answer::Song(false)))),
            allowance: Box::new(move |call| {
                matches!(call, Call::Page { .. }).then_some(Allowance { remaining, reset: at(50) })
            }),
            ..Bench::default()
        }
        .run(Goal::Sync, pass_is_due())
    };
    let ran = run(1, true);
    assert_eq!((ran.walks(), ran.asked().len()), (2, 4));
    assert!(
        ran.took < SignedDuration::from_secs(10),
        "two questions took none of what is left: {}",
        ran.took
    );
    let ran = run(0, false);
    assert_eq!(ran.did(|change| matches!(change, Change::Conclude { believe: true, .. })), 1);
    assert!(ran.took < SignedDuration::from_secs(10), "and wait for nothing: {}", ran.took);
}

#[test]
fn pages_are_kept_eight_at_a_time_while_more_are_on_their_way() {
    let memory = Memory { filled: false, full: None, ..read_lately() };
    let ran = Bench { entries: (1..=2_500).map(entry).collect(), ..Bench::default() }.run(Goal::Fill, memory);
    let kept: Vec<usize> = ran
        .changed()
        .into_iter()
        .filter_map(|change| match change {
            Change::Store { entries, .. } => Some(entries.len()),
            _ => None,
        })
        .collect();
    // The first page is looked at alone; the last one holds what is left.
    assert_eq!(kept, [100, 800, 800, 800, 25], "{kept:?}");
}
