//! Sentences about endpoints, deliveries and their tries.

use namaskah_domain::{
    Change, CommitError, EndpointId, EventKind, Page, Unique, UnitOfWork, UserId, Version,
    outbox::{EventQuery, SequencedEvent},
    webhook::{
        Attempt, AttemptOutcome, Delivery, DeliveryState, DeliveryStatus, Description, DueEndpoint, Endpoint,
        Happening, Health, OffReason, Standing, Subscription, Telling, WebhookSecret, lease_of,
    },
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

async fn stored(on: &Backend, endpoint: Endpoint) -> Endpoint {
    on.apply(UnitOfWork::new().with(Change::WebhookEndpoint(endpoint.clone()))).await;
    endpoint
}

async fn sent(on: &Backend, delivery: Delivery) -> Delivery {
    on.apply(UnitOfWork::new().with(Change::WebhookDelivery(delivery.clone()))).await;
    delivery
}

async fn endpoint(on: &Backend, id: EndpointId) -> Option<Endpoint> {
    on.webhooks.endpoint(id).await.expect("readable")
}

/// In which order endpoints are due at a second.
async fn due(on: &Backend, second: i64, limit: u32) -> Vec<EndpointId> {
    let due = on.webhooks.due(at(second), limit).await.expect("readable");
    due.into_iter().map(|due| due.endpoint).collect()
}

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

/// With both secrets, and whatever it has lived through.
pub async fn endpoints_are_stored_as_decided_in_every_state(on: &Backend) {
    let user = given::id();
    let plain = given::endpoint(user);
    let secret = WebhookSecret::from_stored(&[9; 32]).expect("32 bytes");
    let kinds = [EventKind::PaymentDisputed, EventKind::VerificationCompleted];
    let rich = Endpoint {
        events: Subscription::of(kinds).expect("some"),
        description: Some(Description::try_new("Checkout é").expect("a description")),
        secrets: plain.secrets.clone().rotated(secret, at(3)),
        health: (1..9).fold(Health::default(), |health, second| health.failed(at(second))),
        told_off_at: Some(at(8)),
        after: 77,
        ..given::endpoint(user)
    };
    let mut all = vec![plain.clone(), rich];
    for why in OffReason::ALL {
        all.push(Endpoint { standing: Standing::Off { why, at: at(4) }, ..given::endpoint(user) });
    }
    for each in &all {
        stored(on, each.clone()).await;
        assert_eq!(endpoint(on, each.id).await.as_ref(), Some(each));
    }
    all.reverse();
    assert_eq!(on.webhooks.endpoints(user).await.expect("readable"), all);
    assert_eq!(endpoint(on, given::id()).await, None);
}

/// Nor listed, nor told anything.
pub async fn an_endpoint_that_was_deleted_is_read_by_nobody(on: &Backend) {
    let user = given::id();
    let gone = stored(on, given::endpoint(user)).await;
    let gone = stored(on, gone.deleted(at(5))).await;
    assert_eq!(endpoint(on, gone.id).await, None);
    assert_eq!(on.webhooks.endpoints(user).await.expect("readable"), []);
    assert_eq!(on.webhooks.listening(&[user]).await.expect("readable"), []);
    let stale = on.refuse(UnitOfWork::new().with(Change::WebhookEndpoint(gone))).await;
    assert_refused!(stale, CommitError::Stale);
}

/// Those that are off are not among them.
pub async fn those_who_listen_are_found_by_their_users(on: &Backend) {
    let (ada, bob, eve): (UserId, UserId, UserId) = (given::id(), given::id(), given::id());
    let mine = stored(on, given::endpoint(ada)).await;
    let his = stored(on, given::endpoint(bob)).await;
    stored(on, given::endpoint(eve)).await;
    let standing = Standing::Off { why: OffReason::Switched, at: at(1) };
    stored(on, Endpoint { standing, ..given::endpoint(ada) }).await;
    let found = on.webhooks.listening(&[ada, bob, given::id()]).await.expect("readable");
    assert_eq!(found, [mine, his]);
}

/// Whatever its identifier.
pub async fn an_event_has_one_delivery_to_an_endpoint(on: &Backend) {
    let (one, other) = (given::endpoint(given::id()), given::endpoint(given::id()));
    let first = sent(on, given::delivery(&one, 1)).await;
    let again = Delivery { id: given::id(), ..first.clone() };
    let refused = on.refuse(UnitOfWork::new().with(Change::WebhookDelivery(again.clone()))).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    let elsewhere = Delivery { endpoint: other.id, ..again };
    sent(on, elsewhere.clone()).await;
    let events = [first.telling.id, given::id()];
    let of = async |endpoint| on.webhooks.deliveries_of(endpoint, &events).await.expect("readable");
    assert_eq!(of(one.id).await, [first]);
    assert_eq!(of(other.id).await, [elsewhere]);
}

/// Try-outs too.
pub async fn deliveries_are_stored_as_decided_in_every_state(on: &Backend) {
    let endpoint = given::endpoint(given::id());
    for status in DeliveryStatus::ALL {
        let delivery = given::delivery(&endpoint, 1);
        let delivery =
            Delivery { state: DeliveryState::of(status, at(9)), tried: 3, attempts: 11, ..delivery };
        let telling = Telling { id: given::id(), what: Happening::Test, ..delivery.telling };
        let test = Delivery { id: given::id(), telling, ..delivery.clone() };
        for each in [delivery, test] {
            sent(on, each.clone()).await;
            let found = on.webhooks.delivery(each.id).await.expect("readable");
            assert_eq!(found.as_ref(), Some(&each));
            let next = sent(on, each.begun_anew(at(20))).await;
            assert_eq!(on.webhooks.delivery(next.id).await.expect("readable"), Some(next));
        }
    }
    assert_eq!(on.webhooks.delivery(given::id()).await.expect("readable"), None);
}

/// Newest first, in pages.
pub async fn deliveries_are_found_by_endpoint_and_status(on: &Backend) {
    let (endpoint, other) = (given::endpoint(given::id()), given::endpoint(given::id()));
    let mut all = Vec::new();
    for status in [DeliveryStatus::Waiting, DeliveryStatus::Failed, DeliveryStatus::Waiting] {
        let delivery = given::delivery(&endpoint, 1);
        all.push(sent(on, Delivery { state: DeliveryState::of(status, at(2)), ..delivery }).await);
    }
    sent(on, given::delivery(&other, 1)).await;
    all.reverse();
    let found =
        async |status, page| on.webhooks.deliveries(endpoint.id, status, page).await.expect("readable");
    assert_eq!(found(None, first(10)).await.rows, all);
    assert_eq!(found(Some(DeliveryStatus::Failed), first(10)).await.rows, [all[1].clone()]);
    assert_eq!(found(Some(DeliveryStatus::Delivered), first(10)).await.rows, []);
    let page = found(None, Page { limit: 1, after: Some(all[0].id) }).await;
    assert_eq!((page.rows, page.has_more), (vec![all[1].clone()], true));
}

/// At its very instant it is due; what ended is not.
pub async fn what_is_due_is_found_by_endpoint_in_the_order_of_the_log(on: &Backend) {
    let (ada, bob, eve) =
        (given::endpoint(given::id()), given::endpoint(given::id()), given::endpoint(given::id()));
    let old = sent(on, given::delivery(&ada, 30)).await;
    let new = sent(on, given::delivery(&ada, 20)).await;
    let test = given::delivery(&ada, 40);
    let test = Delivery { telling: Telling { what: Happening::Test, ..test.telling }, ..test };
    let test = sent(on, test).await;
    let his = sent(on, given::delivery(&bob, 10)).await;
    sent(on, Delivery { state: DeliveryState::Delivered { at: at(1) }, ..given::delivery(&bob, 1) }).await;
    sent(on, given::delivery(&eve, 41)).await;
    assert_eq!(due(on, 9, 9).await, []);
    assert_eq!(due(on, 40, 9).await, [bob.id, ada.id]);
    assert_eq!(due(on, 40, 1).await, [bob.id]);
    let first = on.webhooks.due(at(40), 1).await.expect("readable");
    assert_eq!(first, [DueEndpoint { endpoint: bob.id, user: bob.user }]);
    let due_of = async |id, limit| on.webhooks.due_of(id, at(40), limit).await.expect("readable");
    assert_eq!(due_of(ada.id, 9).await, [test.clone(), old.clone(), new]);
    assert_eq!(due_of(ada.id, 2).await, [test, old]);
    assert_eq!(due_of(bob.id, 9).await, [his]);
    assert_eq!(due_of(eve.id, 9).await, []);
}

/// By whomever: what is leased is somebody's already.
pub async fn an_endpoint_that_somebody_is_at_is_left_out_until_it_is_given_back(on: &Backend) {
    let (one, other) = (given::endpoint(given::id()), given::endpoint(given::id()));
    sent(on, given::delivery(&one, 1)).await;
    sent(on, given::delivery(&other, 2)).await;
    let holder = given::id::<()>().uuid();
    let taken = on.leases.acquire(&lease_of(one.id), holder, 60).await.expect("answered");
    assert!(taken.is_some());
    assert_eq!(due(on, 9, 9).await, [other.id]);
    on.leases.release(&lease_of(one.id), holder).await.expect("given back");
    assert_eq!(due(on, 9, 9).await, [other.id, one.id], "it has been served since");
    // A lease that has run out is nobody's.
    on.leases.acquire(&lease_of(other.id), holder, 0).await.expect("answered");
    assert!(due(on, 9, 9).await.contains(&other.id));
}

/// However long what is due of one of them has been due, and however many endpoints he has.
pub async fn users_take_turns_and_of_their_endpoints_those_that_were_served_longest_ago(on: &Backend) {
    let (ada, bob): (UserId, UserId) = (given::id(), given::id());
    let hers = [(); 4].map(|()| given::endpoint(ada));
    let his = given::endpoint(bob);
    for (endpoint, second) in hers.iter().zip(1..) {
        sent(on, given::delivery(endpoint, second)).await;
    }
    sent(on, given::delivery(&his, 8)).await;
    let [a, b, c, d] = hers.each_ref().map(|endpoint| endpoint.id);
    assert_eq!(due(on, 9, 9).await, [a, his.id, b, c, d]);
    let holder = given::id::<()>().uuid();
    on.leases.acquire(&lease_of(b), holder, 60).await.expect("answered").expect("free");
    on.leases.release(&lease_of(b), holder).await.expect("given back");
    assert_eq!(due(on, 9, 9).await, [a, his.id, c, d, b]);
    // What is worked on is her turn.
    on.leases.acquire(&lease_of(a), holder, 60).await.expect("answered").expect("free");
    assert_eq!(due(on, 9, 9).await, [his.id, c, d, b]);
    on.leases.release(&lease_of(a), holder).await.expect("given back");
}

/// However much waits for it. One that is off does not rest: what waits for it is to be dropped.
pub async fn an_endpoint_that_rests_is_due_when_its_rest_is_over(on: &Backend) {
    let rested = || given::endpoint(given::id()).held(at(50));
    let standing = Standing::Off { why: OffReason::Gone, at: at(1) };
    let (resting, off) = (rested(), Endpoint { standing, ..rested() });
    for endpoint in [&resting, &off] {
        stored(on, Endpoint { version: Version::FIRST, ..endpoint.clone() }).await;
        sent(on, given::delivery(endpoint, 10)).await;
    }
    assert_eq!(due(on, 49, 9).await, [off.id]);
    let due_again = due(on, 50, 9).await;
    assert!(due_again.contains(&resting.id) && due_again.contains(&off.id), "{due_again:?}");
}

/// Not those of others, nor what has ended; and no further than one wants to know.
pub async fn what_waits_for_an_endpoint_is_counted_up_to_a_limit(on: &Backend) {
    let (endpoint, other) = (given::endpoint(given::id()), given::endpoint(given::id()));
    for due in 1..4 {
        sent(on, given::delivery(&endpoint, due)).await;
        let delivered = DeliveryState::Delivered { at: at(1) };
        sent(on, Delivery { state: delivered, ..given::delivery(&endpoint, due) }).await;
        sent(on, given::delivery(&other, due)).await;
    }
    let waiting = async |limit| on.webhooks.waiting(endpoint.id, limit).await.expect("readable");
    assert_eq!((waiting(9).await, waiting(2).await), (3, 2));
}

/// In the order of their numbers; a number is used once.
pub async fn tries_are_stored_as_made_and_found_by_their_deliveries(on: &Backend) {
    let endpoint = given::endpoint(given::id());
    let one = sent(on, Delivery { attempts: 5, ..given::delivery(&endpoint, 1) }).await.id;
    let other = sent(on, given::delivery(&endpoint, 1)).await.id;
    let outcomes = [
        AttemptOutcome::TimedOut,
        AttemptOutcome::NotReached,
        AttemptOutcome::Broken,
        AttemptOutcome::Answered(500),
        AttemptOutcome::Answered(204),
    ];
    let mut tries = Vec::new();
    for (number, outcome) in (1..).zip(outcomes) {
        let attempt = Attempt { outcome, ..given::attempt(one, number) };
        on.apply(UnitOfWork::new().with(Change::WebhookAttempt(attempt.clone()))).await;
        tries.push(attempt);
    }
    let elsewhere = sent(on, Delivery { attempts: 1, ..given::delivery(&endpoint, 1) }).await.id;
    on.apply(UnitOfWork::new().with(Change::WebhookAttempt(given::attempt(elsewhere, 1)))).await;
    let last = async |count| on.webhooks.attempts(&[one, other], count).await.expect("readable");
    assert_eq!(last(16).await, tries);
    assert_eq!(last(2).await, tries[3..]);
}

/// Of two who move it from one place, one does.
pub async fn the_cursor_moves_once_from_each_place(on: &Backend) {
    let cursor = on.webhooks.cursor().await.expect("readable");
    assert_eq!(cursor.sequence, 0);
    let moved = cursor.moved(12);
    on.apply(UnitOfWork::new().with(Change::WebhookCursor(moved))).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::WebhookCursor(cursor.moved(9)))).await;
    assert_refused!(refused, CommitError::Stale);
    assert_eq!(on.webhooks.cursor().await.expect("readable"), moved);
}

