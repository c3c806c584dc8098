//! Deliveries: one event on its way to one endpoint, and each try of it. Pure decisions.

use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    AttemptId, DeliveryId, EndpointId, EventId, EventKind, Time, TraceParent, UserId, Version,
    outbound::RetryAfter,
    outbox::SequencedEvent,
    webhook::{endpoint::Learned, schedule},
};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Something happened to a record.
    Event {
        /// Its place in the log.
        sequence: i64,
        /// What.
        kind: EventKind,
        /// To which: the bare identifier of an order, a payment or a user, whose wallet it is.
        subject: Uuid,
    },
    /// Nothing: its user tries the endpoint out.
    Test,
}

impl Happening {
    /// What a try-out is called.
    pub const TEST: &'static str = "webhook.test";

    /// The type, in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event { kind, .. } => kind.name(),
            Self::Test => Self::TEST,
        }
    }

    /// Its place in the log, if it is there.
    pub const fn sequence(self) -> Option<i64> {
        match self {
            Self::Event { sequence, .. } => Some(sequence),
            Self::Test => None,
        }
    }
}

/// What is told, under which name, and of which instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Telling {
    /// The event's identifier: the same in every try and at every endpoint.
    pub id: EventId,
    /// When it happened.
    pub at: Time,
    /// What.
    pub what: Happening,
    /// The place in a trace that has caused it, where traces are collected. The endpoint is not told.
    pub cause: Option<TraceParent>,
}

impl From<&SequencedEvent> for Telling {
    fn from(SequencedEvent { sequence, event }: &SequencedEvent) -> Self {
        let what = Happening::Event { sequence: *sequence, kind: event.kind, subject: event.subject };
        Self { id: event.id, at: event.at, what, cause: event.cause }
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried at this instant or after.
    Waiting {
        /// Not before.
        due: Time,
    },
    /// It was taken.
    Delivered {
        /// When.
        at: Time,
    },
    /// It was tried as often as the schedule says, in vain.
    Failed {
        /// When it was given up.
        at: Time,
    },
    /// Its endpoint was switched off or deleted before it was taken.
    Dropped {
        /// When that was seen.
        at: Time,
    },
}

/// The same without times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// It is tried, or will be.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
    /// Its endpoint was off.
    Dropped,
}

impl DeliveryStatus {
    /// Each.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Failed, Self::Dropped];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl DeliveryState {
    /// Without times.
    pub const fn status(self) -> DeliveryStatus {
        match self {
            Self::Waiting { .. } => DeliveryStatus::Waiting,
            Self::Delivered { .. } => DeliveryStatus::Delivered,
            Self::Failed { .. } => DeliveryStatus::Failed,
            Self::Dropped { .. } => DeliveryStatus::Dropped,
        }
    }

    /// The instant that it has: when it is due, or when it ended.
    pub const fn instant(self) -> Time {
        match self {
            Self::Waiting { due } => due,
            Self::Delivered { at } | Self::Failed { at } | Self::Dropped { at } => at,
        }
    }

    /// A status with its instant.
    pub const fn of(status: DeliveryStatus, at: Time) -> Self {
        match status {
            DeliveryStatus::Waiting => Self::Waiting { due: at },
            DeliveryStatus::Delivered => Self::Delivered { at },
            DeliveryStatus::Failed => Self::Failed { at },
            DeliveryStatus::Dropped => Self::Dropped { at },
        }
    }
}

/// One event on its way to one endpoint. There is one of each pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its identifier.
    pub id: DeliveryId,
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// Whose.
    pub user: UserId,
    /// What.
    pub telling: Telling,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries since it was begun, or begun anew: where the schedule is.
    pub tried: u32,
    /// All tries that ever were.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Time,
    /// Counts every change.
    pub version: Version,
}

/// How a try came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The endpoint answered with this status.
    Answered(u16),
    /// No answer in time.
    TimedOut,
    /// Its name leads nowhere or where it may not, or there is no connection. Which of them is not told: it would show
    /// which names exist inside our network.
    NotReached,
    /// The connection broke, or what came is not HTTP.
    Broken,
}

/// The status of one that is gone for good.
const GONE: u16 = 410;
/// Those of one that takes something later: too many requests, and not available.
const LATER: [u16; 2] = [429, 503];

