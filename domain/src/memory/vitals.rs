//! How work stands, in memory.

use async_trait::async_trait;

use super::{MemoryStore, state::State};
use crate::{
    Currency, Fault, JobLane, Money, NoticeState, Time, UserId,
    payment::SuspenseState,
    verification::{Order, PurchaseState, Receivable},
    vitals::{DriftSlice, Queue, Vitals, VitalsReads},
    wallet::{Account, HoldState, LedgerAccount, Purse},
    webhook::DeliveryState,
};

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    of.count() as u64
}

/// Seconds since the earliest of these instants; 0 if there is none.
fn oldest_s(now: Time, since: impl Iterator<Item = Time>) -> i64 {
    since.map(|at| (now - at).num_seconds()).max().unwrap_or(0)
}

fn queue(state: &State, lane: JobLane, now: Time) -> Queue {
    let of_lane = || state.jobs.values().filter(move |stored| stored.job.kind.lane() == lane);
    let due = || of_lane().filter(move |stored| stored.buried.is_none() && stored.job.run_at <= now);
    let oldest = due().map(|stored| stored.job.run_at).min();
    Queue {
        lane,
        due: count(due()),
        oldest_s: oldest.map_or(0, |oldest| (now - oldest).num_seconds()),
        buried: count(of_lane().filter(|stored| stored.buried.is_some())),
    }
}

/// How far an account is from its lines and its holds.
fn apart(state: &State, account: &Account) -> i64 {
    let of = |purse| LedgerAccount::User(account.user, purse);
    let lines = state.transfers.iter().map(|posted| {
        let effect = |purse| posted.transfer.effect_on(of(purse)).units();
        effect(Purse::Wallet) + effect(Purse::Promo)
    });
    let open = state.holds.values().filter(|h| h.user == account.user && h.state == HoldState::Open);
    let held: i64 = open.map(|hold| hold.amount.units()).sum();
    let posted = account.wallet.posted.units() + account.promo.posted.units();
    let reserved = account.wallet.held.units() + account.promo.held.units();
    (posted - lines.sum::<i64>()).abs() + (reserved - held).abs()
}

#[async_trait]
impl VitalsReads for MemoryStore {
    async fn vitals(&self, now: Time) -> Result<Vitals, Fault> {
        let state = self.state();
        let waiting = || {
            state.orders.values().filter_map(|order| match order {
                Order::Waiting(waiting) => Some(waiting),
                _ => None,
            })
        };
        let overdue = |end: Time| end < Vitals::overdue_before(now);
        let new = || state.notices.values().filter(|notice| notice.state == NoticeState::New);
        let unknown = state.purchases.values().filter(|p| matches!(p.state, PurchaseState::Sent));
        let due_webhooks = || {
            state.deliveries.values().filter_map(|delivery| match delivery.state {
                DeliveryState::Waiting { due } if due <= now && !state.rests(delivery.endpoint, now) => {
                    Some(due)
                }
                _ => None,
            })
        };
        let refunds = || state.refunds.values().filter(|refund| refund.is_open());
        let orphans = || {
            state.purchases.values().filter_map(|purchase| match &purchase.state {
                PurchaseState::Orphan(bought) if bought.receivable == Receivable::Open => {
                    Some(bought.bound_at)
                }
                _ => None,
            })
        };
        Ok(Vitals {
            orders_waiting: count(waiting()),
            orders_overdue: count(waiting().filter(|waiting| overdue(waiting.line.expires_at))),
            purchases_unknown: count(unknown),
            queues: JobLane::ALL.map(|lane| queue(&state, lane, now)),
            notices_new: count(new()),
            notices_oldest_s: oldest_s(now, new().map(|notice| notice.at)),
            suspense_open: count(state.suspended.values().filter(|item| item.state == SuspenseState::Open)),
            refunds_open: count(refunds()),
            refunds_oldest_s: oldest_s(now, refunds().map(|refund| refund.created_at)),
            orphans_open: count(orphans()),
            orphans_oldest_s: oldest_s(now, orphans()),
            disputes_open: count(state.disputes.values().filter(|dispute| dispute.is_open())),
            findings_open: count(state.findings.values().filter(|finding| finding.is_open())),
            webhooks_due: count(due_webhooks()),
            webhooks_oldest_s: oldest_s(now, due_webhooks()),
        })
    }

    async fn drift(&self) -> Result<Money, Fault> {
        let state = self.state();
        let apart = state.accounts.values().map(|account| apart(&state, account)).sum();
        Ok(Money::from_units(apart, Currency::Usd))
    }

    async fn drift_of(&self, after: Option<UserId>, limit: u32) -> Result<DriftSlice, Fault> {
        let state = self.state();
        let mut behind: Vec<&Account> = state
            .accounts
            .values()
            .filter(|account| after.is_none_or(|after| account.user > after))
            .collect();
        behind.sort_by_key(|account| account.user);
        behind.truncate(limit as usize);
        let apart = behind.iter().map(|account| apart(&state, account)).sum();
        let last = behind.last().map(|account| account.user);
        Ok(DriftSlice { drift: Money::from_units(apart, Currency::Usd), last })
    }
}
