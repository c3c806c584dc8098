//! A gateway that does not answer is left alone, and of what is held back there is certainly no charge and no refund.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Store,
    auth::Email,
    breaker::{Guard, OPENS_AFTER},
    memory::{GatewayFailure, GatewayOperation, Platform},
    payment::{
        ChargeRequest, GatewayError, GuardedGateway, Intent, OpenChargeError, OpenPaymentError,
        PaymentGateway, RefundError, RefundFailure, RefundRequest,
    },
    time::seconds,
};

use crate::{
    refunding::{money, shown},
    world::{World, ngn},
};

/// With a breaker before the gateway.
async fn guarded() -> (World, Arc<GuardedGateway>) {
    let mut put_in = None;
    let platform = Platform::with(11, |fakes, ports| {
        let gateway = Arc::new(GuardedGateway::new(fakes.gateway.clone(), Guard::new(fakes.clock.clone())));
        ports.gateway = gateway.clone();
        put_in = Some(gateway);
    });
    let ada = platform.new_user("ada@example.com").await.expect("a user");
    (World { platform, ada }, put_in.expect("put in"))
}

/// So many reads in a row are not answered.
async fn falls_silent(world: &World, gateway: &GuardedGateway, times: u32) {
    for _ in 0..times {
        world.platform.gateway.fail_next(GatewayOperation::Disputes, GatewayFailure::Unavailable);
        let read = gateway.disputes_since(world.platform.clock.now()).await;
        assert!(matches!(read, Err(GatewayError::Unavailable(_))));
    }
}

#[tokio::test]
async fn while_it_rests_no_payment_is_opened_and_the_key_is_unused() {
    let (world, gateway) = guarded().await;
    let known = world.command("5.00", "known");
    let opened = world.platform.payments.open(known.clone()).await.expect("opened");
    falls_silent(&world, &gateway, OPENS_AFTER).await;
    let command = world.command("10.00", "k");
    let refused = world.platform.payments.open(command.clone()).await;
    assert!(matches!(refused, Err(OpenPaymentError::GatewayResting)), "{refused:?}");
    assert_eq!(world.platform.store.all_intents().len(), 1);
    assert_eq!(world.platform.store.replay(&command.claim).await.expect("readable"), None);
    let again = world.platform.payments.open(known).await.expect("what was opened before is shown");
    assert_eq!((again.value.id, again.replayed), (opened.value.id, true));
    world.platform.clock.advance(seconds(10));
    let opened = world.platform.payments.open(command).await.expect("it answers again");
    assert!(!opened.replayed && opened.value.checkout_url.is_some());
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Open), 2);
}

#[tokio::test]
async fn a_payment_whose_answer_was_lost_stays_open_while_the_gateway_rests() {
    let (world, gateway) = guarded().await;
    falls_silent(&world, &gateway, OPENS_AFTER - 1).await;
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::LostAnswer);
    let opened = world.platform.payments.open(world.command("10.00", "k")).await;
    assert!(matches!(opened, Err(OpenPaymentError::Gateway)), "{opened:?}");
    let [intent] = world.platform.store.all_intents().try_into().expect("one payment");
    assert!(intent.is_open());
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Verify), 0);
    // It was opened there after all.
    assert!(world.platform.gateway.pay(&intent.reference));
    world.platform.advance(seconds(90)).await;
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}

#[tokio::test]
async fn while_it_rests_a_refund_is_refused_before_money_is_reserved() {
    let (world, gateway) = guarded().await;
    let intent = world.fund("10.00").await;
    falls_silent(&world, &gateway, OPENS_AFTER).await;
    let refused = world.refused(&intent, None).await;
    assert!(matches!(refused, RefundError::GatewayResting), "{refused:?}");
    world.platform.clock.advance(seconds(10));
    world.platform.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable);
    let refused = world.refused(&intent, None).await;
    assert!(matches!(refused, RefundError::GatewayResting), "a read tries, and fails: {refused:?}");
    assert_eq!(shown(&world).await, money("10.00", "0.00"));
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 0);
    world.platform.clock.advance(seconds(20));
    world.try_refund(&intent, None, "refused").await.expect("the key is unused");
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 1);
    world.lawful();
}

#[tokio::test]
async fn what_is_held_back_does_not_exist() {
    let (world, gateway) = guarded().await;
    let intent = world.fund("10.00").await;
    falls_silent(&world, &gateway, OPENS_AFTER).await;
    let refund = gateway.refund(&request_of(&intent)).await;
    assert!(matches!(refund, Err(RefundFailure::Declined(_))), "{refund:?}");
    let request = ChargeRequest {
        reference: intent.reference.clone(),
        email: Email::try_new("ada@example.com").expect("an address"),
        amount: ngn("16000"),
        return_url: None,
    };
    let charge = gateway.open(&request).await;
    assert!(matches!(charge, Err(OpenChargeError::NotSent(_))), "{charge:?}");
    world.platform.clock.advance(seconds(10));
    let refund = gateway.refund(&request_of(&intent)).await;
    assert!(matches!(refund, Err(RefundFailure::Declined(_))), "money is never what tries: {refund:?}");
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 0);
}

fn request_of(intent: &Intent) -> RefundRequest {
    RefundRequest { reference: intent.reference.clone(), amount: ngn("16000") }
}
