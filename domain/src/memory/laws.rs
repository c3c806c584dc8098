//! The laws of money and orders, as functions that name what is broken. For property tests over any store: read
//! everything into a [`Snapshot`] and ask.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{SubsecRound, TimeDelta, Timelike};

mod again;
mod back;

pub use again::{of_reports, of_retries};

use super::{MemoryStore, Platform};
use crate::{
    Clock, Currency, HoldId, Money, ReservationId, Time, UserId,
    payment::{Dispute, Intent, IntentState, Refund, Suspended, SuspenseState},
    verification::{Message, NumberProvider, Order, Purchase, Receivable, order::LATE_WITHIN},
    wallet::{
        Account, EntryKind, Hold, HoldPurpose, HoldState, House, LedgerAccount, Pocket, PromoGrant, Purse,
        Source, Transfer,
    },
};

/// Money must be back this long after an order's end.
const BACK_WITHIN_S: i64 = 5;

/// Everything that the laws are about, as a store keeps it.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Every account.
    pub accounts: Vec<Account>,
    /// The whole journal, in order, with the posted total of its user after each transfer.
    pub journal: Vec<(Transfer, Option<Money>)>,
    /// Every hold.
    pub holds: Vec<Hold>,
    /// Every order.
    pub orders: Vec<Order>,
    /// Every purchase.
    pub purchases: Vec<Purchase>,
    /// Every payment.
    pub intents: Vec<Intent>,
    /// Payments that wait for a person.
    pub suspended: Vec<Suspended>,
    /// Every refund.
    pub refunds: Vec<Refund>,
    /// Every dispute.
    pub disputes: Vec<Dispute>,
    /// Every gift, or those that are not closed.
    pub grants: Vec<PromoGrant>,
    /// Every text.
    pub messages: Vec<Message>,
}

impl Snapshot {
    /// What a memory store keeps now.
    pub fn of(store: &MemoryStore) -> Self {
        let journal = store.journal().into_iter().map(|posted| (posted.transfer, posted.balance_after));
        Self {
            accounts: store.accounts(),
            journal: journal.collect(),
            holds: store.all_holds(),
            orders: store.all_orders(),
            purchases: store.all_purchases(),
            intents: store.all_intents(),
            suspended: store.suspended(),
            refunds: store.all_refunds(),
            disputes: store.all_disputes(),
            grants: store.all_grants(),
            messages: store.all_messages(),
        }
    }

    /// The sum of everything posted to an account, credits plus, in one currency.
    pub fn posted(&self, account: LedgerAccount, currency: Currency) -> i64 {
        let in_it = self.journal.iter().filter(|(t, _)| t.amount.currency() == currency);
        in_it.map(|(t, _)| t.effect_on(account).units()).sum()
    }

    /// What was posted to a house account, in dollars.
    pub fn house(&self, house: House) -> i64 {
        self.posted(LedgerAccount::House(house), Currency::Usd)
    }

    /// What of the costs of numbers was given up, as a posting: below zero.
    fn written_off_costs(&self) -> i64 {
        let costs = self.journal.iter().filter(|(transfer, _)| transfer.kind == EntryKind::Cost);
        costs.map(|(t, _)| t.effect_on(LedgerAccount::House(House::WriteOff)).units()).sum()
    }

    fn entry(&self, source: &Source) -> impl Iterator<Item = &Transfer> {
        self.journal.iter().map(|(transfer, _)| transfer).filter(move |t| t.source == *source)
    }
}

/// Collects what is broken.
#[derive(Debug, Default)]
struct Broken(Vec<String>);

impl Broken {
    fn unless(&mut self, holds: bool, law: impl FnOnce() -> String) {
        if !holds {
            self.0.push(law());
        }
    }
}

/// What is broken on a platform now; empty if every law holds. Call it after [`Platform::tick`] if time has moved.
pub fn check(platform: &Platform) -> Vec<String> {
    let now = Snapshot::of(&platform.store);
    let mut broken = of_money(&now);
    broken.extend(of_orders(&now, platform.provider.skew()));
    broken.extend(of_time(&now, platform.clock.now()));
    broken.extend(of_purchases(&now));
    broken.extend(of_retries(&now));
    broken.extend(of_reports(&now));
    broken
}

