//! A provider's adapter and a clock that are broken on purpose.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Currency, Money, ReservationId, Time,
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

    async fn hidden(&self, messages: Vec<IncomingMessage>) -> Result<Vec<IncomingMessage>, ProviderError> {
        let mut shown = Vec::new();
        for message in messages {
            let over = match message.reservation.as_ref().filter(|_| self.canary == Canary::HidesLateTexts) {
                Some(id) => self.inner.reservation(id).await.map(|r| r.state == ReservationState::TimedOut),
                None => Ok(false),
            };
            if !over.unwrap_or(false) {
                shown.push(message);
            }
        }
        Ok(shown)
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
            self.hidden(self.inner.messages(id).await?).await?
        };
        Ok(messages.into_iter().map(|message| self.told_wrongly(message)).collect())
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        let messages = self.hidden(self.inner.messages_since(from).await?).await?;
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
