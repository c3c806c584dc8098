//! What staff does to users: each act with its line of the log, and by those alone who may.

use chrono::TimeDelta;
use namaskah_domain::{
    Clock, Letter, UserId,
    auth::{Role, SignedIn, User, UserState},
    staff::{
        AddStaffError, Ask, AuditAction, By, GateError, ManageUserError, Permission, Proof, Refusal,
        ResetFactorError, Suspend,
    },
    wallet::Reason,
};

use super::{
    HERE, ip,
    world::{UNKNOWN, World, email},
};

fn reason(text: &str) -> Reason {
    Reason::try_new(text).expect("a reason")
}

fn endless(why: &str) -> Suspend {
    Suspend { reason: reason(why), until: None }
}

fn refused(answer: Result<User, ManageUserError>) -> ManageUserError {
    answer.expect_err("refused")
}

#[tokio::test]
async fn whoever_is_let_in_is_named_and_his_use_is_noted_once_a_minute() {
    let world = World::new().await;
    let (ask, name) =
        (Ask { permission: Permission::UsersRead, proof: Proof::SignIn, from: ip(HERE) }, || {
            "req-1".to_owned()
        });
    world.pass(60);
    let session = world.signs_in(world.support.user).await;
    let visitor = SignedIn { user: world.support.user, session, role: Role::Support };
    world.pass(59);
    let actor = world.service.admit(visitor, ask, name()).await.expect("let in");
    assert_eq!((actor.user, actor.role, actor.request.as_str()), (visitor.user, Role::Support, "req-1"));
    assert_eq!(world.session(session).await.version.get(), 1);
    world.pass(1);
    world.service.admit(visitor, ask, name()).await.expect("let in");
    assert_eq!(world.session(session).await.last_used_at, world.platform.clock.now());

    let stolen = SignedIn { user: world.owner.user, ..visitor };
    let answer = world.service.admit(stolen, ask, name()).await;
    assert!(matches!(answer, Err(GateError::Refused(Refusal::SessionOver))), "{answer:?}");
    let lifted = Ask { proof: Proof::StepUp, ..ask };
    let answer = world.service.admit(visitor, lifted, name()).await;
    assert!(matches!(answer, Err(GateError::Refused(Refusal::StepUpRequired))), "{answer:?}");
}

#[tokio::test]
async fn a_suspension_begins_now_ends_later_and_ends_every_session() {
    let world = World::new().await;
    let (ada, eve) = (world.customer("ada").await, world.customer("eve").await);
    let (hers, other) = (world.signs_in(ada).await, world.signs_in(eve).await);
    let now = world.platform.clock.now();
    let till_now = Suspend { reason: reason("spam"), until: Some(now) };
    let early = world.service.suspend(&world.support, ada, till_now).await;
    assert!(matches!(refused(early), ManageUserError::EndsBefore));
    assert!(world.goes_on(hers).await && world.told_of(ada).await.is_empty());

    let until = now + TimeDelta::microseconds(1);
    let a_moment = Suspend { reason: reason("spam"), until: Some(until) };
    let suspended = world.service.suspend(&world.support, ada, a_moment).await.expect("suspended");
    assert_eq!(suspended.state(now), UserState::Suspended);
    assert_eq!(world.user(ada).await, suspended);
    assert!(!world.goes_on(hers).await && world.goes_on(other).await);
    let [line] = <[_; 1]>::try_from(world.told_of(ada).await).expect("one line");
    assert_eq!((line.action, line.by), (AuditAction::UserSuspended, By::Staff(world.support.clone())));
    assert_eq!(line.before.0["reason"], None);
    assert_eq!(line.after.0["reason"].as_deref(), Some("spam"));
    assert!(line.after.0["since"].is_some() && line.after.0["until"].is_some());
}

#[tokio::test]
async fn a_suspension_is_lifted_once_and_no_session_comes_back() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let untouched = world.service.unsuspend(&world.support, ada).await.expect("nothing to lift");
    assert_eq!(world.told_of(ada).await, []);
    world.service.suspend(&world.support, ada, endless("spam")).await.expect("suspended");
    world.pass(1);
    let lifted = world.service.unsuspend(&world.support, ada).await.expect("lifted");
    assert_eq!((lifted.suspension, untouched.suspension), (None, None));
    let told = world.told_of(ada).await;
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].action, AuditAction::UserUnsuspended);
    assert_eq!(told[0].before.0["reason"].as_deref(), Some("spam"));
    let later = world.signs_in(ada).await;
    world.service.unsuspend(&world.support, ada).await.expect("nothing to lift");
    assert!(world.goes_on(later).await);
}

