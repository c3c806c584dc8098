use serde_json::{Map, Value, json};

use super::{
    CURRENCIES, authorize, failure, invalid, optional_text, paged, period, subunits, success,
    transaction_missing,
};
use crate::{
    books::NewTransaction,
    http::{Answer, Call},
    time,
    world::World,
};
use poem::http::StatusCode;

const STATUSES: [&str; 4] = ["success", "failed", "abandoned", "reversed"];

/// `POST /transaction/initialize`
pub(crate) fn initialize(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let new = wanted(&call.object()?)?;
    world.with(|books, now| {
        let opened = books.initialize(new, now).and_then(|n| books.payments.transactions.get(n));
        let transaction = opened.ok_or_else(|| {
            failure(
                StatusCode::BAD_REQUEST,
                "Duplicate Transaction Reference",
                "duplicate_reference",
                "Ensure that you're passing a transaction reference that has not been used before",
            )
        })?;
        let page = format!("{}/checkout/{}", world.pages(call), transaction.reference);
        let data = json!({
            "authorization_url": page,
            "access_code": transaction.access_code,
            "reference": transaction.reference,
        });
        Ok(success("Authorization URL created", data))
    })
}

fn wanted(body: &Map<String, Value>) -> Result<NewTransaction, Answer> {
    let email = optional_text(body, "email")?.filter(|email| is_email(email));
    let currency = optional_text(body, "currency")?.unwrap_or_else(|| "NGN".into());
    if !CURRENCIES.contains(&currency.as_str()) {
        return Err(invalid("Currency not supported by merchant"));
    }
    let reference = optional_text(body, "reference")?;
    if reference.as_ref().is_some_and(|reference| !is_reference(reference)) {
        return Err(invalid(
            "Invalid Transaction Reference. Only -, ., = and alphanumeric characters are allowed",
        ));
    }
    Ok(NewTransaction {
        reference,
        email: email.ok_or_else(|| invalid("Invalid Email Address Passed"))?,
        amount: subunits(body, "amount")?.ok_or_else(|| invalid("Invalid Amount Sent"))?,
        currency,
        callback_url: optional_text(body, "callback_url")?,
        metadata: body.get("metadata").cloned().unwrap_or(Value::Null),
    })
}

/// Letters, digits and `-`, `.`, `=`: no underscore.
fn is_reference(text: &str) -> bool {
    text.len() <= 200 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-.=".contains(c))
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    let is_whole = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    is_whole && text.len() <= 254 && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// `GET /transaction/verify/{reference}`
pub(crate) fn verify(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    world.with(|books, _| {
        let found = books.payments.find(call.id()).and_then(|n| books.payments.transactions.get(n));
        let transaction = found.ok_or_else(transaction_missing)?;
        Ok(success("Verification successful", transaction.wire()))
    })
}

/// `GET /transaction/{id}`
pub(crate) fn fetch(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let id: u64 = call.id().parse().map_err(|_| invalid("Transaction ID must be numeric"))?;
    world.with(|books, _| {
        let found = books.payments.transactions.iter().find(|transaction| transaction.id == id);
        Ok(success("Transaction retrieved", found.ok_or_else(transaction_missing)?.wire()))
    })
}

/// `GET /transaction`: newest first; `from` and `to` are taken by creation.
pub(crate) fn list(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let (from, to) = period(call)?;
    let status = call.query("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(invalid(&format!("status must be one of {}", STATUSES.join(", "))));
    }
    world.with(|books, _| {
        let found = books.payments.transactions.iter().rev().filter(|transaction| {
            let customer = call
                .query("customer")
                .is_none_or(|id| transaction.customer()["id"].as_u64() == id.parse().ok());
            let is_dated = (from..=to).contains(&transaction.created_ms);
            customer && is_dated && status.is_none_or(|status| transaction.status == status)
        });
        let (items, amounts): (Vec<Value>, Vec<i64>) = found.map(|t| (t.wire(), t.amount)).unzip();
        paged(call, "Transactions retrieved", items, Some(amounts.iter().sum()))
    })
}

/// `GET /transaction/timeline/{id or reference}`
pub(crate) fn timeline(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    world.with(|books, _| {
        let found = books.payments.find_either(call.id()).and_then(|n| books.payments.transactions.get(n));
        let transaction = found.ok_or_else(transaction_missing)?;
        let seconds = |at: i64| (at - transaction.created_ms).max(0) / 1_000;
        let history: Vec<Value> = transaction
            .history
            .iter()
            .map(|(at, words)| json!({ "type": "action", "message": words, "time": seconds(*at) }))
            .collect();
        let data = json!({
            "start_time": transaction.created_ms / 1_000,
            "time_spent": transaction.history.last().map_or(0, |(at, _)| seconds(*at)),
            "attempts": transaction.history.len(),
            "errors": transaction.history.iter().filter(|(_, words)| words.contains("declined")).count(),
            "success": transaction.paid_ms.is_some(),
            "mobile": false,
            "input": [],
            "channel": "card",
            "created_at": time::with_z(transaction.created_ms),
            "history": history,
        });
        Ok(success("Timeline retrieved", data))
    })
}
