//! Money on its way back: ends refunds of which nothing final is known, and finds disputes of which no webhook told.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::payment::PaymentService;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);

/// Follows refunds and disputes.
pub struct Returns {
    payments: Arc<PaymentService>,
}

impl Returns {
    /// Over the payments.
    pub fn new(payments: Arc<PaymentService>) -> Self {
        Self { payments }
    }
}

#[async_trait]
impl Worker for Returns {
    fn name(&self) -> &'static str {
        "returns"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        // Neither's trouble may hold up the other.
        let (refunds, disputes) =
            tokio::join!(self.payments.follow_refunds(), self.payments.follow_disputes());
        let (refunds, disputes) = (refunds?, disputes?);
        if refunds.attention > 0 {
            tracing::warn!(refunds = refunds.attention, "refunds need attention: look at the gateway");
        }
        if refunds.refused + disputes.refused > 0 {
            tracing::error!(
                refunds = refunds.refused,
                disputes = disputes.refused,
                "what the gateway says does not agree with our books: look at the gateway"
            );
        }
        if refunds.changed + disputes.changed + refunds.unanswered + disputes.unanswered > 0 {
            tracing::info!(?refunds, ?disputes, "money on its way back was followed");
        }
        Ok(refunds.changed + disputes.changed)
    }
}
