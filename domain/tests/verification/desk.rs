//! Orders as staff sees and cancels them: the same rules as for their users, and a line of the log in the same commit.

use std::sync::{Arc, atomic::Ordering};

use namaskah_domain::{
    OrderId, Page, UserId,
    auth::Role,
    memory::{ProviderFailure, ProviderOperation},
    staff::{
        Actor, AuditAction, AuditEntry, AuditQuery, Evidence, OrderDesk, OrderDeskPorts, OrderQuery,
        PurchaseStatus, StaffReads, Step, Subject,
    },
    time::seconds,
    verification::{CancelError, DeclineReason, Order, OrderStatus, ReportReason, Retry, Swap},
};

use crate::{
    world::{World, line},
    wrappers::Failing,
};

fn operator() -> Actor {
    let user = UserId::from_uuid(uuid::Uuid::from_u128(7));
    let ip = "198.51.100.7".parse().expect("an address");
    Actor { user, role: Role::Operator, ip, request: "req-1".to_owned() }
}

fn desk(world: &World) -> OrderDesk {
    let store = world.platform.store.clone();
    OrderDesk::new(OrderDeskPorts { reads: store.clone(), orders: store.clone(), staff: store })
}

async fn lines(world: &World, id: OrderId) -> Vec<AuditEntry> {
    let subject = Some(Subject::of("verification", id).id);
    let query = AuditQuery { subject, ..AuditQuery::default() };
    let page = Page { limit: 10, after: None };
    world.platform.store.audit_log(&query, page).await.expect("readable").rows
}

async fn actions(world: &World, id: OrderId) -> Vec<AuditAction> {
    lines(world, id).await.into_iter().map(|line| line.action).collect()
}

async fn steps(world: &World, id: OrderId) -> Vec<Evidence> {
    desk(world).history(id).await.expect("readable").expect("an order")
}

/// The kinds of steps, without what they carry.
async fn kinds(world: &World, id: OrderId) -> Vec<String> {
    let name = |evidence: Evidence| {
        let told = format!("{:?}", evidence.step);
        told.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
    };
    steps(world, id).await.into_iter().map(name).collect()
}

#[tokio::test]
async fn staff_cancels_by_the_rules_for_users_and_the_log_tells_it_once() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await.head().id;
    for _ in 0..3 {
        let cancelled = world.platform.orders.cancel_as_staff(&operator(), order).await;
        assert!(matches!(cancelled, Ok(Order::Cancelled(_))));
    }
    assert_eq!(world.money().await, ("100.00".into(), "0.00".into()));
    let told = lines(&world, order).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].action, AuditAction::VerificationCancelled);
    assert_eq!(told[0].before.0["status"].as_deref(), Some("waiting"));
    assert_eq!(told[0].after.0["status"].as_deref(), Some("cancelled"));
    assert_eq!(told[0].by.actor(), Some(&operator()));
    world.settled();
}

#[tokio::test]
async fn a_code_that_was_quicker_wins_over_staff_and_nothing_is_told() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    world.text(&line(&order), "Your code is 482913");
    let id = order.head().id;
    let refused = world.platform.orders.cancel_as_staff(&operator(), id).await;
    assert!(matches!(refused, Err(CancelError::NotCancellable)));
    assert_eq!((world.status(id).await, actions(&world, id).await), (OrderStatus::Completed, vec![]));
    let nobodys = world.platform.id();
    let unknown = world.platform.orders.cancel_as_staff(&operator(), nobodys).await;
    assert!(matches!(unknown, Err(CancelError::NotFound)));
    world.settled();
}

#[tokio::test]
async fn a_wish_of_staff_that_must_wait_is_told_when_it_is_recorded() {
    let world = World::new().await;
    let id = world.buy_unknown("whatsapp").await;
    for _ in 0..2 {
        let asked = world.platform.orders.cancel_as_staff(&operator(), id).await.expect("recorded");
        assert_eq!(asked.status(), OrderStatus::Requested);
    }
    assert_eq!(actions(&world, id).await, [AuditAction::VerificationCancelAsked]);
    world.pass(14).await;
    assert_eq!(world.status(id).await, OrderStatus::Cancelled);
    assert_eq!(actions(&world, id).await, [AuditAction::VerificationCancelAsked]);
    world.settled();
}

#[tokio::test]
async fn where_somebody_else_ends_the_order_first_what_staff_did_is_told_all_the_same() {
    let (world, odd) = World::at_an_odd_provider().await;
    let id = world.buy("whatsapp").await.head().id;
    odd.slow_cancels.store(1, Ordering::SeqCst);
    let cancelling = tokio::spawn({
        let world = world.clone();
        async move { world.platform.orders.cancel_as_staff(&operator(), id).await }
    });
    tokio::task::yield_now().await;
    world.pass(16).await;
    assert_eq!((world.status(id).await, actions(&world, id).await), (OrderStatus::Cancelled, vec![]));
    odd.let_go.notify_one();
    let cancelled = cancelling.await.expect("a task");
    assert!(matches!(cancelled, Ok(Order::Cancelled(_))));
    assert_eq!(actions(&world, id).await, [AuditAction::VerificationCancelled]);
    world.settled();
}

