//! Opening a payment: once for a key, and nothing lost with an answer.

use std::sync::Arc;

use namaskah_domain::{
    Clock, CommitError, Fingerprint, MoneyError,
    memory::{GatewayFailure, GatewayOperation, OddPayment},
    payment::{Done, Intent, IntentState, OpenPayment, OpenPaymentError},
    time::{hours, minutes},
};

use crate::world::{World, usd};

#[tokio::test]
async fn a_lost_answer_of_a_request_that_never_arrived_opens_the_same_reference_again() {
    let world = World::new().await;
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::Unavailable);
    let intent = world.open("10.00").await;
    assert!(intent.checkout_url.is_some());
    assert_eq!(world.platform.gateway.references(), [intent.reference]);
    assert_eq!(world.platform.gateway.calls(GatewayOperation::Open), 2);
}

#[tokio::test]
async fn a_lost_answer_of_a_request_that_arrived_fails_the_payment_and_still_takes_its_money() {
    let world = World::new().await;
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::LostAnswer);
    let opened = world.platform.payments.open(world.command("10.00", "k")).await;
    assert!(matches!(opened, Err(OpenPaymentError::Gateway)));
    let intents = world.platform.store.all_intents();
    assert!(matches!(intents[0].state, IntentState::Failed { .. }));
    world.lawful();
    world.platform.gateway.pay_oddly(&intents[0].reference, &OddPayment::default());
    world.platform.advance(minutes(1)).await;
    assert_eq!(world.available().await, "10.00");
    world.lawful();
}

#[tokio::test]
async fn a_gateway_that_stays_silent_leaves_the_payment_pending_until_the_sweep_gives_it_up() {
    let world = World::new().await;
    let (gateway, silent) = (&world.platform.gateway, GatewayFailure::Unavailable);
    gateway.fail_next(GatewayOperation::Open, silent);
    gateway.fail_next(GatewayOperation::Verify, silent);
    let opened = world.platform.payments.open(world.command("10.00", "k")).await;
    assert!(matches!(opened, Err(OpenPaymentError::Gateway)));
    assert!(world.platform.store.all_intents()[0].is_open());
    world.platform.advance(minutes(1)).await;
    assert!(matches!(world.platform.store.all_intents()[0].state, IntentState::Failed { .. }));
    world.lawful();
}

#[tokio::test]
async fn a_refusal_of_the_gateway_fails_the_payment() {
    let world = World::new().await;
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::Refused);
    let opened = world.platform.payments.open(world.command("10.00", "k")).await;
    assert!(matches!(opened, Err(OpenPaymentError::Gateway)));
    assert!(matches!(world.platform.store.all_intents()[0].state, IntentState::Failed { .. }));
    world.lawful();
}

#[tokio::test]
async fn the_eleventh_open_payment_is_refused_and_its_key_stays_unused() {
    let world = World::new().await;
    let mut intents = Vec::new();
    for _ in 0..10 {
        intents.push(world.open("1.00").await);
    }
    let command = world.command("1.00", "eleventh");
    let refused = world.platform.payments.open(command.clone()).await;
    assert!(matches!(refused, Err(OpenPaymentError::Commit(CommitError::TooManyOpenIntents))));
    world.platform.gateway.pay(&intents[0].reference);
    world.platform.payments.settle(&intents[0].reference).await.expect("settled");
    let opened = world.platform.payments.open(command).await.expect("there is room now");
    assert!(!opened.replayed);
    world.lawful();
}

#[tokio::test]
async fn a_repeated_key_is_answered_with_the_payment_as_it_is_now() {
    let world = World::new().await;
    let first = world.platform.payments.open(world.command("10.00", "k")).await.expect("opened").value;
    world.platform.gateway.pay(&first.reference);
    world.platform.payments.settle(&first.reference).await.expect("settled");
    let again = world.platform.payments.open(world.command("10.00", "k")).await.expect("replayed");
    assert!(again.replayed);
    assert_eq!(again.value, world.now(&first).await);
    assert_eq!(world.platform.store.all_intents().len(), 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_another_command_is_refused() {
    let world = World::new().await;
    world.platform.payments.open(world.command("10.00", "k")).await.expect("opened");
    let mut other = world.command("20.00", "k");
    other.claim.fingerprint = Fingerprint([1; 32]);
    let refused = world.platform.payments.open(other).await;
    assert!(matches!(refused, Err(OpenPaymentError::Commit(CommitError::KeyReused))));
    assert_eq!(world.platform.store.all_intents().len(), 1);
}

#[tokio::test]
async fn one_key_a_hundred_times_at_once_opens_one_payment_and_all_are_answered_with_it() {
    let world = World::polite().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (world, command) = (world.clone(), world.command("10.00", "k"));
        tasks.spawn(async move { world.platform.payments.open(command).await });
    }
    let mut firsts = 0;
    while !tasks.is_empty() {
        let Some(opened) = tasks.try_join_next() else {
            // Twins look again after a while, until the first has its checkout.
            tokio::task::yield_now().await;
            world.platform.clock.advance(chrono::TimeDelta::milliseconds(200));
            continue;
        };
        let done = opened.expect("a task").expect("an answer");
        assert!(done.value.checkout_url.is_some());
        firsts += u32::from(!done.replayed);
    }
    assert_eq!((firsts, world.platform.store.all_intents().len()), (1, 1));
    assert_eq!(world.platform.gateway.references().len(), 1);
}

/// A payment whose gateway never answered: it has no checkout.
async fn unanswered() -> Arc<World> {
    let world = Arc::new(World::new().await);
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::Unavailable);
    world.platform.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable);
    world.platform.payments.open(world.command("10.00", "k")).await.expect_err("no answer");
    world
}