#[tokio::test]
async fn a_reset_voids_the_password_mails_a_link_and_ends_every_session() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let hers = world.signs_in(ada).await;
    let reset = world.service.force_reset(&world.support, ada).await.expect("reset");
    assert!(reset.must_change_password && reset.password.as_str() == UNKNOWN);
    assert!(!world.goes_on(hers).await);
    let [(to, letter)] = <[_; 1]>::try_from(world.letters().await).expect("one letter");
    assert_eq!(to, "ada@example.com");
    assert!(matches!(letter, Letter::ResetPassword { .. }), "{letter:?}");
    let [line] = <[_; 1]>::try_from(world.told_of(ada).await).expect("one line");
    assert_eq!(line.action, AuditAction::UserReset);
    assert_eq!(line.before.0["must_change_password"].as_deref(), Some("false"));
    assert_eq!(line.after.0["must_change_password"].as_deref(), Some("true"));
}

/// Staff asks for it when an account may be in somebody else's hands.
#[tokio::test]
async fn a_reset_by_staff_ends_identities_and_keys_and_leaves_the_second_factor_on() {
    let world = World::new().await;
    let ada = world.customer_with_every_way_in("ada").await;
    world.service.end_sessions(&world.support, ada).await.expect("ended");
    assert_eq!(world.ways_in(ada).await, (true, 1, 1));
    world.service.force_reset(&world.support, ada).await.expect("reset");
    assert_eq!(world.ways_in(ada).await, (true, 0, 0));
}

#[tokio::test]
async fn sessions_are_ended_without_anything_else() {
    let world = World::new().await;
    let ada = world.customer("ada").await;
    let (one, two) = (world.signs_in(ada).await, world.signs_in(ada).await);
    let before = world.user(ada).await;
    let after = world.service.end_sessions(&world.support, ada).await.expect("ended");
    assert!(!world.goes_on(one).await && !world.goes_on(two).await);
    assert_eq!(after, User { version: before.version.next(), ..before });
    assert_eq!(world.told_of(ada).await[0].action, AuditAction::UserSessionsEnded);
    assert_eq!(world.letters().await, []);
}

#[tokio::test]
async fn nobody_manages_himself_the_absent_or_without_a_role_for_it_staff() {
    let world = World::new().await;
    let (by, owner, service) = (&world.support, &world.owner, &world.service);
    let own = refused(service.suspend(by, by.user, endless("x")).await);
    assert!(matches!(own, ManageUserError::Oneself), "{own:?}");
    let gone = world.customer("gone").await;
    let closed = world.user(gone).await.anonymised(world.platform.clock.now());
    world.stores(namaskah_domain::Change::User(closed)).await;
    for absent in [gone, world.platform.id::<namaskah_domain::entity::UserEntity>()] {
        let none = refused(service.end_sessions(by, absent).await);
        assert!(matches!(none, ManageUserError::NotFound), "{none:?}");
    }
    let up = refused(service.end_sessions(by, owner.user).await);
    assert!(matches!(up, ManageUserError::NotPermitted), "{up:?}");
    let down = service.end_sessions(owner, by.user).await.expect("an owner may");
    assert_eq!(down.id, by.user);
    service.suspend(owner, by.user, endless("x")).await.expect("an owner may");
    let suspended_owner = world.user(owner.user).await;
    assert_eq!(suspended_owner.version.get(), 3, "his own record goes along with each");
}

#[tokio::test]
async fn an_owner_who_is_suspended_meanwhile_manages_no_staff_any_more() {
    let world = World::new().await;
    let second = world.service.add_staff(&world.owner, &email("second"), Role::Owner).await.expect("added");
    let second = namaskah_domain::staff::Actor { user: second.id, ..world.owner.clone() };
    world.service.suspend(&second, world.owner.user, endless("x")).await.expect("suspended");
    let late = refused(world.service.suspend(&world.owner, second.user, endless("x")).await);
    assert!(matches!(late, ManageUserError::NotPermitted), "{late:?}");
    let late = world.service.add_staff(&world.owner, &email("third"), Role::Owner).await;
    assert!(matches!(late, Err(AddStaffError::NotPermitted)), "{late:?}");
}

