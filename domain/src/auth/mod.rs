//! Sign-in: users, their passwords, sessions and tokens.

pub mod api_key;
pub mod credential;
pub mod error;
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
    ApiKeyError, AuthenticateError, ChangePasswordError, CodeError, ConfirmTotpError, CreateApiKeyError,
    CreateOwnerError, DeleteAccountError, DisableTotpError, EnrollTotpError, MailRequestError, RefreshError,
    RegisterError, Remainder, ResetPasswordError, SessionError, SignInError, StepUpError, VerifyEmailError,
};
pub use one_time::{OneTimeCode, RecoveryCode};
pub use password::WeakPassword;
pub use ports::{
    AccessClaims, AuthReads, DirectStandings, KeyStanding, OneTimeCodes, PasswordCheck, PasswordHasher,
    Standing, Standings, TokenSigner,
};
pub use second_factor::{Admission, Enrolment, SecondFactor, Totp};
pub(crate) use service::{ATTEMPTS, KeptChanging, opened};
pub use service::{
    AuthPolicy, AuthPorts, AuthService, BrowserSession, ChangePassword, ConfirmTotp, CreateApiKey,
    Credentials, DisableTotp, KeyBearer, NewApiKey, NewTotp, Origin, Register, ResetPassword, SignedIn,
    StepUp, Tokens,
};
pub use session::{Session, SessionEnd, SessionKind};
pub use token::TokenKind;
pub use totp::{TotpSecret, TotpStep};
pub use user::{Email, InvalidEmail, Role, Suspension, User, UserState};
