//! Trying deliveries.

use namaskah_domain::{
    Clock, TraceParent,
    memory::Receiver,
    time::{hours, minutes, seconds},
    webhook::{AttemptOutcome, DeliveryState, DeliveryStatus, EndpointChange, Subscription},
};

use crate::world::{URL, World};

fn statuses(
    deliveries: &[(namaskah_domain::webhook::Delivery, Vec<namaskah_domain::webhook::Attempt>)],
) -> Vec<DeliveryStatus> {
    deliveries.iter().map(|(delivery, _)| delivery.state.status()).collect()
}

#[tokio::test]
async fn what_happens_is_posted_once_signed_and_logged() {
    let world = World::new().await;
    let new = world.endpoint_for(world.ada, Subscription::Everything).await;
    let event = world.happens().await;
    world.deliver().await;
    world.deliver().await;
    let [(to, call)] = world.receiver.arrived().try_into().expect("one call");
    assert_eq!(to.as_str(), URL);
    assert_eq!(call.id, event.id);
    assert_eq!(call.signature.as_str(), format!("v1,{}", new.secret.expose()));
    assert_eq!(call.body, b"verification.completed");
    let [(delivery, tries)] = world.deliveries(new.endpoint.id).await.try_into().expect("one");
    assert!(matches!(delivery.state, DeliveryState::Delivered { .. }));
    let [attempt] = tries.try_into().expect("one try");
    assert_eq!((attempt.number, attempt.outcome), (1, AttemptOutcome::Answered(200)));
}

#[tokio::test]
async fn a_call_is_made_in_the_trace_that_has_caused_what_it_tells() {
    let world = World::new().await;
    world.endpoint().await;
    let cause = TraceParent::new(1, 2, true);
    for caused_by in [cause, None] {
        world.happens_by(caused_by).await;
        world.deliver().await;
    }
    let made_in: Vec<_> = world.receiver.arrived().iter().map(|(_, call)| call.cause).collect();
    assert_eq!(made_in, [cause, None]);
}

#[tokio::test]
async fn only_2xx_is_taken_and_nothing_is_followed() {
    for (receiver, outcome) in [
        (Receiver::Answers(204), AttemptOutcome::Answered(204)),
        (Receiver::AnswersWithoutEnd(200), AttemptOutcome::Answered(200)),
        (Receiver::Answers(301), AttemptOutcome::Answered(301)),
        (Receiver::Answers(404), AttemptOutcome::Answered(404)),
        (Receiver::Answers(500), AttemptOutcome::Answered(500)),
        (Receiver::IsSilent, AttemptOutcome::TimedOut),
        (Receiver::HangsUp, AttemptOutcome::Broken),
        (Receiver::IsAbsent, AttemptOutcome::NotReached),
    ] {
        let world = World::new().await;
        let endpoint = world.endpoint().await;
        world.happens().await;
        world.receiver.next(receiver);
        world.deliver().await;
        let [(delivery, tries)] = world.deliveries(endpoint.id).await.try_into().expect("one");
        assert_eq!(tries[0].outcome, outcome, "{receiver:?}");
        let is_taken = matches!(receiver, Receiver::Answers(204) | Receiver::AnswersWithoutEnd(200));
        let expected = if is_taken { DeliveryStatus::Delivered } else { DeliveryStatus::Waiting };
        assert_eq!(delivery.state.status(), expected, "{receiver:?}");
    }
}

/// With the breaker's rests between, which are shorter than the pauses from the fifth on.
#[tokio::test]
async fn what_is_not_taken_is_tried_by_the_schedule_and_then_given_up() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    let mut tried_at = Vec::new();
    for _ in 0..8 {
        world.receiver.next(Receiver::Answers(503));
    }
    for _ in 0..60 * 24 * 2 {
        let before = world.receiver.arrived().len();
        world.deliver().await;
        if world.receiver.arrived().len() > before {
            tried_at.push(world.platform.clock.now());
        }
        world.platform.clock.advance(minutes(1));
    }
    let pauses: Vec<i64> = tried_at.windows(2).map(|two| (two[1] - two[0]).num_minutes()).collect();
    let least = [0, 5, 30, 120, 300, 600, 600];
    assert_eq!(pauses.len(), least.len(), "{pauses:?}");
    for (pause, least) in pauses.iter().zip(least) {
        // A tenth of jitter, and up to a minute until this test looks.
        assert!((least..=least + least / 10 + 1).contains(pause), "{pauses:?}");
    }
    let [(delivery, tries)] = world.deliveries(endpoint.id).await.try_into().expect("one");
    assert!(matches!(delivery.state, DeliveryState::Failed { .. }));
    assert_eq!((delivery.tried, tries.len()), (8, 8));
    assert!(world.now_is(&endpoint).await.is_on(), "28 hours are no five days");
}

