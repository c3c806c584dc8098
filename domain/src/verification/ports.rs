//! What verification needs from outside: a provider of numbers, and reads.

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    BatchId, Fault, HoldId, Money, OrderId, Page, PageOf, PhoneNumber, PurchaseId, QuoteId, Time, UserId,
    breaker::Admits,
    verification::{
        Ask, Batch, Capability, IncomingMessage, Message, Order, OrderStatus, ProviderId, Purchase, Quote,
        Requested, ReservationId, ServiceCode, Waiting,
    },
    wallet::{Account, Hold, PromoGrant},
};

/// Where a reservation stands at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReservationState {
    /// Waits for a text.
    Pending,
    /// A text has come.
    Completed,
    /// Ended by time at the provider; our balance was credited.
    TimedOut,
    /// Cancelled or refunded; our balance was credited.
    Cancelled,
    /// Reported; before a code that is a cancellation.
    Reported,
    /// Replaced by another one that we did not ask for, or a state that we do not know.
    Other,
}

impl ReservationState {
    /// True if the provider has given our money back.
    pub const fn is_credited(self) -> bool {
        matches!(self, Self::TimedOut | Self::Cancelled)
    }
}

/// A provider's own record of a number that it sold us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The provider's name for it.
    pub id: ReservationId,
    /// The number.
    pub number: PhoneNumber,
    /// The provider's name of the service.
    pub service: ServiceCode,
    /// Where it stands.
    pub state: ReservationState,
    /// What it cost us.
    pub cost: Money,
    /// When it was made, on the provider's clock.
    pub created_at: Time,
    /// When it ends, on the provider's clock; lists do not tell.
    pub ends_at: Option<Time>,
}

/// What a whole listing of reservations showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Newest first or not; the reader does not rely on it.
    pub reservations: Vec<Reservation>,
    /// True if the listing reaches back to the instant that was asked for.
    pub complete: bool,
}

/// A purchase to send, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAttempt {
    /// What is wanted.
    pub ask: Ask,
    /// The most that it may cost.
    pub cost_cap: Money,
}

/// Why a provider refused. Definite: nothing was bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// Nothing to sell for this wish.
    NoNumbers,
    /// Dearer than the cap.
    PriceChanged,
    /// Our balance there is too low. Never shown to users as such.
    HouseBalance,
    /// Too many unfinished reservations on the whole account.
    AccountLimit,
    /// It cannot be reached, or will not serve us now, and nothing was sent.
    Unavailable,
    /// Any other refusal.
    Refused,
}

/// Why a purchase brought no reservation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuyFailure {
    /// Nothing was bought.
    #[error("the provider refused: {0:?}")]
    Declined(DeclineReason),
    /// Time-out, disconnect, 5xx, an answer that makes no sense: there may be a number.
    #[error("the outcome of the purchase is unknown: {0}")]
    Unknown(Fault),
}

/// Why a provider could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProviderError {
    /// It has no such reservation, or nothing of what was asked.
    #[error("the provider does not know this")]
    NotFound,
    /// It refuses: the state does not allow it, or the request makes no sense to it.
    #[error("the provider refused: {0}")]
    Refused(Fault),
    /// No usable answer.
    #[error("the provider cannot be reached: {0}")]
    Unavailable(Fault),
}

/// A service that a provider sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderService {
    /// Its code.
    pub code: ServiceCode,
    /// How codes can arrive.
    pub capability: Capability,
}

/// A provider of numbers: TextVerified.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait NumberProvider: Send + Sync {
    /// Which one it is.
    fn id(&self) -> ProviderId;

    /// What would be sent to it now: everything, unless there is a breaker before it that has opened.
    fn admits(&self) -> Admits {
        Admits::All
    }

    /// The provider's clock minus ours, as measured from its answers; zero where they agree within a second.
    fn skew(&self) -> TimeDelta;

    /// Everything that it sells.
    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError>;

    /// What a number would cost us now. Costs nothing to ask.
    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError>;

    /// How long a call may take, after which its outcome is unknown.
    fn time_out(&self) -> TimeDelta;

    /// How many numbers it has.
    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError>;

    /// Buys. Charges our account. Sends once; never repeats, never follows a redirect.
    ///
    /// # Errors
    /// `Declined` if nothing was bought, `Unknown` if there may be a number.
    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure>;

    /// One reservation as it is now.
    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError>;

    /// Every reservation made since `from` (provider's clock).
    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError>;

    /// The texts of one reservation.
    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError>;

    /// Every text of our account since `from` (provider's clock).
    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError>;

    /// Asks to cancel. Whatever it answers, read the reservation again: its state decides.
    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError>;

    /// Complains about a number that waits, or whose text was of no use. Whatever it answers, read the reservation
    /// again: its state decides. A provider that hears no complaints refuses.
    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        Err(ProviderError::Refused(Fault::new(format!("no complaint is heard about {id}"))))
    }

    /// What is left of our balance there.
    async fn balance(&self) -> Result<Money, ProviderError>;

    /// The texts in an authentic notice of this provider; none if it is about something else.
    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage>;
}

/// Keeps calls that nobody waits for from hurrying a provider.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Pace: Send + Sync {
    /// Returns when one more call may be made.
    async fn turn(&self);
}

