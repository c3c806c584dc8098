//! The controls, JSON both ways, for tests and for people at the console. A refused control answers 400 (not JSON),
//! 404 (nothing of that name), 409 (too late for that) or 422 (JSON of another shape) with `{"error"}`.
//!
//! | call | body | does |
//! |---|---|---|
//! | `GET /inbox?to=` | | `{"data":[{"to","subject","text","html","received_at"}]}`, newest first |
//! | `POST /control/paystack/{reference}` | `{"outcome":"success"\|"failed"\|"abandoned","webhook"?:"deliver"\|"lose"\|"duplicate","amount_subunits"?,"currency"?,"domain"?}` | the customer pays, or does not |
//! | `POST /control/paystack/{reference}/dispute` | `{"event":"create"\|"remind"\|"resolve","resolution"?:"merchant-accepted"\|"declined","refund_amount"?,"webhook"?:"deliver"\|"lose"}` | a chargeback opens, waits or ends |
//! | `POST /control/paystack/{reference}/refund` | `{"amount_subunits"?,"webhook"?:"deliver"\|"lose"}` | somebody refunds a payment in the dashboard |
//! | `POST /control/paystack/refunds/{id}` | `{"status":"processing"\|"processed"\|"failed"\|"needs-attention","webhook"?:"deliver"\|"lose"}` | a refund moves on |
//! | `POST /control/textverified/{id}/sms` | `{"text","parsed_code"?,"from"?,"created_at"?,"encrypted"?,"webhook"?:"deliver"\|"lose","name_reservation"?}` | a text arrives |
//! | `POST /control/textverified/sms` | the same with `"number"` | a text arrives at whoever holds, or last held, the number |
//! | `POST /control/textverified/{id}/credit` | `{}` | the vendor gives the charge back, once |
//! | `POST /control/textverified/next-number` | `{"number"}` | the next purchase gets it, if it is not in use; may be repeated |
//! | `POST /control/textverified/listing` | `{"lag_s"}` | new reservations reach the list only so much later |
//! | `POST /control/textverified/create-delay` | `{"delay_ms","count"?}` | the next purchases are answered late, in real time |
//! | `POST /control/textverified/account` | `{"username","balance"?,"unfinished_limit"?}` | sets an account's money (decimal text) or cap |
//! | `POST /control/textverified/service` | `{"service","price"?,"stock"?}` | sets a service's price (decimal text) or stock |
//! | `POST /control/google/rotate` | `{"keep"?}` | tokens are signed with a new key; the older ones are still shown, or not |
//! | `POST /control/google/token` | `{"flaw","count"?}` | the next tokens are wrong: `signature`, `alg_none`, `alg_hs256`, `alg_ps256`, `critical`, `no_key`, `unknown_key`, `issuer`, `audience`, `audiences`, `party`, `expired`, `future`, `old`, `nonce`, `no_nonce`, `unverified`, `no_email`, `no_subject`, `twice`, `huge` |
//! | `POST /control/faults` | `{"provider","operation","mode","count"?}` | see the crate's documentation; `GET` lists what is set |
//! | `POST /control/mismatch` | `{"kind":"success"\|"paid","reference","amount_subunits"}`, `{"kind":"unpaid","reference"}`, `{"kind":"bought","service"}`, `{"kind":"cost","id","cost"}`, `{"kind":"balance","change"}` | the vendors' books differ from the product's, and no webhook tells: a success that nobody asked for, another sum, none; a number bought in the dashboard, another cost, a balance that moves (decimal text) |
//! | `POST /control/clock` | `{"advance_s"}` | moves the clock, answers `{"offset_s","now"}` when due work has run, here and at every follower |
//! | `GET /control/clock` | | the same without moving it |
//! | `GET /control/clock/follow?follower=&after_s=` | | long poll, 20 s: answers when the offset is above `after_s`; asking again with it acknowledges it |
//! | `POST /control/webhooks` | `{"product_url"}` | where webhooks go |
//! | `GET /control/state` | | everything the providers know |
//! | `POST /control/reset` | `{}` | empties the books; the clock and the webhooks' target stay |
//!
//! Pwned Passwords knows `river stones and tea`, `blue kettle 1987`, `moonlight over lagos` and `my dog eats mangoes`.

mod clock;
mod faults;
mod google;
mod mismatch;
mod payments;
mod phones;
mod state;

pub(crate) use clock::{advance, clock, follow};
pub(crate) use faults::{faults, list_faults};
pub(crate) use google::{rotate, spoil};
pub(crate) use mismatch::mismatch;
pub(crate) use payments::{dashboard_refund, dispute, pay, refund};
pub(crate) use phones::{
    account, create_delay, credit, listing, next_number, service, text_number, text_reservation,
};
use poem::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
pub(crate) use state::{inbox, state};

use crate::{
    SandboxError,
    http::{Answer, Call, Dialect},
    world::World,
};

/// Whether a webhook is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Delivery {
    #[default]
    Deliver,
    Lose,
}

fn refuse(status: StatusCode, message: &str) -> Answer {
    Answer::refusal(Dialect::Control, status, message)
}

fn unprocessable(message: &str) -> Answer {
    refuse(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn missing(message: &str) -> Answer {
    refuse(StatusCode::NOT_FOUND, message)
}

fn conflict(message: &str) -> Answer {
    refuse(StatusCode::CONFLICT, message)
}

/// Controls change things, so a page of another site may not call them from a browser.
fn same_site(call: &Call) -> Result<(), Answer> {
    if call.is_cross_site() {
        Err(refuse(StatusCode::FORBIDDEN, "not from a page of another site"))
    } else {
        Ok(())
    }
}

/// The product's base, without its last slash.
pub(crate) fn product_url(text: &str) -> Result<String, SandboxError> {
    let wrong = || SandboxError::ProductUrl(text.to_owned());
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    if is_web { Ok(text.trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhooks {
    product_url: String,
}

/// `POST /control/webhooks`
pub(crate) fn webhooks(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: Webhooks = call.parse()?;
    let url = product_url(&body.product_url).map_err(|error| unprocessable(&error.to_string()))?;
    world.with(|books, _| books.point_webhooks(url.clone()));
    world.hooks_changed.notify_one();
    Ok(Answer::ok(&json!({ "product_url": url })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// `POST /control/reset`
pub(crate) fn reset(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let Nothing {} = call.parse()?;
    world.with(|books, _| books.reset());
    world.google.reset();
    Ok(Answer::ok(&json!({ "reset": true })))
}
