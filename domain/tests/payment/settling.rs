//! What the gateway's evidence means.

use namaskah_domain::{
    Sender,
    memory::OddPayment,
    outbox::NoticeReads,
    payment::{
        ChargeStatus, ChargedMoney, FxRate, IntentState, PaymentReference, SettleError, Settled,
        SuspenseReason,
    },
    time::hours,
};
use rust_decimal::Decimal;

use crate::world::{World, ngn, usd};

#[tokio::test]
async fn what_was_asked_is_credited_to_the_unit_and_the_house_bears_the_fee() {
    let world = World::new().await;
    let intent = world.platform.fund(world.ada, "10.00").await.expect("funds");
    assert_eq!(intent.charged, ngn("16000"));
    assert_eq!(
        world.journal(),
        ["psp_clearing:paystack -> fx 15760.00 NGN", "psp_fees -> fx 240.00 NGN", "fx -> wallet 10.00 USD"]
    );
    assert_eq!(world.available().await, "10.00");
    assert_eq!(world.now(&intent).await.next_check_at, None, "there is nothing to ask for any more");
    world.lawful();
}

#[tokio::test]
async fn without_a_fee_the_clearing_account_takes_the_whole() {
    let world = World::new().await;
    let intent = world.open("1.00").await;
    world.platform.gateway.pay_oddly(&intent.reference, &OddPayment { without_fee: true, ..odd() });
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Ok(Settled::Credited)));
    assert_eq!(world.journal(), ["psp_clearing:paystack -> fx 1600.00 NGN", "fx -> wallet 1.00 USD"]);
}

fn odd() -> OddPayment {
    OddPayment::default()
}

async fn suspended(paid: ChargedMoney, reason: SuspenseReason, line: &str) {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay_oddly(&intent.reference, &OddPayment { paid: Some(paid), ..odd() });
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Ok(Settled::Suspended)));
    let aside = world.now(&intent).await;
    assert!(
        matches!(aside.state, IntentState::Suspense { .. }) && aside.next_check_at.is_none(),
        "{aside:?}"
    );
    assert_eq!(world.journal(), [line]);
    let items = world.platform.store.suspended();
    assert_eq!(items.iter().map(|i| (i.payment, i.reason)).collect::<Vec<_>>(), [(intent.id, reason)]);
    assert_eq!(world.available().await, "0.00");
    let again = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(again, Ok(Settled::Unchanged)));
    assert_eq!(world.journal().len(), 1);
    world.lawful();
}

#[tokio::test]
async fn less_than_was_asked_goes_to_suspense_whole() {
    let line = "psp_clearing:paystack -> suspense 15999.99 NGN";
    suspended(ChargedMoney::Known(ngn("15999.99")), SuspenseReason::AmountDiffers, line).await;
}

#[tokio::test]
async fn more_than_was_asked_goes_to_suspense_whole() {
    let line = "psp_clearing:paystack -> suspense 16000.01 NGN";
    suspended(ChargedMoney::Known(ngn("16000.01")), SuspenseReason::AmountDiffers, line).await;
}

#[tokio::test]
async fn the_right_number_in_another_currency_goes_to_suspense_in_that_currency() {
    let line = "psp_clearing:paystack -> suspense 16000.00 USD";
    suspended(ChargedMoney::Known(usd("16000")), SuspenseReason::CurrencyDiffers, line).await;
}

#[tokio::test]
async fn money_of_the_other_mode_books_nothing() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay_oddly(&intent.reference, &OddPayment { in_other_mode: true, ..odd() });
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Ok(Settled::Refused)));
    assert!(world.journal().is_empty());
    assert_eq!(world.now(&intent).await.state, IntentState::Pending);
}

#[tokio::test]
async fn money_in_a_currency_that_the_ledger_does_not_keep_books_nothing() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    let paid = Some(ChargedMoney::Unbookable);
    world.platform.gateway.pay_oddly(&intent.reference, &OddPayment { paid, ..odd() });
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Refused)));
    assert!(world.journal().is_empty());
}

