//! The real adapters against the simulators, over HTTP.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use namaskah_adapters::{
    http::{ReadPolicy, client},
    paystack::{PaystackConfig, PaystackGateway, PaystackMode},
    system::SystemClock,
    textverified::{TextVerifiedConfig, TextVerifiedProvider},
};
use namaskah_domain::{
    Amount, Clock, Currency, Money, PaymentReference, PhoneNumber, ReservationId,
    payment::{GatewayDispute, GatewayDisputeStatus, GatewayRefundId, GatewayRefundStatus, PaymentGateway},
    verification::{NumberProvider, ServiceCode},
};
use namaskah_sandbox::{Database, Sandbox, SandboxConfig};
use namaskah_tests::contract::{
    number_provider::{NumberWorld, ProviderBooks, Trouble},
    payment_gateway::{Customer, PaymentWorld},
};
use serde_json::{Value, json};

pub const PAYSTACK_KEY: &str = "sk_test_0123456789abcdef0123456789abcdef01234567";
pub const WEBHOOK_SECRET: &str = "whsec_test_0123456789";
const USERNAME: &str = "house@example.com";

/// The simulators, both real adapters, and a clock that follows theirs.
pub struct Sandboxed {
    pub sandbox: Sandbox,
    http: reqwest::Client,
    clock: Arc<SystemClock>,
    provider: TextVerifiedProvider,
    gateway: PaystackGateway,
}

pub async fn started() -> Sandboxed {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = SandboxConfig {
        listen: free,
        smtp_listen: free,
        database: Database::Memory,
        product_url: None,
        public_url: None,
        paystack_secret_key: PAYSTACK_KEY.into(),
        textverified_webhook_secret: WEBHOOK_SECRET.into(),
        credentials: None,
        google: None,
    };
    let http = client(Duration::from_secs(10)).expect("a client");
    let sandbox = Sandbox::start(config).await.expect("the sandbox");
    let base = format!("http://{}", sandbox.http_addr());
    let clock = Arc::new(SystemClock::new(0));
    let reads = ReadPolicy { pause: Duration::from_millis(1), ..ReadPolicy::default() };
    let numbers = TextVerifiedConfig::new(format!("{base}/textverified"), USERNAME.into(), "any".into());
    let payments = PaystackConfig::new(format!("{base}/paystack"), PAYSTACK_KEY.into(), PaystackMode::Test);
    Sandboxed {
        provider: TextVerifiedProvider::try_new(TextVerifiedConfig { reads, ..numbers }, clock.clone())
            .expect("an adapter"),
        gateway: PaystackGateway::try_new(PaystackConfig { reads, ..payments }).expect("an adapter"),
        http,
        clock,
        sandbox,
    }
}

impl Sandboxed {
    pub async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("http://{}{path}", self.sandbox.http_addr());
        let answer = self.http.post(url).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    pub async fn look(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.sandbox.http_addr());
        self.http.get(url).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn fault(&self, provider: &str, operation: &str, mode: &str, count: u32) {
        let body = json!({ "provider": provider, "operation": operation, "mode": mode, "count": count });
        self.control("/control/faults", body).await;
    }

    async fn pass(&self, by: TimeDelta) {
        let advance_s = by.num_milliseconds() as f64 / 1_000.0;
        let answer = self.control("/control/clock", json!({ "advance_s": advance_s })).await;
        let offset_s = answer["offset_s"].as_f64().expect("an offset");
        self.clock.raise_offset_ms((offset_s * 1_000.0) as i64);
    }
}

const fn mode(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::AnswerLost => "disconnect",
        Trouble::NotDone => "http_500",
    }
}

fn sum(value: &Value) -> Money {
    Money::parse(value.as_str().expect("decimal text"), Currency::Usd).expect("a sum")
}

#[async_trait]
impl NumberWorld for Sandboxed {
    fn provider(&self) -> &dyn NumberProvider {
        &self.provider
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        self.pass(by).await;
    }

    async fn receive(&self, reservation: &ReservationId, text: &str, parsed_code: Option<&str>) {
        let path = format!("/control/textverified/{}/sms", reservation.as_str());
        self.control(&path, json!({ "text": text, "parsed_code": parsed_code })).await;
    }

    async fn fail_next_purchase(&self, trouble: Trouble) {
        self.fault("textverified", "create", mode(trouble), 1).await;
    }

    async fn shut(&self) {
        for operation in [
            "services",
            "pricing",
            "inventory",
            "create",
            "get",
            "list",
            "sms",
            "cancel",
            "report",
            "account",
        ] {
            self.fault("textverified", operation, "http_500", 1_000).await;
        }
    }

    async fn set_listing_lag(&self, lag: TimeDelta) {
        self.control("/control/textverified/listing", json!({ "lag_s": lag.num_seconds() })).await;
    }

    async fn sell(&self, service: &ServiceCode, cost: Money, stock: u32) {
        let body = json!({ "service": service.as_str(), "price": cost.to_string(), "stock": stock });
        self.control("/control/textverified/service", body).await;
    }

    async fn set_balance(&self, balance: Money) {
        let body = json!({ "username": USERNAME, "balance": balance.to_string() });
        self.control("/control/textverified/account", body).await;
    }

    async fn set_account_limit(&self, limit: u32) {
        let body = json!({ "username": USERNAME, "unfinished_limit": limit });
        self.control("/control/textverified/account", body).await;
    }

    async fn next_number(&self, number: &PhoneNumber) {
        self.control("/control/textverified/next-number", json!({ "number": number.as_str() })).await;
    }

