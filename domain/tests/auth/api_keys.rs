use std::net::IpAddr;

use namaskah_domain::{
    Clock, Letter, Time, UserId,
    auth::{
        AllowedIps, ApiKeyError, AuthReads, AuthenticateError, ConfirmTotp, CreateApiKey, CreateApiKeyError,
        KeyBearer, KeyName, NewApiKey, Scope, Scopes, SignedIn, StepUp, Suspension, TokenKind,
    },
    time::seconds,
};

use crate::fakes::{ADA, World, email, written};

const HERE: &str = "203.0.113.7";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn wish(by: SignedIn) -> CreateApiKey {
    CreateApiKey {
        by,
        name: KeyName::try_new("CI").expect("a name"),
        scopes: Scopes::of([Scope::WalletRead]).expect("a scope"),
        allowed: AllowedIps::anywhere(),
        expires_at: None,
    }
}

/// Signed in and stepped up.
async fn signed_in(world: &World) -> SignedIn {
    world.steps_up(world.signed_in(&world.login().await).await).await
}

async fn made(world: &World, cmd: CreateApiKey) -> NewApiKey {
    world.auth.create_api_key(cmd).await.expect("a key")
}

async fn present(world: &World, key: &NewApiKey) -> Result<KeyBearer, AuthenticateError> {
    world.auth.authenticate_key(key.secret.expose(), ip(HERE)).await
}

#[tokio::test]
async fn a_key_acts_for_its_user_until_it_is_deleted_and_both_are_told_by_mail() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let new = made(&world, wish(by)).await;
    assert_eq!(TokenKind::of(new.secret.expose()), Some(TokenKind::ApiKey));
    assert_eq!(world.mails().await, [(email(ADA), Letter::ApiKeyCreated)]);
    assert!(new.secret.expose().starts_with(&new.key.prefix) && new.key.prefix.len() == 12);
    let bearer = present(&world, &new).await.expect("let in");
    assert_eq!((bearer.user, bearer.key, bearer.scopes), (by.user, new.key.id, new.key.scopes));
    assert!(world.auth.key_still_stands(&bearer).await.expect("an answer"));
    assert_eq!(world.auth.api_keys(by.user).await.expect("keys"), std::slice::from_ref(&new.key));
    world.auth.delete_api_key(by, new.key.id).await.expect("deleted");
    assert!(matches!(present(&world, &new).await, Err(AuthenticateError::InvalidCredential)));
    assert!(!world.auth.key_still_stands(&bearer).await.expect("an answer"));
    assert!(world.auth.api_keys(by.user).await.expect("keys").is_empty());
    let again = world.auth.delete_api_key(by, new.key.id).await;
    assert!(matches!(again, Err(ApiKeyError::NotFound)));
    assert_eq!(world.mails().await, [(email(ADA), Letter::ApiKeyDeleted)]);
}

#[tokio::test]
async fn no_other_credential_is_a_key_and_a_key_is_no_other_credential() {
    let world = World::with_ada().await;
    let tokens = world.login().await;
    let by = world.signed_in(&tokens).await;
    let by = world.steps_up(by).await;
    let key = made(&world, wish(by)).await;
    let unknown = TokenKind::ApiKey.prefix().to_owned() + &"0".repeat(64);
    for other in [tokens.access.expose(), tokens.refresh.expose(), &unknown, "", "nmk_"] {
        let refused = world.auth.authenticate_key(other, ip(HERE)).await;
        assert!(matches!(refused, Err(AuthenticateError::InvalidCredential)), "{other}");
    }
    assert!(world.auth.authenticate(key.secret.expose()).await.is_err());
    assert!(world.auth.authenticate_cookie(&key.secret).await.is_err());
    assert!(world.auth.refresh(key.secret.expose()).await.is_err());
}

#[tokio::test]
async fn a_key_is_void_from_its_end_on_and_none_is_made_that_is_void() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let now = world.clock.now();
    let until = |at: Time| CreateApiKey { expires_at: Some(at), ..wish(by) };
    let refused = world.auth.create_api_key(until(now)).await;
    assert!(matches!(refused, Err(CreateApiKeyError::Expired)));
    let key = made(&world, until(now + seconds(60))).await;
    world.clock.advance(59);
    assert!(present(&world, &key).await.is_ok());
    world.clock.advance(1);
    assert!(matches!(present(&world, &key).await, Err(AuthenticateError::InvalidCredential)));
    assert_eq!(
        world.auth.api_keys(by.user).await.expect("keys").len(),
        1,
        "it is listed until it is deleted"
    );
}

#[tokio::test]
async fn a_key_is_used_from_its_addresses_alone() {
    let world = World::with_ada().await;
    let network = AllowedIps::network("203.0.113.0/28").expect("a network");
    let allowed = AllowedIps::only(vec![network]).expect("a network");
    let key = made(&world, CreateApiKey { allowed, ..wish(signed_in(&world).await) }).await;
    for (address, is_in) in [(HERE, true), ("203.0.113.16", false), ("2001:db8::1", false)] {
        let presented = world.auth.authenticate_key(key.secret.expose(), ip(address)).await;
        assert_eq!(presented.is_ok(), is_in, "{address}");
        assert!(is_in || matches!(presented, Err(AuthenticateError::WrongAddress)), "{address}");
    }
}

