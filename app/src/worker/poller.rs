//! The shared poll: one account-wide read of texts and states, by one instance at a time. Its cost grows with
//! messages, not with open orders.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{outbox::Leases, verification::VerificationService};
use uuid::Uuid;

use super::{RunError, Worker};

const WHILE_ORDERS_WAIT: Duration = Duration::from_secs(3);
const IDLE: Duration = Duration::from_secs(15);
const LEASE: &str = "poll:textverified";
const LEASE_S: u32 = 20;

/// Polls.
pub struct Poller {
    orders: Arc<VerificationService>,
    leases: Arc<dyn Leases>,
    holder: Uuid,
}

impl Poller {
    /// `holder` names this process in leases.
    pub fn new(orders: Arc<VerificationService>, leases: Arc<dyn Leases>, holder: Uuid) -> Self {
        Self { orders, leases, holder }
    }
}

#[async_trait]
impl Worker for Poller {
    fn name(&self) -> &'static str {
        "poller"
    }

    async fn rest(&self) -> Duration {
        match self.orders.anybody_waits().await {
            Ok(false) => IDLE,
            Ok(true) | Err(_) => WHILE_ORDERS_WAIT,
        }
    }

    async fn run(&self) -> Result<u32, RunError> {
        if self.leases.acquire(LEASE, self.holder, LEASE_S).await?.is_none() {
            return Ok(0);
        }
        let texts = self.orders.poll().await?;
        let states = self.orders.follow_states().await?;
        // Found orders are no reason to poll again at once: the next interval is soon enough.
        tracing::debug!(texts, states, "polled");
        Ok(0)
    }

    async fn stop(&self) {
        if let Err(error) = self.leases.release(LEASE, self.holder).await {
            tracing::warn!(%error, "the lease of the poll runs out by itself");
        }
    }
}
