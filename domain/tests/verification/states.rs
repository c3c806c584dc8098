//! What an order says of itself in each state, and the instants at which that changes.

use namaskah_domain::{
    OrderId, Version,
    time::{minutes, seconds},
    verification::{Failure, Order, OrderStatus, Report, ReportReason, Requested, Waiting},
};

use crate::world::World;

async fn waiting(world: &World) -> Waiting {
    match world.buy("whatsapp").await {
        Order::Waiting(waiting) => waiting,
        other => panic!("{other:?}"),
    }
}

/// The same order between two numbers, waiting, and ended now in every way.
fn each_state(world: &World, waiting: &Waiting) -> [Order; 6] {
    let now = world.now();
    let requested = waiting.clone().swap(world.platform.id());
    [
        requested.clone().into(),
        waiting.clone().into(),
        waiting.clone().receive(now).0.into(),
        waiting.clone().cancel(now).0.into(),
        waiting.clone().expire(now).0.into(),
        Requested { former: None, ..requested }.fail(Failure::NoNumbers, now).0,
    ]
}

fn after(version: Version) -> Version {
    Version::from_stored(version.get() + 1)
}

fn complaint(world: &World) -> Report {
    Report { reason: ReportReason::NoCode, at: world.now(), is_told: true }
}

#[tokio::test]
async fn a_complaint_and_a_successor_are_kept_in_every_state_and_change_nothing_else() {
    let world = World::new().await;
    let (report, next): (Report, OrderId) = (complaint(&world), world.platform.id());
    for order in each_state(&world, &waiting(&world).await) {
        let version = after(order.head().version);
        let of =
            |order: &Order| (order.status(), order.line().cloned(), order.ended_at(), order.expires_at());
        let reported = order.clone().reported(report);
        assert_eq!((reported.head().report, reported.head().version), (Some(report), version));
        assert_eq!(of(&reported), of(&order));
        let retried = order.clone().retried(next);
        assert_eq!((retried.head().retried_by, retried.head().version), (Some(next), version));
        assert_eq!(of(&retried), of(&order));
    }
}

#[tokio::test]
async fn every_state_that_has_or_had_a_number_knows_its_end_and_those_that_have_ended_say_when() {
    let world = World::new().await;
    let waiting = waiting(&world).await;
    let orders = each_state(&world, &waiting);
    let (end, now) = (Some(waiting.line.expires_at), Some(world.now()));
    assert_eq!(orders.each_ref().map(Order::expires_at), [end, end, end, end, end, None]);
    assert_eq!(orders.each_ref().map(Order::ended_at), [None, None, now, now, now, now]);
}

#[tokio::test]
async fn texts_are_an_orders_own_to_its_end_and_half_an_hour_after_it_expired() {
    let world = World::new().await;
    let waiting = waiting(&world).await;
    let (end, ended) = (Some(waiting.line.expires_at), world.now());
    let orders = each_state(&world, &waiting);
    let until = ended + minutes(30);
    assert_eq!(
        orders.each_ref().map(|order| order.listens_until(until)),
        [None, end, end, None, Some(until), None]
    );
    let expired = &orders[4];
    assert_eq!(expired.listens_until(until + seconds(1)), None);
    assert_eq!(expired.clone().reported(complaint(&world)).listens_until(ended), None);
    assert_eq!(expired.clone().retried(world.platform.id()).listens_until(ended), None);
}

#[tokio::test]
async fn what_ended_without_a_code_may_be_retried_for_ten_minutes_unless_it_was() {
    let world = World::new().await;
    let orders = each_state(&world, &waiting(&world).await);
    let late = world.now() + minutes(10);
    for (order, may) in orders.iter().skip(2).zip([false, true, true, true]) {
        assert_eq!(order.can_retry(late - seconds(1)), may, "{:?}", order.status());
        assert!(!order.can_retry(late), "{:?}", order.status());
        assert!(!order.clone().retried(world.platform.id()).can_retry(world.now()), "{:?}", order.status());
    }
}

#[tokio::test]
async fn a_waiting_order_may_have_another_number_twice_and_before_its_end() {
    let world = World::new().await;
    let mut waiting = waiting(&world).await;
    let end = waiting.line.expires_at;
    for (swaps, may) in [(0, true), (1, true), (2, false), (3, false)] {
        waiting.head.swaps = swaps;
        assert_eq!(Order::from(waiting.clone()).can_swap(end - seconds(1)), may, "{swaps}");
        assert!(!Order::from(waiting.clone()).can_swap(end), "{swaps}");
    }
    waiting.head.swaps = 0;
    for order in each_state(&world, &waiting).into_iter().filter(|o| !matches!(o, Order::Waiting(_))) {
        assert!(!order.can_swap(end - seconds(1)), "{:?}", order.status());
    }
}

#[tokio::test]
async fn each_step_that_a_user_sees_counts_once() {
    let world = World::new().await;
    let mut waiting = waiting(&world).await;
    waiting.head.report = Some(complaint(&world));
    let (now, version) = (world.now(), after(waiting.head.version));
    let requested = waiting.clone().swap(world.platform.id());
    assert_eq!((requested.head.swaps, requested.head.report, requested.head.version), (1, None, version));
    let leaving = requested.clone().request_cancel(now);
    assert_eq!((leaving.head.cancel_requested_at, leaving.head.version), (Some(now), after(version)));
    let bound = leaving.bind(waiting.line.clone());
    assert_eq!((bound.head.swaps, bound.head.version), (1, after(after(version))));
    assert_eq!(waiting.clone().show_text().head.version, version);
    assert_eq!(waiting.clone().receive(now).0.show_text().head.version, after(version));
    assert_eq!(waiting.clone().expire(now).0.show_text().head.version, after(version));
    // Giving way counts with the end that follows it.
    let next: OrderId = world.platform.id();
    let given = waiting.clone().give_way(next);
    assert_eq!((given.head.retried_by, given.head.version), (Some(next), waiting.head.version));
    let (cancelled, _) = given.cancel(now);
    assert_eq!((cancelled.head.retried_by, cancelled.head.version), (Some(next), version));
}

#[tokio::test]
async fn an_order_between_two_numbers_waits_as_its_user_sees_it() {
    let world = World::new().await;
    let status = each_state(&world, &waiting(&world).await).map(|order| order.status());
    let ended = [OrderStatus::Completed, OrderStatus::Cancelled, OrderStatus::Expired, OrderStatus::Failed];
    assert_eq!(status[..2], [OrderStatus::Waiting, OrderStatus::Waiting]);
    assert_eq!(status[2..], ended);
    assert_eq!(status.map(OrderStatus::is_final), [false, false, true, true, true, true]);
}
