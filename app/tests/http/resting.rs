//! Providers that do not answer: whoever asks is told at once, and nothing was done.

use namaskah_domain::{
    breaker::OPENS_AFTER,
    memory::{GatewayFailure, GatewayOperation, ProviderFailure, ProviderOperation},
    time::seconds,
};
use serde_json::json;

use crate::given::{World, body, problem, world};

fn fail(world: &World, operation: ProviderOperation, times: u32) {
    for _ in 0..times {
        world.provider.fail_next(operation, ProviderFailure::Unavailable);
    }
}

#[tokio::test]
async fn an_order_is_refused_at_once_while_the_number_provider_is_left_alone() {
    let world = world().await;
    world.sell("telegram", 500_000, 10);
    let ada = world.person("ada@example.com").await;
    ada.fund("10.00").await;
    fail(&world, ProviderOperation::Cost, OPENS_AFTER);
    let wish = json!({ "service": "telegram", "country": "US" });
    for n in 1..=OPENS_AFTER {
        let refused = ada.post("/api/v1/quotes", &format!("quote-{n}"), wish.clone()).await;
        let expected = if n < OPENS_AFTER { "unavailable" } else { "provider_unavailable" };
        assert_eq!(problem(refused, 503).await, expected);
    }
    let order = json!({
        "service": "telegram", "country": "US", "max_price": { "amount": "2.00", "currency": "USD" },
    });
    let refused = ada.post("/api/v1/verifications", "one", order.clone()).await;
    assert_eq!(refused.headers()["retry-after"], "10");
    assert_eq!(problem(refused, 503).await, "provider_unavailable");
    assert_eq!(world.provider.calls(ProviderOperation::Cost), OPENS_AFTER);
    world.clock.advance(seconds(10));
    body(ada.post("/api/v1/verifications", "one", order).await, 201).await;
}

#[tokio::test]
async fn a_payment_is_refused_at_once_while_the_gateway_is_left_alone() {
    let world = world().await;
    let ada = world.person("ada@example.com").await;
    let wish = json!({ "provider": "paystack", "amount": { "amount": "10.00", "currency": "USD" } });
    for n in 0..3 {
        world.gateway.fail_next(GatewayOperation::Open, GatewayFailure::Unavailable);
        world.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable);
        let refused = ada.post("/api/v1/payments", &format!("payment-{n}"), wish.clone()).await;
        assert_eq!(problem(refused, 502).await, "provider_error");
    }
    let refused = ada.post("/api/v1/payments", "one", wish.clone()).await;
    assert_eq!(problem(refused, 503).await, "provider_unavailable");
    assert_eq!(world.gateway.calls(GatewayOperation::Open), 3);
    world.clock.advance(seconds(10));
    body(ada.post("/api/v1/payments", "one", wish).await, 201).await;
}
