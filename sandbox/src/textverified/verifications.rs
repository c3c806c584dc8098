use std::{str::FromStr, time::Duration};

use poem::http::{StatusCode, header};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    MOCK_HEADER, bad_request, catalogue::CAPABILITIES, link, no_link, one_of, page::page, refused, signed_in,
    text,
};
use crate::{
    books::{Books, NewPurchase, Purchase, Refusal, State},
    http::{Answer, Call, Dialect},
    money, time,
    world::World,
};

/// `POST /verifications`: the price leaves the account now.
pub(crate) fn create(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let username = signed_in(books, call, now)?;
        let wanted = order(&call.object()?)?;
        let n = books.buy(&username, &wanted, now).map_err(refused)?;
        let delay = Duration::from_millis(books.take_create_delay());
        Ok(Answer { delay, ..created(books, call, n)? })
    })
}

fn order(body: &Map<String, Value>) -> Result<NewPurchase, Answer> {
    one_of(text(body, "capability")?, "capability", &CAPABILITIES)?;
    let max_price = match body.get("maxPrice") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            Some(Decimal::from_str(text).map_err(|_| bad_request("maxPrice must be a number"))?)
        }
        Some(value) => {
            Some(money::decimal_of(value).ok_or_else(|| bad_request("maxPrice must be a number"))?)
        }
    };
    Ok(NewPurchase {
        service: text(body, "serviceName")?.to_owned(),
        area_codes: texts(body, "areaCodeSelectOption")?,
        carriers: texts(body, "carrierSelectOption")?,
        max_price,
    })
}

fn texts(body: &Map<String, Value>, name: &str) -> Result<Vec<String>, Answer> {
    let wrong = || bad_request(&format!("{name} must be a list of text"));
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// 201 with a link to the new verification.
fn created(books: &Books, call: &Call, n: usize) -> Result<Answer, Answer> {
    let purchase = at(books, n)?;
    let link = link(call, "GET", &format!("/verifications/{}", purchase.id));
    let location = link["href"].as_str().unwrap_or_default().to_owned();
    let answer = Answer::json(StatusCode::CREATED, &link).header(header::LOCATION, location);
    Ok(marked(purchase, answer))
}

/// `GET /verifications/{id}`
pub(crate) fn get(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let n = found(books, call, now)?;
        let purchase = at(books, n)?;
        Ok(marked(purchase, Answer::ok(&expanded(call, purchase, now))))
    })
}

/// `GET /verifications`: newest first, as far as the list has caught up.
pub(crate) fn list(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let username = signed_in(books, call, now)?;
        let phones = &books.phones;
        let mut places = phones.shelves.get(&username).map(|shelf| shelf.listing.clone()).unwrap_or_default();
        places.retain(|(_, n)| phones.purchases.get(*n).is_some_and(|purchase| purchase.listed_ms <= now));
        page(call, "/verifications", &places, |n| {
            phones.purchases.get(n).map(|purchase| compact(call, purchase))
        })
    })
}

/// `POST /verifications/{id}/cancel`
pub(crate) fn cancel(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let n = found(books, call, now)?;
        books.cancel(n).map_err(refused)?;
        Ok(marked(at(books, n)?, Answer::empty()))
    })
}

/// `POST /verifications/{id}/report`
pub(crate) fn report(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let n = found(books, call, now)?;
        books.report(n).map_err(refused)?;
        Ok(marked(at(books, n)?, Answer::empty()))
    })
}

/// `POST /verifications/{id}/reuse`
pub(crate) fn reuse(world: &World, call: &Call) -> Result<Answer, Answer> {
    again(world, call, Books::reuse)
}

/// `POST /verifications/{id}/reactivate`
pub(crate) fn reactivate(world: &World, call: &Call) -> Result<Answer, Answer> {
    again(world, call, Books::reactivate)
}

type SellAgain = fn(&mut Books, usize, i64) -> Result<usize, Refusal>;

fn again(world: &World, call: &Call, sell: SellAgain) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let old = found(books, call, now)?;
        let n = sell(books, old, now).map_err(refused)?;
        created(books, call, n)
    })
}

/// `GET /sales/{id}`: each verification is a sale of its own, under the same id.
pub(crate) fn sale(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let n = found(books, call, now)?;
        let purchase = at(books, n)?;
        Ok(Answer::ok(&json!({
            "id": purchase.id,
            "createdAt": purchase.created_at(),
            "updatedAt": purchase.created_at(),
            "state": "succeeded",
            "total": purchase.cost.wire(),
            "reservations": [{
                "id": purchase.id,
                "link": link(call, "GET", &format!("/verifications/{}", purchase.id)),
                "reservationType": "verification",
                "serviceName": purchase.service,
            }],
            "backOrderReservations": [],
        })))
    })
}

fn missing() -> Answer {
    Answer::refusal(Dialect::TextVerified, StatusCode::NOT_FOUND, "there is no such verification")
}

fn found(books: &mut Books, call: &Call, now: i64) -> Result<usize, Answer> {
    let username = signed_in(books, call, now)?;
    books.phones.find(&username, call.id()).ok_or_else(missing)
}

fn at(books: &Books, n: usize) -> Result<&Purchase, Answer> {
    books.phones.purchases.get(n).ok_or_else(missing)
}

fn marked(purchase: &Purchase, answer: Answer) -> Answer {
    if purchase.mock { answer.header(MOCK_HEADER, "true".into()) } else { answer }
}

fn messages_link(call: &Call, kind: &str, purchase: &Purchase) -> Value {
    link(call, "GET", &format!("/{kind}?reservationId={}", purchase.id))
}

fn compact(call: &Call, purchase: &Purchase) -> Value {
    json!({
        "id": purchase.id,
        "link": link(call, "GET", &format!("/verifications/{}", purchase.id)),
        "number": purchase.number,
        "serviceName": purchase.service,
        "state": purchase.state,
        "totalCost": purchase.cost.wire(),
        "createdAt": purchase.created_at(),
        "sms": messages_link(call, "sms", purchase),
        "calls": messages_link(call, "calls", purchase),
    })
}

fn expanded(call: &Call, purchase: &Purchase, now: i64) -> Value {
    let act = |allowed: bool, verb: &str| {
        if allowed {
            link(call, "POST", &format!("/verifications/{}/{verb}", purchase.id))
        } else {
            no_link()
        }
    };
    let can_cancel = purchase.state == State::Pending;
    let can_report = matches!(purchase.state, State::Pending | State::Completed);
    let can_reactivate = purchase.may_reactivate();
    let reusable_until =
        purchase.reusable_until_ms.filter(|at| purchase.state == State::Completed && now < *at);
    json!({
        "id": purchase.id,
        "number": purchase.number,
        "serviceName": purchase.service,
        "state": purchase.state,
        "totalCost": purchase.cost.wire(),
        "createdAt": purchase.created_at(),
        "endsAt": time::with_offset(purchase.ends_ms),
        "cancel": { "canCancel": can_cancel, "link": act(can_cancel, "cancel") },
        "report": { "canReport": can_report, "link": act(can_report, "report") },
        "reactivate": { "canReactivate": can_reactivate, "link": act(can_reactivate, "reactivate") },
        "reuse": {
            "reusableUntil": reusable_until.map(time::with_offset),
            "link": act(reusable_until.is_some(), "reuse"),
        },
        "sms": messages_link(call, "sms", purchase),
        "calls": messages_link(call, "calls", purchase),
        "sale": link(call, "GET", &format!("/sales/{}", purchase.id)),
    })
}
