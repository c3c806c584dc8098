//! The watch at the store: which units were really applied, so that workers are woken and promises checked only where
//! something has changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use namaskah_domain::{
    Change, JobId, JobLane, NoticeId, NoticeState, OrderId, PaymentReference, Time, UnitOfWork,
    payment::{RefundOrigin, RefundState},
    verification::{Former, Order, PurchaseState, Requested},
};
use uuid::Uuid;

use super::process::Kind;

/// What a unit means for workers.
#[derive(Debug, Clone)]
pub enum Noted {
    /// An order waits: until when, and since when. Or it waits no more.
    Waits(OrderId, Option<(Time, Time)>),
    /// A job is queued.
    Job(JobId, Time),
    /// A notice waits to be looked at, or does no more.
    Notice(NoticeId, bool),
    /// A purchase was sent for an order.
    Sent,
    /// A refund is about to be sent.
    Refund(PaymentReference),
    /// A purchase has its number.
    Bound,
    /// An event waits for its sequence.
    Event,
}

/// What is known about the store without asking it.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Seen>);

/// What the watch has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Since the last look something was committed.
    pub is_dirty: bool,
    /// Orders that wait: until when, and since when.
    pub waits: BTreeMap<OrderId, (Time, Time)>,
    /// Queued jobs, and when they are due.
    pub jobs: BTreeMap<JobId, Time>,
    /// Jobs in the hands of somebody, and since when.
    pub leased: BTreeMap<JobId, (Uuid, Time)>,
    /// Jobs that were given up, and why.
    pub buried: Vec<String>,
    /// Notices that are to be looked at.
    pub notices: BTreeSet<NoticeId>,
    /// A number was bound since notices were last looked at.
    pub has_bound: bool,
    /// Events without a sequence.
    pub has_events: bool,
    /// Workers for whom a commit left something.
    pub wakes: BTreeSet<Kind>,
    /// Purchases that were committed for orders.
    pub purchases: usize,
    /// Refunds that were committed to be sent, for each payment.
    pub refunds: BTreeMap<PaymentReference, usize>,
    /// When the store last failed.
    pub fault_at: Option<Time>,
}

impl Watch {
    /// What a unit will mean once it is applied.
    pub fn note(&self, unit: &UnitOfWork) -> Vec<Noted> {
        let noted = |change: &Change| match change {
            Change::Order(Order::Waiting(waiting)) => {
                let line = &waiting.line;
                Some(Noted::Waits(waiting.head.id, Some((line.expires_at, line.bound_at))))
            }
            // One that is being given another number ends with its former one, if there is none by then.
            Change::Order(Order::Requested(Requested { head, former: Some(Former { line, .. }) })) => {
                Some(Noted::Waits(head.id, Some((line.expires_at, line.bound_at))))
            }
            Change::Order(order) => Some(Noted::Waits(order.head().id, None)),
            Change::Refund(refund) => {
                let is_new = matches!(refund.state, RefundState::Sent { missed_at: None })
                    && matches!(refund.origin, RefundOrigin::Asked { .. });
                is_new.then(|| Noted::Refund(refund.reference.clone()))
            }
            // No letter is sent in a simulation.
            Change::Job(job) if job.kind.lane() == JobLane::Provider => Some(Noted::Job(job.id, job.run_at)),
            Change::Notice(notice) => Some(Noted::Notice(notice.id, notice.state == NoticeState::New)),
            Change::Purchase(purchase) => match (&purchase.state, purchase.wanted_by) {
                (PurchaseState::Sent, Some(_)) if purchase.version.get() == 1 => Some(Noted::Sent),
                (PurchaseState::Bound(_), _) => Some(Noted::Bound),
                _ => None,
            },
            Change::Event(_) => Some(Noted::Event),
            _ => None,
        };
        unit.changes().iter().filter_map(noted).collect()
    }

    /// The unit was applied.
    pub fn keep(&self, noted: Vec<Noted>) {
        let mut seen = self.seen();
        seen.is_dirty = true;
        for note in noted {
            match note {
                Noted::Waits(order, Some(until)) => drop(seen.waits.insert(order, until)),
                Noted::Waits(order, None) => drop(seen.waits.remove(&order)),
                Noted::Job(job, at) => {
                    seen.jobs.insert(job, at);
                    seen.wakes.insert(Kind::Jobs);
                }
                Noted::Notice(notice, true) => {
                    seen.notices.insert(notice);
                    seen.wakes.insert(Kind::Notices);
                }
                Noted::Notice(notice, false) => drop(seen.notices.remove(&notice)),
                Noted::Sent => seen.purchases += 1,
                Noted::Refund(of) => *seen.refunds.entry(of).or_default() += 1,
                Noted::Bound => seen.has_bound = true,
                Noted::Event => {
                    seen.has_events = true;
                    seen.wakes.insert(Kind::Relay);
                }
            }
        }
    }

    /// The store did not answer.
    pub fn fault(&self, now: Time) {
        self.seen().fault_at = Some(now);
    }

    /// Jobs were taken.
    pub fn leased(&self, holder: Uuid, jobs: impl Iterator<Item = JobId>, now: Time) {
        self.seen().leased.extend(jobs.map(|job| (job, (holder, now))));
    }

    /// True if `holder` has jobs since before `oldest`; they count as free from here on.
    pub fn leases_ran_out(&self, holder: Uuid, oldest: Time) -> bool {
        let mut seen = self.seen();
        let before = seen.leased.len();
        seen.leased.retain(|_, (of, since)| *of != holder || *since > oldest);
        seen.leased.len() < before
    }

    /// A job is due again at `at`.
    pub fn job_at(&self, job: JobId, at: Time) {
        let mut seen = self.seen();
        seen.leased.remove(&job);
        seen.jobs.insert(job, at);
    }

    /// A job is done.
    pub fn job_done(&self, job: JobId) {
        let mut seen = self.seen();
        seen.leased.remove(&job);
        seen.jobs.remove(&job);
    }

    /// A job is given up.
    pub fn buried(&self, job: JobId, why: &str) {
        let mut seen = self.seen();
        seen.jobs.remove(&job);
        seen.buried.push(format!("{job}: {why}"));
    }

    /// Everything.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
