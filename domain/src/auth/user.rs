//! Users.

use std::fmt;

use crate::{
    Time, UserId, Version,
    auth::{PasswordHash, SecondFactor},
};

/// An e-mail address, folded to lower case so that one address has one user. `Debug` hides most of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Accepts what mail servers accept in daily use: at most 254 visible ASCII characters, one `@`, a name of at
    /// most 64 and a domain with a dot, no label of which is empty, longer than 63, or begins or ends with `-`.
    ///
    /// # Errors
    /// [`InvalidEmail`] for anything else, and for the domain of users who have left: whoever had such an address would
    /// be taken for one.
    pub fn try_new(text: &str) -> Result<Self, InvalidEmail> {
        Self::from_stored(text).ok().filter(|email| !email.0.ends_with(DELETED)).ok_or(InvalidEmail)
    }

    /// An address that was stored, also of a user who has left.
    ///
    /// # Errors
    /// [`InvalidEmail`] if it is none.
    pub fn from_stored(text: &str) -> Result<Self, InvalidEmail> {
        let (name, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let name_fits = (1..=64).contains(&name.len())
            && name.split('.').all(|atom| !atom.is_empty())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_fits = domain.contains('.') && domain.split('.').all(label_fits);
        if text.len() <= 254 && name_fits && domain_fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidEmail)
        }
    }

    /// As text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without what is behind a `+` in its name: most servers bring `ada+shop@` to `ada@`, so that one mailbox has
    /// any number of addresses.
    pub fn mailbox(&self) -> String {
        let (name, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let mailbox = name.split_once('+').map_or(name, |(mailbox, _)| mailbox);
        // Of a name that begins with it nothing would be left to tell it by.
        format!("{}@{domain}", if mailbox.is_empty() { name } else { mailbox })
    }

    /// What is behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.domain())
    }
}

/// What addresses of users who left end with.
const DELETED: &str = "@deleted.invalid";

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Buys numbers.
    Customer,
    /// Reads, and answers tickets.
    Support,
    /// Adjustments, refunds, reconciliation.
    Finance,
    /// Providers, pricing, services.
    Operator,
    /// Everything.
    Owner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Support, Self::Finance, Self::Operator, Self::Owner];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "user",
            Self::Support => "support",
            Self::Finance => "finance",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// True for whoever works here.
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Customer)
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Why a user may do nothing for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// For operators.
    pub reason: String,
    /// Since when.
    pub since: Time,
    /// Until when; `None`: until lifted.
    pub until: Option<Time>,
}

/// How a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// May use the product.
    Active,
    /// Has not proven the address.
    Unverified,
    /// May do nothing now.
    Suspended,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The identifier.
    pub id: UserId,
    /// The address; unique.
    pub email: Email,
    /// The password, hashed.
    pub password: PasswordHash,
    /// What the user may do.
    pub role: Role,
    /// When the address was proven; `None`: not yet.
    pub email_verified_at: Option<Time>,
    /// Set while the user may do nothing.
    pub suspension: Option<Suspension>,
    /// True if the password must be changed before anything else.
    pub must_change_password: bool,
    /// What signing in needs besides the password.
    pub second_factor: SecondFactor,
    /// When the password was last set, or the address changed; a mailed token that would change either and is older
    /// than this is void.
    pub password_changed_at: Time,
    /// When the user registered.
    pub created_at: Time,
    /// Counts every change.
    pub version: Version,
}

impl User {
    /// True if suspended at `now`.
    pub fn is_suspended(&self, now: Time) -> bool {
        self.suspension.as_ref().is_some_and(|s| s.until.is_none_or(|until| now < until))
    }

    /// How the user is at `now`.
    pub fn state(&self, now: Time) -> UserState {
        if self.is_suspended(now) {
            UserState::Suspended
        } else if self.email_verified_at.is_none() {
            UserState::Unverified
        } else {
            UserState::Active
        }
    }

    /// True if nothing about a person is left: see [`Self::anonymised`].
    pub fn is_deleted(&self) -> bool {
        self.email.0.ends_with(DELETED)
    }

    /// The same user, who may do nothing for a time.
    #[must_use]
    pub fn suspended(self, suspension: Suspension) -> Self {
        Self { suspension: Some(suspension), ..self }.touched()
    }

    /// The same user, who may do again what he could.
    #[must_use]
    pub fn unsuspended(self) -> Self {
        Self { suspension: None, ..self }.touched()
    }

    /// The same user at the next version. Committed with a new session, it proves that nothing about the user
    /// has changed since the password was checked.
    #[must_use]
    pub fn touched(self) -> Self {
        Self { version: self.version.next(), ..self }
    }

    /// The same user whose address is proven; the first proof counts.
    #[must_use]
    pub fn verified(self, at: Time) -> Self {
        Self { email_verified_at: self.email_verified_at.or(Some(at)), ..self }.touched()
    }

    /// The same user with a new password.
    #[must_use]
    pub fn with_password(self, password: PasswordHash, at: Time) -> Self {
        Self { password, must_change_password: false, password_changed_at: at, ..self }.touched()
    }

    /// The same user under another address, which was proven just now. Whatever was mailed before is void.
    #[must_use]
    pub fn with_email(self, email: Email, at: Time) -> Self {
        Self { email, email_verified_at: Some(at), password_changed_at: at, ..self }.touched()
    }

    /// The same user with another second factor, or none.
    #[must_use]
    pub fn with_second_factor(self, second_factor: SecondFactor) -> Self {
        Self { second_factor, ..self }.touched()
    }

    /// What stays of a user who left: the identifier, which the journal names, and nothing about the person.
    /// No password fits, and the suspension has no end.
    #[must_use]
    pub fn anonymised(self, at: Time) -> Self {
        Self {
            email: Email(format!("deleted-{}{DELETED}", self.id)),
            password: PasswordHash::from_stored("deleted".to_owned()),
            role: Role::Customer,
            email_verified_at: None,
            suspension: Some(Suspension { reason: "deleted by the user".to_owned(), since: at, until: None }),
            second_factor: SecondFactor::Off,
            password_changed_at: at,
            ..self
        }
        .touched()
    }
}
