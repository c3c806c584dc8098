//! Orders: each state is a type, and a transition says what happens to the money.

use chrono::TimeDelta;

use crate::{
    Amount, BatchId, HoldId, OrderId, PhoneNumber, PurchaseId, Time, UserId, Version,
    verification::{Ask, Failure, Report, ReservationId},
    wallet::HoldEnd,
};

/// What is true of an order in every state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its identifier.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// What was asked.
    pub ask: Ask,
    /// What is paid if a code comes; what the hold reserves.
    pub price: Amount,
    /// The hold.
    pub hold: HoldId,
    /// The user's own notes: a JSON object as text.
    pub metadata: Option<String>,
    /// 1, or one more than the order that it retries.
    pub attempt: u32,
    /// The order that it retries.
    pub retry_of: Option<OrderId>,
    /// The order that retries it. There is at most one, ever.
    pub retried_by: Option<OrderId>,
    /// The batch that it came in.
    pub batch: Option<BatchId>,
    /// When it was placed.
    pub created_at: Time,
    /// From when on it may be cancelled.
    pub cancel_allowed_at: Time,
    /// When the user asked to cancel.
    pub cancel_requested_at: Option<Time>,
    /// What the user told us against its number.
    pub report: Option<Report>,
    /// How often it was given another number.
    pub swaps: u32,
    /// Counts every change that a user can see.
    pub version: Version,
}

/// The number that serves an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The attempt that bought it.
    pub purchase: PurchaseId,
    /// The provider's name for it.
    pub reservation: ReservationId,
    /// The number; `None` once it is past retention.
    pub number: Option<PhoneNumber>,
    /// When it was shown (commit B). Texts from before are not the order's.
    pub bound_at: Time,
    /// The end, on our clock.
    pub expires_at: Time,
}

/// How long after its end an expired order shows what still arrives.
pub const LATE_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// How often an order may be given another number.
pub const MAX_SWAPS: u32 = 2;
/// How long after its end an order without a code may be retried.
const RETRY_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Money is held; a number is being bought. One that is given another number goes on waiting, as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// What is true in every state.
    pub head: Head,
    /// The number that it gave up for another one; `None` for its first.
    pub former: Option<Former>,
}

/// A number that was given up, and the attempt that is to bring the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// The number. Its end is the order's until there is another one.
    pub line: Line,
    /// The attempt that is under way.
    pub purchase: PurchaseId,
}

/// The number can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What is true in every state.
    pub head: Head,
    /// The number.
    pub line: Line,
}

/// A code came, and was paid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// What is true in every state.
    pub head: Head,
    /// The number.
    pub line: Line,
    /// When the code was taken in.
    pub at: Time,
}

/// Ended by the user or by the provider, without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// What is true in every state.
    pub head: Head,
    /// The number.
    pub line: Line,
    /// When.
    pub at: Time,
}

/// Ended by time, without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// What is true in every state.
    pub head: Head,
    /// The number.
    pub line: Line,
    /// When.
    pub at: Time,
}

/// No number was had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What is true in every state.
    pub head: Head,
    /// Why.
    pub failure: Failure,
    /// When.
    pub at: Time,
}

impl Head {
    fn next(self) -> Self {
        Self { version: self.version.next(), ..self }
    }

    /// True if nobody has given up its number: another order took its place, or it was reported.
    pub const fn may_show_late(&self) -> bool {
        self.retried_by.is_none() && self.report.is_none()
    }

    /// True unless the user wants out already, or may not yet.
    fn may_be_left(&self, now: Time) -> bool {
        now >= self.cancel_allowed_at && self.cancel_requested_at.is_none()
    }
}

impl Requested {
    /// Requested → Waiting, with commit B.
    pub fn bind(self, line: Line) -> Waiting {
        Waiting { head: self.head.next(), line }
    }

    /// Requested → Failed, or Cancelled if it had a number. The money goes back.
    pub fn fail(self, failure: Failure, at: Time) -> (Order, HoldEnd) {
        let head = self.head.next();
        let after = match self.former {
            None => Failed { head, failure, at }.into(),
            Some(former) => Cancelled { head, line: former.line, at }.into(),
        };
        (after, HoldEnd::Release)
    }

    /// Requested → Expired, for one whose former number would have ended by now. The money goes back.
    pub fn expire(self, former: Former, at: Time) -> (Expired, HoldEnd) {
        (Expired { head: self.head.next(), line: former.line, at }, HoldEnd::Release)
    }

