use namaskah_domain::{
    CommitError, Letter,
    auth::{
        CreateOwnerError, Origin, Register, RegisterError, ResetPassword, Role, SignInError,
        VerifyEmailError, WeakPassword,
    },
    wallet::{Account, WalletReads},
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

const THIRD: &str = "bw7 lyre mu";
const DAY_S: i64 = 24 * 3600;

fn reset(token: &str, password: &str) -> ResetPassword {
    ResetPassword { token: secret(token), password: secret(password) }
}

fn register(password: &str) -> Register {
    Register { email: email(ADA), password: secret(password) }
}

#[tokio::test]
async fn a_new_user_has_an_empty_account_and_gets_a_token_by_mail() {
    let world = World::new();
    world.auth.register(register(RIGHT)).await.expect("a registration");
    let ada = world.ada().await;
    assert_eq!((ada.role, ada.email_verified_at, ada.must_change_password), (Role::Customer, None, false));
    assert_eq!(world.memory.account(ada.id).await.expect("an answer"), Some(Account::open(ada.id)));
    let mails = world.mails().await;
    assert!(matches!(&mails[..], [(to, Letter::VerifyEmail { .. })] if *to == email(ADA)), "{mails:?}");
}

#[tokio::test]
async fn a_weak_password_is_refused_before_anything_is_looked_up() {
    for world in [World::new(), World::with_ada().await] {
        let before = world.hasher.work();
        let refused = world.auth.register(register("x")).await.unwrap_err();
        assert!(matches!(refused, RegisterError::WeakPassword(WeakPassword::TooShort)));
        let refused = world.auth.register(register(ADA)).await.unwrap_err();
        assert!(matches!(refused, RegisterError::WeakPassword(WeakPassword::IsEmail)));
        assert_eq!(world.hasher.work(), before);
        assert!(world.mails().await.is_empty());
    }
}

#[tokio::test]
async fn a_taken_address_gets_the_same_answer_for_the_same_work() {
    let world = World::new();
    // Setting the password hashes once between the last two.
    for (registration, hashes) in [("new", 1), ("unverified", 2), ("verified", 4)] {
        world.auth.register(register(RIGHT)).await.expect(registration);
        assert_eq!(world.hasher.work(), (hashes, 0), "{registration}");
        let mails = world.mails().await;
        match &mails[..] {
            [(_, Letter::ResetPassword { token })] if registration == "unverified" => {
                world.auth.reset_password(reset(&token.0, RIGHT)).await.expect("a good token");
                world.mails().await;
            }
            [(_, Letter::VerifyEmail { .. })] => assert_eq!(registration, "new"),
            [(_, Letter::AlreadyRegistered)] => assert_eq!(registration, "verified"),
            other => panic!("{registration}: {other:?}"),
        }
    }
    assert_eq!(world.memory.accounts().len(), 1);
}

async fn signs_in(world: &World, password: &str) -> bool {
    world.auth.login(credentials(ADA, password), Origin::default()).await.is_ok()
}

/// Somebody registers an address that is not his, before its owner does or after him.
#[tokio::test]
async fn after_a_second_registration_the_address_is_proven_by_setting_a_password_and_no_other_stands() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let first = (world.ada().await.id, world.mailed_token().await);
    world.register("ADA@Example.com", OTHER).await;
    let mails = world.mails().await;
    let [(to, Letter::ResetPassword { token })] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!((world.ada().await.id, to), (first.0, &email(ADA)));
    let refused = world.auth.verify_email(&first.1).await.unwrap_err();
    assert!(matches!(refused, VerifyEmailError::InvalidToken), "it would prove the first password");
    assert!(world.ada().await.email_verified_at.is_none());
    world.auth.reset_password(reset(&token.0, THIRD)).await.expect("a good token");
    assert!(world.ada().await.email_verified_at.is_some());
    assert!(!signs_in(&world, RIGHT).await && !signs_in(&world, OTHER).await);
    assert!(signs_in(&world, THIRD).await);
}

/// So that nobody can keep an owner from his proof by registering again and again.
#[tokio::test]
async fn of_many_registrations_each_mail_proves_the_address() {
    for newest in [false, true] {
        let world = World::new();
        world.register(ADA, RIGHT).await;
        world.mails().await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            world.clock.advance(1);
            world.register(ADA, OTHER).await;
            tokens.push(world.mailed_token().await);
        }
        world.auth.reset_password(reset(&tokens[usize::from(newest)], THIRD)).await.expect("a good token");
        assert!(signs_in(&world, THIRD).await && !signs_in(&world, OTHER).await);
    }
}

#[tokio::test]
async fn a_password_that_is_due_stays_due_through_a_second_registration() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    world.change_ada(|ada| ada.must_change_password = true).await;
    world.register(ADA, OTHER).await;
    let ada = world.ada().await;
    assert!(ada.must_change_password && !ada.password.is_set());
}

