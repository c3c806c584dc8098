//! Figures of the store, one JSON line each: `bench-store [--seconds S] [--rounds R] [--wallets N]`, and
//! `bench-store growth [--seconds S] [--rounds R] [--transfers N]`.
//!
//! Postgres is a cluster of the bench's own with `fsync`, `synchronous_commit` and `full_page_writes` on. Every figure
//! is taken in rounds, and between two rounds of ours `pgbench -M prepared -c 16` writes the same rows to the same
//! tables of the same server with one guarded statement, so that what else the machine does hits both alike: trust
//! the ratio before the absolute figure. pgbench has wallets of its own, as many as ours.

mod books;
mod growth;
mod pgbench;
mod postgres;
mod sqlite;
mod traffic;

use std::{env, process::ExitCode, time::Duration};

/// What ends the bench early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long and how often.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seconds: u64,
    rounds: u64,
    wallets: u64,
}

impl Plan {
    const fn time(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let ran = match words.first().map(String::as_str) {
        Some("growth") => growth::bench(&words).await,
        _ => bench(&words).await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-store: {error}");
            ExitCode::FAILURE
        }
    }
}

fn option(words: &[String], name: &str, default: u64) -> Result<u64, Failure> {
    match words.iter().position(|word| word == name) {
        Some(at) => Ok(words.get(at + 1).ok_or(format!("{name} needs a number"))?.parse()?),
        None => Ok(default),
    }
}

/// Whether a figure is wanted: every one, or those that begin as `--only` says.
fn wanted(words: &[String], figure: &str) -> bool {
    match words.iter().position(|word| word == "--only") {
        Some(at) => words.get(at + 1).is_some_and(|begin| figure.starts_with(begin.as_str())),
        None => true,
    }
}

async fn bench(words: &[String]) -> Result<(), Failure> {
    let plan = Plan {
        seconds: option(words, "--seconds", 2)?.max(1),
        rounds: option(words, "--rounds", 3)?.max(1),
        wallets: option(words, "--wallets", 100_000)?.max(10),
    };
    sqlite::figures(plan, words).await?;
    postgres::figures(plan, words).await
}

/// So many thousandths of a second, to the microsecond.
fn ms(ns: u64) -> f64 {
    (ns as f64 / 1_000.0).round() / 1_000.0
}

/// To two places.
fn ratio(ours: f64, theirs: f64) -> f64 {
    (ours / theirs * 100.0).round() / 100.0
}
