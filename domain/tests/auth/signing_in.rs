use namaskah_domain::{
    Clock, Page, SessionId, UserId,
    auth::{
        AuthReads, AuthenticateError, Origin, PasswordHash, RefreshError, Register, ResetPassword,
        ResetPasswordError, SessionEnd, SignInError, Suspension, WeakPassword,
    },
    notification::{NotificationQuery, NotificationReads, Occasion},
    upkeep::{Task, UpkeepService},
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret, written};

const REFRESH_S: i64 = 30 * 24 * 3600;

fn suspended(world: &World) -> Option<Suspension> {
    Some(Suspension { reason: "a test".to_owned(), since: world.clock.now(), until: None })
}

#[tokio::test]
async fn tokens_name_who_signed_in() {
    let world = World::with_ada().await;
    let origin =
        Origin { device: Some("curl\n8".to_owned() + &"x".repeat(300)), ip: Some("192.0.2.1".to_owned()) };
    let tokens = world.auth.login(credentials(ADA, RIGHT), origin).await.expect("a sign-in");
    assert_eq!(tokens.expires_in_s, 900);
    let who = world.signed_in(&tokens).await;
    assert_eq!((who.user, who.session), (world.ada().await.id, tokens.session));
    let sessions = world.auth.sessions(who.user).await.expect("sessions");
    let device = sessions[0].device.as_deref().expect("a device");
    assert_eq!((&device[..6], device.len()), ("curl8x", 200));
    assert_eq!(sessions[0].ip.as_deref(), Some("192.0.2.1"));
}

#[tokio::test]
async fn unknown_address_and_wrong_password_are_one_refusal_for_the_same_work() {
    let world = World::with_ada().await;
    let (_, before) = world.hasher.work();
    for (tried, (address, password)) in (1..).zip([(ADA, OTHER), ("eve@example.com", RIGHT), (ADA, "")]) {
        let refused = world.auth.login(credentials(address, password), Origin::default()).await.unwrap_err();
        assert!(matches!(refused, SignInError::InvalidCredentials));
        assert_eq!(world.hasher.work().1, before + tried);
    }
    assert_eq!(world.open_sessions(world.ada().await.id).await, 0);
}

#[tokio::test]
async fn what_else_forbids_a_sign_in_is_told_only_with_the_right_password() {
    let world = World::with_ada().await;
    world.change_ada(|ada| ada.suspension = suspended(&world)).await;
    let refused = world.auth.login(credentials(ADA, OTHER), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::InvalidCredentials));
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Suspended));
}

#[tokio::test]
async fn a_weak_hash_is_replaced_at_sign_in() {
    let world = World::with_ada().await;
    world.change_ada(|ada| ada.password = PasswordHash::from_stored(format!("weak {RIGHT}"))).await;
    world.login().await;
    assert_eq!(world.ada().await.password.as_str(), format!("hashed {RIGHT}"));
    world.login().await;
}

#[tokio::test]
async fn no_session_begins_on_a_password_that_was_changed_meanwhile() {
    let world = World::with_ada().await;
    let now = world.ada().await.created_at;
    let new = PasswordHash::from_stored(format!("hashed {OTHER}"));
    world.someone_commits_first(
        world.unit_on_ada(|ada| (ada.password, ada.password_changed_at) = (new, now)).await,
    );
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::InvalidCredentials));
    assert_eq!(world.open_sessions(world.ada().await.id).await, 0);
}

#[tokio::test]
async fn no_session_begins_for_a_user_who_was_suspended_meanwhile() {
    let world = World::with_ada().await;
    world.someone_commits_first(world.unit_on_ada(|ada| ada.suspension = suspended(&world)).await);
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Suspended));
    assert_eq!(world.open_sessions(world.ada().await.id).await, 0);
}

#[tokio::test]
async fn two_sign_ins_at_once_both_begin_a_session_and_compare_the_password_once_each() {
    let world = World::with_ada().await;
    let (_, before) = world.hasher.work();
    let version = world.ada().await.version.get();
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.login(), world.login());
    assert_ne!(one.session, two.session);
    assert_eq!(world.hasher.work().1, before + 2);
    assert_eq!(world.ada().await.version, written(version + 2));
    assert!(world.is_let_in(&one).await && world.is_let_in(&two).await);
}

