//! A provider with a breaker before it. What is held back was not sent, and is told as such: of a purchase it is certain
//! that nothing was bought.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    Fault, Money, ReservationId, Time,
    breaker::{Admits, Evidence, Guard, Resting, Stake},
    verification::{
        Ask, BuyFailure, Capability, DeclineReason, IncomingMessage, Listing, NumberProvider, OpenAttempt,
        ProviderError, ProviderId, ProviderService, Reservation, ServiceCode,
    },
};

/// Any provider, guarded.
pub struct GuardedProvider {
    inner: Arc<dyn NumberProvider>,
    guard: Guard,
}

impl GuardedProvider {
    /// In front of `inner`.
    pub fn new(inner: Arc<dyn NumberProvider>, guard: Guard) -> Self {
        Self { inner, guard }
    }

    async fn ask<T>(&self, call: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
        self.guard.call(Stake::Nothing, call, evidence, held_back).await
    }
}

const fn evidence(error: &ProviderError) -> Evidence {
    match error {
        ProviderError::NotFound | ProviderError::Refused(_) => Evidence::Answered,
        ProviderError::Unavailable(_) => Evidence::Failed,
    }
}

fn held_back(resting: Resting) -> ProviderError {
    ProviderError::Unavailable(Fault::new(resting))
}

const fn evidence_of_purchase(failure: &BuyFailure) -> Evidence {
    match failure {
        BuyFailure::Unknown(_) | BuyFailure::Declined(DeclineReason::Unavailable) => Evidence::Failed,
        BuyFailure::Declined(_) => Evidence::Answered,
    }
}

#[async_trait]
impl NumberProvider for GuardedProvider {
    fn id(&self) -> ProviderId {
        self.inner.id()
    }

    fn admits(&self) -> Admits {
        self.guard.admits()
    }

    fn skew(&self) -> TimeDelta {
        self.inner.skew()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.ask(self.inner.services()).await
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.ask(self.inner.cost(ask)).await
    }

    fn time_out(&self) -> TimeDelta {
        self.inner.time_out()
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.ask(self.inner.stock(service, capability)).await
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        let held_back = |_: Resting| BuyFailure::Declined(DeclineReason::Unavailable);
        self.guard.call(Stake::Money, self.inner.buy(attempt), evidence_of_purchase, held_back).await
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.ask(self.inner.reservation(id)).await
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        self.ask(self.inner.reservations_since(from)).await
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.ask(self.inner.messages(id)).await
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.ask(self.inner.messages_since(from)).await
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.ask(self.inner.cancel(id)).await
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.ask(self.inner.report(id)).await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.ask(self.inner.balance()).await
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        self.inner.read_notice(body)
    }
}
