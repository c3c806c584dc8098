//! What the customers know: everything that they sent, and everything that was answered.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;
use tokio::sync::watch;

use super::dice::Dice;

/// A command that has one effect under its key, however often it is sent.
#[derive(Debug, Clone)]
pub struct Command {
    /// Whose, by place.
    pub customer: usize,
    /// Where it goes.
    pub path: &'static str,
    /// What it says.
    pub body: Value,
    /// Its key.
    pub key: String,
}

/// What is known about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// No answer, or one that leaves it open: it may have had its effect.
    Open,
    /// This record was made by it.
    Made(String),
    /// It was refused for good.
    Refused,
}

/// An order, as it was answered last.
#[derive(Debug, Clone)]
pub struct KnownOrder {
    /// Whose, by place.
    pub customer: usize,
    /// The newest answer about it.
    pub body: Value,
}

/// A payment, and what its owner did.
#[derive(Debug, Clone)]
pub struct KnownPayment {
    /// Whose, by place.
    pub customer: usize,
    /// Its name at the gateway.
    pub reference: String,
    /// What the wallet is to get, in ledger units.
    pub units: i64,
    /// True if another amount was paid than was asked.
    pub paid_wrongly: bool,
    /// True once it was answered as succeeded.
    pub succeeded: bool,
}

/// How much was noted so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// Requests that were sent.
    pub requests: u64,
    /// Orders that were acknowledged.
    pub orders: u64,
    /// Codes that were seen.
    pub codes: u64,
    /// Deposits that were seen succeeded.
    pub deposits: u64,
    /// Orders that were seen cancelled.
    pub cancels: u64,
    /// Orders whose answer is outstanding.
    pub buying: u64,
    /// Answers that said "not now": 503.
    pub unavailable: u64,
}

#[derive(Default)]
struct Notes {
    commands: BTreeMap<String, (Command, Fate)>,
    orders: BTreeMap<String, KnownOrder>,
    payments: BTreeMap<String, KnownPayment>,
    /// Texts that were sent, by number.
    texts: BTreeMap<String, Vec<String>>,
    in_flight: BTreeMap<&'static str, i64>,
    breaches: Vec<String>,
}

/// See the module.
pub struct Memory {
    notes: Mutex<Notes>,
    progress: watch::Sender<Progress>,
    next: AtomicU64,
}

impl Default for Memory {
    fn default() -> Self {
        let (progress, _) = watch::channel(Progress::default());
        Self { notes: Mutex::default(), progress, next: AtomicU64::new(1) }
    }
}

impl Memory {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that was not given before.
    pub fn next(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// How much was noted, now and later.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// A request of this kind is on its way.
    pub fn sends(&self, kind: &'static str) {
        *self.notes().in_flight.entry(kind).or_default() += 1;
        self.progress.send_modify(|p| {
            p.requests += 1;
            p.buying += u64::from(kind == "order");
        });
    }

    /// It has an answer, or none is to be had.
    pub fn is_done(&self, kind: &'static str) {
        *self.notes().in_flight.entry(kind).or_default() -= 1;
        self.progress.send_modify(|p| p.buying = p.buying.saturating_sub(u64::from(kind == "order")));
    }

    /// Something was answered with 503.
    pub fn is_unavailable(&self) {
        self.progress.send_modify(|p| p.unavailable += 1);
    }

    /// What is on its way now: how many of each kind.
    pub fn in_flight(&self) -> Vec<(&'static str, i64)> {
        self.notes().in_flight.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| (*kind, *n)).collect()
    }

    /// A command is about to be sent.
    pub fn intends(&self, command: &Command) {
        self.notes().commands.insert(command.key.clone(), (command.clone(), Fate::Open));
    }

    /// What became of a command. One that was made stays made.
    pub fn learns(&self, key: &str, fate: Fate) {
        let mut notes = self.notes();
        let Some((command, known)) = notes.commands.get_mut(key) else { return };
        if fate == Fate::Open {
            return;
        }
        if let (Fate::Made(before), Fate::Made(now)) = (&*known, &fate)
            && before != now
        {
            let breach = format!("{}: key {key} made {before} and then {now}", command.path);
            notes.breaches.push(breach);
            return;
        }
        if matches!(known, Fate::Made(_)) && fate != *known {
            let breach = format!("{}: key {key} was acknowledged, and is now {fate:?}", command.path);
            notes.breaches.push(breach);
            return;
        }
        *known = fate;
    }