/// Of those alone who say that they take it later.
#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_is_given_it() {
    for (status, pause, least) in [(429, 7_200, 7_200), (503, 1, 5), (503, 90_000, 86_400), (500, 7_200, 5)] {
        let world = World::new().await;
        let endpoint = world.endpoint().await;
        world.happens().await;
        world.receiver.next(Receiver::AsksForAPause(status, pause));
        world.deliver().await;
        let [(delivery, _)] = world.deliveries(endpoint.id).await.try_into().expect("one");
        let DeliveryState::Waiting { due } = delivery.state else { panic!("{delivery:?}") };
        let waits = due - world.platform.clock.now();
        // With a tenth of jitter where the schedule says when.
        assert!(seconds(least) <= waits && waits <= seconds(least).max(seconds(6)), "{status}: {waits}");
        world.platform.clock.advance_to(due);
        world.deliver().await;
        assert_eq!(world.receiver.arrived().len(), 2, "{status}");
    }
}

#[tokio::test]
async fn an_endpoint_that_fails_is_rested_and_tried_with_one_when_its_rest_is_over() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    for _ in 0..12 {
        world.happens().await;
    }
    for _ in 0..9 {
        world.receiver.next(Receiver::IsSilent);
    }
    world.deliver().await;
    // Four at once, and four more: the breaker opens with the fifth.
    assert_eq!(world.receiver.arrived().len(), 8);
    assert!(world.deliveries(endpoint.id).await.iter().all(|(delivery, _)| matches!(
        delivery.state,
        DeliveryState::Waiting { due } if due > world.platform.clock.now()
    )));
    let rests_until = world.now_is(&endpoint).await.health.rests_until.expect("a rest");
    world.platform.clock.advance_to(rests_until);
    world.deliver().await;
    assert_eq!(world.receiver.arrived().len(), 9, "one, to see");
    let rests_until = world.now_is(&endpoint).await.health.rests_until.expect("a longer rest");
    world.platform.clock.advance_to(rests_until);
    world.deliver().await;
    let deliveries = world.deliveries(endpoint.id).await;
    assert!(statuses(&deliveries).contains(&DeliveryStatus::Delivered));
    assert_eq!(world.now_is(&endpoint).await.health.failures, 0);
    assert!(world.receiver.arrived().len() > 12, "the rest goes out without another rest");
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_is_off_or_gone_is_dropped() {
    let world = World::new().await;
    let (off, gone) = (world.endpoint().await, world.endpoint().await);
    world.happens().await;
    let change = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    world.webhooks.change(world.ada, off.id, change).await.expect("off");
    let waits = world.deliveries(gone.id).await[0].0.id;
    world.webhooks.delete(world.ada, gone.id).await.expect("deleted");
    world.deliver().await;
    assert_eq!(world.receiver.arrived(), []);
    assert_eq!(statuses(&world.deliveries(off.id).await), [DeliveryStatus::Dropped]);
    assert_eq!(world.delivery(waits).await.state.status(), DeliveryStatus::Dropped);
}

#[tokio::test]
async fn an_event_whose_record_is_gone_is_not_sent() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let event = world.happens().await;
    world.bodies.gone.lock().expect("no test panicked here").push(event.id);
    world.deliver().await;
    assert_eq!(world.receiver.arrived(), []);
    assert_eq!(statuses(&world.deliveries(endpoint.id).await), [DeliveryStatus::Dropped]);
}

