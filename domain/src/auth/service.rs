//! Use cases of sign-in. Answers never tell whether an address is known.
//!
//! Architecture invariant: a session is committed together with the user's next version, so none begins on a
//! password, a suspension or a role that has changed since it was checked.

mod account;
mod addresses;
mod api_keys;
mod identities;
mod passwords;
mod registration;
mod second_factor;
mod sessions;
mod sign_in;
mod welcome;

pub use addresses::{ChangeEmail, ConfirmEmail};
pub use api_keys::{CreateApiKey, KeyBearer, NewApiKey};
pub use identities::{Arrived, BegunAttempt, IdentityService, Returned};
pub use passwords::{ChangePassword, ResetPassword};
pub use registration::Register;
pub(crate) use registration::opened;
pub use second_factor::{ConfirmTotp, DisableTotp, Elevation, NewTotp, Renewed, StepUp};
pub use sign_in::{BrowserSession, Credentials, Origin, Tokens};

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    Change, Clock, CommitError, Fault, Id, JobKind, Letter, MailSecret, NewJob, Random, SessionId, Store,
    Time, UnitOfWork, UserId, Version,
    auth::{
        AuthReads, AuthenticateError, Email, LeakedPasswords, MailToken, MailTokenPurpose, OneTimeCodes,
        PasswordHasher, Role, Secret, SessionKind, Standing, Standings, TokenHash, TokenKind, TokenSigner,
        User,
    },
    time::{hours, minutes},
    wallet::WalletReads,
    webhook::WebhookReads,
};

/// How often a use case decides again when records move on under it. One of those who race always gets through.
pub(crate) const ATTEMPTS: u32 = 16;

/// How long credentials last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthPolicy {
    /// An access token.
    pub access: TimeDelta,
    /// A refresh token, and with each the session.
    pub refresh: TimeDelta,
    /// A session, from its beginning, however often it is renewed.
    pub longest: TimeDelta,
    /// A browser's session, from its beginning.
    pub browser: TimeDelta,
    /// A mailed token that proves an address.
    pub verify_email: TimeDelta,
    /// A mailed token that sets a password.
    pub reset_password: TimeDelta,
    /// A token, given at sign-in, that changes a password that must be changed.
    pub change_password: TimeDelta,
    /// A mailed token that changes an address.
    pub change_email: TimeDelta,
    /// A browser's way to a provider of identities and back.
    pub attempt: TimeDelta,
    /// What is left of it when a second factor is asked for.
    pub attempt_code: TimeDelta,
    /// A second factor that was begun, until it is confirmed.
    pub enrolment: TimeDelta,
    /// What a step-up allows.
    pub step_up: TimeDelta,
}

impl Default for AuthPolicy {
    fn default() -> Self {
        Self {
            access: minutes(15),
            refresh: hours(30 * 24),
            longest: hours(90 * 24),
            browser: hours(30 * 24),
            verify_email: hours(24),
            reset_password: hours(1),
            change_password: minutes(15),
            change_email: hours(1),
            attempt: minutes(10),
            attempt_code: minutes(5),
            enrolment: minutes(15),
            step_up: minutes(5),
        }
    }
}

impl AuthPolicy {
    const fn of(&self, purpose: MailTokenPurpose) -> TimeDelta {
        match purpose {
            MailTokenPurpose::VerifyEmail => self.verify_email,
            MailTokenPurpose::ResetPassword => self.reset_password,
            MailTokenPurpose::ChangePassword => self.change_password,
            MailTokenPurpose::ChangeEmail => self.change_email,
            MailTokenPurpose::IdentityAttempt => self.attempt,
            MailTokenPurpose::SecondFactor => self.attempt_code,
        }
    }
}

/// Who makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// By which session.
    pub session: SessionId,
    /// What the user may do.
    pub role: Role,
}

/// Everything outside that sign-in needs.
#[derive(Clone)]
pub struct AuthPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Fresh reads, to decide on.
    pub reads: Arc<dyn AuthReads>,
    /// Whether an account is empty.
    pub accounts: Arc<dyn WalletReads>,
    /// Where a user who leaves has had events sent to.
    pub webhooks: Arc<dyn WebhookReads>,
    /// Whether sessions stand, up to a second old: for every request.
    pub standings: Arc<dyn Standings>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Knows passwords that nobody should choose any more.
    pub leaked: Arc<dyn LeakedPasswords>,
    /// Signs access tokens and hashes random ones.
    pub signer: Arc<dyn TokenSigner>,
    /// Makes the codes of second factors.
    pub codes: Arc<dyn OneTimeCodes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and tokens.
    pub random: Arc<dyn Random>,
}

/// Registers, signs in, and tells who makes a request.
pub struct AuthService {
    pub(crate) ports: AuthPorts,
    policy: AuthPolicy,
}

#[derive(Debug, thiserror::Error)]
#[error("the records of this sign-in kept changing")]
pub(crate) struct KeptChanging;

impl AuthService {
    /// Over any ports.
    pub fn new(ports: AuthPorts, policy: AuthPolicy) -> Self {
        Self { ports, policy }
    }

    /// Who presents this access token. A refresh token or a cookie is none.
    ///
    /// # Errors
    /// `InvalidCredential`, `Suspended`; `Unavailable` if the store cannot be read.
    pub async fn authenticate(&self, access_token: &str) -> Result<SignedIn, AuthenticateError> {
        let now = self.ports.clock.now();
        let claims = self.ports.signer.read(access_token, now).ok_or(AuthenticateError::InvalidCredential)?;
        let standing = self.ports.standings.of_session(claims.session).await?;
        let standing = standing.filter(|standing| {
            standing.user.id == claims.user && standing.session.kind == SessionKind::Tokens
        });
        admit(standing, now)
    }

