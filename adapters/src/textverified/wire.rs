//! TextVerified's JSON, version 2. Every field that we can do without is optional: an answer with more or less in
//! it than we know must not stop us. Money is kept as the text of the number and never passes through a float.

use namaskah_domain::verification::{Capability, OpenAttempt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    pub token: String,
    pub expires_in: Option<Box<RawValue>>,
}

#[derive(Deserialize, Default)]
pub(super) struct Link {
    pub href: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub data: Vec<Box<RawValue>>,
    pub has_next: Option<bool>,
    pub links: Option<Links>,
}

#[derive(Deserialize)]
pub(super) struct Links {
    pub next: Option<Link>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    pub service_name: String,
    pub capability: String,
}

#[derive(Deserialize)]
pub(super) struct Price {
    pub price: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stock {
    pub available_quantity: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    pub current_balance: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verification {
    pub id: String,
    pub number: String,
    pub service_name: String,
    pub state: String,
    pub total_cost: Box<RawValue>,
    pub created_at: String,
    pub ends_at: Option<String>,
}

/// What can be had of a row that is no whole [`Verification`] or [`Sms`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dated {
    pub created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sms {
    pub from: Option<String>,
    pub to: Option<String>,
    pub created_at: String,
    pub sms_content: Option<String>,
    pub parsed_code: Option<String>,
    pub reservation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refusal {
    pub error_code: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PriceAsk<'a> {
    pub service_name: &'a str,
    pub area_code: bool,
    pub carrier: bool,
    pub number_type: &'static str,
    pub capability: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockAsk<'a> {
    pub number_type: &'static str,
    pub service_name: &'a str,
    pub capability: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewVerification<'a> {
    service_name: &'a str,
    capability: &'static str,
    area_code_select_option: Option<[&'a str; 1]>,
    carrier_select_option: Option<[&'a str; 1]>,
    service_not_listed_name: Option<&'a str>,
    max_price: Box<RawValue>,
}

impl<'a> NewVerification<'a> {
    /// # Errors
    /// Never for a sum of money, whose text is a JSON number.
    pub fn of(attempt: &'a OpenAttempt) -> Result<Self, serde_json::Error> {
        let ask = &attempt.ask;
        Ok(Self {
            service_name: ask.service.as_str(),
            capability: capability(ask.capability),
            area_code_select_option: ask.area_code.as_ref().map(|code| [code.as_str()]),
            carrier_select_option: ask.carrier.as_ref().map(|carrier| [carrier.as_str()]),
            service_not_listed_name: None,
            max_price: RawValue::from_string(attempt.cost_cap.to_string())?,
        })
    }
}

/// The only kind of number that this adapter buys.
pub(super) const NUMBER_TYPE: &str = "mobile";

pub(super) const fn capability(capability: Capability) -> &'static str {
    match capability {
        Capability::Sms => "sms",
        Capability::Voice => "voice",
    }
}
