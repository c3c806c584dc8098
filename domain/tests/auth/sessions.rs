use namaskah_domain::{
    Amount, Clock, Currency, Money, Store, UnitOfWork, UserId,
    auth::{
        AuthReads, Credentials, DeleteAccountError, EndSessionError, Origin, Remainder, Role, SignedIn,
        StepUp, Suspension, User,
    },
    time::seconds,
    wallet::{EntryKind, House, JournalEntry, LedgerAccount, Purse, Source, Transfer},
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const EVE: &str = "eve@example.com";

async fn eve(world: &World) -> UserId {
    world.register(EVE, OTHER).await;
    let token = world.mailed_token().await;
    world.auth.verify_email(&token).await.expect("a good token");
    world.memory.user_by_email(&email(EVE)).await.expect("an answer").expect("Eve").id
}

#[tokio::test]
async fn signing_out_ends_this_session_only_and_can_be_repeated() {
    let world = World::with_ada().await;
    let (mine, other) = (world.login().await, world.login().await);
    let by = world.signed_in(&mine).await;
    world.auth.logout(by).await.expect("an end");
    world.auth.logout(by).await.expect("the same again");
    assert!(!world.is_let_in(&mine).await);
    assert!(world.is_let_in(&other).await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_this_user_only() {
    let world = World::with_ada().await;
    let (one, two) = (world.login().await, world.login().await);
    eve(&world).await;
    let theirs = world.auth.login(credentials(EVE, OTHER), Origin::default()).await.expect("a sign-in");
    let by = world.signed_in(&one).await;
    let refused = world.auth.logout_all(by).await.unwrap_err();
    assert!(matches!(refused, EndSessionError::StepUpRequired));
    let one = world.steps_up_by_tokens(by).await;
    assert!(world.is_let_in(&one).await && world.is_let_in(&two).await);
    world.auth.logout_all(world.signed_in(&one).await).await.expect("an end");
    assert!(!world.is_let_in(&one).await && !world.is_let_in(&two).await);
    assert!(world.is_let_in(&theirs).await);
}

#[tokio::test]
async fn open_sessions_are_listed_newest_first() {
    let world = World::with_ada().await;
    let first = world.login().await;
    world.clock.advance(10);
    let second = world.login().await;
    let ids =
        |sessions: Vec<namaskah_domain::auth::Session>| sessions.iter().map(|s| s.id).collect::<Vec<_>>();
    assert_eq!(
        ids(world.auth.sessions(first.user.id).await.expect("sessions")),
        [second.session, first.session]
    );
}

#[tokio::test]
async fn ones_own_session_ends_without_a_step_up_and_others_with_one() {
    let world = World::with_ada().await;
    let (mine, other) = (world.login().await, world.login().await);
    let by = world.signed_in(&mine).await;
    let refused = world.auth.end_session(by, other.session).await.unwrap_err();
    assert!(matches!(refused, EndSessionError::StepUpRequired));
    assert!(world.is_let_in(&other).await);
    let by = world.steps_up(by).await;
    world.auth.end_session(by, other.session).await.expect("an end");
    assert!(!world.is_let_in(&other).await);
    world.clock.advance(300);
    world.auth.end_session(by, by.session).await.expect("an end");
    assert_eq!(world.open_sessions(by.user).await, 0);
}

#[tokio::test]
async fn another_users_session_does_not_exist() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    eve(&world).await;
    let theirs = world.auth.login(credentials(EVE, OTHER), Origin::default()).await.expect("a sign-in");
    let by = world.signed_in(&theirs).await;
    let password = StepUp { by, password: Some(secret(OTHER)), code: None };
    let eve = world.goes_on(world.auth.step_up(password).await.expect("a step-up")).await;
    let refused = world.auth.end_session(eve, tokens.session).await.unwrap_err();
    assert!(matches!(refused, EndSessionError::NotFound));
    assert!(world.is_let_in(&tokens).await);
    let by = world.signed_in(&tokens).await;
    world.auth.end_session(by, tokens.session).await.expect("an end");
    let refused = world.auth.end_session(by, tokens.session).await.unwrap_err();
    assert!(matches!(refused, EndSessionError::NotFound));
}

#[tokio::test]
async fn the_role_is_the_one_of_now_and_not_of_the_sign_in() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    assert_eq!(world.signed_in(&tokens).await.role, Role::Customer);
    world.change_ada(|ada| ada.role = Role::Support).await;
    assert_eq!(world.signed_in(&tokens).await.role, Role::Support);
}

#[tokio::test]
async fn a_deleted_user_leaves_no_address_no_password_and_no_session() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let id = tokens.user.id;
    let by = world.signed_in(&tokens).await;
    let refused = world.auth.delete_account(by).await;
    assert!(matches!(refused, Err(DeleteAccountError::StepUpRequired)), "{refused:?}");
    let by = world.steps_up(by).await;
    world.auth.delete_account(by).await.expect("an end");
    let left = world.auth.me(id).await.expect("the record stays");
    assert_eq!(left.email.as_str(), format!("deleted-{id}@deleted.invalid"));
    assert_eq!(namaskah_domain::auth::Email::from_stored(left.email.as_str()).as_ref(), Ok(&left.email));
    assert!(namaskah_domain::auth::Email::try_new(left.email.as_str()).is_err(), "nobody registers as him");
    assert!(!format!("{:?} {}", left, left.password.as_str()).contains(RIGHT));
    assert!(!world.is_let_in(&tokens).await);
    assert!(world.auth.refresh(tokens.refresh.expose()).await.is_err());
    assert!(world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.is_err());
    let as_he_is_named = Credentials { email: left.email.clone(), ..credentials(ADA, RIGHT) };
    assert!(world.auth.login(as_he_is_named, Origin::default()).await.is_err());
    world.auth.forgot_password(&left.email).await.expect("the same answer");
    assert!(world.mails().await.is_empty());
    world.register(ADA, OTHER).await;
    assert_ne!(world.ada().await.id, id);
}

