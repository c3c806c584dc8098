//! A storm of sign-ins: what everybody else notices of it.
//!
//! Each sign-in costs a hash, whoever asks; hashes run on threads of their own, no more at once than there are cores.
//! Addresses are unknown ones, which cost as much as known ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Failure, process::Served};

/// Sign-ins in flight.
const LOGINS: usize = 64;
/// So long the storm blows before anything is measured.
const RISE: Duration = Duration::from_secs(2);

/// What became of the sign-ins.
#[derive(Default)]
struct Counts {
    refused: AtomicU64,
    late: AtomicU64,
}

/// How long one route took, over and over.
struct Probe {
    took: Vec<Duration>,
}

impl Probe {
    /// Milliseconds that so many of the answers took at most.
    fn at_ms(&self, share: f64) -> f64 {
        let place = ((self.took.len() as f64 * share) as usize).min(self.took.len().saturating_sub(1));
        self.took.get(place).map_or(0.0, |took| (took.as_secs_f64() * 100_000.0).round() / 100.0)
    }
}

/// `GET /healthz` and an authenticated `GET /wallet`, idle and in the storm.
pub async fn logins(served: &Served, figure: &str, time: Duration) -> Result<(), Failure> {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(LOGINS + 2).build()?;
    let idle = probes(&client, served, time).await?;
    let (stop, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
    let mut storm = JoinSet::new();
    for task in 0..LOGINS {
        let login = format!("{}/api/v1/auth/login", served.origin);
        storm.spawn(blow(client.clone(), login, task, stop.clone(), counts.clone()));
    }
    tokio::time::sleep(RISE).await;
    let (before, begun) = (counts.refused.load(Ordering::Relaxed), Instant::now());
    let stormy = probes(&client, served, time).await?;
    let logins = (counts.refused.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = storm.join_next().await {
        ended??;
    }
    let told = |probe: &Probe| json!({"p50_ms": probe.at_ms(0.5), "p99_ms": probe.at_ms(0.99)});
    println!(
        "{}",
        json!({
            "figure": figure, "tasks": LOGINS, "logins_per_s": logins.round(),
            "late": counts.late.load(Ordering::Relaxed),
            "healthz_idle": told(&idle.0), "healthz_storm": told(&stormy.0),
            "wallet_idle": told(&idle.1), "wallet_storm": told(&stormy.1),
        })
    );
    Ok(())
}

async fn blow(
    client: Client,
    login: String,
    task: usize,
    stop: Arc<AtomicBool>,
    counts: Arc<Counts>,
) -> Result<(), Failure> {
    for turn in 0u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let email = format!("nobody-{task}-{turn}@example.com");
        let body = json!({"email": email, "password": "seven quiet lanterns"});
        let answer = client.post(&login).json(&body).send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        match status {
            401 => counts.refused.fetch_add(1, Ordering::Relaxed),
            // It waited for its turn as long as a request may.
            503 => counts.late.fetch_add(1, Ordering::Relaxed),
            other => return Err(format!("a sign-in was answered {other}").into()),
        };
    }
    Ok(())
}

/// Both routes, each asked by one client again and again.
async fn probes(client: &Client, served: &Served, time: Duration) -> Result<(Probe, Probe), Failure> {
    let healthz = probe(client, format!("{}/healthz", served.origin), None, time);
    let token = served.tokens.first().map(String::as_str);
    let wallet = probe(client, format!("{}/api/v1/wallet", served.origin), token, time);
    let (healthz, wallet) = tokio::join!(healthz, wallet);
    Ok((healthz?, wallet?))
}

async fn probe(client: &Client, url: String, token: Option<&str>, time: Duration) -> Result<Probe, Failure> {
    let end = Instant::now() + time;
    let mut took = Vec::new();
    while Instant::now() < end {
        let begun = Instant::now();
        let request = client.get(&url);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let answer = request.send().await?;
        if answer.status() != 200 {
            return Err(format!("{url} was answered {}", answer.status()).into());
        }
        answer.bytes().await?;
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    Ok(Probe { took })
}
