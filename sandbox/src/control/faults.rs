use serde::Deserialize;
use serde_json::{Value, json};

use super::{same_site, unprocessable};
use crate::{
    books::{Fault, FaultMode},
    http::{Answer, Call},
    world::World,
};

const TEXTVERIFIED: [&str; 16] = [
    "auth",
    "account",
    "services",
    "area_codes",
    "pricing",
    "inventory",
    "create",
    "get",
    "list",
    "cancel",
    "report",
    "reuse",
    "reactivate",
    "sms",
    "calls",
    "sale",
];
const PAYSTACK: [&str; 12] = [
    "initialize",
    "verify",
    "list",
    "fetch",
    "timeline",
    "refund",
    "refund_list",
    "refund_get",
    "refund_retry",
    "dispute_list",
    "dispute_get",
    "dispute_resolve",
];
const GOOGLE: [&str; 5] = ["discovery", "authorize", "consent", "certs", "token"];
const PWNED_PASSWORDS: [&str; 1] = ["range"];
const SMTP: [&str; 1] = ["send"];
const MOST: u32 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFault {
    provider: String,
    operation: String,
    mode: FaultMode,
    count: Option<u32>,
}

/// `POST /control/faults`
pub(crate) fn faults(world: &World, call: &Call) -> Result<Answer, Answer> {
    same_site(call)?;
    let body: NewFault = call.parse()?;
    let (provider, operations): (&str, &[&str]) = match body.provider.as_str() {
        "textverified" => ("textverified", &TEXTVERIFIED),
        "paystack" => ("paystack", &PAYSTACK),
        "google" => ("google", &GOOGLE),
        "pwnedpasswords" => ("pwnedpasswords", &PWNED_PASSWORDS),
        "smtp" | "mail" => ("smtp", &SMTP),
        _ => {
            let known = "provider must be textverified, paystack, google, pwnedpasswords or smtp";
            return Err(unprocessable(known));
        }
    };
    if !operations.contains(&body.operation.as_str()) {
        return Err(unprocessable(&format!(
            "operation of {provider} must be one of {}",
            operations.join(", ")
        )));
    }
    let fault = Fault { mode: body.mode, count: body.count.unwrap_or(1) };
    if fault.count > MOST {
        return Err(unprocessable("count must be at most 1000000"));
    }
    world.with(|books, _| books.set_fault(format!("{provider}.{}", body.operation), fault));
    list_faults(world, call)
}

/// `GET /control/faults`
pub(crate) fn list_faults(world: &World, _: &Call) -> Result<Answer, Answer> {
    world.with(|books, _| {
        let all = books.settings.faults.iter().filter_map(|(name, fault)| {
            let (provider, operation) = name.split_once('.')?;
            Some(json!({
                "provider": provider,
                "operation": operation,
                "mode": fault.mode,
                "count": fault.count,
            }))
        });
        Ok(Answer::ok(&json!({ "faults": all.collect::<Vec<Value>>() })))
    })
}
