//! The expirer: gives money back when an order's time is over, with no tab, user or request.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::verification::VerificationService;

use super::{RunError, Worker};

const REST: Duration = Duration::from_millis(500);

/// Ends what is over.
pub struct Expirer {
    orders: Arc<VerificationService>,
}

impl Expirer {
    /// Over the orders.
    pub fn new(orders: Arc<VerificationService>) -> Self {
        Self { orders }
    }
}

#[async_trait]
impl Worker for Expirer {
    fn name(&self) -> &'static str {
        "expirer"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        Ok(self.orders.expire_due().await?)
    }
}
