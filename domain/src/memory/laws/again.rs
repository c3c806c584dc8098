//! What orders owe to those that they follow.

use chrono::{SubsecRound, TimeDelta, Timelike};

use super::{Broken, Snapshot};
use crate::{
    verification::{Message, Order, Purchase, PurchaseState, Requested},
    wallet::{House, LedgerAccount, Source},
};

/// What went back for codes that were reported: to users, and to the house for gifts that are closed.
pub(super) fn returned(now: &Snapshot) -> i64 {
    let revenue = LedgerAccount::House(House::Revenue);
    let reports = now.journal.iter().map(|(t, _)| t).filter(|t| t.source.as_str().starts_with("rep:"));
    reports.map(|transfer| -transfer.effect_on(revenue).units()).sum()
}

/// Law 5: what goes back for a report is what was paid, and it goes back only for a code that was paid for and
/// reported, and only if the provider has given us its price.
pub fn of_reports(now: &Snapshot) -> Vec<String> {
    let mut broken = Broken::default();
    let mut explained = 0;
    for order in &now.orders {
        let head = order.head();
        let revenue = LedgerAccount::House(House::Revenue);
        let back: i64 = now.entry(&Source::reported(head.id)).map(|t| -t.effect_on(revenue).units()).sum();
        if back == 0 {
            continue;
        }
        explained += back;
        let is_due = matches!(order, Order::Completed(_)) && head.report.is_some();
        broken.unless(is_due && back == head.price.units(), || {
            format!("5: {} of {:?} gave {back} back", head.id, head.price)
        });
        let own = |p: &&Purchase| order.line().is_some_and(|line| line.purchase == p.id);
        let bought = now.purchases.iter().find(own).and_then(Purchase::bought);
        let credited = bought.is_some_and(|bought| {
            bought.cost.is_zero() || now.entry(&Source::credited(&bought.reservation)).next().is_some()
        });
        broken.unless(credited, || format!("5: {} gave back what the provider kept", head.id));
    }
    let returned = returned(now);
    broken.unless(returned == explained, || format!("5: {returned} went back, {explained} is explained"));
    broken.0
}

/// Pitfall 9, and law 5: a retry follows one order that brought no code, once, at its price or less, with a hold of
/// its own.
pub fn of_retries(now: &Snapshot) -> Vec<String> {
    let mut broken = Broken::default();
    for order in &now.orders {
        let head = order.head();
        if let Some(by) = head.retried_by {
            let follows = now.orders.iter().any(|o| o.head().id == by && o.head().retry_of == Some(head.id));
            let ended = matches!(order, Order::Cancelled(_) | Order::Expired(_) | Order::Failed(_));
            broken.unless(follows && ended, || format!("5: {} is not retried as it says", head.id));
        }
        let Some(of) = head.retry_of else { continue };
        let first = now.orders.iter().find(|o| o.head().id == of).map(Order::head);
        let fits = first.is_some_and(|first| {
            first.retried_by == Some(head.id)
                && first.user == head.user
                && first.ask == head.ask
                && first.attempt + 1 == head.attempt
                && head.price.money().is_at_most(first.price.money())
                && first.hold != head.hold
        });
        broken.unless(fits, || format!("5: {} does not fit what it retries", head.id));
    }
    broken.0
}

/// Law 8: of an order's purchases one at most is live. The others had numbers that were given up, but for a last one
/// that brought none, or none in time: then the order ended with the number before.
pub(super) fn numbers_fit(order: &Order, own: &[&Purchase]) -> bool {
    let live = match order {
        Order::Requested(Requested { former: Some(former), .. }) => Some(former.purchase),
        Order::Requested(_) | Order::Failed(_) => own.first().map(|purchase| purchase.id),
        _ => order.line().map(|line| line.purchase),
    };
    let (live, others): (Vec<&Purchase>, Vec<&Purchase>) =
        own.iter().partition(|purchase| Some(purchase.id) == live);
    let serves = live.iter().all(|purchase| match (order, &purchase.state) {
        (Order::Requested(_), PurchaseState::Sent)
        | (Order::Failed(_), PurchaseState::Absent { .. } | PurchaseState::Orphan(_)) => true,
        (_, PurchaseState::Bound(bought)) => {
            order.line().is_some_and(|line| line.reservation == bought.reservation)
        }
        _ => false,
    });
    let vain = others.iter().filter(|purchase| !matches!(purchase.state, PurchaseState::Bound(_))).count();
    let may_be_vain = usize::from(matches!(order, Order::Cancelled(_) | Order::Expired(_)));
    live.len() == 1 && serves && vain <= may_be_vain
}

/// Law 7: a text without a code to a number that the order had before a swap. It stays with the order; none is taken
/// in once the number was given up.
pub(super) fn came_before_a_swap(now: &Snapshot, order: &Order, text: &Message, skew: TimeDelta) -> bool {
    let is_own = |purchase: &&Purchase| purchase.wanted_by.is_some_and(|(id, _)| id == order.head().id);
    let own = || now.purchases.iter().filter(is_own);
    let former = own().find_map(|purchase| match &purchase.state {
        PurchaseState::Bound(bought) if bought.reservation == text.reservation => Some((purchase, bought)),
        _ => None,
    });
    let Some((former, bought)) = former else { return false };
    if order.line().is_some_and(|line| line.purchase == former.id) {
        return false;
    }
    // Of two attempts of one instant nobody knows which came first.
    let others = || own().filter(|other| other.id != former.id).map(|other| other.sent_at);
    let later = others().filter(|at| *at > former.sent_at).min();
    let given_up_at = later.or_else(|| others().find(|at| *at == former.sent_at));
    let shown = bought.bound_at + skew;
    let earliest = if text.received_at.nanosecond() == 0 { shown.trunc_subsecs(0) } else { shown };
    let in_time = text.received_at >= earliest && given_up_at.is_some_and(|at| text.stored_at <= at);
    text.code.is_none() && !text.late && in_time
}
