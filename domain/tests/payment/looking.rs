//! Refunds that nobody tells of: what became of them is found in the gateway's lists, and nothing is sent again.

use namaskah_domain::{
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{Followed, GatewayNotice, GatewayRefundStatus, RefundOrigin, RefundState, SettleError},
    time::{hours, minutes, seconds},
};

use crate::{
    refunding::{is_failed, is_pending, is_processed, money, shown},
    world::{World, ngn},
};

#[tokio::test]
async fn a_lost_answer_is_found_in_the_list_and_nothing_is_sent_again() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::LostAnswer);
    let refund = world.refund(&intent, None).await;
    assert!(matches!(refund.state, RefundState::Sent { .. }));
    assert_eq!(shown(&world).await, money("0.00", "10.00"));
    world.platform.payments.follow_refunds().await.expect("followed");
    assert!(is_pending(&world.state(&refund)));
    world.platform.advance(minutes(5)).await;
    assert!(is_processed(&world.state(&refund)));
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 1);
    assert_eq!(world.platform.gateway.refunds(&intent.reference).len(), 1);
    world.lawful();
}

#[tokio::test]
async fn a_refund_that_never_arrived_is_given_up_after_two_lists_and_not_before() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::Unavailable);
    let refund = world.refund(&intent, None).await;
    for (after, is_over) in [(0, false), (3, false), (28, false), (30, false), (2, true)] {
        world.platform.advance(seconds(after)).await;
        assert_eq!(is_failed(&world.state(&refund)), is_over, "{after}");
        world.lawful();
    }
    assert_eq!(shown(&world).await, money("10.00", "0.00"));
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Refund), 1);
    world.lawful();
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_no_absence() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let gateway = &world.platform.gateway;
    gateway.fail_next(GatewayOperation::Refund, GatewayFailure::LostAnswer);
    let refund = world.refund(&intent, None).await;
    for _ in 0..5 {
        (0..3).for_each(|_| gateway.fail_next(GatewayOperation::Refunds, GatewayFailure::Unavailable));
        world.platform.clock.advance(minutes(5));
        let followed = world.platform.payments.follow_refunds().await;
        assert!(matches!(followed, Err(SettleError::Gateway(_))));
        world.platform.payments.follow_refunds_of(&intent.reference).await.expect_err("no list");
    }
    assert!(matches!(world.state(&refund), RefundState::Sent { .. }));
    world.platform.tick().await;
    assert!(is_processed(&world.state(&refund)));
    world.lawful();
}

#[tokio::test]
async fn a_refund_made_in_the_dashboard_is_lost_money_once_the_customer_has_it() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.buy(world.ada, "whatsapp", "2.00").await.expect("an order");
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("16000")).expect("a refund");
    world.platform.tick().await;
    assert_eq!(shown(&world).await, money("8.87", "1.13"));
    world.platform.advance(seconds(11)).await;
    // 8.87 of the wallet, and the rest is owed.
    let balance = world.platform.balance(world.ada).await.expect("a balance");
    assert_eq!((balance.available.to_string(), balance.debt.to_string()), ("0.00".into(), "1.13".into()));
    let found = world.platform.store.all_refunds();
    assert_eq!((found.len(), found[0].origin), (1, RefundOrigin::Found));
    world.lawful();
    for _ in 0..3 {
        world
            .platform
            .notify_gateway(&GatewayNotice::Refund(intent.reference.clone()))
            .await
            .expect("stored");
        world.platform.advance(minutes(1)).await;
    }
    assert_eq!(world.platform.store.all_refunds(), found);
    world.lawful();
}

#[tokio::test]
async fn a_dashboard_refund_of_the_same_sum_is_told_from_ours_by_its_time() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("8000")).expect("a refund");
    world.platform.clock.advance(minutes(5));
    world.platform.gateway.fail_next(GatewayOperation::Refund, GatewayFailure::Unavailable);
    let refund = world.refund(&intent, Some("5.00")).await;
    world.platform.advance(minutes(1)).await;
    world.platform.advance(minutes(1)).await;
    assert!(is_failed(&world.state(&refund)));
    assert_eq!(world.available().await, "5.00");
    world.lawful();
}

#[tokio::test]
async fn a_refund_in_the_dashboard_is_found_without_a_webhook_at_once_within_three_days_and_in_an_hour_later()
{
    for (hours_ago, at_once) in [(70, "7.50"), (24 * 7, "10.00")] {
        let world = World::new().await;
        let intent = world.fund("10.00").await;
        world.platform.gateway.plan_refund(GatewayRefundStatus::NeedsAttention);
        let desk = world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("4000"));
        let name = desk.expect("a refund");
        world.platform.advance(hours(hours_ago)).await;
        assert_eq!(world.available().await, "10.00");
        assert!(world.platform.gateway.set_refund(&name, GatewayRefundStatus::Processed));
        world.platform.advance(minutes(1)).await;
        assert_eq!(world.available().await, at_once, "after {hours_ago} hours");
        world.platform.advance(minutes(59)).await;
        assert_eq!(world.available().await, "7.50", "after {hours_ago} hours");
        world.lawful();
    }
}

#[tokio::test]
async fn a_refund_that_the_bank_gives_back_after_a_week_is_reversed_without_a_webhook() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.refund(&intent, None).await;
    for _ in 0..7 {
        world.platform.advance(hours(24)).await;
    }
    assert_eq!(world.available().await, "0.00");
    let name = world.platform.gateway.refunds(&intent.reference)[0].id.clone();
    assert!(world.platform.gateway.set_refund(&name, GatewayRefundStatus::Failed));
    world.platform.advance(hours(1)).await;
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}

#[tokio::test]
async fn a_payment_whose_refunds_cannot_be_read_is_counted_and_the_others_are_followed() {
    let world = World::new().await;
    let (first, second) = (world.fund("10.00").await, world.fund("10.00").await);
    let refunds = [world.refund(&first, None).await, world.refund(&second, None).await];
    world.platform.clock.advance(seconds(11));
    // The gateway refuses to list refunds of a payment of the other mode.
    let foreign = OddPayment { in_other_mode: true, ..OddPayment::default() };
    world.platform.gateway.pay_oddly(&first.reference, &foreign);
    let followed = world.platform.payments.follow_refunds().await.expect("followed");
    assert_eq!(followed, Followed { changed: 1, attention: 0, refused: 0, unanswered: 1, stuck: 0 });
    assert!(is_pending(&world.state(&refunds[0])) && is_processed(&world.state(&refunds[1])));
    world.lawful();
}

#[tokio::test]
async fn what_is_known_and_what_came_to_nothing_at_the_desk_is_not_asked_about_again() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    world.platform.gateway.plan_refund(GatewayRefundStatus::Failed);
    world.platform.gateway.refund_in_dashboard(&intent.reference, ngn("4000")).expect("a refund");
    world.platform.clock.advance(seconds(11));
    let questions = async || {
        let before = world.platform.gateway.calls(GatewayOperation::Refunds);
        let followed = world.platform.payments.follow_refunds().await.expect("followed");
        (world.platform.gateway.calls(GatewayOperation::Refunds) - before, followed.changed)
    };
    assert_eq!(questions().await, (1, 0), "the list alone");
    world.refund(&intent, Some("1.00")).await;
    world.platform.clock.advance(seconds(11));
    assert_eq!(questions().await, (2, 1), "the list, and the payment");
    assert_eq!(questions().await, (1, 0), "the list alone");
    world.lawful();
}
