//! To whom nothing is sent, although it is on or asks for it.

use namaskah_domain::{
    Change, Clock, Store, Time, UnitOfWork,
    auth::{AuthReads, Suspension},
    time::{hours, minutes},
    webhook::{DeliveryStatus, EndpointChange, EndpointError, Health},
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
