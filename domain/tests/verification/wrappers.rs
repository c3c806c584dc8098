//! Ports around the fakes: a store that lets others go first, one that fails, a provider that is odd.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use async_trait::async_trait;
use chrono::{SubsecRound, TimeDelta};
use namaskah_domain::{
    Change, Claim, CommitError, Committed, Fault, Money, OrderId, ReservationId, Store, Time, UnitOfWork,
    memory::{FakeNumberProvider, ManualClock, MemoryStore},
    verification::{
        Ask, BuyFailure, Capability, IncomingMessage, Listing, NumberProvider, OpenAttempt, ProviderError,
        ProviderId, ProviderService, Reservation, ServiceCode,
    },
};
use uuid::Uuid;

/// Lets every other task run between a decision and its commit, so that races happen.
pub struct Polite(pub Arc<MemoryStore>);

#[async_trait]
impl Store for Polite {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        tokio::task::yield_now().await;
        let committed = self.0.commit(unit).await;
        tokio::task::yield_now().await;
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        tokio::task::yield_now().await;
        self.0.replay(claim).await
    }
}

/// As [`Polite`], and counts.
pub struct Counting {
    store: Polite,
    commits: AtomicU32,
}

impl Counting {
    pub fn new(store: Arc<MemoryStore>) -> Self {
        Self { store: Polite(store), commits: AtomicU32::new(0) }
    }

    pub fn commits(&self) -> u32 {
        self.commits.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Store for Counting {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.store.commit(unit).await
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.store.replay(claim).await
    }
}

/// Does not answer for one order; with `lost` it commits all the same.
pub struct Failing {
    pub store: Arc<MemoryStore>,
    pub order: Mutex<Option<OrderId>>,
    pub lost: AtomicBool,
}

impl Failing {
    pub fn new(store: Arc<MemoryStore>) -> Self {
        Self { store, order: Mutex::new(None), lost: AtomicBool::new(false) }
    }

    pub fn fail_for(&self, order: Option<OrderId>) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = order;
    }

    fn concerns(&self, unit: &UnitOfWork) -> bool {
        let order = *self.order.lock().unwrap_or_else(PoisonError::into_inner);
        unit.changes().iter().any(|c| matches!(c, Change::Order(o) if Some(o.head().id) == order))
    }
}

#[async_trait]
impl Store for Failing {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        if !self.concerns(&unit) {
            return self.store.commit(unit).await;
        }
        if self.lost.load(Ordering::SeqCst) {
            self.store.commit(unit).await?;
        }
        Err(CommitError::Unavailable(Fault::new("the store does not answer")))
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.store.replay(claim).await
    }
}

/// The clock stands still in the real store and jumps with every commit: a process that froze right after it.
pub struct Freezing {
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub freeze_for: Mutex<Option<TimeDelta>>,
}

#[async_trait]
impl Store for Freezing {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        let committed = self.store.commit(unit).await;
        if let Some(span) = self.freeze_for.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.clock.advance(span);
        }
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.store.replay(claim).await
    }
}

/// The fake provider, with stamps of whole seconds, answers that come late, and texts that name no reservation.
pub struct Odd {
    pub fake: Arc<FakeNumberProvider>,
    pub whole_seconds: AtomicBool,
    pub unnamed: AtomicBool,
    /// Purchases whose answer waits until it is let go.
    pub slow_buys: AtomicU32,
    /// Cancels of numbers whose answer waits so.
    pub slow_cancels: AtomicU32,
    pub let_go: tokio::sync::Notify,
    /// Polls never answer.
    pub hangs: AtomicBool,
}

impl Odd {
    pub fn new(fake: Arc<FakeNumberProvider>) -> Self {
        Self {
            fake,
            whole_seconds: AtomicBool::new(false),
            unnamed: AtomicBool::new(false),
            slow_buys: AtomicU32::new(0),
            slow_cancels: AtomicU32::new(0),
            let_go: tokio::sync::Notify::new(),
            hangs: AtomicBool::new(false),
        }
    }

    /// One of `slow` answers waits until it is let go.
    async fn wait_for_its_turn(&self, slow: &AtomicU32) {
        let is_slow = slow.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if is_slow.is_ok() {
            self.let_go.notified().await;
        }
    }

    fn stamp(&self, time: Time) -> Time {
        if self.whole_seconds.load(Ordering::SeqCst) { time.trunc_subsecs(0) } else { time }
    }

    fn dated(&self, reservation: Reservation) -> Reservation {
        Reservation { created_at: self.stamp(reservation.created_at), ..reservation }
    }

    fn told(&self, message: IncomingMessage) -> IncomingMessage {
        IncomingMessage { received_at: self.stamp(message.received_at), ..message }
    }
}

#[async_trait]
impl NumberProvider for Odd {
    fn id(&self) -> ProviderId {
        self.fake.id()
    }

    fn skew(&self) -> TimeDelta {
        self.fake.skew()
    }

    async fn services(&self) -> Result<Vec<ProviderService>, ProviderError> {
        self.fake.services().await
    }

    async fn cost(&self, ask: &Ask) -> Result<Money, ProviderError> {
        self.fake.cost(ask).await
    }

    fn time_out(&self) -> TimeDelta {
        self.fake.time_out()
    }

    async fn stock(&self, service: &ServiceCode, capability: Capability) -> Result<u64, ProviderError> {
        self.fake.stock(service, capability).await
    }

    async fn buy(&self, attempt: &OpenAttempt) -> Result<Reservation, BuyFailure> {
        let sold = self.fake.buy(attempt).await;
        self.wait_for_its_turn(&self.slow_buys).await;
        sold.map(|reservation| self.dated(reservation))
    }

    async fn reservation(&self, id: &ReservationId) -> Result<Reservation, ProviderError> {
        self.fake.reservation(id).await.map(|reservation| self.dated(reservation))
    }

    async fn reservations_since(&self, from: Time) -> Result<Listing, ProviderError> {
        let listing = self.fake.reservations_since(from - TimeDelta::seconds(1)).await?;
        let dated = listing.reservations.into_iter().map(|reservation| self.dated(reservation));
        Ok(Listing { reservations: dated.collect(), ..listing })
    }

    async fn messages(&self, id: &ReservationId) -> Result<Vec<IncomingMessage>, ProviderError> {
        Ok(self.fake.messages(id).await?.into_iter().map(|message| self.told(message)).collect())
    }

    async fn messages_since(&self, from: Time) -> Result<Vec<IncomingMessage>, ProviderError> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let all = self.fake.messages_since(from).await?.into_iter().map(|message| self.told(message));
        let unnamed = self.unnamed.load(Ordering::SeqCst);
        Ok(all.map(|m| if unnamed { IncomingMessage { reservation: None, ..m } } else { m }).collect())
    }

    async fn cancel(&self, id: &ReservationId) -> Result<(), ProviderError> {
        let cancelled = self.fake.cancel(id).await;
        self.wait_for_its_turn(&self.slow_cancels).await;
        cancelled
    }

    async fn report(&self, id: &ReservationId) -> Result<(), ProviderError> {
        self.fake.report(id).await
    }

    async fn balance(&self) -> Result<Money, ProviderError> {
        self.fake.balance().await
    }

    fn read_notice(&self, body: &[u8]) -> Vec<IncomingMessage> {
        self.fake.read_notice(body)
    }
}
