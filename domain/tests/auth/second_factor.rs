//! The second factor and the step-up.

use namaskah_domain::{
    Letter,
    auth::{
        AuthReads, ChangePassword, ChangePasswordError, CodeError, ConfirmTotp, ConfirmTotpError,
        Credentials, DisableTotp, DisableTotpError, Elevation, EnrollTotpError, OneTimeCode, Origin,
        RefreshError, Renewed, ResetPassword, Role, SecondFactor, Secret, SignInError, SignedIn, StepUp,
        StepUpError, Tokens, Totp,
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
        let by = world.steps_up(by).await;
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

const CARRIERS: [&str; 2] = ["tokens", "cookie"];

/// Signed in just now with the code of the next step.
async fn carried_by(carrier: &str) -> (Guarded, SignedIn) {
    let ada = Guarded::ada().await;
    let auth = &ada.world.auth;
    let with = Credentials { code: Some(ada.world.code(1)), ..credentials(ADA, RIGHT) };
    let by = if carrier == "cookie" {
        let opened = auth.open_browser_session(with, Origin::default()).await.expect("a session");
        auth.authenticate_cookie(&opened.cookie).await.expect("somebody")
    } else {
        ada.world.signed_in(&auth.login(with, Origin::default()).await.expect("a sign-in")).await
    };
    (ada, by)
}

async fn step_up(
    world: &World,
    by: SignedIn,
    password: Option<&str>,
    code: Option<OneTimeCode>,
) -> Result<Elevation, StepUpError> {
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
    let lifted = step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    assert_eq!(
        lifted.until,
        namaskah_domain::Clock::now(world.clock.as_ref()) + namaskah_domain::time::minutes(5)
    );
    let by = world.goes_on(lifted).await;
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
    let by = world.steps_up(by).await;
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
    let by = world.steps_up(by).await;
    world.auth.logout(by).await.expect("an end");
    assert!(matches!(world.auth.enroll_totp(by).await, Err(EnrollTotpError::StepUpRequired)));
    assert!(matches!(step_up(&world, by, Some(RIGHT), None).await, Err(StepUpError::SignedOut)));
}

/// Whoever has a copy of a credential of before has nothing any more.
#[tokio::test]
async fn a_sign_in_goes_on_with_new_tokens_after_a_step_up_and_those_of_before_are_void() {
    let world = World::with_ada().await;
    let before = world.login().await;
    let by = world.signed_in(&before).await;
    let begun = world.auth.sessions(by.user).await.expect("sessions").remove(0);
    world.clock.advance(60);
    let after = world.steps_up_by_tokens(by).await;
    assert!(!world.is_let_in(&before).await && world.is_let_in(&after).await);
    let refused = world.auth.refresh(before.refresh.expose()).await.unwrap_err();
    assert!(matches!(refused, RefreshError::InvalidToken), "{refused:?}");
    let left = world.auth.sessions(by.user).await.expect("sessions");
    let [session] = &left[..] else { panic!("not one session: {left:?}") };
    assert_eq!(session.id, after.session);
    assert_eq!((session.created_at, session.expires_at), (begun.created_at, begun.expires_at));
    let renewed = world.auth.refresh(after.refresh.expose()).await.expect("the next tokens");
    assert_eq!(renewed.session, after.session);
    world.auth.enroll_totp(world.signed_in(&renewed).await).await.expect("still stepped up");
}

#[tokio::test]
async fn a_browser_goes_on_with_a_new_cookie_after_a_step_up_and_ends_when_it_would_have() {
    let world = World::with_ada().await;
    let opened = world.auth.open_browser_session(credentials(ADA, RIGHT), Origin::default()).await;
    let before = opened.expect("a session");
    let by = world.auth.authenticate_cookie(&before.cookie).await.expect("somebody");
    world.clock.advance(60);
    let lifted = step_up(&world, by, Some(RIGHT), None).await.expect("a step-up");
    let Renewed::Browser(after) = lifted.credentials else { panic!("no cookie: {lifted:?}") };
    assert!(world.auth.authenticate_cookie(&before.cookie).await.is_err());
    let by = world.auth.authenticate_cookie(&after.cookie).await.expect("somebody");
    assert_eq!(by.session, after.session);
    assert_eq!(after.expires_in_s, before.expires_in_s - 60);
    world.auth.enroll_totp(by).await.expect("stepped up");
}

/// A code alone brings no sign-in of staff back, however it is carried; a user's goes on.
#[tokio::test]
async fn what_is_over_for_staff_does_not_step_up() {
    let half_an_hour = 30 * 60;
    for carrier in CARRIERS {
        for (role, goes_on) in [(Role::Support, false), (Role::Owner, false), (Role::Customer, true)] {
            let (ada, by) = carried_by(carrier).await;
            ada.world.change_ada(|ada| ada.role = role).await;
            ada.world.clock.advance(half_an_hour - 1);
            let lifted = step_up(&ada.world, by, None, Some(ada.world.code(0))).await;
            let by = ada.world.goes_on(lifted.expect("the last second")).await;
            ada.world.clock.advance(half_an_hour);
            let lifted = step_up(&ada.world, by, None, Some(ada.world.code(0))).await;
            assert_eq!(lifted.is_ok(), goes_on, "{role:?}: {lifted:?}");
            assert!(goes_on || matches!(lifted, Err(StepUpError::OverForStaff)), "{lifted:?}");
        }
    }
}

#[tokio::test]
async fn what_began_twelve_hours_ago_does_not_step_up_for_staff_however_busy_it_was() {
    let step = 29 * 60;
    for carrier in CARRIERS {
        let (ada, mut by) = carried_by(carrier).await;
        ada.world.change_ada(|ada| ada.role = Role::Support).await;
        // Each step-up is a use.
        let steps = 12 * 3_600 / step;
        for _ in 0..steps {
            ada.world.clock.advance(step);
            let lifted = step_up(&ada.world, by, None, Some(ada.world.code(0))).await;
            by = ada.world.goes_on(lifted.expect("a step-up")).await;
        }
        ada.world.clock.advance(12 * 3_600 - steps * step - 1);
        let lifted = step_up(&ada.world, by, None, Some(ada.world.code(0))).await;
        by = ada.world.goes_on(lifted.expect("the last second")).await;
        ada.world.clock.advance(1);
        let refused = step_up(&ada.world, by, Some(RIGHT), Some(ada.world.code(1))).await.unwrap_err();
        assert!(matches!(refused, StepUpError::OverForStaff), "{refused:?}");
    }
}

#[tokio::test]
async fn of_two_step_ups_of_one_session_at_once_one_goes_on() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    world.two_decide_at_once();
    let once = || step_up(&world, by, Some(RIGHT), None);
    let (one, two) = tokio::join!(once(), once());
    let (lifted, refused): (Vec<_>, Vec<_>) = [one, two].into_iter().partition(Result::is_ok);
    assert_eq!(lifted.len(), 1);
    assert!(matches!(refused[..], [Err(StepUpError::SignedOut)]), "{refused:?}");
    assert_eq!(world.open_sessions(by.user).await, 1);
}

#[tokio::test]
async fn a_second_beginning_replaces_the_first_and_none_waits_for_ever() {
    let world = World::with_ada().await;
    let by = world.signed_in(&world.login().await).await;
    let confirm = |by, code| world.auth.confirm_totp(ConfirmTotp { by, code });
    assert!(matches!(confirm(by, world.code(0)).await, Err(ConfirmTotpError::NothingPending)));
    let by = world.steps_up(by).await;
    let first = world.auth.enroll_totp(by).await.expect("a beginning");
    let second = world.auth.enroll_totp(by).await.expect("another");
    assert_ne!(first.secret, second.secret);
    assert!(matches!(confirm(by, world.code(5)).await, Err(ConfirmTotpError::WrongCode)));
    world.clock.advance(15 * 60);
    assert!(matches!(confirm(by, world.code(0)).await, Err(ConfirmTotpError::NothingPending)));
    let by = world.steps_up(by).await;
    world.auth.enroll_totp(by).await.expect("a third");
    world.clock.advance(15 * 60 - 1);
    assert_eq!(confirm(by, world.code(0)).await.expect("the right code").len(), 10);
    assert!(matches!(confirm(by, world.code(1)).await, Err(ConfirmTotpError::AlreadyOn)));
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
    let lifted = step_up(&ada.world, ada.by, Some(RIGHT), Some(ada.world.code(0))).await;
    let by = ada.world.goes_on(lifted.expect("the code was not used")).await;
    change_password(&ada.world, by).await.expect("a change");
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
    let own = world.steps_up_by_tokens(world.signed_in(&own).await).await;
    let by = world.signed_in(&own).await;
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
    let by = ada.world.steps_up(ada.by).await;
    ada.world.auth.enroll_totp(by).await.expect("a beginning");
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
