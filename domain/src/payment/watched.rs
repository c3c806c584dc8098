//! A gateway that is watched: when it last answered, and when it did not. Whoever asks it changes nothing by that.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::{
    Clock, PaymentReference, Time,
    breaker::Admits,
    payment::{
        Charge, ChargeRequest, Checkout, GatewayDispute, GatewayError, GatewayNotice, GatewayRefund, Listed,
        OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
    verification::{Answers, Trouble},
};

/// Any gateway, watched.
pub struct WatchedGateway {
    inner: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    seen: Mutex<Answers>,
}

impl WatchedGateway {
    /// In front of `inner`.
    pub fn new(inner: Arc<dyn PaymentGateway>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, seen: Mutex::default() }
    }

    /// What was seen so far.
    pub fn answers(&self) -> Answers {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T, E>(&self, answer: Result<T, E>, has_answered: fn(&E) -> bool) -> Result<T, E> {
        let now = self.clock.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.as_ref().err().is_none_or(has_answered) {
            seen.well_at = Some(now);
        } else {
            seen.trouble = Some((Trouble::Unreachable, now));
        }
        answer
    }
}

const fn read(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Refused(_))
}

#[async_trait]
impl PaymentGateway for WatchedGateway {
    fn admits(&self) -> Admits {
        self.inner.admits()
    }

    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        let answer = self.inner.open(request).await;
        self.note(answer, |error| !matches!(error, OpenChargeError::Unknown(_) | OpenChargeError::NotSent(_)))
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.note(self.inner.verify(reference).await, read)
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        self.note(self.inner.succeeded_since(from).await, read)
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        let answer = self.inner.refund(request).await;
        self.note(answer, |error| matches!(error, RefundFailure::Declined(_)))
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        self.note(self.inner.refunds_of(reference).await, read)
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        self.note(self.inner.refunds_since(from).await, read)
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        self.note(self.inner.disputes_since(from).await, read)
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.inner.read_notice(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, payment::ports::MockPaymentGateway, ports::MockClock, time::seconds};

    fn start() -> Time {
        Time::from_timestamp_millis(1_767_225_600_000).expect("an instant")
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer_and_silence_is_none() {
        let mut gateway = MockPaymentGateway::new();
        let mut answers = vec![
            Err(GatewayError::Unavailable(Fault::new("silence"))),
            Err(GatewayError::Refused(Fault::new("no"))),
            Ok(crate::payment::Listed::default()),
        ]
        .into_iter();
        gateway.expect_disputes_since().returning(move |_| answers.next().expect("three answers"));
        let mut clock = MockClock::new();
        let mut second = 0;
        clock.expect_now().returning(move || {
            second += 1;
            start() + seconds(second)
        });
        let watched = WatchedGateway::new(Arc::new(gateway), Arc::new(clock));
        assert_eq!(watched.answers(), Answers::default());
        let mut seen = Vec::new();
        for _ in 0..3 {
            // Only what is seen of it counts here.
            let _ = watched.disputes_since(start()).await;
            let answers = watched.answers();
            let since_start = |at: Time| (at - start()).num_seconds();
            seen.push((answers.well_at.map(since_start), answers.trouble.map(|(_, at)| since_start(at))));
        }
        assert_eq!(seen, [(None, Some(1)), (Some(2), Some(1)), (Some(3), Some(1))]);
    }
}
