//! The second factor and the step-up.

use namaskah_domain::{
    Letter,
    auth::{
        AuthReads, ChangePassword, ChangePasswordError, CodeError, ConfirmTotp, ConfirmTotpError,
        Credentials, DisableTotp, DisableTotpError, EnrollTotpError, OneTimeCode, Origin, ResetPassword,
        SecondFactor, Secret, SignInError, SignedIn, StepUp, StepUpError, Tokens, Totp,
    },
};

use crate::fakes::{ADA, OTHER, RIGHT, World, credentials, email, secret};

/// Ada with a second factor, signed in, with her recovery codes. The code of the present step is used.
struct Guarded {
    world: World,
    by: SignedIn,
    recovery: Vec<Secret>,
}

impl Guarded {
    async fn ada() -> Self {
        let world = World::with_ada().await;
        let by = world.signed_in(&world.login().await).await;
        step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
        world.auth.enroll_totp(by).await.expect("a beginning");
        let cmd = ConfirmTotp { by, code: world.code(0) };
        let recovery = world.auth.confirm_totp(cmd).await.expect("the right code");
        assert_eq!(world.mails().await, [(email(ADA), Letter::SecondFactorOn)]);
        Self { world, by, recovery }
    }

    fn recovery_code(&self, place: usize) -> OneTimeCode {
        OneTimeCode::read(self.recovery[place].expose()).expect("a code")
    }

    async fn login(&self, code: Option<OneTimeCode>) -> Result<Tokens, SignInError> {
        let with = Credentials { code, ..credentials(ADA, RIGHT) };
        self.world.auth.login(with, Origin::default()).await
    }

    async fn totp(&self) -> Totp {
        match self.world.ada().await.second_factor {
            SecondFactor::On(totp) => totp,
            other => panic!("not on: {other:?}"),
        }
    }
}

async fn step_up(
    world: &World,
    by: SignedIn,
    password: Option<&str>,
    code: Option<OneTimeCode>,
) -> Result<namaskah_domain::Time, StepUpError> {
    world.auth.step_up(StepUp { by, password: password.map(secret), code }).await
}

async fn change_password(world: &World, by: SignedIn) -> Result<(), ChangePasswordError> {
    let cmd = ChangePassword { by, current: secret(RIGHT), new: secret(OTHER) };
    world.auth.change_password(cmd).await
}

#[tokio::test]
async fn whoever_has_none_signs_in_and_changes_the_password_as_ever() {
    let world = World::with_ada().await;
    let with = Credentials { code: Some(world.code(0)), ..credentials(ADA, RIGHT) };
    let tokens = world.auth.login(with, Origin::default()).await.expect("a code is of no use, and no harm");
    assert_eq!(tokens.user.second_factor, SecondFactor::Off);
    let by = world.signed_in(&tokens).await;
    change_password(&world, by).await.expect("no step-up is asked for");
}

#[tokio::test]
async fn it_begins_with_a_step_up_by_password() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let refused = world.auth.enroll_totp(by).await.unwrap_err();
    assert!(matches!(refused, EnrollTotpError::StepUpRequired));
    let refused = step_up(&world, by, None, Some(world.code(0))).await.unwrap_err();
    assert!(matches!(refused, StepUpError::PasswordRequired));
    let refused = step_up(&world, by, Some(OTHER), None).await.unwrap_err();
    assert!(matches!(refused, StepUpError::WrongPassword));
    let until = step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    assert_eq!(until, namaskah_domain::Clock::now(world.clock.as_ref()) + namaskah_domain::time::minutes(5));
    let begun = world.auth.enroll_totp(by).await.expect("a beginning");
    assert_eq!(begun.secret.expose().len(), 32);
    assert!(begun.otpauth_url.expose().contains(begun.secret.expose()));
    // Nothing asks for it yet.
    assert!(!world.ada().await.second_factor.is_on());
    world.login().await;
}

