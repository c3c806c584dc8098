//! The second factor of whoever is signed in, and proving again who that is.

use super::{ATTEMPTS, AuthService, BrowserSession, KeptChanging, SignedIn, Tokens};
use crate::{
    Change, EndSessions, Fault, Letter, Time, UnitOfWork,
    auth::{
        Admission, CodeError, ConfirmTotpError, DisableTotpError, EnrollTotpError, Enrolment, OneTimeCode,
        PasswordCheck, RecoveryCode, SecondFactor, Secret, Session, SessionEnd, SessionKind, StepUpError,
        TotpSecret, User, one_time::RECOVERY_CODES,
    },
};

/// What the user's device is given. Shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTotp {
    /// The secret, to type.
    pub secret: Secret,
    /// The same with all that a device wants to know, to scan.
    pub otpauth_url: Secret,
}

/// Turns the second factor on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmTotp {
    /// Who.
    pub by: SignedIn,
    /// The first code of the user's device.
    pub code: OneTimeCode,
}

/// Turns the second factor off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisableTotp {
    /// Who.
    pub by: SignedIn,
    /// The present password.
    pub password: Secret,
    /// A code, or a recovery code.
    pub code: OneTimeCode,
}

/// Proves again who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUp {
    /// Who.
    pub by: SignedIn,
    /// The present password; needed without a second factor, and right if it is given.
    pub password: Option<Secret>,
    /// A code; needed with a second factor.
    pub code: Option<OneTimeCode>,
}

/// What a step-up gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elevation {
    /// Until when it lasts.
    pub until: Time,
    /// What the sign-in goes on with.
    pub credentials: Renewed,
}

/// The credentials of a session that took the place of another, carried as that one was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// By tokens.
    Tokens(Tokens),
    /// By a browser's cookie.
    Browser(BrowserSession),
}

