//! Figures of the HTTP server, one JSON line each: `bench-http [--seconds S] [--tasks N] [--orders N]`;
//! `bench-http storm [--seconds S]` and `bench-http limits` for those alone.
//!
//! The server is a process of its own over a real database (Postgres with fsync on, SQLite with synchronous FULL) and
//! real sockets; its number provider answers from memory, so that no provider's latency is in the figures. The load
//! comes from this process, on the same machine. `cpu_ms` is the server's own time for one request.

mod ending;
mod limits;
mod load;
mod paid;
mod process;
mod server;
mod storm;

use std::{env, process::ExitCode, time::Duration};

use namaskah_tests::postgres;

use crate::{load::Load, process::Served};

/// What ends the bench early.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    // A second provider is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = env::args().skip(1).collect();
    let ran = match words.first().map(String::as_str) {
        Some("serve") => server::run(&words[1..]).await,
        Some("limits") => limits::run().await,
        Some("expire") => ending::expire(&words[1..]).await,
        Some("poll") => ending::poll(&words[1..]).await,
        Some("storm") => storm_alone(&words[1..]).await,
        _ => bench(&words).await,
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-http: {error}");
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

async fn bench(words: &[String]) -> Result<(), Failure> {
    let time = Duration::from_secs(option(words, "--seconds", 10)?);
    let tasks = usize::try_from(option(words, "--tasks", 16)?)?;
    process::start_figures().await?;
    let folder = tempfile::tempdir()?;
    let sqlite = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
    let orders = option(words, "--orders", 10_000)?.to_string();
    measure("sqlite", &sqlite("bench.db"), time, tasks).await?;
    process::another(&["expire", &sqlite("expiry.db"), "http.expiry.sqlite", &orders]).await?;
    for open in ["10", "1000"] {
        process::another(&["poll", &sqlite(&format!("poll{open}.db")), open]).await?;
    }
    let cluster = postgres::durable_cluster()?;
    measure("postgres", &cluster.empty_database().await, time, tasks).await?;
    let database = cluster.empty_database().await;
    process::another(&["expire", &database, "http.expiry.postgres", &orders]).await
}

/// `bench-http storm`: that figure alone, on both databases.
async fn storm_alone(words: &[String]) -> Result<(), Failure> {
    let time = Duration::from_secs(option(words, "--seconds", 10)?);
    let folder = tempfile::tempdir()?;
    let sqlite = format!("sqlite://{}?mode=rwc", folder.path().join("storm.db").display());
    let cluster = postgres::durable_cluster()?;
    for (database, url) in [("sqlite", sqlite), ("postgres", cluster.empty_database().await)] {
        let served = Served::start(&url, 0).await?;
        storm::logins(&served, &format!("login.storm.{database}"), time).await?;
        served.stop().await?;
    }
    Ok(())
}

/// Payments that are paid beforehand, for each second of the load.
const DEPOSITS_PER_S: u64 = 3_000;

async fn measure(database: &str, url: &str, time: Duration, tasks: usize) -> Result<(), Failure> {
    let served = Served::start(url, DEPOSITS_PER_S * (time.as_secs() + 1)).await?;
    let load = Load::new(&served, time, tasks)?;
    load.balance_reads(&format!("http.balance.{database}")).await?;
    load.purchases(&format!("http.purchase.{database}")).await?;
    storm::logins(&served, &format!("login.storm.{database}"), time).await?;
    // Last: crediting goes on behind the answers.
    load.webhooks(&format!("http.webhook.{database}")).await?;
    let peak = served.peak_memory_mib()?;
    println!("{}", serde_json::json!({"figure": format!("memory.load.{database}"), "mib": peak}));
    served.stop().await
}
