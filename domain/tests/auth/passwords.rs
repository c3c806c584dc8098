use namaskah_domain::{
    Clock, Letter,
    auth::{
        ChangePassword, ChangePasswordError, Origin, ResetPassword, ResetPasswordError, SignInError,
        SignedIn, WeakPassword,
    },
    webhook::{EndpointChange, OffReason, Standing, WebhookReads},
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const THIRD: &str = "bw7 lyre mu";

async fn forgotten(world: &World) -> String {
    world.auth.forgot_password(&email(ADA)).await.expect("an answer");
    world.mailed_token().await
}

fn reset(token: &str, password: &str) -> ResetPassword {
    ResetPassword { token: secret(token), password: secret(password) }
}

fn change(by: SignedIn, current: &str, new: &str) -> ChangePassword {
    ChangePassword { by, current: secret(current), new: secret(new) }
}

async fn signs_in(world: &World, password: &str) -> bool {
    world.auth.login(credentials(ADA, password), Origin::default()).await.is_ok()
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let world = World::new();
    world.auth.forgot_password(&email(ADA)).await.expect("the same answer");
    assert!(world.mails().await.is_empty());
}

/// Pitfall 24.
#[tokio::test]
async fn a_reset_ends_every_session_and_tells_the_owner() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let browser = world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default()).await;
    let token = forgotten(&world).await;
    world.auth.reset_password(reset(&token, OTHER)).await.expect("a reset");
    assert!(!world.is_let_in(&tokens).await);
    assert!(world.auth.refresh(tokens.refresh.expose()).await.is_err());
    assert!(world.auth.authenticate_cookie(&browser.expect("a sign-in").cookie).await.is_err());
    assert_eq!(world.mails().await, [(email(ADA), Letter::PasswordChanged)]);
    assert!(!signs_in(&world, RIGHT).await);
    assert!(signs_in(&world, OTHER).await);
}

/// Whoever had taken the account over has left himself no way back in.
#[tokio::test]
async fn a_mailed_reset_ends_identities_and_keys_and_a_change_by_whoever_knows_the_password_keeps_them() {
    let world = World::with_ada().await;
    world.gives_ada_an_identity_and_a_key().await;
    let ada = world.ada().await.id;
    let by = world.signed_in(&world.login().await).await;
    world.auth.change_password(change(by, RIGHT, OTHER)).await.expect("a change");
    assert_eq!(world.identities_and_keys(ada).await, (1, 1));
    world.mails().await;
    world.clock.advance(1);
    let token = forgotten(&world).await;
    world.auth.reset_password(reset(&token, THIRD)).await.expect("a reset");
    assert_eq!(world.identities_and_keys(ada).await, (0, 0));
}

/// Whoever had taken the account over has himself told nothing more of it. The owner is told, since it may be his.
#[tokio::test]
async fn a_mailed_reset_switches_endpoints_off_and_a_change_by_whoever_knows_the_password_does_not() {
    let world = World::with_ada().await;
    let endpoint = world.gives_ada_an_endpoint().await;
    let now_is = async || world.memory.endpoint(endpoint.id).await.expect("readable").expect("an endpoint");
    let by = world.signed_in(&world.login().await).await;
    world.auth.change_password(change(by, RIGHT, OTHER)).await.expect("a change");
    assert_eq!(now_is().await, endpoint);
    world.mails().await;
    world.clock.advance(1);
    let token = forgotten(&world).await;
    world.auth.reset_password(reset(&token, THIRD)).await.expect("a reset");
    let off = now_is().await;
    assert_eq!(off.standing, Standing::Off { why: OffReason::Recovered, at: world.clock.now() });
    assert_eq!((&off.target, &off.secrets), (&endpoint.target, &endpoint.secrets));
    let letters: Vec<Letter> = world.mails().await.into_iter().map(|(_, letter)| letter).collect();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters.contains(&Letter::WebhookEndpointOff) && letters.contains(&Letter::PasswordChanged));
    let change = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
    assert!(off.changed(change, world.clock.now()).is_on(), "it is its owner's, after all");
}

#[tokio::test]
async fn an_endpoint_that_is_made_while_a_reset_is_decided_is_off_after_it() {
    let world = World::with_ada().await;
    let token = forgotten(&world).await;
    let (endpoint, unit) = world.unit_with_an_endpoint().await;
    world.someone_commits_first(unit);
    world.auth.reset_password(reset(&token, OTHER)).await.expect("decided again");
    let off = world.memory.endpoint(endpoint.id).await.expect("readable").expect("an endpoint");
    assert!(!off.is_on());
}

