//! Users who want several numbers at once.

use namaskah_domain::{
    BatchId, OrderId, UserId,
    verification::{BatchItem, BatchItems, BatchMode, BuyBatch, PriceLimit, VerificationError},
};

use super::{LIMITS, ask, cents, claim, service};
use crate::sim::world::World;

/// A batch that can be repeated under its key.
#[derive(Debug, Clone)]
pub struct Batched {
    user: UserId,
    mode: BatchMode,
    /// Service and limit of each item, by their places.
    items: Vec<(usize, usize)>,
    key: String,
    id: BatchId,
}

impl World {
    /// A user orders several numbers.
    pub fn batch(&mut self) {
        let (user, mode) = (self.a_user(), BatchMode::ALL[self.roll(2)]);
        let size = [2, 3, 5][self.roll(3)];
        let items = (0..size).map(|_| (self.roll(3), self.roll(LIMITS.len()))).collect();
        let key = format!("batch-{}", self.batched.len());
        let id = self.id();
        self.send_batch(Batched { user, mode, items, key, id });
    }

    /// A batch is sent once more under its key, or another one under the key of something else.
    pub fn repeat_batch(&mut self) {
        if self.batched.is_empty() {
            return;
        }
        let mut command = self.batched[self.roll(self.batched.len())].clone();
        command.id = self.id();
        match self.roll(5) {
            3 => command.items.push((self.roll(3), 0)),
            4 if !self.ordered.is_empty() => {
                let ordered = &self.ordered[self.roll(self.ordered.len())];
                (command.user, command.key) = (ordered.buy.user, format!("key-{}", ordered.key));
            }
            _ => {}
        }
        self.send_batch(command);
    }

    fn send_batch(&mut self, command: Batched) {
        self.batched.push(command.clone());
        let Batched { user, mode, items: wanted, key, id } = command;
        let most = |limit: usize| cents(LIMITS[limit]);
        let item = |(place, limit): &(usize, usize)| BatchItem {
            id: self.id(),
            ask: ask(service(*place)),
            limit: PriceLimit::AtMost(most(*limit)),
            metadata: None,
        };
        let items: Vec<BatchItem> = wanted.iter().map(item).collect();
        let orders: Vec<(OrderId, i64)> =
            items.iter().zip(&wanted).map(|(item, (_, limit))| (item.id, most(*limit).units())).collect();
        self.command_for(user, &key, &orders);
        if mode == BatchMode::AllOrNothing {
            self.together.push(orders.iter().map(|(order, _)| *order).collect());
        }
        let claim = claim(user, &key, &format!("batch {mode:?} {wanted:?}"), id.uuid());
        let asked: Vec<OrderId> = orders.iter().map(|(order, _)| *order).collect();
        let items = BatchItems::try_new(items).expect("a few");
        let batch = BuyBatch { id, user, mode, items, claim };
        self.command(
            || {
                format!(
                    "{user} orders {wanted:?} at once, {}, as {id} under key {key}: {asked:?}",
                    mode.name()
                )
            },
            |process| {
                let orders = process.orders.clone();
                async move { orders.buy_batch(batch).await }
            },
            {
                let asked = asked.clone();
                move |told, answer| told.batched(user, &asked, answer)
            },
        );
    }

    /// A user looks at a batch, perhaps at somebody else's.
    pub fn look_at_batch(&mut self) {
        if self.batched.is_empty() {
            return;
        }
        let Batched { user: owner, id, .. } = self.batched[self.roll(self.batched.len())].clone();
        let user = self.perhaps_another(owner);
        self.command(
            || format!("{user} looks at {id}"),
            |process| {
                let orders = process.orders.clone();
                async move { orders.batch(user, id).await }
            },
            move |told, answer| match answer {
                Ok(shown) => told.shown_batch(user, &shown),
                Err(VerificationError::NotFound | VerificationError::Unavailable(_)) => {
                    format!("{id} is not shown")
                }
            },
        );
    }
}
