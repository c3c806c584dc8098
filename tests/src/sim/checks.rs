//! Checks: the laws of money and orders on what is kept, and what is kept against the books of the outside.

mod again;
mod returns;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use namaskah_domain::{
    Clock, EventKind, OrderId, ReservationId, Time,
    memory::laws::{self, Snapshot},
    outbox::EventQuery,
    payment::{Intent, IntentState},
    verification::{NumberProvider, Order, OrderStatus, Purchase, Reservation},
    wallet::{HoldState, House},
};

use super::world::World;

/// Money must be back this long after an order's end, or after a restart.
const BACK_WITHIN_S: i64 = 5;
/// With every webhook lost a deposit is credited this long after it succeeded.
pub const CREDITED_WITHIN_S: i64 = 120;

type Broken = Vec<String>;

impl World {
    /// Everything that must hold at any instant. Cheap where nothing was committed since the last look.
    pub fn check(&mut self) -> Broken {
        let mut broken = std::mem::take(&mut self.told().broken);
        broken.extend(self.check_time());
        if !std::mem::take(&mut self.watch.seen().is_dirty) {
            return broken;
        }
        let now = match self.snapshot() {
            Ok(now) => now,
            Err(fault) => return vec![format!("the store cannot be read: {fault}")],
        };
        let skew = self.provider.skew();
        broken.extend(laws::of_money(&now));
        broken.extend(laws::of_orders(&now, skew));
        broken.extend(laws::of_purchases(&now));
        broken.extend(laws::of_history(&self.before, &now));
        self.check_numbers(&now, skew, &mut broken);
        self.check_texts(&now, &mut broken);
        self.check_payments(&now, &mut broken);
        self.check_answers(&now, &mut broken);
        self.check_returns(&now, &mut broken);
        self.check_again(&now, &mut broken);
        self.before = now;
        broken
    }

    fn snapshot(&self) -> Result<Snapshot, namaskah_domain::Fault> {
        futures::executor::block_on(self.kept.snapshot(&self.users))
    }

    /// Law 6: nobody waits longer than five seconds after the end while somebody serves.
    pub fn check_time(&self) -> Broken {
        if self.processes.iter().all(Option::is_none) {
            return Broken::new();
        }
        let now = self.turns.now();
        let seen = self.watch.seen();
        let since = seen.fault_at.map_or(self.restarted_at, |at| at.max(self.restarted_at));
        let late = |(order, (end, bound_at)): (&OrderId, &(Time, Time))| {
            let by = (*end).max(*bound_at).max(since) + TimeDelta::seconds(BACK_WITHIN_S);
            (now > by).then(|| format!("6: {order} ended at {end} and still waits at {now}"))
        };
        seen.waits.iter().filter_map(late).collect()
    }

    /// Laws 5, 6 and 8 against the provider's books.
    fn check_numbers(&self, now: &Snapshot, skew: TimeDelta, broken: &mut Broken) {
        let sold = self.provider.fake.reservations();
        let sold: BTreeMap<&ReservationId, &Reservation> = sold.iter().map(|r| (&r.id, r)).collect();
        let purchases: BTreeMap<_, &Purchase> = now.purchases.iter().map(|p| (p.id, p)).collect();
        for purchase in &now.purchases {
            let Some(bought) = purchase.bought() else { continue };
            let Some(real) = sold.get(&bought.reservation) else {
                broken.push(format!("8: {} was never sold to us", bought.reservation));
                continue;
            };
            let kept = (bought.cost, bought.number.as_ref(), bought.created_at);
            if kept != (real.cost, Some(&real.number), real.created_at) {
                broken.push(format!("8: {} is kept otherwise than it was sold", bought.reservation));
            }
            if !bought.cost.is_at_most(purchase.cost_cap) {
                broken.push(format!(
                    "5: {} cost {:?}, above {:?}",
                    bought.reservation, bought.cost, purchase.cost_cap
                ));
            }
        }
        for order in &now.orders {
            let Some(line) = order.line() else { continue };
            let real = sold.get(&line.reservation).and_then(|real| real.ends_at);
            if real.map(|ends| ends - skew) != Some(line.expires_at) {
                broken.push(format!(
                    "6: {} ends at {}, its number at {real:?}",
                    order.head().id,
                    line.expires_at
                ));
            }
            let bought = purchases.get(&line.purchase).and_then(|purchase| purchase.bought());
            if bought.is_some_and(|bought| bought.bound_at != line.bound_at) {
                broken.push(format!("7: {} was shown at another time than it was bound", order.head().id));
            }
        }
        let books = self.provider.books();
        let (sent, arrived) = (books.sent, books.arrived.len());
        let committed = self.watch.seen().purchases;
        if arrived > sent || sent > committed {
            broken.push(format!("8: {committed} purchases were committed, {sent} sent, {arrived} arrived"));
        }
    }