#[tokio::test]
async fn a_step_up_is_one_sessions_and_lasts_five_minutes() {
    let world = World::with_ada().await;
    let (lifted, other) = (world.login().await, world.login().await);
    let (by, other) = (world.signed_in(&lifted).await, world.signed_in(&other).await);
    step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    let refused = world.auth.enroll_totp(other).await.unwrap_err();
    assert!(matches!(refused, EnrollTotpError::StepUpRequired));
    let stranger = SignedIn {
        user: other.user,
        session: namaskah_domain::SessionId::from_uuid(other.user.uuid()),
        ..by
    };
    assert!(matches!(world.auth.enroll_totp(stranger).await, Err(EnrollTotpError::StepUpRequired)));
    world.clock.advance(299);
    world.auth.enroll_totp(by).await.expect("the last second");
    world.clock.advance(1);
    assert!(matches!(world.auth.enroll_totp(by).await, Err(EnrollTotpError::StepUpRequired)));
    step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    world.auth.logout(by).await.expect("an end");
    assert!(matches!(world.auth.enroll_totp(by).await, Err(EnrollTotpError::StepUpRequired)));
    assert!(matches!(step_up(&world, by, Some(RIGHT), None).await, Err(StepUpError::SignedOut)));
}

#[tokio::test]
async fn a_second_beginning_replaces_the_first_and_none_waits_for_ever() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let confirm = |code| world.auth.confirm_totp(ConfirmTotp { by, code });
    assert!(matches!(confirm(world.code(0)).await, Err(ConfirmTotpError::NothingPending)));
    step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    let first = world.auth.enroll_totp(by).await.expect("a beginning");
    let second = world.auth.enroll_totp(by).await.expect("another");
    assert_ne!(first.secret, second.secret);
    assert!(matches!(confirm(world.code(5)).await, Err(ConfirmTotpError::WrongCode)));
    world.clock.advance(15 * 60);
    assert!(matches!(confirm(world.code(0)).await, Err(ConfirmTotpError::NothingPending)));
    step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    world.auth.enroll_totp(by).await.expect("a third");
    world.clock.advance(15 * 60 - 1);
    assert_eq!(confirm(world.code(0)).await.expect("the right code").len(), 10);
    assert!(matches!(confirm(world.code(1)).await, Err(ConfirmTotpError::AlreadyOn)));
    assert!(matches!(world.auth.enroll_totp(by).await, Err(EnrollTotpError::AlreadyOn)));
}

#[tokio::test]
async fn signing_in_needs_the_password_and_a_code_each_of_which_works_once() {
    let ada = Guarded::ada().await;
    let refused = ada.login(None).await.unwrap_err();
    assert!(matches!(refused, SignInError::Code(CodeError::Required)));
    // The one that confirmed it is used up.
    let refused = ada.login(Some(ada.world.code(0))).await.unwrap_err();
    assert!(matches!(refused, SignInError::Code(CodeError::Wrong)));
    ada.login(Some(ada.world.code(1))).await.expect("the next one is taken early");
    for used in [1, 0, -1, 2] {
        let refused = ada.login(Some(ada.world.code(used))).await.unwrap_err();
        assert!(matches!(refused, SignInError::Code(CodeError::Wrong)), "{used}");
    }
    ada.world.clock.advance(60);
    let browser = Credentials { code: Some(ada.world.code(0)), ..credentials(ADA, RIGHT) };
    ada.world.auth.open_browser_session(browser, Origin::default()).await.expect("a sign-in");
    let refused = ada.login(Some(ada.world.code(0))).await.unwrap_err();
    assert!(matches!(refused, SignInError::Code(CodeError::Wrong)));
}

#[tokio::test]
async fn a_wrong_password_says_nothing_of_the_code_and_uses_nothing_up() {
    let ada = Guarded::ada().await;
    let before = ada.totp().await;
    for code in [None, Some(ada.world.code(1)), Some(ada.world.code(9)), Some(ada.recovery_code(0))] {
        let with = Credentials { code, ..credentials(ADA, OTHER) };
        let refused = ada.world.auth.login(with, Origin::default()).await.unwrap_err();
        assert!(matches!(refused, SignInError::InvalidCredentials));
    }
    assert_eq!(ada.totp().await, before);
}

