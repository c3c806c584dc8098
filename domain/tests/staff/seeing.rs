//! What staff sees: users with what matters first, their past in one line, the networks, the log.

use namaskah_domain::{
    Clock, Page, TimelineId,
    auth::UserState,
    staff::{AllowlistError, AllowlistRefusal, AuditAction, AuditQuery, Happening, Subject, UserFilter},
    wallet::Reason,
};

use super::world::World;

fn kind(happening: &Happening) -> &'static str {
    match happening {
        Happening::Order(_) => "order",
        Happening::Payment(_) => "payment",
        Happening::Refund(_) => "refund",
        Happening::Entry(_) => "entry",
        Happening::SignIn(_) => "sign-in",
        Happening::Audit(_) => "audit",
    }
}

async fn past(world: &World, user: namaskah_domain::UserId, limit: u32) -> Vec<Vec<&'static str>> {
    let (mut pages, mut after): (_, Option<TimelineId>) = (Vec::new(), None);
    loop {
        let page = world.service.timeline(user, Page { limit, after }).await.expect("readable");
        assert!(page.rows.windows(2).all(|pair| pair[0].place() > pair[1].place()));
        assert!(page.rows.windows(2).all(|pair| pair[0].at() >= pair[1].at()));
        pages.push(page.rows.iter().map(kind).collect());
        after = page.rows.last().map(Happening::place);
        if !page.has_more {
            return pages;
        }
    }
}

#[tokio::test]
async fn the_past_of_a_user_is_one_line_in_pages_of_any_size() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let eve = world.customer("eve").await;
    world.pass(1);
    world.signs_in(ada).await;
    world.signs_in(eve).await;
    world.pass(1);
    world.platform.fund(ada, "10.00").await.expect("funded");
    world.pass(1);
    let order = world.platform.buy(ada, "whatsapp", "2.00").await.expect("bought");
    world.pass(1);
    world.platform.deliver(order.head().id, "Your code is 482913").await.expect("delivered");
    world.pass(1);
    world.service.end_sessions(&world.support, ada).await.expect("ended");
    let whole = past(&world, ada, 100).await.concat();
    // A payment that succeeds at once and its deposit are of one instant.
    let mut sorted = whole.clone();
    sorted[3..5].sort_unstable();
    assert_eq!(sorted, ["audit", "entry", "order", "entry", "payment", "sign-in"]);
    for limit in 1..=6 {
        let pages = past(&world, ada, limit).await;
        assert_eq!(pages.concat(), whole, "in pages of {limit}");
        assert!(pages.iter().all(|page| page.len() <= limit as usize));
    }
    assert_eq!(past(&world, eve, 100).await.concat(), ["sign-in"]);
}

#[tokio::test]
async fn a_user_is_seen_with_money_payments_and_open_sessions() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    world.platform.fund(ada, "10.00").await.expect("funded");
    world.platform.buy(ada, "whatsapp", "2.00").await.expect("bought");
    let session = world.signs_in(ada).await;
    let seen = world.service.user(ada).await.expect("readable").expect("a user");
    assert_eq!((seen.user.id, seen.account.open_orders, seen.payments.len()), (ada, 1, 1));
    assert_eq!(seen.account.wallet.posted.to_string(), "10.00");
    assert_eq!(seen.sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [session]);
    let nobody = world.service.user(world.platform.id()).await.expect("readable");
    assert_eq!(nobody, None);
}

#[tokio::test]
async fn users_are_found_as_they_are_now() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let until = world.platform.clock.now() + chrono::TimeDelta::seconds(10);
    let suspend = namaskah_domain::staff::Suspend {
        reason: Reason::try_new("spam").expect("a reason"),
        until: Some(until),
    };
    world.service.suspend(&world.support, ada, suspend).await.expect("suspended");
    let found = async |state: UserState| {
        let filter = UserFilter { email_prefix: Some("ada".to_owned()), state: Some(state), role: None };
        let page = world.service.users(&filter, Page { limit: 10, after: None }).await;
        page.expect("readable").rows.len()
    };
    assert_eq!((found(UserState::Suspended).await, found(UserState::Active).await), (1, 0));
    world.pass(10);
    assert_eq!((found(UserState::Suspended).await, found(UserState::Active).await), (0, 1));
}

#[tokio::test]
async fn networks_are_entered_and_removed_with_a_line_each() {
    let world = World::new().await;
    let (service, owner) = (&world.service, &world.owner);
    let note = || Reason::try_new("the office").expect("a reason");
    let office = "198.51.100.9/24".parse().expect("a network");
    let entered = service.allow_network(owner, office, note()).await.expect("entered");
    assert_eq!(entered.network.to_string(), "198.51.100.0/24");
    assert_eq!((entered.added_by, entered.added_at), (owner.user, world.platform.clock.now()));
    let elsewhere = "203.0.113.0/24".parse().expect("a network");
    service.allow_network(owner, elsewhere, note()).await.expect("entered");
    assert_eq!(service.allowlist().await.expect("readable").networks.len(), 2);
    let shut_out = service.remove_network(owner, office).await;
    assert!(matches!(shut_out, Err(AllowlistError::Refused(AllowlistRefusal::LocksOut))), "{shut_out:?}");
    world.pass(1);
    service.remove_network(owner, "203.0.113.77/24".parse().expect("a network")).await.expect("removed");
    let about = Subject::named("network", "203.0.113.0/24".to_owned()).id;
    let lines = world.log(&AuditQuery { subject: Some(about), ..AuditQuery::default() }).await;
    let actions: Vec<_> = lines.iter().map(|line| line.action).collect();
    assert_eq!(actions, [AuditAction::NetworkRemoved, AuditAction::NetworkAllowed]);
    assert_eq!(lines[1].after.0["note"].as_deref(), Some("the office"));
}

#[tokio::test]
async fn the_log_in_memory_has_nothing_that_could_be_broken() {
    let world = World::new().await;
    let sealed = world.service.verify_audit_log().await.expect("readable");
    assert_eq!((sealed.batches, sealed.broken), (0, Vec::new()));
    let page = world.service.audit_log(&AuditQuery::default(), Page { limit: 5, after: None }).await;
    assert_eq!(page.expect("readable").rows, []);
}