#[tokio::test]
async fn an_end_that_is_not_committed_leaves_no_line() {
    let mut failing = None;
    let world = World::with(|fakes, ports| {
        let store = Arc::new(Failing::new(fakes.store.clone()));
        ports.store = store.clone();
        failing = Some(store);
    })
    .await;
    let (order, failing) = (world.buy("whatsapp").await.head().id, failing.expect("put in"));
    failing.fail_for(Some(order));
    let refused = world.platform.orders.cancel_as_staff(&operator(), order).await;
    assert!(matches!(refused, Err(CancelError::Commit(_))));
    assert_eq!((world.status(order).await, actions(&world, order).await), (OrderStatus::Waiting, vec![]));
}

#[tokio::test]
async fn the_past_of_an_order_is_told_in_order_and_without_words() {
    let world = World::new().await;
    let order = world.buy("whatsapp").await;
    let id = order.head().id;
    world.platform.clock.advance(seconds(5));
    world.platform.deliver(id, "hello").await.expect("delivered");
    world.platform.clock.advance(seconds(5));
    world.platform.deliver(id, "Your code is 482913").await.expect("delivered");
    world.platform.orders.report(world.ada, id, ReportReason::WrongCode).await.expect("reported");
    let told = steps(&world, id).await;
    assert!(told.is_sorted_by_key(|evidence| evidence.at));
    let texts: Vec<_> = told
        .iter()
        .filter_map(|evidence| match &evidence.step {
            Step::Text(arrival) => Some((arrival.has_code, arrival.late)),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [(Some(false), false), (Some(true), false)]);
    let words = format!("{told:?}");
    assert!(!words.contains("482913") && !words.contains("hello"), "{words}");
    assert!(!words.contains(line(&order).number.expect("a number").as_str()), "{words}");
    let expected = [
        "Created",
        "Held",
        "PurchaseSent",
        "PurchaseBound",
        "NumberShown",
        "Posted",
        "Text",
        "Reported",
        "Text",
        "Ended",
        "Captured",
        "ReceivableClosed",
        "Posted",
        "Posted",
    ];
    assert_eq!(kinds(&world, id).await, expected);
}

#[tokio::test]
async fn swaps_retries_and_what_staff_did_are_steps_of_their_orders() {
    let world = World::new().await;
    let first = world.buy("whatsapp").await.head().id;
    world.platform.clock.advance(seconds(1));
    let claim = world.platform.claim(world.ada, "swap", first.uuid()).expect("a claim");
    let swap = Swap { user: world.ada, order: first, claim };
    world.platform.orders.swap(swap).await.expect("swapped");
    let detail = desk(&world).order(first).await.expect("readable").expect("an order");
    assert_eq!(detail.purchases.len(), 2);
    let shown = detail.purchases.iter().filter_map(|purchase| purchase.bought());
    assert!(shown.clone().count() == 2 && shown.clone().all(|bought| bought.number.is_none()));
    world.platform.clock.advance(seconds(1));
    let next = world.platform.id();
    let claim = world.platform.claim(world.ada, "retry", OrderId::uuid(next)).expect("a claim");
    let retry = Retry { id: next, user: world.ada, of: first, claim };
    world.platform.orders.retry(retry).await.expect("retried");
    world.platform.orders.cancel_as_staff(&operator(), next).await.expect("cancelled");
    let told = kinds(&world, first).await;
    for kind in ["Swapped", "Retried", "Released"] {
        assert!(told.iter().any(|known| known == kind), "{kind}: {told:?}");
    }
    let told = kinds(&world, next).await;
    assert!(told.iter().any(|known| known == "Audited"), "{told:?}");
    assert_eq!(steps(&world, next).await[0].step, Step::Created(Some(first)));
    assert_eq!(desk(&world).history(world.platform.id()).await.expect("readable"), None);
}

#[tokio::test]
async fn orders_of_everybody_and_numbers_of_nobody_are_listed() {
    let world = World::new().await;
    let ben = world.platform.new_user("ben@example.com").await.expect("a user");
    world.platform.fund(ben, "5.00").await.expect("funds");
    let his = world.platform.buy(ben, "telegram", "2.00").await.expect("bought").head().id;
    world.fail(ProviderOperation::Buy, ProviderFailure::Declined(DeclineReason::NoNumbers), 1);
    let failed = world.buy("whatsapp").await.head().id;
    let page = Page { limit: 10, after: None };
    let of = async |query: OrderQuery| {
        let found = desk(&world).orders(&query, page).await.expect("readable").rows;
        found.into_iter().map(|order| order.head().id).collect::<Vec<_>>()
    };
    assert_eq!(of(OrderQuery::default()).await, [failed, his]);
    assert_eq!(of(OrderQuery { user: Some(ben), ..OrderQuery::default() }).await, [his]);
    let absent = desk(&world)
        .purchases(Some(PurchaseStatus::Absent), Page { limit: 10, after: None })
        .await
        .expect("readable")
        .rows;
    assert_eq!(absent.iter().filter_map(|p| p.wanted_by).map(|(id, _)| id).collect::<Vec<_>>(), [failed]);
    assert_eq!(kinds(&world, failed).await.last().map(String::as_str), Some("Released"));
}
