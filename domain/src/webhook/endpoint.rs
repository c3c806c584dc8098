//! Endpoints: where a user wants events to be sent to. Pure decisions.

use std::{collections::BTreeSet, fmt};

use chrono::TimeDelta;

use crate::{
    EndpointId, EventKind, Time, UserId, Version,
    outbound::Destination,
    time::hours,
    webhook::{Health, Secrets, WebhookSecret},
};

/// Endpoints that a user may have.
pub const MAX_ENDPOINTS: usize = 20;

/// For so long one letter stands for whatever switches an endpoint off: its receiver says so, and could fill a mailbox.
const TOLD_FOR: TimeDelta = hours(24);

const LONGEST_DESCRIPTION: usize = 200;

/// Where deliveries go: a URL that the rules allowed when it was given. They are asked again before each call. `Debug`
/// does not show it, since paths and queries of such URLs hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// The host, which holds no secret; none of a URL that is none.
    pub fn host(&self) -> Option<String> {
        let url = url::Url::parse(&self.0).ok()?;
        url.host_str().map(str::to_owned)
    }

    /// What the rules have allowed.
    pub fn of(destination: &Destination) -> Self {
        Self(destination.as_str().to_owned())
    }

    /// As storage keeps it.
    pub const fn from_stored(url: String) -> Self {
        Self(url)
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

/// What a user notes about an endpoint: 1 to 200 characters in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

/// A text that is no description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a description is 1 to 200 characters in one line")]
pub struct InvalidDescription;

impl Description {
    /// Without the space around it.
    ///
    /// # Errors
    /// [`InvalidDescription`] for an empty or longer text, and for one with control characters.
    pub fn try_new(text: &str) -> Result<Self, InvalidDescription> {
        let text = text.trim();
        let fits = (1..=LONGEST_DESCRIPTION).contains(&text.chars().count());
        let is_clean = !text.chars().any(char::is_control);
        if fits && is_clean { Ok(Self(text.to_owned())) } else { Err(InvalidDescription) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an endpoint is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscription {
    /// Everything, also what there is no name for yet.
    Everything,
    /// These kinds; at least one.
    Kinds(BTreeSet<EventKind>),
}

/// The word for everything, in the API and in storage.
pub const EVERYTHING: &str = "*";

impl Subscription {
    /// These kinds; `None` of none.
    pub fn of(kinds: impl IntoIterator<Item = EventKind>) -> Option<Self> {
        let kinds: BTreeSet<EventKind> = kinds.into_iter().collect();
        (!kinds.is_empty()).then_some(Self::Kinds(kinds))
    }

    /// True if an event of this kind is wanted.
    pub fn has(&self, kind: EventKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }

    /// Names of what is wanted, for the API and for storage.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Everything => vec![EVERYTHING],
            Self::Kinds(kinds) => kinds.iter().map(|kind| kind.name()).collect(),
        }
    }

    /// Reads names with spaces between. A name that is not known any more is left out; if none is left, nothing is wanted.
    pub fn from_stored(text: &str) -> Self {
        if text == EVERYTHING {
            return Self::Everything;
        }
        Self::Kinds(text.split(' ').filter_map(EventKind::from_name).collect())
    }
}

/// Why an endpoint is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffReason {
    /// Its user has switched it off.
    Switched,
    /// It has failed throughout for five days.
    Failing,
    /// It has answered that it is gone for good: 410.
    Gone,
    /// Its user has got his account back by a mailed link: whoever had it may have made the endpoint.
    Recovered,
    /// Staff has switched it off, and alone switches it on.
    Staff,
}

impl OffReason {
    /// Each.
    pub const ALL: [Self; 5] = [Self::Switched, Self::Failing, Self::Gone, Self::Recovered, Self::Staff];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switched => "switched_off",
            Self::Failing => "failing",
            Self::Gone => "gone",
            Self::Recovered => "recovered",
            Self::Staff => "by_staff",
        }
    }

    /// The reason of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    On,
    /// No.
    Off {
        /// Why not.
        why: OffReason,
        /// Since when.
        at: Time,
    },
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its identifier.
    pub id: EndpointId,
    /// Whose.
    pub user: UserId,
    /// Where deliveries go.
    pub target: Target,
    /// What it is told.
    pub events: Subscription,
    /// What its user notes about it.
    pub description: Option<Description>,
    /// What deliveries are signed with.
    pub secrets: Secrets,
    /// Whether anything is sent.
    pub standing: Standing,
    /// How it went lately.
    pub health: Health,
    /// When its user was last told by mail that it is off since it fails or is gone.
    pub told_off_at: Option<Time>,
    /// Events behind this sequence are for it: what happened before it was made is not.
    pub after: i64,
    /// When it was made.
    pub created_at: Time,
    /// When its user, or its failing, last changed something.
    pub updated_at: Time,
    /// When it was deleted. Then nothing but this is kept of it, and nobody reads it again.
    pub deleted_at: Option<Time>,
    /// Counts every change.
    pub version: Version,
}

/// What of an endpoint is to change; `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// Where deliveries go.
    pub target: Option<Target>,
    /// What it is told.
    pub events: Option<Subscription>,
    /// What is noted about it; `Some(None)`: nothing.
    pub description: Option<Option<Description>>,
    /// Whether anything is sent.
    pub is_on: Option<bool>,
}

