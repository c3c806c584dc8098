//! Payments and refunds as their user lists them, and what a gateway that does not answer leaves as it was.

use namaskah_domain::{
    Page,
    memory::{GatewayFailure, GatewayOperation},
    payment::{GatewayNotice, PaymentError, PaymentReference, RefundError},
    time::{minutes, seconds},
};

use crate::world::{World, ngn};

#[tokio::test]
async fn payments_are_listed_newest_first_and_nobody_elses() {
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let mut opened = Vec::new();
    for dollars in ["1.00", "2.00", "3.00"] {
        opened.push(world.open(dollars).await.id);
        world.platform.open_payment(ben, dollars).await.expect("a payment");
        world.platform.advance(seconds(1)).await;
    }
    opened.reverse();
    let page = Page { limit: 2, after: None };
    let first = world.platform.payments.list(world.ada, page).await.expect("payments");
    let ids: Vec<_> = first.rows.iter().map(|intent| intent.id).collect();
    assert_eq!((ids.as_slice(), first.has_more), (&opened[..2], true));
    let page = Page { limit: 2, after: ids.last().copied() };
    let rest = world.platform.payments.list(world.ada, page).await.expect("payments");
    let ids: Vec<_> = rest.rows.iter().map(|intent| intent.id).collect();
    assert_eq!((ids.as_slice(), rest.has_more), (&opened[2..], false));
}

#[tokio::test]
async fn the_refunds_of_a_payment_are_listed_newest_first_to_its_user_alone() {
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    let intent = world.fund("10.00").await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(world.refund(&intent, Some("1.00")).await.id);
        world.platform.advance(seconds(11)).await;
    }
    asked.reverse();
    let page = Page { limit: 2, after: None };
    let first = world.platform.payments.refunds(world.ada, intent.id, page).await.expect("refunds");
    let ids: Vec<_> = first.rows.iter().map(|refund| refund.id).collect();
    assert_eq!((ids.as_slice(), first.has_more), (&asked[..2], true));
    let page = Page { limit: 2, after: ids.last().copied() };
    let rest = world.platform.payments.refunds(world.ada, intent.id, page).await.expect("refunds");
    let ids: Vec<_> = rest.rows.iter().map(|refund| refund.id).collect();
    assert_eq!((ids.as_slice(), rest.has_more), (&asked[2..], false));
    let others = world.platform.payments.refunds(ben, intent.id, page).await;
    assert!(matches!(others, Err(PaymentError::NotFound)), "{others:?}");
}

#[tokio::test]
async fn a_refund_in_the_currency_that_was_charged_is_refused() {
    let world = World::new().await;
    let intent = world.fund("10.00").await;
    let id = world.platform.id();
    let claim =
        world.platform.claim(world.ada, "naira", namaskah_domain::RefundId::uuid(id)).expect("a claim");
    let command = namaskah_domain::payment::AskRefund {
        user: world.ada,
        payment: intent.id,
        amount: Some(ngn("10.00")),
        claim,
        id,
    };
    let refused = world.platform.payments.refund(command).await;
    assert!(matches!(refused, Err(RefundError::Amount)), "{refused:?}");
    assert_eq!(world.platform.store.all_refunds(), []);
}

#[tokio::test]
async fn a_payment_whose_gateway_is_silent_stays_as_it_was_and_is_settled_later() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    world.platform.gateway.pay(&intent.reference);
    world.platform.gateway.fail_next(GatewayOperation::Verify, GatewayFailure::Unavailable);
    let silent = world.platform.payments.sync(world.ada, intent.id).await;
    assert!(matches!(silent, Err(PaymentError::Gateway)), "{silent:?}");
    assert_eq!(world.now(&intent).await, intent);
    let settled = world.platform.payments.sync(world.ada, intent.id).await.expect("settled");
    assert_eq!((settled.amount, world.available().await), (intent.amount, "10.00".into()));
    world.lawful();
}

#[tokio::test]
async fn a_notice_of_nothing_that_is_ours_is_handled_and_changes_nothing() {
    let world = World::new().await;
    let intent = world.open("10.00").await;
    let foreign = PaymentReference::try_new("not-ours").expect("a reference");
    world.platform.notify_gateway(&GatewayNotice::Other).await.expect("stored");
    world.platform.notify_gateway(&GatewayNotice::Charge(foreign)).await.expect("stored");
    let ticked = world.platform.advance(minutes(1)).await;
    assert_eq!(ticked.failures, [""; 0]);
    assert_eq!(world.now(&intent).await.state, intent.state);
    assert_eq!(world.journal(), [""; 0]);
    let again = world.platform.payments.handle_notices(world.platform.store.as_ref()).await.expect("handled");
    assert_eq!(again, 0);
}
