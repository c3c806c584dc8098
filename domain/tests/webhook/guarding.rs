//! To whom nothing is sent, although it is on or asks for it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{
    Change, Clock, EndpointId, Event, EventId, EventKind, Store, Time, UnitOfWork, Version,
    auth::{AuthReads, Suspension},
    memory::{MemoryStore, Receiver},
    outbound::{Answer, BodyEnd, CallError, Destination, OutboundCall, OutboundClient},
    outbox::EventLog,
    time::{hours, minutes, seconds},
    webhook::{
        DeliveryState, DeliveryStatus, EndpointChange, EndpointError, Health, MAX_REPLAYED, Target,
        WebhookReads,
    },
};

use crate::world::World;

impl World {
    /// Ada may do nothing until then, or until that is lifted.
    async fn suspends_ada(&self, until: Option<Time>) {
        let ada = self.platform.store.user(self.ada).await.expect("readable").expect("Ada");
        let since = self.platform.clock.now();
        let ada = ada.suspended(Suspension { reason: "spam".to_owned(), since, until });
        self.platform.store.commit(UnitOfWork::new().with(Change::User(ada))).await.expect("suspended");
    }

    /// Something has happened to Ada at that time, and is stamped now.
    async fn happened_at(&self, at: Time) -> EventId {
        let (id, kind) = (self.platform.id(), EventKind::VerificationCompleted);
        let subject = uuid::Uuid::from_u128(9);
        let event = Event { id, user: self.ada, kind, subject, version: Version::FIRST, at, cause: None };
        let unit = UnitOfWork::new().with(Change::Event(event));
        self.platform.store.commit(unit).await.expect("committed");
        self.platform.store.stamp().await.expect("stamped");
        id
    }

    fn posts(&self) -> usize {
        self.receiver.arrived().len()
    }
}

#[tokio::test]
async fn nothing_is_posted_for_a_suspended_user_and_what_waits_goes_on_when_that_is_over() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    let test = world.webhooks.test(world.ada, endpoint.id).await.expect("a try-out");
    let end = world.platform.clock.now() + hours(2);
    world.suspends_ada(Some(end)).await;
    world.happens().await;
    while world.platform.clock.now() < end {
        world.deliver().await;
        world.platform.clock.advance(minutes(7));
    }
    assert_eq!(world.posts(), 0);
    assert_eq!(world.delivery(test.id).await.state.status(), DeliveryStatus::Dropped);
    world.deliver().await;
    assert_eq!(world.posts(), 2);
    assert_eq!(world.now_is(&endpoint).await.health, Health::default(), "nothing was learned of it");
}

#[tokio::test]
async fn whether_a_user_is_suspended_is_looked_at_again_without_a_word_of_the_end() {
    let world = World::new().await;
    world.endpoint().await;
    world.suspends_ada(None).await;
    world.happens().await;
    world.deliver().await;
    let ada = world.platform.store.user(world.ada).await.expect("readable").expect("Ada");
    let lifted = UnitOfWork::new().with(Change::User(ada.unsuspended()));
    world.platform.store.commit(lifted).await.expect("lifted");
    world.platform.clock.advance(minutes(10));
    world.deliver().await;
    assert_eq!(world.posts(), 1);
}

/// Ten thousand deliveries would be as many rows each time, for nothing.
#[tokio::test]
async fn what_waits_for_an_endpoint_that_rests_is_not_written_again_and_shown_as_due_after_its_rest() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.receiver.from_now_on(Receiver::Answers(500));
    for _ in 0..5 {
        world.happens().await;
    }
    world.deliver().await;
    let rests_until = world.now_is(&endpoint).await.health.rests_until.expect("a rest");
    // They have later identifiers so.
    world.platform.clock.advance(seconds(1));
    for _ in 0..20 {
        world.happens().await;
    }
    world.deliver().await;
    assert_eq!(world.posts(), 5);
    for (shown, _) in &world.deliveries(endpoint.id).await[..20] {
        assert_eq!(shown.state, DeliveryState::Waiting { due: rests_until });
        let kept = world.delivery(shown.id).await;
        assert_eq!((kept.version, kept.tried), (Version::FIRST, 0));
    }
    world.platform.clock.advance_to(rests_until);
    world.deliver().await;
    assert_eq!(world.posts(), 6, "one, to see");
}

#[tokio::test]
async fn a_try_out_lifts_the_rest_of_its_endpoint() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    for _ in 0..5 {
        world.happens().await;
        world.receiver.next(Receiver::IsAbsent);
    }
    world.deliver().await;
    let before = world.posts();
    let test = world.webhooks.test(world.ada, endpoint.id).await.expect("a try-out");
    world.deliver().await;
    assert_eq!(world.delivery(test.id).await.state.status(), DeliveryStatus::Delivered);
    assert_eq!(world.posts(), before + 1);
}

