//! The payment sweep: credits deposits of which no webhook told.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::payment::PaymentService;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);

/// Sweeps.
pub struct Sweeper {
    payments: Arc<PaymentService>,
}

impl Sweeper {
    /// Over the payments.
    pub fn new(payments: Arc<PaymentService>) -> Self {
        Self { payments }
    }
}

#[async_trait]
impl Worker for Sweeper {
    fn name(&self) -> &'static str {
        "sweeper"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let swept = self.payments.sweep().await?;
        if swept.refused > 0 {
            tracing::error!(
                payments = swept.refused,
                "paid in another mode or an unknown currency: look at the gateway"
            );
        }
        if swept.settled + swept.unanswered > 0 {
            tracing::info!(?swept, "payments were swept");
        }
        Ok(swept.settled)
    }
}
