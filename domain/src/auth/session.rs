//! Sessions: one sign-in on one device, and the family of its refresh tokens.

use chrono::TimeDelta;

use crate::{
    SessionId, Time, UserId, Version,
    auth::TokenHash,
    time::{hours, minutes},
};

/// How long staff may do nothing.
const STAFF_IDLE: TimeDelta = minutes(30);
/// How long a sign-in of staff is good, whatever is done.
const STAFF_LIFE: TimeDelta = hours(12);
/// A use is noted again only when the last note is so old, so that a busy session is not written at every request.
const NOTED_EVERY: TimeDelta = minutes(1);

/// How a session is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// By access and refresh tokens.
    Tokens,
    /// By the browser's cookie, stored hashed.
    Browser {
        /// Hash of the cookie's secret.
        cookie: TokenHash,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// The user signed out.
    SignedOut,
    /// The user ended it from another session, or all of them.
    Revoked,
    /// A refresh token was used twice.
    TokenReused,
    /// Its user stepped up, and another goes on in its place.
    Replaced,
}

impl SessionEnd {
    /// Every end.
    pub const ALL: [Self; 4] = [Self::SignedOut, Self::Revoked, Self::TokenReused, Self::Replaced];

    /// The word in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::TokenReused => "token_reused",
            Self::Replaced => "replaced",
        }
    }
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its identifier, carried in access tokens.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// Tokens or cookie.
    pub kind: SessionKind,
    /// What the client called itself, cut to 200 characters.
    pub device: Option<String>,
    /// The client's address.
    pub ip: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When it was last renewed. Of staff: when it was last used for staff's work, to a minute.
    pub last_used_at: Time,
    /// From when on it cannot be renewed.
    pub expires_at: Time,
    /// Until when it may change what its user signs in with. `None`: it has not stepped up.
    pub elevated_until: Option<Time>,
    /// When and why it ended.
    pub ended: Option<(Time, SessionEnd)>,
    /// Counts every change.
    pub version: Version,
}

impl Session {
    /// True if it may be used at `now`.
    pub fn is_open(&self, now: Time) -> bool {
        self.ended.is_none() && now < self.expires_at
    }

    /// True if it may change, at `now`, what its user signs in with.
    pub fn is_elevated(&self, now: Time) -> bool {
        self.is_open(now) && self.elevated_until.is_some_and(|until| now < until)
    }

    /// True if staff may use it at `now`: idle for less than 30 minutes, and less than 12 hours old.
    pub fn is_fit_for_staff(&self, now: Time) -> bool {
        now < self.last_used_at + STAFF_IDLE && now < self.created_at + STAFF_LIFE
    }

    /// The same session, used now; `None` if that was noted less than a minute ago.
    #[must_use]
    pub fn used(self, at: Time) -> Option<Self> {
        (self.last_used_at + NOTED_EVERY <= at).then(|| Self {
            last_used_at: at,
            version: self.version.next(),
            ..self
        })
    }

    /// The same session, good until `expires_at`, which is no use of it.
    #[must_use]
    pub fn extended(self, expires_at: Time) -> Self {
        Self { expires_at, version: self.version.next(), ..self }
    }

    /// The session that goes on in the place of this one, stepped up until then. It is as old as this one and ends no
    /// later; under a name and with a secret of its own, so that whoever has a copy of a credential of before has nothing.
    #[must_use]
    pub fn elevated(&self, id: SessionId, kind: SessionKind, at: Time, until: Time) -> Self {
        Self {
            id,
            kind,
            last_used_at: at,
            elevated_until: Some(until),
            version: Version::FIRST,
            ..self.clone()
        }
    }

    /// The same session, ended; an ended one stays as it is.
    #[must_use]
    pub fn ended(self, why: SessionEnd, at: Time) -> Self {
        if self.ended.is_some() {
            return self;
        }
        Self { ended: Some((at, why)), version: self.version.next(), ..self }
    }

    /// The same session, used now and good until `expires_at`.
    #[must_use]
    pub fn renewed(self, at: Time, expires_at: Time) -> Self {
        Self { last_used_at: at, expires_at, version: self.version.next(), ..self }
    }
}
