//! Bodies of users.

use std::borrow::Cow;

use namaskah_domain::{
    Time, UserId,
    auth::{Role, User, UserState},
    staff::{Suspend, UserDetail},
    wallet::{Account, Reason},
};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use crate::http::{
    auth::body::SessionWord,
    body::{MoneyBody, Text, TextForm, text::sized, word_enum},
    payments::PaymentBody,
};

/// Whom to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchWord {
    /// One user.
    User(UserId),
    /// Those whose address begins so, in lower case.
    Address(String),
}

impl TextForm for SearchWord {
    const EXPECTED: &'static str =
        "an identifier, or 1 to 254 visible characters that an address begins with";

    fn schema() -> MetaSchema {
        sized(1, 254, "ada@")
    }

    fn read(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::User(id));
        }
        let fits = (1..=254).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self::Address(text.to_ascii_lowercase()))
    }

    fn write(&self) -> Cow<'_, str> {
        match self {
            Self::User(id) => id.to_string().into(),
            Self::Address(begins) => begins.as_str().into(),
        }
    }
}

word_enum! {
    /// How a user is.
    pub UserStateWord, "how a user is";
    Active = "active",
    Unverified = "unverified",
    Suspended = "suspended",
}

impl From<UserStateWord> for UserState {
    fn from(word: UserStateWord) -> Self {
        match word {
            UserStateWord::Active => Self::Active,
            UserStateWord::Unverified => Self::Unverified,
            UserStateWord::Suspended => Self::Suspended,
        }
    }
}

impl From<UserState> for UserStateWord {
    fn from(state: UserState) -> Self {
        match state {
            UserState::Active => Self::Active,
            UserState::Unverified => Self::Unverified,
            UserState::Suspended => Self::Suspended,
        }
    }
}

/// A suspension to come.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewSuspension")]
pub struct SuspendBody {
    /// Why, for staff.
    pub reason: Text<Reason>,
    /// Until when; until it is lifted if it is missing.
    pub until: Option<Text<Time>>,
}

impl SuspendBody {
    /// The command.
    pub fn parse(self) -> Suspend {
        Suspend { reason: self.reason.0, until: self.until.map(|until| until.0) }
    }
}

/// Why and how long a user may do nothing.
#[derive(Debug, Object)]
#[oai(rename = "Suspension")]
pub struct SuspensionBody {
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Text<Time>,
    /// Until when; null until it is lifted.
    pub until: Option<Text<Time>>,
}

/// A user, as staff finds him.
#[derive(Debug, Object)]
#[oai(rename = "FoundUser")]
pub struct FoundBody {
    /// The identifier.
    pub id: Text<UserId>,
    /// The address.
    pub email: String,
    /// What the user may do.
    pub role: Text<Role>,
    /// How the user is.
    pub status: Text<UserStateWord>,
    /// The last suspension that was not lifted, also if its time is over.
    pub suspension: Option<SuspensionBody>,
    /// True if a second factor is on.
    pub totp_enabled: bool,
    /// True if the password must be changed before anything else.
    pub password_due: bool,
    /// When the user registered.
    pub created_at: Text<Time>,
}

impl FoundBody {
    /// The user as he is now.
    pub fn of(user: User, now: Time) -> Self {
        let status = user.state(now).into();
        let suspension = user.suspension.map(|suspension| SuspensionBody {
            reason: suspension.reason,
            since: Text(suspension.since),
            until: suspension.until.map(Text),
        });
        Self {
            id: Text(user.id),
            email: user.email.as_str().to_owned(),
            role: Text(user.role),
            status: Text(status),
            suspension,
            totp_enabled: user.second_factor.is_on(),
            password_due: user.must_change_password,
            created_at: Text(user.created_at),
        }
    }
}

/// What a user has, holds and owes.
#[derive(Debug, Object)]
#[oai(rename = "UserMoney")]
pub struct UserMoneyBody {
    /// Posted and not held, in the wallet alone.
    pub wallet_available: MoneyBody,
    /// Held for open orders and refunds, in the wallet alone.
    pub wallet_held: MoneyBody,
    /// Given by the house, posted.
    pub promo: MoneyBody,
    /// Owed.
    pub debt: MoneyBody,
    /// How many orders are open.
    pub open_orders: u32,
    /// How many disputes are open.
    pub open_disputes: u32,
}

impl From<&Account> for UserMoneyBody {
    fn from(account: &Account) -> Self {
        Self {
            wallet_available: account.wallet.available().into(),
            wallet_held: account.wallet.held.into(),
            promo: account.promo.posted.into(),
            debt: account.debt.into(),
            open_orders: account.open_orders,
            open_disputes: account.open_disputes,
        }
    }
}

/// A sign-in of a user.
#[derive(Debug, Object)]
#[oai(rename = "UserSession")]
pub struct UserSessionBody {
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
}

impl From<namaskah_domain::auth::Session> for UserSessionBody {
    fn from(session: namaskah_domain::auth::Session) -> Self {
        Self {
            kind: Text(SessionWord::of(session.kind)),
            device: session.device,
            ip: session.ip,
            created_at: Text(session.created_at),
            last_used_at: Text(session.last_used_at),
        }
    }
}

/// A Google account that signs in a user. Which one it is, is none of staff's business.
#[derive(Debug, Object)]
#[oai(rename = "UserIdentity")]
pub struct UserIdentityBody {
    /// Who knows him.
    pub issuer: String,
    /// Since when it signs him in.
    pub linked_at: Text<Time>,
}

impl From<namaskah_domain::auth::Identity> for UserIdentityBody {
    fn from(identity: namaskah_domain::auth::Identity) -> Self {
        Self { issuer: identity.issuer.as_str().to_owned(), linked_at: Text(identity.linked_at) }
    }
}

/// A user, with what staff wants to know first.
#[derive(Debug, Object)]
#[oai(rename = "UserDetail")]
pub struct DetailBody {
    /// The user.
    pub user: FoundBody,
    /// The money.
    pub money: UserMoneyBody,
    /// The ten newest payments.
    pub payments: Vec<PaymentBody>,
    /// Open sessions, newest first.
    pub sessions: Vec<UserSessionBody>,
    /// Google accounts that sign him in, newest first.
    pub identities: Vec<UserIdentityBody>,
}

impl DetailBody {
    /// All of it as it is now.
    pub fn of(detail: UserDetail, now: Time) -> Self {
        Self {
            money: UserMoneyBody::from(&detail.account),
            user: FoundBody::of(detail.user, now),
            payments: detail.payments.into_iter().map(PaymentBody::from).collect(),
            sessions: detail.sessions.into_iter().map(UserSessionBody::from).collect(),
            identities: detail.identities.into_iter().map(UserIdentityBody::from).collect(),
        }
    }
}
