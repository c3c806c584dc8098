//! Sign-in: users, their passwords, sessions and tokens.

pub mod credential;
pub mod ports;
pub mod session;
pub mod user;

pub use credential::{MailToken, MailTokenPurpose, PasswordHash, RefreshToken, Secret, TokenHash};
pub use ports::{AccessClaims, AuthReads, PasswordCheck, PasswordHasher, TokenSigner};
pub use session::{Session, SessionEnd, SessionKind};
pub use user::{Email, InvalidEmail, Role, Suspension, User};
