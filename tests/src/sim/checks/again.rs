//! Checks: retries, reports, batches and late texts.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use namaskah_domain::{
    BatchId, Clock, OrderId, Time, UserId,
    memory::laws::{self, Snapshot},
    verification::{Head, Line, Order, ReservationState},
};

use super::Broken;
use crate::sim::{
    provider::{Text, text_to},
    world::World,
};

/// Late texts that a user is shown in 24 hours.
const LATE_A_DAY: usize = 3;

impl World {
    /// Law 5 for what follows an order, and law 7 for what comes late.
    pub(super) fn check_again(&self, now: &Snapshot, broken: &mut Broken) {
        broken.extend(laws::of_retries(now));
        broken.extend(laws::of_reports(now));
        let orders: BTreeMap<OrderId, &Order> = now.orders.iter().map(|o| (o.head().id, o)).collect();
        check_chains(&orders, broken);
        check_batches(&orders, broken);
        for batch in &self.together {
            let made = batch.iter().filter(|order| orders.contains_key(order)).count();
            if made > 0 && made < batch.len() {
                broken.push(format!("4: of {batch:?}, all or nothing, {made} were placed"));
            }
        }
        check_reported_numbers(now, broken);
        self.check_late_texts(now, broken);
    }

    /// What was retried or reported after its end never shows more; nobody pays for what comes late, which the law of
    /// ended holds says.
    fn check_late_texts(&self, now: &Snapshot, broken: &mut Broken) {
        for order in &self.before.orders {
            let head = order.head();
            let is_closed = head.retried_by.is_some() || head.report.is_some();
            if !matches!(order, Order::Expired(_)) || !is_closed {
                continue;
            }
            let texts = |of: &Snapshot| of.messages.iter().filter(|text| text.order == head.id).count();
            if texts(now) > texts(&self.before) {
                broken.push(format!("7: {} shows a late text although it was left", head.id));
            }
        }
    }

    /// A text to each user's number that has expired lately and may still show one.
    pub(in crate::sim) fn send_late_texts(&self) -> Vec<OrderId> {
        let now = self.turns.now();
        let mut to: BTreeMap<UserId, (OrderId, &Line)> = BTreeMap::new();
        for order in &self.before.orders {
            let (head, Order::Expired(expired)) = (order.head(), order) else { continue };
            let shown =
                self.before.messages.iter().filter(|text| text.late && self.is_of(text.order, head.user));
            let lately = shown.filter(|text| text.stored_at > now - TimeDelta::hours(24)).count();
            let is_lately = expired.at > now - TimeDelta::minutes(28);
            if is_lately && lately < LATE_A_DAY && head.may_show_late() {
                to.insert(head.user, (head.id, &expired.line));
            }
        }
        let at = self.provider.now();
        for (order, line) in to.values() {
            let Some(number) = line.number.clone() else { continue };
            let message = text_to(line.reservation.clone(), number, "Your code is 771203", at);
            self.provider.write(Text { message, is_named: true, listed_from: at });
            self.say(|| format!("a text comes late for {order}"));
        }
        to.into_values().map(|(order, _)| order).collect()
    }

    fn is_of(&self, order: OrderId, user: UserId) -> bool {
        self.before.orders.iter().any(|known| known.head().id == order && known.head().user == user)
    }

    /// Law 7: a code that comes late for an order that has expired is shown, free.
    pub(in crate::sim) fn check_shown_late(&self, expected: &[OrderId]) -> Broken {
        let shown = |order: &OrderId| {
            self.before.messages.iter().any(|text| {
                text.order == *order && text.late && text.text.as_deref() == Some("Your code is 771203")
            })
        };
        let lacking = expected.iter().filter(|order| !shown(order));
        lacking.map(|order| format!("7: {order} does not show the code that came late")).collect()
    }