    async fn books(&self) -> ProviderBooks {
        let state = self.look("/control/state").await;
        let account = &state["textverified"]["accounts"][USERNAME];
        let purchases = account["purchases"].as_array().cloned().unwrap_or_default();
        let total = |name: &str| {
            let zero = Money::zero(Currency::Usd);
            purchases.iter().fold(zero, |all, one| all.checked_add(sum(&one[name])).expect("a sum"))
        };
        ProviderBooks { sold: purchases.len(), charged: total("charged"), credited: total("credited") }
    }
}

#[async_trait]
impl PaymentWorld for Sandboxed {
    fn gateway(&self) -> &dyn PaymentGateway {
        &self.gateway
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    async fn advance(&self, by: TimeDelta) {
        self.pass(by).await;
    }

    async fn customer(&self, reference: &PaymentReference, does: Customer) {
        let body = match does {
            Customer::Pays => json!({ "outcome": "success" }),
            Customer::PaysOtherwise(amount) => json!({
                "outcome": "success",
                "amount_subunits": amount.money().to_subunits(),
                "currency": amount.currency().code(),
            }),
            Customer::PaysInOtherMode => json!({ "outcome": "success", "domain": "live" }),
            Customer::IsRefused => json!({ "outcome": "failed" }),
            Customer::Leaves => json!({ "outcome": "abandoned" }),
        };
        self.control(&format!("/control/paystack/{reference}"), body).await;
    }

    async fn fail_next_opening(&self, trouble: Trouble) {
        self.fault("paystack", "initialize", mode(trouble), 1).await;
    }

    async fn fail_next_refund(&self, trouble: Trouble) {
        self.fault("paystack", "refund", mode(trouble), 1).await;
    }

    async fn refund_becomes(&self, id: &GatewayRefundId, status: GatewayRefundStatus) {
        let status = match status {
            GatewayRefundStatus::Pending => "processing",
            GatewayRefundStatus::NeedsAttention => "needs-attention",
            GatewayRefundStatus::Processed => "processed",
            GatewayRefundStatus::Failed => "failed",
        };
        self.control(&format!("/control/paystack/refunds/{id}"), json!({ "status": status })).await;
    }

    async fn dashboard_refund(&self, reference: &PaymentReference, amount: Amount) {
        let body = json!({ "amount_subunits": amount.money().to_subunits() });
        self.control(&format!("/control/paystack/{reference}/refund"), body).await;
    }

    async fn dispute(&self, reference: &PaymentReference, claimed: Option<Amount>) {
        let claimed = claimed.and_then(|amount| amount.money().to_subunits());
        let body = json!({ "event": "create", "refund_amount": claimed });
        self.control(&format!("/control/paystack/{reference}/dispute"), body).await;
    }

    async fn decide(&self, dispute: &GatewayDispute, status: GatewayDisputeStatus) {
        let resolution = match status {
            GatewayDisputeStatus::Won => "declined",
            GatewayDisputeStatus::Lost => "merchant-accepted",
            GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown => return,
        };
        let body = json!({ "event": "resolve", "resolution": resolution });
        self.control(&format!("/control/paystack/{}/dispute", dispute.reference), body).await;
    }

    async fn shut(&self) {
        for operation in ["initialize", "verify", "list", "refund", "refund_list", "dispute_list"] {
            self.fault("paystack", operation, "http_500", 1_000).await;
        }
    }
}

/// The adapter measures what the simulators' clock is ahead, within a second, and sees it vanish again.
#[tokio::test]
async fn a_clock_that_is_ahead_is_measured() {
    let world = started().await;
    world.control("/control/clock", json!({ "advance_s": 90 })).await;
    world.provider.balance().await.expect("a balance");
    let skew = world.provider.skew();
    assert!((skew - TimeDelta::seconds(90)).abs() <= TimeDelta::seconds(1), "{skew}");
    world.clock.raise_offset_ms(90_000);
    // One answer alone is not believed.
    world.provider.balance().await.expect("a balance");
    world.provider.balance().await.expect("a balance");
    assert_eq!(world.provider.skew(), TimeDelta::zero());
}

/// A purchase answered by anything but its link is unknown, whatever was done.
#[tokio::test]
async fn every_lost_answer_to_a_purchase_is_unknown_and_none_is_sent_twice() {
    use namaskah_domain::verification::BuyFailure;
    for (mode, sold) in [("http_500", 0), ("disconnect", 1), ("malformed", 1)] {
        let world = started().await;
        world.fault("textverified", "create", mode, 1).await;
        let attempt = namaskah_tests::contract::number_provider::attempt("whatsapp", "0.75");
        let outcome = world.provider.buy(&attempt).await;
        assert!(matches!(outcome, Err(BuyFailure::Unknown(_))), "{mode}: {outcome:?}");
        assert_eq!(world.books().await.sold, sold, "{mode}");
    }
}

/// The number is there, but reading it fails: that is for the reconciler.
#[tokio::test]
async fn a_purchase_that_cannot_be_read_back_is_unknown() {
    use namaskah_domain::verification::BuyFailure;
    let world = started().await;
    world.fault("textverified", "get", "http_500", 100).await;
    let attempt = namaskah_tests::contract::number_provider::attempt("whatsapp", "0.75");
    let outcome = world.provider.buy(&attempt).await;
    assert!(matches!(outcome, Err(BuyFailure::Unknown(_))), "{outcome:?}");
    assert_eq!(world.books().await.sold, 1);
}

/// The vendor's test services charge nothing, so a reservation of theirs costs nothing.
#[tokio::test]
async fn reservations_of_test_services_cost_nothing() {
    let world = started().await;
    let attempt = namaskah_tests::contract::number_provider::attempt("test_pending", "0.50");
    let reservation = world.provider.buy(&attempt).await.expect("a number");
    assert!(reservation.id.as_str().starts_with("mock_"));
    assert!(reservation.cost.is_zero());
    assert!(world.books().await.charged.is_zero());
}