/// Laws 1, 2, 3, 4, 5 and 11: what accounts, journal, holds, orders and payments say about each other.
pub fn of_money(now: &Snapshot) -> Vec<String> {
    let mut broken = Broken::default();
    journal(now, &mut broken);
    for account in &now.accounts {
        self::account(now, account, &mut broken);
    }
    for hold in &now.holds {
        self::hold(now, hold, &mut broken);
    }
    for order in &now.orders {
        money_of_order(now, order, &mut broken);
    }
    for intent in &now.intents {
        self::intent(now, intent, &mut broken);
        back::payment(now, intent, &mut broken);
    }
    for refund in &now.refunds {
        back::refund(now, refund, &mut broken);
    }
    for dispute in &now.disputes {
        back::dispute(now, dispute, &mut broken);
    }
    house(now, &mut broken);
    broken.0
}

/// Law 1: a leg stands once, and a bridge between currencies has two banks.
fn journal(now: &Snapshot, broken: &mut Broken) {
    let mut legs = BTreeSet::new();
    let mut totals: BTreeMap<UserId, i64> = BTreeMap::new();
    for (transfer, balance_after) in &now.journal {
        let leg = (transfer.source.as_str(), transfer.leg);
        broken.unless(legs.insert(leg), || format!("1: {leg:?} is posted twice"));
        broken.unless(transfer.debit != transfer.credit, || format!("1: {leg:?} pays itself"));
        let Some(user) = transfer.debit.user().or(transfer.credit.user()) else { continue };
        let total = totals.entry(user).or_default();
        for purse in [Purse::Wallet, Purse::Promo] {
            *total += transfer.effect_on(LedgerAccount::User(user, purse)).units();
        }
        let told = balance_after.map(Money::units);
        broken
            .unless(told == Some(*total), || format!("1: {leg:?} tells a balance of {told:?}, not {total}"));
    }
}

/// Laws 1 and 2 for one account.
fn account(now: &Snapshot, account: &Account, broken: &mut Broken) {
    let user = account.user;
    let open = || now.holds.iter().filter(|hold| hold.user == user && hold.state == HoldState::Open);
    let parts: [(Purse, Pocket, i64); 2] = [
        (Purse::Wallet, account.wallet, open().map(|hold| hold.split.wallet.units()).sum()),
        (Purse::Promo, account.promo, open().map(|hold| hold.split.promo.units()).sum()),
    ];
    for (purse, pocket, held) in parts {
        let posted = now.posted(LedgerAccount::User(user, purse), pocket.posted.currency());
        let name = format!("{purse:?} of {user}");
        broken.unless(pocket.posted.units() == posted, || {
            format!("1: {name} says {:?}, its postings {posted}", pocket.posted)
        });
        broken.unless(pocket.held.units() == held, || {
            format!("1: {name} holds {:?}, its holds {held}", pocket.held)
        });
        let in_order = pocket.posted.units() >= held && held >= 0;
        broken.unless(in_order, || format!("2: {name} has {:?} and holds {held}", pocket.posted));
    }
    let lapsed = account.promo_lapsed.units();
    broken.unless((0..=account.promo.posted.units()).contains(&lapsed), || {
        format!("2: of {:?} of promo {user} has lost {lapsed}", account.promo.posted)
    });
    let open = now.grants.iter().filter(|grant| grant.user == user && grant.closed_at.is_none());
    let given: i64 = open.map(|grant| grant.amount.units() - grant.taken.units()).sum();
    broken.unless(account.promo.posted.units() <= given, || {
        format!("1: {user} has {:?} of promo, and gifts explain {given}", account.promo.posted)
    });
    let owed = -now.posted(LedgerAccount::User(user, Purse::Debt), account.debt.currency());
    broken.unless(account.debt.units() == owed && owed >= 0, || {
        format!("1: {user} owes {:?}, the postings say {owed}", account.debt)
    });
    let disputed = account.disputed.units();
    let open = now.disputes.iter().filter(|dispute| dispute.user == user && dispute.is_open()).count();
    let claimed: i64 = now.disputes.iter().filter(|d| d.user == user).map(back::frozen_by).sum();
    broken.unless(account.open_disputes as usize == open && disputed == claimed, || {
        format!("2: {user} has {open} open disputes over {claimed} and counts {disputed}")
    });
    broken.unless(disputed >= 0 && (disputed > 0) == (account.open_disputes > 0), || {
        format!("2: {user} has {} open disputes over {:?}", account.open_disputes, account.disputed)
    });
    let orders = now.orders.iter().filter(|o| o.head().user == user && !o.status().is_final()).count();
    broken.unless(account.open_orders as usize == orders, || {
        format!("2: {user} counts {} open orders of {orders}", account.open_orders)
    });
    let intents = now.intents.iter().filter(|i| i.user == user && i.is_open()).count();
    broken.unless(account.open_intents as usize == intents, || {
        format!("2: {user} counts {} open payments of {intents}", account.open_intents)
    });
}

