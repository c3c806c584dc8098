//! Sign-in: users, their passwords, sessions and tokens.

pub mod credential;
pub mod error;
pub mod password;
pub mod ports;
pub mod service;
pub mod session;
pub mod token;
pub mod user;

pub use credential::{MailToken, MailTokenPurpose, PasswordHash, RefreshToken, Secret, TokenHash};
pub use error::{
    AuthenticateError, ChangePasswordError, CreateOwnerError, DeleteAccountError, MailRequestError,
    RefreshError, RegisterError, Remainder, ResetPasswordError, SessionError, SignInError, VerifyEmailError,
};
pub use password::WeakPassword;
pub use ports::{
    AccessClaims, AuthReads, DirectStandings, PasswordCheck, PasswordHasher, Standing, Standings, TokenSigner,
};
pub use service::{
    AuthPolicy, AuthPorts, AuthService, BrowserSession, ChangePassword, Credentials, Origin, Register,
    ResetPassword, SignedIn, Tokens,
};
pub use session::{Session, SessionEnd, SessionKind};
pub use token::TokenKind;
pub use user::{Email, InvalidEmail, Role, Suspension, User};