#[tokio::test]
async fn of_two_sign_ins_at_once_with_one_code_one_begins() {
    for recovery in [false, true] {
        let ada = Guarded::ada().await;
        let code = if recovery { ada.recovery_code(3) } else { ada.world.code(1) };
        ada.world.two_decide_at_once();
        let (one, two) = tokio::join!(ada.login(Some(code.clone())), ada.login(Some(code)));
        let (begun, refused): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
        assert_eq!(begun.len(), 1);
        assert!(matches!(refused[..], [Err(SignInError::Code(CodeError::Wrong))]), "{refused:?}");
        assert_eq!(ada.world.open_sessions(ada.by.user).await, 2);
        let left = if recovery { 9 } else { 10 };
        assert_eq!(ada.totp().await.recovery.len(), left);
    }
}

#[tokio::test]
async fn a_sign_in_and_a_step_up_at_once_do_not_share_a_code() {
    let ada = Guarded::ada().await;
    let code = ada.world.code(1);
    ada.world.two_decide_at_once();
    let lifted = step_up(&ada.world, ada.by, None, Some(code.clone()));
    let (begun, lifted) = tokio::join!(ada.login(Some(code)), lifted);
    assert_ne!(begun.is_ok(), lifted.is_ok());
}

#[tokio::test]
async fn each_of_ten_recovery_codes_signs_in_once() {
    let ada = Guarded::ada().await;
    assert_eq!(ada.recovery.len(), 10);
    for place in 0..10 {
        ada.login(Some(ada.recovery_code(place))).await.expect("an unused code");
        let refused = ada.login(Some(ada.recovery_code(place))).await.unwrap_err();
        assert!(matches!(refused, SignInError::Code(CodeError::Wrong)), "{place}");
    }
    assert_eq!(ada.totp().await.recovery, []);
    ada.login(Some(ada.world.code(1))).await.expect("the device still does");
}

#[tokio::test]
async fn guessing_is_slowed_down_whoever_guesses_and_is_counted_when_two_guess_at_once() {
    let ada = Guarded::ada().await;
    ada.world.two_decide_at_once();
    let guess = || ada.login(Some(ada.world.code(7)));
    let (one, two) = tokio::join!(guess(), guess());
    assert!(one.is_err() && two.is_err());
    assert_eq!(ada.totp().await.misses, 2);
    for _ in 0..3 {
        guess().await.unwrap_err();
    }
    let refused = ada.login(Some(ada.world.code(1))).await.unwrap_err();
    assert!(matches!(refused, SignInError::Code(CodeError::Closed { wait_s: 30 })), "{refused:?}");
    let refused = step_up(&ada.world, ada.by, None, Some(ada.world.code(1))).await.unwrap_err();
    assert!(matches!(refused, StepUpError::Code(CodeError::Closed { .. })));
    ada.login(Some(ada.recovery_code(0))).await.expect("no digits, no guess");
    ada.login(Some(ada.world.code(1))).await.expect("open again");
    assert_eq!(ada.totp().await.misses, 0);
}

#[tokio::test]
async fn the_password_is_changed_only_after_a_step_up_by_code() {
    let ada = Guarded::ada().await;
    ada.world.clock.advance(300);
    let refused = change_password(&ada.world, ada.by).await.unwrap_err();
    assert!(matches!(refused, ChangePasswordError::StepUpRequired));
    let refused = step_up(&ada.world, ada.by, Some(RIGHT), None).await.unwrap_err();
    assert!(matches!(refused, StepUpError::Code(CodeError::Required)));
    let refused = step_up(&ada.world, ada.by, Some(OTHER), Some(ada.world.code(0))).await.unwrap_err();
    assert!(matches!(refused, StepUpError::WrongPassword));
    step_up(&ada.world, ada.by, Some(RIGHT), Some(ada.world.code(0))).await.expect("the code was not used");
    change_password(&ada.world, ada.by).await.expect("a change");
    assert!(ada.world.ada().await.second_factor.is_on());
}

