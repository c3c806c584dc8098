//! Erasing what is past retention, in memory.

use async_trait::async_trait;

use super::{
    state::{State, StoredJob},
    store::MemoryStore,
};
use crate::{
    Fault, JobLane, Notice, NoticeState, OrderId, Time, UserId,
    auth::User,
    retention::{Erased, Erasures},
    verification::{Order, Purchase},
};

#[async_trait]
impl Erasures for MemoryStore {
    async fn erase_ended(&self, ended_by: Time, limit: u32) -> Result<Erased, Fault> {
        let state = &mut *self.state();
        let limit = limit as usize;
        let mut erased = state.erase_orders(limit, |order| order.ended_by(ended_by));
        erased.purchases += state.erase_purchases(limit, ended_by);
        let past = |notice: &&mut Notice| notice.is_evidence() && notice.at <= ended_by;
        for notice in state.notices.values_mut().filter(past).take(limit) {
            notice.body.clear();
            notice.state = NoticeState::Handled;
            erased.notices += 1;
        }
        let given_up = |job: &StoredJob| {
            job.buried.is_some() && job.job.kind.lane() == JobLane::Mail && job.job.run_at <= ended_by
        };
        let letters: Vec<_> =
            state.jobs.iter().filter(|(_, job)| given_up(job)).map(|(id, _)| *id).take(limit).collect();
        for letter in letters {
            state.jobs.remove(&letter);
            erased.letters += 1;
        }
        erased.tickets = state.erase_tickets(limit);
        erased.notifications = state.erase_notifications(limit);
        Ok(erased)
    }

    async fn erase_of(&self, user: UserId, limit: u32) -> Result<Erased, Fault> {
        let state = &mut *self.state();
        let mine = |order: &Order| order.head().user == user && order.ended_at().is_some();
        Ok(state.erase_orders(limit as usize, mine))
    }
}

impl State {
    fn erase_tickets(&mut self, limit: usize) -> u32 {
        let users = &self.users;
        let is_left = |user: UserId| users.get(&user).is_some_and(User::is_deleted);
        let left =
            self.tickets.values_mut().filter(|ticket| ticket.subject.is_some() && is_left(ticket.user));
        let mut erased = 0;
        for ticket in left.take(limit) {
            ticket.subject = None;
            for line in self.ticket_lines.values_mut().filter(|line| line.ticket == ticket.id) {
                line.text = None;
            }
            erased += 1;
        }
        erased
    }

    fn erase_notifications(&mut self, limit: usize) -> u32 {
        let users = &self.users;
        let is_left = |user: UserId| users.get(&user).is_some_and(User::is_deleted);
        let told = self.notifications.values().filter(|told| is_left(told.user)).map(|told| told.id);
        let told: Vec<_> = told.take(limit).collect();
        let wished = self.notification_settings.keys().copied().filter(|user| is_left(*user));
        let wished: Vec<_> = wished.take(limit).collect();
        for id in &told {
            self.notifications.remove(id);
        }
        for user in &wished {
            self.notification_settings.remove(user);
        }
        u32::try_from(told.len() + wished.len()).unwrap_or(u32::MAX)
    }

    /// Numbers and texts of up to `limit` orders that are wanted and have some, with the numbers of their purchases.
    fn erase_orders(&mut self, limit: usize, is_wanted: impl Fn(&Order) -> bool) -> Erased {
        let mut erased = Erased::default();
        let has_text = |id: &OrderId| self.messages.values().any(|m| m.order == *id && !m.erased);
        let has_number = |order: &Order| order.line().is_some_and(|line| line.number.is_some());
        let wanted = self.orders.iter().filter(|(id, order)| {
            is_wanted(order) && (has_number(order) || has_text(id) || self.has_bought(**id))
        });
        let wanted: Vec<OrderId> = wanted.map(|(id, _)| *id).take(limit).collect();
        for message in self.messages.values_mut().filter(|m| !m.erased && wanted.contains(&m.order)) {
            *message = message.clone().without_words();
            erased.messages += 1;
        }
        let of_wanted = |p: &&mut Purchase| {
            let order = p.wanted_by.map(|(order, _)| order);
            has_number_of(p) && order.is_some_and(|order| wanted.contains(&order))
        };
        for purchase in self.purchases.values_mut().filter(of_wanted) {
            *purchase = purchase.clone().without_number();
            erased.purchases += 1;
        }
        for id in wanted {
            if let Some(order) = self.orders.get_mut(&id).filter(|order| has_number(order)) {
                *order = order.clone().without_number();
                erased.orders += 1;
            }
        }
        erased
    }

    fn has_bought(&self, order: OrderId) -> bool {
        self.purchases.values().any(|p| has_number_of(p) && p.wanted_by.is_some_and(|(id, _)| id == order))
    }

    /// Numbers of purchases that were bound by then and that no order of a later end has.
    fn erase_purchases(&mut self, limit: usize, ended_by: Time) -> u32 {
        let orders = &self.orders;
        let past = |p: &&mut Purchase| {
            let bound = p.bought().is_some_and(|b| b.number.is_some() && b.bound_at <= ended_by);
            let order = p.wanted_by.and_then(|(id, _)| orders.get(&id));
            bound && order.is_none_or(|order| order.ended_by(ended_by))
        };
        let mut erased = 0;
        for purchase in self.purchases.values_mut().filter(past).take(limit) {
            *purchase = purchase.clone().without_number();
            erased += 1;
        }
        erased
    }
}

fn has_number_of(purchase: &Purchase) -> bool {
    purchase.bought().is_some_and(|bought| bought.number.is_some())
}
