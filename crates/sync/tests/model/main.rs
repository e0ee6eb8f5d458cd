//! Any number of devices with their real databases, one service, faults and crashes at any point: in the end all agree,
//! nothing that a listener meant is lost, and no play is counted twice.
//!
//! `MELODY_CASES` says how many stories are told, `PROPTEST_RNG_SEED` which; the same seed tells the same ones. Every
//! test tells the same ones, in a minute or two; `cargo xtask soak` tells many, and others each time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // All of it is test.

#[path = "../../../core/src/sync/changes.rs"]
mod changes;
mod device;
mod service;
mod story;

use std::{env, time::Instant};

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

/// Stories told side by side: as many as a small machine has processors.
const SIDE_BY_SIDE: u64 = 2;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn all_converge_and_nothing_that_was_meant_is_lost() {
    let seed = number("PROPTEST_RNG_SEED").unwrap_or(2026);
    let cases = number("MELODY_CASES").unwrap_or(2000);
    println!("PROPTEST_RNG_SEED={seed} MELODY_CASES={cases}");
    let began = Instant::now();
    let tellers: Vec<_> = (0..SIDE_BY_SIDE)
        .map(|n| {
            std::thread::spawn(move || {
                let config = Config {
                    cases: u32::try_from(cases.div_ceil(SIDE_BY_SIDE)).unwrap(),
                    rng_seed: RngSeed::Fixed(seed.wrapping_add(n)),
                    failure_persistence: None,
                    max_shrink_iters: 3_000,
                    ..Config::default()
                };
                let stage = device::Stage::new();
                TestRunner::new(config).run(&story::stories(), |story| story::tell(&stage, &story))
            })
        })
        .collect();
    for teller in tellers {
        match teller.join().unwrap() {
            Ok(()) => {}
            Err(TestError::Fail(why, story)) => panic!("{why}\nPROPTEST_RNG_SEED={seed}\n{story:#?}"),
            Err(other) => panic!("{other}"),
        }
    }
    println!("{cases} stories in {:.1} s", began.elapsed().as_secs_f64());
}
