//! The number provider's books: accounts, what they bought, what it cost, what they got back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::Message;
use crate::{money::Micros, time};

/// One API user name, with money of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) balance: Micros,
    pub(crate) unfinished_limit: u32,
}

/// A bearer token and whom it speaks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) username: String,
    pub(crate) expires_ms: i64,
}

/// A verification's state, named as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    #[serde(rename = "verificationPending")]
    Pending,
    #[serde(rename = "verificationCompleted")]
    Completed,
    #[serde(rename = "verificationCanceled")]
    Canceled,
    #[serde(rename = "verificationTimedOut")]
    TimedOut,
    #[serde(rename = "verificationReported")]
    Reported,
    #[serde(rename = "verificationRefunded")]
    Refunded,
    #[serde(rename = "verificationReused")]
    Reused,
    #[serde(rename = "verificationReactivated")]
    Reactivated,
}

/// One verification that was bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Purchase {
    pub(crate) id: String,
    pub(crate) account: String,
    /// Ten digits.
    pub(crate) number: String,
    pub(crate) service: String,
    pub(crate) state: State,
    /// The price, as the vendor shows it.
    pub(crate) cost: Micros,
    /// What the account paid: the cost, or nothing for a test service.
    pub(crate) charged: Micros,
    pub(crate) credited: Micros,
    pub(crate) created_ms: i64,
    pub(crate) ends_ms: i64,
    /// When the list first shows it.
    pub(crate) listed_ms: i64,
    pub(crate) reusable_until_ms: Option<i64>,
    /// Bought from a test service.
    pub(crate) mock: bool,
    /// Places in `Phones::messages`; rebuilt when the books are opened.
    #[serde(skip)]
    pub(crate) messages: Vec<usize>,
}

/// What a purchase asks for, already checked for shape.
#[derive(Clone, Debug)]
pub(crate) struct NewPurchase {
    pub(crate) service: String,
    pub(crate) area_codes: Vec<String>,
    pub(crate) carriers: Vec<String>,
    /// In USD.
    pub(crate) max_price: Option<rust_decimal::Decimal>,
}

/// A 400 of the vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
}

/// What is derived for one account.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Purchases by creation.
    pub(crate) listing: BTreeSet<(i64, usize)>,
    /// Messages by creation.
    pub(crate) inbox: BTreeSet<(i64, usize)>,
    pub(crate) pending: HashMap<String, u32>,
    pub(crate) unfinished: u32,
}

/// The provider's records, and what is derived from them.
#[derive(Debug, Default)]
pub(crate) struct Phones {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) messages: Vec<Message>,
    pub(crate) by_id: HashMap<String, usize>,
    pub(crate) by_number: HashMap<String, Vec<usize>>,
    pub(crate) shelves: HashMap<String, Shelf>,
    pending_numbers: HashMap<String, usize>,
}

impl Phones {
    pub(super) fn forget_all(&mut self) {
        *self = Self { tokens: std::mem::take(&mut self.tokens), ..Self::default() };
    }

    /// Files purchase `n` under everything it is looked up by.
    pub(super) fn index(&mut self, n: usize) {
        let Some(purchase) = self.purchases.get(n) else { return };
        self.by_id.insert(purchase.id.clone(), n);
        self.by_number.entry(purchase.number.clone()).or_default().push(n);
        let shelf = self.shelves.entry(purchase.account.clone()).or_default();
        shelf.listing.insert((purchase.created_ms, n));
        if purchase.state == State::Pending {
            shelf.unfinished += 1;
            *shelf.pending.entry(purchase.service.clone()).or_default() += 1;
            self.pending_numbers.insert(purchase.number.clone(), n);
        }
    }

    pub(super) fn unindex_pending(&mut self, n: usize) {
        let Some(purchase) = self.purchases.get(n) else { return };
        self.pending_numbers.remove(&purchase.number);
        if let Some(shelf) = self.shelves.get_mut(&purchase.account) {
            shelf.unfinished = shelf.unfinished.saturating_sub(1);
            if let Some(count) = shelf.pending.get_mut(&purchase.service) {
                *count = count.saturating_sub(1);
            }
        }
    }

    /// The account's purchase of that id.
    pub(crate) fn find(&self, username: &str, id: &str) -> Option<usize> {
        let n = *self.by_id.get(id)?;
        (self.purchases.get(n)?.account == username).then_some(n)
    }

    /// The reservation a text to `number` belongs to: the pending one, else the latest that had it.
    pub(crate) fn holder_of(&self, number: &str) -> Option<usize> {
        self.pending_numbers.get(number).or_else(|| self.by_number.get(number)?.last()).copied()
    }

    pub(crate) fn is_pending_number(&self, number: &str) -> bool {
        self.pending_numbers.contains_key(number)
    }
}

impl Purchase {
    pub(crate) fn may_reactivate(&self) -> bool {
        matches!(self.state, State::Canceled | State::TimedOut)
    }

    /// When it was made, on the wire.
    pub(crate) fn created_at(&self) -> String {
        time::with_offset(self.created_ms)
    }
}
