//! The simulator: a bounded number of seeds hold every promise, each repeats exactly, and no canary survives.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use namaskah_tests::sim::{Canary, Script, Simulator, Store};

/// Within so many seeds every canary must be caught.
const MOST_SEEDS: u64 = 2_000;
const SEEDS_IN_MEMORY: u64 = 300;
const SEEDS_ON_SQLITE: u64 = 4;

fn simulator(store: Store, canary: Option<Canary>) -> Simulator {
    Simulator::new(store, canary).expect("a simulator")
}

fn hold(store: Store, seeds: std::ops::Range<u64>) {
    let simulator = simulator(store, None);
    for seed in seeds {
        let outcome = simulator.run(Script::Seed(seed), false).expect("a run");
        assert!(outcome.broken.is_empty(), "tests/run simulate --seed {seed}: {:#?}", outcome.broken);
    }
}

#[test]
fn whatever_a_seed_does_every_promise_holds() {
    thread::scope(|scope| {
        scope.spawn(|| hold(Store::Memory, 1..SEEDS_IN_MEMORY / 2));
        scope.spawn(|| hold(Store::Memory, SEEDS_IN_MEMORY / 2..SEEDS_IN_MEMORY + 1));
    });
}

#[test]
fn every_promise_holds_over_the_real_sqlite_adapter() {
    hold(Store::Sqlite, 1..SEEDS_ON_SQLITE + 1);
}

#[test]
fn a_seed_does_the_same_each_time_and_so_does_what_it_drew() {
    let simulator = simulator(Store::Memory, None);
    let first = simulator.run(Script::Seed(7), true).expect("a run");
    let again = simulator.run(Script::Seed(7), true).expect("a run");
    assert!(first.trace.len() > 50, "{:#?}", first.trace);
    assert_eq!(first.trace, again.trace);
    let given = simulator.run(Script::Given(first.plan.clone()), true).expect("a run");
    assert_eq!((first.trace, first.plan), (given.trace, given.plan));
}

#[test]
fn a_failing_seed_is_made_small_and_fails_still() {
    let simulator = simulator(Store::Memory, Some(Canary::EveryCancelIsDone));
    let failed = (1..100)
        .map(|seed| simulator.run(Script::Seed(seed), false).expect("a run"))
        .find(|outcome| !outcome.broken.is_empty() && outcome.steps > 20)
        .expect("one fails late");
    let (before, steps) = (failed.plan.len(), failed.steps);
    let small = simulator.shrink(failed, 400).expect("runs");
    assert!(!small.broken.is_empty());
    let after = (small.plan.len(), small.steps);
    assert!(after.0 < before && after.1 <= steps, "{after:?} of {:?}: {:#?}", (before, steps), small.trace);
    assert!(!small.trace.is_empty());
}

/// After how many seeds a canary is caught.
fn caught_after(canary: Canary) -> Option<u64> {
    let simulator = simulator(Store::Memory, Some(canary));
    (1..=MOST_SEEDS).find(|seed| !simulator.run(Script::Seed(*seed), false).expect("a run").broken.is_empty())
}

#[test]
fn no_canary_survives() {
    let next = AtomicUsize::new(0);
    let hunt = || {
        let mut survived = Vec::new();
        while let Some(canary) = Canary::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            match caught_after(*canary) {
                Some(seeds) => println!("{} is caught after {seeds} seeds", canary.name()),
                None => survived.push(canary.name()),
            }
        }
        survived
    };
    let survived: Vec<&str> = thread::scope(|scope| {
        let hunts = [scope.spawn(hunt), scope.spawn(hunt)];
        hunts.into_iter().flat_map(|hunt| hunt.join().expect("a hunt")).collect()
    });
    assert!(Canary::ALL.len() >= 15);
    assert!(survived.is_empty(), "{survived:?} survived {MOST_SEEDS} seeds");
}