    /// Law 7 against what was really received.
    fn check_texts(&self, now: &Snapshot, broken: &mut Broken) {
        let books = self.provider.books();
        for message in &now.messages {
            let is_real = books.texts.iter().any(|text| {
                text.message.reservation.as_ref() == Some(&message.reservation)
                    && text.message.received_at == message.received_at
                    && text.message.text == message.text
            });
            if !is_real {
                broken.push(format!("7: {} shows a text that its number never received", message.order));
            }
        }
    }

    /// Law 4 against the gateway's books: nobody is credited for what was not paid as asked.
    fn check_payments(&self, now: &Snapshot, broken: &mut Broken) {
        let paid = self.gateway.paid();
        for intent in &now.intents {
            let real = paid.get(&intent.reference);
            let credited = matches!(intent.state, IntentState::Succeeded { .. });
            let as_asked = real.is_some_and(|paid| paid.instead.is_none() && paid.is_of_our_mode);
            if credited && !as_asked {
                broken.push(format!("4: {} is credited, and was paid so: {real:?}", intent.id));
            }
            let aside = matches!(intent.state, IntentState::Suspense { .. });
            if aside && !real.is_some_and(|paid| paid.instead.is_some() && paid.is_of_our_mode) {
                broken.push(format!("4: {} is set aside, and was paid so: {real:?}", intent.id));
            }
        }
    }

    /// Laws 4 and 9: what users were told stays true, and one key has one effect.
    fn check_answers(&self, now: &Snapshot, broken: &mut Broken) {
        let told = self.told();
        let orders: BTreeMap<OrderId, &Order> = now.orders.iter().map(|o| (o.head().id, o)).collect();
        for (id, (version, status)) in &told.orders {
            let kept = orders.get(id).map(|order| (order.head().version.get(), order.status()));
            let holds = kept.is_some_and(|kept| kept.0 > *version || kept == (*version, *status));
            if !holds {
                broken.push(format!(
                    "9: {id} was told as {} at version {version}, and is {kept:?}",
                    status.name()
                ));
            }
        }
        let kept: BTreeMap<_, _> = now.intents.iter().map(|i| (i.id, i.version.get())).collect();
        for (id, version) in &told.payments {
            if kept.get(id).is_none_or(|kept| kept < version) {
                broken.push(format!("9: {id} was told at version {version}, and is at {:?}", kept.get(id)));
            }
        }
        let placed = told.refused.iter().find(|id| orders.contains_key(id));
        broken.extend(placed.map(|id| format!("4: {id} was refused, and was placed all the same")));
        let mut keys = BTreeSet::new();
        for command in &self.commanded {
            let made = command.orders.iter().any(|order| orders.contains_key(order));
            if made && !keys.insert((command.user, &command.key)) {
                broken.push(format!("4: key {} has had two effects", command.key));
            }
        }
        for (id, most) in &self.most {
            let price = orders.get(id).map(|order| order.head().price.units());
            if price.is_some_and(|price| price > *most) {
                broken.push(format!("5: {id} costs {price:?}, above {most}"));
            }
        }
    }

    /// Law 10: what was paid long enough ago is credited.
    pub fn check_credited(&self) -> Broken {
        let by = self.turns.now() - TimeDelta::seconds(CREDITED_WITHIN_S);
        let paid = self.gateway.paid();
        let waits = |intent: &&Intent| {
            let real = paid.get(&intent.reference);
            let is_due = real.is_some_and(|paid| paid.is_of_our_mode && paid.at <= by);
            is_due && intent.is_creditable() && !self.gateway.is_reversed(&intent.reference)
        };
        let waiting = self.before.intents.iter().filter(waits);
        waiting.map(|intent| format!("10: {} was paid and is {:?}", intent.id, intent.state)).collect()
    }

