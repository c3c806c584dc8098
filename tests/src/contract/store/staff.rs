//! Sentences about the audit log, and about what staff finds.

use namaskah_domain::{
    Change, CommitError, Page, Time, Unique, UnitOfWork,
    auth::{Role, SessionEnd, Suspension, User, UserState},
    staff::{Allowlist, AuditAction, AuditEntry, AuditQuery, By, UserFilter},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

const fn first<T>(limit: u32) -> Page<T> {
    Page { limit, after: None }
}

async fn stored(on: &Backend, entry: AuditEntry) -> AuditEntry {
    on.apply(UnitOfWork::new().with(Change::Audited(entry.clone()))).await;
    entry
}

async fn found(on: &Backend, query: AuditQuery) -> Vec<AuditEntry> {
    on.staff.audit_log(&query, first(100)).await.expect("readable").rows
}

/// By staff of every role and at the console, with every action, with facts and without.
pub async fn lines_of_the_audit_log_are_stored_as_decided(on: &Backend) {
    let mut expected = Vec::new();
    for (action, role) in AuditAction::ALL.iter().zip(Role::ALL.into_iter().cycle()) {
        let actor = namaskah_domain::staff::Actor { role, ..given::actor() };
        expected.push(stored(on, AuditEntry { action: *action, ..given::audit_entry(&actor) }).await);
    }
    let bare = AuditEntry {
        by: By::Console,
        before: namaskah_domain::staff::Facts::none(),
        after: namaskah_domain::staff::Facts::none(),
        ..given::audit_entry(&given::actor())
    };
    expected.push(stored(on, bare.clone()).await);
    expected.reverse();
    assert_eq!(found(on, AuditQuery::default()).await, expected);
    let again = on.refuse(UnitOfWork::new().with(Change::Audited(bare))).await;
    assert_refused!(again, CommitError::Duplicate(Unique::Record));
}

/// By actor, action, subject and time, newest first, in pages.
pub async fn lines_of_the_audit_log_are_found_by_what_they_tell(on: &Backend) {
    let (ada, bob) = (given::actor(), given::actor());
    let one = stored(on, AuditEntry { at: at(1), ..given::audit_entry(&ada) }).await;
    let two =
        stored(on, AuditEntry { at: at(2), subject: one.subject.clone(), ..given::audit_entry(&bob) }).await;
    let action = AuditAction::UserReset;
    let three = stored(on, AuditEntry { at: at(3), action, ..given::audit_entry(&ada) }).await;
    let any = AuditQuery::default;
    for (query, expected) in [
        (AuditQuery { actor: Some(ada.user), ..any() }, vec![&three, &one]),
        (AuditQuery { action: Some(action), ..any() }, vec![&three]),
        (AuditQuery { subject: Some(one.subject.id.clone()), ..any() }, vec![&two, &one]),
        (AuditQuery { from: Some(at(2)), to: Some(at(3)), ..any() }, vec![&two]),
        (AuditQuery { actor: Some(bob.user), action: Some(action), ..any() }, vec![]),
        (AuditQuery { actor: Some(given::id()), ..any() }, vec![]),
    ] {
        assert_eq!(found(on, query.clone()).await.iter().collect::<Vec<_>>(), expected, "{query:?}");
    }
    let page = on.staff.audit_log(&any(), first(2)).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![three, two.clone()], true));
    let rest = Page { limit: 2, after: Some(two.id) };
    let page = on.staff.audit_log(&any(), rest).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![one], false));
}

/// Empty until somebody enters a network; decided on what was read.
pub async fn the_allowlist_is_stored_as_decided(on: &Backend) {
    let read = async || on.staff.allowlist().await.expect("readable");
    assert_eq!(read().await, Allowlist::empty());
    let from = "10.0.0.1".parse().expect("an address");
    let mut list = Allowlist::empty();
    for network in ["10.0.0.0/8", "2001:db8::/32"] {
        list = list.with(given::allowed_network(network), from).expect("entered");
        on.apply(UnitOfWork::new().with(Change::Allowlist(list.clone()))).await;
        assert_eq!(read().await, list);
    }
    let late = on.refuse(UnitOfWork::new().with(Change::Allowlist(list.clone()))).await;
    assert_refused!(late, CommitError::Stale);
    let first = list.networks[0].network;
    let shorter = list.without(first, "2001:db8::1".parse().expect("an address")).expect("removed");
    on.apply(UnitOfWork::new().with(Change::Allowlist(shorter.clone()))).await;
    assert_eq!(read().await, shorter);
}

