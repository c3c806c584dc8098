//! Simulates: `simulate [--seeds N] [--from S] [--store memory|sqlite] [--canary NAME]` runs seeds and prints seeds a
//! second and what failed; `simulate --seed S [--trace]` runs one. A failing seed is shrunk and its steps are printed.

use std::{
    env,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use namaskah_tests::sim::{Canary, Outcome, Script, Simulator, Store};

/// What ends the program early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How often a failing plan is run to make it smaller.
const TRIES: usize = 1_500;

struct Wanted {
    from: u64,
    seeds: u64,
    one: Option<u64>,
    store: Store,
    canary: Option<Canary>,
    is_traced: bool,
    threads: u64,
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match wanted(&words).and_then(|wanted| simulate(&wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("simulate: {error}");
            ExitCode::from(2)
        }
    }
}

fn wanted(words: &[String]) -> Result<Wanted, Failure> {
    const KNOWN: [&str; 7] = ["--seeds", "--from", "--seed", "--store", "--canary", "--trace", "--threads"];
    if let Some(odd) = words.iter().find(|word| word.starts_with("--") && !KNOWN.contains(&word.as_str())) {
        return Err(format!("{odd} is not known; {} are", KNOWN.join(" ")).into());
    }
    let value = |name: &str| match words.iter().position(|word| word == name) {
        Some(at) => words.get(at + 1).map(Some).ok_or(format!("{name} needs a value")),
        None => Ok(None),
    };
    let number = |name: &str| value(name)?.map(|text| text.parse::<u64>().map_err(Failure::from)).transpose();
    let canary = match value("--canary")? {
        None => None,
        Some(name) => Some(Canary::from_name(name).ok_or_else(|| {
            let names: Vec<_> = Canary::ALL.iter().map(|canary| canary.name()).collect();
            format!("there is no canary {name}; there are {}", names.join(", "))
        })?),
    };
    let store = match value("--store")?.map(String::as_str) {
        None | Some("memory") => Store::Memory,
        Some("sqlite") => Store::Sqlite,
        Some(other) => return Err(format!("{other} is no store: memory or sqlite").into()),
    };
    let cores = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    Ok(Wanted {
        from: number("--from")?.unwrap_or(1),
        seeds: number("--seeds")?.unwrap_or(1_000),
        one: number("--seed")?,
        store,
        canary,
        is_traced: words.iter().any(|word| word == "--trace"),
        threads: number("--threads")?.unwrap_or(cores).clamp(1, 64),
    })
}

/// True if every promise held.
fn simulate(wanted: &Wanted) -> Result<bool, Failure> {
    if let Some(seed) = wanted.one {
        let simulator = Simulator::new(wanted.store, wanted.canary)?;
        let outcome = simulator.run(Script::Seed(seed), wanted.is_traced)?;
        tell(&format!("seed {seed}"), &outcome);
        return conclude(&simulator, seed, outcome);
    }
    let began = Instant::now();
    let Swept { failed, ran, steps } = sweep(wanted)?;
    let seconds = began.elapsed().as_secs_f64();
    let (per_s, store) = (ran as f64 / seconds, format!("{:?}", wanted.store).to_lowercase());
    println!(
        "{ran} seeds from {} on {store}: {per_s:.0} seeds/s, {steps} steps, {} failed",
        wanted.from,
        if failed.is_some() { "at least 1" } else { "0" }
    );
    match failed {
        None => Ok(true),
        Some((seed, outcome)) => conclude(&Simulator::new(wanted.store, wanted.canary)?, seed, outcome),
    }
}

/// What came of many seeds.
struct Swept {
    failed: Option<(u64, Outcome)>,
    ran: u64,
    steps: u64,
}

/// Runs seeds on every core until one fails; of those that fail the lowest is kept.
fn sweep(wanted: &Wanted) -> Result<Swept, Failure> {
    let (next, ran, steps) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let failed: Mutex<Option<(u64, Outcome)>> = Mutex::new(None);
    let work = || -> Result<(), Failure> {
        let simulator = Simulator::new(wanted.store, wanted.canary)?;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= wanted.seeds || failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
                return Ok(());
            }
            let seed = wanted.from + at;
            let outcome = simulator.run(Script::Seed(seed), false)?;
            ran.fetch_add(1, Ordering::Relaxed);
            steps.fetch_add(outcome.steps as u64, Ordering::Relaxed);
            if !outcome.broken.is_empty() {
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.as_ref().is_none_or(|(first, _)| seed < *first) {
                    *failed = Some((seed, outcome));
                }
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..wanted.threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| Failure::from("a run panicked"))?)
    })?;
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Swept { failed, ran: ran.into_inner(), steps: steps.into_inner() })
}

fn conclude(simulator: &Simulator, seed: u64, outcome: Outcome) -> Result<bool, Failure> {
    if outcome.broken.is_empty() {
        println!("seed {seed}: every promise held");
        return Ok(true);
    }
    println!("\nseed {seed} fails (replay: tests/run simulate --seed {seed} --trace):");
    outcome.broken.iter().for_each(|what| println!("  {what}"));
    let small = simulator.shrink(outcome, TRIES)?;
    tell(&format!("seed {seed}, shrunk to {} steps and {} choices", small.steps, small.plan.len()), &small);
    Ok(false)
}

fn tell(what: &str, outcome: &Outcome) {
    if !outcome.trace.is_empty() {
        println!("\n{what}:");
        outcome.trace.iter().for_each(|line| println!("  {line}"));
    }
    outcome.broken.iter().for_each(|broken| println!("  BROKEN {broken}"));
}
