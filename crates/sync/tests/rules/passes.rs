//! Which pass is due, where it begins, what it keeps, and when its pages prove something.

use std::collections::HashSet;

use melody_model::{GenerationId, ServerId};
use melody_sync::{Answer, Call, Change, Failure, Filled, Goal, Memory, RequestId, State, Told, Trouble};

use super::bench::{Bench, Ran, at, entry, ids, page_of, pass_is_due, read_lately};

const DAY: i64 = 86_400;

fn sync(memory: Memory) -> Ran {
    Bench::default().run(Goal::Sync, memory)
}

fn complete(ran: &Ran) -> usize {
    ran.did(|change| matches!(change, Change::Filled { complete: Some(_) }))
}

/// The offsets of the pages that were asked for, the oldest first.
fn offsets(ran: &Ran) -> Vec<u64> {
    let pages = ran.asked().into_iter().filter_map(|call| match call {
        Call::Page { offset, newest_first: false, .. } => Some(*offset),
        _ => None,
    });
    pages.collect()
}

#[test]
fn a_complete_pass_counts_for_a_day_and_for_its_own_generation() {
    for (full, walks) in [
        (Some((GenerationId(1), at(1 - DAY))), 0),
        (Some((GenerationId(1), at(-DAY))), 1),
        (Some((GenerationId(2), at(-1))), 1),
        (None, 1),
    ] {
        let ran = sync(Memory { full, ..read_lately() });
        assert_eq!((ran.walks(), complete(&ran)), (walks, walks), "{full:?}");
    }
    assert_eq!(sync(Memory { filled: false, ..read_lately() }).walks(), 1, "it was never read to its end");
}

fn cut_off() -> Filled {
    Filled { next: 6, beyond: vec![9, 12], total: Some(20), one_by_one: false }
}

fn fill(filling: Option<(GenerationId, Filled)>, entries: u64) -> Ran {
    let memory = Memory { filled: false, full: None, filling, ..read_lately() };
    Bench { entries: (1..=entries).map(entry).collect(), page: 4, ..Bench::default() }.run(Goal::Fill, memory)
}

#[test]
fn a_first_reading_goes_on_where_it_was_cut_off_in_the_same_generation() {
    let ran = fill(Some((GenerationId(1), cut_off())), 20);
    assert_eq!(offsets(&ran), [6, 15, 18], "two that were there already are not asked for");
    assert_eq!(ran.kept(), ids([7, 8, 9, 10, 16, 17, 18, 19, 19, 20]));
    let ended = Change::Filled { complete: None };
    assert_eq!(ran.changed().last(), Some(&&ended), "what was read in two goes proves nothing");
    assert_eq!(ran.did(|change| matches!(change, Change::Recognise(_) | Change::Conclude { .. })), 0);

    for other in [None, Some((GenerationId(2), cut_off()))] {
        let ran = fill(other, 20);
        assert_eq!(offsets(&ran), [0, 3, 6, 9, 12, 15, 18]);
        assert_eq!(complete(&ran), 1);
    }
}

#[test]
fn a_first_reading_that_was_cut_off_after_its_last_page_is_over() {
    for (next, total, one_by_one, asked) in [
        (18, Some(19), false, &[][..]),
        (18, Some(20), false, &[18][..]),
        (20, Some(20), true, &[]),
        (19, Some(20), true, &[19]),
        (20, None, true, &[20]),
        (0, None, false, &[0, 3, 6, 9, 12, 15, 18]),
    ] {
        let filled = Filled { next, beyond: Vec::new(), total, one_by_one };
        let ran = fill(Some((GenerationId(1), filled.clone())), 20);
        assert_eq!(offsets(&ran), asked, "{filled:?}");
    }
}

#[test]
fn how_far_a_first_reading_came_is_kept_with_its_pages_and_only_then() {
    let come = |ran: &Ran| {
        let stores = ran.changed().into_iter().filter_map(|change| match change {
            Change::Store { filled, .. } => Some(filled.clone()),
            _ => None,
        });
        stores.collect::<Vec<_>>()
    };
    let ran = fill(None, 20);
    let last = come(&ran).pop().unwrap().unwrap();
    assert_eq!((last.next, last.beyond, last.total, last.one_by_one), (21, vec![], Some(20), false));
    let later = Memory { filled: true, ..pass_is_due() };
    assert!(come(&sync(later)).iter().all(Option::is_none), "that is for the first reading");
    let newest = Bench::default().run(Goal::Sync, read_lately());
    assert_eq!(come(&newest), [None]);
}

