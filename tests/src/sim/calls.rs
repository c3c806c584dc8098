//! Calls: every port that the product reads or commits through, so that each call waits for a turn and may fail.

mod books;
mod standing;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_domain::{
    BatchId, Change, Claim, Clock, CommitError, Committed, Fault, HoldId, JobLane, Notice, OrderId, Page,
    PageOf, PaymentId, PaymentReference, PhoneNumber, PurchaseId, QuoteId, RefundId, ReservationId, Sender,
    Store, Time, UnitOfWork, UserId,
    outbox::{EventLog, EventQuery, Jobs, Lease, LeasedJob, Leases, NoticeReads, SequencedEvent},
    payment::{
        Dispute, GatewayDisputeId, GatewayRefundId, Intent, IntentDue, PaymentReads, Refund, RefundLimits,
    },
    verification::{
        Batch, Message, Order, OrderFilter, OrderReads, ProviderId, Purchase, PurchaseState, Quote,
        Requested, ServiceCode, ServiceStats, UpstreamOrder, Waiting,
    },
    wallet::{Account, Hold, PromoGrant},
};
use uuid::Uuid;

use super::{turns::Turns, watch::Watch};

/// A port whose calls wait for their turn.
pub struct Called<T: ?Sized> {
    inner: Arc<T>,
    turns: Arc<Turns>,
    watch: Arc<Watch>,
}

impl<T: ?Sized> Called<T> {
    /// Over a port.
    pub fn new(inner: Arc<T>, turns: Arc<Turns>, watch: Arc<Watch>) -> Self {
        Self { inner, turns, watch }
    }

    async fn read<R>(&self, answer: impl Future<Output = Result<R, Fault>>) -> Result<R, Fault> {
        self.turns.take().await;
        if self.turns.dice().roll_trouble(150) == 149 {
            self.watch.fault(self.turns.now());
            return Err(Fault::new("the store cannot be read now"));
        }
        self.turns.outside(answer).await
    }
}

#[async_trait]
impl Store for Called<dyn Store> {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        self.turns.take().await;
        let lost = |when| Err(CommitError::Unavailable(Fault::new(when)));
        let trouble = self.turns.dice().roll_trouble(120);
        if trouble == 119 {
            self.watch.fault(self.turns.now());
            return lost("the unit did not arrive");
        }
        let noted = self.watch.note(&unit);
        self.turns.say(|| format!("    commits {}", in_words(&unit)));
        let committed = self.turns.outside(self.inner.commit(unit)).await;
        if !matches!(committed, Ok(Committed::Applied)) {
            self.turns.say(|| format!("    which comes to {committed:?}"));
        }
        if matches!(committed, Ok(Committed::Applied)) {
            self.watch.keep(noted);
        }
        if trouble == 118 {
            self.watch.fault(self.turns.now());
            return lost("the answer was lost");
        }
        committed
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.turns.take().await;
        self.turns.outside(self.inner.replay(claim)).await
    }
}

/// A unit of work for those who read a trace.
fn in_words(unit: &UnitOfWork) -> String {
    let change = |change: &Change| match change {
        Change::Order(order) => format!("{} {}", order.head().id, order.status().name()),
        Change::Purchase(p) => format!("{} {}", p.id, state_of(p)),
        Change::Message(m) => format!("a text of {}", m.reservation),
        Change::Intent(intent) => format!("{} {:?}", intent.id, intent.state),
        Change::Notice(notice) => format!("notice {:?}", notice.state),
        Change::Job(job) => format!("{:?}", job.kind),
        Change::ShownNumber(_) => "a number shown".to_owned(),
        Change::Quote(quote) => format!("{}", quote.id),
        Change::Event(event) => event.kind.name().to_owned(),
        Change::Suspended(_) => "a payment set aside".to_owned(),
        other => format!("{other:?}").chars().take(20).collect(),
    };
    let mut words: Vec<String> = unit.changes().iter().map(change).collect();
    for account in unit.accounts().values() {
        words.extend(account.places.iter().map(|place| format!("holds {:?}", place.amount)));
        words.extend(account.ends.iter().map(|end| format!("{:?} {}", end.end, end.hold)));
    }
    words.extend(unit.transfers().iter().map(|t| format!("{} leg {}: {:?}", t.source, t.leg, t.amount)));
    words.join(", ")
}

fn state_of(purchase: &Purchase) -> String {
    match (&purchase.state, purchase.bought()) {
        (PurchaseState::Bound(_), Some(bought)) => {
            format!("bound to {}, {:?}", bought.reservation, bought.receivable)
        }
        (PurchaseState::Orphan(_), Some(bought)) => {
            format!("orphan {}, {:?}", bought.reservation, bought.receivable)
        }
        (state, _) => format!("{state:?}").chars().take(6).collect(),
    }
}

#[async_trait]
impl PaymentReads for Called<dyn PaymentReads> {
    async fn intent(&self, id: PaymentId) -> Result<Option<Intent>, Fault> {
        self.read(self.inner.intent(id)).await
    }

