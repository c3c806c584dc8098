//! What a balance that was taken for right counts from, and what may be missing in it.

use chrono::TimeDelta;
use namaskah_domain::{
    reconciliation::BALANCE,
    staff::By,
    verification::{NumberProvider, ReservationState},
};

use crate::{World, note, usd};

#[tokio::test]
async fn credits_that_the_list_shows_are_booked_before_a_balance_is_accepted() {
    let world = World::new().await;
    let done = world.completed().await;
    world.platform.provider.set_state(&done.line.reservation, ReservationState::Cancelled);
    world.later(1);
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    let report = world.compare().await;
    assert_eq!(report.numbers.expect("compared").booked, 0);
    let float = report.float.expect("compared").expect("accepted");
    assert_eq!((float.matched, float.differ), (1, 0));
}

#[tokio::test]
async fn a_credit_that_the_balance_shows_before_the_list_does_is_awaited_for_two_hours() {
    let world = World::new().await;
    let provider = &world.platform.provider;
    provider.set_lifetime(TimeDelta::hours(10));
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    world.platform.buy(world.ada, "google", "2.00").await.expect("an order that waits");
    let cost = provider.reservations()[0].cost;
    let balance = provider.balance().await.expect("a balance");
    provider.set_balance(balance.checked_add(cost).expect("in range"));
    for (minutes, matched, differ) in [(1, 1, 0), (119, 1, 0), (1, 0, 1)] {
        world.later(minutes);
        let float = world.compare_now().await.float.expect("compared").expect("accepted");
        assert_eq!((float.matched, float.differ), (matched, differ), "after {minutes} minutes more");
    }
}

#[tokio::test]
async fn a_balance_that_differs_stays_one_finding_until_it_is_accepted_and_keeps_its_age() {
    let world = World::new().await;
    let first = world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    world.platform.provider.set_balance(usd("9000"));
    world.compare().await;
    let found = world.found().await;
    assert_eq!((found.key.as_str(), found.id), (BALANCE, first.id));
    let again = world.compare().await;
    assert_eq!(again.numbers.expect("compared").closed, []);
    assert_eq!(again.float.expect("compared").expect("accepted").opened, []);
    assert_eq!(world.found().await, found);
    let accepted =
        world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    assert_eq!((accepted.id, accepted.found_at), (found.id, found.found_at));
    assert_eq!((accepted.version, accepted.theirs), (found.version.next(), Some(usd("9000"))));
}