    /// Commands of that path whose effect is not known.
    pub fn open_commands(&self, path: &str) -> Vec<Command> {
        let is_open = |(c, fate): &&(Command, Fate)| c.path == path && *fate == Fate::Open;
        self.notes().commands.values().filter(is_open).map(|(command, _)| command.clone()).collect()
    }

    /// How many records commands of that path have made.
    pub fn made(&self, path: &str) -> usize {
        let is_made = |(c, fate): &&(Command, Fate)| c.path == path && matches!(fate, Fate::Made(_));
        self.notes().commands.values().filter(is_made).count()
    }

    /// An answer about an order. What was acknowledged must not go back.
    pub fn sees_order(&self, customer: usize, body: &Value) {
        let Some(id) = body["id"].as_str() else { return self.breach(format!("no order: {body}")) };
        let mut notes = self.notes();
        let version = |body: &Value| body["version"].as_i64().unwrap_or(0);
        let before = notes.orders.get(id).map(|known| (version(&known.body), status(&known.body)));
        // Answers may overtake each other; the newest counts.
        if before.as_ref().is_some_and(|(newest, _)| *newest > version(body)) {
            return;
        }
        let ended = |status: &str| !["requested", "waiting"].contains(&status);
        let now = status(body);
        if let Some((_, was)) = &before
            && ended(was)
            && *was != now
        {
            notes.breaches.push(format!("order {id} was {was} and is {now}"));
        }
        let is_new = before.as_ref().is_none_or(|(_, was)| *was != now);
        notes.orders.insert(id.to_owned(), KnownOrder { customer, body: body.clone() });
        drop(notes);
        self.progress.send_modify(|p| {
            p.orders += u64::from(before.is_none());
            p.codes += u64::from(is_new && now == "completed");
            p.cancels += u64::from(is_new && now == "cancelled");
        });
    }

    /// Every order that was acknowledged.
    pub fn orders(&self) -> BTreeMap<String, KnownOrder> {
        self.notes().orders.clone()
    }

    /// One of the orders that wait, newest or any.
    pub fn some_waiting(&self, dice: &mut Dice) -> Option<KnownOrder> {
        let notes = self.notes();
        let waits = |known: &&KnownOrder| known.body["status"] == "waiting";
        let waiting: Vec<&KnownOrder> = notes.orders.values().rev().take(60).filter(waits).collect();
        if waiting.is_empty() { None } else { Some((*waiting[dice.place(waiting.len())]).clone()) }
    }

    /// A payment was answered.
    pub fn sees_payment(&self, customer: usize, body: &Value, units: i64) {
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let succeeded = body["status"] == "succeeded";
        let mut notes = self.notes();
        let known = notes.payments.entry(text("id")).or_insert_with(|| KnownPayment {
            customer,
            reference: text("reference"),
            units,
            paid_wrongly: false,
            succeeded: false,
        });
        let went_back = known.succeeded && body["status"] == "pending";
        let is_new = succeeded && !known.succeeded;
        known.succeeded |= succeeded;
        if went_back {
            notes.breaches.push(format!("payment {} was succeeded and is pending", text("id")));
        }
        drop(notes);
        self.progress.send_modify(|p| p.deposits += u64::from(is_new));
    }

    /// Another amount is going to be paid than was asked.
    pub fn pays_wrongly(&self, reference: &str) {
        let mut notes = self.notes();
        for known in notes.payments.values_mut().filter(|known| known.reference == reference) {
            known.paid_wrongly = true;
        }
    }

    /// Every payment that was acknowledged, by reference.
    pub fn payments(&self) -> BTreeMap<String, KnownPayment> {
        self.notes().payments.values().map(|known| (known.reference.clone(), known.clone())).collect()
    }

    /// A text is going to that number.
    pub fn texts(&self, number: &str, text: &str) {
        self.notes().texts.entry(number.to_owned()).or_default().push(text.to_owned());
    }

    /// Whether that text was ever sent to that number.
    pub fn has_texted(&self, number: &str, text: &str) -> bool {
        self.notes().texts.get(number).is_some_and(|texts| texts.iter().any(|sent| sent == text))
    }

    /// Something that must never be.
    pub fn breach(&self, breach: String) {
        self.notes().breaches.push(breach);
    }

    /// Breaches noted since the last call.
    pub fn take_breaches(&self) -> Vec<String> {
        std::mem::take(&mut self.notes().breaches)
    }
}

/// The status in an answer about an order.
pub fn status(body: &Value) -> String {
    body["status"].as_str().unwrap_or_default().to_owned()
}
