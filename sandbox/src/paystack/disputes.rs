use poem::http::StatusCode;
use serde_json::Value;

use super::{authorize, failure, invalid, optional_text, paged, period, success};
use crate::{
    books::Dispute,
    http::{Answer, Call},
    world::World,
};

/// `GET /dispute`: newest first.
pub(crate) fn disputes(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let (from, to) = period(call)?;
    world.with(|books, _| {
        let payments = &books.payments;
        let of = call.query("transaction").map(|text| payments.find_either(text));
        let found = payments.disputes.iter().enumerate().rev().filter(|(_, dispute)| {
            of.is_none_or(|n| n == Some(dispute.transaction))
                && call.query("status").is_none_or(|status| dispute.status == status)
                && (from..=to).contains(&dispute.created_ms)
        });
        let items = found.map(|(place, _)| books.dispute_wire(place)).collect();
        paged(call, "Disputes retrieved", items, None)
    })
}

/// `GET /dispute/{id}`
pub(crate) fn get_dispute(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let id: Option<u64> = call.id().parse().ok();
    one(world, |dispute| Some(dispute.id) == id)
}

/// `GET /dispute/transaction/{id}`
pub(crate) fn transaction_dispute(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let n = world.with(|books, _| books.payments.find_either(call.id()));
    one(world, |dispute| Some(dispute.transaction) == n)
}

/// `PUT /dispute/{id}/resolve`
pub(crate) fn resolve_dispute(world: &World, call: &Call) -> Result<Answer, Answer> {
    authorize(world, call)?;
    let body = call.object()?;
    let resolution =
        optional_text(&body, "resolution")?.filter(|r| r == "merchant-accepted" || r == "declined");
    let resolution = resolution.ok_or_else(|| invalid("resolution must be merchant-accepted or declined"))?;
    let id: Option<u64> = call.id().parse().ok();
    world.with(|books, now| {
        let dispute =
            books.payments.disputes.iter().find(|dispute| Some(dispute.id) == id).ok_or_else(missing)?;
        let place = books.resolve_dispute(dispute.transaction, &resolution, now, true);
        let place = place.ok_or_else(|| invalid("Dispute has been resolved already"))?;
        Ok(success("Dispute successfully resolved", books.dispute_wire(place)))
    })
}

fn one(world: &World, is_wanted: impl Fn(&Dispute) -> bool) -> Result<Answer, Answer> {
    let found: Option<Value> = world.with(|books, _| {
        let place = books.payments.disputes.iter().rposition(is_wanted)?;
        Some(books.dispute_wire(place))
    });
    found.map(|data| success("Dispute retrieved", data)).ok_or_else(missing)
}

fn missing() -> Answer {
    let next = "Ensure that you're passing the id of a dispute that exists on this integration";
    failure(StatusCode::NOT_FOUND, "Dispute not found", "dispute_not_found", next)
}
