//! Figures of the queue, one JSON line each: `bench-jobs [--jobs N] [--rate R] [--seconds S] [--at-once N]`.
//!
//! Two workers, each a process of its own with the product's own runner, queue and bell, do jobs whose effect takes no time
//! (a mailer that notes the time and says yes), so that a figure is the queue's and nobody else's. A third process, this one,
//! queues them. Postgres is a cluster of the bench's own with `fsync`, `synchronous_commit` and `full_page_writes` on;
//! SQLite runs with `synchronous=FULL`.
//!
//! `per_s` is taken from a backlog: all jobs are there before the workers are told to go, and the clock stops when the last
//! one is gone from the queue. `p50_ms` and `p99_ms` are taken at a steady rate that the workers can keep up with: from
//! before the commit that queues a job to its effect.

mod doing;
mod queueing;
mod workers;

use std::{env, process::ExitCode};

use namaskah_tests::{given, postgres};
use serde_json::json;
use uuid::Uuid;

use self::{queueing::Queue, workers::Workers};

/// What ends the bench early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How much and how long.
#[derive(Debug, Clone, Copy)]
struct Plan {
    jobs: u64,
    rate: u64,
    seconds: u64,
    at_once: u64,
}

const WORKERS: usize = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let ran = match words.as_slice() {
        [role, url, at_once] if role == "work" => doing::work(url, at_once).await,
        _ => bench(&words).await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-jobs: {error}");
            ExitCode::FAILURE
        }
    }
}

/// This process, in leases and to the others.
fn own() -> Uuid {
    let mut bytes = [0; 16];
    given::fill(&mut bytes);
    Uuid::from_bytes(bytes)
}

fn option(words: &[String], name: &str, default: u64) -> Result<u64, Failure> {
    match words.iter().position(|word| word == name) {
        Some(at) => Ok(words.get(at + 1).ok_or(format!("{name} needs a number"))?.parse::<u64>()?.max(1)),
        None => Ok(default),
    }
}

async fn bench(words: &[String]) -> Result<(), Failure> {
    let plan = Plan {
        jobs: option(words, "--jobs", 20_000)?,
        rate: option(words, "--rate", 200)?,
        seconds: option(words, "--seconds", 8)?,
        at_once: option(words, "--at-once", u64::from(namaskah::worker::MAILS_AT_ONCE))?,
    };
    let cluster = postgres::durable_cluster()?;
    figure("jobs.pg.two_workers", &cluster.empty_database().await, plan).await?;
    drop(cluster);
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("bench.db").display());
    figure("jobs.sqlite.two_workers", &url, plan).await
}

async fn figure(name: &str, url: &str, plan: Plan) -> Result<(), Failure> {
    let queue = Queue::open(url).await?;
    queue.fill(plan.jobs).await?;
    let workers = Workers::start(url, plan.at_once).await?;
    let begun_us = doing::now_us();
    workers.go().await?;
    queue.is_empty().await?;
    let did = workers.stop().await?;
    let jobs = did.iter().map(|one| one.latencies_us.len() as u64).sum::<u64>();
    let ended_us = did.iter().map(|one| one.last_us).max().unwrap_or(begun_us);
    if jobs != plan.jobs {
        return Err(format!("{jobs} effects of {} jobs", plan.jobs).into());
    }
    let per_s = jobs as f64 * 1_000_000.0 / (ended_us - begun_us).max(1) as f64;

    let workers = Workers::start(url, plan.at_once).await?;
    workers.go().await?;
    queue.steadily(plan.rate, plan.seconds).await?;
    queue.is_empty().await?;
    let mut latencies: Vec<u64> =
        workers.stop().await?.into_iter().flat_map(|one| one.latencies_us).collect();
    latencies.sort_unstable();
    if latencies.len() as u64 != plan.rate * plan.seconds {
        return Err(format!("{} effects of {} jobs", latencies.len(), plan.rate * plan.seconds).into());
    }
    let at_ms = |share: f64| {
        let place = ((latencies.len() as f64 * share) as usize).min(latencies.len() - 1);
        latencies[place] as f64 / 1_000.0
    };
    println!(
        "{}",
        json!({
            "figure": name, "per_s": per_s.round(), "p50_ms": at_ms(0.5), "p99_ms": at_ms(0.99),
            "jobs": plan.jobs, "at_once": plan.at_once, "rate_per_s": plan.rate,
        })
    );
    queue.close().await;
    Ok(())
}