impl AttemptOutcome {
    /// True if the endpoint took it: 2xx and nothing else.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// The status, if there was an answer.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status),
            Self::TimedOut | Self::NotReached | Self::Broken => None,
        }
    }

    /// True if a receiver that came out so may say when to try again.
    pub fn may_ask_for_a_pause(self) -> bool {
        self.status().is_some_and(|status| LATER.contains(&status))
    }

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered(200..=299) => "delivered",
            Self::Answered(_) => "refused",
            Self::TimedOut => "timed_out",
            Self::NotReached => "not_reached",
            Self::Broken => "broken",
        }
    }

    /// The outcome of that name and status.
    pub fn from_stored(name: &str, status: Option<u16>) -> Option<Self> {
        let outcome = match (name, status) {
            ("timed_out", None) => Self::TimedOut,
            ("not_reached", None) => Self::NotReached,
            ("broken", None) => Self::Broken,
            (_, Some(status)) => Self::Answered(status),
            _ => return None,
        };
        (outcome.name() == name).then_some(outcome)
    }

    /// What it tells about the endpoint.
    pub const fn learned(self) -> Learned {
        match self {
            Self::Answered(GONE) => Learned::Gone,
            _ if self.is_success() => Learned::Took,
            _ => Learned::Failed,
        }
    }
}

/// A try, as it is kept. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its identifier.
    pub id: AttemptId,
    /// Of which delivery.
    pub delivery: DeliveryId,
    /// The how-manieth, from 1.
    pub number: u32,
    /// When it began.
    pub at: Time,
    /// How it came out.
    pub outcome: AttemptOutcome,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

impl Delivery {
    /// A new one, due at once.
    pub const fn new(
        id: DeliveryId,
        (endpoint, user): (EndpointId, UserId),
        telling: Telling,
        now: Time,
    ) -> Self {
        Self {
            id,
            endpoint,
            user,
            telling,
            state: DeliveryState::Waiting { due: now },
            tried: 0,
            attempts: 0,
            created_at: now,
            version: Version::FIRST,
        }
    }

    /// True if it only tries the endpoint out: it says nothing about it, and is not repeated.
    pub const fn is_test(&self) -> bool {
        matches!(self.telling.what, Happening::Test)
    }

    /// After a try of which the receiver may have asked for a pause. One that its user has begun anew meanwhile, or that
    /// was dropped, counts the try and stays so, unless it was taken.
    #[must_use]
    pub fn after(self, outcome: AttemptOutcome, asked: Option<RetryAfter>, roll: u16, now: Time) -> Self {
        let tried = self.tried.saturating_add(1);
        let is_waiting = self.state.status() == DeliveryStatus::Waiting;
        let asked = asked.filter(|_| outcome.may_ask_for_a_pause());
        let next = if self.is_test() { None } else { schedule::next(tried, roll, asked, now) };
        let state = match next {
            _ if outcome.is_success() => DeliveryState::Delivered { at: now },
            _ if !is_waiting => self.state,
            Some(due) => DeliveryState::Waiting { due },
            None => DeliveryState::Failed { at: now },
        };
        Self { state, tried, attempts: self.attempts.saturating_add(1), version: self.version.next(), ..self }
    }

    /// The same as its user is shown it: nothing is tried before the rest of its endpoint is over.
    #[must_use]
    pub fn behind(self, rests_until: Option<Time>) -> Self {
        let state = match (self.state, rests_until) {
            (DeliveryState::Waiting { due }, Some(until)) => DeliveryState::Waiting { due: due.max(until) },
            (state, _) => state,
        };
        Self { state, ..self }
    }

    /// True if it was begun and has not been tried since.
    pub const fn is_fresh(&self) -> bool {
        matches!(self.state, DeliveryState::Waiting { .. }) && self.tried == 0
    }

    /// The same, and due later: we had no place for it.
    #[must_use]
    pub fn put_off(self, due: Time) -> Self {
        Self { state: DeliveryState::Waiting { due }, version: self.version.next(), ..self }
    }

    /// The same, which is not sent any more: its endpoint is off.
    #[must_use]
    pub fn dropped(self, at: Time) -> Self {
        Self { state: DeliveryState::Dropped { at }, version: self.version.next(), ..self }
    }

    /// The same from the beginning, whatever became of it.
    #[must_use]
    pub fn begun_anew(self, now: Time) -> Self {
        let state = DeliveryState::Waiting { due: now };
        Self { state, tried: 0, version: self.version.next(), ..self }
    }
}

/// Milliseconds, as they are kept.
pub(crate) fn in_ms(took: TimeDelta) -> u32 {
    u32::try_from(took.num_milliseconds().max(0)).unwrap_or(u32::MAX)
}