#[tokio::test]
async fn a_key_that_is_made_while_a_reset_is_decided_does_not_survive_it() {
    let world = World::with_ada().await;
    let token = forgotten(&world).await;
    world.someone_commits_first(world.unit_with_a_key().await);
    world.auth.reset_password(reset(&token, OTHER)).await.expect("decided again");
    assert_eq!(world.identities_and_keys(world.ada().await.id).await, (0, 0));
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_changed_without_ending_identities_and_keys() {
    let world = World::with_ada().await;
    world.gives_ada_an_identity_and_a_key().await;
    world.change_ada(|ada| ada.must_change_password = true).await;
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    let SignInError::PasswordChangeRequired { change_token } = refused else { panic!("{refused:?}") };
    world.auth.reset_password(reset(change_token.expose(), OTHER)).await.expect("a change");
    assert_eq!(world.identities_and_keys(world.ada().await.id).await, (1, 1));
}

#[tokio::test]
async fn a_reset_token_works_once_and_voids_those_before_it() {
    let world = World::with_ada().await;
    let (older, newer) = (forgotten(&world).await, forgotten(&world).await);
    world.clock.advance(1);
    world.auth.reset_password(reset(&newer, OTHER)).await.expect("a reset");
    for token in [&newer, &older] {
        let refused = world.auth.reset_password(reset(token, THIRD)).await.unwrap_err();
        assert!(matches!(refused, ResetPasswordError::InvalidToken));
    }
    assert!(signs_in(&world, OTHER).await);
    world.mails().await;
    let fresh = forgotten(&world).await;
    world.auth.reset_password(reset(&fresh, THIRD)).await.expect("a reset");
}

#[tokio::test]
async fn a_reset_token_used_twice_at_once_works_once() {
    let world = World::with_ada().await;
    let token = forgotten(&world).await;
    world.two_decide_at_once();
    let (one, two) = tokio::join!(
        world.auth.reset_password(reset(&token, OTHER)),
        world.auth.reset_password(reset(&token, THIRD))
    );
    assert_ne!(one.is_ok(), two.is_ok());
    assert_eq!(signs_in(&world, OTHER).await, one.is_ok());
    assert_eq!(signs_in(&world, THIRD).await, two.is_ok());
}

#[tokio::test]
async fn a_reset_token_is_good_for_an_hour() {
    for (age_s, good) in [(3599, true), (3600, false)] {
        let world = World::with_ada().await;
        let token = forgotten(&world).await;
        world.clock.advance(age_s);
        assert_eq!(world.auth.reset_password(reset(&token, OTHER)).await.is_ok(), good, "{age_s}");
    }
}

#[tokio::test]
async fn a_refused_password_leaves_the_reset_token_good() {
    let world = World::with_ada().await;
    let token = forgotten(&world).await;
    let refused = world.auth.reset_password(reset(&token, "x")).await.unwrap_err();
    assert!(matches!(refused, ResetPasswordError::WeakPassword(WeakPassword::TooShort)));
    world.auth.reset_password(reset(&token, OTHER)).await.expect("a reset");
}

#[tokio::test]
async fn a_reset_proves_the_address_too() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    world.mails().await;
    let token = forgotten(&world).await;
    world.auth.reset_password(reset(&token, OTHER)).await.expect("a reset");
    assert!(world.ada().await.email_verified_at.is_some());
    assert!(signs_in(&world, OTHER).await);
}

#[tokio::test]
async fn no_other_token_resets_a_password() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let verify = world.mailed_token().await;
    let before = world.ada().await;
    for token in ["", "nmp_", &verify, &verify.replacen("nmv_", "nmp_", 1)] {
        let refused = world.auth.reset_password(reset(token, OTHER)).await.unwrap_err();
        assert!(matches!(refused, ResetPasswordError::InvalidToken), "{token}");
    }
    assert_eq!(world.ada().await, before);
}

#[tokio::test]
async fn changing_a_password_ends_every_other_session_and_voids_reset_tokens() {
    let world = World::with_ada().await;
    let (mine, other) = (world.login().await, world.login().await);
    let token = forgotten(&world).await;
    world.clock.advance(1);
    let by = world.signed_in(&mine).await;
    world.auth.change_password(change(by, RIGHT, OTHER)).await.expect("a change");
    assert!(world.is_let_in(&mine).await);
    assert!(!world.is_let_in(&other).await);
    assert!(world.auth.refresh(other.refresh.expose()).await.is_err());
    world.auth.refresh(mine.refresh.expose()).await.expect("this session goes on");
    assert_eq!(world.mails().await, [(email(ADA), Letter::PasswordChanged)]);
    assert!(world.auth.reset_password(reset(&token, THIRD)).await.is_err());
    assert!(signs_in(&world, OTHER).await);
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it_and_to_a_good_one() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let by = world.signed_in(&tokens).await;
    let before = world.ada().await;
    let refused = world.auth.change_password(change(by, THIRD, OTHER)).await.unwrap_err();
    assert!(matches!(refused, ChangePasswordError::WrongPassword));
    let refused = world.auth.change_password(change(by, RIGHT, "x")).await.unwrap_err();
    assert!(matches!(refused, ChangePasswordError::WeakPassword(WeakPassword::TooShort)));
    let refused = world.auth.change_password(change(by, RIGHT, RIGHT)).await.unwrap_err();
    assert!(matches!(refused, ChangePasswordError::WeakPassword(WeakPassword::Unchanged)));
    assert_eq!(world.ada().await, before);
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn a_change_that_comes_second_is_decided_again_on_the_new_password() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let by = world.signed_in(&tokens).await;
    world.two_decide_at_once();
    let (one, two) = tokio::join!(
        world.auth.change_password(change(by, RIGHT, OTHER)),
        world.auth.change_password(change(by, RIGHT, THIRD))
    );
    let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert!(matches!(refused[..], [ChangePasswordError::WrongPassword]), "{refused:?}");
}