#[tokio::test]
async fn a_key_does_nothing_while_its_user_may_do_nothing() {
    let world = World::with_ada().await;
    let key = made(&world, wish(signed_in(&world).await)).await;
    let bearer = present(&world, &key).await.expect("let in");
    let since = world.clock.now();
    let suspension = Suspension { reason: "a test".to_owned(), since, until: Some(since + seconds(60)) };
    world.change_ada(|ada| ada.suspension = Some(suspension)).await;
    assert!(matches!(present(&world, &key).await, Err(AuthenticateError::Suspended)));
    assert!(!world.auth.key_still_stands(&bearer).await.expect("an answer"));
    world.clock.advance(60);
    assert!(present(&world, &key).await.is_ok());
    world.change_ada(|ada| ada.must_change_password = true).await;
    assert!(matches!(present(&world, &key).await, Err(AuthenticateError::InvalidCredential)));
}

#[tokio::test]
async fn a_use_is_written_down_once_a_minute() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let new = made(&world, wish(by)).await;
    let used = async || world.auth.api_keys(by.user).await.expect("keys")[0].clone();
    let first = world.clock.now();
    for (passed, noted, version) in [(0, 0, 2), (0, 0, 2), (59, 0, 2), (1, 60, 3), (59, 60, 3), (1, 120, 4)] {
        world.clock.advance(passed);
        let bearer = present(&world, &new).await.expect("let in");
        world.auth.note_key_use(&bearer).await.expect("noted");
        let key = used().await;
        let expected = (Some(first + seconds(noted)), written(version));
        assert_eq!((key.last_used_at, key.version), expected, "after {passed} s");
        assert!(!present(&world, &new).await.expect("let in").use_is_due);
    }
}

#[tokio::test]
async fn of_two_who_note_a_use_at_once_one_writes() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let key = made(&world, wish(by)).await;
    let bearer = present(&world, &key).await.expect("let in");
    assert!(bearer.use_is_due);
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.auth.note_key_use(&bearer), world.auth.note_key_use(&bearer));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.auth.api_keys(by.user).await.expect("keys")[0].version, written(2));
}

#[tokio::test]
async fn a_user_has_fifty_keys_at_most_also_when_two_are_made_at_once() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    for _ in 0..49 {
        made(&world, wish(by)).await;
    }
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.auth.create_api_key(wish(by)), world.auth.create_api_key(wish(by)));
    assert_eq!([&one, &two].iter().filter(|made| made.is_ok()).count(), 1);
    let refused = one.err().or(two.err());
    assert!(matches!(refused, Some(CreateApiKeyError::TooMany(50))), "{refused:?}");
    let keys = world.auth.api_keys(by.user).await.expect("keys");
    assert_eq!(keys.len(), 50);
    world.auth.delete_api_key(by, keys[7].id).await.expect("deleted");
    made(&world, wish(by)).await;
}

/// A key outlives the session that made it.
#[tokio::test]
async fn a_key_is_made_after_a_step_up_by_its_session_and_deleted_without_one() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let other = signed_in(&world).await;
    let refused = async |by| {
        let refused = world.auth.create_api_key(wish(by)).await;
        assert!(matches!(refused, Err(CreateApiKeyError::StepUpRequired)), "{refused:?}");
    };
    refused(by).await;
    let key = made(&world, wish(other)).await;
    world.clock.advance(300);
    refused(other).await;
    assert_eq!(world.auth.api_keys(by.user).await.expect("keys").len(), 1);
    world.auth.delete_api_key(by, key.key.id).await.expect("deleted");
}

#[tokio::test]
async fn with_a_second_factor_keys_are_made_and_deleted_after_a_step_up() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let key = made(&world, wish(by)).await;
    world.auth.enroll_totp(by).await.expect("begun");
    world.auth.confirm_totp(ConfirmTotp { by, code: world.code(0) }).await.expect("on");
    world.clock.advance(301);
    assert!(matches!(world.auth.create_api_key(wish(by)).await, Err(CreateApiKeyError::StepUpRequired)));
    assert!(matches!(world.auth.delete_api_key(by, key.key.id).await, Err(ApiKeyError::StepUpRequired)));
    assert!(present(&world, &key).await.is_ok());
    let lift = StepUp { by, password: None, code: Some(world.code(0)) };
    let by = world.goes_on(world.auth.step_up(lift).await.expect("stepped up")).await;
    made(&world, wish(by)).await;
    world.auth.delete_api_key(by, key.key.id).await.expect("deleted");
}

#[tokio::test]
async fn another_users_key_does_not_exist() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let key = made(&world, wish(by)).await;
    let stranger = SignedIn { user: UserId::from_parts(world.clock.now(), [9; 10]), ..by };
    assert!(matches!(world.auth.delete_api_key(stranger, key.key.id).await, Err(ApiKeyError::NotFound)));
    assert!(matches!(world.auth.create_api_key(wish(stranger)).await, Err(CreateApiKeyError::SignedOut)));
    assert!(present(&world, &key).await.is_ok());
}

#[tokio::test]
async fn keys_end_with_the_account_and_nothing_in_them_tells_of_the_person() {
    let world = World::with_ada().await;
    let by = signed_in(&world).await;
    let network = AllowedIps::network(HERE).expect("a network");
    let allowed = AllowedIps::only(vec![network]).expect("a network");
    let key = made(&world, CreateApiKey { allowed, ..wish(by) }).await;
    let bearer = present(&world, &key).await.expect("let in");
    // A use that is written down meanwhile does not keep the key.
    world.auth.note_key_use(&bearer).await.expect("noted");
    world.auth.delete_account(by).await.expect("an end");
    assert!(present(&world, &key).await.is_err());
    let left = world.memory.api_key(key.key.hash).await.expect("an answer").expect("the record stays").key;
    assert_eq!((left.name.as_str(), left.allowed), ("deleted", AllowedIps::anywhere()));
    assert_eq!(left.ended_at, Some(world.clock.now()));
}
