//! Adapters of the outside, and a clock, that are broken on purpose.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Amount, Clock, Currency, Money, PaymentReference, ReservationId, Time,
    payment::{
        Charge, ChargeRequest, ChargeStatus, ChargedMoney, Checkout, GatewayDispute, GatewayError,
        GatewayNotice, GatewayRefund, OpenChargeError, PaymentGateway, RefundFailure, RefundRequest,
    },
    verification::{
        Ask, BuyFailure, Capability, IncomingMessage, Listing, NumberProvider, OpenAttempt, ProviderError,
        ProviderId, ProviderService, Reservation, ReservationState, ServiceCode,
    },
};

use super::Canary;
use crate::sim::turns::Turns;

/// A provider's adapter that does one thing wrong.
pub struct BrokenProvider {
    inner: Arc<dyn NumberProvider>,
    turns: Arc<Turns>,
    canary: Canary,
    cancelled: Mutex<BTreeSet<ReservationId>>,
}

impl BrokenProvider {
    /// Over a sound one.
    pub fn new(inner: Arc<dyn NumberProvider>, turns: Arc<Turns>, canary: Canary) -> Self {
        Self { inner, turns, canary, cancelled: Mutex::default() }
    }

    fn read_wrongly(&self, mut reservation: Reservation) -> Reservation {
        let cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        if cancelled.contains(&reservation.id) {
            reservation.state = ReservationState::Cancelled;
        }
        if self.canary == Canary::EndsLate {
            reservation.ends_at = reservation.ends_at.map(|at| at + TimeDelta::seconds(1));
        }
        if self.canary == Canary::MadeJustNow {
            reservation.created_at = self.turns.now() + self.inner.skew();
        }
        reservation
    }

    fn told_wrongly(&self, mut message: IncomingMessage) -> IncomingMessage {
        if self.canary == Canary::TextsByNumber {
            message.reservation = None;
        }
        if self.canary == Canary::StampsTexts {
            message.received_at = self.turns.now() + self.inner.skew();
        }
        message
    }
}

#[async_trait]
impl NumberProvider for BrokenProvider {
    fn id(&self) -> ProviderId {
        self.inner.id()
    }

    fn skew(&self) -> TimeDelta {
        self.inner.skew()
    }

    fn time_out(&self) -> TimeDelta {
        self.inner.time_out()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.inner.services().await
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.inner.cost(ask).await
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.inner.stock(service, capability).await
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        let mut attempt = attempt.clone();
        if self.canary == Canary::IgnoresCap {
            attempt.cost_cap = Money::from_units(i64::MAX, Currency::Usd);
        }
        let bought = match self.inner.buy(&attempt).await {
            Err(BuyFailure::Unknown(_)) if self.canary == Canary::BuysAgain => self.inner.buy(&attempt).await,
            other => other,
        };
        bought.map(|reservation| self.read_wrongly(reservation))
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.inner.reservation(id).await.map(|reservation| self.read_wrongly(reservation))
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        let listing = self.inner.reservations_since(from).await?;
        let reservations = listing.reservations.into_iter().map(|r| self.read_wrongly(r)).collect();
        Ok(Listing { reservations, ..listing })
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        let messages = if self.canary == Canary::TextsByNumber {
            let number = self.inner.reservation(id).await?.number;
            let all = self.inner.messages_since(Time::UNIX_EPOCH).await?;
            all.into_iter().filter(|message| message.to.as_ref() == Some(&number)).collect()
        } else {
            self.inner.messages(id).await?
        };
        Ok(messages.into_iter().map(|message| self.told_wrongly(message)).collect())
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        let messages = self.inner.messages_since(from).await?;
        Ok(messages.into_iter().map(|message| self.told_wrongly(message)).collect())
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        let answer = self.inner.cancel(id).await;
        if self.canary == Canary::EveryCancelIsDone {
            self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        }
        answer
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.inner.report(id).await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.inner.balance().await
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        self.inner.read_notice(body).into_iter().map(|message| self.told_wrongly(message)).collect()
    }
}

/// A gateway's adapter that does one thing wrong.
pub struct BrokenGateway {
    inner: Arc<dyn PaymentGateway>,
    canary: Canary,
}

impl BrokenGateway {
    /// Over a sound one.
    pub fn new(inner: Arc<dyn PaymentGateway>, canary: Canary) -> Self {
        Self { inner, canary }
    }

    fn read_wrongly(&self, mut charge: Charge) -> Charge {
        if self.canary == Canary::CreditsFromNotice {
            charge.status = ChargeStatus::Succeeded;
        }
        if self.canary == Canary::IgnoresMode {
            charge.of_our_mode = true;
        }
        if let (Canary::IgnoresCurrency, ChargedMoney::Known(paid)) = (self.canary, &charge.paid) {
            let naira = Money::from_units(paid.units(), Currency::Ngn);
            charge.paid = Amount::try_new(naira).map_or(ChargedMoney::Unbookable, ChargedMoney::Known);
            charge.fee = None;
        }
        charge
    }
}

#[async_trait]
impl PaymentGateway for BrokenGateway {
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError> {
        self.inner.open(request).await
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        Ok(self.inner.verify(reference).await?.map(|charge| self.read_wrongly(charge)))
    }

    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError> {
        let listed = self.inner.succeeded_since(from).await?;
        Ok(listed.into_iter().map(|charge| self.read_wrongly(charge)).collect())
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure> {
        self.inner.refund(request).await
    }

    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Vec<GatewayRefund>, GatewayError> {
        self.inner.refunds_of(reference).await
    }

    async fn refunded_since(&self, from: Time) -> Result<Vec<PaymentReference>, GatewayError> {
        self.inner.refunded_since(from).await
    }

    async fn disputes_since(&self, from: Time) -> Result<Vec<GatewayDispute>, GatewayError> {
        self.inner.disputes_since(from).await
    }

    fn read_notice(&self, body: &[u8]) -> GatewayNotice {
        self.inner.read_notice(body)
    }
}

/// A clock that tells the time and wakes nobody.
pub struct Sleepless(pub Arc<Turns>);

#[async_trait]
impl Clock for Sleepless {
    fn now(&self) -> Time {
        self.0.now()
    }

    async fn sleep_until(&self, _: Time) {
        self.0.take_at(Time::MAX_UTC).await;
    }
}