/// Which orders of a user are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only in this state.
    pub status: Option<OrderStatus>,
    /// Only of this service.
    pub service: Option<ServiceCode>,
}

/// An order and its reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamOrder {
    /// The order.
    pub order: OrderId,
    /// Its reservation.
    pub reservation: ReservationId,
}

/// What orders of a service have shown lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStats {
    /// Which service.
    pub service: ServiceCode,
    /// Ended orders that had a number.
    pub ended: u64,
    /// Of these, completed.
    pub completed: u64,
    /// Median seconds from number to code, over the completed.
    pub time_to_code_p50_s: Option<i64>,
}

/// Reads of quotes, orders, purchases and messages. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OrderReads: Send + Sync {
    /// One quote of anybody; the service checks whose it is.
    async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, Fault>;

    /// One order of anybody; the service checks whose it is.
    async fn order(&self, id: OrderId) -> Result<Option<Order>, Fault>;

    /// Orders of anybody by their names, in any order. One that is not there is left out.
    async fn orders_among(&self, orders: &[OrderId]) -> Result<Vec<Order>, Fault>;

    /// One batch of anybody; the service checks whose it is.
    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Fault>;

    /// A user's orders, newest first.
    async fn orders(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Order>, Fault>;

    /// The texts of these orders, oldest first.
    async fn messages_of(&self, orders: &[OrderId]) -> Result<Vec<Message>, Fault>;

    /// One purchase.
    async fn purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, Fault>;

    /// The purchase that holds a reservation, bound or orphan.
    async fn purchase_by_reservation(
        &self,
        provider: ProviderId,
        reservation: &ReservationId,
    ) -> Result<Option<Purchase>, Fault>;

    /// Every purchase whose outcome is unknown, oldest first.
    async fn sent_purchases(&self, provider: ProviderId) -> Result<Vec<Purchase>, Fault>;

    /// Purchases of a provider sent since `from`, in any state: the neighbours of an unknown one.
    async fn purchases_since(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault>;

    /// Of these reservations, those that a purchase holds.
    async fn held_among(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<ReservationId>, Fault>;

    /// True if the user was shown this number for this service.
    async fn was_shown(
        &self,
        user: UserId,
        service: &ServiceCode,
        number: &PhoneNumber,
    ) -> Result<bool, Fault>;

    /// Waiting orders that end at or before `now`, soonest first. One that cannot be read is left out.
    async fn ending(&self, now: Time, limit: u32) -> Result<Vec<Waiting>, Fault>;

    /// Orders that are being given another number, and whose former one ends at or before `now`, soonest first.
    async fn swaps_ending(&self, now: Time, limit: u32) -> Result<Vec<Requested>, Fault>;

    /// When the oldest waiting order of a provider was bound; `None` if none waits.
    async fn oldest_waiting(&self, provider: ProviderId) -> Result<Option<Time>, Fault>;

    /// Bought numbers of orders that ended since `from` without a code, as long as nobody bears their cost.
    async fn uncredited(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault>;

    /// Waiting, completed or expired orders of these reservations.
    async fn orders_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, Fault>;

    /// Waiting orders on a number, for texts that do not name their reservation.
    async fn waiting_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
    ) -> Result<Vec<UpstreamOrder>, Fault>;

    /// When the oldest of the orders was bound that have expired at `since` or later and may still show a late text:
    /// those that were neither retried nor reported.
    async fn oldest_expired(&self, provider: ProviderId, since: Time) -> Result<Option<Time>, Fault>;

    /// Orders of these reservations that have expired at `since` or later.
    async fn expired_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault>;

    /// Orders on a number that have expired at `since` or later.
    async fn expired_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault>;

    /// How many late texts a user was shown at `from` or later.
    async fn late_texts_since(&self, user: UserId, from: Time) -> Result<u32, Fault>;

    /// How many orders a user has reported at `from` or later.
    async fn reports_since(&self, user: UserId, from: Time) -> Result<u32, Fault>;

    /// True if anybody has reported this number for this service: it is sold to nobody for it any more.
    async fn is_suppressed(&self, service: &ServiceCode, number: &PhoneNumber) -> Result<bool, Fault>;

    /// The account that pays for a user's orders.
    async fn payer(&self, user: UserId) -> Result<Option<Account>, Fault>;

    /// The gifts to a user that are not closed.
    async fn gifts(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault>;

    /// True if a user has closed his account.
    async fn has_left(&self, user: UserId) -> Result<bool, Fault>;

    /// The hold that pays, or paid, for an order.
    async fn payment(&self, hold: HoldId) -> Result<Option<Hold>, Fault>;

    /// What services have shown since `from`.
    async fn service_stats(&self, from: Time) -> Result<Vec<ServiceStats>, Fault>;
}

/// A price and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What would be bought.
    pub ask: Ask,
    /// What the user would pay.
    pub price: crate::Amount,
    /// What it costs us.
    pub cost: Money,
    /// How many the provider has, if it says.
    pub stock: Option<u64>,
    /// When this was asked.
    pub as_of: Time,
}

/// Everything for sale, as cached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The services.
    pub services: Vec<ProviderService>,
    /// When they were asked for.
    pub as_of: Time,
}
