//! Sentences about deleting what is of no more use.

use namaskah_domain::{
    Change, UnitOfWork,
    auth::{MailTokenPurpose, SessionEnd},
    notification::Notification,
    outbox::EventQuery,
    upkeep::Task,
    webhook::{Delivery, DeliveryState, DeliveryStatus, Telling},
};

use super::Backend;
use crate::given::{self, at};

async fn delete(on: &Backend, task: Task, over_by_s: i64) -> u32 {
    on.leftovers.delete(task, at(over_by_s), 10).await.expect("deleted")
}

/// At their instant, used or not; one that is good a second longer stays.
pub async fn tokens_that_have_expired_are_deleted(on: &Backend) {
    let session = given::session(given::id());
    let mailed = given::mail_token(session.user, MailTokenPurpose::ALL[0]);
    let younger = given::mail_token(session.user, MailTokenPurpose::ALL[0]);
    let younger = namaskah_domain::auth::MailToken { expires_at: at(3_601), ..younger };
    let (token, used) = (given::refresh_token(&session), given::refresh_token(&session));
    for change in [
        Change::MailToken(mailed.clone()),
        Change::MailToken(younger.clone()),
        Change::RefreshToken(token.clone()),
        Change::RefreshToken(used.clone()),
    ] {
        on.apply(UnitOfWork::new().with(change)).await;
    }
    on.apply(UnitOfWork::new().with(Change::RefreshToken(used.used(at(9))))).await;
    for task in [Task::MailTokens, Task::RefreshTokens] {
        assert_eq!(delete(on, task, 3_599).await, 0, "{task:?}");
    }
    assert_eq!(delete(on, Task::MailTokens, 3_600).await, 1);
    assert_eq!(on.auth.mail_token(mailed.hash).await.expect("readable"), None);
    assert_eq!(on.auth.mail_token(younger.hash).await.expect("readable"), Some(younger));
    assert_eq!(delete(on, Task::RefreshTokens, 3_600).await, 2);
    assert_eq!(on.auth.refresh_token(token.hash).await.expect("readable"), None);
}

/// One that was ended, by that; one that was not, by when it expired.
pub async fn sessions_are_deleted_by_when_they_ended(on: &Backend) {
    let user = given::id();
    let (open, left, later) = (given::session(user), given::session(user), given::session(user));
    for session in [&open, &left, &later] {
        on.apply(UnitOfWork::new().with(Change::Session(session.clone()))).await;
    }
    for (session, ended_s) in [(&left, 10), (&later, 7_200)] {
        let ended = session.clone().ended(SessionEnd::SignedOut, at(ended_s));
        on.apply(UnitOfWork::new().with(Change::Session(ended))).await;
    }
    for (over_by_s, deleted, gone) in [(9, 0, None), (10, 1, Some(&left)), (3_600, 1, Some(&open))] {
        assert_eq!(delete(on, Task::Sessions, over_by_s).await, deleted, "{over_by_s}");
        if let Some(gone) = gone {
            assert_eq!(on.auth.session(gone.id).await.expect("readable"), None);
        }
    }
    assert!(on.auth.session(later.id).await.expect("readable").is_some());
    assert_eq!(delete(on, Task::Sessions, 7_200).await, 1);
}

/// Whether an order came of them or not: the order has what was promised.
pub async fn quotes_are_deleted_by_when_they_expired(on: &Backend) {
    let (used, unused) = (given::quote(given::id()), given::quote(given::id()));
    for quote in [&used, &unused] {
        on.apply(UnitOfWork::new().with(Change::Quote(quote.clone()))).await;
    }
    on.apply(UnitOfWork::new().with(Change::Quote(used.clone().used(given::id())))).await;
    let expired = used.expires_at.timestamp() - given::start().timestamp();
    assert_eq!(delete(on, Task::Quotes, expired - 1).await, 0);
    assert_eq!(delete(on, Task::Quotes, expired).await, 2);
    assert_eq!(on.orders.quote(unused.id).await.expect("readable"), None);
}

/// Whoever is there can repeat a command under its key for ever, and it takes effect once.
pub async fn claims_go_with_the_account(on: &Backend) {
    let (stays, leaves) = (given::user(), given::user());
    let mut claims = Vec::new();
    for user in [&stays, &leaves] {
        let claim = given::claim(user.id, "a-key", 1);
        on.apply(UnitOfWork::claiming(claim.clone()).with(Change::User(user.clone()))).await;
        claims.push(claim);
    }
    assert_eq!(delete(on, Task::Claims, i64::from(u32::MAX)).await, 0);
    on.apply(UnitOfWork::new().with(Change::User(leaves.anonymised(at(9))))).await;
    assert_eq!(delete(on, Task::Claims, 0).await, 1);
    let replay = async |claim| on.store.replay(claim).await.expect("readable");
    assert_eq!(replay(&claims[0]).await, Some(claims[0].outcome));
    assert_eq!(replay(&claims[1]).await, None);
}

