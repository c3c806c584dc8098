//! What orders owe to those that they follow.

use super::{Broken, Snapshot};
use crate::verification::Order;

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