    async fn intent_by_reference(&self, reference: &PaymentReference) -> Result<Option<Intent>, Fault> {
        self.read(self.inner.intent_by_reference(reference)).await
    }

    async fn intents(&self, user: UserId, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault> {
        self.read(self.inner.intents(user, page)).await
    }

    async fn intents_due(&self, now: Time, limit: u32) -> Result<Vec<IntentDue>, Fault> {
        self.read(self.inner.intents_due(now, limit)).await
    }

    async fn creditable_among(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, Fault> {
        self.read(self.inner.creditable_among(references)).await
    }

    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, Fault> {
        self.read(self.inner.refund(id)).await
    }

    async fn refunds_of(&self, payment: PaymentId) -> Result<Vec<Refund>, Fault> {
        self.read(self.inner.refunds_of(payment)).await
    }

    async fn open_refunds(&self, limit: u32) -> Result<Vec<Refund>, Fault> {
        self.read(self.inner.open_refunds(limit)).await
    }

    async fn refunds_named(&self, names: &[GatewayRefundId]) -> Result<Vec<Refund>, Fault> {
        self.read(self.inner.refunds_named(names)).await
    }

    async fn refund_limits(&self, of: &Intent) -> Result<RefundLimits, Fault> {
        self.read(self.inner.refund_limits(of)).await
    }

    async fn dispute_named(&self, name: &GatewayDisputeId) -> Result<Option<Dispute>, Fault> {
        self.read(self.inner.dispute_named(name)).await
    }

    async fn disputes_of(&self, payment: PaymentId) -> Result<Vec<Dispute>, Fault> {
        self.read(self.inner.disputes_of(payment)).await
    }

    async fn oldest_open_dispute(&self) -> Result<Option<Time>, Fault> {
        self.read(self.inner.oldest_open_dispute()).await
    }
}

#[async_trait]
impl OrderReads for Called<dyn OrderReads> {
    async fn quote(&self, id: QuoteId) -> Result<Option<Quote>, Fault> {
        self.read(self.inner.quote(id)).await
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>, Fault> {
        self.read(self.inner.order(id)).await
    }

    async fn orders_among(&self, orders: &[OrderId]) -> Result<Vec<Order>, Fault> {
        self.read(self.inner.orders_among(orders)).await
    }

    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, Fault> {
        self.read(self.inner.batch(id)).await
    }

    async fn orders(
        &self,
        user: UserId,
        filter: &OrderFilter,
        page: Page<OrderId>,
    ) -> Result<PageOf<Order>, Fault> {
        self.read(self.inner.orders(user, filter, page)).await
    }

    async fn messages_of(&self, orders: &[OrderId]) -> Result<Vec<Message>, Fault> {
        self.read(self.inner.messages_of(orders)).await
    }

    async fn purchase(&self, id: PurchaseId) -> Result<Option<Purchase>, Fault> {
        self.read(self.inner.purchase(id)).await
    }

    async fn purchase_by_reservation(
        &self,
        provider: ProviderId,
        reservation: &ReservationId,
    ) -> Result<Option<Purchase>, Fault> {
        self.read(self.inner.purchase_by_reservation(provider, reservation)).await
    }

    async fn sent_purchases(&self, provider: ProviderId) -> Result<Vec<Purchase>, Fault> {
        self.read(self.inner.sent_purchases(provider)).await
    }

    async fn purchases_since(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        self.read(self.inner.purchases_since(provider, from)).await
    }

    async fn held_among(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<ReservationId>, Fault> {
        self.read(self.inner.held_among(provider, reservations)).await
    }

    async fn was_shown(
        &self,
        user: UserId,
        service: &ServiceCode,
        number: &PhoneNumber,
    ) -> Result<bool, Fault> {
        self.read(self.inner.was_shown(user, service, number)).await
    }

    async fn ending(&self, now: Time, limit: u32) -> Result<Vec<Waiting>, Fault> {
        self.read(self.inner.ending(now, limit)).await
    }

    async fn oldest_waiting(&self, provider: ProviderId) -> Result<Option<Time>, Fault> {
        self.read(self.inner.oldest_waiting(provider)).await
    }

    async fn orders_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.read(self.inner.orders_of(provider, reservations)).await
    }

    async fn waiting_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.read(self.inner.waiting_on(provider, number)).await
    }

    async fn uncredited(&self, provider: ProviderId, from: Time) -> Result<Vec<Purchase>, Fault> {
        self.read(self.inner.uncredited(provider, from)).await
    }

    async fn oldest_expired(&self, provider: ProviderId, since: Time) -> Result<Option<Time>, Fault> {
        self.read(self.inner.oldest_expired(provider, since)).await
    }

    async fn swaps_ending(&self, now: Time, limit: u32) -> Result<Vec<Requested>, Fault> {
        self.read(self.inner.swaps_ending(now, limit)).await
    }

    async fn expired_of(
        &self,
        provider: ProviderId,
        reservations: &[ReservationId],
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.read(self.inner.expired_of(provider, reservations, since)).await
    }

    async fn expired_on(
        &self,
        provider: ProviderId,
        number: &PhoneNumber,
        since: Time,
    ) -> Result<Vec<UpstreamOrder>, Fault> {
        self.read(self.inner.expired_on(provider, number, since)).await
    }

    async fn late_texts_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        self.read(self.inner.late_texts_since(user, from)).await
    }

    async fn reports_since(&self, user: UserId, from: Time) -> Result<u32, Fault> {
        self.read(self.inner.reports_since(user, from)).await
    }

    async fn is_suppressed(&self, service: &ServiceCode, number: &PhoneNumber) -> Result<bool, Fault> {
        self.read(self.inner.is_suppressed(service, number)).await
    }

    async fn payer(&self, user: UserId) -> Result<Option<Account>, Fault> {
        self.read(self.inner.payer(user)).await
    }

    async fn gifts(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        self.read(self.inner.gifts(user)).await
    }

    async fn has_left(&self, user: UserId) -> Result<bool, Fault> {
        self.read(self.inner.has_left(user)).await
    }

    async fn payment(&self, hold: HoldId) -> Result<Option<Hold>, Fault> {
        self.read(self.inner.payment(hold)).await
    }

    async fn service_stats(&self, from: Time) -> Result<Vec<ServiceStats>, Fault> {
        self.read(self.inner.service_stats(from)).await
    }
}

#[async_trait]
impl NoticeReads for Called<dyn NoticeReads> {
    async fn new_notices(&self, sender: Sender, limit: u32) -> Result<Vec<Notice>, Fault> {
        self.read(self.inner.new_notices(sender, limit)).await
    }