    /// The user wants out; the hold stays until the purchase is known.
    #[must_use]
    pub fn request_cancel(self, at: Time) -> Self {
        let head = Head { cancel_requested_at: Some(at), ..self.head };
        Self { head: head.next(), ..self }
    }
}

impl Waiting {
    /// Waiting → Completed. The first readable code earns the price.
    pub fn receive(self, at: Time) -> (Completed, HoldEnd) {
        (Completed { head: self.head.next(), line: self.line, at }, HoldEnd::Capture)
    }

    /// A text without a readable code: shown, and the order goes on waiting.
    #[must_use]
    pub fn show_text(self) -> Self {
        Self { head: self.head.next(), line: self.line }
    }

    /// Waiting → Requested: the number is given up for the one that `purchase` is to bring. The hold stays;
    /// a complaint about the number that is given up says nothing about the next one.
    pub fn swap(self, purchase: PurchaseId) -> Requested {
        let head = Head { swaps: self.head.swaps.saturating_add(1), report: None, ..self.head };
        Requested { head: head.next(), former: Some(Former { line: self.line, purchase }) }
    }

    /// Another order takes its place: its end follows in the same commit, which counts as the change.
    #[must_use]
    pub fn give_way(self, to: OrderId) -> Self {
        Self { head: Head { retried_by: Some(to), ..self.head }, ..self }
    }

    /// Waiting → Cancelled. The money goes back.
    pub fn cancel(self, at: Time) -> (Cancelled, HoldEnd) {
        (Cancelled { head: self.head.next(), line: self.line, at }, HoldEnd::Release)
    }

    /// Waiting → Expired. The money goes back.
    pub fn expire(self, at: Time) -> (Expired, HoldEnd) {
        (Expired { head: self.head.next(), line: self.line, at }, HoldEnd::Release)
    }
}

impl Completed {
    /// Another text arrived; it costs nothing.
    #[must_use]
    pub fn show_text(self) -> Self {
        Self { head: self.head.next(), ..self }
    }
}

impl Expired {
    /// A text arrived late; it costs nothing.
    #[must_use]
    pub fn show_text(self) -> Self {
        Self { head: self.head.next(), ..self }
    }
}

/// An order as storage returns it. Matched once, at the edge of a use case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Money is held; a number is being bought.
    Requested(Requested),
    /// The number can be used.
    Waiting(Waiting),
    /// A code came, and was paid for.
    Completed(Completed),
    /// Ended by the user or the provider.
    Cancelled(Cancelled),
    /// Ended by time.
    Expired(Expired),
    /// No number was had.
    Failed(Failed),
}

/// The name of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderStatus {
    /// Money is held; a number is being bought.
    Requested,
    /// The number can be used.
    Waiting,
    /// A code came.
    Completed,
    /// Ended by the user or the provider.
    Cancelled,
    /// Ended by time.
    Expired,
    /// No number was had.
    Failed,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Waiting, Self::Completed, Self::Cancelled, Self::Expired, Self::Failed];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// True if nothing more will happen to the money.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Requested | Self::Waiting)
    }
}

impl Order {
    /// What is true in every state.
    pub const fn head(&self) -> &Head {
        match self {
            Self::Requested(o) => &o.head,
            Self::Waiting(o) => &o.head,
            Self::Completed(o) => &o.head,
            Self::Cancelled(o) => &o.head,
            Self::Expired(o) => &o.head,
            Self::Failed(o) => &o.head,
        }
    }

    /// The number, once there is one.
    pub const fn line(&self) -> Option<&Line> {
        match self {
            Self::Requested(_) | Self::Failed(_) => None,
            Self::Waiting(o) => Some(&o.line),
            Self::Completed(o) => Some(&o.line),
            Self::Cancelled(o) => Some(&o.line),
            Self::Expired(o) => Some(&o.line),
        }
    }

    /// The name of its state.
    pub const fn status(&self) -> OrderStatus {
        match self {
            Self::Requested(Requested { former: None, .. }) => OrderStatus::Requested,
            Self::Requested(Requested { former: Some(_), .. }) | Self::Waiting(_) => OrderStatus::Waiting,
            Self::Completed(_) => OrderStatus::Completed,
            Self::Cancelled(_) => OrderStatus::Cancelled,
            Self::Expired(_) => OrderStatus::Expired,
            Self::Failed(_) => OrderStatus::Failed,
        }
    }