#[tokio::test]
async fn a_reference_that_is_not_ours_is_not_even_asked_for() {
    let world = World::new().await;
    let reference = PaymentReference::try_new("somebody-elses").expect("a reference");
    assert!(matches!(world.platform.payments.settle(&reference).await, Ok(Settled::Unchanged)));
    assert_eq!(world.platform.gateway.calls(namaskah_domain::memory::GatewayOperation::Verify), 0);
}

#[tokio::test]
async fn an_open_abandoned_or_reversed_payment_credits_nothing_and_stays_open() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    for status in [ChargeStatus::Open, ChargeStatus::Abandoned, ChargeStatus::Reversed] {
        world.platform.gateway.set_status(&intent.reference, status);
        assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Unchanged)));
    }
    assert_eq!(world.now(&intent).await.state, IntentState::Pending);
    assert!(world.journal().is_empty());
}

#[tokio::test]
async fn a_failed_payment_may_still_succeed_and_frees_its_place_once() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.set_status(&intent.reference, ChargeStatus::Failed);
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Closed)));
    let failed = world.now(&intent).await;
    assert!(matches!(failed.state, IntentState::Failed { .. }));
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Unchanged)));
    assert_eq!((world.now(&intent).await, events(&world).await.len()), (failed, 1));
    world.lawful();
    world.platform.gateway.pay(&intent.reference);
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Credited)));
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}

#[tokio::test]
async fn the_event_of_a_failed_payment_names_the_version_that_failed() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.set_status(&intent.reference, ChargeStatus::Failed);
    world.platform.payments.settle(&intent.reference).await.expect("settled");
    let version = world.now(&intent).await.version;
    let told = events(&world).await;
    assert_eq!(told.last().map(|event| event.version), Some(version));
}

async fn events(world: &World) -> Vec<namaskah_domain::Event> {
    use namaskah_domain::outbox::{EventLog, EventQuery};
    let store = &world.platform.store;
    store.stamp().await.expect("stamped");
    let query = EventQuery { user: None, subject: None, after: 0, limit: 100 };
    store.after(query).await.expect("events").into_iter().map(|sequenced| sequenced.event).collect()
}

#[tokio::test]
async fn money_paid_in_time_and_seen_late_keeps_its_rate() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.clock.advance(hours(72));
    world.platform.gateway.pay(&intent.reference);
    world.platform.clock.advance(hours(24));
    assert!(matches!(world.platform.payments.settle(&intent.reference).await, Ok(Settled::Credited)));
    assert_eq!(world.available().await, "10.00");
}

#[tokio::test]
async fn late_money_is_credited_at_the_rate_of_its_day_rounded_down() {
    let world = World::with(|ports| {
        ports.payments.rate = FxRate::try_new(Decimal::from(1_600)).expect("a rate");
    })
    .await;
    let intent = world.open("10.00").await;
    world.platform.advance(hours(73)).await;
    assert!(matches!(world.now(&intent).await.state, IntentState::Expired { .. }));
    world.lawful();
    // A new process, with another rate.
    let policy = namaskah_domain::payment::PaymentPolicy {
        rate: FxRate::try_new(Decimal::from(1_700)).expect("a rate"),
        ..policy_of_the_day()
    };
    let platform = &world.platform;
    let later = namaskah_domain::payment::PaymentService::new(
        platform.store.clone(),
        platform.store.clone(),
        platform.store.clone(),
        platform.store.clone(),
        platform.store.clone(),
        platform.gateway.clone(),
        platform.clock.clone(),
        platform.random.clone(),
        policy,
    );
    platform.gateway.pay(&intent.reference);
    assert!(matches!(later.settle(&intent.reference).await, Ok(Settled::Credited)));
    assert_eq!(world.available().await, "9.411764");
    assert_eq!(world.now(&intent).await.amount, usd("9.411764"));
    world.lawful();
}

fn policy_of_the_day() -> namaskah_domain::payment::PaymentPolicy {
    namaskah_domain::payment::PaymentPolicy {
        rate: FxRate::one_to_one(),
        min: usd("1").money(),
        max: usd("10000").money(),
        max_open: 10,
        honoured_h: 72,
        return_url: None,
    }
}