/// Laws 3 and 5 for one hold.
fn hold(now: &Snapshot, hold: &Hold, broken: &mut Broken) {
    let parts = hold.split.wallet.units() + hold.split.promo.units();
    broken.unless(parts == hold.amount.units(), || format!("3: the parts of {} are {parts}", hold.id));
    let charged: i64 = now.entry(&Source::captured(hold.id)).map(|t| charge_of(t, hold.user)).sum();
    let due = if is_earned(hold) { hold.amount.units() } else { 0 };
    broken.unless(charged == due, || {
        format!("3: {} is {:?} and charged {charged} of {:?}", hold.id, hold.state, hold.amount)
    });
}

/// True for the captured hold of an order. What a spent one reserved is booked under its refund's own source.
fn is_earned(hold: &Hold) -> bool {
    matches!((hold.state, hold.purpose), (HoldState::Captured { .. }, HoldPurpose::Order(_)))
}

fn charge_of(transfer: &Transfer, user: UserId) -> i64 {
    let purses = [Purse::Wallet, Purse::Promo].map(|purse| LedgerAccount::User(user, purse));
    purses.into_iter().map(|purse| -transfer.effect_on(purse).units()).sum()
}

/// Laws 3, 5 and 11 for one order: its state says what became of its hold.
fn money_of_order(now: &Snapshot, order: &Order, broken: &mut Broken) {
    let head = order.head();
    let Some(hold) = now.holds.iter().find(|hold| hold.id == head.hold) else {
        return broken.0.push(format!("11: {} has no hold", head.id));
    };
    let agrees = match order {
        Order::Requested(_) | Order::Waiting(_) => hold.state == HoldState::Open,
        Order::Completed(_) => matches!(hold.state, HoldState::Captured { .. }),
        Order::Cancelled(_) | Order::Expired(_) | Order::Failed(_) => {
            matches!(hold.state, HoldState::Released { .. })
        }
    };
    broken.unless(agrees, || {
        format!("11: {} is {} and its hold {:?}", head.id, order.status().name(), hold.state)
    });
    let own =
        hold.user == head.user && hold.purpose == HoldPurpose::Order(head.id) && hold.amount == head.price;
    broken.unless(own, || format!("5: {} costs {:?} and holds {:?}", head.id, head.price, hold.amount));
}

/// Law 4 for one payment: what it credited, once, and only if it says so.
fn intent(now: &Snapshot, intent: &Intent, broken: &mut Broken) {
    let wallet = LedgerAccount::User(intent.user, Purse::Wallet);
    let source = Source::paystack(&intent.reference);
    let debt = LedgerAccount::User(intent.user, Purse::Debt);
    // What repays debt at once was credited all the same.
    let gained: i64 =
        now.entry(&source).map(|t| t.effect_on(wallet).units() + t.effect_on(debt).units()).sum();
    let aside: i64 =
        now.entry(&source).map(|t| t.effect_on(LedgerAccount::House(House::Suspense)).units()).sum();
    let due = match intent.state {
        IntentState::Succeeded { .. } => intent.amount.units(),
        _ => 0,
    };
    let items = || now.suspended.iter().filter(|item| item.payment == intent.id);
    let waits: i64 =
        items().filter(|item| item.state == SuspenseState::Open).map(|item| item.paid.units()).sum();
    let is_aside = matches!(intent.state, IntentState::Suspense { .. });
    let credited = |item: &&Suspended| matches!(item.state, SuspenseState::Credited { .. });
    let set_aside = items().filter(|item| !credited(item)).count();
    broken.unless(gained == due, || format!("4: {} credited {gained} of {due}", intent.id));
    broken.unless(aside == waits && set_aside == usize::from(is_aside), || {
        format!("4: {} is {:?} with {aside} in suspense and {waits} waiting", intent.id, intent.state)
    });
}