#[tokio::test]
async fn a_password_that_must_be_changed_gives_a_token_for_that_alone() {
    let world = World::new();
    let cmd = Register { email: email(ADA), password: secret(RIGHT) };
    world.auth.create_owner(cmd).await.expect("an owner");
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    let SignInError::PasswordChangeRequired { change_token } = refused else { panic!("{refused:?}") };
    assert!(world.auth.authenticate(change_token.expose()).await.is_err());
    assert!(world.auth.refresh(change_token.expose()).await.is_err());
    assert!(world.auth.verify_email(change_token.expose()).await.is_err());
    let set = |password: &str| ResetPassword { token: change_token.clone(), password: secret(password) };
    let refused = world.auth.reset_password(set(RIGHT)).await.unwrap_err();
    assert!(matches!(refused, ResetPasswordError::WeakPassword(WeakPassword::Unchanged)));
    world.auth.reset_password(set(OTHER)).await.expect("a change");
    assert!(!world.ada().await.must_change_password);
    world.auth.login(credentials(ADA, OTHER), Origin::default()).await.expect("a sign-in");
    let refused = world.auth.reset_password(set(RIGHT)).await.unwrap_err();
    assert!(matches!(refused, ResetPasswordError::InvalidToken));
}

#[tokio::test]
async fn an_access_token_is_good_for_a_quarter_of_an_hour() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.clock.advance(899);
    assert!(world.is_let_in(&tokens).await);
    world.clock.advance(1);
    assert!(!world.is_let_in(&tokens).await);
}

/// Pitfall 24.
#[tokio::test]
async fn no_kind_of_credential_passes_for_another() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let browser = world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default()).await;
    let browser = browser.expect("a sign-in");
    for access in [&tokens.refresh, &browser.cookie] {
        let refused = world.auth.authenticate(access.expose()).await.unwrap_err();
        assert!(matches!(refused, AuthenticateError::InvalidCredential));
    }
    for cookie in [&tokens.access, &tokens.refresh] {
        let refused = world.auth.authenticate_cookie(cookie).await.unwrap_err();
        assert!(matches!(refused, AuthenticateError::InvalidCredential));
    }
    for refresh in [&tokens.access, &browser.cookie] {
        let refused = world.auth.refresh(refresh.expose()).await.unwrap_err();
        assert!(matches!(refused, RefreshError::InvalidToken));
    }
    assert!(world.is_let_in(&tokens).await);
}

#[tokio::test]
async fn an_access_token_stands_only_for_a_token_session_of_its_own_user() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let browser = world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default()).await;
    let (user, browser) = (tokens.user.id, browser.expect("a sign-in").session);
    let stranger = UserId::from_parts(world.clock.now(), [255; 10]);
    let nowhere = SessionId::from_parts(world.clock.now(), [255; 10]);
    let end = world.clock.now().timestamp() + 1;
    let cases = [(user, tokens.session, true), (user, browser, false), (stranger, tokens.session, false)];
    for (user, session, good) in cases.into_iter().chain([(user, nowhere, false)]) {
        let signed = format!("{user} {session} 0 {end}");
        assert_eq!(world.auth.authenticate(&signed).await.is_ok(), good, "{signed}");
    }
}

/// Pitfall 24.
#[tokio::test]
async fn a_suspended_user_is_refused_at_once_and_let_in_again_when_it_ends() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world
        .change_ada(|ada| {
            let until = ada.created_at + namaskah_domain::time::minutes(5);
            ada.suspension = suspended(&world).map(|s| Suspension { until: Some(until), ..s });
        })
        .await;
    let refused = world.auth.authenticate(tokens.access.expose()).await.unwrap_err();
    assert!(matches!(refused, AuthenticateError::Suspended));
    let refused = world.auth.refresh(tokens.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Suspended));
    world.clock.advance(300);
    assert!(world.is_let_in(&tokens).await);
    world.auth.refresh(tokens.refresh.expose()).await.expect("the token was not used up");
}

#[tokio::test]
async fn a_browsers_cookie_signs_in_and_brings_its_own_csrf_token() {
    let world = World::with_ada().await;
    let open = || world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default());
    let (one, two) = (open().await.expect("a sign-in"), open().await.expect("a sign-in"));
    let who = world.auth.authenticate_cookie(&one.cookie).await.expect("somebody");
    assert_eq!((who.user, who.session), (one.user.id, one.session));
    let csrf = world.auth.csrf_token(&one.cookie);
    assert!(world.auth.is_csrf_token(&one.cookie, csrf.expose()));
    assert!(!world.auth.is_csrf_token(&two.cookie, csrf.expose()));
    for wrong in ["", one.cookie.expose()] {
        assert!(!world.auth.is_csrf_token(&one.cookie, wrong));
    }
    world.clock.advance(one.expires_in_s);
    assert!(world.auth.authenticate_cookie(&one.cookie).await.is_err());
}

#[tokio::test]
async fn refreshing_brings_new_tokens_of_the_same_session() {
    let world = World::with_ada().await;
    let mut tokens = world.login().await;
    for _ in 0..5 {
        world.clock.advance(REFRESH_S / 2);
        let next = world.auth.refresh(tokens.refresh.expose()).await.expect("new tokens");
        assert_eq!(next.session, tokens.session);
        assert_ne!(next.refresh, tokens.refresh);
        assert!(world.is_let_in(&next).await);
        tokens = next;
    }
}