#[tokio::test]
async fn a_hundred_settlements_at_once_credit_once() {
    let world = World::polite().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, reference) = (world.clone(), intent.reference.clone());
        tasks.spawn(async move { world.platform.payments.settle(&reference).await });
    }
    let mut credited = 0;
    while let Some(settled) = tasks.join_next().await {
        credited += u32::from(matches!(settled.expect("a task"), Ok(Settled::Credited)));
    }
    assert_eq!((credited, world.available().await.as_str()), (1, "10.00"));
    world.lawful();
}

#[tokio::test]
async fn the_same_webhook_many_times_credits_once_and_every_copy_is_handled() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    for _ in 0..5 {
        world.platform.notify_payment(&intent.reference).await.expect("stored");
    }
    world.platform.tick().await;
    assert_eq!(world.available().await, "10.00");
    let left = world.platform.payments.handle_notices(world.platform.store.as_ref()).await;
    assert!(matches!(left, Ok(0)));
}

#[tokio::test]
async fn a_notice_that_cannot_be_settled_now_waits_and_holds_up_no_other() {
    use namaskah_domain::memory::{GatewayFailure, GatewayOperation};
    let world = World::new().await;
    let (first, second) = (world.open("10.00").await, world.open("5.00").await);
    for intent in [&first, &second] {
        world.platform.gateway.pay(&intent.reference);
        world.platform.notify_payment(&intent.reference).await.expect("stored");
    }
    world.platform.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable);
    let notices = world.platform.store.as_ref();
    let waiting = async || notices.new_notices(Sender::Paystack, 10).await.expect("notices");
    let before = waiting().await;
    assert!(matches!(world.platform.payments.handle_notices(notices).await, Ok(1)));
    assert_eq!(waiting().await, before[..1], "it waits as it was");
    assert_eq!(world.available().await, "5.00");
    assert!(matches!(world.platform.payments.handle_notices(notices).await, Ok(1)));
    assert_eq!(world.available().await, "15.00");
}

#[tokio::test]
async fn a_hundred_notices_that_fail_hold_up_no_newer_one_and_none_is_lost() {
    use namaskah_domain::{
        memory::{GatewayFailure, GatewayOperation},
        payment::GatewayNotice,
    };
    let world = World::new().await;
    let refunded = world.fund("10.00").await;
    for _ in 0..100 {
        let notice = GatewayNotice::Refund(refunded.reference.clone());
        world.platform.notify_gateway(&notice).await.expect("stored");
        // Each failing one is tried twice.
        for _ in 0..2 {
            world.platform.gateway.fail_next(GatewayOperation::Refunds, GatewayFailure::Unavailable);
        }
    }
    world.platform.clock.advance(namaskah_domain::time::seconds(1));
    let intent = world.open("5.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.notify_payment(&intent.reference).await.expect("stored");
    let notices = world.platform.store.as_ref();
    let handle = async || world.platform.payments.handle_notices(notices).await.expect("handled");
    assert_eq!((handle().await, world.available().await.as_str()), (0, "10.00"));
    assert_eq!((handle().await, world.available().await.as_str()), (1, "15.00"));
    let mut left = 0;
    for _ in 0..4 {
        left += handle().await;
    }
    assert_eq!(left, 100, "they are handled once the gateway answers");
}

#[tokio::test]
async fn a_gateway_that_cannot_be_asked_changes_nothing() {
    use namaskah_domain::memory::{GatewayFailure, GatewayOperation};
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::LostAnswer);
    let settled = world.platform.payments.settle(&intent.reference).await;
    assert!(matches!(settled, Err(SettleError::Gateway(_))));
    assert_eq!((world.journal().len(), world.now(&intent).await), (0, intent));
}

#[tokio::test]
async fn somebody_elses_payment_is_not_found() {
    use namaskah_domain::payment::PaymentError;
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    let peeked = world.platform.payments.sync(ben, intent.id).await;
    assert!(matches!(peeked, Err(PaymentError::NotFound)));
    assert_eq!(world.platform.balance(ben).await.expect("a balance").total.to_string(), "0.00");
}
