//! Sign-in: users, their passwords, sessions and tokens.

pub mod api_key;
pub mod credential;
pub mod error;
pub mod identity;
pub mod one_time;
pub mod password;
pub mod ports;
pub mod second_factor;
pub mod service;
pub mod session;
pub mod token;
pub mod totp;
pub mod user;

pub use api_key::{AllowedIps, ApiKey, KeyName, Scope, Scopes};
pub use credential::{MailToken, MailTokenPurpose, PasswordHash, RefreshToken, Secret, TokenHash};
pub use error::{
    ApiKeyError, AuthenticateError, ChangeEmailError, ChangePasswordError, CodeError, ConfirmEmailError,
    ConfirmTotpError, CreateApiKeyError, CreateOwnerError, DeleteAccountError, DisableTotpError,
    EndSessionError, EnrollTotpError, IdentityError, MailRequestError, RefreshError, RegisterError,
    Remainder, ResetPasswordError, SessionError, SignInError, StepUpError, UnlinkError, VerifyEmailError,
};
pub use identity::{
    Assertion, Attempt, AttemptFor, Disbelief, Expected, Identity, InvalidIssuer, InvalidSubject, Issuer,
    Proven, Subject,
};
pub use one_time::{OneTimeCode, RecoveryCode};
pub use password::WeakPassword;
pub use ports::{
    AccessClaims, AttemptSecrets, AuthReads, Before, DirectStandings, IdentityProvider,
    IdentityProviderError, KeyStanding, LeakedPasswords, NoLeaks, OneTimeCodes, PasswordCheck,
    PasswordHasher, Standing, Standings, TokenSigner,
};
pub use second_factor::{Admission, Enrolment, SecondFactor, Totp};
pub(crate) use service::{ATTEMPTS, KeptChanging, opened};
pub use service::{
    Arrived, AuthPolicy, AuthPorts, AuthService, BegunAttempt, BrowserSession, ChangeEmail, ChangePassword,
    ConfirmEmail, ConfirmTotp, CreateApiKey, Credentials, DisableTotp, Elevation, IdentityService, KeyBearer,
    NewApiKey, NewTotp, Origin, Register, Renewed, ResetPassword, Returned, SignedIn, StepUp, Tokens,
};
pub use session::{Session, SessionEnd, SessionKind};
pub use token::TokenKind;
pub use totp::{TotpSecret, TotpStep};
pub use user::{Email, InvalidEmail, Role, Suspension, User, UserState};
