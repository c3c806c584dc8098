//! What staff does to webhook endpoints of users.

use namaskah_domain::{
    Change, Clock, EndpointId, Letter, UserId, Version,
    staff::{AuditAction, ManageUserError, Suspend},
    time::hours,
    wallet::Reason,
    webhook::{
        Endpoint, EndpointChange, Health, OffReason, Secrets, Standing, Subscription, Target, WebhookReads,
        WebhookSecret,
    },
};

use super::world::World;

fn reason() -> Reason {
    Reason::try_new("posts to a stranger").expect("a reason")
}

impl World {
    async fn endpoint_of(&self, user: UserId) -> Endpoint {
        let now = self.platform.clock.now();
        let endpoint = Endpoint {
            id: self.platform.id(),
            user,
            target: Target::from_stored("https://hooks.example.com/path?key=hidden".to_owned()),
            events: Subscription::Everything,
            description: None,
            secrets: Secrets::new(WebhookSecret::from_stored(&[7; 32]).expect("32 bytes")),
            standing: Standing::On,
            health: Health::default(),
            told_off_at: None,
            after: 0,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: Version::FIRST,
        };
        self.stores(Change::WebhookEndpoint(endpoint.clone())).await;
        endpoint
    }

    async fn endpoint(&self, id: EndpointId) -> Endpoint {
        self.platform.store.endpoint(id).await.expect("readable").expect("an endpoint")
    }
}

#[tokio::test]
async fn an_endpoint_that_staff_switches_off_is_off_with_its_line_of_the_log_and_its_user_is_told() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let endpoint = world.endpoint_of(ada).await;
    for _ in 0..2 {
        let off = world.service.switch_endpoint_off(&world.owner, endpoint.id, &reason()).await;
        assert_eq!(off.expect("switched off"), world.endpoint(endpoint.id).await);
    }
    let off = world.endpoint(endpoint.id).await;
    assert!(matches!(off.standing, Standing::Off { why: OffReason::Staff, .. }), "{:?}", off.standing);
    assert_eq!(off.target.host().as_deref(), Some("hooks.example.com"));
    let [line] = world.told_of(ada).await.try_into().expect("one line");
    assert_eq!(line.action, AuditAction::WebhookSwitchedOff);
    assert_eq!(line.after.0["reason"].as_deref(), Some("posts to a stranger"));
    assert_eq!(line.after.0["endpoint"], Some(endpoint.id.to_string()));
    assert_eq!(world.letters().await, [("ada@example.com".to_owned(), Letter::WebhookEndpointOff)]);

    world.pass(1);
    for _ in 0..2 {
        let on = world.service.switch_endpoint_on(&world.owner, endpoint.id).await.expect("on");
        assert!(on.is_on());
    }
    let lines = world.told_of(ada).await;
    assert_eq!((lines.len(), lines[0].action), (2, AuditAction::WebhookSwitchedOn));
    assert_eq!(world.letters().await, []);
}

#[tokio::test]
async fn what_a_user_has_switched_off_is_switched_off_by_staff_too_and_on_by_its_user_alone() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let endpoint = world.endpoint_of(ada).await;
    let wish = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    let off = endpoint.changed(wish, world.platform.clock.now());
    world.stores(Change::WebhookEndpoint(off.clone())).await;
    let untouched = world.service.switch_endpoint_on(&world.owner, off.id).await.expect("as it is");
    assert_eq!(untouched, off);
    let blocked = world.service.switch_endpoint_off(&world.owner, off.id, &reason()).await.expect("off");
    assert!(blocked.is_blocked());
    assert_eq!(world.letters().await, [], "nothing was posted to it before");
}

#[tokio::test]
async fn nobody_switches_an_endpoint_of_his_own_and_one_that_is_not_there_is_not_found() {
    let world = World::new().await;
    let mine = world.endpoint_of(world.owner.user).await;
    let refusals = [
        world.service.switch_endpoint_off(&world.owner, mine.id, &reason()).await.err(),
        world.service.switch_endpoint_on(&world.owner, mine.id).await.err(),
    ];
    for refused in refusals {
        assert!(matches!(refused, Some(ManageUserError::Oneself)), "{refused:?}");
    }
    let nowhere = world.service.switch_endpoint_on(&world.owner, world.platform.id()).await;
    assert!(matches!(nowhere, Err(ManageUserError::NotFound)), "{nowhere:?}");
    let nobodys = world.service.endpoints_of(world.platform.id()).await;
    assert!(matches!(nobodys, Err(ManageUserError::NotFound)), "{nobodys:?}");
    let listed = world.service.endpoints_of(world.owner.user).await.expect("a list");
    assert_eq!(listed, [mine]);
}

#[tokio::test]
async fn what_waits_for_an_endpoint_goes_on_at_once_when_a_suspension_is_lifted() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let endpoint = world.endpoint_of(ada).await;
    let cmd = Suspend { reason: reason(), until: None };
    world.service.suspend(&world.owner, ada, cmd).await.expect("suspended");
    let held = endpoint.held(world.platform.clock.now() + hours(1));
    world.stores(Change::WebhookEndpoint(held.clone())).await;
    world.service.unsuspend(&world.owner, ada).await.expect("lifted");
    assert_eq!(world.endpoint(held.id).await.health, Health::default());
}