#[test]
fn of_a_first_reading_that_fails_what_came_is_kept_and_goes_on_later() {
    let answer = |call: &Call| match call {
        Call::Page { offset: 9, .. } => Some(Err(Failure::Away { sent: true })),
        _ => None,
    };
    let memory = Memory { filled: false, full: None, ..read_lately() };
    let ran = Bench {
        entries: (1..=20).map(entry).collect(),
        page: 4,
        answer: Box::new(answer),
        ..Bench::default()
    }
    .run(Goal::Fill, memory);
    assert!(matches!(ran.stopped.trouble, Some(Trouble::Request(_))));
    let filled = ran.changed().into_iter().rev().find_map(|change| match change {
        Change::Store { filled, .. } => filled.clone(),
        _ => None,
    });
    let filled = filled.unwrap();
    assert_eq!((filled.next, &filled.beyond), (9, &vec![12, 15, 18]), "{filled:?}");
    assert_eq!(complete(&ran), 0);

    let ran = fill(Some((GenerationId(1), filled)), 20);
    assert_eq!(offsets(&ran), [9]);
}

#[test]
fn an_answer_of_an_earlier_walk_is_of_no_interest() {
    // The second page is empty: no walk like this one can prove anything, and a new one begins while the third is
    // under way, with an entry that is there no more.
    let mut seconds = 0;
    let entries: Vec<_> = (1..=9).map(entry).collect();
    let answer = |call: &Call| match call {
        Call::Page { offset: 3, .. } => {
            seconds += 1;
            let mut page = page_of(&(1..=9).map(entry).collect::<Vec<_>>(), 3, 4, false);
            if seconds == 1 {
                page.items.clear();
            }
            Some(Ok(Answer::Page(page)))
        }
        Call::Page { offset: 6, .. } if seconds == 1 => {
            let gone = [entry(7), entry(77), entry(9)];
            Some(Ok(Answer::Page(page_of(&gone, 0, 4, false))))
        }
        _ => None,
    };
    let ran = Bench { entries, page: 4, answer: Box::new(answer), ..Bench::default() }
        .run(Goal::Sync, pass_is_due());
    assert!(!ran.kept().contains(&ServerId::from("e77")), "{ran:?}");
    let met = ran.changed().into_iter().find_map(|change| match change {
        Change::Conclude { met, .. } => Some(met.ids.clone()),
        _ => None,
    });
    assert_eq!(met, Some(ids(1..=9).into_iter().collect::<HashSet<_>>()));
    assert_eq!(ran.walks(), 2);
}

#[test]
fn a_library_that_moves_is_read_three_times_and_then_proves_nothing() {
    for (goal, trouble) in [(Goal::Sync, None), (Goal::Compare, Some(Trouble::Moved))] {
        let mut total = 20;
        let answer = |call: &Call| match call {
            Call::Page { offset, limit, .. } => {
                total += 1;
                let entries: Vec<_> = (1..=total).map(entry).collect();
                Some(Ok(Answer::Page(page_of(&entries, *offset, *limit, false))))
            }
            _ => None,
        };
        let ran =
            Bench { page: 10, answer: Box::new(answer), ..Bench::default() }.run(goal.clone(), pass_is_due());
        assert_eq!((ran.walks(), ran.stopped.trouble), (3, trouble), "{goal:?}");
        assert_eq!(ran.did(|change| matches!(change, Change::Conclude { .. })), 0);
        assert_eq!(
            ran.did(|change| *change == Change::Filled { complete: None }),
            usize::from(trouble.is_none())
        );
    }
}

