//! Paystack's adapter against answers that the simulator does not give.

use std::time::Duration;

use namaskah_adapters::{
    http::{ANSWER_CAP, ReadPolicy},
    paystack::{PaystackConfig, PaystackGateway, PaystackMode, notice, notice_key, verify_signature},
};
use namaskah_domain::{
    Amount, Currency, Money, PaymentReference, Time,
    auth::Email,
    payment::{
        ChargeRequest, ChargeStatus, ChargedMoney, GatewayError, GatewayNotice, OpenChargeError,
        PaymentGateway, RefundFailure, RefundRequest,
    },
};
use namaskah_tests::contract::payment_gateway::PaymentWorld;
use serde_json::{Value, json};

use super::{
    canned::{Canned, Reply, Request, answer},
    sandboxed::{PAYSTACK_KEY, started},
};

/// Far more than any answer here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn adapter(gateway: &Canned) -> PaystackGateway {
    adapter_with(gateway, PATIENCE)
}

fn adapter_with(gateway: &Canned, timeout: Duration) -> PaystackGateway {
    let config = PaystackConfig {
        timeout,
        reads: ReadPolicy { budget: PATIENCE, pause: Duration::from_millis(1) },
        ..PaystackConfig::new(gateway.url(), PAYSTACK_KEY.into(), PaystackMode::Test)
    };
    PaystackGateway::try_new(config).expect("an adapter")
}

fn reference() -> PaymentReference {
    PaymentReference::try_new("nmk-1").expect("a reference")
}

fn request() -> ChargeRequest {
    let money = Money::from_subunits(500_000, Currency::Ngn).and_then(Amount::try_new);
    ChargeRequest {
        reference: reference(),
        email: Email::try_new("ada@example.com").expect("an address"),
        amount: money.expect("a sum above zero"),
        return_url: None,
    }
}

fn transaction(reference: &str) -> Value {
    json!({
        "id": 4_099_260_516_u64, "domain": "test", "status": "success", "reference": reference,
        "amount": "500000", "currency": "NGN", "fees": null, "paidAt": "2026-01-01T00:00:00.000Z",
        "metadata": 0, "authorization": {}, "plan": "",
    })
}

fn envelope(data: &Value) -> Reply {
    answer(200, json!({ "status": true, "message": "ok", "data": data }).to_string())
}