/// What the house's accounts say about the numbers it bought.
fn house(now: &Snapshot, broken: &mut Broken) {
    let sum = |of: fn(Receivable) -> bool| -> i64 {
        let bought = now.purchases.iter().filter_map(Purchase::bought);
        bought.filter(|b| of(b.receivable)).map(|b| b.cost.units()).sum()
    };
    let receivable = -now.house(House::ProviderReceivable);
    let open = sum(|r| r == Receivable::Open);
    broken.unless(receivable == open, || format!("1: {receivable} is receivable, {open} is open"));
    let captured: i64 = now.holds.iter().filter(|hold| is_earned(hold)).map(|hold| hold.amount.units()).sum();
    let revenue = now.house(House::Revenue) + again::returned(now);
    broken.unless(revenue == captured, || format!("3: {revenue} was revenue, {captured} was captured"));
}

/// Law 7, and the shape of what is waiting: each text is its order's own, and each completed order has a code.
/// `skew` is the provider's clock minus ours.
pub fn of_orders(now: &Snapshot, skew: TimeDelta) -> Vec<String> {
    let mut broken = Broken::default();
    for order in &now.orders {
        let id = order.head().id;
        let texts: Vec<&Message> = now.messages.iter().filter(|message| message.order == id).collect();
        let (before, texts): (Vec<&Message>, Vec<&Message>) =
            texts.into_iter().partition(|text| again::came_before_a_swap(now, order, text, skew));
        let Some(line) = order.line() else {
            broken.unless(texts.is_empty(), || format!("7: {id} has texts and no number"));
            continue;
        };
        broken.unless(before.is_empty() || order.head().swaps > 0, || format!("7: {id} was never swapped"));
        let readable = texts.iter().any(|text| text.code.is_some() && !text.late);
        let is_completed = matches!(order, Order::Completed(_));
        // Past retention a completed order is without its code, and nothing else may be.
        let was_readable = readable || is_completed && texts.iter().any(|text| text.erased && !text.late);
        broken.unless(was_readable == is_completed, || {
            format!("7: {id} is {} and its code readable: {readable}", order.status().name())
        });
        for text in texts {
            let shown = line.bound_at + skew;
            let whole_second = text.received_at.nanosecond() == 0;
            let earliest = if whole_second { shown.trunc_subsecs(0) } else { shown };
            let own = text.reservation == line.reservation && text.received_at >= earliest;
            broken.unless(own, || format!("7: {id} was shown a text that is not its own"));
            let may_be_late = matches!(order, Order::Expired(_)) && text.received_at <= latest(order, skew);
            broken.unless(!text.late || may_be_late, || format!("7: {id} was shown a text too late"));
            let in_time = text.late || text.received_at <= line.expires_at + skew;
            broken.unless(in_time, || format!("7: {id} was shown a text from after its end"));
        }
    }
    broken.0
}

/// Until when a text may come late.
fn latest(order: &Order, skew: TimeDelta) -> Time {
    order.ended_at().map_or(Time::MIN_UTC, |at| at + LATE_WITHIN + skew)
}

/// Law 6: no order waits longer than five seconds after its end.
pub fn of_time(now: &Snapshot, clock: Time) -> Vec<String> {
    let mut broken = Broken::default();
    for order in &now.orders {
        let ends = order.expires_at().filter(|_| !order.status().is_final());
        let by = ends.map(|ends| ends + TimeDelta::seconds(BACK_WITHIN_S));
        broken.unless(by.is_none_or(|by| clock < by), || {
            format!("6: {} still waits at {clock}", order.head().id)
        });
    }
    broken.0
}

