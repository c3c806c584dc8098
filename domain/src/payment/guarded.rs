//! A gateway with a breaker before it. What is held back was not sent, and is told as such: there is certainly no charge
//! and no refund.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Fault, PaymentReference, Time,
    breaker::{Admits, Evidence, Guard, Resting, Stake},
    payment::{
        Charge, ChargeRequest, Checkout, GatewayDispute, GatewayError, GatewayNotice, GatewayRefund, Listed,
        OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
};

/// Any gateway, guarded.
pub struct GuardedGateway {
    inner: Arc<dyn PaymentGateway>,
    guard: Guard,
}

impl GuardedGateway {
    /// In front of `inner`.
    pub fn new(inner: Arc<dyn PaymentGateway>, guard: Guard) -> Self {
        Self { inner, guard }
    }

    async fn ask<T>(&self, call: impl Future<Output = Result<T, GatewayError>>) -> Result<T, GatewayError> {
        self.guard.call(Stake::Nothing, call, evidence, held_back).await
    }
}

const fn evidence(error: &GatewayError) -> Evidence {
    match error {
        GatewayError::Refused(_) => Evidence::Answered,
        GatewayError::Unavailable(_) => Evidence::Failed,
    }
}

fn held_back(resting: Resting) -> GatewayError {
    GatewayError::Unavailable(Fault::new(resting))
}

const fn evidence_of_charge(error: &OpenChargeError) -> Evidence {
    match error {
        OpenChargeError::DuplicateReference | OpenChargeError::Refused(_) => Evidence::Answered,
        OpenChargeError::NotSent(_) | OpenChargeError::Unknown(_) => Evidence::Failed,
    }
}

const fn evidence_of_refund(failure: &RefundFailure) -> Evidence {
    match failure {
        // It refuses, or there was no connection: which, is not told.
        RefundFailure::Declined(_) => Evidence::Nothing,
        RefundFailure::Unknown(_) => Evidence::Failed,
    }
}

#[async_trait]
impl PaymentGateway for GuardedGateway {
    fn admits(&self) -> Admits {
        self.guard.admits()
    }

    /// Nobody's money hangs on it: a charge is paid later, and is known by our reference.
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        let held_back = |resting: Resting| OpenChargeError::NotSent(Fault::new(resting));
        self.guard.call(Stake::Nothing, self.inner.open(request), evidence_of_charge, held_back).await
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        self.ask(self.inner.verify(reference)).await
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        self.ask(self.inner.succeeded_since(from)).await
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        let held_back = |resting: Resting| RefundFailure::Declined(Fault::new(resting));
        self.guard.call(Stake::Money, self.inner.refund(request), evidence_of_refund, held_back).await
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError> {
        self.ask(self.inner.refunds_of(reference)).await
    }

    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError> {
        self.ask(self.inner.refunds_since(from)).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError> {
        self.ask(self.inner.disputes_since(from)).await
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.inner.read_notice(body)
    }
}
