use serde_json::{Map, Value, json};

use super::{MOCK_HEADER, bad_request, one_of, refused, signed_in, text};
use crate::{
    books::UNKNOWN_SERVICE,
    catalogue::{self, TestService},
    http::{Answer, Call},
    world::World,
};

const NUMBER_TYPES: [&str; 3] = ["mobile", "voip", "landline"];
const RESERVATION_TYPES: [&str; 3] = ["renewable", "nonrenewable", "verification"];
pub(super) const CAPABILITIES: [&str; 3] = ["sms", "voice", "smsAndVoiceCombo"];

/// `GET /services`: a bare array.
pub(crate) fn services(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| signed_in(books, call, now))?;
    let number_type = required(call, "numberType", &NUMBER_TYPES)?;
    let reservation_type = required(call, "reservationType", &RESERVATION_TYPES)?;
    if number_type.eq_ignore_ascii_case("landline") {
        return Ok(Answer::ok(&json!([])));
    }
    let capability = if number_type.eq_ignore_ascii_case("voip") { "voice" } else { "sms" };
    let is_rental = !reservation_type.eq_ignore_ascii_case("verification");
    let names = catalogue::SERVICES.iter().map(|(name, _)| *name);
    let names: Vec<&str> = if is_rental {
        std::iter::once("allservices").chain(names.filter(|name| *name != catalogue::NOT_LISTED)).collect()
    } else {
        names.collect()
    };
    let list: Vec<Value> = names
        .into_iter()
        .map(|name| json!({ "serviceName": name, "capability": capability, "description": null }))
        .collect();
    Ok(Answer::ok(&list.into()))
}

fn required<'a>(call: &'a Call, name: &str, allowed: &[&str]) -> Result<&'a str, Answer> {
    let value = call.query(name).ok_or_else(|| bad_request(&format!("{name} is required")))?;
    one_of(value, name, allowed)?;
    Ok(value)
}

/// `GET /area-codes`: a bare array.
pub(crate) fn area_codes(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| signed_in(books, call, now))?;
    let list: Vec<Value> = catalogue::AREA_CODES
        .iter()
        .map(|(code, state)| json!({ "areaCode": code, "state": state }))
        .collect();
    Ok(Answer::ok(&list.into()))
}

/// `POST /pricing/verifications`
pub(crate) fn pricing(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        signed_in(books, call, now)?;
        let body = call.object()?;
        let service = kind(&body)?;
        let with_area_code = flag(&body, "areaCode")?;
        let with_carrier = flag(&body, "carrier")?;
        let price =
            books.price(service, with_area_code, with_carrier).ok_or_else(|| refused(UNKNOWN_SERVICE))?;
        Ok(marked(service, Answer::ok(&json!({ "serviceName": service, "price": price.wire() }))))
    })
}

/// `POST /inventory/verifications`
pub(crate) fn inventory(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let username = signed_in(books, call, now)?;
        let body = call.object()?;
        let service = kind(&body)?;
        if catalogue::price(service).is_none() {
            return Err(refused(UNKNOWN_SERVICE));
        }
        let available = books.available(&username, service);
        Ok(marked(service, Answer::ok(&json!({ "availableQuantity": available }))))
    })
}

/// `GET /webhook-events`. The vendor publishes no schema for it.
pub(crate) fn webhook_events(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| signed_in(books, call, now))?;
    Ok(Answer::ok(&json!([
        { "name": "v2.sms.received", "description": "A text arrived." },
        { "name": "v2.reservation.created", "description": "A number was reserved." },
    ])))
}

fn kind(body: &Map<String, Value>) -> Result<&str, Answer> {
    one_of(text(body, "numberType")?, "numberType", &NUMBER_TYPES)?;
    one_of(text(body, "capability")?, "capability", &CAPABILITIES)?;
    text(body, "serviceName")
}

fn flag(body: &Map<String, Value>, name: &str) -> Result<bool, Answer> {
    let value = body.get(name).and_then(Value::as_bool);
    value.ok_or_else(|| bad_request(&format!("{name} is required and must be true or false")))
}

fn marked(service: &str, answer: Answer) -> Answer {
    if TestService::named(service).is_some() { answer.header(MOCK_HEADER, "true".into()) } else { answer }
}
