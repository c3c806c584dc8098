//! What a rate limit costs: one question to the counters in memory, and one to a Redis on this machine.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};

use namaskah::http::middleware::{
    counters::{Counters, MemoryCounters},
    limits::{Class, LimitSettings, Limits, Network, Who},
    shared::SharedCounters,
};
use namaskah_adapters::redis::RedisWindows;
use namaskah_tests::redis::RedisServer;
use secrecy::SecretString;
use serde_json::json;

use crate::Failure;

const CLIENTS: u32 = 100_000;
const IN_MEMORY: u32 = 1_000_000;
const IN_REDIS: u32 = 20_000;
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints a line for each.
pub async fn run() -> Result<(), Failure> {
    measure("limits.memory", Arc::new(MemoryCounters::default()), IN_MEMORY).await;
    let Some(server) = RedisServer::start() else { return Ok(()) };
    let redis = RedisWindows::try_new(&SecretString::from(server.url()))?;
    let shared = Arc::new(SharedCounters::start(redis, MemoryCounters::default(), "bench:", PATIENCE));
    while !shared.are_together() {
        tokio::task::yield_now().await;
    }
    measure("limits.redis", shared, IN_REDIS).await;
    Ok(())
}

/// One after the other, over as many clients as a busy server knows.
async fn measure(figure: &str, counters: Arc<dyn Counters>, count: u32) {
    let limits = Limits::new(LimitSettings { factor: 1_000, ..LimitSettings::default() }, counters);
    let mut took = Vec::new();
    let begun = Instant::now();
    for n in 0..count {
        let client = IpAddr::V4(Ipv4Addr::from_bits(n % CLIENTS));
        let asked = Instant::now();
        limits.ask(client, Class::Default, Who::Address(Network::from(client))).await;
        took.push(asked.elapsed());
    }
    let mean = begun.elapsed() / count;
    took.sort_unstable();
    let at = |share: usize| micros(took[(took.len() - 1) * share / 100]);
    println!(
        "{}",
        json!({"figure": figure, "count": count, "mean_us": micros(mean), "p50_us": at(50), "p99_us": at(99)})
    );
}

fn micros(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e7).round() / 10.0
}
