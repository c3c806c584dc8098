//! The memory store: a mutex over plain maps, with the guards of the real ones.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

pub use super::state::PostedTransfer;
use super::state::State;
use crate::{
    Claim, CommitError, Committed, Store, UnitOfWork,
    payment::{Dispute, Intent, Refund, Suspended},
    verification::{Message, Order, Purchase},
    wallet::{Account, Hold, PromoGrant},
};

/// A [`Store`] and every read, in memory. Cheap to make; gone when dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every account, for those who check the laws.
    pub fn accounts(&self) -> Vec<Account> {
        self.state().accounts.values().cloned().collect()
    }

    /// The whole journal, in order.
    pub fn journal(&self) -> Vec<PostedTransfer> {
        self.state().transfers.clone()
    }

    /// Every hold.
    pub fn all_holds(&self) -> Vec<Hold> {
        self.state().holds.values().cloned().collect()
    }

    /// Every order.
    pub fn all_orders(&self) -> Vec<Order> {
        self.state().orders.values().cloned().collect()
    }

    /// Every purchase.
    pub fn all_purchases(&self) -> Vec<Purchase> {
        self.state().purchases.values().cloned().collect()
    }

    /// Every payment.
    pub fn all_intents(&self) -> Vec<Intent> {
        self.state().intents.values().cloned().collect()
    }

    /// Every text.
    pub fn all_messages(&self) -> Vec<Message> {
        self.state().messages.values().cloned().collect()
    }

    /// Payments that wait, or waited, for a person.
    pub fn suspended(&self) -> Vec<Suspended> {
        self.state().suspended.values().cloned().collect()
    }

    /// Every gift of promo money.
    pub fn all_grants(&self) -> Vec<PromoGrant> {
        self.state().grants.values().cloned().collect()
    }

    /// Every refund.
    pub fn all_refunds(&self) -> Vec<Refund> {
        self.state().refunds.values().cloned().collect()
    }

    /// Every dispute.
    pub fn all_disputes(&self) -> Vec<Dispute> {
        self.state().disputes.values().cloned().collect()
    }

    /// Why buried jobs were given up.
    pub fn buried_jobs(&self) -> Vec<String> {
        self.state().jobs.values().filter_map(|job| job.buried.clone()).collect()
    }

    /// Time passes for every lease: whoever held one has it no more.
    pub fn let_leases_run_out(&self) {
        self.state().leases.clear();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the maps half changed: every commit checks before it writes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        self.state().commit(&unit)
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.state().replay(claim)
    }
}