    /// What must hold once everything has come to rest.
    pub fn check_settled(&self) -> Broken {
        let now = &self.before;
        let mut broken = self.check_books();
        let open = now.orders.iter().filter(|order| !order.status().is_final());
        broken.extend(open.map(|o| format!("6: {} is {} for ever", o.head().id, o.status().name())));
        let held = now.holds.iter().filter(|hold| hold.state == HoldState::Open);
        broken.extend(held.map(|hold| format!("2: {} is open for ever", hold.id)));
        broken.extend(self.check_credited());
        broken.extend(self.watch.seen().buried.iter().map(|why| format!("8: a job was given up, {why}")));
        broken.extend(self.check_events());
        broken.extend(self.check_returned());
        broken.extend(self.check_suppressed());
        broken.extend(self.check_findings());
        broken
    }

    /// Law 8 at rest: every number that the provider sold is bound or an orphan, every attempt has an outcome, and
    /// what the provider kept is what our books say.
    fn check_books(&self) -> Broken {
        let (now, fake) = (&self.before, &self.provider.fake);
        let bought: BTreeMap<_, _> =
            now.purchases.iter().filter_map(Purchase::bought).map(|b| (&b.reservation, b)).collect();
        let sold = fake.reservations();
        let unknown = sold.iter().filter(|r| !bought.contains_key(&r.id));
        let mut broken: Broken = unknown.map(|r| format!("8: nobody knows of {}", r.id)).collect();
        let open = now.purchases.iter().filter(|purchase| purchase.is_sent());
        broken.extend(open.map(|purchase| format!("8: {} has no outcome", purchase.id)));
        let kept = fake.charged().units() - fake.credited().units();
        let float = now.house(House::ProviderFloatTextVerified);
        let accounts = [House::ProviderReceivable, House::CostOfNumbers, House::WriteOff];
        let spent: i64 = accounts.into_iter().map(|house| -now.house(house)).sum();
        if (float, spent) != (kept, kept) {
            broken.push(format!("8: the provider kept {kept}, we booked {float} and account for {spent}"));
        }
        broken
    }

    /// Lists of others and our books agree, or somebody was told of it for nothing.
    fn check_findings(&self) -> Broken {
        let open = futures::executor::block_on(self.kept.backend().reconciliation.open_findings(100));
        let Ok(open) = open else { return vec!["8: findings cannot be read".to_owned()] };
        open.iter().map(|finding| format!("8: {finding:?} is open")).collect()
    }

    /// True if such an event about it was ever told.
    fn was_told(&self, subject: uuid::Uuid, kind: EventKind) -> bool {
        self.events().is_some_and(|told| told.contains(&(subject, kind)))
    }

    fn events(&self) -> Option<BTreeSet<(uuid::Uuid, EventKind)>> {
        let query = EventQuery { user: None, subject: None, after: 0, limit: 100_000 };
        let read = futures::executor::block_on(self.kept.backend().events.after(query)).ok()?;
        Some(read.iter().map(|e| (e.event.subject, e.event.kind)).collect())
    }

    /// Law 9: of everything that a customer can see he is told.
    fn check_events(&self) -> Broken {
        let Some(told) = self.events() else { return vec!["9: events cannot be read".to_owned()] };
        let mut broken = Broken::new();
        for order in &self.before.orders {
            let id = order.head().id;
            for kind in [EventKind::VerificationRequested, EventKind::of(order.status())] {
                if !told.contains(&(id.uuid(), kind)) {
                    broken.push(format!("9: nobody was told {} of {id}", kind.name()));
                }
            }
            if order.line().is_some() && !told.contains(&(id.uuid(), EventKind::of(OrderStatus::Waiting))) {
                broken.push(format!("9: nobody was told that {id} waits"));
            }
        }
        for intent in &self.before.intents {
            let credited = matches!(intent.state, IntentState::Succeeded { .. });
            if credited && !told.contains(&(intent.id.uuid(), EventKind::PaymentSucceeded)) {
                broken.push(format!("9: nobody was told that {} succeeded", intent.id));
            }
        }
        broken
    }
}