#[tokio::test]
async fn a_reset_password_leaves_it_on() {
    let ada = Guarded::ada().await;
    ada.world.auth.forgot_password(&email(ADA)).await.expect("an answer");
    let token = secret(&ada.world.mailed_token().await);
    ada.world.auth.reset_password(ResetPassword { token, password: secret(OTHER) }).await.expect("a reset");
    let with = |code| Credentials { code, ..credentials(ADA, OTHER) };
    let refused = ada.world.auth.login(with(None), Origin::default()).await.unwrap_err();
    assert!(matches!(refused, SignInError::Code(CodeError::Required)));
    ada.world.auth.login(with(Some(ada.world.code(1))), Origin::default()).await.expect("a sign-in");
}

#[tokio::test]
async fn a_password_that_must_be_changed_takes_a_code_first_and_uses_it_up() {
    let ada = Guarded::ada().await;
    ada.world.change_ada(|ada| ada.must_change_password = true).await;
    assert!(matches!(ada.login(None).await, Err(SignInError::Code(CodeError::Required))));
    let code = ada.world.code(1);
    let refused = ada.login(Some(code.clone())).await.unwrap_err();
    assert!(matches!(refused, SignInError::PasswordChangeRequired { .. }));
    assert!(matches!(ada.login(Some(code)).await, Err(SignInError::Code(CodeError::Wrong))));
}

#[tokio::test]
async fn turning_it_on_or_off_ends_every_other_session_and_tells_the_owner() {
    let world = World::with_ada().await;
    let (own, other) = (world.login().await, world.login().await);
    let by = world.signed_in(&own).await;
    step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    world.auth.enroll_totp(by).await.expect("a beginning");
    world.auth.confirm_totp(ConfirmTotp { by, code: world.code(0) }).await.expect("the right code");
    assert!(world.is_let_in(&own).await && !world.is_let_in(&other).await);
    assert_eq!(world.mails().await, [(email(ADA), Letter::SecondFactorOn)]);

    let with = Credentials { code: Some(world.code(1)), ..credentials(ADA, RIGHT) };
    let third = world.auth.login(with, Origin::default()).await.expect("a sign-in");
    world.clock.advance(60);
    let off =
        |password: &str, code| world.auth.disable_totp(DisableTotp { by, password: secret(password), code });
    assert!(matches!(off(OTHER, world.code(0)).await, Err(DisableTotpError::WrongPassword)));
    assert!(matches!(off(RIGHT, world.code(4)).await, Err(DisableTotpError::Code(CodeError::Wrong))));
    assert!(world.ada().await.second_factor.is_on() && world.is_let_in(&third).await);
    off(RIGHT, world.code(0)).await.expect("an end");
    assert!(world.is_let_in(&own).await && !world.is_let_in(&third).await);
    assert_eq!(world.mails().await, [(email(ADA), Letter::SecondFactorOff)]);
    assert_eq!(world.ada().await.second_factor, SecondFactor::Off);
    assert!(matches!(off(RIGHT, world.code(1)).await, Err(DisableTotpError::NotOn)));
    world.login().await;
}

#[tokio::test]
async fn a_lost_device_is_replaced_with_a_recovery_code() {
    let ada = Guarded::ada().await;
    let code = ada.recovery_code(9);
    let cmd = DisableTotp { by: ada.by, password: secret(RIGHT), code };
    ada.world.auth.disable_totp(cmd).await.expect("an end");
    step_up(&ada.world, ada.by, Some(RIGHT), None).await.expect("a step-up");
    ada.world.auth.enroll_totp(ada.by).await.expect("a beginning");
    let refused = ada.login(Some(ada.recovery_code(0))).await;
    refused.expect("nothing asks for a code");
}

#[tokio::test]
async fn a_code_that_no_commit_took_is_not_used_up() {
    let ada = Guarded::ada().await;
    ada.world.the_store_is_silent_once();
    assert!(matches!(ada.login(Some(ada.world.code(1))).await, Err(SignInError::Unavailable(_))));
    ada.login(Some(ada.world.code(1))).await.expect("a sign-in");
}

#[tokio::test]
async fn nothing_of_it_is_left_of_a_user_who_left() {
    let ada = Guarded::ada().await;
    ada.world.auth.delete_account(ada.by).await.expect("an end");
    let gone = ada.world.memory.user(ada.by.user).await.expect("an answer").expect("a record");
    assert_eq!(gone.second_factor, SecondFactor::Off);
}
