//! The notice handler: looks at what providers sent, after it was stored and answered.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{outbox::NoticeReads, payment::PaymentService, verification::VerificationService};

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(1);

/// Handles stored notices.
pub struct NoticeHandler {
    notices: Arc<dyn NoticeReads>,
    payments: Arc<PaymentService>,
    orders: Arc<VerificationService>,
}

impl NoticeHandler {
    /// Over both services that notices are for.
    pub fn new(
        notices: Arc<dyn NoticeReads>,
        payments: Arc<PaymentService>,
        orders: Arc<VerificationService>,
    ) -> Self {
        Self { notices, payments, orders }
    }
}

#[async_trait]
impl Worker for NoticeHandler {
    fn name(&self) -> &'static str {
        "notices"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        // Neither provider's trouble may hold up the other's notices.
        let notices = self.notices.as_ref();
        let (payments, orders) =
            tokio::join!(self.payments.handle_notices(notices), self.orders.handle_notices(notices));
        RunError::both(payments, orders).map(|(payments, orders)| payments + orders)
    }
}