#[test]
fn a_comparison_hands_on_every_page_and_changes_nothing() {
    let mut pages = 0;
    let answer = |call: &Call| match call {
        // The first walk is spoilt by a total that does not agree.
        Call::Page { offset, limit, .. } => {
            pages += 1;
            let entries: Vec<_> = (1..=if pages == 2 { 9 } else { 8 }).map(entry).collect();
            Some(Ok(Answer::Page(page_of(&entries, *offset, *limit, false))))
        }
        _ => None,
    };
    let ran =
        Bench { page: 5, answer: Box::new(answer), ..Bench::default() }.run(Goal::Compare, read_lately());
    let mut compared: Vec<Vec<ServerId>> = Vec::new();
    for change in ran.changed() {
        match change {
            Change::Enter(_) => {}
            Change::Compare { entries, anew } => {
                if *anew {
                    compared.push(Vec::new());
                }
                compared.last_mut().unwrap().extend(entries.iter().map(|entry| entry.server_id.clone()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(compared.len(), 2);
    assert_eq!(compared[1], ids([1, 2, 3, 4, 5, 5, 6, 7, 8]));
    assert_eq!((ran.stopped.trouble, ran.walks()), (None, 2));
}

/// The newest pages, of a service with `entries`, where `named` are known here and so many of each page are new.
fn newest(entries: u64, named: u64, new: impl Fn(usize) -> u64) -> Ran {
    let mut pages = 0;
    let told = |change: &Change| match change {
        Change::Store { count: true, .. } => {
            pages += 1;
            Some(Told::Stored { new: new(pages), named: Some(named) })
        }
        _ => None,
    };
    let entries = (1..=entries).map(entry).collect();
    Bench { entries, page: 3, told: Box::new(told), ..Bench::default() }.run(Goal::Sync, read_lately())
}

fn newest_pages(ran: &Ran) -> usize {
    ran.asked().iter().filter(|call| matches!(call, Call::Page { newest_first: true, .. })).count()
}

#[test]
fn the_newest_page_is_enough_where_nothing_is_new_and_the_count_agrees() {
    let told = |ran: Ran| (newest_pages(&ran), ran.walks());
    assert_eq!(told(newest(60, 60, |_| 0)), (1, 0));
    // Some are new, and a page of what is known follows.
    assert_eq!(told(newest(60, 60, |page| u64::from(page < 3))), (3, 0));
    for named in [59, 61] {
        assert_eq!(told(newest(60, named, |_| 0)), (1, 1), "{named} are known");
    }
    assert_eq!(told(newest(60, 61, |_| 3)), (1, 1), "something went besides");
    assert_eq!(told(newest(60, 59, |page| u64::from(page < 2))), (2, 1));
    assert_eq!(told(newest(60, 30, |_| 3)), (10, 1), "so many are quicker read from the front");
    assert_eq!(told(newest(6, 6, |_| 3)), (2, 1), "that was all, and it was not known before");
}

#[test]
fn newest_pages_that_move_are_no_proof() {
    let mut pages = 0;
    let answer = |call: &Call| match call {
        Call::Page { offset, limit, newest_first: true } => {
            pages += 1;
            let entries: Vec<_> = (1..=if pages == 1 { 61 } else { 60 }).map(entry).collect();
            Some(Ok(Answer::Page(page_of(&entries, *offset, *limit, true))))
        }
        _ => None,
    };
    let mut stored = 0;
    let told = |change: &Change| match change {
        Change::Store { count: true, .. } => {
            stored += 1;
            Some(Told::Stored { new: u64::from(stored == 1), named: Some(61) })
        }
        _ => None,
    };
    let entries = (1..=60).map(entry).collect();
    let ran = Bench { entries, page: 3, answer: Box::new(answer), told: Box::new(told), ..Bench::default() }
        .run(Goal::Sync, read_lately());
    assert_eq!((newest_pages(&ran), ran.walks()), (2, 1));
}

#[test]
fn one_song_is_learnt_from_the_newest_page_that_has_it() {
    let learn = |song: &str, failure: Option<Failure>| {
        let mut failure = failure;
        Bench {
            entries: (1..=9).map(entry).collect(),
            page: 3,
            answer: Box::new(move |_| failure.take().map(Err)),
            ..Bench::default()
        }
        .run(Goal::Learn(ServerId::from(song)), read_lately())
    };
    let ran = learn("s5", None);
    assert_eq!((newest_pages(&ran), ran.kept()), (2, ids([9, 8, 7, 6, 5, 4])));
    let ran = learn("s10", None);
    assert_eq!((newest_pages(&ran), ran.walks(), ran.stopped.trouble), (3, 0, None));
    let ran = learn("s8", Some(Failure::Limited { retry_after: None }));
    assert_eq!((newest_pages(&ran), ran.kept().len()), (2, 3), "a limit is waited for");
    let ran = learn("s8", Some(Failure::Closed));
    assert_eq!((newest_pages(&ran), ran.stopped.trouble), (1, Some(Trouble::Request(RequestId(1)))));
}

#[test]
fn how_far_a_reading_is_and_until_when_it_waits_can_be_seen() {
    let mut limited = true;
    let answer = |call: &Call| {
        let refused = matches!(call, Call::Page { offset: 6, .. }) && std::mem::take(&mut limited);
        refused.then(|| Err(Failure::Limited { retry_after: Some(std::time::Duration::from_secs(30)) }))
    };
    let memory = Memory { filled: false, full: None, ..read_lately() };
    let ran = Bench {
        entries: (1..=12).map(entry).collect(),
        page: 4,
        answer: Box::new(answer),
        ..Bench::default()
    }
    .run(Goal::Fill, memory);
    let progress: Vec<(u64, u64)> = ran
        .states
        .iter()
        .filter_map(|state| match state {
            State::Running { progress } => *progress,
            State::Waiting { .. } => None,
        })
        .collect();
    assert_eq!(progress.first(), Some(&(3, 12)), "{:?}", ran.states);
    assert_eq!(progress.last(), Some(&(12, 12)));
    assert!(progress.is_sorted(), "{progress:?}");
    assert!(ran.states.iter().any(|state| matches!(state, State::Waiting { until } if *until > at(30))));
}
