//! Users who want something else than they were given: another try, another number, or to complain.

use namaskah_domain::{
    OrderId, UserId,
    verification::{ReportReason, Retry, Swap},
};

use super::claim;
use crate::sim::world::World;

/// What is wanted in the place of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// A new order.
    Order,
    /// The same order with another number.
    Number,
}

/// A command about an order that can be repeated under its key.
#[derive(Debug, Clone)]
pub struct Again {
    user: UserId,
    of: OrderId,
    instead: Instead,
    key: String,
}

impl World {
    /// A user tries again, perhaps with somebody else's order.
    pub fn retry(&mut self) {
        self.try_again(Instead::Order);
    }

    /// A user wants another number.
    pub fn swap(&mut self) {
        self.try_again(Instead::Number);
    }

    fn try_again(&mut self, instead: Instead) {
        let Some((owner, of)) = self.an_order() else { return };
        let user = self.perhaps_another(owner);
        let key = format!("again-{}", self.again.len());
        self.send_again(Again { user, of, instead, key });
    }

    /// A retry or a swap is sent once more under its key, or another one under the key of something else.
    pub fn repeat_again(&mut self) {
        if self.again.is_empty() {
            return;
        }
        let mut command = self.again[self.roll(self.again.len())].clone();
        match self.roll(6) {
            3 => {
                let Some((_, of)) = self.an_order() else { return };
                command.of = of;
            }
            4 if !self.ordered.is_empty() => {
                let ordered = &self.ordered[self.roll(self.ordered.len())];
                (command.user, command.key) = (ordered.buy.user, format!("key-{}", ordered.key));
            }
            5 => {
                command.instead = match command.instead {
                    Instead::Order => Instead::Number,
                    Instead::Number => Instead::Order,
                }
            }
            _ => {}
        }
        self.send_again(command);
    }

    fn send_again(&mut self, command: Again) {
        self.again.push(command.clone());
        match command.instead {
            Instead::Order => self.send_retry(&command),
            Instead::Number => self.send_swap(&command),
        }
    }

    fn send_retry(&mut self, command: &Again) {
        let Again { user, of, key, .. } = command.clone();
        let id: OrderId = self.id();
        let most = self.most.get(&of).copied().unwrap_or(i64::MAX);
        self.command_for(user, &key, &[(id, most)]);
        let retry = Retry { id, user, of, claim: claim(user, &key, &format!("retry {of}"), id.uuid()) };
        let asked = retry.clone();
        self.command(
            || format!("{user} retries {of} as {id} under key {key}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.retry(retry).await }
            },
            move |told, answer| told.retried(&asked, answer),
        );
    }

    fn send_swap(&mut self, command: &Again) {
        let Again { user, of, key, .. } = command.clone();
        let swap = Swap { user, order: of, claim: claim(user, &key, &format!("swap {of}"), of.uuid()) };
        let asked = swap.clone();
        self.command(
            || format!("{user} swaps the number of {of} under key {key}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.swap(swap).await }
            },
            move |told, answer| told.swapped(&asked, answer),
        );
    }

    /// A user complains about a number, perhaps for the second time.
    pub fn report(&mut self) {
        let Some((owner, id)) = self.an_order() else { return };
        let user = self.perhaps_another(owner);
        let reason = ReportReason::ALL[self.roll(ReportReason::ALL.len())];
        self.command(
            || format!("{user} reports {id}: {}", reason.name()),
            |process| {
                let orders = process.orders.clone();
                async move { orders.report(user, id, reason).await }
            },
            move |told, answer| match answer {
                Ok(order) => told.order(user, &order),
                Err(error) => format!("{id} is not reported: {error}"),
            },
        );
    }
}
