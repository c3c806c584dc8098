//! The load: tasks that ask as fast as they are answered, and what they saw.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder};
use serde_json::json;

use crate::{Failure, process::Served};

const WARM_UP: Duration = Duration::from_secs(1);

pub struct Load<'s> {
    served: &'s Served,
    client: Client,
    time: Duration,
    tasks: usize,
}

impl<'s> Load<'s> {
    pub fn new(served: &'s Served, time: Duration, tasks: usize) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(tasks).build()?;
        Ok(Self { served, client, time, tasks })
    }

    pub async fn balance_reads(&self, figure: &str) -> Result<(), Failure> {
        let url = format!("{}/api/v1/wallet", self.served.origin);
        let client = self.client.clone();
        self.run(figure, 200, move |token, _| Some(client.get(&url).bearer_auth(token))).await
    }

    pub async fn purchases(&self, figure: &str) -> Result<(), Failure> {
        let url = format!("{}/api/v1/verifications", self.served.origin);
        let client = self.client.clone();
        let body = json!({
            "service": "whatsapp", "country": "US", "max_price": {"amount": "2.00", "currency": "USD"},
        });
        let ask = move |token: &str, count| {
            let request = client.post(&url).bearer_auth(token).json(&body);
            Some(request.header("Idempotency-Key", format!("k{count}")))
        };
        self.run(figure, 201, ask).await
    }

    /// Each tells of a payment of its own, once; the load ends early when there is none left.
    pub async fn webhooks(&self, figure: &str) -> Result<(), Failure> {
        let url = format!("{}/api/v1/hooks/paystack", self.served.origin);
        let client = self.client.clone();
        let bodies: Vec<(Vec<u8>, String)> = self.served.notices()?;
        let ask = move |_: &str, count| {
            let (body, signature) = bodies.get(usize::try_from(count).ok()?)?;
            let request = client.post(&url).header("Content-Type", "application/json");
            Some(request.header("X-Paystack-Signature", signature).body(body.clone()))
        };
        self.run(figure, 200, ask).await
    }

    async fn run(
        &self,
        figure: &str,
        expected: u16,
        ask: impl Fn(&str, u64) -> Option<RequestBuilder> + Send + Sync + 'static,
    ) -> Result<(), Failure> {
        let ask = Arc::new(ask);
        let count = Arc::new(AtomicU64::new(0));
        self.rush(ask.clone(), count.clone(), WARM_UP, expected).await?;
        let (cpu, begun) = (self.served.cpu_ms()?, Instant::now());
        let mut took = self.rush(ask, count, self.time, expected).await?;
        let (cpu, elapsed) = (self.served.cpu_ms()? - cpu, begun.elapsed().as_secs_f64());
        took.sort_unstable();
        let at = |share: f64| {
            let place = ((took.len() as f64 * share) as usize).min(took.len() - 1);
            (took[place].as_secs_f64() * 100_000.0).round() / 100.0
        };
        let per_s = (took.len() as f64 / elapsed).round();
        let cpu_ms = (cpu / took.len() as f64 * 1000.0).round() / 1000.0;
        println!(
            "{}",
            json!({"figure": figure, "tasks": self.tasks, "per_s": per_s, "p50_ms": at(0.5), "p99_ms": at(0.99), "cpu_ms": cpu_ms})
        );
        Ok(())
    }

    async fn rush(
        &self,
        ask: Arc<impl Fn(&str, u64) -> Option<RequestBuilder> + Send + Sync + 'static>,
        count: Arc<AtomicU64>,
        time: Duration,
        expected: u16,
    ) -> Result<Vec<Duration>, Failure> {
        let end = Instant::now() + time;
        let mut running = tokio::task::JoinSet::new();
        for task in 0..self.tasks {
            let token = self.served.tokens[task % self.served.tokens.len()].clone();
            let (ask, count) = (ask.clone(), count.clone());
            running.spawn(async move {
                let mut took = Vec::new();
                while Instant::now() < end {
                    let begun = Instant::now();
                    let Some(request) = ask(&token, count.fetch_add(1, Ordering::Relaxed)) else { break };
                    let answer = request.send().await?;
                    let status = answer.status().as_u16();
                    let body = answer.bytes().await?;
                    if status != expected {
                        return Err(format!("answered {status}: {}", String::from_utf8_lossy(&body)).into());
                    }
                    took.push(begun.elapsed());
                }
                Ok::<_, Failure>(took)
            });
        }
        let mut all = Vec::new();
        while let Some(done) = running.join_next().await {
            all.extend(done??);
        }
        if all.is_empty() { Err("nothing was answered in time".into()) } else { Ok(all) }
    }
}
