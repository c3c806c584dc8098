use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{
    authorize, failure, invalid, optional_text, paged, period, subunits, success, transaction_missing,
};
use crate::{
    books::{RefundRefusal, RefundStatus},
    http::{Answer, Call},
    world::World,
};

/// `POST /refund`
pub(crate) fn refund(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let body = call.object()?;
    let transaction = match body.get("transaction") {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(invalid("transaction is required")),
    };
    let amount = subunits(&body, "amount")?;
    let notes = (optional_text(&body, "customer_note")?, optional_text(&body, "merchant_note")?);
    let currency = optional_text(&body, "currency")?;
    world.with(|books, now| {
        let n = books.payments.find_either(&transaction).ok_or_else(transaction_missing)?;
        let paid_in = books.payments.transactions.get(n).map(|t| t.currency.clone());
        if currency.is_some() && currency != paid_in {
            return Err(invalid("Currency does not match that of the transaction"));
        }
        let place = books.refund(n, amount, notes, now, true).map_err(|refusal| match refusal {
            RefundRefusal::NotPaid => invalid("Transaction has not been paid, so it cannot be refunded"),
            RefundRefusal::TooMuch => {
                invalid("Refund amount cannot be more than what is left of the transaction amount")
            }
        })?;
        let mut data = books.refund_wire(place, true);
        if let Some(fields) = data.as_object_mut() {
            fields.remove("transaction_reference");
        }
        Ok(success("Refund has been queued for processing", data))
    })
}

/// `GET /refund`: newest first.
pub(crate) fn refunds(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let (from, to) = period(call)?;
    world.with(|books, _| {
        let payments = &books.payments;
        let of = call.query("transaction").or_else(|| call.query("reference"));
        let wanted = of.map(|text| payments.find_either(text));
        let currency = call.query("currency");
        let found = payments.refunds.iter().enumerate().rev().filter(|(_, refund)| {
            let paid_in = payments.transactions.get(refund.transaction).map(|t| t.currency.as_str());
            wanted.is_none_or(|n| n == Some(refund.transaction))
                && currency.is_none_or(|currency| paid_in == Some(currency))
                && (from..=to).contains(&refund.created_ms)
        });
        let items = found.map(|(place, _)| books.refund_wire(place, false)).collect();
        paged(call, "Refunds retrieved", items, None)
    })
}

/// `GET /refund/{id}`
pub(crate) fn get_refund(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    world.with(|books, _| {
        let place = find(books, call)?;
        Ok(success("Refund retrieved", books.refund_wire(place, false)))
    })
}

/// `POST /refund/retry_with_customer_details/{id}`: only while it needs attention.
pub(crate) fn retry_refund(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let body = call.object()?;
    let details = body.get("refund_account_details").and_then(Value::as_object);
    let is_whole = details.is_some_and(|details| {
        ["currency", "account_number", "bank_id"]
            .iter()
            .all(|name| details.get(*name).is_some_and(|v| !v.is_null()))
    });
    if !is_whole {
        return Err(invalid("refund_account_details needs currency, account_number and bank_id"));
    }
    world.with(|books, now| {
        let place = find(books, call)?;
        if books.payments.refunds.get(place).map(|refund| refund.status) != Some(RefundStatus::NeedsAttention)
        {
            let body = json!({ "status": false, "message": "Refund is not in needs-attention state" });
            return Err(Answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body));
        }
        books.move_refund(place, RefundStatus::Processing, now, true);
        Ok(success("Refund retried and has been queued for processing", books.refund_wire(place, false)))
    })
}

fn find(books: &crate::books::Books, call: &Call) -> Result<usize, Answer> {
    let id: Option<u64> = call.id().parse().ok();
    let place = books.payments.refunds.iter().position(|refund| Some(refund.id) == id);
    let next = "Ensure that you're passing the id of a refund that exists on this integration";
    place.ok_or_else(|| failure(StatusCode::NOT_FOUND, "Refund not found", "refund_not_found", next))
}
