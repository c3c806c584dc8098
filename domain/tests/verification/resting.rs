//! A provider that does not answer is left alone, and what is held back is certain not to have been bought.

use std::{
    future::{pending, ready},
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use namaskah_domain::{
    breaker::{Admits, Circuit, Evidence, Guard, OPENS_AFTER, Stake},
    memory::{ProviderFailure, ProviderOperation},
    time::seconds,
    verification::{
        BuyError, BuyFailure, DeclineReason, GuardedProvider, NumberProvider, OpenAttempt, OrderStatus,
        ProviderError, QuoteError,
    },
};

use crate::world::{World, usd};

type Seen = Arc<Mutex<Vec<Circuit>>>;

/// With a breaker before the provider, and where it has stood.
async fn guarded() -> (World, Arc<GuardedProvider>, Seen) {
    let (seen, mut put_in) = (Seen::default(), None);
    let world = World::with(|fakes, ports| {
        let told = seen.clone();
        let guard = Guard::new(fakes.clock.clone())
            .telling(Arc::new(move |now| told.lock().expect("sound").push(now)));
        let provider = Arc::new(GuardedProvider::new(fakes.provider.clone(), guard));
        ports.numbers = provider.clone();
        put_in = Some(provider);
    })
    .await;
    (world, put_in.expect("put in"), seen)
}

/// So many reads in a row are not answered.
async fn falls_silent(world: &World, provider: &GuardedProvider, times: u32) {
    world.fail(ProviderOperation::Services, ProviderFailure::Unavailable, times);
    for _ in 0..times {
        assert!(matches!(provider.services().await, Err(ProviderError::Unavailable(_))));
    }
}

fn is_resting(error: &BuyError) -> bool {
    matches!(error, BuyError::Quote(QuoteError::ProviderResting))
}

#[tokio::test]
async fn while_it_rests_nothing_is_asked_nothing_is_held_and_the_key_is_unused() {
    let (world, provider, _) = guarded().await;
    let quote = world.quote("whatsapp").await;
    falls_silent(&world, &provider, OPENS_AFTER).await;
    let asked = world.platform.provider.calls(ProviderOperation::Cost);
    let (by_limit, by_quote) = (world.order("whatsapp"), world.quoted(&quote));
    for command in [by_limit.clone(), by_quote] {
        let refused = world.platform.orders.buy(command).await.expect_err("refused");
        assert!(is_resting(&refused), "{refused:?}");
    }
    let calls = |operation| world.platform.provider.calls(operation);
    assert_eq!((calls(ProviderOperation::Cost), calls(ProviderOperation::Buy)), (asked, 0));
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    world.platform.clock.advance(seconds(10));
    let placed = world.platform.orders.buy(by_limit).await.expect("it answers again");
    assert!(!placed.replayed);
    assert_eq!(placed.value.status(), OrderStatus::Waiting);
}

#[tokio::test]
async fn after_its_rest_a_question_about_a_cost_tries_and_never_a_purchase() {
    let (world, provider, seen) = guarded().await;
    world.quote("whatsapp").await;
    falls_silent(&world, &provider, OPENS_AFTER).await;
    world.platform.clock.advance(seconds(10));
    world.fail(ProviderOperation::Cost, ProviderFailure::Unavailable, 1);
    let refused = world.platform.orders.buy(world.order("whatsapp")).await.expect_err("still silent");
    assert!(is_resting(&refused), "{refused:?}");
    assert!(matches!(provider.admits(), Admits::NothingUntil(until) if until == world.now() + seconds(20)));
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 0);
    world.platform.clock.advance(seconds(20));
    world.buy("whatsapp").await;
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 1);
    let stood = seen.lock().expect("sound").clone();
    let (open, half, closed) = (Circuit::Open, Circuit::HalfOpen, Circuit::Closed);
    assert_eq!(stood, [open, half, open, half, closed]);
}

#[tokio::test]
async fn a_trial_that_its_caller_gives_up_lets_another_one_try_at_once() {
    let world = World::new().await;
    let guard = Guard::new(world.platform.clock.clone());
    let failed =
        async || guard.call(Stake::Nothing, ready(Err::<(), ()>(())), |()| Evidence::Failed, |_| ()).await;
    for _ in 0..OPENS_AFTER {
        failed().await.expect_err("silent");
    }
    world.platform.clock.advance(seconds(10));
    let hangs = guard.call(Stake::Nothing, pending::<Result<(), ()>>(), |()| Evidence::Failed, |_| ());
    let mut hangs = Box::pin(hangs);
    assert!(hangs.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert!(matches!(guard.admits(), Admits::NothingUntil(_)), "one at a time");
    drop(hangs);
    assert_eq!(guard.admits(), Admits::One);
}

#[tokio::test]
async fn a_purchase_that_is_held_back_is_refused_for_certain() {
    let (world, provider, _) = guarded().await;
    let attempt =
        OpenAttempt { ask: world.platform.ask("whatsapp").expect("an ask"), cost_cap: usd("1.00").money() };
    falls_silent(&world, &provider, OPENS_AFTER).await;
    for pause in [0, 10] {
        world.platform.clock.advance(seconds(pause));
        let held_back = provider.buy(&attempt).await;
        assert!(matches!(held_back, Err(BuyFailure::Declined(DeclineReason::Unavailable))), "{held_back:?}");
    }
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 0);
}

#[tokio::test]
async fn a_purchase_whose_answer_was_lost_stays_unknown_and_is_found_when_the_provider_answers() {
    let (world, provider, _) = guarded().await;
    let order = world.buy_unknown("whatsapp").await;
    falls_silent(&world, &provider, OPENS_AFTER - 1).await;
    assert!(matches!(provider.admits(), Admits::NothingUntil(_)), "the lost answer was the first failure");
    // Looking is held back too, and proves nothing.
    for _ in 0..3 {
        world.platform.tick().await;
        assert_eq!(world.status(order).await, OrderStatus::Requested);
    }
    assert_eq!(world.money().await, ("98.87".into(), "1.13".into()));
    world.pass(60).await;
    assert_eq!(world.status(order).await, OrderStatus::Waiting);
    assert_eq!(world.platform.provider.calls(ProviderOperation::Buy), 1);
    world.lawful();
}

#[tokio::test]
async fn whoever_refuses_has_answered() {
    let (world, provider, _) = guarded().await;
    for _ in 0..3 {
        falls_silent(&world, &provider, OPENS_AFTER - 1).await;
        world.fail(ProviderOperation::Services, ProviderFailure::Declined(DeclineReason::Refused), 1);
        assert!(matches!(provider.services().await, Err(ProviderError::Refused(_))));
    }
    assert_eq!(provider.admits(), Admits::All);
}