    /// With nothing left to do, the provider knows which numbers nobody needs and which were reported after their code.
    pub(in crate::sim) fn check_told_provider(&self) -> Broken {
        if !self.watch.seen().jobs.is_empty() {
            return Broken::new();
        }
        let orders: BTreeMap<OrderId, &Order> =
            self.before.orders.iter().map(|order| (order.head().id, order)).collect();
        let real: BTreeMap<_, _> =
            self.provider.fake.reservations().into_iter().map(|real| (real.id, real.state)).collect();
        let untold = self.before.purchases.iter().filter_map(|purchase| {
            let bought = purchase.bought()?;
            let order = purchase.wanted_by.and_then(|(order, _)| orders.get(&order));
            // A number whose code was paid for ends by itself, and may tell its old state for ever.
            let (is_over, after_code) = match order {
                Some(Order::Completed(done)) if done.line.purchase == purchase.id => {
                    (false, done.head.report.is_some_and(|report| report.is_told && report.at > done.at))
                }
                order => (order.is_none_or(|order| order.status().is_final()), false),
            };
            let is_open = |state: &ReservationState| match state {
                ReservationState::Pending => is_over,
                ReservationState::Completed => after_code,
                _ => false,
            };
            real.get(&bought.reservation).is_some_and(is_open).then_some(&bought.reservation)
        });
        untold.map(|reservation| format!("8: nobody told the provider of the end of {reservation}")).collect()
    }

    /// At rest: of a number that was reported the house knows not to sell it again.
    pub(super) fn check_suppressed(&self) -> Broken {
        let backend = self.kept.backend();
        let mut broken = Broken::new();
        for order in &self.before.orders {
            let (head, Some(line)) = (order.head(), order.line()) else { continue };
            let is_told = reported_at(head, line).is_some();
            let Some(number) = &line.number else { continue };
            let known = || backend.orders.is_suppressed(&head.ask.service, number);
            if is_told && !futures::executor::block_on(known()).unwrap_or_default() {
                broken.push(format!("8: the number of {} may be sold again", head.id));
            }
        }
        broken
    }
}

/// Of an order and all that follow it one at most was paid for.
fn check_chains(orders: &BTreeMap<OrderId, &Order>, broken: &mut Broken) {
    for order in orders.values().filter(|order| matches!(order, Order::Completed(_))) {
        let mut earlier = order.head().retry_of;
        while let Some(first) = earlier.and_then(|of| orders.get(&of)) {
            if matches!(first, Order::Completed(_)) {
                let (first, second) = (first.head().id, order.head().id);
                broken.push(format!("5: {first} was paid for, and {second} in its place"));
            }
            earlier = first.head().retry_of;
        }
    }
}

/// Each order of a batch has money of its own, and all are one user's.
fn check_batches(orders: &BTreeMap<OrderId, &Order>, broken: &mut Broken) {
    let mut holds: BTreeMap<_, OrderId> = BTreeMap::new();
    let mut users: BTreeMap<BatchId, _> = BTreeMap::new();
    for order in orders.values() {
        let head = order.head();
        if let Some(other) = holds.insert(head.hold, head.id) {
            broken.push(format!("3: {other} and {} share a hold", head.id));
        }
        if let Some(batch) = head.batch
            && *users.entry(batch).or_insert(head.user) != head.user
        {
            broken.push(format!("4: {batch} is of two users"));
        }
    }
}

/// A number that was reported is not sold for the same service again.
fn check_reported_numbers(now: &Snapshot, broken: &mut Broken) {
    for order in &now.orders {
        let (head, Some(line)) = (order.head(), order.line()) else { continue };
        let Some(reported_at) = reported_at(head, line) else { continue };
        let again = now.orders.iter().find(|other| {
            other.head().id != head.id
                && other.head().ask.service == head.ask.service
                && line.number.is_some()
                && other.line().is_some_and(|sold| sold.number == line.number && sold.bound_at > reported_at)
        });
        broken.extend(
            again.map(|other| format!("8: {} has a number that {} has reported", other.head().id, head.id)),
        );
    }
}

/// When the number of an order was reported. A complaint from before there was a number is about none, and so is one
/// that came while another number was on its way.
fn reported_at(head: &Head, line: &Line) -> Option<Time> {
    let report = head.report.filter(|report| report.is_told && report.at > line.bound_at);
    report.filter(|_| head.swaps == 0).map(|report| report.at)
}
