//! Credentials: what proves who somebody is. Secrets are stored hashed and never printed.

use std::fmt;

use crate::{SessionId, Time, UserId, Version};

/// A password or token in the clear, on its way in or out. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What stands in the place of a hash where there is no password: no PHC text, so that no password fits.
const NONE: &str = "none";

/// A password after Argon2id, in PHC text form, or that there is none. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as the hasher made it, or as it was stored.
    pub const fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// Of a user who signs in by an identity alone. No password fits.
    pub fn none() -> Self {
        Self(NONE.to_owned())
    }

    /// True if there is a password that fits.
    pub fn is_set(&self) -> bool {
        self.0 != NONE
    }

    /// The PHC text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// SHA-256 of a random token: enough, since the token has 256 bits of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// What a token allows that was mailed, or given to a browser, for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailTokenPurpose {
    /// Proves an address; 24 h.
    VerifyEmail,
    /// Sets a new password; 1 h.
    ResetPassword,
    /// Changes a password that must be changed, given at sign-in; 15 min.
    ChangePassword,
    /// Makes the address that it was mailed to that of the account; 1 h. Its hash is over the address as well.
    ChangeEmail,
    /// Brings a browser back from a provider of identities; 10 min. Stored once it is used.
    IdentityAttempt,
    /// Finishes a sign-in by an identity with a one-time code, given to the browser; 5 min.
    SecondFactor,
}

impl MailTokenPurpose {
    /// Every purpose.
    pub const ALL: [Self; 6] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::ChangePassword,
        Self::ChangeEmail,
        Self::IdentityAttempt,
        Self::SecondFactor,
    ];

    /// The word in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangePassword => "change_password",
            Self::ChangeEmail => "change_email",
            Self::IdentityAttempt => "identity_attempt",
            Self::SecondFactor => "second_factor",
        }
    }
}

/// A single-use token, stored by its hash, which is also its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailToken {
    /// Its hash.
    pub hash: TokenHash,
    /// For whom.
    pub user: UserId,
    /// What it allows.
    pub purpose: MailTokenPurpose,
    /// When it was made.
    pub issued_at: Time,
    /// From when on it is void.
    pub expires_at: Time,
    /// When it was used.
    pub used_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl MailToken {
    /// True if it was not used and is not too old.
    pub fn is_open(&self, now: Time) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }

    /// The same token, used up.
    #[must_use]
    pub fn used(self, at: Time) -> Self {
        Self { used_at: Some(at), version: self.version.next(), ..self }
    }
}

/// One link in the chain of a session's refresh tokens, stored by its hash, which is also its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its hash.
    pub hash: TokenHash,
    /// The session (the family) that it renews.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it was made.
    pub issued_at: Time,
    /// From when on it is void.
    pub expires_at: Time,
    /// When it was exchanged; a second exchange ends the family.
    pub used_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

impl RefreshToken {
    /// The same token, exchanged.
    #[must_use]
    pub fn used(self, at: Time) -> Self {
        Self { used_at: Some(at), version: self.version.next(), ..self }
    }
}
