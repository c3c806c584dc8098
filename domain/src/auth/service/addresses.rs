//! Changing the address of an account.

use super::{ATTEMPTS, AuthService, KeptChanging, SignedIn};
use crate::{
    Change, EndSessions, Fault, Letter, MailSecret, Time, UnitOfWork,
    auth::{
        ChangeEmailError, ConfirmEmailError, Email, MailToken, MailTokenPurpose, Secret, TokenHash,
        TokenKind, User,
    },
};

/// Asks for another address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeEmail {
    /// Who.
    pub by: SignedIn,
    /// The new address.
    pub email: Email,
}

/// Makes an address that of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmEmail {
    /// The token that was mailed to it.
    pub token: Secret,
    /// The address.
    pub email: Email,
}

impl AuthService {
    /// Mails a token to the new address and a notice to the present one. Nothing changes until the token comes back, and
    /// a new password makes it void. It takes a step-up, with or without a second factor.
    ///
    /// An address that is taken gets the same answer: its owner is told that he has an account.
    ///
    /// # Errors
    /// `StepUpRequired`, `Unchanged`; `Unavailable` if the store does not answer.
    pub async fn change_email(&self, cmd: ChangeEmail) -> Result<(), ChangeEmailError> {
        let now = self.ports.clock.now();
        let user = self.ports.reads.user(cmd.by.user).await?.ok_or(ChangeEmailError::StepUpRequired)?;
        if !self.is_elevated(cmd.by, now).await? {
            return Err(ChangeEmailError::StepUpRequired);
        }
        if user.email == cmd.email {
            return Err(ChangeEmailError::Unchanged);
        }
        let unit = self.mail(UnitOfWork::new(), &user.email, Letter::EmailChangeAsked, now);
        let unit = if self.ports.reads.user_by_email(&cmd.email).await?.is_some() {
            self.mail(unit, &cmd.email, Letter::AlreadyRegistered, now)
        } else {
            let (secret, token) = self.mail_token(user.id, MailTokenPurpose::ChangeEmail, now);
            let token = MailToken { hash: self.hash_with(&secret, &cmd.email), ..token };
            let letter = Letter::ConfirmEmail { token: MailSecret(secret.expose().to_owned()) };
            self.mail(unit.with(Change::MailToken(token)), &cmd.email, letter, now)
        };
        self.ports.store.commit(unit).await.map_err(Fault::new)?;
        Ok(())
    }

    /// Makes the address, which its token has proven, that of the account. Ends every session, voids every mailed
    /// token of before, and tells the old address.
    ///
    /// # Errors
    /// `InvalidToken`, `Taken`; `Unavailable` if the store does not answer.
    pub async fn confirm_email(&self, cmd: ConfirmEmail) -> Result<(), ConfirmEmailError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let (token, user) = self.changing_token(&cmd, now).await?;
            if self.ports.reads.user_by_email(&cmd.email).await?.is_some() {
                return Err(ConfirmEmailError::Taken);
            }
            let (id, old) = (user.id, user.email.clone());
            let unit = UnitOfWork::new()
                .with(Change::MailToken(token.used(now)))
                .with(Change::User(user.with_email(cmd.email.clone(), now)))
                .with(Change::EndSessions(EndSessions { user: id, except: None, at: now }));
            if self.commit(self.mail(unit, &old, Letter::EmailChanged, now)).await? {
                self.ports.standings.forget(id).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    async fn changing_token(
        &self,
        cmd: &ConfirmEmail,
        now: Time,
    ) -> Result<(MailToken, User), ConfirmEmailError> {
        let purpose = MailTokenPurpose::ChangeEmail;
        if TokenKind::of(cmd.token.expose()) != Some(TokenKind::Mail(purpose)) {
            return Err(ConfirmEmailError::InvalidToken);
        }
        let hash = self.hash_with(&cmd.token, &cmd.email);
        self.stored_mail_token(hash, &[purpose], now)
            .await?
            .filter(|(token, user)| token.issued_at >= user.password_changed_at && !user.is_suspended(now))
            .ok_or(ConfirmEmailError::InvalidToken)
    }

    /// A token proves the one address that it was mailed to.
    fn hash_with(&self, token: &Secret, email: &Email) -> TokenHash {
        self.ports.signer.hash(&format!("{} {}", token.expose(), email.as_str()))
    }
}
