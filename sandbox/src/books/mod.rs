//! The simulators' books: plain values under one lock, changed by plain functions that are told the time.
//! A change names its record; `drain` turns the named records into rows for the journal.

mod hooks;
mod load;
mod mail;
mod payments;
mod phones;
mod refunds;
mod sales;
mod settings;
mod texts;

use std::collections::BTreeSet;

pub(crate) use hooks::{Hooks, Vendor, Webhook};
pub(crate) use mail::Mail;
pub(crate) use payments::{Dispute, NewTransaction, Outcome, Payment, Payments, Refund, RefundStatus};
pub(crate) use phones::{Account, NewPurchase, Phones, Purchase, Refusal, State, Token};
pub(crate) use refunds::RefundRefusal;
pub(crate) use sales::UNKNOWN_SERVICE;
pub(crate) use settings::{CreateDelay, Fault, FaultMode, Settings};
pub(crate) use texts::{Message, NewText, parse_code};

use crate::{id::Ids, journal::Write};

/// A record that must be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Settings,
    Account(String),
    Token(String),
    Purchase(usize),
    Message(usize),
    Transaction(usize),
    Refund(usize),
    Dispute(usize),
    Webhook(usize),
    Mail(usize),
}

/// Work that falls due at a moment of the simulators' clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    TestText(usize),
    TimeOut(usize),
    Refunded(usize),
}

/// Everything the simulators know.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    pub(crate) phones: Phones,
    pub(crate) payments: Payments,
    pub(crate) mails: Vec<Mail>,
    /// Mails to nobody, since this process began.
    pub(crate) refused_mails: u32,
    pub(crate) hooks: Hooks,
    due: BTreeSet<(i64, Due)>,
    dirty: BTreeSet<Key>,
    cleared: bool,
}

impl Books {
    pub(crate) fn new(ids: Ids) -> Self {
        Self {
            ids,
            settings: Settings::default(),
            phones: Phones::default(),
            payments: Payments::default(),
            mails: Vec::new(),
            refused_mails: 0,
            hooks: Hooks::default(),
            due: BTreeSet::new(),
            dirty: BTreeSet::new(),
            cleared: false,
        }
    }

    /// The simulators' time, given the computer's.
    pub(crate) fn now_ms(&self, real_ms: i64) -> i64 {
        real_ms.saturating_add(self.settings.offset_ms)
    }

    /// Does what has fallen due, in the order in which it did.
    pub(crate) fn run_due(&mut self, now: i64) {
        while let Some((at, work)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, work));
            match work {
                Due::TestText(purchase) => self.receive_test_text(purchase, at),
                Due::TimeOut(purchase) => self.time_out(purchase),
                Due::Refunded(refund) => self.move_refund(refund, RefundStatus::Processed, at, true),
            }
        }
    }

    /// When something next falls due on the simulators' clock.
    pub(crate) fn next_due_ms(&self) -> Option<i64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Empties every book. The clock, the webhooks' target and tokens already handed out stay, and so does the
    /// next Paystack id, since a vendor never gives one out twice.
    pub(crate) fn reset(&mut self) {
        self.settings = self.settings.after_reset();
        self.phones.forget_all();
        self.payments = Payments::default();
        self.mails.clear();
        self.hooks = Hooks::default();
        self.due.clear();
        self.dirty.clear();
        self.dirty.insert(Key::Settings);
        self.cleared = true;
    }

    pub(crate) fn touch(&mut self, key: Key) {
        self.dirty.insert(key);
    }

    /// The rows of everything changed since the last call.
    pub(crate) fn drain(&mut self) -> Vec<Write> {
        let mut writes = Vec::new();
        if std::mem::take(&mut self.cleared) {
            let kinds =
                ["account", "purchase", "message", "transaction", "refund", "dispute", "webhook", "mail"];
            writes.extend(kinds.map(|kind| Write::Clear { kind }));
        }
        let dirty = std::mem::take(&mut self.dirty);
        writes.extend(dirty.into_iter().filter_map(|key| self.row(key)));
        writes
    }

    fn row(&self, key: Key) -> Option<Write> {
        let (kind, id, body) = match key {
            Key::Settings => ("settings", String::new(), serde_json::to_string(&self.settings)),
            Key::Account(name) => {
                ("account", name.clone(), serde_json::to_string(self.phones.accounts.get(&name)?))
            }
            Key::Token(token) => {
                ("token", token.clone(), serde_json::to_string(self.phones.tokens.get(&token)?))
            }
            Key::Purchase(n) => ("purchase", place(n), serde_json::to_string(self.phones.purchases.get(n)?)),
            Key::Message(n) => ("message", place(n), serde_json::to_string(self.phones.messages.get(n)?)),
            Key::Transaction(n) => {
                ("transaction", place(n), serde_json::to_string(self.payments.transactions.get(n)?))
            }
            Key::Refund(n) => ("refund", place(n), serde_json::to_string(self.payments.refunds.get(n)?)),
            Key::Dispute(n) => ("dispute", place(n), serde_json::to_string(self.payments.disputes.get(n)?)),
            Key::Webhook(n) => ("webhook", place(n), serde_json::to_string(self.hooks.all.get(n)?)),
            Key::Mail(n) => ("mail", place(n), serde_json::to_string(self.mails.get(n)?)),
        };
        // Plain values with text keys always serialise.
        Some(Write::Put { kind, id, body: body.ok()? })
    }
}

/// A position as a key that sorts as text.
fn place(n: usize) -> String {
    format!("{n:012}")
}