    /// Who presents this cookie. An access or refresh token is none.
    ///
    /// # Errors
    /// `InvalidCredential`, `Suspended`; `Unavailable` if the store cannot be read.
    pub async fn authenticate_cookie(&self, cookie: &Secret) -> Result<SignedIn, AuthenticateError> {
        if TokenKind::of(cookie.expose()) != Some(TokenKind::Cookie) {
            return Err(AuthenticateError::InvalidCredential);
        }
        let standing = self.ports.standings.of_cookie(self.ports.signer.hash(cookie.expose())).await?;
        let standing =
            standing.filter(|standing| matches!(standing.session.kind, SessionKind::Browser { .. }));
        admit(standing, self.ports.clock.now())
    }

    /// True while what admitted this visitor still would: his session is open and his account not suspended. For
    /// answers that go on after the request was admitted.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn still_stands(&self, visitor: &SignedIn) -> Result<bool, Fault> {
        let standing = self.ports.standings.of_session(visitor.session).await?;
        let standing = standing.filter(|standing| standing.user.id == visitor.user);
        Ok(admit(standing, self.ports.clock.now()).is_ok())
    }

    /// What a browser with this cookie must send along with whatever changes something.
    pub fn csrf_token(&self, cookie: &Secret) -> Secret {
        self.ports.signer.derive("csrf", cookie)
    }

    /// True if `token` is the one of [`Self::csrf_token`]. Compares digests, so that time tells nothing.
    pub fn is_csrf_token(&self, cookie: &Secret, token: &str) -> bool {
        let expected = self.csrf_token(cookie);
        self.ports.signer.hash(expected.expose()) == self.ports.signer.hash(token)
    }

    /// Commits. False if the unit was decided on something that has moved on: load and decide again.
    pub(crate) async fn commit(&self, unit: UnitOfWork) -> Result<bool, Fault> {
        match self.ports.store.commit(unit).await {
            Ok(_) => Ok(true),
            Err(CommitError::Stale | CommitError::Duplicate(_)) => Ok(false),
            Err(CommitError::Unavailable(fault)) => Err(fault),
            Err(refusal) => Err(Fault::new(refusal)),
        }
    }

    pub(crate) fn id<T>(&self, now: Time) -> Id<T> {
        Id::generate(now, self.ports.random.as_ref())
    }

    /// A new token for one purpose, in the clear and as it is stored.
    fn mail_token(&self, user: UserId, purpose: MailTokenPurpose, now: Time) -> (Secret, MailToken) {
        let secret = TokenKind::Mail(purpose).generate(self.ports.random.as_ref());
        let token = MailToken {
            hash: self.ports.signer.hash(secret.expose()),
            user,
            purpose,
            issued_at: now,
            expires_at: now + self.policy.of(purpose),
            used_at: None,
            version: Version::FIRST,
        };
        (secret, token)
    }

    /// The stored form of a token of one of these purposes that can still be used.
    async fn open_mail_token(
        &self,
        text: &str,
        purposes: &[MailTokenPurpose],
        now: Time,
    ) -> Result<Option<(MailToken, User)>, Fault> {
        match TokenKind::of(text) {
            Some(TokenKind::Mail(purpose)) if purposes.contains(&purpose) => {}
            _ => return Ok(None),
        }
        self.stored_mail_token(self.ports.signer.hash(text), purposes, now).await
    }

    /// The same by its hash.
    async fn stored_mail_token(
        &self,
        hash: TokenHash,
        purposes: &[MailTokenPurpose],
        now: Time,
    ) -> Result<Option<(MailToken, User)>, Fault> {
        let Some(token) = self.ports.reads.mail_token(hash).await? else { return Ok(None) };
        if !token.is_open(now) || !purposes.contains(&token.purpose) {
            return Ok(None);
        }
        let user = self.ports.reads.user(token.user).await?;
        Ok(user.map(|user| (token, user)))
    }

    pub(crate) fn mail(&self, unit: UnitOfWork, to: &Email, letter: Letter, now: Time) -> UnitOfWork {
        let kind = JobKind::SendMail { to: to.clone(), letter };
        unit.with(Change::Job(NewJob::new(self.id(now), kind, now)))
    }

    /// Adds a new token and the mail that carries it.
    pub(crate) fn mail_with_token(
        &self,
        unit: UnitOfWork,
        user: &User,
        purpose: MailTokenPurpose,
        now: Time,
    ) -> UnitOfWork {
        let (secret, token) = self.mail_token(user.id, purpose, now);
        let token_text = MailSecret(secret.expose().to_owned());
        let letter = match purpose {
            MailTokenPurpose::VerifyEmail => Letter::VerifyEmail { token: token_text },
            MailTokenPurpose::ChangeEmail => Letter::ConfirmEmail { token: token_text },
            // The last three are given to whoever signs in, and never mailed.
            MailTokenPurpose::ResetPassword
            | MailTokenPurpose::ChangePassword
            | MailTokenPurpose::IdentityAttempt
            | MailTokenPurpose::SecondFactor => Letter::ResetPassword { token: token_text },
        };
        self.mail(unit.with(Change::MailToken(token)), &user.email, letter, now)
    }
}

/// Lets in whoever has an open session and is neither suspended nor bound to change the password first.
fn admit(standing: Option<Standing>, now: Time) -> Result<SignedIn, AuthenticateError> {
    let Standing { session, user } = standing
        .filter(|standing| standing.session.is_open(now))
        .ok_or(AuthenticateError::InvalidCredential)?;
    if user.is_suspended(now) {
        return Err(AuthenticateError::Suspended);
    }
    if user.must_change_password {
        return Err(AuthenticateError::InvalidCredential);
    }
    Ok(SignedIn { user: user.id, session: session.id, role: user.role })
}
