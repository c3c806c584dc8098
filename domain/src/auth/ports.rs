//! What sign-in needs from outside.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Fault, SessionId, Time, UserId,
    auth::{
        ApiKey, Assertion, Email, Identity, Issuer, MailToken, PasswordHash, RefreshToken, Secret, Session,
        Subject, TokenHash, TotpSecret, TotpStep, User,
    },
    upkeep::Task,
};

/// What earlier sign-ins of a user there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// Some.
    pub any: bool,
    /// Some by the same client.
    pub same_device: bool,
}

impl Before {
    /// True if the user should hear of one more at `now`: he has never signed in like this. The first one of all is no news
    /// to whoever has just registered. Of an account that is older than sessions are kept nobody knows whether it is the
    /// first: it is news, since an account that slept is worth taking over.
    pub fn is_news(self, registered_at: Time, now: Time) -> bool {
        let may_be_forgotten = now - registered_at > Task::Sessions.kept_for();
        !self.same_device && (self.any || may_be_forgotten)
    }
}

/// Reads of users, sessions and tokens. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AuthReads: Send + Sync {
    /// One user.
    async fn user(&self, id: UserId) -> Result<Option<User>, Fault>;

    /// The user of an address.
    async fn user_by_email(&self, email: &Email) -> Result<Option<User>, Fault>;

    /// One session.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault>;

    /// The browser session of a cookie.
    async fn session_by_cookie(&self, cookie: TokenHash) -> Result<Option<Session>, Fault>;

    /// A user's open sessions at `now`, newest first.
    async fn open_sessions(&self, user: UserId, now: Time) -> Result<Vec<Session>, Fault>;

    /// How a user has signed in before, by whatever sessions are kept, ended or not: at all, and by a client of this
    /// name.
    #[allow(clippy::needless_lifetimes)] // mockall needs the lifetime to have a name.
    async fn signed_in_before<'a>(&self, user: UserId, device: Option<&'a str>) -> Result<Before, Fault>;

    /// A refresh token.
    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault>;

    /// A mailed token.
    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault>;

    /// A user's keys that were not deleted, newest first; expired ones too.
    async fn api_keys(&self, user: UserId) -> Result<Vec<ApiKey>, Fault>;

    /// The key of a hash, deleted or not, and its user.
    async fn api_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault>;

    /// The identity of a subject, if a user has it.
    async fn identity(&self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, Fault>;

    /// A user's identities, newest first.
    async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Fault>;

    /// How many users have a staff role.
    async fn staff_count(&self) -> Result<u32, Fault>;
}

/// What came of comparing a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the right one.
    Right,
    /// It is the right one, and its hash is weaker than today's; store this one.
    RightButRehash(PasswordHash),
    /// It is not.
    Wrong,
}

/// Hashes passwords, slowly and off the async threads.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password.
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, Fault>;

    /// Compares; with `None` it takes as long as with a hash and answers `Wrong`, so that time tells nothing.
    #[allow(clippy::needless_lifetimes)] // mockall needs the lifetime to have a name.
    async fn verify<'a>(
        &self,
        password: &Secret,
        hash: Option<&'a PasswordHash>,
    ) -> Result<PasswordCheck, Fault>;
}

/// Knows passwords that have leaked elsewhere.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait LeakedPasswords: Send + Sync {
    /// True if this very password, to the letter, is known from a leak.
    ///
    /// Somebody waits for it: it answers or fails within two seconds. Nobody outside learns the password, nor what it could
    /// be found from.
    ///
    /// # Errors
    /// If there is no answer that can be read. It is then not known whether it has leaked.
    async fn is_known(&self, password: &Secret) -> Result<bool, Fault>;
}

/// [`LeakedPasswords`] where nobody is asked: knows none.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLeaks;

#[async_trait]
impl LeakedPasswords for NoLeaks {
    async fn is_known(&self, _password: &Secret) -> Result<bool, Fault> {
        Ok(false)
    }
}

/// A session and its user, as they are now or were at most a second ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub user: User,
}

/// A key and its user, as they are now or were at most a second ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStanding {
    /// The key.
    pub key: ApiKey,
    /// Whose it is.
    pub user: User,
}

