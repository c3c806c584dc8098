//! Buying through TextVerified's adapter, with answers that the simulator does not give.

use std::{sync::Arc, time::Duration};

use namaskah_adapters::http::ANSWER_CAP;
use namaskah_domain::{
    memory::ManualClock,
    time::minutes,
    verification::{BuyFailure, DeclineReason, NumberProvider},
};
use namaskah_tests::contract::number_provider::{attempt, usd};
use serde_json::{Value, json};

use super::{
    canned::{Canned, Reply, Request, answer},
    vendor::{
        CREATE, ID, TOKEN, adapter, adapter_at, adapter_with, expanded, id, page, row, start_of_2026, vendor,
    },
};

/// What buying brings when the create call is answered so; and how often it was sent.
async fn buying(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (String, usize) {
    let vendor = vendor(move |request| if request.is(CREATE) { reply(request) } else { expanded(ID) }).await;
    let outcome = match adapter(&vendor).buy(&attempt("whatsapp", "0.75")).await {
        Ok(reservation) => reservation.id.as_str().to_owned(),
        Err(BuyFailure::Declined(reason)) => format!("{reason:?}"),
        Err(BuyFailure::Unknown(_)) => "Unknown".into(),
    };
    (outcome, vendor.seen(CREATE).len())
}

fn made(location: Option<String>, href: Option<String>) -> Reply {
    let reply = answer(201, json!({ "method": "GET", "href": href }).to_string());
    match location {
        Some(location) => reply.header("location", location),
        None => reply,
    }
}

#[tokio::test]
async fn a_new_reservation_is_named_by_its_location_or_by_its_link_under_our_base() {
    let path = format!("/api/pub/v2/verifications/{ID}");
    for by_location in [true, false] {
        let path = path.clone();
        let (outcome, _) = buying(move |request| {
            let href = Some(format!("http://{}{path}", request.headers["host"]));
            if by_location { made(href, None) } else { made(None, href) }
        })
        .await;
        assert_eq!(outcome, ID);
    }
    let (outcome, _) = buying(move |_| made(Some(path.clone()), None)).await;
    assert_eq!(outcome, ID);
}

#[tokio::test]
async fn a_created_answer_that_names_nothing_of_ours_is_unknown() {
    let foreign = format!("http://127.0.0.1:9/api/pub/v2/verifications/{ID}");
    let elsewhere = "/api/pub/v2/sales/sale_1".to_owned();
    let other = "/api/pub/v2/verifications/lr_other".to_owned();
    let ours = format!("/api/pub/v2/verifications/{ID}");
    for reply in [
        answer(201, ""),
        answer(201, "{\"href\":\"htt"),
        made(None, None),
        made(Some(foreign.clone()), Some(foreign)),
        made(Some(elsewhere), None),
        made(Some(ours), Some(other)),
    ] {
        let text = format!("{reply:?}");
        let (outcome, sent) = buying(move |_| reply.clone()).await;
        assert_eq!((outcome.as_str(), sent), ("Unknown", 1), "{text}");
    }
}

#[tokio::test]
async fn neither_a_redirect_nor_a_link_leads_to_another_host() {
    let stranger = Canned::start(|_| expanded(ID)).await;
    let href = format!("{}/api/pub/v2/verifications/{ID}", stranger.url());
    for status in [201, 302, 307, 308] {
        let href = href.clone();
        let (outcome, sent) = buying(move |_| {
            answer(status, json!({ "method": "GET", "href": href }).to_string())
                .header("location", href.clone())
        })
        .await;
        assert_eq!((outcome.as_str(), sent), ("Unknown", 1), "{status}");
    }
    let next = format!("{}/api/pub/v2/verifications?cursor=2", stranger.url());
    let vendor = vendor(move |_| page(&[row(ID, start_of_2026())], Some(&next))).await;
    let listing = adapter(&vendor).reservations_since(start_of_2026() - minutes(5)).await.expect("a listing");
    assert_eq!((listing.reservations.len(), listing.complete), (1, false));
    assert!(stranger.seen("").is_empty());
}

#[tokio::test]
async fn a_purchase_without_a_usable_answer_is_unknown_and_was_sent_once() {
    let huge = vec![b' '; ANSWER_CAP + 1];
    for reply in [
        Reply::HangUp,
        answer(500, "{}"),
        answer(502, "<html>"),
        answer(503, "").header("retry-after", "0"),
        answer(400, "<html>"),
        answer(409, "{}"),
        answer(201, huge),
    ] {
        let (outcome, sent) = buying(move |_| reply.clone()).await;
        assert_eq!((outcome.as_str(), sent), ("Unknown", 1));
    }
}

#[tokio::test]
async fn a_definite_refusal_is_a_decline() {
    for (status, code, expected) in [
        (400, "InsufficientBalance", "HouseBalance"),
        (400, "Unavailable", "NoNumbers"),
        (400, "TooManyUnfinishedVerifications", "AccountLimit"),
        (400, "PriceTooHigh", "PriceChanged"),
        (400, "SomethingNew", "Refused"),
        (403, "", "Unavailable"),
        (404, "", "Refused"),
        (422, "", "Refused"),
        (429, "", "AccountLimit"),
    ] {
        let body = json!({ "errorCode": code, "errorDescription": "words" }).to_string();
        let (outcome, sent) = buying(move |_| answer(status, body.clone())).await;
        assert_eq!((outcome.as_str(), sent), (expected, 1), "{status} {code}");
    }
}

#[tokio::test]
async fn a_purchase_is_repeated_once_after_an_unauthorised_answer_with_a_new_token() {
    let path = format!("/api/pub/v2/verifications/{ID}");
    let vendor = vendor(move |request| match request {
        request if request.is(CREATE) && request.nth == 0 => answer(401, ""),
        request if request.is(CREATE) => made(Some(path.clone()), None),
        _ => expanded(ID),
    })
    .await;
    let bought = adapter(&vendor).buy(&attempt("whatsapp", "0.75")).await;
    assert_eq!(bought.map(|reservation| reservation.id).ok(), Some(id()));
    assert_eq!((vendor.seen(CREATE).len(), vendor.seen("POST /api/pub/v2/auth").len()), (2, 2));
    assert_eq!(buying(|_| answer(401, "")).await, ("Unavailable".into(), 2));
}

#[tokio::test]
async fn a_purchase_that_could_not_leave_is_a_decline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let provider = adapter_at(url, Arc::new(ManualClock::default()));
    let outcome = provider.buy(&attempt("whatsapp", "0.75")).await;
    assert!(matches!(outcome, Err(BuyFailure::Declined(DeclineReason::Unavailable))), "{outcome:?}");
    let without_token = Canned::start(|_| answer(500, "")).await;
    let outcome = adapter(&without_token).buy(&attempt("whatsapp", "0.75")).await;
    assert!(matches!(outcome, Err(BuyFailure::Declined(DeclineReason::Unavailable))), "{outcome:?}");
    assert!(without_token.seen(CREATE).is_empty());
}

