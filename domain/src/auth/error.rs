//! What can go wrong in sign-in: one enum for each use case. None tells a stranger whether an address is known.

use crate::{
    Fault,
    auth::{IdentityProviderError, Secret, WeakPassword},
};

/// Why a registration was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegisterError {
    /// The password breaks a rule.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The store or the hasher did not answer.
    #[error("registration is not possible now")]
    Unavailable(#[from] Fault),
}

/// Why an address was not verified.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyEmailError {
    /// Unknown, used, too old, or of another kind.
    #[error("the token is not valid")]
    InvalidToken,
    /// The store did not answer.
    #[error("the address cannot be verified now")]
    Unavailable(#[from] Fault),
}

/// Why a mail was not put on its way. Never because of the address.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MailRequestError {
    /// The store did not answer.
    #[error("no mail can be sent now")]
    Unavailable(#[from] Fault),
}

/// Why a one-time code did not pass.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CodeError {
    /// A second factor is on, and no code was given.
    #[error("a one-time code is required")]
    Required,
    /// It is wrong, or was used before.
    #[error("the one-time code is wrong")]
    Wrong,
    /// Too many were wrong, so digits are not looked at for a while. Recovery codes are.
    #[error("too many one-time codes were wrong")]
    Closed {
        /// For how long, in seconds.
        wait_s: u64,
    },
    /// The store did not answer.
    #[error("one-time codes cannot be checked now")]
    Unavailable(#[from] Fault),
}

/// Why nobody was signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    /// No user has this address and password.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// Right, but the address is not proven.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// Right, but the user may do nothing.
    #[error("the account is suspended")]
    Suspended,
    /// The password is right, and the second factor does not let it pass.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Right, but the password must be changed first.
    #[error("the password must be changed first")]
    PasswordChangeRequired {
        /// Allows that and nothing else: the token of a [`crate::auth::ResetPassword`].
        change_token: Secret,
    },
    /// The store, the hasher or the signer did not answer.
    #[error("nobody can sign in now")]
    Unavailable(#[from] Fault),
}

/// Why a sign-in was not renewed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefreshError {
    /// Unknown, too old, of another kind, or its session is over.
    #[error("the refresh token is not valid")]
    InvalidToken,
    /// It was exchanged before, so somebody has a copy: the session is over.
    #[error("the refresh token was used before")]
    Reused,
    /// The user may do nothing.
    #[error("the account is suspended")]
    Suspended,
    /// The store or the signer did not answer.
    #[error("the sign-in cannot be renewed now")]
    Unavailable(#[from] Fault),
}

/// Why a request has no user.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthenticateError {
    /// Forged, too old, of another kind, or its session is over.
    #[error("the credential is not valid")]
    InvalidCredential,
    /// The user may do nothing.
    #[error("the account is suspended")]
    Suspended,
    /// The key is good, and not from here.
    #[error("the key may not be used from this address")]
    WrongAddress,
    /// The store did not answer.
    #[error("credentials cannot be checked now")]
    Unavailable(#[from] Fault),
}

/// Why a password was not set.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResetPasswordError {
    /// Unknown, used, too old, of another kind, or older than the present password.
    #[error("the token is not valid")]
    InvalidToken,
    /// The password breaks a rule; the token is good for another try.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The store or the hasher did not answer.
    #[error("the password cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// Why a password was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangePasswordError {
    /// A second factor is on, and the session has not stepped up by it.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is none: a mailed link sets the first one.
    #[error("the account has no password")]
    NoPassword,
    /// The present password was given wrongly.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new one breaks a rule.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The store or the hasher did not answer.
    #[error("the password cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// Why a session was not lifted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StepUpError {
    /// The session has ended meanwhile.
    #[error("the session is over")]
    SignedOut,
    /// The session of staff has been idle for 30 minutes, or is 12 hours old.
    #[error("this sign-in is over for staff")]
    OverForStaff,
    /// Without a second factor it takes the password.
    #[error("the password is required")]
    PasswordRequired,
    /// There is none: a mailed link sets the first one.
    #[error("the account has no password")]
    NoPassword,
    /// The present password was given wrongly.
    #[error("the password is wrong")]
    WrongPassword,
    /// The second factor does not let it pass.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The store or the hasher did not answer.
    #[error("nobody can step up now")]
    Unavailable(#[from] Fault),
}

/// Why a second factor was not begun.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EnrollTotpError {
    /// The session has not stepped up.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is one. It must be turned off first.
    #[error("a second factor is on")]
    AlreadyOn,
    /// The store did not answer.
    #[error("no second factor can be begun now")]
    Unavailable(#[from] Fault),
}

/// Why a second factor was not turned on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfirmTotpError {
    /// It is on.
    #[error("a second factor is on")]
    AlreadyOn,
    /// None was begun, or not lately.
    #[error("no second factor is pending")]
    NothingPending,
    /// The code is not that of the pending one.
    #[error("the one-time code is wrong")]
    WrongCode,
    /// The store did not answer.
    #[error("no second factor can be turned on now")]
    Unavailable(#[from] Fault),
}

