//! Reads that show nothing past retention, whether it has been erased or not.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::{
    BatchId, Clock, Fault, HoldId, OrderId, Page, PageOf, PhoneNumber, PurchaseId, QuoteId, ReservationId,
    Time, UserId,
    retention::Retention,
    verification::{
        Batch, Message, Order, OrderFilter, OrderReads, ProviderId, Purchase, Quote, Requested, ServiceCode,
        ServiceStats, UpstreamOrder, Waiting,
    },
    wallet::{Account, Hold, PromoGrant},
};

/// No text is stored later than this after its order's end: an order takes late texts for half an hour, and a completed
/// one until its number's end.
const STORED_WITHIN: TimeDelta = TimeDelta::hours(6);

/// Any [`OrderReads`] without the numbers and texts of orders that ended longer ago than the retention time.
///
/// **Invariant**: every reader stands behind this one, so what is past retention is shown to nobody from that instant
/// on, also while it waits to be erased.
pub struct Retained {
    reads: Arc<dyn OrderReads>,
    clock: Arc<dyn Clock>,
    retention: Retention,
}

impl Retained {
    /// In front of `reads`.
    pub fn new(reads: Arc<dyn OrderReads>, clock: Arc<dyn Clock>, retention: Retention) -> Self {
        Self { reads, clock, retention }
    }

    fn ended_by(&self) -> Time {
        self.retention.ended_by(self.clock.now())
    }

    fn order_kept(&self, order: Order) -> Order {
        if order.ended_by(self.ended_by()) { order.without_number() } else { order }
    }

    /// Those of `messages` whose order is past retention are without their words. Orders are asked for only if a
    /// message is old enough.
    async fn messages_kept(&self, messages: Vec<Message>) -> Result<Vec<Message>, Fault> {
        let ended_by = self.ended_by();
        let is_old = |message: &&Message| !message.erased && message.stored_at <= ended_by + STORED_WITHIN;
        let asked: BTreeSet<OrderId> = messages.iter().filter(is_old).map(|message| message.order).collect();
        if asked.is_empty() {
            return Ok(messages);
        }
        let asked: Vec<OrderId> = asked.into_iter().collect();
        let orders = self.reads.orders_among(&asked).await?;
        let past = orders.iter().filter(|order| order.ended_by(ended_by)).map(|order| order.head().id);
        let past: BTreeSet<OrderId> = past.collect();
        let kept = |message: Message| {
            if past.contains(&message.order) { message.without_words() } else { message }
        };
        Ok(messages.into_iter().map(kept).collect())
    }
}

#[async_trait]
impl OrderReads for Retained {
    async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, Fault> {
        self.reads.quote(id).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, Fault> {
        Ok(self.reads.order(id).await?.map(|order| self.order_kept(order)))
    }

    async fn orders_among(&self, orders: &[OrderId]) -> Result<Vec<Order>, Fault> {
        let orders = self.reads.orders_among(orders).await?;
        Ok(orders.into_iter().map(|order| self.order_kept(order)).collect())
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Fault> {
        self.reads.batch(id).await
    }

    async fn orders(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Order>, Fault> {
        let PageOf { rows, has_more } = self.reads.orders(user, filter, page).await?;
        Ok(PageOf { rows: rows.into_iter().map(|order| self.order_kept(order)).collect(), has_more })
    }

    async fn messages_of(&self, orders: &[OrderId]) -> Result<Vec<Message>, Fault> {
        self.messages_kept(self.reads.messages_of(orders).await?).await
    }

    async fn purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, Fault> {
        self.reads.purchase(id).await
    }

    async fn purchase_by_reservation(
        &self,
        provider: ProviderId,
        reservation: &ReservationId,
    ) -> Result<Option<Purchase>, Fault> {
        self.reads.purchase_by_reservation(provider, reservation).await
    }

    async fn sent_purchases(&self, provider: ProviderId) -> Result<Vec<Purchase>, Fault> {
        self.reads.sent_purchases(provider).await
    }

    async fn purchases_since(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        self.reads.purchases_since(provider, from).await
    }

    async fn held_among(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<ReservationId>, Fault> {
        self.reads.held_among(provider, reservations).await
    }

    async fn was_shown(
        &self,
        user: UserId,
        service: &ServiceCode,
        number: &PhoneNumber,
    ) -> Result<bool, Fault> {
        self.reads.was_shown(user, service, number).await
    }

    async fn ending(&self, now: Time, limit: u32) -> Result<Vec<Waiting>, Fault> {
        self.reads.ending(now, limit).await
    }

    async fn swaps_ending(&self, now: Time, limit: u32) -> Result<Vec<Requested>, Fault> {
        self.reads.swaps_ending(now, limit).await
    }

    async fn oldest_waiting(&self, provider: ProviderId) -> Result<Option<Time>, Fault> {
        self.reads.oldest_waiting(provider).await
    }

    async fn uncredited(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        self.reads.uncredited(provider, from).await
    }

    async fn orders_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.reads.orders_of(provider, reservations).await
    }

    async fn waiting_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.reads.waiting_on(provider, number).await
    }

    async fn oldest_expired(&self, provider: ProviderId, since: Time) -> Result<Option<Time>, Fault> {
        self.reads.oldest_expired(provider, since).await
    }

    async fn expired_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.reads.expired_of(provider, reservations, since).await
    }

    async fn expired_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.reads.expired_on(provider, number, since).await
    }

    async fn late_texts_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        self.reads.late_texts_since(user, from).await
    }

    async fn reports_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        self.reads.reports_since(user, from).await
    }

    async fn is_suppressed(&self, service: &ServiceCode, number: &PhoneNumber) -> Result<bool, Fault> {
        self.reads.is_suppressed(service, number).await
    }

    async fn payer(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.reads.payer(user).await
    }

    async fn gifts(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        self.reads.gifts(user).await
    }

    async fn has_left(&self, user: UserId) -> Result<bool, Fault> {
        self.reads.has_left(user).await
    }

    async fn payment(&self, hold: HoldId) -> Result<Option<Hold>, Fault> {
        self.reads.payment(hold).await
    }

    async fn service_stats(&self, from: Time) -> Result<Vec<ServiceStats>, Fault> {
        self.reads.service_stats(from).await
    }
}
