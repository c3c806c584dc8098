//! Somebody whom a provider of identities has proven and whom nobody here knows.
//!
//! Architecture invariant: an identity is linked to a proven address alone. Where the provider's word does not prove it,
//! its owner proves it first, by a mail that sets a password, and links the identity himself.

use super::{IdentityService, Origin, opened};
use crate::{
    Change, Letter, Time, UnitOfWork,
    auth::{
        Arrived, Attempt, IdentityError, MailTokenPurpose, PasswordHash, Proven, Role, SignInError, User,
    },
};

impl IdentityService {
    /// Somebody new, with an account, a proven address and no password; he is told by mail. Or the owner of an address
    /// that somebody has registered and nobody has proven: the account is his from now on, and no password of before
    /// fits. `None`: a record has moved on.
    ///
    /// # Errors
    /// `NotLinked` if the address has a proven account; `SignIn` with `EmailNotVerified` if the provider's word does not
    /// prove the address.
    pub(super) async fn welcome(
        &self,
        attempt: &Attempt,
        proven: &Proven,
        origin: &Origin,
        now: Time,
    ) -> Result<Option<Arrived>, IdentityError> {
        let (user, unit) = match self.auth.ports.reads.user_by_email(&proven.email).await? {
            None if !proven.is_authoritative => return self.ask_for_proof(attempt, proven, now).await,
            None => {
                let user = self.auth.new_user(proven.email.clone(), PasswordHash::none(), now);
                let unit = UnitOfWork::new().with(Change::OpenAccount(user.id));
                (User { email_verified_at: Some(now), ..user }, unit)
            }
            Some(user) if !is_unclaimed(&user, now) => return Err(IdentityError::NotLinked),
            Some(_) if !proven.is_authoritative => return Err(SignInError::EmailNotVerified.into()),
            Some(user) => {
                let whose = (user.id, &user.email);
                let unit = self.auth.without_other_ways_in(UnitOfWork::new(), whose, now).await?;
                let user = user.with_password(PasswordHash::none(), now);
                (User { email_verified_at: Some(now), ..user }, unit)
            }
        };
        let unit = unit.with(Change::Identity(self.identity(proven, &user, now)));
        let unit = self.auth.mail(unit, &user.email, Letter::IdentityLinked, now);
        Ok(self.begin_session(unit, attempt, user, origin, now).await?)
    }

    /// Registers the address without a password, and mails its owner a token that sets one.
    async fn ask_for_proof(
        &self,
        attempt: &Attempt,
        proven: &Proven,
        now: Time,
    ) -> Result<Option<Arrived>, IdentityError> {
        let auth = &self.auth;
        let user = auth.new_user(proven.email.clone(), PasswordHash::none(), now);
        let unit = opened(&user).with(Change::MailToken(self.spent(attempt, &user, now)));
        let unit = auth.mail_with_token(unit, &user, MailTokenPurpose::ResetPassword, now);
        if auth.commit(unit).await? { Err(SignInError::EmailNotVerified.into()) } else { Ok(None) }
    }
}

/// A customer's address that nobody has proven: whoever registered it, and with what password, means nothing.
fn is_unclaimed(user: &User, now: Time) -> bool {
    let was_given_by_staff = user.role != Role::Customer || user.must_change_password;
    user.email_verified_at.is_none() && !was_given_by_staff && !user.is_suspended(now)
}
