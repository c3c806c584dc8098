//! Forgotten and changed passwords.

use super::{ATTEMPTS, AuthService, KeptChanging, SignedIn};
use crate::{
    Change, EndSessions, Fault, Letter, Time, UnitOfWork,
    auth::{
        ChangePasswordError, Email, MailRequestError, MailToken, MailTokenPurpose, PasswordCheck,
        PasswordHash, ResetPasswordError, Secret, User, WeakPassword, password,
    },
};

/// Sets a password with a token, mailed or given at sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetPassword {
    /// The token.
    pub token: Secret,
    /// The new password.
    pub password: Secret,
}

/// Changes the password of whoever is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePassword {
    /// Who.
    pub by: SignedIn,
    /// The present password.
    pub current: Secret,
    /// The new one.
    pub new: Secret,
}

const SETTING: [MailTokenPurpose; 2] = [MailTokenPurpose::ResetPassword, MailTokenPurpose::ChangePassword];

impl AuthService {
    /// Mails a token that sets a new password if the address has a user; the answer is the same if not. Only the
    /// time tells them apart: the door answers without waiting for this.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn forgot_password(&self, email: &Email) -> Result<(), MailRequestError> {
        let now = self.ports.clock.now();
        let user = self.ports.reads.user_by_email(email).await?;
        if let Some(user) = user.filter(|user| !user.is_suspended(now)) {
            let unit = self.mail_with_token(UnitOfWork::new(), &user, MailTokenPurpose::ResetPassword, now);
            self.ports.store.commit(unit).await.map_err(Fault::new)?;
        }
        Ok(())
    }

    /// Sets a password. Ends every session and voids every older token of this kind. A mailed token proves the address
    /// as well, ends every identity and every key, and switches every webhook endpoint off: whoever needs it may have lost
    /// the account to somebody who left himself a way back in, or has himself told what happens. A refused password leaves
    /// the token unused.
    ///
    /// # Errors
    /// `InvalidToken`, `WeakPassword`; `Unavailable` if the store or the hasher does not answer.
    pub async fn reset_password(&self, cmd: ResetPassword) -> Result<(), ResetPasswordError> {
        let mut hash = None;
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let (token, user) = self.setting_token(&cmd.token, now).await?;
            let new = match hash.take() {
                Some(new) => new,
                None => self.replacement(&user, &cmd.password).await?,
            };
            let (id, to, purpose) = (user.id, user.email.clone(), token.purpose);
            let mut unit = set_with_token(token, user, new.clone(), now);
            if purpose == MailTokenPurpose::ResetPassword {
                unit = self.without_other_ways_in(unit, (id, &to), now).await?;
            }
            if self.commit(self.mail(unit, &to, Letter::PasswordChanged, now)).await? {
                self.ports.standings.forget(id).await;
                return Ok(());
            }
            hash = Some(new);
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Changes a password. Ends every other session and voids every token that could set one; identities, keys and
    /// endpoints stay, since whoever knows the password has not lost the account. With a second factor it
    /// takes a step-up as well.
    ///
    /// # Errors
    /// `StepUpRequired`, `NoPassword`, `WrongPassword`, `WeakPassword`; `Unavailable` if the store or the hasher does not answer.
    pub async fn change_password(&self, cmd: ChangePassword) -> Result<(), ChangePasswordError> {
        let mut hash = None;
        for _ in 0..ATTEMPTS {
            let user = self.ports.reads.user(cmd.by.user).await?.ok_or(ChangePasswordError::WrongPassword)?;
            if user.second_factor.is_on() && !self.is_elevated(cmd.by, self.ports.clock.now()).await? {
                return Err(ChangePasswordError::StepUpRequired);
            }
            if !user.password.is_set() {
                return Err(ChangePasswordError::NoPassword);
            }
            if self.ports.hasher.verify(&cmd.current, Some(&user.password)).await? == PasswordCheck::Wrong {
                return Err(ChangePasswordError::WrongPassword);
            }
            if cmd.new == cmd.current {
                return Err(WeakPassword::Unchanged.into());
            }
            let new = match hash.take() {
                Some(new) => new,
                None => {
                    self.check_password(&cmd.new, &user.email).await?;
                    self.ports.hasher.hash(&cmd.new).await?
                }
            };
            let now = self.ports.clock.now();
            let others = EndSessions { user: user.id, except: Some(cmd.by.session), at: now };
            let to = user.email.clone();
            let unit = UnitOfWork::new()
                .with(Change::User(user.with_password(new.clone(), now)))
                .with(Change::EndSessions(others));
            if self.commit(self.mail(unit, &to, Letter::PasswordChanged, now)).await? {
                self.ports.standings.forget(cmd.by.user).await;
                return Ok(());
            }
            hash = Some(new);
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Checks a new password of the user with this address by every rule, and asks whether it has leaked.
    ///
    /// Where that is not answered, the password is taken: whoever is asked must not be able to keep people out. Those who
    /// watch are told by the port.
    pub(super) async fn check_password(&self, new: &Secret, email: &Email) -> Result<(), WeakPassword> {
        password::check(new, email)?;
        match self.ports.leaked.is_known(new).await {
            Ok(true) => Err(WeakPassword::Leaked),
            Ok(false) | Err(_) => Ok(()),
        }
    }

    async fn setting_token(
        &self,
        token: &Secret,
        now: Time,
    ) -> Result<(MailToken, User), ResetPasswordError> {
        self.open_mail_token(token.expose(), &SETTING, now)
            .await?
            .filter(|(token, user)| token.issued_at >= user.password_changed_at && !user.is_suspended(now))
            .ok_or(ResetPasswordError::InvalidToken)
    }

    /// Checks and hashes a new password; one that must be changed cannot be chosen again.
    async fn replacement(&self, user: &User, new: &Secret) -> Result<PasswordHash, ResetPasswordError> {
        self.check_password(new, &user.email).await?;
        if user.must_change_password
            && self.ports.hasher.verify(new, Some(&user.password)).await? != PasswordCheck::Wrong
        {
            return Err(WeakPassword::Unchanged.into());
        }
        Ok(self.ports.hasher.hash(new).await?)
    }
}

/// Uses the token up, sets the password, and ends every session.
fn set_with_token(token: MailToken, user: User, new: PasswordHash, now: Time) -> UnitOfWork {
    let mut user = user.with_password(new, now);
    if token.purpose == MailTokenPurpose::ResetPassword {
        user.email_verified_at = user.email_verified_at.or(Some(now));
    }
    let everywhere = EndSessions { user: user.id, except: None, at: now };
    UnitOfWork::new()
        .with(Change::MailToken(token.used(now)))
        .with(Change::User(user))
        .with(Change::EndSessions(everywhere))
}