/// A beginning of an address is compared byte by byte; a suspension counts while it lasts.
pub async fn users_are_found_by_address_state_and_role(on: &Backend) {
    let named = |name: &str| User {
        email: namaskah_domain::auth::Email::try_new(name).expect("an address"),
        ..given::user()
    };
    let suspended = |until: Option<Time>| Some(Suspension { reason: "spam".into(), since: at(0), until });
    let new = named("ada+new@example.com");
    let proven = User { email_verified_at: Some(at(0)), ..named("ada@example.com") };
    let out = User { suspension: suspended(None), ..named("adam@example.com") };
    let back = User { suspension: suspended(Some(at(5))), role: Role::Support, ..named("bob@example.com") };
    for user in [&new, &proven, &out, &back] {
        on.apply(UnitOfWork::new().with(Change::User(user.clone()))).await;
    }
    let any = UserFilter::default;
    let begins = |text: &str| UserFilter { email_prefix: Some(text.to_owned()), ..any() };
    let state = |state| UserFilter { state: Some(state), ..any() };
    for (filter, now, expected) in [
        (any(), at(9), vec![&back, &out, &proven, &new]),
        (begins("ada"), at(9), vec![&out, &proven, &new]),
        (begins("ada@"), at(9), vec![&proven]),
        (begins("ada%"), at(9), vec![]),
        (begins("zoe"), at(9), vec![]),
        (state(UserState::Suspended), at(4), vec![&back, &out]),
        (state(UserState::Suspended), at(5), vec![&out]),
        (state(UserState::Unverified), at(5), vec![&back, &new]),
        (state(UserState::Active), at(5), vec![&proven]),
        (UserFilter { role: Some(Role::Support), ..any() }, at(9), vec![&back]),
        (UserFilter { role: Some(Role::Owner), ..begins("b") }, at(9), vec![]),
    ] {
        let found = on.staff.users(&filter, now, first(100)).await.expect("readable").rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let page = on.staff.users(&any(), at(9), Page { limit: 2, after: Some(back.id) }).await;
    let page = page.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![out, proven], true));
    assert_eq!(on.staff.staff().await.expect("readable"), [back]);
}

/// Of that user alone, whatever became of them.
pub async fn sign_ins_and_refunds_of_a_user_come_in_pages(on: &Backend) {
    let (intent, other) = (given::intent(given::id()), given::intent(given::id()));
    let user = intent.user;
    let ended = given::session(user).ended(SessionEnd::SignedOut, at(4));
    let ended = namaskah_domain::auth::Session { version: namaskah_domain::Version::FIRST, ..ended };
    let sessions = [ended, given::session(user), given::session(given::id())];
    let (refund, foreign) = (given::refund(&intent), given::refund(&other));
    let mut unit = UnitOfWork::new().with(Change::Refund(refund.clone())).with(Change::Refund(foreign));
    for session in &sessions {
        unit = unit.with(Change::Session(session.clone()));
    }
    on.apply(unit).await;
    let page = on.staff.sign_ins(user, first(1)).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![sessions[1].clone()], true));
    let rest = Page { limit: 1, after: Some(sessions[1].id) };
    let page = on.staff.sign_ins(user, rest).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![sessions[0].clone()], false));
    let page = on.staff.refunds_to(user, first(5)).await.expect("readable");
    assert_eq!((page.rows, page.has_more), (vec![refund.clone()], false));
    let rest = Page { limit: 5, after: Some(refund.id) };
    assert_eq!(on.staff.refunds_to(user, rest).await.expect("readable").rows, []);
}