    /// True if a new order may take its place: while it waits, or for ten minutes after it ended without a code,
    /// and once.
    pub fn can_retry(&self, now: Time) -> bool {
        match self {
            Self::Waiting(waiting) => waiting.head.may_be_left(now),
            Self::Cancelled(_) | Self::Expired(_) | Self::Failed(_) => {
                let in_time = self.ended_at().is_some_and(|at| now < at + RETRY_WITHIN);
                in_time && self.head().retried_by.is_none()
            }
            Self::Requested(_) | Self::Completed(_) => false,
        }
    }

    /// True if it may be given another number: while it waits on one, and twice.
    pub fn can_swap(&self, now: Time) -> bool {
        match self {
            Self::Waiting(waiting) => {
                let in_time = now < waiting.line.expires_at;
                in_time && waiting.head.swaps < MAX_SWAPS && waiting.head.may_be_left(now)
            }
            Self::Requested(_)
            | Self::Completed(_)
            | Self::Cancelled(_)
            | Self::Expired(_)
            | Self::Failed(_) => false,
        }
    }

    /// When it ends, or would have ended: on its number's end, or on that of the one it gave up.
    pub fn expires_at(&self) -> Option<Time> {
        let former = match self {
            Self::Requested(Requested { former: Some(former), .. }) => Some(&former.line),
            _ => None,
        };
        self.line().or(former).map(|line| line.expires_at)
    }

    /// The same order, with the one that takes its place. Its state stays.
    #[must_use]
    pub fn retried(self, by: OrderId) -> Self {
        self.with_head(|head| Head { retried_by: Some(by), ..head }.next())
    }

    /// The same order, with a complaint about its number. Its state stays.
    #[must_use]
    pub fn reported(self, report: Report) -> Self {
        self.with_head(|head| Head { report: Some(report), ..head }.next())
    }

    fn with_head(self, change: impl FnOnce(Head) -> Head) -> Self {
        match self {
            Self::Requested(o) => Requested { head: change(o.head), ..o }.into(),
            Self::Waiting(o) => Waiting { head: change(o.head), ..o }.into(),
            Self::Completed(o) => Completed { head: change(o.head), ..o }.into(),
            Self::Cancelled(o) => Cancelled { head: change(o.head), ..o }.into(),
            Self::Expired(o) => Expired { head: change(o.head), ..o }.into(),
            Self::Failed(o) => Failed { head: change(o.head), ..o }.into(),
        }
    }

    /// The last instant at which a text to its number is its own; `None` if it takes none in, or none any more.
    pub fn listens_until(&self, now: Time) -> Option<Time> {
        match self {
            Self::Waiting(o) => Some(o.line.expires_at),
            Self::Completed(o) => Some(o.line.expires_at),
            Self::Expired(o) => {
                let until = o.at + LATE_WITHIN;
                (o.head.may_show_late() && now <= until).then_some(until)
            }
            Self::Requested(_) | Self::Cancelled(_) | Self::Failed(_) => None,
        }
    }

    /// True if it ended at `then` or before.
    pub fn ended_by(&self, then: Time) -> bool {
        self.ended_at().is_some_and(|at| at <= then)
    }

    /// The same order once its number is erased. Its version stays: nothing happened to it.
    #[must_use]
    pub fn without_number(mut self) -> Self {
        match &mut self {
            Self::Requested(_) | Self::Failed(_) => {}
            Self::Waiting(o) => o.line.number = None,
            Self::Completed(o) => o.line.number = None,
            Self::Cancelled(o) => o.line.number = None,
            Self::Expired(o) => o.line.number = None,
        }
        self
    }

    /// When it ended, if it has.
    pub const fn ended_at(&self) -> Option<Time> {
        match self {
            Self::Requested(_) | Self::Waiting(_) => None,
            Self::Completed(o) => Some(o.at),
            Self::Cancelled(o) => Some(o.at),
            Self::Expired(o) => Some(o.at),
            Self::Failed(o) => Some(o.at),
        }
    }
}

macro_rules! into_order {
    ($($state:ident),*) => {$(
        impl From<$state> for Order {
            fn from(order: $state) -> Self {
                Self::$state(order)
            }
        }
    )*};
}
into_order!(Requested, Waiting, Completed, Cancelled, Expired, Failed);