#[tokio::test]
async fn a_try_out_is_sent_once_even_to_an_endpoint_that_is_off_and_teaches_nothing() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let change = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    let endpoint = world.webhooks.change(world.ada, endpoint.id, change).await.expect("off");
    world.receiver.next(Receiver::Answers(500));
    let test = world.webhooks.test(world.ada, endpoint.id).await.expect("a try-out");
    world.deliver().await;
    assert_eq!(world.receiver.arrived().len(), 1);
    assert_eq!(world.receiver.arrived()[0].1.body, b"webhook.test");
    assert_eq!(world.delivery(test.id).await.state.status(), DeliveryStatus::Failed);
    assert_eq!(world.now_is(&endpoint).await, endpoint);
}

#[tokio::test]
async fn a_replay_sends_again_under_the_same_name_whatever_became_of_it() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let event = world.happens().await;
    world.deliver().await;
    let delivery = world.deliveries(endpoint.id).await[0].0.clone();
    world.webhooks.replay(world.ada, delivery.id).await.expect("replayed");
    world.deliver().await;
    let ids: Vec<_> = world.receiver.arrived().iter().map(|(_, call)| call.id).collect();
    assert_eq!(ids, [event.id, event.id]);
    let (after, tries) = world.deliveries(endpoint.id).await.remove(0);
    assert_eq!((after.id, after.attempts, after.tried, tries.len()), (delivery.id, 2, 1, 2));
}

#[tokio::test]
async fn a_replay_since_sends_what_was_taken_and_what_was_missed() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    world.platform.clock.advance(hours(1));
    let since = world.platform.clock.now();
    let taken = world.happens().await;
    world.deliver().await;
    let change = |is_on| EndpointChange { is_on: Some(is_on), ..EndpointChange::default() };
    world.webhooks.change(world.ada, endpoint.id, change(false)).await.expect("off");
    let missed = world.happens().await;
    let refused = world.webhooks.replay_since(world.ada, endpoint.id, since).await;
    assert!(matches!(refused, Err(namaskah_domain::webhook::EndpointError::Off)), "{refused:?}");
    world.webhooks.change(world.ada, endpoint.id, change(true)).await.expect("on");
    let replayed = world.webhooks.replay_since(world.ada, endpoint.id, since).await.expect("replayed");
    assert_eq!((replayed.count, replayed.next_since), (2, None));
    let before = world.receiver.arrived().len();
    world.deliver().await;
    let ids: Vec<_> = world.receiver.arrived()[before..].iter().map(|(_, call)| call.id).collect();
    assert_eq!(ids, [taken.id, missed.id]);
}

#[tokio::test]
async fn a_replay_does_not_wait_for_the_rest_of_its_endpoint() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    for _ in 0..5 {
        world.happens().await;
        world.receiver.next(Receiver::IsAbsent);
    }
    world.deliver().await;
    assert!(world.now_is(&endpoint).await.health.rests_until.is_some());
    let delivery = world.deliveries(endpoint.id).await[0].0.id;
    world.webhooks.replay(world.ada, delivery).await.expect("replayed");
    world.deliver().await;
    assert_eq!(world.delivery(delivery).await.state.status(), DeliveryStatus::Delivered);
    world.platform.clock.advance(seconds(6));
    world.deliver().await;
    let deliveries = world.deliveries(endpoint.id).await;
    assert!(statuses(&deliveries).iter().all(|status| *status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_call_for_which_we_have_no_place_is_put_off_and_is_no_try() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    world.receiver.is_crowded_for(1);
    world.deliver().await;
    let [(delivery, tries)] = world.deliveries(endpoint.id).await.try_into().expect("one");
    let due = world.platform.clock.now() + seconds(5);
    assert_eq!((delivery.state, delivery.tried, tries), (DeliveryState::Waiting { due }, 0, Vec::new()));
    assert_eq!(world.now_is(&endpoint).await.health.failures, 0, "it is not the receiver's fault");
    world.platform.advance(seconds(5)).await;
    world.deliver().await;
    let [(delivery, tries)] = world.deliveries(endpoint.id).await.try_into().expect("one");
    assert_eq!((delivery.state.status(), tries.len()), (DeliveryStatus::Delivered, 1));
}