#[tokio::test]
async fn staff_is_made_of_strangers_and_of_customers_whose_sessions_end() {
    let world = World::new().await;
    let (ada, hers) = {
        let ada = world.customer("ada").await;
        (ada, world.signs_in(ada).await)
    };
    let made = world.service.add_staff(&world.owner, &email("ada"), Role::Finance).await.expect("added");
    assert_eq!((made.id, made.role, made.must_change_password), (ada, Role::Finance, true));
    assert!(made.password.as_str() == UNKNOWN && !world.goes_on(hers).await);
    assert_eq!(world.told_of(ada).await[0].before.0["role"].as_deref(), Some("user"));
    let new = world.service.add_staff(&world.owner, &email("new"), Role::Support).await.expect("added");
    assert!(new.must_change_password && new.id != ada);
    let [line] = <[_; 1]>::try_from(world.told_of(new.id).await).expect("one line");
    assert_eq!((line.action, &line.before.0["role"]), (AuditAction::StaffAdded, &None));
    assert_eq!(line.after.0["role"].as_deref(), Some("support"));
    let mut letters: Vec<String> = world.letters().await.into_iter().map(|(to, _)| to).collect();
    letters.sort();
    assert_eq!(letters, ["ada@example.com", "new@example.com"]);
    let again = world.service.add_staff(&world.owner, &email("ada"), Role::Support).await;
    assert!(matches!(again, Err(AddStaffError::AlreadyStaff)), "{again:?}");
    let by_support = world.service.add_staff(&world.support, &email("x"), Role::Owner).await;
    assert!(matches!(by_support, Err(AddStaffError::NotPermitted)), "{by_support:?}");
    let ids: Vec<UserId> =
        world.service.staff().await.expect("readable").iter().map(|user| user.id).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.contains(&ada) && ids.contains(&new.id));
}

/// Whoever had taken one of them over would be let in as staff by it.
#[tokio::test]
async fn a_customer_who_becomes_staff_keeps_no_second_factor_no_identity_and_no_key() {
    let world = World::new().await;
    let ada = world.customer_with_every_way_in("ada").await;
    assert_eq!(world.ways_in(ada).await, (true, 1, 1));
    let session = world.signs_in(ada).await;
    let made = world.service.add_staff(&world.owner, &email("ada"), Role::Operator).await.expect("added");
    assert_eq!((made.id, world.ways_in(ada).await), (ada, (false, 0, 0)));
    assert!(!world.goes_on(session).await);
}

#[tokio::test]
async fn a_role_is_changed_and_taken_away_with_every_session() {
    let world = World::new().await;
    let (service, owner, support) = (&world.service, &world.owner, world.support.user);
    let customer = world.customer("ada").await;
    let none = refused(service.change_role(owner, customer, Role::Owner).await);
    assert!(matches!(none, ManageUserError::NotFound), "a customer becomes staff by another door: {none:?}");
    let session = world.signs_in(support).await;
    service.change_role(owner, support, Role::Support).await.expect("as it is");
    assert!(world.goes_on(session).await && world.told_of(support).await.is_empty());
    let changed = service.change_role(owner, support, Role::Finance).await.expect("changed");
    assert_eq!((changed.role, world.goes_on(session).await), (Role::Finance, false));
    world.pass(1);
    let removed = service.change_role(owner, support, Role::Customer).await.expect("removed");
    assert_eq!(removed.role, Role::Customer);
    let actions: Vec<_> = world.told_of(support).await.into_iter().map(|line| line.action).collect();
    assert_eq!(actions, [AuditAction::StaffRemoved, AuditAction::StaffRoleChanged]);
    let own = refused(service.change_role(owner, owner.user, Role::Support).await);
    assert!(matches!(own, ManageUserError::Oneself), "{own:?}");
}

#[tokio::test]
async fn the_console_turns_off_a_factor_that_is_on_and_ends_every_session() {
    let world = World::new().await;
    let session = world.signs_in(world.support.user).await;
    let nobody = world.service.reset_factor(&email("nobody")).await;
    assert!(matches!(nobody, Err(ResetFactorError::NotFound)), "{nobody:?}");
    world.service.reset_factor(&email("support")).await.expect("turned off");
    assert!(!world.goes_on(session).await);
    let [line] = <[_; 1]>::try_from(world.told_of(world.support.user).await).expect("one line");
    assert_eq!((line.action, line.by), (AuditAction::FactorReset, By::Console));
    assert_eq!(world.letters().await, [("support@example.com".to_owned(), Letter::SecondFactorOff)]);
    let again = world.service.reset_factor(&email("support")).await;
    assert!(matches!(again, Err(ResetFactorError::NotOn)), "{again:?}");
    world.without_factor(world.owner.user).await;
    let off = world.service.reset_factor(&email("owner")).await;
    assert!(matches!(off, Err(ResetFactorError::NotOn)), "{off:?}");
}