/// Why a second factor was not turned off.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DisableTotpError {
    /// There is none.
    #[error("no second factor is on")]
    NotOn,
    /// There is no password: a mailed link sets the first one.
    #[error("the account has no password")]
    NoPassword,
    /// The present password was given wrongly.
    #[error("the password is wrong")]
    WrongPassword,
    /// The second factor does not let it pass.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The store or the hasher did not answer.
    #[error("no second factor can be turned off now")]
    Unavailable(#[from] Fault),
}

/// Why a change of address was not begun. Never because the new one is taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeEmailError {
    /// The session has not stepped up.
    #[error("a step-up is required")]
    StepUpRequired,
    /// It is the present address.
    #[error("this is the present address")]
    Unchanged,
    /// The store did not answer.
    #[error("the address cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// Why an address did not become that of the account.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfirmEmailError {
    /// Unknown, used, too old, of another kind or for another address, or the password was changed since.
    #[error("the token is not valid")]
    InvalidToken,
    /// Somebody else has it by now. Only who reads its mail is told.
    #[error("the address belongs to another account")]
    Taken,
    /// The store did not answer.
    #[error("the address cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// Why nobody was signed in with a provider of identities, or an identity not linked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IdentityError {
    /// The attempt is too old, was used, or belongs to another browser.
    #[error("the attempt is not valid")]
    InvalidAttempt,
    /// The provider refuses the code, or what it says is not believed.
    #[error("the provider has proven nobody: {0}")]
    NotProven(Fault),
    /// The identity is nobody's, and its address belongs to an account. Only who reads its mail there is told.
    #[error("the address has an account, which the identity does not sign in to")]
    NotLinked,
    /// The identity signs in to another account.
    #[error("the identity signs in to another account")]
    LinkedElsewhere,
    /// The session that wanted to link is over, or it is another one.
    #[error("the session is over")]
    SignedOut,
    /// The session that wants to link has not stepped up.
    #[error("a step-up is required")]
    StepUpRequired,
    /// The password must be changed before anybody signs in. A mailed link does that.
    #[error("the password must be changed first")]
    PasswordChangeRequired,
    /// Refused as with a right password.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The provider did not answer.
    #[error("the provider of identities did not answer: {0}")]
    Provider(Fault),
    /// The store did not answer.
    #[error("nobody can sign in now")]
    Unavailable(#[from] Fault),
}

/// Why identities were not unlinked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum UnlinkError {
    /// The session has not stepped up.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is none.
    #[error("no identity is linked")]
    NotLinked,
    /// Nothing else would sign the user in: a mailed link sets a password.
    #[error("the account has no password")]
    NoPassword,
    /// The store did not answer.
    #[error("no identity can be unlinked now")]
    Unavailable(#[from] Fault),
}

impl From<IdentityProviderError> for IdentityError {
    fn from(error: IdentityProviderError) -> Self {
        match error {
            IdentityProviderError::Refused(why) | IdentityProviderError::Unbelievable(why) => {
                Self::NotProven(why)
            }
            IdentityProviderError::Unavailable(why) => Self::Provider(why),
        }
    }
}

/// Why a session, or a user, was not shown or ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SessionError {
    /// There is none, or it is another user's.
    #[error("no such session or user")]
    NotFound,
    /// The store did not answer.
    #[error("sessions cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why other sign-ins were not ended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EndSessionError {
    /// The session has not stepped up lately.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is no such open session, or it is another user's.
    #[error("no such session")]
    NotFound,
    /// The store did not answer.
    #[error("sessions cannot be ended now")]
    Unavailable(#[from] Fault),
}

impl From<SessionError> for EndSessionError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => Self::NotFound,
            SessionError::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}

/// Why no API key was made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateApiKeyError {
    /// A second factor is on, and the session has not stepped up by it.
    #[error("a step-up is required")]
    StepUpRequired,
    /// The user has as many as he may.
    #[error("there are {0} keys already")]
    TooMany(usize),
    /// It would be void from the beginning.
    #[error("the key would have expired already")]
    Expired,
    /// The user has left or may do nothing since the request was admitted.
    #[error("the session is over")]
    SignedOut,
    /// The store did not answer.
    #[error("no key can be made now")]
    Unavailable(#[from] Fault),
}

/// Why API keys were not shown, or one not deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiKeyError {
    /// A second factor is on, and the session has not stepped up by it.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is none, or it is another user's.
    #[error("no such key")]
    NotFound,
    /// The store did not answer.
    #[error("keys cannot be read now")]
    Unavailable(#[from] Fault),
}

/// What keeps an account from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remainder {
    /// There is money on it.
    Balance,
    /// Orders have not ended.
    OpenOrders,
    /// Something is owed, or a dispute is open.
    Debt,
    /// It belongs to staff, who is removed first: the last owner stays.
    Role,
}

/// Why an account was not deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeleteAccountError {
    /// Something is left on it.
    #[error("the account is not empty: {0:?}")]
    NotEmpty(Remainder),
    /// The session has not stepped up lately.
    #[error("a step-up is required")]
    StepUpRequired,
    /// There is no such user.
    #[error("no such user")]
    NotFound,
    /// The store did not answer.
    #[error("the account cannot be deleted now")]
    Unavailable(#[from] Fault),
}

/// Why no owner was made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateOwnerError {
    /// The address has a user.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The password breaks a rule.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// The store or the hasher did not answer.
    #[error("no owner can be made now")]
    Unavailable(#[from] Fault),
}
