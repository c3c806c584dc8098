//! Passwords that have leaked elsewhere: refused wherever one is set, and never in the way of anything else.

use namaskah_domain::auth::{
    ChangePassword, ChangePasswordError, Origin, Register, RegisterError, ResetPassword, ResetPasswordError,
    Secret, SignInError, SignedIn, StepUp, WeakPassword,
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const LEAKED: &str = "pq2 viol ny";
const NOBODY: &str = "nobody@example.com";

async fn register(world: &World, address: &str, password: &str) -> Result<(), RegisterError> {
    world.auth.register(Register { email: email(address), password: secret(password) }).await
}

async fn reset(world: &World, token: &str, password: &str) -> Result<(), ResetPasswordError> {
    world.auth.reset_password(ResetPassword { token: secret(token), password: secret(password) }).await
}

async fn change(world: &World, by: SignedIn, current: &str, new: &str) -> Result<(), ChangePasswordError> {
    let cmd = ChangePassword { by, current: secret(current), new: secret(new) };
    world.auth.change_password(cmd).await
}

async fn mailed(world: &World) -> String {
    world.auth.forgot_password(&email(ADA)).await.expect("an answer");
    world.mailed_token().await
}

async fn change_token(world: &World) -> Secret {
    world.change_ada(|ada| ada.must_change_password = true).await;
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    let SignInError::PasswordChangeRequired { change_token } = refused else { panic!("{refused:?}") };
    change_token
}

#[tokio::test]
async fn a_leaked_password_is_refused_wherever_one_is_set_and_changes_nothing() {
    let world = World::with_ada().await;
    world.leaked.leak(LEAKED);
    let by = world.signed_in(&world.login().await).await;
    let token = mailed(&world).await;
    let due = change_token(&world).await;
    let (before, hashed, commits) = (world.ada().await, world.hasher.work().0, world.commits());
    for address in [ADA, NOBODY] {
        let refused = register(&world, address, LEAKED).await.unwrap_err();
        assert!(matches!(refused, RegisterError::WeakPassword(WeakPassword::Leaked)), "{refused:?}");
    }
    let refused = change(&world, by, RIGHT, LEAKED).await.unwrap_err();
    assert!(matches!(refused, ChangePasswordError::WeakPassword(WeakPassword::Leaked)), "{refused:?}");
    for token in [token.as_str(), due.expose()] {
        let refused = reset(&world, token, LEAKED).await.unwrap_err();
        assert!(matches!(refused, ResetPasswordError::WeakPassword(WeakPassword::Leaked)), "{refused:?}");
    }
    let after = (world.ada().await, world.hasher.work().0, world.commits());
    assert_eq!(after, (before, hashed, commits), "nothing was hashed, and nothing committed");
    reset(&world, &token, OTHER).await.expect("the token is good for another try");
}

#[tokio::test]
async fn without_an_answer_the_password_is_taken() {
    let world = World::with_ada().await;
    world.leaked.leak(LEAKED);
    world.leaked.set_away(true);
    register(&world, NOBODY, LEAKED).await.expect("a registration");
    world.mails().await;
    let by = world.signed_in(&world.login().await).await;
    change(&world, by, RIGHT, LEAKED).await.expect("a change");
    world.mails().await;
    world.clock.advance(1);
    let token = mailed(&world).await;
    reset(&world, &token, LEAKED).await.expect("a reset");
    assert_eq!(world.leaked.asked(), 4, "and each was asked about, as was the first of all");
    world.leaked.set_away(false);
    assert!(register(&world, NOBODY, LEAKED).await.is_err());
}

/// Nobody is kept out of his account by a leak that came after his password.
#[tokio::test]
async fn whoever_signs_in_is_not_asked_about() {
    let world = World::with_ada().await;
    world.leaked.leak(RIGHT);
    let asked = world.leaked.asked();
    let tokens = world.login().await;
    world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default()).await.expect("a sign-in");
    assert!(world.auth.login(credentials(ADA, OTHER), Origin::default()).await.is_err());
    world.auth.refresh(tokens.refresh.expose()).await.expect("the next tokens");
    let by = world.signed_in(&tokens).await;
    world.auth.step_up(StepUp { by, password: Some(secret(RIGHT)), code: None }).await.expect("a step-up");
    assert_eq!(world.leaked.asked(), asked);
}

#[tokio::test]
async fn nobody_is_asked_before_everything_else_is_right() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let token = mailed(&world).await;
    let asked = world.leaked.asked();
    for weak in ["x", "password123"] {
        assert!(register(&world, NOBODY, weak).await.is_err(), "{weak}");
        assert!(change(&world, by, RIGHT, weak).await.is_err(), "{weak}");
        assert!(reset(&world, &token, weak).await.is_err(), "{weak}");
    }
    assert!(change(&world, by, OTHER, LEAKED).await.is_err(), "of somebody who does not know the password");
    assert!(change(&world, by, RIGHT, RIGHT).await.is_err(), "the present one");
    assert!(reset(&world, "nmp_guessed", LEAKED).await.is_err(), "with a token that is none");
    assert_eq!(world.leaked.asked(), asked);
}

#[tokio::test]
async fn registering_asks_once_before_the_address_is_looked_at_whosever_it_is() {
    let world = World::with_ada().await;
    world.leaked.leak(LEAKED);
    for address in [ADA, NOBODY, NOBODY] {
        let (asked, reads) = (world.leaked.asked(), world.reads());
        assert!(register(&world, address, LEAKED).await.is_err());
        assert_eq!((world.leaked.asked(), world.reads()), (asked + 1, reads), "{address}");
        register(&world, address, OTHER).await.expect("the same answer");
        assert_eq!(world.leaked.asked(), asked + 2, "{address}");
    }
}

#[tokio::test]
async fn a_decision_that_is_made_again_asks_once() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let asked = world.leaked.asked();
    world.someone_commits_first(world.unit_on_ada(|_| {}).await);
    change(&world, by, RIGHT, OTHER).await.expect("decided again");
    assert_eq!(world.leaked.asked(), asked + 1);
    world.mails().await;
    world.clock.advance(1);
    let token = mailed(&world).await;
    world.someone_commits_first(world.unit_on_ada(|_| {}).await);
    reset(&world, &token, RIGHT).await.expect("decided again");
    assert_eq!(world.leaked.asked(), asked + 2);
}