async fn opening(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (&'static str, usize) {
    let gateway = Canned::start(reply).await;
    let outcome = match adapter(&gateway).open(&request()).await {
        Ok(_) => "opened",
        Err(OpenChargeError::DuplicateReference) => "duplicate",
        Err(OpenChargeError::NotSent(_)) => "not sent",
        Err(OpenChargeError::Refused(_)) => "refused",
        Err(OpenChargeError::Unknown(_)) => "unknown",
    };
    (outcome, gateway.seen("").len())
}

#[tokio::test]
async fn a_charge_is_asked_for_in_subunits_under_our_reference() {
    let gateway =
        Canned::start(|_| envelope(&json!({ "authorization_url": "https://pay.example.com/x" }))).await;
    let checkout = adapter(&gateway).open(&request()).await.expect("a checkout");
    assert_eq!(checkout.url, "https://pay.example.com/x");
    let sent = gateway.seen("POST /transaction/initialize");
    let sent = sent.first().expect("one call");
    let body: Value = serde_json::from_str(&sent.body).expect("JSON");
    let expected =
        json!({ "email": "ada@example.com", "amount": 500_000, "currency": "NGN", "reference": "nmk-1" });
    assert_eq!(body, expected);
    assert_eq!(sent.headers["authorization"], format!("Bearer {PAYSTACK_KEY}"));
}

#[tokio::test]
async fn a_duplicate_is_known_by_its_code_or_by_its_words() {
    for body in [
        json!({ "status": false, "message": "Duplicate Transaction Reference" }),
        json!({ "status": false, "message": "No", "code": "duplicate_reference" }),
    ] {
        let body = body.to_string();
        assert_eq!(opening(move |_| answer(400, body.clone())).await, ("duplicate", 1));
    }
}

#[tokio::test]
async fn an_opening_without_a_usable_answer_is_unknown_and_was_sent_once() {
    for reply in [
        Reply::HangUp,
        answer(500, ""),
        answer(429, ""),
        answer(200, "{\"status\":tr"),
        answer(200, r#"{"status":false,"message":"no"}"#),
        envelope(&json!({ "authorization_url": "javascript:alert(1)" })),
        envelope(&json!({ "access_code": "x" })),
        answer(302, "").header("location", "https://example.com"),
        answer(200, vec![b' '; ANSWER_CAP + 1]),
    ] {
        assert_eq!(opening(move |_| reply.clone()).await, ("unknown", 1));
    }
    for status in [400, 401, 403, 422] {
        assert_eq!(opening(move |_| answer(status, "")).await, ("refused", 1), "{status}");
    }
}

#[tokio::test]
async fn an_opening_that_is_never_answered_is_unknown_and_was_sent_once() {
    let gateway = Canned::start(|_| Reply::Never).await;
    let outcome = adapter_with(&gateway, Duration::from_secs(1)).open(&request()).await;
    assert!(matches!(outcome, Err(OpenChargeError::Unknown(_))), "{outcome:?}");
    assert_eq!(gateway.seen("").len(), 1);
}

#[tokio::test]
async fn a_reference_that_is_not_known_is_none_in_both_of_their_ways_to_say_so() {
    let body =
        r#"{"status":false,"message":"Transaction reference not found.","code":"transaction_not_found"}"#;
    for reply in [answer(404, ""), answer(400, body)] {
        let gateway = Canned::start(move |_| reply.clone()).await;
        assert_eq!(adapter(&gateway).verify(&reference()).await.ok(), Some(None));
    }
    let gateway = Canned::start(|_| answer(400, r#"{"status":false}"#)).await;
    let outcome = adapter(&gateway).verify(&reference()).await;
    assert!(matches!(outcome, Err(GatewayError::Refused(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_transaction_is_read_with_amounts_as_text_and_odd_metadata() {
    let gateway = Canned::start(|_| envelope(&transaction("nmk-1"))).await;
    let charge = adapter(&gateway).verify(&reference()).await.expect("readable").expect("a charge");
    assert_eq!((charge.status, charge.of_our_mode), (ChargeStatus::Succeeded, true));
    assert_eq!(charge.paid, ChargedMoney::Known(request().amount));
    assert_eq!(charge.paid_at, Time::from_timestamp(1_767_225_600, 0));
    assert_eq!(gateway.seen("GET /transaction/verify/nmk-1").len(), 1);
}

#[tokio::test]
async fn a_transaction_other_than_asked_for_is_not_believed() {
    let gateway = Canned::start(|_| envelope(&transaction("nmk-2"))).await;
    let outcome = adapter(&gateway).verify(&reference()).await;
    assert!(matches!(outcome, Err(GatewayError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_verification_is_tried_three_times_and_no_longer() {
    let recovering =
        Canned::start(
            |request| if request.nth < 2 { Reply::HangUp } else { envelope(&transaction("nmk-1")) },
        )
        .await;
    assert!(adapter(&recovering).verify(&reference()).await.is_ok_and(|charge| charge.is_some()));
    let broken = Canned::start(|_| answer(503, "")).await;
    let outcome = adapter(&broken).verify(&reference()).await;
    assert!(matches!(outcome, Err(GatewayError::Unavailable(_))), "{outcome:?}");
    assert_eq!(broken.seen("").len(), 3);
}

#[tokio::test]
async fn unreadable_and_foreign_rows_do_not_lose_a_page() {
    let rows = json!([
        transaction("nmk-1"),
        { "id": 1 },
        "nonsense",
        transaction("somebody_elses"),
        transaction("nmk-2"),
    ]);
    let gateway = Canned::start(move |_| envelope(&rows)).await;
    let charges = adapter(&gateway).succeeded_since(Time::UNIX_EPOCH).await.expect("a list");
    let listed: Vec<_> = charges.iter().map(|charge| charge.reference.as_str()).collect();
    assert_eq!(listed, ["nmk-1", "nmk-2"]);
    let asked = gateway.seen("GET /transaction?");
    let line = &asked.first().expect("one call").line;
    assert!(
        line.contains("status=success") && line.contains("perPage=100") && line.contains("page=1"),
        "{line}"
    );
}

fn give_back() -> RefundRequest {
    RefundRequest { reference: reference(), amount: request().amount }
}

fn refund(id: u64, fields: &Value) -> Value {
    let mut refund = json!({
        "id": id, "transaction": 4_099_260_516_u64, "dispute": null, "amount": "500000", "currency": "NGN",
        "status": "processing", "domain": "test", "createdAt": "2026-01-01T00:00:00.000Z",
    });
    for (name, value) in fields.as_object().expect("fields") {
        refund[name] = value.clone();
    }
    refund
}

async fn refunding(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (&'static str, usize) {
    let gateway = Canned::start(reply).await;
    let outcome = match adapter(&gateway).refund(&give_back()).await {
        Ok(_) => "refunded",
        Err(RefundFailure::Declined(_)) => "declined",
        Err(RefundFailure::Unknown(_)) => "unknown",
    };
    (outcome, gateway.seen("").len())
}

#[tokio::test]
async fn a_refund_is_asked_for_in_subunits_by_our_reference() {
    let gateway =
        Canned::start(|_| envelope(&refund(7, &json!({ "transaction": { "id": 1, "domain": "test" } }))))
            .await;
    let told = adapter(&gateway).refund(&give_back()).await.expect("a refund");
    assert_eq!(told.id.as_str(), "7");
    let sent = gateway.seen("POST /refund");
    let body: Value = serde_json::from_str(&sent.first().expect("one call").body).expect("JSON");
    assert_eq!(body, json!({ "transaction": "nmk-1", "amount": 500_000, "currency": "NGN" }));
}

#[tokio::test]
async fn a_refund_without_a_usable_answer_is_unknown_and_was_sent_once() {
    for reply in [
        Reply::HangUp,
        answer(500, ""),
        answer(502, ""),
        answer(408, ""),
        answer(429, "").header("retry-after", "0"),
        answer(200, "{\"status\":tr"),
        answer(200, r#"{"status":false,"message":"no"}"#),
        answer(302, "").header("location", "https://example.com"),
        envelope(&json!({ "id": 7 })),
        envelope(&refund(7, &json!({ "amount": 1 }))),
        envelope(&refund(7, &json!({ "domain": "live" }))),
        envelope(&refund(7, &json!({ "domain": null }))),
    ] {
        let shown = format!("{reply:?}");
        assert_eq!(refunding(move |_| reply.clone()).await, ("unknown", 1), "{shown}");
    }
    for status in [400, 401, 403, 404, 422] {
        assert_eq!(refunding(move |_| answer(status, "")).await, ("declined", 1), "{status}");
    }
}

#[tokio::test]
async fn refunds_are_listed_by_the_number_of_their_transaction_and_those_of_the_other_mode_are_left_out() {
    let rows = json!([
        refund(7, &json!({ "status": "processed" })),
        refund(8, &json!({ "domain": "live" })),
        refund(9, &json!({ "domain": null, "amount": 100, "status": "something-new" })),
    ]);
    let gateway = Canned::start(move |request| {
        if request.is("GET /refund") { envelope(&rows) } else { envelope(&transaction("nmk-1")) }
    })
    .await;
    let listed = adapter(&gateway).refunds_of(&reference()).await.expect("a list").whole().expect("readable");
    assert_eq!(listed.iter().map(|refund| refund.id.as_str()).collect::<Vec<_>>(), ["7", "9"]);
    assert_eq!(listed[0].amount, ChargedMoney::Known(request().amount));
    assert_eq!(gateway.seen("GET /refund?transaction=4099260516&").len(), 1);
}

#[tokio::test]
async fn a_row_of_refunds_that_cannot_be_read_is_counted_and_hides_no_other() {
    for row in [
        json!({ "id": 7 }),
        refund(7, &json!({ "transaction": 1 })),
        refund(7, &json!({ "amount": "much" })),
        refund(7, &json!({ "createdAt": null })),
    ] {
        let gateway = Canned::start(move |request| {
            let rows = json!([refund(6, &json!({})), row.clone(), refund(8, &json!({}))]);
            if request.is("GET /refund") { envelope(&rows) } else { envelope(&transaction("nmk-1")) }
        })
        .await;
        let listed = adapter(&gateway).refunds_of(&reference()).await.expect("a list");
        assert_eq!(listed.rows.iter().map(|refund| refund.id.as_str()).collect::<Vec<_>>(), ["6", "8"]);
        assert_eq!(listed.unreadable, 1);
        let whole = listed.whole();
        assert!(matches!(whole, Err(GatewayError::Unavailable(_))), "{whole:?}");
    }
}

#[tokio::test]
async fn refunds_of_the_account_name_their_payment_or_it_is_asked_for_once() {
    let rows = json!([
        refund(7, &json!({ "transaction": 1, "transaction_reference": "nmk-9" })),
        refund(8, &json!({})),
        refund(9, &json!({ "transaction": 1 })),
        refund(6, &json!({ "transaction": 2, "domain": "live" })),
        refund(5, &json!({})),
        refund(4, &json!({ "transaction": 3, "transaction_reference": "somebody_elses" })),
        "nonsense",
    ]);
    let gateway = Canned::start(move |request| {
        if request.is("GET /refund") { envelope(&rows) } else { envelope(&transaction("nmk-1")) }
    })
    .await;
    let listed = adapter(&gateway).refunds_since(Time::UNIX_EPOCH).await.expect("a list");
    assert_eq!(listed.unreadable, 1);
    let named: Vec<_> = listed.rows.iter().map(|(of, refund)| (of.as_str(), refund.id.as_str())).collect();
    assert_eq!(named, [("nmk-9", "7"), ("nmk-1", "8"), ("nmk-9", "9"), ("nmk-1", "5")]);
    assert_eq!(gateway.seen("GET /transaction/4099260516").len(), 1);
    assert_eq!(gateway.seen("GET /transaction").len(), 1);
}

#[tokio::test]
async fn a_refund_whose_payment_cannot_be_read_hides_no_other() {
    let rows = json!([
        refund(7, &json!({ "transaction": 1 })),
        refund(8, &json!({ "transaction": 2 })),
        refund(9, &json!({ "transaction": 1 })),
        refund(6, &json!({})),
    ]);
    let gateway = Canned::start(move |request| match request {
        request if request.is("GET /refund") => envelope(&rows),
        request if request.is("GET /transaction/1") => answer(404, "{}"),
        request if request.is("GET /transaction/2") => envelope(&json!({ "nonsense": true })),
        _ => envelope(&transaction("nmk-1")),
    })
    .await;
    let listed = adapter(&gateway).refunds_since(Time::UNIX_EPOCH).await.expect("a list");
    let named: Vec<_> = listed.rows.iter().map(|(of, refund)| (of.as_str(), refund.id.as_str())).collect();
    assert_eq!(named, [("nmk-1", "6")]);
    assert_eq!(gateway.seen("GET /transaction/1").len(), 1);
}

#[tokio::test]
async fn disputes_of_others_and_of_the_other_mode_do_not_lose_a_page_and_what_cannot_be_read_is_counted() {
    let dispute = |id: u64, reference: &str, domain: &str| {
        json!({
            "id": id, "refund_amount": 500_000, "currency": "NGN", "status": "resolved",
            "resolution": "merchant-accepted", "domain": domain, "createdAt": "2026-01-01T00:00:00.000Z",
            "transaction": { "reference": reference, "amount": 500_000, "currency": "NGN" },
        })
    };
    let rows = json!([
        dispute(1, "nmk-1", "live"),
        "nonsense",
        { "id": 5 },
        dispute(2, "somebody_elses", "test"),
        dispute(3, "nmk-3", "test"),
    ]);
    let gateway = Canned::start(move |_| envelope(&rows)).await;
    let listed = adapter(&gateway).disputes_since(Time::UNIX_EPOCH).await.expect("a list");
    assert_eq!(listed.unreadable, 2);
    assert_eq!(listed.rows.iter().map(|dispute| dispute.id.as_str()).collect::<Vec<_>>(), ["3"]);
    assert_eq!(listed.rows[0].status, namaskah_domain::payment::GatewayDisputeStatus::Lost);
}

#[tokio::test]
async fn no_fault_shows_the_key_or_the_address() {
    let body = json!({ "status": false, "message": PAYSTACK_KEY, "code": "ada@example.com" }).to_string();
    for status in [200, 400, 401, 500] {
        let body = body.clone();
        let gateway = Canned::start(move |_| answer(status, body.clone())).await;
        let opened = adapter(&gateway).open(&request()).await;
        let verified = adapter(&gateway).verify(&reference()).await;
        let refunded = adapter(&gateway).refund(&give_back()).await;
        let shown = format!("{opened:?} {verified:?} {refunded:?}");
        for secret in [PAYSTACK_KEY, "ada@example.com", "127.0.0.1"] {
            assert!(!shown.contains(secret), "{status}: {shown}");
        }
    }
}

/// The simulator's webhooks, signed and read as the product does it.
#[tokio::test]
async fn a_webhook_of_the_simulator_is_authentic_and_names_its_charge() {
    let product = Canned::start(|_| answer(200, "")).await;
    let world = started().await;
    world.control("/control/webhooks", json!({ "product_url": product.url() })).await;
    world.gateway().open(&request()).await.expect("a checkout");
    let pay = json!({ "outcome": "success", "webhook": "duplicate" });
    world.control("/control/paystack/nmk-1", pay).await;
    let hook = "POST /api/v1/hooks/paystack";
    while product.seen(hook).len() < 2 {
        tokio::task::yield_now().await;
    }
    let keys = ["sk_test_new".into(), PAYSTACK_KEY.into()];
    let mut names = Vec::new();
    for request in product.seen(hook) {
        let header = request.headers.get("x-paystack-signature").map(String::as_str);
        assert!(verify_signature(&keys, header, request.body.as_bytes()));
        let altered = request.body.replace("500000", "900000");
        assert!(!verify_signature(&keys, header, altered.as_bytes()));
        assert_eq!(notice(request.body.as_bytes()), GatewayNotice::Charge(reference()));
        names.extend(notice_key(request.body.as_bytes()));
    }
    names.dedup();
    assert_eq!(names.len(), 1);
}
