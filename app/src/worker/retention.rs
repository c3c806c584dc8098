//! Retention: erases numbers and texts whose time is over, by one instance at a time.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{outbox::Leases, retention::RetentionService};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);
const LEASE: &str = "retention";
const LEASE_S: u32 = 120;

/// Erases.
pub struct Retention {
    service: Arc<RetentionService>,
    leases: Arc<dyn Leases>,
    holder: Uuid,
}

impl Retention {
    /// `holder` names this process in leases.
    pub fn new(service: Arc<RetentionService>, leases: Arc<dyn Leases>, holder: Uuid) -> Self {
        Self { service, leases, holder }
    }
}

#[async_trait]
impl Worker for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        if self.leases.acquire(LEASE, self.holder, LEASE_S).await?.is_none() {
            return Ok(0);
        }
        let erased = self.service.erase_due().await?;
        if erased.total() > 0 {
            tracing::info!(?erased, "what is past retention was erased");
        }
        Ok(erased.total())
    }

    async fn stop(&self) {
        if let Err(error) = self.leases.release(LEASE, self.holder).await {
            tracing::warn!(%error, "the lease of the retention runs out by itself");
        }
    }
}