#[tokio::test]
async fn a_second_replay_since_is_refused_while_the_first_is_on_its_way() {
    let world = World::new().await;
    for _ in 0..MAX_REPLAYED {
        world.happens_to(world.ada, EventKind::VerificationCompleted).await;
    }
    let endpoint = world.endpoint().await;
    let replay = async || world.webhooks.replay_since(world.ada, endpoint.id, Time::UNIX_EPOCH).await;
    assert_eq!(replay().await.expect("begun").count, MAX_REPLAYED);
    let refused = replay().await;
    assert!(matches!(refused, Err(EndpointError::Busy)), "{refused:?}");
    world.deliver().await;
    assert_eq!(world.posts(), MAX_REPLAYED as usize);
    replay().await.expect("begun again");
}

/// An event is stamped after its commit, and so perhaps after one that happened later.
#[tokio::test]
async fn page_by_page_nothing_is_left_out_though_two_were_stamped_in_another_order_than_they_happened() {
    let world = World::new().await;
    let began = world.platform.clock.now();
    let mut happened = BTreeSet::new();
    for n in 0..MAX_REPLAYED + 200 {
        // Each second one happened before the one that was stamped before it.
        let at = began + seconds(i64::from(if n % 2 == 0 { n + 1 } else { n - 1 }));
        happened.insert(world.happened_at(at).await);
    }
    // The last of all is stamped behind everything, and happened first.
    happened.insert(world.happened_at(began - seconds(1)).await);
    let endpoint = world.endpoint().await;
    let mut since = Some(Time::UNIX_EPOCH);
    while let Some(from) = since {
        let page = world.webhooks.replay_since(world.ada, endpoint.id, from).await.expect("a page");
        assert_ne!(page.next_since, since, "it goes on");
        since = page.next_since;
        world.deliver().await;
    }
    let told: BTreeSet<EventId> = world.receiver.arrived().into_iter().map(|(_, call)| call.id).collect();
    assert_eq!(told, happened);
}

#[tokio::test]
async fn the_same_replay_once_more_writes_nothing_of_what_is_on_its_way() {
    let world = World::new().await;
    world.happens_to(world.ada, EventKind::VerificationCompleted).await;
    let endpoint = world.endpoint().await;
    for _ in 0..3 {
        let replayed = world.webhooks.replay_since(world.ada, endpoint.id, Time::UNIX_EPOCH).await;
        assert_eq!(replayed.expect("begun").count, 1);
    }
    let [(delivery, _)] = world.deliveries(endpoint.id).await.try_into().expect("one");
    assert_eq!(delivery.version, Version::FIRST);
}

/// A receiver that is moved while it is called, and has said that it is gone.
struct Moving {
    store: Arc<MemoryStore>,
    endpoint: EndpointId,
}

#[async_trait]
impl OutboundClient for Moving {
    async fn post(&self, _: &Destination, _: &OutboundCall) -> Result<Answer, CallError> {
        let endpoint = self.store.endpoint(self.endpoint).await.expect("readable").expect("an endpoint");
        let target = Some(Target::from_stored("https://new.example.com/".to_owned()));
        let moved =
            endpoint.changed(EndpointChange { target, ..EndpointChange::default() }, Time::UNIX_EPOCH);
        let unit = UnitOfWork::new().with(Change::WebhookEndpoint(moved));
        self.store.commit(unit).await.expect("moved");
        Ok(Answer { status: 410, took: Duration::ZERO, body: BodyEnd::Whole, retry_after: None })
    }
}

#[tokio::test]
async fn what_the_old_url_answered_says_nothing_about_the_new_one() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    world.happens().await;
    let receiver = Moving { store: world.platform.store.clone(), endpoint: endpoint.id };
    world.deliverer_over(Arc::new(receiver)).turn(endpoint.id).await.expect("a turn");
    let moved = world.now_is(&endpoint).await;
    assert_eq!((moved.target.host().as_deref(), moved.is_on()), (Some("new.example.com"), true));
    assert_eq!(moved.health, Health::default());
    assert_eq!(world.letters().await, []);
    // The event goes there, as after any failure.
    world.platform.clock.advance(seconds(6));
    world.deliver().await;
    let arrived = world.receiver.arrived();
    let to: Vec<&str> = arrived.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["https://new.example.com/"]);
}

#[tokio::test]
async fn an_endpoint_that_staff_has_switched_off_is_neither_switched_on_nor_tried_out_by_its_user() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let test = world.webhooks.test(world.ada, endpoint.id).await.expect("a try-out");
    let blocked = endpoint.clone().blocked(world.platform.clock.now()).expect("news");
    let unit = UnitOfWork::new().with(Change::WebhookEndpoint(blocked.clone()));
    world.platform.store.commit(unit).await.expect("switched off");
    world.happens().await;
    world.deliver().await;
    assert_eq!(world.posts(), 0);
    assert_eq!(world.delivery(test.id).await.state.status(), DeliveryStatus::Dropped);
    let on = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
    let refusals = [
        world.webhooks.change(world.ada, endpoint.id, on).await.err(),
        world.webhooks.test(world.ada, endpoint.id).await.err(),
    ];
    for refused in refusals {
        assert!(matches!(refused, Some(EndpointError::Blocked)), "{refused:?}");
    }
    let off = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    let off = world.webhooks.change(world.ada, endpoint.id, off).await.expect("nothing new");
    assert!(off.is_blocked());
    assert!(off.allowed(world.platform.clock.now()).is_some_and(|endpoint| endpoint.is_on()));
}