/// At the very instant too; of this user alone. Two that were stamped in another order than they happened are told as they
/// happened.
pub async fn what_has_happened_since_is_found_once_it_is_stamped(on: &Backend) {
    let user = given::id();
    for (whose, second) in [(user, 1), (user, 5), (given::id(), 6), (user, 7)] {
        let event = namaskah_domain::Event { at: at(second), ..given::event(whose) };
        on.apply(UnitOfWork::new().with(Change::Event(event))).await;
    }
    let since = async |limit| on.webhooks.happened_since(user, at(5), limit).await.expect("readable");
    assert_eq!(since(9).await, []);
    on.events.stamp().await.expect("stamped");
    let query = EventQuery { user: Some(user), subject: None, after: 0, limit: 9 };
    let all: Vec<SequencedEvent> = on.events.after(query).await.expect("readable");
    assert_eq!(since(9).await, all[1..]);
    assert_eq!(since(1).await, all[1..2]);
    let late = namaskah_domain::Event { at: at(6), ..given::event(user) };
    on.apply(UnitOfWork::new().with(Change::Event(late.clone()))).await;
    on.events.stamp().await.expect("stamped");
    let told: Vec<_> = since(9).await.into_iter().map(|event| event.event.id).collect();
    assert_eq!(told, [all[1].event.id, late.id, all[2].event.id]);
}
