//! Paystack's API, as far as a platform that takes deposits needs it: transactions, refunds, reading disputes.

mod disputes;
mod refunds;
mod transactions;

pub(crate) use disputes::{disputes, get_dispute, resolve_dispute, transaction_dispute};
use poem::http::StatusCode;
pub(crate) use refunds::{get_refund, refund, refunds, retry_refund};
use serde_json::{Map, Value, json};
pub(crate) use transactions::{fetch, initialize, list, timeline, verify};

use crate::{
    http::{Answer, Call},
    time,
    world::World,
};

/// Currencies an account may be enabled for.
pub(crate) const CURRENCIES: [&str; 8] = ["NGN", "GHS", "ZAR", "KES", "USD", "XOF", "EGP", "RWF"];

/// 401 without a secret key, or with another than the configured one.
fn authorize(world: &World, call: &Call) -> Result<(), Answer> {
    let refuse = |message: &str| {
        let next = "Ensure that you provide the correct authorization key for the request";
        let body = json!({
            "status": false,
            "message": message,
            "meta": { "nextStep": next },
            "type": "validation_error",
            "code": "invalid_Key",
        });
        Answer::json(StatusCode::UNAUTHORIZED, &body)
    };
    let key = call.bearer().ok_or_else(|| refuse("No Authorization Header was found"))?;
    match &world.credentials {
        Some(wanted) if wanted.paystack_secret_key != key => Err(refuse("Invalid key")),
        _ => Ok(()),
    }
}

fn success(message: &str, data: Value) -> Answer {
    Answer::ok(&json!({ "status": true, "message": message, "data": data }))
}

fn failure(status: StatusCode, message: &str, code: &str, next_step: &str) -> Answer {
    let body = json!({
        "status": false,
        "message": message,
        "meta": { "nextStep": next_step },
        "type": "validation_error",
        "code": code,
    });
    Answer::json(status, &body)
}

fn invalid(message: &str) -> Answer {
    failure(
        StatusCode::BAD_REQUEST,
        message,
        "invalid_params",
        "Ensure that the value(s) you're passing are valid",
    )
}

fn transaction_missing() -> Answer {
    failure(
        StatusCode::NOT_FOUND,
        "Transaction reference not found.",
        "transaction_not_found",
        "Ensure that you're passing the reference of a transaction that exists on this integration",
    )
}

fn optional_text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Answer> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(invalid(&format!("{name} must be text"))),
    }
}

/// A whole number of subunits above zero, as a number or as digits; `None` when it is absent.
fn subunits(body: &Map<String, Value>, name: &str) -> Result<Option<i64>, Answer> {
    let amount = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) if text.chars().all(|c| c.is_ascii_digit()) => text.parse().ok(),
        Some(_) => None,
    };
    amount.filter(|amount| *amount > 0).map(Some).ok_or_else(|| invalid(&format!("Invalid {name} sent")))
}

/// One page of `items`, newest first, with the vendor's meta.
fn paged(call: &Call, message: &str, items: Vec<Value>, total_volume: Option<i64>) -> Result<Answer, Answer> {
    let number = |name: &str, default: usize| match call.query(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(value)) if (1..=1_000_000).contains(&value) => Ok(value),
        Some(_) => Err(invalid(&format!("{name} must be a whole number above zero"))),
    };
    let (per_page, page) = (number("perPage", 50)?.min(100), number("page", 1)?);
    let (total, skipped) = (items.len(), per_page * (page - 1));
    let data: Vec<Value> = items.into_iter().skip(skipped).take(per_page).collect();
    let mut meta = json!({
        "total": total,
        "skipped": skipped,
        "perPage": per_page,
        "page": page,
        "pageCount": total.div_ceil(per_page),
    });
    if let (Some(volume), Some(fields)) = (total_volume, meta.as_object_mut()) {
        fields.insert("total_volume".into(), volume.into());
    }
    Ok(Answer::ok(&json!({ "status": true, "message": message, "data": data, "meta": meta })))
}

/// The `from` and `to` filters, both inclusive, in milliseconds.
fn period(call: &Call) -> Result<(i64, i64), Answer> {
    let moment = |name: &str, default: i64| match call.query(name).map(time::parse) {
        None => Ok(default),
        Some(Some(at)) => Ok(at),
        Some(None) => Err(invalid(&format!("{name} must be a date"))),
    };
    Ok((moment("from", i64::MIN)?, moment("to", i64::MAX)?))
}