impl AuthService {
    /// Lifts the session for a short time, so that it may change what its user signs in with. With a second factor
    /// that takes a code, since a password alone is what may have been stolen.
    ///
    /// The sign-in goes on with new credentials; those of before are void from then on. A sign-in that is over for staff
    /// does not go on.
    ///
    /// # Errors
    /// `SignedOut`, `OverForStaff`, `NoPassword`, `PasswordRequired`, `WrongPassword`, `Code`; `Unavailable` if a port does not answer.
    pub async fn step_up(&self, cmd: StepUp) -> Result<Elevation, StepUpError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(cmd.by.user).await?.ok_or(StepUpError::SignedOut)?;
            let session = self.own_session(cmd.by, now).await?.ok_or(StepUpError::SignedOut)?;
            if user.role.is_staff() && !session.is_fit_for_staff(now) {
                return Err(StepUpError::OverForStaff);
            }
            if !user.password.is_set() && (cmd.password.is_some() || !user.second_factor.is_on()) {
                return Err(StepUpError::NoPassword);
            }
            match &cmd.password {
                Some(password) if !self.is_password(&user, password).await? => {
                    return Err(StepUpError::WrongPassword);
                }
                None if !user.second_factor.is_on() => return Err(StepUpError::PasswordRequired),
                Some(_) | None => {}
            }
            let Some(user) = self.pass(user, cmd.code.as_ref(), now).await? else { continue };
            if let Some(elevation) = self.lift(user.touched(), session, now).await? {
                return Ok(elevation);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Commits a stepped up session in the place of this one. `None`: a record has moved on; load and decide again.
    async fn lift(&self, user: User, session: Session, now: Time) -> Result<Option<Elevation>, Fault> {
        let until = now + self.policy.step_up;
        let (id, kind) = (self.id(now), session.kind);
        let unit = UnitOfWork::new().with(Change::User(user.clone()));
        let (unit, credentials) = match kind {
            SessionKind::Tokens => {
                let lifted = session.elevated(id, kind, now, until);
                let (refresh, stored) = self.new_refresh_token(&lifted, now);
                let tokens = self.tokens(user, &lifted, refresh, now)?;
                let unit = unit.with(Change::Session(lifted)).with(Change::RefreshToken(stored));
                (unit, Renewed::Tokens(tokens))
            }
            SessionKind::Browser { .. } => {
                let (secret, kind) = self.new_cookie();
                let lifted = session.elevated(id, kind, now, until);
                let browser = Self::in_browser(user, &lifted, secret, now);
                (unit.with(Change::Session(lifted)), Renewed::Browser(browser))
            }
        };
        let owner = session.user;
        let unit = unit.with(Change::Session(session.ended(SessionEnd::Replaced, now)));
        if !self.commit(unit).await? {
            return Ok(None);
        }
        self.ports.standings.forget(owner).await;
        Ok(Some(Elevation { until, credentials }))
    }

    /// Begins a second factor, in the place of one that was begun before. Nothing asks for it until it is confirmed.
    ///
    /// # Errors
    /// `AlreadyOn`, `StepUpRequired`; `Unavailable` if the store does not answer.
    pub async fn enroll_totp(&self, by: SignedIn) -> Result<NewTotp, EnrollTotpError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(by.user).await?.ok_or(EnrollTotpError::StepUpRequired)?;
            if user.second_factor.is_on() {
                return Err(EnrollTotpError::AlreadyOn);
            }
            if !self.is_elevated(by, now).await? {
                return Err(EnrollTotpError::StepUpRequired);
            }
            let secret = TotpSecret::generate(self.ports.random.as_ref());
            let shown = NewTotp { secret: secret.to_text(), otpauth_url: secret.otpauth_url(&user.email) };
            let pending = SecondFactor::Pending(Enrolment { secret, begun_at: now });
            let unit = UnitOfWork::new().with(Change::User(user.with_second_factor(pending)));
            if self.commit(unit).await? {
                return Ok(shown);
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Turns the second factor on with the first code of the user's device, and gives its recovery codes, which
    /// nobody can read again. Ends every other session, which began without it, and tells the user by mail.
    ///
    /// # Errors
    /// `AlreadyOn`, `NothingPending`, `WrongCode`; `Unavailable` if the store does not answer.
    pub async fn confirm_totp(&self, cmd: ConfirmTotp) -> Result<Vec<Secret>, ConfirmTotpError> {
        let ports = &self.ports;
        for _ in 0..ATTEMPTS {
            let now = ports.clock.now();
            let user = ports.reads.user(cmd.by.user).await?.ok_or(ConfirmTotpError::NothingPending)?;
            let begun = match &user.second_factor {
                SecondFactor::On(_) => return Err(ConfirmTotpError::AlreadyOn),
                SecondFactor::Pending(begun) if now < begun.begun_at + self.policy.enrolment => begun.clone(),
                SecondFactor::Pending(_) | SecondFactor::Off => return Err(ConfirmTotpError::NothingPending),
            };
            let recovery: Vec<RecoveryCode> =
                (0..RECOVERY_CODES).map(|_| RecoveryCode::generate(ports.random.as_ref())).collect();
            let hashes = recovery.iter().map(|code| ports.signer.hash(code.as_str())).collect();
            let totp = begun
                .confirm(&cmd.code, ports.codes.as_ref(), hashes, now)
                .ok_or(ConfirmTotpError::WrongCode)?;
            let on = user.with_second_factor(SecondFactor::On(totp));
            if self.factor_changed(on, cmd.by, Letter::SecondFactorOn, now).await? {
                return Ok(recovery.iter().map(RecoveryCode::to_text).collect());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Turns the second factor off, with the password and a code. Ends every other session, and tells the user by
    /// mail.
    ///
    /// # Errors
    /// `NotOn`, `NoPassword`, `WrongPassword`, `Code`; `Unavailable` if a port does not answer.
    pub async fn disable_totp(&self, cmd: DisableTotp) -> Result<(), DisableTotpError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let user = self.ports.reads.user(cmd.by.user).await?.ok_or(DisableTotpError::NotOn)?;
            if !user.second_factor.is_on() {
                return Err(DisableTotpError::NotOn);
            }
            if !user.password.is_set() {
                return Err(DisableTotpError::NoPassword);
            }
            if !self.is_password(&user, &cmd.password).await? {
                return Err(DisableTotpError::WrongPassword);
            }
            let Some(user) = self.pass(user, Some(&cmd.code), now).await? else { continue };
            let off = user.with_second_factor(SecondFactor::Off);
            if self.factor_changed(off, cmd.by, Letter::SecondFactorOff, now).await? {
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// The user, not yet at the next version, whose second factor has let the code pass. Without one, any code is as
    /// good as none. A miss is committed before it is told. `None`: the record has moved on; load and decide again.
    pub(super) async fn pass(
        &self,
        user: User,
        code: Option<&OneTimeCode>,
        now: Time,
    ) -> Result<Option<User>, CodeError> {
        let SecondFactor::On(totp) = &user.second_factor else { return Ok(Some(user)) };
        let code = code.ok_or(CodeError::Required)?;
        match totp.clone().admit(code, self.ports.codes.as_ref(), self.ports.signer.as_ref(), now) {
            Admission::Passed(totp) => Ok(Some(User { second_factor: SecondFactor::On(totp), ..user })),
            Admission::Missed(totp) => {
                let missed = user.with_second_factor(SecondFactor::On(totp));
                if self.commit(UnitOfWork::new().with(Change::User(missed))).await? {
                    return Err(CodeError::Wrong);
                }
                Ok(None)
            }
            Admission::Closed { until } => {
                let wait_us = (until - now).num_microseconds().and_then(|wait| u64::try_from(wait).ok());
                Err(CodeError::Closed { wait_s: wait_us.unwrap_or_default().div_ceil(1_000_000) })
            }
        }
    }

    /// True if the session of this request has stepped up lately. Read afresh: an ended session may do nothing.
    pub(super) async fn is_elevated(&self, by: SignedIn, now: Time) -> Result<bool, Fault> {
        Ok(self.own_session(by, now).await?.is_some_and(|session| session.is_elevated(now)))
    }

    pub(super) async fn own_session(&self, by: SignedIn, now: Time) -> Result<Option<Session>, Fault> {
        let session = self.ports.reads.session(by.session).await?;
        Ok(session.filter(|session| session.user == by.user && session.is_open(now)))
    }

    async fn is_password(&self, user: &User, password: &Secret) -> Result<bool, Fault> {
        Ok(self.ports.hasher.verify(password, Some(&user.password)).await? != PasswordCheck::Wrong)
    }

    /// Commits a second factor that was turned on or off. False if the user's record has moved on.
    async fn factor_changed(
        &self,
        user: User,
        by: SignedIn,
        letter: Letter,
        now: Time,
    ) -> Result<bool, Fault> {
        let (id, to) = (user.id, user.email.clone());
        let unit = UnitOfWork::new().with(Change::User(user)).with(Change::EndSessions(EndSessions {
            user: id,
            except: Some(by.session),
            at: now,
        }));
        let committed = self.commit(self.mail(unit, &to, letter, now)).await?;
        if committed {
            self.ports.standings.forget(id).await;
        }
        Ok(committed)
    }
}
