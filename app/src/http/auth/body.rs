//! Bodies of sign-in.

use namaskah_domain::{
    SessionId, Time, UserId,
    auth::{
        BrowserSession, Credentials, Email, Identity, OneTimeCode, Role, Secret, Session, SessionKind,
        Tokens, User,
    },
};
use poem_openapi::Object;
use serde::Deserialize;

use crate::http::body::{Text, forms::NewPassword, word_enum};

/// An address and a new password.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Registration")]
pub struct RegisterBody {
    /// Where a link is sent to.
    pub email: Text<Email>,
    /// At least 10 characters, not a common one, not one from a leak, not the address.
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

/// A new address, and what was mailed to it.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewAddressProof")]
pub struct ConfirmEmailBody {
    /// The new address, from the link in the mail.
    pub email: Text<Email>,
    /// From the link in the mail.
    pub token: Text<Secret>,
}

/// What of you is to change.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "UserChange")]
pub struct ChangeMeBody {
    /// The new address. It takes effect once it is proven.
    pub email: Text<Email>,
}

/// Where a browser is to be sent to.
#[derive(Debug, Object)]
#[oai(rename = "Authorization")]
pub struct AuthorizationBody {
    /// A page of Google's.
    pub authorization_url: String,
}

/// A one-time code.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "SecondFactor")]
pub struct SecondFactorBody {
    /// Of the user's device, or a recovery code.
    pub totp_code: Text<OneTimeCode>,
}

/// An address.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Address")]
pub struct EmailBody {
    /// Where a mail is sent to.
    pub email: Text<Email>,
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
    pub totp_code: Option<Text<OneTimeCode>>,
}

impl LoginBody {
    /// The command.
    pub fn parse(self) -> Credentials {
        let code = self.totp_code.map(|code| code.0);
        Credentials { email: self.email.0, password: self.password.0, code }
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
            totp_enabled: user.second_factor.is_on(),
            created_at: Text(user.created_at),
        }
    }
}

/// You, and who signs you in.
#[derive(Debug, Object)]
#[oai(rename = "Me")]
pub struct MeBody {
    /// You.
    #[oai(flatten)]
    pub user: UserBody,
    /// Google accounts that sign you in.
    pub identities: Vec<IdentityBody>,
}

/// A user as Google knows him.
#[derive(Debug, Object)]
#[oai(rename = "Identity")]
pub struct IdentityBody {
    /// Who knows him.
    pub issuer: String,
    /// By which name.
    pub subject: Option<String>,
    /// Since when it signs him in.
    pub linked_at: Text<Time>,
}

impl From<Identity> for IdentityBody {
    fn from(identity: Identity) -> Self {
        Self {
            issuer: identity.issuer.as_str().to_owned(),
            subject: identity.subject.map(|subject| subject.as_str().to_owned()),
            linked_at: Text(identity.linked_at),
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

impl BrowserBody {
    /// A session, and what goes with its changes.
    pub fn of(session: BrowserSession, csrf_token: &Secret) -> Self {
        Self {
            user: session.user.into(),
            csrf_token: csrf_token.expose().to_owned(),
            expires_in: session.expires_in_s,
        }
    }
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

/// A proof that it is still you: the password, or with a second factor a code.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StepUp")]
pub struct StepUpBody {
    /// The present password; needed without a second factor.
    pub password: Option<Text<Secret>>,
    /// A one-time code; needed with a second factor.
    pub totp_code: Option<Text<OneTimeCode>>,
}

/// How long a step-up is good.
#[derive(Debug, Object)]
#[oai(rename = "Elevation")]
pub struct ElevationBody {
    /// Until when this sign-in may change what you sign in with.
    pub elevated_until: Text<Time>,
    /// What a sign-in by tokens goes on with; those of before are void.
    #[oai(skip_serializing_if_is_none)]
    pub tokens: Option<TokensBody>,
    /// What a browser goes on with, whose new credential is in the cookie; the one of before is void.
    #[oai(skip_serializing_if_is_none)]
    pub session: Option<BrowserBody>,
}

/// A second factor that waits for its first code.
#[derive(Debug, Object)]
#[oai(rename = "TotpEnrolment")]
pub struct TotpEnrolmentBody {
    /// To type into an authenticator app: Base32.
    pub secret: String,
    /// The same with all that an app wants to know.
    pub otpauth_url: String,
    /// That address as a QR code: an SVG document.
    pub qr_svg: String,
}

/// The first code of a second factor.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TotpConfirmation")]
pub struct TotpConfirmBody {
    /// What the authenticator app shows.
    pub code: Text<OneTimeCode>,
}

/// What stands in for a lost device.
#[derive(Debug, Object)]
#[oai(rename = "RecoveryCodes")]
pub struct TotpRecoveryBody {
    /// Each works once, in the place of a one-time code. They cannot be shown again.
    pub recovery_codes: Vec<String>,
}

/// What turns a second factor off.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TotpRemoval")]
pub struct TotpDisableBody {
    /// The present password.
    pub password: Text<Secret>,
    /// A one-time code, or a recovery code.
    pub code: Text<OneTimeCode>,
}

word_enum! {
    /// How a session is carried.
    pub SessionWord, "how a session is carried";
    Tokens = "tokens",
    Browser = "browser",
}

impl SessionWord {
    /// The word for it.
    pub const fn of(kind: SessionKind) -> Self {
        match kind {
            SessionKind::Tokens => Self::Tokens,
            SessionKind::Browser { .. } => Self::Browser,
        }
    }
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
        Self {
            id: Text(session.id),
            kind: Text(SessionWord::of(session.kind)),
            device: session.device,
            ip: session.ip,
            created_at: Text(session.created_at),
            last_used_at: Text(session.last_used_at),
            expires_at: Text(session.expires_at),
            current: session.id == current,
        }
    }
}
