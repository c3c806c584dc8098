//! Paystack's JSON. What we do not act upon is not read: `metadata` alone comes in five shapes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

#[derive(Serialize)]
pub(super) struct Initialize<'a> {
    pub email: &'a str,
    /// In subunits.
    pub amount: i64,
    pub currency: &'static str,
    pub reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct AskRefund<'a> {
    pub transaction: &'a str,
    /// In subunits.
    pub amount: i64,
    pub currency: &'static str,
}

/// `status` says that the call worked, not that anything was paid.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub status: bool,
    pub data: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct Initialized {
    pub authorization_url: String,
}

/// A failure. Bodies of failures are read for these two words alone.
#[derive(Deserialize, Default)]
pub(super) struct Failure {
    pub message: Option<String>,
    pub code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Transaction {
    /// May exceed 32 bits.
    pub id: Option<Box<RawValue>>,
    pub reference: String,
    pub status: String,
    /// In subunits; a number, or a text of digits.
    pub amount: Box<RawValue>,
    pub currency: String,
    pub fees: Option<Box<RawValue>>,
    pub paid_at: Option<String>,
    #[serde(rename = "paidAt")]
    pub paid_at_camel: Option<String>,
    pub domain: Option<String>,
}

/// A refund. Reads name its transaction by number, the answer to its creation has the whole transaction.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub id: Box<RawValue>,
    pub transaction: Option<Value>,
    pub transaction_reference: Option<String>,
    /// A dispute that caused it, by number or whole.
    pub dispute: Option<Value>,
    /// In subunits; a number, or a text of digits.
    pub amount: Box<RawValue>,
    pub currency: String,
    pub status: String,
    pub domain: Option<String>,
    #[serde(rename = "createdAt")]
    pub created_at_camel: Option<String>,
    pub created_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    pub id: Box<RawValue>,
    /// In subunits; null until somebody has named it, and then all that was paid is meant.
    pub refund_amount: Option<Box<RawValue>>,
    pub currency: Option<String>,
    pub status: String,
    pub resolution: Option<String>,
    pub domain: Option<String>,
    pub transaction: Disputed,
    #[serde(rename = "createdAt")]
    pub created_at_camel: Option<String>,
    pub created_at: Option<String>,
}

/// The transaction of a dispute, as far as it is needed.
#[derive(Deserialize)]
pub(super) struct Disputed {
    pub reference: Option<String>,
    pub amount: Option<Box<RawValue>>,
    pub currency: Option<String>,
    pub domain: Option<String>,
}

/// A webhook, as far as every event has it.
#[derive(Deserialize)]
pub(super) struct Event {
    pub event: String,
    #[serde(default)]
    pub data: serde_json::Map<String, Value>,
}
