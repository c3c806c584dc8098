//! Reads of the house's books, in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::{
    BookingId, Currency, Fault, GrantId, Money, PaymentId, PurchaseId, Time, UserId,
    payment::{Suspended, SuspenseState},
    verification::{Bought, Receivable},
    wallet::{BookReads, Booking, Direction, Movement, PromoGrant},
};

#[async_trait]
impl BookReads for MemoryStore {
    async fn booking(&self, id: BookingId) -> Result<Option<Booking>, Fault> {
        Ok(self.state().bookings.get(&id).cloned())
    }

    async fn goodwill(&self, user: UserId) -> Result<Money, Fault> {
        let state = self.state();
        let given =
            state.bookings.values().filter(|b| b.movement.user() == Some(user)).map(|b| match b.movement {
                Movement::Adjusted { direction: Direction::Credit, amount, .. } => amount.units(),
                Movement::Adjusted { direction: Direction::Debit, amount, .. } => -amount.units(),
                Movement::DebtWrittenOff { .. }
                | Movement::PaidOut { .. }
                | Movement::ToppedUp { .. }
                | Movement::Converted { .. } => 0,
            });
        Ok(Money::from_units(given.sum::<i64>().max(0), Currency::Usd))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<PromoGrant>, Fault> {
        Ok(self.state().grants.get(&id).cloned())
    }

    async fn open_grants(&self, user: UserId) -> Result<Vec<PromoGrant>, Fault> {
        let state = self.state();
        let open = state.grants.values().filter(|grant| grant.user == user && grant.closed_at.is_none());
        Ok(open.cloned().collect())
    }

    async fn grants_due(
        &self,
        now: Time,
        after: Option<(Time, GrantId)>,
        limit: u32,
    ) -> Result<Vec<(Time, GrantId)>, Fault> {
        let state = self.state();
        let due = state.grants.values().filter(|grant| grant.is_due(now));
        Ok(slice(due.filter_map(|grant| Some((grant.due_at()?, grant.id))), after, limit))
    }

    async fn debtors(&self, after: Option<UserId>, limit: u32) -> Result<Vec<UserId>, Fault> {
        let state = self.state();
        let able = state.accounts.values().filter(|a| !a.debt.is_zero() && !a.wallet_available().is_zero());
        Ok(slice(able.map(|account| account.user), after, limit))
    }

    async fn suspended(&self, payment: PaymentId) -> Result<Option<Suspended>, Fault> {
        Ok(self.state().suspended.get(&payment).cloned())
    }

    async fn open_suspense(&self, limit: u32) -> Result<Vec<Suspended>, Fault> {
        let state = self.state();
        let open = state.suspended.values().filter(|item| item.state == SuspenseState::Open);
        let mut open: Vec<_> = open.cloned().collect();
        open.sort_by_key(|item| (item.at, item.payment));
        open.truncate(limit as usize);
        Ok(open)
    }

    async fn returned_suspense(&self, since: PaymentId, limit: u32) -> Result<Vec<Suspended>, Fault> {
        let state = self.state();
        let is_back = |item: &&Suspended| matches!(item.state, SuspenseState::Returned { .. });
        let back = state.suspended.range(since..).map(|(_, item)| item).filter(is_back);
        Ok(back.take(limit as usize).cloned().collect())
    }

    async fn receivables_since(
        &self,
        before: Time,
        after: Option<(Time, PurchaseId)>,
        limit: u32,
    ) -> Result<Vec<(Time, PurchaseId)>, Fault> {
        let state = self.state();
        let is_aged = |bought: &&Bought| bought.receivable == Receivable::Open && bought.bound_at <= before;
        let bought = state.purchases.values().filter_map(|purchase| {
            purchase.bought().filter(is_aged).map(|bought| (bought.bound_at, purchase.id))
        });
        Ok(slice(bought, after, limit))
    }
}

/// The first of what stands behind `after`.
fn slice<T: Ord>(of: impl Iterator<Item = T>, after: Option<T>, limit: u32) -> Vec<T> {
    let mut found: Vec<T> = of.filter(|one| after.as_ref().is_none_or(|after| one > after)).collect();
    found.sort_unstable();
    found.truncate(limit as usize);
    found
}