    async fn matchable_notices(&self, limit: u32) -> Result<Vec<Notice>, Fault> {
        self.read(self.inner.matchable_notices(limit)).await
    }
}

#[async_trait]
impl EventLog for Called<dyn EventLog> {
    async fn stamp(&self) -> Result<u32, Fault> {
        self.read(self.inner.stamp()).await
    }

    async fn after(&self, query: EventQuery) -> Result<Vec<SequencedEvent>, Fault> {
        self.read(self.inner.after(query)).await
    }

    async fn newest(&self) -> Result<i64, Fault> {
        self.read(self.inner.newest()).await
    }
}

const JOB_LEASE_S: i64 = 60;

#[async_trait]
impl Jobs for Called<dyn Jobs> {
    async fn lease(
        &self,
        holder: Uuid,
        lane: JobLane,
        now: Time,
        limit: u32,
    ) -> Result<Vec<LeasedJob>, Fault> {
        // A job whose end could not be stored is free again when its lease has run out.
        if self.watch.leases_ran_out(holder, now - TimeDelta::seconds(JOB_LEASE_S)) {
            self.turns.outside(Jobs::release(self.inner.as_ref(), holder)).await?;
        }
        let leased = self.read(self.inner.lease(holder, lane, now, limit)).await?;
        self.watch.leased(holder, leased.iter().map(|job| job.id), now);
        Ok(leased)
    }

    async fn done(&self, job: &LeasedJob) -> Result<(), Fault> {
        self.read(self.inner.done(job)).await?;
        self.watch.job_done(job.id);
        Ok(())
    }

    async fn retry(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.read(self.inner.retry(job, at)).await?;
        self.watch.job_at(job.id, at);
        Ok(())
    }

    async fn put_off(&self, job: &LeasedJob, at: Time) -> Result<(), Fault> {
        self.read(self.inner.put_off(job, at)).await?;
        self.watch.job_at(job.id, at);
        Ok(())
    }

    async fn bury(&self, job: &LeasedJob, why: &str) -> Result<(), Fault> {
        self.read(self.inner.bury(job, why)).await?;
        self.watch.buried(job.id, why);
        Ok(())
    }

    async fn release(&self, holder: Uuid) -> Result<(), Fault> {
        self.read(self.inner.release(holder)).await
    }
}

/// Leases that run out by the time of the run; those of a database do by the database's own.
pub struct SimLeases {
    turns: Arc<Turns>,
    held: Mutex<BTreeMap<String, (Uuid, Time, i64)>>,
}

impl SimLeases {
    /// Nobody holds any.
    pub fn new(turns: Arc<Turns>) -> Self {
        Self { turns, held: Mutex::default() }
    }
}

#[async_trait]
impl Leases for SimLeases {
    async fn acquire(&self, name: &str, holder: Uuid, seconds: u32) -> Result<Option<Lease>, Fault> {
        self.turns.take().await;
        let now = self.turns.now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fence = match held.get(name) {
            Some((owner, until, _)) if *owner != holder && *until > now => return Ok(None),
            Some((owner, _, fence)) => fence + i64::from(*owner != holder),
            None => 1,
        };
        held.insert(name.to_owned(), (holder, now + TimeDelta::seconds(i64::from(seconds)), fence));
        Ok(Some(Lease { fence }))
    }

    async fn release(&self, name: &str, holder: Uuid) -> Result<(), Fault> {
        self.turns.take().await;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(name).is_some_and(|(owner, ..)| *owner == holder) {
            held.remove(name);
        }
        Ok(())
    }
}
