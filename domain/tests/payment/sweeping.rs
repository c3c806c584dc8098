//! The sweep: with every webhook lost, deposits are credited all the same.

use namaskah_domain::{
    Clock,
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{ChargedMoney, Intent, SettleError, Swept},
    time::{hours, minutes, seconds},
};

use crate::world::{World, ngn};

#[tokio::test]
async fn with_the_webhook_lost_a_deposit_is_credited_by_the_next_sweep() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    let swept = world.platform.payments.sweep().await.expect("swept");
    assert_eq!((swept.settled, world.available().await.as_str()), (1, "10.00"));
}

#[tokio::test]
async fn a_checkout_that_is_paid_two_days_after_it_was_opened_is_credited_by_the_next_sweep() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    for _ in 0..48 {
        world.platform.advance(hours(1)).await;
    }
    world.platform.clock.advance(minutes(1));
    world.platform.gateway.pay(&intent.reference);
    world.platform.payments.sweep().await.expect("swept");
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn a_checkout_that_is_paid_half_an_hour_after_its_rate_has_ended_is_credited_by_the_next_sweep() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    for _ in 0..72 {
        world.platform.advance(hours(1)).await;
    }
    world.platform.clock.advance(minutes(30));
    world.platform.gateway.pay(&intent.reference);
    world.platform.payments.sweep().await.expect("swept");
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn a_sweep_counts_what_became_of_each_payment_that_it_asked_for() {
    let world = World::new().await;
    let (gateway, sweep) = (&world.platform.gateway, || world.platform.payments.sweep());
    let (paid, odd, foreign) =
        (world.open("10.00").await, world.open("10.00").await, world.open("10.00").await);
    world.open("10.00").await;
    gateway.pay(&paid.reference);
    let less = OddPayment { paid: Some(ChargedMoney::Known(ngn("8000"))), ..OddPayment::default() };
    gateway.pay_oddly(&odd.reference, &less);
    gateway.pay_oddly(&foreign.reference, &OddPayment { in_other_mode: true, ..OddPayment::default() });
    (0..3).for_each(|_| gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable));
    let swept = sweep().await.expect("swept");
    assert_eq!(swept, Swept { asked: 3, settled: 0, refused: 0, unanswered: 3 });
    let swept = sweep().await.expect("swept");
    assert_eq!(swept, Swept { asked: 3, settled: 2, refused: 1, unanswered: 0 });
    // The refused one is listed and due, and the unpaid one is due.
    world.platform.clock.advance(minutes(1));
    let swept = sweep().await.expect("swept");
    assert_eq!(swept, Swept { asked: 3, settled: 0, refused: 2, unanswered: 0 });
    world.lawful();
}

#[tokio::test]
async fn a_list_that_cannot_be_read_whole_is_read_for_the_last_hours() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.gateway.fail_next(GatewayOperation::List, GatewayFailure::Unavailable);
    world.platform.payments.sweep().await.expect("swept");
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn without_any_list_due_payments_are_asked_for_one_by_one() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.clock.advance(minutes(1));
    for _ in 0..2 {
        world.platform.gateway.fail_next(GatewayOperation::List, GatewayFailure::Unavailable);
    }
    let swept = world.platform.payments.sweep().await;
    assert!(matches!(swept, Err(SettleError::Gateway(_))));
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn an_unpaid_payment_is_asked_for_after_1_5_15_30_minutes_and_then_hourly() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    let mut asked = Vec::new();
    for _ in 0..200 {
        let due = world.now(&intent).await.next_check_at.expect("a next question");
        if due - intent.created_at > hours(3) {
            break;
        }
        asked.push((due - intent.created_at).num_minutes());
        world.platform.clock.advance_to(due);
        world.platform.payments.sweep().await.expect("swept");
    }
    assert_eq!(asked, [1, 5, 15, 30, 90, 150]);
}

#[tokio::test]
async fn after_an_outage_the_next_planned_question_counts() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    let (from, until) = (intent.created_at, intent.expires_at);
    let due = Intent::check_due(from, until, 1, from + minutes(6));
    assert_eq!(due, from + minutes(15));
    let on_time = Intent::check_due(from, until, 1, from + minutes(5));
    assert_eq!(on_time, from + minutes(15), "what is asked now is not planned again");
    for (now, pause) in [
        (from + minutes(40), hours(1)),
        (until - seconds(1), hours(1)),
        (until, hours(24)),
        (until + hours(1), hours(24)),
    ] {
        assert_eq!(Intent::check_due(from, until, 1, now) - now, pause, "{now}");
    }
    assert_eq!(from, world.platform.clock.now());
}

#[tokio::test]
async fn money_that_comes_a_week_late_is_found_by_the_daily_question() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    for _ in 0..7 {
        world.platform.advance(hours(24)).await;
    }
    world.platform.gateway.pay(&intent.reference);
    world.platform.advance(hours(25)).await;
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}
