//! TextVerified's API v2, as far as verifications go. Money is a JSON number on the wire, dates carry an offset.
//!
//! Two documented surcharges: an area code adds 0.20 USD, a carrier 0.15 USD. Area code 907 never has a number, and
//! one that is not in `GET /area-codes` is refused as `Unavailable`.

mod catalogue;
mod messages;
mod page;
mod verifications;

use poem::http::StatusCode;

pub(crate) use catalogue::{area_codes, inventory, pricing, services, webhook_events};
pub(crate) use messages::{calls, digits, sms};
pub(crate) use verifications::{cancel, create, get, list, reactivate, report, reuse, sale};

use serde_json::{Value, json};

use crate::{
    books::{Books, Refusal},
    http::{Answer, Call, Dialect},
    time,
    world::World,
};

/// The header that marks what came from a test service.
const MOCK_HEADER: poem::http::HeaderName = poem::http::HeaderName::from_static("x-phoneblur-mock");

fn refuse(status: StatusCode, message: &str) -> Answer {
    Answer::refusal(Dialect::TextVerified, status, message)
}

fn bad_request(message: &str) -> Answer {
    refuse(StatusCode::BAD_REQUEST, message)
}

fn refused(refusal: Refusal) -> Answer {
    let body = json!({ "errorCode": refusal.code, "errorDescription": refusal.description });
    Answer::json(StatusCode::BAD_REQUEST, &body)
}

fn link(call: &Call, method: &str, tail: &str) -> Value {
    json!({ "method": method, "href": format!("{}{}/api/pub/v2{tail}", call.base_url, call.mount) })
}

fn no_link() -> Value {
    json!({ "method": null, "href": null })
}

/// The account the call's bearer token speaks for; 401 without one that is good.
fn signed_in(books: &mut Books, call: &Call, now: i64) -> Result<String, Answer> {
    let username = call.bearer().and_then(|token| books.bearer(token, now));
    let username = username.ok_or_else(|| Answer { status: StatusCode::UNAUTHORIZED, ..Answer::empty() })?;
    books.account(&username);
    Ok(username)
}

/// A required text field.
fn text<'a>(object: &'a serde_json::Map<String, Value>, name: &str) -> Result<&'a str, Answer> {
    object
        .get(name)
        .and_then(Value::as_str)
        .filter(|value| !value.trim().is_empty())
        .ok_or_else(|| bad_request(&format!("{name} is required and must be text")))
}

/// One of `allowed`, in any case.
fn one_of(value: &str, name: &str, allowed: &[&str]) -> Result<(), Answer> {
    if allowed.iter().any(|known| known.eq_ignore_ascii_case(value)) {
        return Ok(());
    }
    Err(bad_request(&format!("{name} must be one of {}", allowed.join(", "))))
}

/// `POST /auth`
pub(crate) fn auth(world: &World, call: &Call) -> Result<Answer, Answer> {
    let unauthorized = || refuse(StatusCode::UNAUTHORIZED, "unknown API key or user name");
    let key = call.header("x-api-key").ok_or_else(unauthorized)?;
    let username = call.header("x-api-username").ok_or_else(unauthorized)?;
    let is_known = world
        .credentials
        .as_ref()
        .is_none_or(|wanted| wanted.textverified_api_key == key && wanted.textverified_username == username);
    if !is_known {
        return Err(unauthorized());
    }
    let (token, expires_ms, now) = world.with(|books, now| {
        let (token, expires_ms) = books.issue_token(username, now);
        (token, expires_ms, now)
    });
    let expires_in = time::seconds(expires_ms - now);
    Ok(Answer::ok(
        &json!({ "token": token, "expiresIn": expires_in, "expiresAt": time::with_offset(expires_ms) }),
    ))
}

/// `GET /account/me`
pub(crate) fn account(world: &World, call: &Call) -> Result<Answer, Answer> {
    world.with(|books, now| {
        let username = signed_in(books, call, now)?;
        let account = books.account(&username);
        Ok(Answer::ok(&json!({ "username": account.username, "currentBalance": account.balance.wire() })))
    })
}
