//! The reconciler: settles purchases whose outcome is unknown.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::verification::VerificationService;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(5);

/// Reconciles.
pub struct Reconciler {
    orders: Arc<VerificationService>,
}

impl Reconciler {
    /// Over the orders.
    pub fn new(orders: Arc<VerificationService>) -> Self {
        Self { orders }
    }
}

#[async_trait]
impl Worker for Reconciler {
    fn name(&self) -> &'static str {
        "reconciler"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let settled = self.orders.reconcile().await?;
        if settled > 0 {
            tracing::info!(settled, "unknown purchases were settled");
        }
        // A purchase that was missed once is looked for again later, not at once.
        Ok(0)
    }
}