/// Law 8: each reservation belongs to one purchase, each order has the purchases that its state needs, and no
/// number is shown to a user for a service twice.
pub fn of_purchases(now: &Snapshot) -> Vec<String> {
    let mut broken = Broken::default();
    let mut reservations = BTreeSet::new();
    for bought in now.purchases.iter().filter_map(Purchase::bought) {
        let once = reservations.insert(&bought.reservation);
        broken.unless(once, || format!("8: {} belongs to two purchases", bought.reservation));
    }
    let mut shown = BTreeSet::new();
    for order in &now.orders {
        let head = order.head();
        let own: Vec<_> =
            now.purchases.iter().filter(|p| p.wanted_by.is_some_and(|(id, _)| id == head.id)).collect();
        let attempts = head.swaps as usize + 1;
        let fits = own.len() == attempts && again::numbers_fit(order, &own);
        broken.unless(fits, || format!("8: {} and its purchases do not agree", head.id));
        let Some(number) = order.line().and_then(|line| line.number.as_ref()) else { continue };
        let once = shown.insert((head.user, head.ask.service.clone(), number.clone()));
        broken.unless(once, || format!("8: {} shows a number for the second time", head.id));
    }
    broken.0
}

/// What has changed from `before` to `after` that may never change: entries, ended holds, final states.
pub fn of_history(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut broken = Broken::default();
    let kept = after.journal.len() >= before.journal.len()
        && after.journal.iter().zip(&before.journal).all(|(now, then)| now == then);
    broken.unless(kept, || "1: an entry has changed or vanished".to_owned());
    let now: BTreeMap<HoldId, &Hold> = after.holds.iter().map(|hold| (hold.id, hold)).collect();
    for hold in &before.holds {
        let stays = hold.state == HoldState::Open || now.get(&hold.id) == Some(&hold);
        broken.unless(stays && now.contains_key(&hold.id), || format!("3: {} ended twice", hold.id));
    }
    for order in before.orders.iter().filter(|order| order.status().is_final()) {
        let then = after.orders.iter().find(|o| o.head().id == order.head().id).map(Order::status);
        broken.unless(then == Some(order.status()), || {
            format!("3: {} was {} and is {then:?}", order.head().id, order.status().name())
        });
    }
    let gone = before.messages.iter().find(|message| !after.messages.contains(message));
    broken.unless(gone.is_none(), || "9: a text has vanished".to_owned());
    broken.0
}

/// Once nothing is on its way: every reservation of the fake provider is bound or an orphan, no purchase is open,
/// and the provider's books agree with ours to the unit.
pub fn when_settled(platform: &Platform) -> Vec<String> {
    let now = Snapshot::of(&platform.store);
    let mut broken = Broken::default();
    let held: BTreeSet<&ReservationId> =
        now.purchases.iter().filter_map(|p| p.bought().map(|b| &b.reservation)).collect();
    let sold = platform.provider.reservations();
    for reservation in &sold {
        let known = held.contains(&reservation.id);
        broken.unless(known, || format!("8: nobody knows of {}", reservation.id));
    }
    broken.unless(held.len() == sold.len(), || format!("8: {} held of {} sold", held.len(), sold.len()));
    let open = now.purchases.iter().filter(|purchase| purchase.is_sent()).count();
    broken.unless(open == 0, || format!("8: {open} purchases have no outcome"));
    let theirs = platform.provider.charged().units() - platform.provider.credited().units();
    let ours = now.house(House::ProviderFloatTextVerified);
    broken.unless(ours == theirs, || format!("8: the provider kept {theirs}, our books say {ours}"));
    let spent =
        -(now.house(House::ProviderReceivable) + now.house(House::CostOfNumbers) + now.written_off_costs());
    broken.unless(spent == theirs, || format!("8: the provider kept {theirs}, we account for {spent}"));
    broken.0
}
