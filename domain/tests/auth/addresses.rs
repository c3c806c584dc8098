//! Changing the address of an account.

use namaskah_domain::{
    Letter,
    auth::{
        AuthReads, ChangeEmail, ChangeEmailError, ConfirmEmail, ConfirmEmailError, Email, Origin,
        ResetPassword, ResetPasswordError, SignInError, SignedIn, Suspension, Tokens,
    },
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const NEW: &str = "ada@elsewhere.example";

/// Ada, signed in and stepped up.
async fn stepped_up(world: &World) -> (Tokens, SignedIn) {
    let by = world.signed_in(&world.login().await).await;
    let tokens = world.steps_up_by_tokens(by).await;
    let by = world.signed_in(&tokens).await;
    (tokens, by)
}

async fn asked(world: &World, by: SignedIn, address: &str) -> Result<(), ChangeEmailError> {
    world.auth.change_email(ChangeEmail { by, email: email(address) }).await
}

/// Letters of one instant have no order.
fn sorted(mut mails: Vec<(Email, Letter)>) -> Vec<(Email, Letter)> {
    mails.sort_by(|one, other| one.0.cmp(&other.0));
    mails
}

/// The token that was mailed to the new address; the old one is told.
async fn mailed(world: &World) -> String {
    let mails = sorted(world.mails().await);
    let [(new, Letter::ConfirmEmail { token }), (old, Letter::EmailChangeAsked)] = &mails[..] else {
        panic!("not a notice and a token: {mails:?}")
    };
    assert_eq!((old, new), (&email(ADA), &email(NEW)));
    token.0.clone()
}

async fn confirmed(world: &World, token: &str, address: &str) -> Result<(), ConfirmEmailError> {
    world.auth.confirm_email(ConfirmEmail { token: secret(token), email: email(address) }).await
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_is_proven() {
    let world = World::with_ada().await;
    let (tokens, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    assert_eq!(world.ada().await.email, email(ADA), "nothing has changed yet");
    let token = mailed(&world).await;
    world.clock.advance(60);
    confirmed(&world, &token, NEW).await.expect("the right token");

    assert_eq!(world.memory.user_by_email(&email(ADA)).await.expect("readable"), None);
    let ada = world.memory.user_by_email(&email(NEW)).await.expect("readable").expect("Ada");
    assert_eq!((ada.id, ada.email_verified_at.is_some()), (by.user, true));
    assert!(!world.is_let_in(&tokens).await, "every session has ended");
    assert_eq!(world.mails().await, [(email(ADA), Letter::EmailChanged)]);
    let login = |address| world.auth.login(credentials(address, RIGHT), Origin::default());
    assert!(matches!(login(ADA).await, Err(SignInError::InvalidCredentials)));
    login(NEW).await.expect("a sign-in");
    assert!(matches!(confirmed(&world, &token, NEW).await, Err(ConfirmEmailError::InvalidToken)), "once");
}

#[tokio::test]
async fn it_takes_a_step_up_also_without_a_second_factor() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    assert!(matches!(asked(&world, by, NEW).await, Err(ChangeEmailError::StepUpRequired)));
    let (_, by) = stepped_up(&world).await;
    world.clock.advance(300);
    assert!(matches!(asked(&world, by, NEW).await, Err(ChangeEmailError::StepUpRequired)), "five minutes");
    assert_eq!(world.mails().await, []);
}

#[tokio::test]
async fn the_present_address_is_no_change_and_a_taken_one_answers_like_any_other() {
    let world = World::with_ada().await;
    world.register("bob@example.com", OTHER).await;
    world.mails().await;
    let (_, by) = stepped_up(&world).await;
    assert!(matches!(asked(&world, by, "ADA@example.com").await, Err(ChangeEmailError::Unchanged)));
    asked(&world, by, "bob@example.com").await.expect("the same answer");
    let expected =
        [(email(ADA), Letter::EmailChangeAsked), (email("bob@example.com"), Letter::AlreadyRegistered)];
    assert_eq!(sorted(world.mails().await), expected);
}

#[tokio::test]
async fn a_token_proves_the_one_address_that_it_was_mailed_to_for_an_hour() {
    let world = World::with_ada().await;
    let (_, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    let token = mailed(&world).await;
    let refused = |outcome| assert!(matches!(outcome, Err(ConfirmEmailError::InvalidToken)), "{outcome:?}");
    refused(confirmed(&world, &token, "mallory@example.com").await);
    refused(confirmed(&world, &token, ADA).await);
    refused(confirmed(&world, "nme_", NEW).await);
    refused(confirmed(&world, &token.replacen("nme_", "nmv_", 1), NEW).await);
    world.clock.advance(3_600);
    refused(confirmed(&world, &token, NEW).await);
}

#[tokio::test]
async fn somebody_who_was_quicker_keeps_the_address() {
    let world = World::with_ada().await;
    let (_, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    let token = mailed(&world).await;
    world.register(NEW, OTHER).await;
    assert!(matches!(confirmed(&world, &token, NEW).await, Err(ConfirmEmailError::Taken)));
    assert_eq!(world.ada().await.id, by.user);
}

#[tokio::test]
async fn a_new_password_stops_a_change_that_was_asked_for() {
    let world = World::with_ada().await;
    let (_, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    let token = mailed(&world).await;
    world.clock.advance(1);
    world.auth.forgot_password(&email(ADA)).await.expect("a mail");
    let reset = secret(&world.mailed_token().await);
    world.clock.advance(1);
    world
        .auth
        .reset_password(ResetPassword { token: reset, password: secret(OTHER) })
        .await
        .expect("a reset");
    assert!(matches!(confirmed(&world, &token, NEW).await, Err(ConfirmEmailError::InvalidToken)));
}

#[tokio::test]
async fn what_was_mailed_to_the_old_address_sets_no_password_any_more() {
    let world = World::with_ada().await;
    world.auth.forgot_password(&email(ADA)).await.expect("a mail");
    let reset = secret(&world.mailed_token().await);
    let (_, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    let token = mailed(&world).await;
    world.clock.advance(1);
    confirmed(&world, &token, NEW).await.expect("the right token");
    let outcome = world.auth.reset_password(ResetPassword { token: reset, password: secret(OTHER) }).await;
    assert!(matches!(outcome, Err(ResetPasswordError::InvalidToken)));
}

#[tokio::test]
async fn a_suspended_user_changes_nothing_and_a_race_is_decided_again() {
    let world = World::with_ada().await;
    let (_, by) = stepped_up(&world).await;
    asked(&world, by, NEW).await.expect("a change begins");
    let token = mailed(&world).await;
    let suspension = Suspension { reason: "abuse".into(), since: world.ada().await.created_at, until: None };
    world.change_ada(|ada| ada.suspension = Some(suspension)).await;
    assert!(matches!(confirmed(&world, &token, NEW).await, Err(ConfirmEmailError::InvalidToken)));
    world.change_ada(|ada| ada.suspension = None).await;
    let first = world.unit_on_ada(|_| {}).await;
    world.someone_commits_first(first);
    confirmed(&world, &token, NEW).await.expect("decided again");
}