/// With their tries, by when they ended; what waits stays, however old it is. What was told can be told again: the event
/// stays.
pub async fn deliveries_that_have_ended_are_deleted_with_their_tries(on: &Backend) {
    let endpoint = given::endpoint(given::id());
    let event = given::event(endpoint.user);
    on.apply(UnitOfWork::new().with(Change::Event(event.clone()))).await;
    on.events.stamp().await.expect("stamped");
    let mut all = Vec::new();
    for (status, second) in DeliveryStatus::ALL.into_iter().zip([1, 10, 11, 12]) {
        let state = DeliveryState::of(status, at(second));
        let delivery = Delivery { state, attempts: 2, ..given::delivery(&endpoint, 1) };
        let telling =
            if all.is_empty() { Telling { id: event.id, ..delivery.telling } } else { delivery.telling };
        let delivery = Delivery { telling, ..delivery };
        on.apply(UnitOfWork::new().with(Change::WebhookDelivery(delivery.clone()))).await;
        for number in 1..=2 {
            on.apply(UnitOfWork::new().with(Change::WebhookAttempt(given::attempt(delivery.id, number))))
                .await;
        }
        all.push(delivery);
    }
    let tries = async |id| on.webhooks.attempts(&[id], 16).await.expect("readable").len();
    for (over_by_s, deleted) in [(9, 0), (10, 1), (10, 0), (12, 2), (1_000_000, 0)] {
        assert_eq!(delete(on, Task::Deliveries, over_by_s).await, deleted, "{over_by_s}");
    }
    for (delivery, is_kept) in all.iter().zip([true, false, false, false]) {
        let found = on.webhooks.delivery(delivery.id).await.expect("readable");
        assert_eq!(found.is_some(), is_kept, "{delivery:?}");
        assert_eq!(tries(delivery.id).await, if is_kept { 2 } else { 0 });
    }
    let query = EventQuery { user: Some(endpoint.user), subject: None, after: 0, limit: 9 };
    assert_eq!(on.events.after(query).await.expect("readable")[0].event, event);
}

/// One that was begun anew after it had ended waits, and so stays.
pub async fn a_delivery_that_is_begun_anew_is_kept(on: &Backend) {
    let endpoint = given::endpoint(given::id());
    let failed = Delivery { state: DeliveryState::Failed { at: at(1) }, ..given::delivery(&endpoint, 1) };
    on.apply(UnitOfWork::new().with(Change::WebhookDelivery(failed.clone()))).await;
    let anew = failed.begun_anew(at(2));
    on.apply(UnitOfWork::new().with(Change::WebhookDelivery(anew.clone()))).await;
    assert_eq!(delete(on, Task::Deliveries, 9).await, 0);
    assert_eq!(on.webhooks.delivery(anew.id).await.expect("readable"), Some(anew));
}

/// By when it was read, or else by when it was told; each by a task of its own.
pub async fn notifications_are_deleted_by_when_they_were_read_or_told(on: &Backend) {
    let user = given::id();
    let told = |second| Notification { at: at(second), ..given::notification(user) };
    let (old, young) = (told(5), told(7));
    let (read, later) = (told(1), told(1));
    for each in [&old, &young, &read, &later] {
        on.apply(UnitOfWork::new().with(Change::Notification(each.clone()))).await;
    }
    for (each, second) in [(&read, 5), (&later, 7)] {
        let each = each.clone().read(at(second)).expect("unread");
        on.apply(UnitOfWork::new().with(Change::Notification(each))).await;
    }
    let is_there = async |id| on.notifications.notification(id).await.expect("readable").is_some();
    for (task, gone, kept) in
        [(Task::ReadNotifications, &read, &later), (Task::UnreadNotifications, &old, &young)]
    {
        for (over_by_s, deleted) in [(4, 0), (6, 1), (6, 0)] {
            assert_eq!(delete(on, task, over_by_s).await, deleted, "{task:?} {over_by_s}");
        }
        assert_eq!((is_there(gone.id).await, is_there(kept.id).await), (false, true), "{task:?}");
    }
}

/// And the next call goes on.
pub async fn what_is_of_no_more_use_is_deleted_a_batch_at_a_time(on: &Backend) {
    let user = given::id();
    for _ in 0..5 {
        let token = given::mail_token(user, MailTokenPurpose::ALL[0]);
        on.apply(UnitOfWork::new().with(Change::MailToken(token))).await;
    }
    for deleted in [2, 2, 1, 0] {
        let found = on.leftovers.delete(Task::MailTokens, at(3_600), 2).await.expect("deleted");
        assert_eq!(found, deleted);
    }
    let endpoint = given::endpoint(user);
    for _ in 0..3 {
        let ended = Delivery { state: DeliveryState::Dropped { at: at(1) }, ..given::delivery(&endpoint, 1) };
        on.apply(UnitOfWork::new().with(Change::WebhookDelivery(ended))).await;
    }
    for deleted in [2, 1, 0] {
        let found = on.leftovers.delete(Task::Deliveries, at(1), 2).await.expect("deleted");
        assert_eq!(found, deleted);
    }
}
