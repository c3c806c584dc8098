//! TextVerified's answers, as the tests of its adapter put them together.

use std::{sync::Arc, time::Duration};

use namaskah_adapters::{
    http::ReadPolicy,
    textverified::{TextVerifiedConfig, TextVerifiedProvider},
};
use namaskah_domain::{ReservationId, Time, memory::ManualClock, time::minutes};
use serde_json::{Value, json};

use super::canned::{Canned, Reply, Request, answer};

/// Far more than any answer here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
pub const TOKEN: &str = "bearer-0123456789";
pub const CREATE: &str = "POST /api/pub/v2/verifications";
pub const LIST: &str = "GET /api/pub/v2/verifications";
pub const ID: &str = "lr_01HZX0000000000000000001";

pub fn start_of_2026() -> Time {
    Time::from_timestamp(1_767_225_600, 0).expect("an instant")
}

/// With seven digits of a fraction, the last of which is too much for us.
pub fn iso(at: Time) -> String {
    format!("{}7+00:00", at.format("%Y-%m-%dT%H:%M:%S%.6f"))
}

pub fn row(id: &str, at: Time) -> Value {
    json!({
        "id": id, "number": "2223334444", "serviceName": "whatsapp", "state": "verificationPending",
        "totalCost": 0.75, "createdAt": iso(at), "somethingNew": {"nested": []},
    })
}

pub fn expanded(id: &str) -> Reply {
    let mut body = row(id, start_of_2026());
    body["endsAt"] = iso(start_of_2026() + minutes(15)).into();
    answer(200, body.to_string())
}

pub fn page(rows: &[Value], next: Option<&str>) -> Reply {
    let link = |href: Option<&str>| json!({ "method": href.map(|_| "GET"), "href": href });
    let links = json!({ "current": link(None), "previous": link(None), "next": link(next) });
    let body = json!({
        "data": rows, "hasNext": next.is_some(), "hasPrevious": false, "count": 99, "links": links,
    });
    answer(200, body.to_string())
}

/// A vendor that gives out tokens and answers the rest as told.
pub async fn vendor(rest: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Canned {
    Canned::start(move |request| {
        if request.is("POST /api/pub/v2/auth") {
            let body =
                json!({ "token": TOKEN, "expiresIn": 899.5, "expiresAt": "2026-01-01T00:15:00+00:00" });
            answer(200, body.to_string())
        } else {
            rest(request)
        }
    })
    .await
}

pub fn adapter_at(base_url: String, clock: Arc<ManualClock>) -> TextVerifiedProvider {
    adapter_with(base_url, clock, PATIENCE)
}

pub fn adapter_with(base_url: String, clock: Arc<ManualClock>, timeout: Duration) -> TextVerifiedProvider {
    let config = TextVerifiedConfig {
        timeout,
        reads: ReadPolicy { budget: PATIENCE, pause: Duration::from_millis(1) },
        ..TextVerifiedConfig::new(base_url, "house@example.com".into(), "key-0123456789".into())
    };
    TextVerifiedProvider::try_new(config, clock).expect("an adapter")
}

/// The adapter at a canned vendor, with a clock that stands still.
pub fn adapter(vendor: &Canned) -> TextVerifiedProvider {
    adapter_at(vendor.url(), Arc::new(ManualClock::at(start_of_2026())))
}

pub fn id() -> ReservationId {
    ReservationId::try_new(ID).expect("an id")
}