#[tokio::test]
async fn a_purchase_carries_its_cap_as_an_exact_number_and_the_token() {
    let path = format!("/api/pub/v2/verifications/{ID}");
    let vendor =
        vendor(move |request| if request.is(CREATE) { made(Some(path.clone()), None) } else { expanded(ID) })
            .await;
    let bought = adapter(&vendor).buy(&attempt("whatsapp", "0.75")).await.expect("a number");
    assert_eq!((bought.cost, bought.number.as_str()), (usd("0.75"), "+12223334444"));
    let sent = vendor.seen(CREATE);
    let create = sent.first().expect("one purchase");
    assert!(create.body.contains("\"maxPrice\":0.75"), "{}", create.body);
    let body: Value = serde_json::from_str(&create.body).expect("JSON");
    assert_eq!((&body["serviceName"], &body["capability"]), (&json!("whatsapp"), &json!("sms")));
    assert_eq!(create.headers["authorization"], format!("Bearer {TOKEN}"));
    let auth = vendor.seen("POST /api/pub/v2/auth");
    assert_eq!(auth.first().expect("one").headers["x-api-username"], "house@example.com");
}

#[tokio::test]
async fn a_purchase_that_is_never_answered_is_unknown_and_was_sent_once() {
    let vendor =
        vendor(
            |request| {
                if request.is(CREATE) { Reply::Never } else { answer(200, r#"{"currentBalance":1}"#) }
            },
        )
        .await;
    let clock = Arc::new(ManualClock::at(start_of_2026()));
    let provider = adapter_with(vendor.url(), clock, Duration::from_secs(1));
    provider.balance().await.expect("a token is had");
    let outcome = provider.buy(&attempt("whatsapp", "0.75")).await;
    assert!(matches!(outcome, Err(BuyFailure::Unknown(_))), "{outcome:?}");
    assert_eq!(vendor.seen(CREATE).len(), 1);
}