type Twin = tokio::task::JoinHandle<Result<Done<Intent>, OpenPaymentError>>;

fn twin(world: &Arc<World>) -> Twin {
    let world = world.clone();
    tokio::spawn(async move { world.platform.payments.open(world.command("10.00", "k")).await })
}

/// True once the twin sleeps, false once it has its answer.
async fn sleeps(world: &World, twin: &Twin) -> bool {
    while !twin.is_finished() && world.platform.clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    !twin.is_finished()
}

#[tokio::test]
async fn a_twin_of_a_request_whose_checkout_never_came_looks_for_it_for_ten_seconds() {
    let world = unanswered().await;
    let twin = twin(&world);
    let mut waited = 0;
    while sleeps(&world, &twin).await {
        world.platform.clock.advance(chrono::TimeDelta::milliseconds(200));
        waited += 1;
    }
    let done = twin.await.expect("a task").expect("an answer");
    assert!(done.replayed && done.value.checkout_url.is_none());
    assert_eq!(waited, 50);
}

#[tokio::test]
async fn a_twin_that_comes_more_than_half_a_minute_later_is_answered_at_once() {
    for (later_ms, waits) in [(29_999, true), (30_000, true), (30_001, false), (60_000, false)] {
        let world = unanswered().await;
        world.platform.clock.advance(chrono::TimeDelta::milliseconds(later_ms));
        let twin = twin(&world);
        assert_eq!(sleeps(&world, &twin).await, waits, "after {later_ms} ms");
        twin.abort();
    }
}

#[tokio::test]
async fn a_repeated_key_waits_for_nothing_that_is_there_or_will_never_come() {
    let world = Arc::new(World::new().await);
    let first = world.platform.payments.open(world.command("10.00", "k")).await.expect("opened").value;
    let again = twin(&world);
    assert!(!sleeps(&world, &again).await, "it has its checkout");
    assert_eq!(again.await.expect("a task").expect("an answer").value, first);
    let world = Arc::new(World::new().await);
    world.platform.gateway.fail_next(GatewayOperation::Open, GatewayFailure::Refused);
    world.platform.payments.open(world.command("10.00", "k")).await.expect_err("refused");
    let again = twin(&world);
    assert!(!sleeps(&world, &again).await, "it has failed");
    let failed = again.await.expect("a task").expect("an answer").value;
    assert!(matches!(failed.state, IntentState::Failed { .. }), "{failed:?}");
}

#[tokio::test]
async fn amounts_outside_the_bounds_or_with_part_of_a_cent_are_refused() {
    let world = World::new().await;
    for dollars in ["0.99", "10000.01", "0.000001"] {
        let refused = world.platform.payments.open(world.command(dollars, dollars)).await;
        assert!(matches!(refused, Err(OpenPaymentError::AmountOutOfRange { .. })), "{dollars}");
    }
    let refused = world.platform.payments.open(world.command("1.001", "part")).await;
    assert!(matches!(refused, Err(OpenPaymentError::Amount(MoneyError::TooPrecise))));
    assert!(world.platform.store.all_intents().is_empty());
}

#[tokio::test]
async fn a_payment_of_nobody_is_refused() {
    let world = World::new().await;
    let nobody = world.platform.id();
    let refused =
        world.platform.payments.open(OpenPayment { user: nobody, ..world.command("10.00", "k") }).await;
    assert!(matches!(refused, Err(OpenPaymentError::NoSuchUser)));
}

#[tokio::test]
async fn references_never_collide_and_hold_no_underscore() {
    let world = World::new().await;
    let random = world.platform.random.as_ref();
    let made: std::collections::BTreeSet<String> =
        (0..10_000).map(|_| namaskah_domain::PaymentReference::generate(random).to_string()).collect();
    assert_eq!(made.len(), 10_000);
    assert!(made.iter().all(|text| text.len() == 30 && !text.contains('_')));
}

#[tokio::test]
async fn an_unpaid_payment_expires_with_its_rate_and_frees_its_place() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.advance(hours(71)).await;
    assert!(world.now(&intent).await.is_open());
    world.platform.advance(hours(2)).await;
    assert!(matches!(world.now(&intent).await.state, IntentState::Expired { .. }));
    let next = world.now(&intent).await.next_check_at.expect("asked for again");
    assert_eq!(next - world.platform.clock.now(), hours(24));
    world.lawful();
    assert_eq!(intent.amount, usd("10.00"));
}