#[tokio::test]
async fn a_refresh_token_is_good_for_thirty_days() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.clock.advance(REFRESH_S);
    let refused = world.auth.refresh(tokens.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::InvalidToken));
}

#[tokio::test]
async fn however_often_it_is_renewed_a_sign_in_ends_after_ninety_days() {
    let world = World::with_ada().await;
    let mut tokens = world.login().await;
    for _ in 0..3 {
        world.clock.advance(REFRESH_S - 1);
        tokens = world.auth.refresh(tokens.refresh.expose()).await.expect("new tokens");
    }
    // Three seconds are left of the ninety days.
    world.clock.advance(2);
    tokens = world.auth.refresh(tokens.refresh.expose()).await.expect("new tokens");
    world.clock.advance(1);
    assert!(!world.is_let_in(&tokens).await);
    let refused = world.auth.refresh(tokens.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::InvalidToken));
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_its_family_and_no_other() {
    let world = World::with_ada().await;
    let (first, bystander) = (world.login().await, world.login().await);
    let second = world.auth.refresh(first.refresh.expose()).await.expect("new tokens");
    let refused = world.auth.refresh(first.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Reused));
    let refused = world.auth.refresh(second.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::InvalidToken));
    assert!(!world.is_let_in(&second).await);
    assert!(world.is_let_in(&bystander).await);
    let session = world.memory.session(first.session).await.expect("an answer").expect("a session");
    assert!(matches!(session.ended, Some((_, SessionEnd::TokenReused))));
}

#[tokio::test]
async fn a_refresh_token_used_twice_at_once_brings_one_answer_and_ends_the_family() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.two_decide_at_once();
    let token = tokens.refresh.expose();
    let (one, two) = tokio::join!(world.auth.refresh(token), world.auth.refresh(token));
    let (won, lost): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
    assert!(matches!(lost[..], [Err(RefreshError::Reused)]), "{lost:?}");
    for tokens in won.into_iter().flatten() {
        assert!(!world.is_let_in(&tokens).await);
    }
    assert_eq!(world.open_sessions(tokens.user.id).await, 0);
}

#[tokio::test]
async fn a_refresh_token_of_an_ended_session_is_refused() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.auth.logout(world.signed_in(&tokens).await).await.expect("an end");
    let refused = world.auth.refresh(tokens.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::InvalidToken));
}

#[tokio::test]
async fn a_silent_store_leaves_the_refresh_token_unused() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    world.the_store_is_silent_once();
    let refused = world.auth.refresh(tokens.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::Unavailable(_)));
    world.auth.refresh(tokens.refresh.expose()).await.expect("new tokens");
}

#[tokio::test]
async fn a_sign_in_by_a_client_of_another_name_is_told_and_the_first_one_is_not() {
    let world = World::with_ada().await;
    let by = |device: &str| Origin { device: Some(device.to_owned()), ip: None };
    let mut told = Vec::new();
    for device in ["Firefox", "Firefox", "curl", "Firefox", "curl"] {
        let tokens = world.auth.login(credentials(ADA, RIGHT), by(device)).await.expect("a sign-in");
        let page = Page { limit: 10, after: None };
        let all = world.memory.notifications(tokens.user.id, &NotificationQuery::default(), page).await;
        let newest = all.expect("readable").rows.into_iter().next().map(|told| told.occasion);
        told.push(newest == Some(Occasion::NewSignIn { session: tokens.session }));
    }
    assert_eq!(told, [false, false, true, false, false]);
}

/// Sessions are deleted 45 days after their end: whoever takes over an account that sleeps would be the first there.
#[tokio::test]
async fn who_has_not_signed_in_for_a_year_hears_of_a_sign_in() {
    let world = World::with_ada().await;
    world.login().await;
    world.clock.advance(365 * 24 * 3_600);
    let upkeep = UpkeepService::new(world.memory.clone(), world.clock.clone());
    upkeep.run(Task::RefreshTokens).await.expect("swept");
    upkeep.run(Task::Sessions).await.expect("swept");
    let before = world.memory.signed_in_before(world.ada().await.id, None).await.expect("readable");
    assert!(!before.any, "nothing is known of it any more");
    let tokens = world.login().await;
    let page = Page { limit: 10, after: None };
    let told = world.memory.notifications(tokens.user.id, &NotificationQuery::default(), page).await;
    let told: Vec<Occasion> = told.expect("readable").rows.into_iter().map(|told| told.occasion).collect();
    assert_eq!(told, [Occasion::NewSignIn { session: tokens.session }]);
    // And not of the next one, which is as this.
    world.login().await;
    let told = world.memory.notifications(tokens.user.id, &NotificationQuery::default(), page).await;
    assert_eq!(told.expect("readable").rows.len(), 1);
}
