//! Webhooks: written down before the first attempt, tried again with growing pauses on the computer's own clock.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Books, Key};
use crate::time;

/// Attempts after which a webhook is given up.
const ATTEMPTS: u32 = 9;
/// The first pause; each next one is twice as long.
const FIRST_PAUSE_MS: i64 = 250;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Vendor {
    Paystack,
    TextVerified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    Pending,
    Delivered,
    GivenUp,
}

/// One event for the product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) vendor: Vendor,
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
    pub(crate) occurred_at: String,
    pub(crate) attempts: u32,
    pub(crate) delivery: Delivery,
    /// On the computer's clock.
    pub(crate) next_ms: i64,
}

/// All webhooks, and those still to deliver by their next attempt.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) all: Vec<Webhook>,
    pub(super) pending: BTreeSet<(i64, usize)>,
    pub(crate) delivered: u64,
    pub(crate) given_up: u64,
}

impl Hooks {
    /// The webhook to try next, and when, on the computer's clock.
    pub(crate) fn next(&self) -> Option<(i64, usize)> {
        self.pending.first().copied()
    }

    pub(crate) fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// Whether every webhook in `range` has been tried at least once.
    pub(crate) fn tried(&self, range: std::ops::Range<usize>) -> bool {
        self.all.get(range).is_none_or(|hooks| hooks.iter().all(|hook| hook.attempts > 0))
    }

    pub(super) fn index(&mut self, n: usize) {
        let Some(hook) = self.all.get(n) else { return };
        match hook.delivery {
            Delivery::Pending => {
                self.pending.insert((hook.next_ms, n));
            }
            Delivery::Delivered => self.delivered += 1,
            Delivery::GivenUp => self.given_up += 1,
        }
    }
}

impl Books {
    /// Writes an event down; it is delivered by the background task, in the order of writing.
    pub(crate) fn queue_hook(&mut self, vendor: Vendor, event: &str, data: Value, occurred_ms: i64) {
        let n = self.hooks.all.len();
        self.hooks.all.push(Webhook {
            vendor,
            id: self.ids.ulid("whe_", occurred_ms),
            event: event.to_owned(),
            data,
            occurred_at: time::with_offset(occurred_ms),
            attempts: 0,
            delivery: Delivery::Pending,
            next_ms: 0,
        });
        self.hooks.index(n);
        self.touch(Key::Webhook(n));
    }

    /// Notes how an attempt went. `id` guards against a reset in between.
    pub(crate) fn attempted(&mut self, n: usize, id: &str, accepted: bool, real_ms: i64) {
        let Some(hook) = self.hooks.all.get_mut(n).filter(|hook| hook.id == id) else { return };
        self.hooks.pending.remove(&(hook.next_ms, n));
        hook.attempts += 1;
        if accepted {
            hook.delivery = Delivery::Delivered;
        } else if hook.attempts >= ATTEMPTS {
            hook.delivery = Delivery::GivenUp;
        } else {
            hook.next_ms = real_ms + (FIRST_PAUSE_MS << (hook.attempts - 1));
        }
        self.hooks.index(n);
        self.touch(Key::Webhook(n));
    }
}

impl Webhook {
    /// The body of the next attempt.
    pub(crate) fn body(&self) -> String {
        match self.vendor {
            Vendor::Paystack => json!({ "event": self.event, "data": self.data }),
            Vendor::TextVerified => json!({
                "id": self.id,
                "event": self.event,
                "attempt": self.attempts + 1,
                "occurredAt": self.occurred_at,
                "idempotencyKey": self.id,
                "data": self.data,
            }),
        }
        .to_string()
    }
}
