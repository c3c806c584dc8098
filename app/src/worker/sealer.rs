//! The sealer: seals transfers and ended holds behind the horizon, by one instance at a time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_adapters::persistence::seal::Sealer as Seals;
use namaskah_domain::{Clock, outbox::Leases};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(10);
const LEASE: &str = "seals";
const LEASE_S: u32 = 60;

/// Seals.
pub struct Sealer {
    seals: Arc<Seals>,
    leases: Arc<dyn Leases>,
    clock: Arc<dyn Clock>,
    holder: Uuid,
}

impl Sealer {
    /// `holder` names this process in leases.
    pub fn new(seals: Arc<Seals>, leases: Arc<dyn Leases>, clock: Arc<dyn Clock>, holder: Uuid) -> Self {
        Self { seals, leases, clock, holder }
    }
}

#[async_trait]
impl Worker for Sealer {
    fn name(&self) -> &'static str {
        "sealer"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        if self.leases.acquire(LEASE, self.holder, LEASE_S).await?.is_none() {
            return Ok(0);
        }
        Ok(self.seals.run(self.clock.now()).await?)
    }

    async fn stop(&self) {
        if let Err(error) = self.leases.release(LEASE, self.holder).await {
            tracing::warn!(%error, "the lease of the seals runs out by itself");
        }
    }
}
