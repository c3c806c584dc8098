//! Registration and the proof of an address.

use super::{ATTEMPTS, AuthService, KeptChanging};
use crate::{
    Change, Fault, Letter, Time, UnitOfWork, Version,
    auth::{
        CreateOwnerError, Email, MailRequestError, MailTokenPurpose, PasswordHash, RegisterError, Role,
        SecondFactor, Secret, TokenKind, User, VerifyEmailError, password,
    },
    staff::{AuditAction, AuditEntry, By, Facts, Subject},
};

/// Makes a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Secret,
}

impl AuthService {
    /// Makes a user with an empty account and mails a token that proves the address.
    ///
    /// A taken address gets the same answer after the same work: its owner is mailed that it is taken. If nobody has
    /// proven it, two have asked for it, and nobody can tell which of them reads its mail: no password of theirs stands,
    /// and what is mailed is a token that sets one.
    ///
    /// # Errors
    /// `WeakPassword`; `Unavailable` if the store or the hasher does not answer.
    pub async fn register(&self, cmd: Register) -> Result<(), RegisterError> {
        // Before the address is looked up, so that neither answer nor time tells of it.
        self.check_password(&cmd.password, &cmd.email).await?;
        let hash = self.ports.hasher.hash(&cmd.password).await?;
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let unit = match self.ports.reads.user_by_email(&cmd.email).await? {
                Some(user) if user.email_verified_at.is_none() && !user.is_suspended(now) => {
                    self.contested(user, now)
                }
                Some(user) => self.mail(UnitOfWork::new(), &user.email, Letter::AlreadyRegistered, now),
                None => {
                    let user = self.new_user(cmd.email.clone(), hash.clone(), now);
                    self.mail_with_token(opened(&user), &user, MailTokenPurpose::VerifyEmail, now)
                }
            };
            if self.commit(unit).await? {
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// The password of whoever asked for the address first stands no more: the mail of the second would prove the
    /// address for the first. The owner may be either, so he is mailed what sets a password, and nothing else proves it.
    fn contested(&self, user: User, now: Time) -> UnitOfWork {
        let unit = self.mail_with_token(UnitOfWork::new(), &user, MailTokenPurpose::ResetPassword, now);
        if !user.password.is_set() {
            return unit;
        }
        let must_change_password = user.must_change_password;
        let user = User { must_change_password, ..user.with_password(PasswordHash::none(), now) };
        unit.with(Change::User(user))
    }

    /// Proves an address with the token that was mailed to it, for the password that it was registered with: if that
    /// stands no more, the token is void. Each token works once.
    ///
    /// # Errors
    /// `InvalidToken`; `Unavailable` if the store does not answer.
    pub async fn verify_email(&self, token: &str) -> Result<(), VerifyEmailError> {
        for _ in 0..ATTEMPTS {
            let now = self.ports.clock.now();
            let (token, user) = self
                .open_mail_token(token, &[MailTokenPurpose::VerifyEmail], now)
                .await?
                .filter(|(_, user)| user.password.is_set())
                .ok_or(VerifyEmailError::InvalidToken)?;
            let user_id = user.id;
            let mut unit = UnitOfWork::new().with(Change::MailToken(token.used(now)));
            if user.email_verified_at.is_none() {
                unit = unit.with(Change::User(user.verified(now)));
            }
            if self.commit(unit).await? {
                self.ports.standings.forget(user_id).await;
                return Ok(());
            }
        }
        Err(Fault::new(KeptChanging).into())
    }

    /// Mails a token that sets a password and so proves the address, if that waits for its proof; the answer is the
    /// same if not. Whoever asks for it need not be who has registered, so it proves nobody else's password. Only the
    /// time tells them apart: the door answers without waiting for this.
    ///
    /// # Errors
    /// `Unavailable` if the store does not answer.
    pub async fn resend_verification(&self, email: &Email) -> Result<(), MailRequestError> {
        let now = self.ports.clock.now();
        let user = self.ports.reads.user_by_email(email).await?;
        let waits = |user: &User| user.email_verified_at.is_none() && !user.is_suspended(now);
        if let Some(user) = user.filter(waits) {
            let unit = self.mail_with_token(UnitOfWork::new(), &user, MailTokenPurpose::ResetPassword, now);
            self.ports.store.commit(unit).await.map_err(Fault::new)?;
        }
        Ok(())
    }

    /// Makes an owner, for the command line. The address counts as proven; the password, which is random, must be changed
    /// at the first sign-in. Whether it has leaked is asked about the one that is chosen then.
    ///
    /// # Errors
    /// `EmailTaken`, `WeakPassword`; `Unavailable` if the store or the hasher does not answer.
    pub async fn create_owner(&self, cmd: Register) -> Result<User, CreateOwnerError> {
        password::check(&cmd.password, &cmd.email)?;
        let hash = self.ports.hasher.hash(&cmd.password).await?;
        if self.ports.reads.user_by_email(&cmd.email).await?.is_some() {
            return Err(CreateOwnerError::EmailTaken);
        }
        let now = self.ports.clock.now();
        let owner = User {
            role: Role::Owner,
            email_verified_at: Some(now),
            must_change_password: true,
            ..self.new_user(cmd.email, hash, now)
        };
        let entry = AuditEntry {
            id: self.id(now),
            by: By::Console,
            action: AuditAction::OwnerCreated,
            subject: Subject::user(owner.id),
            before: Facts::none(),
            after: Facts::none().with("role", owner.role.name()),
            at: now,
        };
        let unit = opened(&owner).with(Change::Audited(entry));
        if self.commit(unit).await? { Ok(owner) } else { Err(CreateOwnerError::EmailTaken) }
    }

    /// The hash of a password that nobody knows.
    pub(crate) async fn unguessable(&self) -> Result<PasswordHash, Fault> {
        let secret = TokenKind::Cookie.generate(self.ports.random.as_ref());
        self.ports.hasher.hash(&secret).await
    }

    pub(crate) fn new_user(&self, email: Email, password: PasswordHash, now: Time) -> User {
        User {
            id: self.id(now),
            email,
            password,
            role: Role::Customer,
            email_verified_at: None,
            suspension: None,
            must_change_password: false,
            second_factor: SecondFactor::Off,
            password_changed_at: now,
            created_at: now,
            version: Version::FIRST,
        }
    }
}

/// A new user with an empty account.
pub(crate) fn opened(user: &User) -> UnitOfWork {
    UnitOfWork::new().with(Change::User(user.clone())).with(Change::OpenAccount(user.id))
}