#[tokio::test]
async fn two_registrations_of_one_address_at_once_make_one_user() {
    let world = World::new();
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.auth.register(register(RIGHT)), world.auth.register(register(OTHER)));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.memory.accounts().len(), 1);
    assert_eq!(world.mails().await.len(), 2);
}

#[tokio::test]
async fn a_silent_store_is_told_as_such_and_not_tried_again() {
    let world = World::new();
    world.the_store_is_silent_once();
    let refused = world.auth.register(register(RIGHT)).await.unwrap_err();
    assert!(matches!(refused, RegisterError::Unavailable(_)));
    assert!(world.memory.accounts().is_empty());
}

#[tokio::test]
async fn an_address_must_be_proven_before_the_first_sign_in() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let refused = world.auth.login(credentials(ADA, RIGHT), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::EmailNotVerified));
    let token = world.mailed_token().await;
    world.auth.verify_email(&token).await.expect("a good token");
    assert_eq!(world.login().await.user.email_verified_at, Some(world.ada().await.created_at));
}

#[tokio::test]
async fn a_verification_token_works_once() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let token = world.mailed_token().await;
    world.auth.verify_email(&token).await.expect("a good token");
    let refused = world.auth.verify_email(&token).await.unwrap_err();
    assert!(matches!(refused, VerifyEmailError::InvalidToken));
}

#[tokio::test]
async fn a_verification_token_used_twice_at_once_works_once() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let token = world.mailed_token().await;
    world.two_decide_at_once();
    let (one, two) = tokio::join!(world.auth.verify_email(&token), world.auth.verify_email(&token));
    assert_eq!([one, two].iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_verification_token_is_good_for_a_day() {
    for (age_s, good) in [(DAY_S - 1, true), (DAY_S, false)] {
        let world = World::new();
        world.register(ADA, RIGHT).await;
        let token = world.mailed_token().await;
        world.clock.advance(age_s);
        assert_eq!(world.auth.verify_email(&token).await.is_ok(), good, "{age_s}");
        assert_eq!(world.ada().await.email_verified_at.is_some(), good, "{age_s}");
    }
}

#[tokio::test]
async fn no_other_token_verifies_an_address() {
    let world = World::new();
    world.register(ADA, RIGHT).await;
    let verify = world.mailed_token().await;
    world.auth.forgot_password(&email(ADA)).await.expect("an answer");
    let reset = world.mailed_token().await;
    let unknown = verify.replace(|char: char| char.is_ascii_digit(), "0");
    for token in ["", "nmv_", &reset, &reset.replacen("nmp_", "nmv_", 1), &unknown] {
        let refused = world.auth.verify_email(token).await.unwrap_err();
        assert!(matches!(refused, VerifyEmailError::InvalidToken), "{token}");
    }
    assert_eq!(world.ada().await.email_verified_at, None);
}

#[tokio::test]
async fn a_verification_mail_is_sent_again_only_while_it_is_needed() {
    let world = World::new();
    world.auth.resend_verification(&email(ADA)).await.expect("an answer");
    assert!(world.mails().await.is_empty());
    world.register(ADA, RIGHT).await;
    let first = world.mailed_token().await;
    world.auth.resend_verification(&email(ADA)).await.expect("an answer");
    let second = world.mailed_token().await;
    assert_ne!(first, second);
    assert!(second.starts_with("nmp_"), "who asks for it may be somebody else than who registered");
    world.auth.reset_password(reset(&second, OTHER)).await.expect("a good token");
    assert!(!signs_in(&world, RIGHT).await && signs_in(&world, OTHER).await);
    world.mails().await;
    world.auth.resend_verification(&email(ADA)).await.expect("an answer");
    assert!(world.mails().await.is_empty());
}

#[tokio::test]
async fn an_owner_is_made_once_and_must_change_the_password() {
    let world = World::new();
    let owner = world.auth.create_owner(register(RIGHT)).await.expect("an owner");
    assert_eq!(owner, world.ada().await);
    assert_eq!((owner.role, owner.must_change_password), (Role::Owner, true));
    assert!(world.mails().await.is_empty());
    let taken = world.auth.create_owner(register(OTHER)).await.unwrap_err();
    assert!(matches!(taken, CreateOwnerError::EmailTaken));
    let weak = world.auth.create_owner(register("password123")).await.unwrap_err();
    assert!(matches!(weak, CreateOwnerError::WeakPassword(WeakPassword::Common)));
}

#[tokio::test]
async fn two_owners_of_one_address_at_once_are_one() {
    let world = World::new();
    world.two_decide_at_once();
    let (one, two) =
        tokio::join!(world.auth.create_owner(register(RIGHT)), world.auth.create_owner(register(OTHER)));
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(refused[..], [CreateOwnerError::EmailTaken]), "{refused:?}");
}

#[test]
fn faults_keep_their_cause_for_the_log_and_hide_it_from_the_reader() {
    let fault = namaskah_domain::Fault::new(CommitError::Stale);
    let error = RegisterError::from(fault);
    assert_eq!(error.to_string(), "registration is not possible now");
    assert!(format!("{error:?}").contains("a record has changed"));
}
