//! Reading through TextVerified's adapter, with answers that the simulator does not give; and its webhooks.

use std::sync::Arc;

use chrono::TimeDelta;
use namaskah_adapters::{
    http::ANSWER_CAP,
    textverified::{WebhookSecrets, notice_key, verify_signature},
};
use namaskah_domain::{
    Time,
    memory::ManualClock,
    time::{minutes, seconds},
    verification::{NumberProvider, ProviderError},
};
use namaskah_tests::contract::number_provider::{NumberWorld, attempt, usd};
use serde_json::json;

use super::{
    canned::{Canned, Reply, answer},
    sandboxed::{WEBHOOK_SECRET, started},
    vendor::{ID, LIST, TOKEN, adapter, adapter_at, expanded, id, iso, page, row, start_of_2026, vendor},
};

#[tokio::test]
async fn calls_at_once_share_one_token_and_it_is_replaced_before_it_ends() {
    let vendor = vendor(|_| answer(200, r#"{"username":"house@example.com","currentBalance":12.5}"#)).await;
    let clock = Arc::new(ManualClock::at(start_of_2026()));
    let provider = adapter_at(vendor.url(), clock.clone());
    let balances = futures::future::join_all((0..20).map(|_| provider.balance())).await;
    assert!(balances.into_iter().all(|balance| balance.ok() == Some(usd("12.5"))));
    assert_eq!(vendor.seen("POST /api/pub/v2/auth").len(), 1);
    clock.advance(seconds(899 - 61));
    provider.balance().await.expect("a balance");
    assert_eq!(vendor.seen("POST /api/pub/v2/auth").len(), 1);
    clock.advance(seconds(2));
    provider.balance().await.expect("a balance");
    assert_eq!(vendor.seen("POST /api/pub/v2/auth").len(), 2);
}

#[tokio::test]
async fn a_read_is_tried_three_times_and_a_cancel_once() {
    let me = "GET /api/pub/v2/account/me";
    let recovering = vendor(|request| match request.nth {
        0 => answer(503, ""),
        1 => Reply::HangUp,
        _ => answer(200, r#"{"currentBalance":1}"#),
    })
    .await;
    assert_eq!(adapter(&recovering).balance().await.ok(), Some(usd("1")));
    let broken = vendor(|_| answer(429, "").header("retry-after", "0")).await;
    let outcome = adapter(&broken).balance().await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
    assert_eq!(broken.seen(me).len(), 3);
    let outcome = adapter(&broken).cancel(&id()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
    assert_eq!(broken.seen("POST /api/pub/v2/verifications/").len(), 1);
}

#[tokio::test]
async fn an_unreadable_row_is_left_out_and_makes_a_listing_incomplete_where_it_matters() {
    let (now, since) = (start_of_2026(), start_of_2026() - minutes(5));
    let poisonous = |at: Time| json!({ "id": 7, "number": null, "createdAt": iso(at) });
    for (poison, complete) in [
        (poisonous(now), false),
        (poisonous(since - minutes(1)), true),
        (json!("nonsense"), false),
        (json!({ "id": "lr_1", "number": "x", "createdAt": "soon" }), false),
    ] {
        let rows = [row("lr_2", now), poison.clone(), row("lr_0", now - seconds(1))];
        let vendor = vendor(move |_| page(&rows, None)).await;
        let listing = adapter(&vendor).reservations_since(since).await.expect("a listing");
        assert_eq!((listing.reservations.len(), listing.complete), (2, complete), "{poison}");
    }
}

#[tokio::test]
async fn a_list_that_comes_oldest_first_is_read_to_its_end() {
    let now = start_of_2026();
    let vendor = vendor(move |request| {
        if request.line.ends_with("cursor=2") {
            page(&[row("lr_new", now)], None)
        } else {
            let rows = [row("lr_old", now - minutes(90)), row("lr_older", now - minutes(60))];
            page(&rows, Some("/api/pub/v2/verifications?cursor=2"))
        }
    })
    .await;
    let listing = adapter(&vendor).reservations_since(now - minutes(5)).await.expect("a listing");
    let ids: Vec<_> = listing.reservations.iter().map(|r| r.id.as_str()).collect();
    assert_eq!((ids, listing.complete), (vec!["lr_new"], true));
}

#[tokio::test]
async fn a_list_that_comes_newest_first_is_read_no_further_than_asked() {
    let now = start_of_2026();
    let vendor = vendor(move |request| {
        let (age, next) = match request.line.rsplit_once("cursor=") {
            None => (0, "2"),
            Some((_, "2")) => (60, "3"),
            Some(_) => (120, "4"),
        };
        let rows = [row(&format!("lr_{age}"), now - minutes(age))];
        page(&rows, Some(&format!("/api/pub/v2/verifications?cursor={next}")))
    })
    .await;
    let listing = adapter(&vendor).reservations_since(now - minutes(5)).await.expect("a listing");
    assert_eq!((listing.reservations.len(), listing.complete), (1, true));
    assert_eq!(vendor.seen(LIST).len(), 2);
}

#[tokio::test]
async fn a_list_without_an_end_is_given_up_and_not_called_whole() {
    let now = start_of_2026();
    let vendor = vendor(move |request| {
        let turn: usize = request.line.rsplit_once("cursor=").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
        let next = format!("/api/pub/v2/verifications?cursor={}", turn + 1);
        page(&[row(&format!("lr_{turn}"), now)], Some(&next))
    })
    .await;
    let listing = adapter(&vendor).reservations_since(now - minutes(5)).await.expect("a listing");
    assert!(!listing.complete);
    assert_eq!(vendor.seen(LIST).len(), 40);
    let circle = vendor_in_a_circle().await;
    let listing = adapter(&circle).reservations_since(now - minutes(5)).await.expect("a listing");
    assert_eq!((listing.reservations.len(), listing.complete), (1, false));
}

async fn vendor_in_a_circle() -> Canned {
    vendor(|_| page(&[row(ID, start_of_2026())], Some("/api/pub/v2/verifications"))).await
}

#[tokio::test]
async fn a_reservation_is_read_whatever_the_number_of_fraction_digits() {
    let vendor = vendor(|_| {
        let mut body = row(ID, start_of_2026());
        body["createdAt"] = "2026-01-01T00:00:00.1234567+00:00".into();
        body["endsAt"] = "2026-01-01T01:15:00+01:00".into();
        body["state"] = "VERIFICATIONPENDING".into();
        answer(200, body.to_string())
    })
    .await;
    let reservation = adapter(&vendor).reservation(&id()).await.expect("a reservation");
    assert_eq!(reservation.created_at - start_of_2026(), TimeDelta::microseconds(123_456));
    assert_eq!(reservation.ends_at, Some(start_of_2026() + minutes(15)));
}

#[tokio::test]
async fn a_reservation_other_than_asked_for_is_not_believed() {
    let vendor = vendor(|_| expanded("lr_other")).await;
    let outcome = adapter(&vendor).reservation(&id()).await;
    assert!(matches!(outcome, Err(ProviderError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let huge = vec![b' '; ANSWER_CAP + 1];
    let vendor = vendor(move |_| answer(200, huge.clone())).await;
    let outcome = adapter(&vendor).balance().await;
    assert!(outcome.is_err_and(|error| error.to_string().contains("too large")));
}

#[tokio::test]
async fn no_fault_shows_a_number_a_text_a_key_or_a_token() {
    let secrets = ["2223334444", "482913", TOKEN, "key-0123456789", "house@example.com", "127.0.0.1"];
    let leaky = json!({
        "id": ID, "number": "2223334444", "errorCode": "2223334444 482913", "smsContent": "482913",
        "errorDescription": format!("482913 {TOKEN} key-0123456789"),
    });
    for status in [200, 201, 400, 401, 403, 404, 429, 500] {
        let body = leaky.to_string();
        let vendor = vendor(move |_| answer(status, body.clone())).await;
        let provider = adapter(&vendor);
        let bought = provider.buy(&attempt("whatsapp", "0.75")).await.expect_err("no number");
        let read = provider.reservation(&id()).await.expect_err("no reservation");
        let listed = provider.reservations_since(start_of_2026()).await.expect_err("no listing");
        let cancelled = provider.cancel(&id()).await;
        let shown = format!("{bought} {bought:?} {read} {read:?} {listed:?} {cancelled:?}");
        for secret in secrets {
            assert!(!shown.contains(secret), "{status}: {secret} in {shown}");
        }
    }
}

/// The simulator's webhooks, signed and read as the product does it.

#[tokio::test]
async fn a_webhook_of_the_simulator_is_authentic_and_tells_its_text() {
    let product = Canned::start(|_| answer(200, "")).await;
    let world = started().await;
    world.control("/control/webhooks", json!({ "product_url": product.url() })).await;
    let reservation = world.provider().buy(&attempt("whatsapp", "0.75")).await.expect("a number");
    world.receive(&reservation.id, "Your code is 482913", Some("482913")).await;
    let hook = "POST /api/v1/hooks/textverified";
    while product.seen(hook).len() < 2 {
        tokio::task::yield_now().await;
    }
    let secrets =
        WebhookSecrets { secrets: vec!["whsec_new".into(), WEBHOOK_SECRET.into()], ..Default::default() };
    let mut texts = Vec::new();
    for request in product.seen(hook) {
        let header = request.headers.get("x-webhook-signature").map(String::as_str);
        assert!(verify_signature(&secrets, header, request.body.as_bytes()));
        let altered = request.body.replace("482913", "482914") + " ";
        assert!(!verify_signature(&secrets, header, altered.as_bytes()));
        assert!(notice_key(request.body.as_bytes()).is_some());
        texts.extend(world.provider().read_notice(request.body.as_bytes()));
    }
    assert_eq!(Some(texts), world.provider().messages(&reservation.id).await.ok());
}
