//! What users do with their endpoints.

use namaskah_domain::{
    Letter,
    outbound::{DestinationRefusal, SetAside},
    webhook::{
        CreateEndpoint, CreateEndpointError, Description, EndpointChange, EndpointError, MAX_ENDPOINTS,
        Subscription, service::TOLD_WITHIN, signing,
    },
};

use crate::world::{URL, World};

#[tokio::test]
async fn an_endpoint_needs_a_url_that_may_be_called() {
    let world = World::new().await;
    for (url, refusal) in [
        ("http://example.com/", DestinationRefusal::Scheme),
        ("https://localhost/", DestinationRefusal::LocalName),
        ("https://10.0.0.1/", DestinationRefusal::Address(SetAside::Private)),
        ("https://169.254.169.254/latest/meta-data", DestinationRefusal::Address(SetAside::LinkLocal)),
    ] {
        let cmd = CreateEndpoint {
            user: world.ada,
            url: url.to_owned(),
            events: Subscription::Everything,
            description: None,
        };
        let refused = world.webhooks.create(cmd).await.expect_err("refused");
        assert!(matches!(refused, CreateEndpointError::Url(why) if why == refusal), "{url}: {refused:?}");
        assert_eq!(world.webhooks.target(url).err(), Some(refusal));
    }
    assert_eq!(world.webhooks.list(world.ada).await.expect("readable"), []);
}

#[tokio::test]
async fn a_user_has_twenty_endpoints_at_most() {
    let world = World::new().await;
    let mut newest = world.endpoint().await;
    for _ in 1..MAX_ENDPOINTS {
        newest = world.endpoint().await;
    }
    let one_more = || CreateEndpoint {
        user: world.ada,
        url: URL.to_owned(),
        events: Subscription::Everything,
        description: None,
    };
    let refused = world.webhooks.create(one_more()).await.expect_err("refused");
    assert!(matches!(refused, CreateEndpointError::TooMany(MAX_ENDPOINTS)), "{refused:?}");
    world.webhooks.delete(world.ada, newest.id).await.expect("deleted");
    world.webhooks.create(one_more()).await.expect("there is room");
}

#[tokio::test]
async fn an_endpoint_of_another_user_is_not_there() {
    let world = World::new().await;
    let bob = world.platform.new_user("bob@example.com").await.expect("a user");
    let mine = world.endpoint().await;
    world.happens().await;
    let delivery = world.deliveries(mine.id).await[0].0.id;
    let change = EndpointChange { is_on: Some(false), ..EndpointChange::default() };
    let since = namaskah_domain::Time::UNIX_EPOCH;
    let refusals = [
        world.webhooks.get(bob, mine.id).await.err(),
        world.webhooks.change(bob, mine.id, change).await.err(),
        world.webhooks.delete(bob, mine.id).await.err(),
        world.webhooks.rotate(bob, mine.id).await.err(),
        world.webhooks.test(bob, mine.id).await.err(),
        world.webhooks.replay(bob, delivery).await.err(),
        world.webhooks.replay_since(bob, mine.id, since).await.err(),
    ];
    for refused in refusals {
        assert!(matches!(refused, Some(EndpointError::NotFound)), "{refused:?}");
    }
    assert_eq!(world.now_is(&mine).await, mine);
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let description = Description::try_new("  Checkout  ").expect("a description");
    assert_eq!(description.as_str(), "Checkout");
    let change = EndpointChange { description: Some(Some(description.clone())), ..EndpointChange::default() };
    let changed = world.webhooks.change(world.ada, endpoint.id, change).await.expect("changed");
    assert_eq!(changed.description, Some(description));
    assert_eq!(
        (&changed.target, &changed.events, &changed.secrets, changed.standing),
        (&endpoint.target, &endpoint.events, &endpoint.secrets, endpoint.standing)
    );
    assert!(!format!("{changed:?}").contains("hidden"), "a URL is not shown");
}

/// Whoever had found an open session would have everything told to himself, and nobody would know.
#[tokio::test]
async fn a_new_endpoint_another_url_and_another_secret_are_told_by_mail_together_if_they_come_together() {
    let world = World::new().await;
    let told = Letter::WebhookEndpointSet { user: world.ada };
    let make = || CreateEndpoint {
        user: world.ada,
        url: URL.to_owned(),
        events: Subscription::Everything,
        description: None,
    };
    let made = world.webhooks.create(make()).await.expect("an endpoint").endpoint;
    world.webhooks.create(make()).await.expect("another one");
    assert_eq!(world.letters().await, []);
    world.platform.clock.advance(TOLD_WITHIN);
    assert_eq!(world.letters().await, std::slice::from_ref(&told));

    world.webhooks.rotate(world.ada, made.id).await.expect("rotated");
    world.platform.clock.advance(TOLD_WITHIN);
    assert_eq!(world.letters().await, std::slice::from_ref(&told));

    let elsewhere = world.webhooks.target("https://hooks.example.org/").expect("a URL");
    let change = |target| EndpointChange { target, is_on: Some(true), ..EndpointChange::default() };
    world.webhooks.change(world.ada, made.id, change(Some(elsewhere.clone()))).await.expect("changed");
    world.platform.clock.advance(TOLD_WITHIN);
    assert_eq!(world.letters().await, [told]);

    world.webhooks.change(world.ada, made.id, change(Some(elsewhere))).await.expect("the same again");
    world.webhooks.change(world.ada, made.id, change(None)).await.expect("nothing of that");
    world.webhooks.delete(world.ada, made.id).await.expect("deleted");
    world.platform.clock.advance(TOLD_WITHIN);
    assert_eq!(world.letters().await, []);
}

#[tokio::test]
async fn for_a_day_after_a_rotation_deliveries_carry_a_signature_of_each_secret() {
    let world = World::new().await;
    let old = world.endpoint_for(world.ada, Subscription::Everything).await;
    let new = world.webhooks.rotate(world.ada, old.endpoint.id).await.expect("rotated");
    assert_ne!(old.secret.expose(), new.secret.expose());
    world.happens().await;
    world.deliver().await;
    world.platform.clock.advance(signing::OVERLAP);
    world.happens().await;
    world.deliver().await;
    let signatures: Vec<String> =
        world.receiver.arrived().iter().map(|(_, call)| call.signature.as_str().to_owned()).collect();
    let (old, new) = (old.secret.expose(), new.secret.expose());
    assert_eq!(signatures, [format!("v1,{new} v1,{old}"), format!("v1,{new}")]);
}
