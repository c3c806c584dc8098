//! Follows the simulators' clock: when it is moved, ours moves too, and the answer waits until due work has run.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::Fault;
use rust_decimal::Decimal;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Workers;

/// The clock that is moved, and where its offset is kept.
#[async_trait]
pub trait Movable: Send + Sync {
    /// Moves forward to `offset_ms`, never back, and keeps it.
    async fn raise(&self, offset_ms: i64) -> Result<(), Fault>;

    /// How far it has been moved.
    fn offset_ms(&self) -> i64;
}

/// A follower of one sandbox.
pub struct ClockFollower {
    client: reqwest::Client,
    sandbox_url: String,
    follower: Uuid,
    clock: Arc<dyn Movable>,
}

#[derive(Deserialize)]
struct Told {
    offset_s: serde_json::Number,
}

const AFTER_FAILURE: Duration = Duration::from_secs(1);
const LONG_POLL: Duration = Duration::from_secs(30);

impl ClockFollower {
    /// Of the sandbox at `sandbox_url`; `follower` names this process there.
    pub fn new(client: reqwest::Client, sandbox_url: &str, follower: Uuid, clock: Arc<dyn Movable>) -> Self {
        Self { client, sandbox_url: sandbox_url.to_owned(), follower, clock }
    }

    /// Takes over the sandbox's time once, before anything else starts.
    ///
    /// # Errors
    /// If the sandbox does not answer.
    pub async fn catch_up(&self) -> Result<(), Fault> {
        let offset_ms = self.told(self.client.get(format!("{}/control/clock", self.sandbox_url))).await?;
        self.clock.raise(offset_ms).await
    }

    /// Follows until stopped.
    pub async fn follow(self, workers: Arc<Workers>, stop: CancellationToken) {
        loop {
            let moved = tokio::select! {
                () = stop.cancelled() => return,
                moved = self.step(&workers) => moved,
            };
            if let Err(error) = moved {
                tracing::warn!(%error, "the sandbox's clock cannot be followed");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(AFTER_FAILURE) => {}
                }
            }
        }
    }

    /// Asking with the offset whose work is done is the acknowledgement of it.
    async fn step(&self, workers: &Workers) -> Result<(), Fault> {
        let before = self.clock.offset_ms();
        let offset_ms = self.ask(before).await?;
        if offset_ms > before {
            self.clock.raise(offset_ms).await?;
            workers.run_due().await;
        }
        Ok(())
    }

    async fn ask(&self, after_ms: i64) -> Result<i64, Fault> {
        let after_s = format!("{}.{:03}", after_ms / 1000, after_ms % 1000);
        let query = [("follower", self.follower.to_string()), ("after_s", after_s)];
        self.told(self.client.get(format!("{}/control/clock/follow", self.sandbox_url)).query(&query)).await
    }

    /// The offset that the sandbox answers with, in milliseconds.
    async fn told(&self, request: reqwest::RequestBuilder) -> Result<i64, Fault> {
        let answer = request.timeout(LONG_POLL).send().await.and_then(reqwest::Response::error_for_status);
        let told: Told = answer.map_err(Fault::new)?.json().await.map_err(Fault::new)?;
        let seconds = Decimal::from_str_exact(&told.offset_s.to_string()).map_err(Fault::new)?;
        let millis = seconds.checked_mul(Decimal::from(1000)).unwrap_or_default().trunc();
        i64::try_from(millis.mantissa()).map_err(Fault::new)
    }
}
