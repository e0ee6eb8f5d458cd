//! The engine against answers made up for it: what it asks for, at what pace, and what it concludes.

#![allow(clippy::unwrap_used, clippy::panic)] // All of it is test.

use std::{collections::HashSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use melody_model::{
    GenerationId, JsonMap, RemoteEntry, RemotePage, RemoteSong, ServerId, SongContent, SongDetails,
};
use melody_sync::{
    Allowance, Answer, Call, Change, Concluded, Engine, Failure, Goal, Limits, Memory, Met, RequestId, Step,
    Stopped, Told,
};

fn entry(n: u64) -> RemoteEntry {
    RemoteEntry {
        server_id: ServerId(format!("e{n}")),
        song: RemoteSong {
            server_id: ServerId(format!("s{n}")),
            content: SongContent { title: format!("Song {n}"), ..SongContent::default() },
            details: SongDetails::default(),
            extra: JsonMap::new(),
        },
        added_at: None,
        play_count: 0,
        last_played_at: None,
        has_instrumental: false,
        extra: JsonMap::new(),
    }
}

/// What a run did.
#[derive(Default)]
struct Ran {
    asked: Vec<Call>,
    refused: usize,
    /// Every entry that was kept.
    kept: HashSet<ServerId>,
    met: Option<Met>,
    most_at_once: usize,
    took: SignedDuration,
    stopped: Stopped,
}

/// Runs with a service that answers with `answer`, given the offset and how many pages it has answered. A page takes
/// ten milliseconds.
fn run(
    goal: Goal,
    memory: Memory,
    known: u64,
    mut answer: impl FnMut(u64, usize, Timestamp) -> (Result<RemotePage<RemoteEntry>, Failure>, Option<Allowance>),
) -> Ran {
    let mut engine = Engine::new(goal, memory, Limits::new(7));
    let began = Timestamp::from_second(1_790_000_000).unwrap();
    let mut now = began;
    let mut under_way: Vec<(RequestId, Call)> = Vec::new();
    let mut ran = Ran::default();
    for _ in 0..100_000 {
        match engine.next(now) {
            Step::Request(id, call) => {
                ran.asked.push(call.clone());
                under_way.push((id, call));
                ran.most_at_once = ran.most_at_once.max(under_way.len());
            }
            Step::Change(change) => {
                let told = match change {
                    Change::Enter(_) => Told::Entered(GenerationId(1)),
                    Change::Offer { .. } => Told::Offered(Vec::new()),
                    Change::Recognise(page) => Told::Recognised {
                        named: known,
                        known: known.min(page.len() as u64),
                        probes: Vec::new(),
                    },
                    Change::Store { entries, count, .. } => {
                        let before = ran.kept.len();
                        ran.kept.extend(entries.into_iter().map(|entry| entry.server_id));
                        let new = (ran.kept.len() - before) as u64;
                        let new = if known > 0 { 0 } else { new };
                        Told::Stored { new, named: count.then(|| known.max(ran.kept.len() as u64)) }
                    }
                    Change::Conclude { met, .. } => {
                        ran.met = Some(met);
                        Told::Concluded(Concluded::default())
                    }
                    _ => Told::Done,
                };
                engine.told(told, now);
            }
            Step::Wait(until) => {
                if under_way.is_empty() {
                    now = until.unwrap();
                    continue;
                }
                now += SignedDuration::from_millis(10);
                let (id, call) = under_way.remove(0);
                let Call::Page { offset, .. } = call else { panic!("{call:?}") };
                let (answer, allowance) = answer(offset, ran.asked.len() - under_way.len() - 1, now);
                ran.refused += usize::from(answer.is_err());
                engine.answered(id, answer.map(Answer::Page), Some("green"), allowance, now);
            }
            Step::Over(stopped) => {
                ran.took = now.duration_since(began);
                ran.stopped = stopped;
                return ran;
            }
        }
    }
    panic!("a run that does not end");
}

fn page(from: u64, until: u64, total: u64) -> RemotePage<RemoteEntry> {
    RemotePage { items: (from..until.min(total)).map(entry).collect(), skipped: 0, total: Some(total) }
}

fn fresh() -> Memory {
    Memory { heard: Some(("green", 1)), ..Memory::default() }
}

fn settled() -> Memory {
    let now = Timestamp::from_second(1_789_999_000).unwrap();
    Memory {
        dialect: Some("green"),
        heard: Some(("green", 3)),
        filled: true,
        full: Some((GenerationId(1), now)),
        ..Memory::default()
    }
}

#[test]
fn nothing_new_costs_one_page() {
    let ran = run(Goal::Sync, settled(), 5_000, |offset, _, _| (Ok(page(offset, offset + 100, 5_000)), None));
    assert_eq!(ran.asked, [Call::Page { offset: 0, limit: 100, newest_first: true }]);
    assert_eq!(ran.stopped, Stopped::default());
}

#[test]
fn a_library_that_has_fewer_than_are_known_is_read_through_at_once() {
    let ran = run(Goal::Sync, settled(), 300, |offset, _, _| (Ok(page(offset, offset + 100, 299)), None));
    let offsets: Vec<u64> = ran.asked[1..]
        .iter()
        .map(|call| match call {
            Call::Page { offset, newest_first: false, .. } => *offset,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(offsets, [0, 99, 198, 297], "{:?}", ran.asked);
    assert_eq!(ran.met.unwrap().ids.len(), 299);
}

#[test]
fn a_first_fill_keeps_the_limit_that_the_service_tells() {
    // Two hundred in a minute, counted in fixed windows, as the reference backend does.
    let (mut window, mut used) = (None, 0);
    let ran = run(Goal::Fill, fresh(), 0, |offset, _, now| {
        let began = *window.get_or_insert(now);
        if now >= began + SignedDuration::from_mins(1) {
            (window, used) = (Some(now), 0);
        }
        let reset = window.unwrap() + SignedDuration::from_mins(1);
        if used == 200 {
            let wait = Duration::try_from(reset.duration_since(now)).unwrap();
            return (Err(Failure::Limited { retry_after: Some(wait) }), None);
        }
        used += 1;
        (Ok(page(offset, offset + 100, 60_000)), Some(Allowance { remaining: 200 - used, reset }))
    });
    assert_eq!((ran.refused, ran.kept.len()), (0, 60_000));
    assert_eq!(ran.asked.len(), 607);
    assert_eq!(ran.most_at_once, 8);
    assert!(ran.took < SignedDuration::from_secs(200), "at the limit: {}", ran.took);
    assert_eq!(ran.met.unwrap().ids.len(), 60_000);
}

#[test]
fn where_no_limit_is_told_there_is_no_pace_until_the_first_refusal() {
    let (mut window, mut used) = (None, 0);
    let ran = run(Goal::Fill, fresh(), 0, |offset, _, now| {
        let began = *window.get_or_insert(now);
        if now >= began + SignedDuration::from_mins(1) {
            (window, used) = (Some(now), 0);
        }
        used += 1;
        if used > 200 {
            return (Err(Failure::Limited { retry_after: Some(Duration::from_mins(1)) }), None);
        }
        (Ok(page(offset, offset + 100, 50_000)), None)
    });
    // What was under way when the first came is refused with it.
    assert!((1..=8).contains(&ran.refused), "{}", ran.refused);
    assert_eq!(ran.kept.len(), 50_000);
    assert_eq!(ran.met.unwrap().ids.len(), 50_000);
}

#[test]
fn pages_that_moved_under_the_pass_prove_nothing_and_are_read_again() {
    // After the second page the oldest is gone, and one more came at the end: totals agree, the overlap does not.
    let ran = run(Goal::Sync, fresh(), 0, |offset, answered, _| {
        if answered >= 2 { (Ok(shifted(offset)), None) } else { (Ok(page(offset, offset + 100, 250)), None) }
    });
    assert_eq!(ran.asked.len(), 6, "three pages, twice: {:?}", ran.asked);
    let met = ran.met.unwrap().ids;
    assert!(
        met.len() == 250 && !met.contains(&ServerId::from("e0")) && met.contains(&ServerId::from("e250"))
    );
}

/// What there is after the oldest went and another one came.
fn shifted(offset: u64) -> RemotePage<RemoteEntry> {
    RemotePage { total: Some(250), ..page(offset + 1, offset + 101, 251) }
}

#[test]
fn a_library_that_never_rests_is_kept_and_proves_nothing() {
    let mut total = 250;
    let ran = run(Goal::Sync, fresh(), 0, |offset, _, _| {
        total += 1;
        (Ok(page(offset, offset + 100, total)), None)
    });
    assert_eq!(ran.met, None);
    assert!(ran.kept.len() >= 250);
    assert_eq!(ran.stopped.trouble, None, "that is no failure");
}

#[test]
fn a_service_with_short_pages_is_read_as_it_gives_them() {
    let ran = run(Goal::Sync, fresh(), 0, |offset, _, _| (Ok(page(offset, offset + 30, 100)), None));
    assert_eq!(ran.met.unwrap().ids.len(), 100);
    let ran = run(Goal::Sync, fresh(), 0, |_, _, _| (Ok(page(0, 100, 250)), None));
    assert_eq!((ran.met, ran.kept.len()), (None, 100), "the offset is ignored: what came proves nothing");
    assert!(ran.asked.len() < 20, "{}", ran.asked.len());
    let ran = run(Goal::Sync, fresh(), 0, |offset, _, _| {
        (Ok(RemotePage { total: None, ..page(offset, offset + 100, 250) }), None)
    });
    assert_eq!((ran.met, ran.kept.len()), (None, 250), "no total, no proof");
}

#[test]
fn a_page_that_does_not_come_costs_none_of_those_under_way() {
    let ran = run(Goal::Fill, fresh(), 0, |offset, _, _| match offset {
        99 => (Err(Failure::Away { sent: true }), None),
        offset => (Ok(page(offset, offset + 100, 350)), None),
    });
    assert!(ran.stopped.trouble.is_some());
    assert_eq!(ran.kept.len(), 350 - 98, "all but what only the page that failed holds");
}
