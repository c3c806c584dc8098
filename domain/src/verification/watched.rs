//! A provider that is watched: when it last answered, and what was last wrong with it. Whoever asks it changes nothing
//! by that.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    Clock, Money, ReservationId, Time,
    breaker::Admits,
    verification::{
        Ask, BuyFailure, Capability, DeclineReason, IncomingMessage, Listing, NumberProvider, OpenAttempt,
        ProviderError, ProviderId, ProviderService, Reservation, ServiceCode,
    },
};

/// What was wrong, by its kind: what a provider says in words may name what is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// It did not answer, or not so that it could be understood.
    Unreachable,
    /// It did not answer a purchase, which may have been made.
    UnknownPurchase,
    /// It says that our balance is too low.
    HouseBalance,
    /// It says that too much of ours is open.
    AccountLimit,
    /// It sells nothing now.
    NotServing,
}

impl Trouble {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Unreachable, Self::UnknownPurchase, Self::HouseBalance, Self::AccountLimit, Self::NotServing];

    /// The word in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::UnknownPurchase => "unknown_purchase",
            Self::HouseBalance => "house_balance",
            Self::AccountLimit => "account_limit",
            Self::NotServing => "not_serving",
        }
    }

    const fn of(error: &ProviderError) -> Option<Self> {
        match error {
            // It has answered.
            ProviderError::NotFound | ProviderError::Refused(_) => None,
            ProviderError::Unavailable(_) => Some(Self::Unreachable),
        }
    }

    const fn of_purchase(failure: &BuyFailure) -> Option<Self> {
        match failure {
            BuyFailure::Unknown(_) => Some(Self::UnknownPurchase),
            BuyFailure::Declined(reason) => match reason {
                DeclineReason::HouseBalance => Some(Self::HouseBalance),
                DeclineReason::AccountLimit => Some(Self::AccountLimit),
                DeclineReason::Unavailable => Some(Self::NotServing),
                DeclineReason::NoNumbers | DeclineReason::PriceChanged | DeclineReason::Refused => None,
            },
        }
    }
}

/// What was seen of a provider since this process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// When it last answered as it should.
    pub well_at: Option<Time>,
    /// What was last wrong, and when.
    pub trouble: Option<(Trouble, Time)>,
}

impl Answers {
    /// False if the last thing that was seen of it was wrong.
    pub fn is_well(&self) -> bool {
        match (self.well_at, self.trouble) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(well_at), Some((_, at))) => well_at >= at,
        }
    }
}

/// Any provider, watched.
pub struct Watched {
    inner: Arc<dyn NumberProvider>,
    clock: Arc<dyn Clock>,
    seen: Mutex<Answers>,
}

impl Watched {
    /// In front of `inner`.
    pub fn new(inner: Arc<dyn NumberProvider>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, seen: Mutex::default() }
    }

    /// What was seen so far.
    pub fn answers(&self) -> Answers {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<T, E>(&self, answer: Result<T, E>, trouble: fn(&E) -> Option<Trouble>) -> Result<T, E> {
        let now = self.clock.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match answer.as_ref().err().and_then(trouble) {
            Some(trouble) => seen.trouble = Some((trouble, now)),
            None => seen.well_at = Some(now),
        }
        answer
    }
}

#[async_trait]
impl NumberProvider for Watched {
    fn id(&self) -> ProviderId {
        self.inner.id()
    }

    fn admits(&self) -> Admits {
        self.inner.admits()
    }

    fn skew(&self) -> TimeDelta {
        self.inner.skew()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.note(self.inner.services().await, Trouble::of)
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.note(self.inner.cost(ask).await, Trouble::of)
    }

    fn time_out(&self) -> TimeDelta {
        self.inner.time_out()
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.note(self.inner.stock(service, capability).await, Trouble::of)
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        self.note(self.inner.buy(attempt).await, Trouble::of_purchase)
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.note(self.inner.reservation(id).await, Trouble::of)
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        self.note(self.inner.reservations_since(from).await, Trouble::of)
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.note(self.inner.messages(id).await, Trouble::of)
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        self.note(self.inner.messages_since(from).await, Trouble::of)
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.note(self.inner.cancel(id).await, Trouble::of)
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.note(self.inner.report(id).await, Trouble::of)
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.note(self.inner.balance().await, Trouble::of)
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        self.inner.read_notice(body)
    }
}