/// Tells every request whether its session or its key still stands. May remember an answer for one second, no longer.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Standings: Send + Sync {
    /// Of the session that an access token names.
    async fn of_session(&self, id: SessionId) -> Result<Option<Standing>, Fault>;

    /// Of the session that a browser's cookie carries.
    async fn of_cookie(&self, cookie: TokenHash) -> Result<Option<Standing>, Fault>;

    /// Of the API key of this hash.
    async fn of_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault>;

    /// Something about the user, his sessions or his keys has changed: remember nothing of him.
    async fn forget(&self, user: UserId);
}

/// [`Standings`] without a memory: two reads for every question about a session, one about a key.
pub struct DirectStandings {
    reads: Arc<dyn AuthReads>,
}

impl DirectStandings {
    /// Over any reads.
    pub fn new(reads: Arc<dyn AuthReads>) -> Self {
        Self { reads }
    }

    async fn with_user(&self, session: Option<Session>) -> Result<Option<Standing>, Fault> {
        let Some(session) = session else { return Ok(None) };
        let user = self.reads.user(session.user).await?;
        Ok(user.map(|user| Standing { session, user }))
    }
}

#[async_trait]
impl Standings for DirectStandings {
    async fn of_session(&self, id: SessionId) -> Result<Option<Standing>, Fault> {
        self.with_user(self.reads.session(id).await?).await
    }

    async fn of_cookie(&self, cookie: TokenHash) -> Result<Option<Standing>, Fault> {
        self.with_user(self.reads.session_by_cookie(cookie).await?).await
    }

    async fn of_key(&self, hash: TokenHash) -> Result<Option<KeyStanding>, Fault> {
        self.reads.api_key(hash).await
    }

    async fn forget(&self, _user: UserId) {}
}

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who.
    pub user: UserId,
    /// By which session.
    pub session: SessionId,
    /// When it was made.
    pub issued_at: Time,
    /// From when on it is void.
    pub expires_at: Time,
}

/// Signs and reads access tokens, and hashes random ones. Pure and quick.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// Signs.
    ///
    /// # Errors
    /// [`Fault`] if the key cannot sign.
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, Fault>;

    /// The claims of an authentic token that is not void at `now`; `None` for anything else.
    fn read(&self, token: &str, now: Time) -> Option<AccessClaims>;

    /// SHA-256 of a random token.
    fn hash(&self, token: &str) -> TokenHash;

    /// A second secret out of a random one: from it the first cannot be found. One for each `label`.
    fn derive(&self, label: &str, secret: &Secret) -> Secret;
}

/// Makes the codes of a second factor. Pure and quick.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait OneTimeCodes: Send + Sync {
    /// The code of a step, below 1,000,000: RFC 6238 with HMAC-SHA-1 and six digits.
    fn code(&self, secret: &TotpSecret, step: TotpStep) -> u32;
}

/// A browser's way to a provider of identities: what goes along, so that nothing else can come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptSecrets {
    /// Comes back with the browser.
    pub state: Secret,
    /// Comes back inside what the provider signs.
    pub nonce: Secret,
    /// Goes to the provider as a digest first, and itself with the code.
    pub verifier: Secret,
}

/// Why a provider of identities has proven nobody.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdentityProviderError {
    /// The code is unknown, used, too old, or another attempt's.
    #[error("the provider refuses the code: {0}")]
    Refused(Fault),
    /// It answered, and the answer cannot be believed.
    #[error("the provider's answer cannot be believed: {0}")]
    Unbelievable(Fault),
    /// It did not answer.
    #[error("the provider of identities did not answer: {0}")]
    Unavailable(Fault),
}

/// Tells who its users are: OpenID Connect with an authorization code and PKCE. What it tells is authentic, that is
/// signed by the provider; whether it is believed is decided by [`Assertion::believed`].
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Whose subjects these are. Fixed.
    fn issuer(&self) -> &Issuer;

    /// What the provider calls us. Fixed.
    fn client(&self) -> &str;

    /// Where a browser is sent to.
    async fn authorization_url(&self, attempt: &AttemptSecrets) -> Result<String, IdentityProviderError>;

    /// Exchanges the code that a browser came back with. Sent once: a code works once.
    async fn redeem(&self, code: &Secret, verifier: &Secret) -> Result<Assertion, IdentityProviderError>;
}
