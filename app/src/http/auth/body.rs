//! Bodies of sign-in.

use std::borrow::Cow;

use namaskah_domain::{
    SessionId, Time, UserId,
    auth::{Credentials, Email, Role, Secret, Session, SessionKind, Tokens, User},
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::body::{Text, TextForm, forms::NewPassword, text::sized, word_enum};

/// An address and a new password.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Registration")]
pub struct RegisterBody {
    /// Where a link is sent to.
    pub email: Text<Email>,
    /// At least 10 characters, not a common one, not the address.
    pub password: Text<NewPassword>,
}

word_enum! {
    /// What becomes of a wish for a mail.
    pub SentWord, "what was sent";
    VerificationSent = "verification_sent",
    ResetSent = "reset_sent",
}

/// The answer to a wish for a mail: the same for every address.
#[derive(Debug, Object)]
#[oai(rename = "MailOnItsWay")]
pub struct SentBody {
    /// What is sent, if the address is the right one for it.
    pub status: Text<SentWord>,
}

/// A token that was mailed.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "MailedToken")]
pub struct TokenBody {
    /// From the link in the mail.
    pub token: Text<Secret>,
}

/// An address.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Address")]
pub struct EmailBody {
    /// Where a mail is sent to.
    pub email: Text<Email>,
}

/// Six digits, or a recovery code.
#[derive(Debug, Clone)]
pub struct TotpCode;

impl TextForm for TotpCode {
    const EXPECTED: &'static str = "a one-time code";

    fn schema() -> MetaSchema {
        sized(6, 32, "123456")
    }

    fn read(text: &str) -> Option<Self> {
        (6..=32).contains(&text.chars().count()).then_some(Self)
    }

    fn write(&self) -> Cow<'_, str> {
        "".into()
    }
}

/// What somebody signs in with.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SignIn")]
pub struct LoginBody {
    /// The account's address.
    pub email: Text<Email>,
    /// Its password.
    pub password: Text<Secret>,
    /// The one-time code, where a second factor is on.
    pub totp_code: Option<Text<TotpCode>>,
}

impl LoginBody {
    /// The command.
    pub fn parse(self) -> Credentials {
        Credentials { email: self.email.0, password: self.password.0 }
    }
}

/// Somebody.
#[derive(Debug, Object)]
#[oai(rename = "User")]
pub struct UserBody {
    /// The identifier.
    pub id: Text<UserId>,
    /// The address.
    pub email: String,
    /// What the user may do.
    pub role: Text<Role>,
    /// True once the address is proven.
    pub email_verified: bool,
    /// True if a second factor is on.
    pub totp_enabled: bool,
    /// When the user registered.
    pub created_at: Text<Time>,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: Text(user.id),
            email: user.email.as_str().to_owned(),
            role: Text(user.role),
            email_verified: user.email_verified_at.is_some(),
            totp_enabled: false,
            created_at: Text(user.created_at),
        }
    }
}

/// A sign-in.
#[derive(Debug, Object)]
#[oai(rename = "Tokens")]
pub struct TokensBody {
    /// Goes with every request, as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// For how many seconds the access token is good.
    pub expires_in: i64,
    /// Brings the next tokens, once.
    pub refresh_token: String,
    /// Who signed in.
    pub user: UserBody,
}

impl From<Tokens> for TokensBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access.expose().to_owned(),
            token_type: "Bearer".to_owned(),
            expires_in: tokens.expires_in_s,
            refresh_token: tokens.refresh.expose().to_owned(),
            user: tokens.user.into(),
        }
    }
}

/// A browser's sign-in; the credential itself is in the cookie.
#[derive(Debug, Object)]
#[oai(rename = "BrowserSession")]
pub struct BrowserBody {
    /// Who signed in.
    pub user: UserBody,
    /// Goes with every request that changes something, as `X-CSRF-Token`.
    pub csrf_token: String,
    /// For how many seconds the session is good.
    pub expires_in: i64,
}

/// What goes with a browser's changes.
#[derive(Debug, Object)]
#[oai(rename = "CsrfToken")]
pub struct CsrfBody {
    /// Send it as `X-CSRF-Token`.
    pub csrf_token: String,
}

/// A refresh token.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Refresh")]
pub struct RefreshBody {
    /// From the last sign-in or renewal.
    pub refresh_token: Text<Secret>,
}

/// A new password, with a token.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PasswordReset")]
pub struct ResetBody {
    /// From the mail, or the `change_token` of a sign-in.
    pub token: Text<Secret>,
    /// The new password.
    pub password: Text<NewPassword>,
}

/// A new password, by whoever is signed in.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "PasswordChange")]
pub struct ChangeBody {
    /// The present one.
    pub current_password: Text<Secret>,
    /// The new one.
    pub new_password: Text<NewPassword>,
}

word_enum! {
    /// How a session is carried.
    pub SessionWord, "how a session is carried";
    Tokens = "tokens",
    Browser = "browser",
}

/// One sign-in on one device.
#[derive(Debug, Object)]
#[oai(rename = "Session")]
pub struct SessionBody {
    /// Its identifier.
    pub id: Text<SessionId>,
    /// How it is carried.
    pub kind: Text<SessionWord>,
    /// What the client called itself.
    pub device: Option<String>,
    /// The client's address.
    pub ip: Option<String>,
    /// When it began.
    pub created_at: Text<Time>,
    /// When it was last renewed.
    pub last_used_at: Text<Time>,
    /// From when on it cannot be renewed.
    pub expires_at: Text<Time>,
    /// True for the one that asks.
    pub current: bool,
}

impl SessionBody {
    /// A session, as somebody in `current` sees it.
    pub fn of(session: Session, current: SessionId) -> Self {
        let kind = match session.kind {
            SessionKind::Tokens => SessionWord::Tokens,
            SessionKind::Browser { .. } => SessionWord::Browser,
        };
        Self {
            id: Text(session.id),
            kind: Text(kind),
            device: session.device,
            ip: session.ip,
            created_at: Text(session.created_at),
            last_used_at: Text(session.last_used_at),
            expires_at: Text(session.expires_at),
            current: session.id == current,
        }
    }
}