impl Endpoint {
    /// True if anything is sent.
    pub const fn is_on(&self) -> bool {
        matches!(self.standing, Standing::On)
    }

    /// True if staff has switched it off: its user does not switch it on, and it is not even tried out.
    pub const fn is_blocked(&self) -> bool {
        matches!(self.standing, Standing::Off { why: OffReason::Staff, .. })
    }

    /// True if an event of that sequence and kind is to be sent to it.
    pub fn wants(&self, sequence: i64, kind: EventKind) -> bool {
        self.is_on() && sequence > self.after && self.events.has(kind)
    }

    /// The same with what its user wishes. Switching it on forgets how it went, and so does another URL.
    #[must_use]
    pub fn changed(self, change: EndpointChange, now: Time) -> Self {
        let moves = change.target.as_ref().is_some_and(|target| *target != self.target);
        let standing = match (change.is_on, self.standing) {
            (Some(true), _) => Standing::On,
            (Some(false), Standing::On) => Standing::Off { why: OffReason::Switched, at: now },
            (Some(false) | None, standing) => standing,
        };
        let begins_anew = moves || change.is_on == Some(true);
        Self {
            target: change.target.unwrap_or(self.target),
            events: change.events.unwrap_or(self.events),
            description: change.description.unwrap_or(self.description),
            standing,
            health: if begins_anew { Health::default() } else { self.health },
            updated_at: now,
            version: self.version.next(),
            ..self
        }
    }

    /// The same with another secret; the present one is signed with for a day more.
    #[must_use]
    pub fn rotated(self, secret: WebhookSecret, now: Time) -> Self {
        let secrets = self.secrets.rotated(secret, now);
        Self { secrets, updated_at: now, version: self.version.next(), ..self }
    }

    /// The same, off for that reason. One that is off keeps its own.
    #[must_use]
    pub fn off(self, why: OffReason, now: Time) -> Self {
        let standing = match self.standing {
            Standing::On => Standing::Off { why, at: now },
            standing @ Standing::Off { .. } => standing,
        };
        Self { standing, updated_at: now, version: self.version.next(), ..self }
    }

    /// The same, whose user is told by mail that it is off, and true; or itself and false if he was told less than a day ago.
    #[must_use]
    pub fn told_off(self, now: Time) -> (Self, bool) {
        let is_news = self.told_off_at.is_none_or(|last| now - last >= TOLD_FOR);
        (if is_news { Self { told_off_at: Some(now), ..self } } else { self }, is_news)
    }

    /// The same, off by staff, whatever it was; `None` if it is so.
    #[must_use]
    pub fn blocked(self, now: Time) -> Option<Self> {
        let standing = Standing::Off { why: OffReason::Staff, at: now };
        let is_news = !self.is_blocked();
        is_news.then(|| Self { standing, updated_at: now, version: self.version.next(), ..self })
    }

    /// The same, on again, if staff had switched it off. It begins anew.
    #[must_use]
    pub fn allowed(self, now: Time) -> Option<Self> {
        let on = EndpointChange { is_on: Some(true), ..EndpointChange::default() };
        self.is_blocked().then(|| self.changed(on, now))
    }

    /// The same, to which nothing is sent before that instant; itself if nothing is anyway.
    #[must_use]
    pub fn held(self, until: Time) -> Self {
        if self.health.rests_until.is_some_and(|rests| rests >= until) {
            return self;
        }
        Self { health: self.health.held(until), version: self.version.next(), ..self }
    }

    /// What is left of it.
    #[must_use]
    pub fn deleted(self, now: Time) -> Self {
        let standing = Standing::Off { why: OffReason::Switched, at: now };
        Self { deleted_at: Some(now), standing, updated_at: now, version: self.version.next(), ..self }
    }

    /// The same, and the next delivery goes out without a rest; itself if it does not rest.
    #[must_use]
    pub fn trusted(self) -> Self {
        if self.health.rests_until.is_none() {
            return self;
        }
        Self { health: self.health.trusted(), version: self.version.next(), ..self }
    }

    /// After tries that came out so, in their order; itself if nothing about it has changed. An endpoint that is off
    /// stays so: whoever switched it off knows why.
    #[must_use]
    pub fn learned(self, tries: &[Learned], now: Time) -> Self {
        let health = tries.iter().fold(self.health, |health, tried| match tried {
            Learned::Took => health.succeeded(),
            Learned::Failed | Learned::Gone => health.failed(now),
        });
        let why = if tries.contains(&Learned::Gone) {
            Some(OffReason::Gone)
        } else {
            health.is_hopeless().then_some(OffReason::Failing)
        };
        match (why, self.standing) {
            (Some(why), Standing::On) => {
                let standing = Standing::Off { why, at: now };
                Self { standing, health, updated_at: now, version: self.version.next(), ..self }
            }
            _ if health == self.health => self,
            _ => Self { health, version: self.version.next(), ..self },
        }
    }
}

/// What a try tells about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// It took the delivery.
    Took,
    /// It did not.
    Failed,
    /// It will take none any more.
    Gone,
}