#[tokio::test]
async fn an_account_with_money_is_not_deleted() {
    let world = World::with_ada().await;
    let ada = world.ada().await;
    let amount = Amount::try_new(Money::from_units(1, Currency::Usd)).expect("above zero");
    let deposit = JournalEntry::try_new(vec![Transfer {
        amount,
        debit: LedgerAccount::House(House::PromoExpense),
        credit: LedgerAccount::User(ada.id, Purse::Promo),
        source: Source::from_stored("promo:1".to_owned()),
        kind: EntryKind::Promo,
        leg: 1,
        at: ada.created_at,
    }]);
    world.memory.commit(UnitOfWork::new().post(deposit.expect("balanced"))).await.expect("a deposit");
    let by = world.lifted().await;
    let ada = User { version: world.ada().await.version, ..ada };
    let refused = world.auth.delete_account(by).await.unwrap_err();
    assert!(matches!(refused, DeleteAccountError::NotEmpty(Remainder::Balance)), "{refused:?}");
    assert_eq!(world.ada().await, ada);
}

#[tokio::test]
async fn who_does_not_exist_cannot_be_deleted_or_shown() {
    let world = World::with_ada().await;
    let nobody = UserId::from_parts(world.ada().await.created_at, [255; 10]);
    assert!(matches!(world.auth.me(nobody).await, Err(namaskah_domain::auth::SessionError::NotFound)));
    let nobody = SignedIn { user: nobody, ..world.lifted().await };
    assert!(matches!(world.auth.delete_account(nobody).await, Err(DeleteAccountError::NotFound)));
}

#[tokio::test]
async fn a_deletion_is_decided_again_when_the_user_changed_meanwhile() {
    let world = World::with_ada().await;
    let by = world.lifted().await;
    let id = by.user;
    world.someone_commits_first(world.unit_on_ada(|ada| ada.must_change_password = true).await);
    world.auth.delete_account(by).await.expect("an end");
    let left = world.auth.me(id).await.expect("the record stays");
    assert!(left.is_deleted() && left.email_verified_at.is_none());
}

#[tokio::test]
async fn whoever_has_become_staff_meanwhile_is_not_deleted() {
    let world = World::with_ada().await;
    let by = world.lifted().await;
    let id = by.user;
    world.someone_commits_first(world.unit_on_ada(|ada| ada.role = Role::Support).await);
    let outcome = world.auth.delete_account(by).await;
    assert!(matches!(outcome, Err(DeleteAccountError::NotEmpty(Remainder::Role))), "{outcome:?}");
    assert_eq!(world.auth.me(id).await.expect("the record stays").role, Role::Support);
}

#[tokio::test]
async fn a_visitor_stands_until_the_session_ends_or_the_account_is_suspended() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let visitor = world.signed_in(&tokens).await;
    assert!(world.auth.still_stands(&visitor).await.expect("an answer"));
    let somebody_else = SignedIn { user: eve(&world).await, ..visitor };
    assert!(!world.auth.still_stands(&somebody_else).await.expect("an answer"));
    let since = world.clock.now();
    let until = Some(since + seconds(60));
    let suspension = Suspension { reason: "a test".to_owned(), since, until };
    world.change_ada(|ada| ada.suspension = Some(suspension)).await;
    assert!(!world.auth.still_stands(&visitor).await.expect("an answer"));
    world.clock.advance(60);
    assert!(world.auth.still_stands(&visitor).await.expect("an answer"));
    world.auth.logout(visitor).await.expect("an end");
    assert!(!world.auth.still_stands(&visitor).await.expect("an answer"));
}

#[tokio::test]
async fn nobody_is_let_in_before_a_password_that_must_be_changed_is() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.change_ada(|ada| ada.must_change_password = true).await;
    assert!(!world.is_let_in(&tokens).await);
    world.change_ada(|ada| ada.must_change_password = false).await;
    assert!(world.is_let_in(&tokens).await);
}

#[tokio::test]
async fn a_place_is_familiar_while_the_owner_of_the_account_is_signed_in_there() {
    let world = World::with_ada().await;
    eve(&world).await;
    let from = |ip: &str| Origin { device: None, ip: Some(ip.to_owned()) };
    let home = world.auth.login(credentials(ADA, RIGHT), from("192.0.2.1")).await.expect("a sign-in");
    world.auth.login(credentials(EVE, OTHER), from("192.0.2.2")).await.expect("a sign-in");
    let familiar = async |account: &str, origin: Origin| {
        world.auth.is_familiar(&email(account), &origin).await.expect("an answer")
    };
    assert!(familiar(ADA, from("192.0.2.1")).await);
    assert!(!familiar(ADA, from("192.0.2.2")).await, "another's place");
    assert!(!familiar(ADA, Origin::default()).await, "nobody knows where from");
    assert!(!familiar("nobody@example.com", from("192.0.2.1")).await);
    let by = world.steps_up(world.signed_in(&home).await).await;
    world.auth.logout_all(by).await.expect("an end");
    assert!(!familiar(ADA, from("192.0.2.1")).await, "a place that was left");
}
