//! Paystack's JSON. What we do not act upon is not read: `metadata` alone comes in five shapes.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// A webhook, as far as every event has it.
#[derive(Deserialize)]
pub(super) struct Event {
    pub event: String,
    #[serde(default)]
    pub data: serde_json::Map<String, serde_json::Value>,
}
