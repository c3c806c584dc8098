use serde::Deserialize;
use serde_json::json;

use super::{Delivery, conflict, missing, same_site, unprocessable};
use crate::{
    books::{Outcome, Payment, RefundRefusal, RefundStatus},
    http::{Answer, Call},
    paystack::CURRENCIES,
    world::World,
};

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Webhook {
    #[default]
    Deliver,
    Lose,
    Duplicate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    outcome: Outcome,
    #[serde(default)]
    webhook: Webhook,
    amount_subunits: Option<i64>,
    currency: Option<String>,
    domain: Option<String>,
}

/// `POST /control/paystack/{reference}`
pub(crate) fn pay(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Pay = call.parse()?;
    if body.amount_subunits.is_some_and(|amount| amount <= 0) {
        return Err(unprocessable("amount_subunits must be above zero"));
    }
    if body.currency.as_deref().is_some_and(|currency| !CURRENCIES.contains(&currency)) {
        return Err(unprocessable(&format!("currency must be one of {}", CURRENCIES.join(", "))));
    }
    if body.domain.as_deref().is_some_and(|domain| !["test", "live"].contains(&domain)) {
        return Err(unprocessable("domain must be test or live"));
    }
    let webhooks = match body.webhook {
        Webhook::Deliver => 1,
        Webhook::Lose => 0,
        Webhook::Duplicate => 2,
    };
    let payment = Payment {
        outcome: body.outcome,
        amount: body.amount_subunits,
        currency: body.currency,
        domain: body.domain,
        webhooks,
    };
    world.with(|books, now| {
        let n = books
            .payments
            .find(call.id())
            .ok_or_else(|| missing("there is no transaction of that reference"))?;
        books.pay(n, &payment, now).map_err(|_| conflict("the transaction has been paid"))?;
        Ok(Answer::ok(&json!({ "transaction": books.payments.transactions.get(n).map(|t| t.wire()) })))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DisputeEvent {
    Create,
    Remind,
    Resolve,
}

#[derive(Deserialize)]
enum Resolution {
    #[serde(rename = "merchant-accepted")]
    Accepted,
    #[serde(rename = "declined")]
    Declined,
}

impl Resolution {
    const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "merchant-accepted",
            Self::Declined => "declined",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispute {
    event: DisputeEvent,
    resolution: Option<Resolution>,
    refund_amount: Option<i64>,
    #[serde(default)]
    webhook: Delivery,
}

/// `POST /control/paystack/{reference}/dispute`
pub(crate) fn dispute(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Dispute = call.parse()?;
    if body.refund_amount.is_some_and(|amount| amount <= 0) {
        return Err(unprocessable("refund_amount must be above zero"));
    }
    world.with(|books, now| {
        let n = books
            .payments
            .find(call.id())
            .ok_or_else(|| missing("there is no transaction of that reference"))?;
        let is_paid = books.payments.transactions.get(n).is_some_and(|t| t.paid_ms.is_some());
        let deliver = body.webhook == Delivery::Deliver;
        let place = match (body.event, body.resolution) {
            (DisputeEvent::Create, _) if !is_paid => {
                return Err(conflict("the transaction has not been paid"));
            }
            (DisputeEvent::Create, _) => books.open_dispute(n, body.refund_amount, now, deliver),
            (DisputeEvent::Remind, _) => books.remind_of_dispute(n, now),
            (DisputeEvent::Resolve, None) => return Err(unprocessable("resolution is required")),
            (DisputeEvent::Resolve, Some(resolution)) => {
                books.resolve_dispute(n, resolution.name(), now, deliver)
            }
        };
        let place = place.ok_or_else(|| conflict("the transaction has no open dispute"))?;
        Ok(Answer::ok(&json!({ "dispute": books.dispute_wire(place) })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardRefund {
    amount_subunits: Option<i64>,
    #[serde(default)]
    webhook: Delivery,
}

/// `POST /control/paystack/{reference}/refund`
pub(crate) fn dashboard_refund(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: DashboardRefund = call.parse()?;
    if body.amount_subunits.is_some_and(|amount| amount <= 0) {
        return Err(unprocessable("amount_subunits must be above zero"));
    }
    world.with(|books, now| {
        let n = books
            .payments
            .find(call.id())
            .ok_or_else(|| missing("there is no transaction of that reference"))?;
        let notes = (None, Some("made in the dashboard".to_owned()));
        let deliver = body.webhook == Delivery::Deliver;
        let place = books.refund(n, body.amount_subunits, notes, now, deliver);
        let place = place.map_err(|refusal| match refusal {
            RefundRefusal::NotPaid => conflict("the transaction has not been paid"),
            RefundRefusal::TooMuch => conflict("not so much of the transaction is left"),
        })?;
        Ok(Answer::ok(&json!({ "refund": books.refund_wire(place, false) })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveRefund {
    status: RefundStatus,
    #[serde(default)]
    webhook: Delivery,
}

/// `POST /control/paystack/refunds/{id}`
pub(crate) fn refund(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: MoveRefund = call.parse()?;
    let id: Option<u64> = call.id().parse().ok();
    world.with(|books, now| {
        let place = books.payments.refunds.iter().position(|refund| Some(refund.id) == id);
        let place = place.ok_or_else(|| missing("there is no refund of that id"))?;
        books.move_refund(place, body.status, now, body.webhook == Delivery::Deliver);
        Ok(Answer::ok(&json!({ "refund": books.refund_wire(place, false) })))
    })
}
