//! Money on its way back: ends refunds of which nothing final is known, and finds disputes of which no webhook told.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::payment::{Followed, PaymentService, SettleError};

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
        let changed = tell("refunds", &refunds) + tell("disputes", &disputes);
        // One trouble is the run's; the other would be lost with it.
        if let (Err(refunds), Err(disputes)) = (&refunds, &disputes) {
            tracing::warn!(%refunds, %disputes, "neither refunds nor disputes could be followed");
        }
        RunError::both(refunds, disputes).map(|_| changed)
    }
}

/// Tells what one half has found, whatever became of the other. Returns what it changed.
fn tell(what: &'static str, half: &Result<Followed, SettleError>) -> u32 {
    let Ok(followed) = half else { return 0 };
    if followed.attention > 0 {
        tracing::warn!(what, payments = followed.attention, "they need attention: look at the gateway");
    }
    if followed.refused > 0 {
        tracing::error!(
            what,
            payments = followed.refused,
            "what the gateway says does not agree with our books: look at the gateway"
        );
    }
    if followed.stuck > 0 {
        tracing::error!(
            what,
            refunds = followed.stuck,
            "the gateway says nothing of them for a day: look there, and end them by `namaskah money refund settle`"
        );
    }
    if followed.changed + followed.unanswered > 0 {
        tracing::info!(what, ?followed, "money on its way back was followed");
    }
    followed.changed
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use namaskah_domain::{
        Amount, Currency, Money,
        memory::{FakePaymentGateway, GatewayFailure, GatewayOperation, OddPayment, Platform},
        payment::PaymentPolicy,
        time::hours,
    };

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("the log").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn payments(platform: &Platform, policy: PaymentPolicy) -> Arc<PaymentService> {
        let store = &platform.store;
        Arc::new(PaymentService::new(
            store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            store.clone(),
            platform.gateway.clone(),
            platform.clock.clone(),
            platform.random.clone(),
            policy,
        ))
    }

    fn claim_in_cedi(gateway: &FakePaymentGateway, of: &namaskah_domain::PaymentReference) {
        let cedi = Money::parse("5", Currency::Ghs).and_then(Amount::try_new).expect("a sum");
        gateway.open_dispute(of, Some(cedi)).expect("a dispute");
    }

    fn logged(log: &Log) -> String {
        String::from_utf8(log.0.lock().expect("the log").clone()).expect("text")
    }

    fn logging(log: &Log) -> tracing::subscriber::DefaultGuard {
        let written = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || written.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }

    #[tokio::test]
    async fn a_refund_whose_list_cannot_be_read_for_a_day_is_told_as_an_error() {
        let mut policy = None;
        let platform = Platform::with(7, |_, ports| policy = Some(ports.payments.clone()));
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        let paid = platform.fund(ada, "10.00").await.expect("funds");
        platform.refund(&paid, None).await.expect("a refund");
        // The gateway refuses to list refunds of a payment of the other mode.
        let foreign = OddPayment { in_other_mode: true, ..OddPayment::default() };
        platform.gateway.pay_oddly(&paid.reference, &foreign);
        let log = Log::default();
        let _guard = logging(&log);
        let worker = Returns::new(payments(&platform, policy.expect("a policy")));
        worker.run().await.expect("a run");
        assert!(!logged(&log).contains("ERROR"), "{}", logged(&log));
        platform.clock.advance(hours(24));
        worker.run().await.expect("a run");
        let logged = logged(&log);
        assert!(logged.contains("ERROR") && logged.contains("says nothing of them for a day"), "{logged}");
    }

    #[tokio::test]
    async fn what_disputes_need_is_told_though_refunds_cannot_be_read() {
        let mut policy = None;
        let platform = Platform::with(7, |_, ports| policy = Some(ports.payments.clone()));
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        let paid = platform.fund(ada, "10.00").await.expect("funds");
        claim_in_cedi(&platform.gateway, &paid.reference);
        platform.gateway.fail_next(GatewayOperation::Refunds, GatewayFailure::Unavailable);
        let log = Log::default();
        let _guard = logging(&log);
        let worker = Returns::new(payments(&platform, policy.expect("a policy")));
        worker.run().await.expect_err("refunds cannot be read");
        let logged = logged(&log);
        assert!(logged.contains("does not agree with our books"), "{logged}");
    }
}
