//! Figures and exports, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{
    MemoryStore,
    reads::{lines_of, number_of},
    state::State,
};
use crate::{
    Currency, EntryId, Fault, Money, OrderId, ReservationId, UserId,
    auth::User,
    payment::{IntentState, RefundState, SuspenseState},
    staff::{
        ExportReads, FigureReads, Flow, OrderFigures, OrderLine, OwnedEntry, Standings, Stretch, Waiting,
    },
    verification::{Order, OrderStatus, Purchase, Receivable},
    wallet::{HoldState, House, LedgerAccount, Source},
};

const fn usd(units: i64) -> Money {
    Money::from_units(units, Currency::Usd)
}

fn is_credited(state: &State, reservation: &ReservationId) -> bool {
    let source = Source::credited(reservation);
    state.transfers.iter().any(|posted| posted.transfer.source == source && posted.transfer.leg == 1)
}

/// What a completed order has earned and kept.
fn earned(state: &State, order: &Order) -> i64 {
    let Order::Completed(done) = order else { return 0 };
    let went_back = order.head().report.is_some() && is_credited(state, &done.line.reservation);
    if went_back { 0 } else { order.head().price.units() }
}

fn flows(rows: impl Iterator<Item = (Money, Money)>) -> Vec<Flow> {
    let mut all: BTreeMap<&'static str, Flow> = BTreeMap::new();
    for (charged, amount) in rows {
        let none = || Flow { count: 0, charged: Money::zero(charged.currency()), amount: usd(0) };
        let flow = all.entry(charged.currency().code()).or_insert_with(none);
        flow.count += 1;
        flow.charged = Money::from_units(flow.charged.units() + charged.units(), charged.currency());
        flow.amount = usd(flow.amount.units() + amount.units());
    }
    all.into_values().collect()
}

#[async_trait]
impl FigureReads for MemoryStore {
    async fn registrations(&self, within: Stretch) -> Result<u64, Fault> {
        let state = self.state();
        Ok(state.users.values().filter(|user| within.has(user.created_at)).count() as u64)
    }

    async fn order_figures(&self, within: Stretch) -> Result<OrderFigures, Fault> {
        let state = self.state();
        let mut by_state: BTreeMap<&'static str, (OrderStatus, u64)> = BTreeMap::new();
        let mut revenue = 0;
        for order in state.orders.values().filter(|order| within.has(order.head().created_at)) {
            by_state.entry(order.status().name()).or_insert((order.status(), 0)).1 += 1;
            revenue += earned(&state, order);
        }
        Ok(OrderFigures { by_state: by_state.into_values().collect(), revenue: usd(revenue) })
    }

    async fn cost_of_numbers(&self, within: Stretch) -> Result<Money, Fault> {
        let state = self.state();
        let sent = state.purchases.values().filter(|purchase| within.has(purchase.sent_at));
        let borne = sent.filter_map(Purchase::bought).filter(|bought| {
            matches!(bought.receivable, Receivable::Costed { .. } | Receivable::WrittenOff { .. })
                && !is_credited(&state, &bought.reservation)
        });
        Ok(usd(borne.map(|bought| bought.cost.units()).sum()))
    }

    async fn deposits(&self, within: Stretch) -> Result<Vec<Flow>, Fault> {
        let state = self.state();
        let credited = state
            .intents
            .values()
            .filter(|intent| matches!(intent.state, IntentState::Succeeded { at } if within.has(at)));
        Ok(flows(credited.map(|intent| (intent.charged.money(), intent.amount.money()))))
    }

    async fn arrived_refunds(&self, within: Stretch) -> Result<Vec<Flow>, Fault> {
        let state = self.state();
        let arrived = state.refunds.values().filter(|refund| {
            within.has(refund.created_at) && matches!(refund.state, RefundState::Processed { .. })
        });
        Ok(flows(arrived.map(|refund| (refund.charged.money(), refund.amount.money()))))
    }

    async fn waiting_for_a_person(&self) -> Result<Vec<Waiting>, Fault> {
        let state = self.state();
        let open = state.suspended.values().filter(|item| item.state == SuspenseState::Open);
        let flows = flows(open.map(|item| (item.paid.money(), usd(0))));
        Ok(flows.into_iter().map(|flow| Waiting { count: flow.count, paid: flow.charged }).collect())
    }

    async fn standings(&self) -> Result<Standings, Fault> {
        let state = self.state();
        let bought = state.purchases.values().filter_map(Purchase::bought);
        let open = bought.filter(|bought| bought.receivable == Receivable::Open);
        let account = LedgerAccount::House(House::ProviderFloatTextVerified);
        let float: i64 =
            state.transfers.iter().map(|posted| posted.transfer.effect_on(account).units()).sum();
        let held = state.holds.values().filter(|hold| hold.state == HoldState::Open);
        Ok(Standings {
            receivable: usd(open.map(|bought| bought.cost.units()).sum()),
            // The float is the house's: a debit raises it.
            float: usd(-float),
            held: usd(held.map(|hold| hold.amount.units()).sum()),
            debt: usd(state.accounts.values().map(|account| account.debt.units()).sum()),
        })
    }
}

fn line(order: &Order) -> OrderLine {
    let head = order.head();
    OrderLine {
        id: head.id,
        user: head.user,
        ask: head.ask.clone(),
        status: order.status(),
        price: head.price,
        attempt: head.attempt,
        retry_of: head.retry_of,
        created_at: head.created_at,
        ended_at: order.ended_at(),
    }
}

#[async_trait]
impl ExportReads for MemoryStore {
    async fn users_within(
        &self,
        within: Stretch,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Fault> {
        let state = self.state();
        let wanted = state.users.values().filter(|user| within.has(user.created_at));
        let wanted = wanted.filter(|user| after.is_none_or(|after| user.id > after));
        Ok(wanted.take(limit as usize).cloned().collect())
    }

    async fn entries_within(
        &self,
        within: Stretch,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<OwnedEntry>, Fault> {
        let state = self.state();
        let owned = |user: &UserId| {
            let user = *user;
            lines_of(&state, user).map(move |entry| OwnedEntry { user, entry })
        };
        let mut all: Vec<_> = state.accounts.keys().flat_map(owned).collect();
        let after = after.map_or(0, number_of);
        all.retain(|owned| within.has(owned.entry.at) && number_of(owned.entry.id) > after);
        all.sort_by_key(|owned| number_of(owned.entry.id));
        all.truncate(limit as usize);
        Ok(all)
    }

    async fn orders_within(
        &self,
        within: Stretch,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderLine>, Fault> {
        let state = self.state();
        let wanted = state.orders.values().filter(|order| within.has(order.head().created_at));
        let wanted = wanted.filter(|order| after.is_none_or(|after| order.head().id > after));
        Ok(wanted.take(limit as usize).map(line).collect())
    }
}
