//! What sign-in needs from outside.

use async_trait::async_trait;

use crate::{
    Fault, SessionId, Time, UserId,
    auth::{Email, MailToken, PasswordHash, RefreshToken, Secret, Session, TokenHash, User},
};

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

    /// A refresh token.
    async fn refresh_token(&self, hash: TokenHash) -> Result<Option<RefreshToken>, Fault>;

    /// A mailed token.
    async fn mail_token(&self, hash: TokenHash) -> Result<Option<MailToken>, Fault>;

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
}
