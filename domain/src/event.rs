//! Events, jobs and notices: what a commit leaves for those who work after it.

use std::fmt;

use uuid::Uuid;

use crate::{
    EventId, JobId, NoticeId, NotificationId, PurchaseId, Time, TraceParent, UserId, Version,
    auth::Email,
    notification::Occasion,
    payment::Intent,
    upkeep::Task,
    verification::{Order, OrderStatus},
    wallet::Settings,
};

/// What happened, as customers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// Money is held and a number is being bought.
    VerificationRequested,
    /// The number can be used.
    VerificationWaiting,
    /// A text without a readable code arrived.
    VerificationMessage,
    /// A code arrived and was paid for.
    VerificationCompleted,
    /// Ended by the user, money released.
    VerificationCancelled,
    /// Ended by time, money released.
    VerificationExpired,
    /// No number was had, money released.
    VerificationFailed,
    /// The wallet was credited.
    PaymentSucceeded,
    /// The gateway refused.
    PaymentFailed,
    /// Paid, but not what was asked.
    PaymentSuspense,
    /// Money went back to where it was paid from, or came back after all.
    PaymentRefunded,
    /// The customer disputes the payment.
    PaymentDisputed,
    /// Less is available than the user wishes to have.
    WalletLowBalance,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::VerificationRequested,
        Self::VerificationWaiting,
        Self::VerificationMessage,
        Self::VerificationCompleted,
        Self::VerificationCancelled,
        Self::VerificationExpired,
        Self::VerificationFailed,
        Self::PaymentSucceeded,
        Self::PaymentFailed,
        Self::PaymentSuspense,
        Self::PaymentRefunded,
        Self::PaymentDisputed,
        Self::WalletLowBalance,
    ];

    /// The name in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerificationRequested => "verification.requested",
            Self::VerificationWaiting => "verification.waiting",
            Self::VerificationMessage => "verification.message",
            Self::VerificationCompleted => "verification.completed",
            Self::VerificationCancelled => "verification.cancelled",
            Self::VerificationExpired => "verification.expired",
            Self::VerificationFailed => "verification.failed",
            Self::PaymentSucceeded => "payment.succeeded",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentSuspense => "payment.suspense",
            Self::PaymentRefunded => "payment.refunded",
            Self::PaymentDisputed => "payment.disputed",
            Self::WalletLowBalance => "wallet.low_balance",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a new state of an order is called.
    pub const fn of(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Requested => Self::VerificationRequested,
            OrderStatus::Waiting => Self::VerificationWaiting,
            OrderStatus::Completed => Self::VerificationCompleted,
            OrderStatus::Cancelled => Self::VerificationCancelled,
            OrderStatus::Expired => Self::VerificationExpired,
            OrderStatus::Failed => Self::VerificationFailed,
        }
    }
}

/// Something a customer may be told. It names the record and its version, never a number, text or code.
/// The relay stamps it with a sequence after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// Who may see it.
    pub user: UserId,
    /// What happened.
    pub kind: EventKind,
    /// To which record: the bare identifier of an order or a payment; of a wallet, its user's.
    pub subject: Uuid,
    /// The record's version after it; of a wallet, that of what is wished of it.
    pub version: Version,
    /// When.
    pub at: Time,
    /// The place in a trace that has caused it, where traces are collected. No user is told.
    pub cause: Option<TraceParent>,
}

impl Event {
    /// An order has reached its present state.
    pub fn about_order(id: EventId, order: &Order, at: Time) -> Self {
        Self::of_order(id, EventKind::of(order.status()), order, at)
    }

    /// A text without a code arrived for an order.
    pub fn about_message(id: EventId, order: &Order, at: Time) -> Self {
        Self::of_order(id, EventKind::VerificationMessage, order, at)
    }

    /// Something happened to a payment.
    pub fn about_payment(id: EventId, kind: EventKind, intent: &Intent, at: Time) -> Self {
        let (subject, version) = (intent.id.uuid(), intent.version);
        Self { id, user: intent.user, kind, subject, version, at, cause: None }
    }

    /// A balance has fallen below what its user wishes to have: his wishes, as they know it.
    pub fn about_low_balance(id: EventId, wishes: &Settings, at: Time) -> Self {
        let (user, version) = (wishes.user, wishes.version);
        Self { id, user, kind: EventKind::WalletLowBalance, subject: user.uuid(), version, at, cause: None }
    }

    fn of_order(id: EventId, kind: EventKind, order: &Order, at: Time) -> Self {
        let head = order.head();
        Self { id, user: head.user, kind, subject: head.id.uuid(), version: head.version, at, cause: None }
    }
}

/// A secret that goes into a mail. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSecret(pub String);

impl fmt::Debug for MailSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailSecret(…)")
    }
}

/// A mail to write. Its words belong to the adapter that sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Letter {
    /// "Follow this link to verify your address."
    VerifyEmail {
        /// Goes into the link.
        token: MailSecret,
    },
    /// "Somebody registered with your address, which has an account already."
    AlreadyRegistered,
    /// "Follow this link to choose a new password."
    ResetPassword {
        /// Goes into the link.
        token: MailSecret,
    },
    /// "Your password was changed."
    PasswordChanged,
    /// "Signing in needs a code from now on."
    SecondFactorOn,
    /// "Signing in needs no code any more."
    SecondFactorOff,
    /// "Follow this link to make this the address of your account."
    ConfirmEmail {
        /// Goes into the link.
        token: MailSecret,
    },
    /// "Somebody signed in to your account wants to change its address."
    EmailChangeAsked,
    /// "The address of your account is another one from now on."
    EmailChanged,
    /// "Your account can be signed in to with Google from now on."
    IdentityLinked,
    /// "Your account cannot be signed in to with Google any more."
    IdentityUnlinked,
    /// "A key was made, with which programs act for you."
    ApiKeyCreated,
    /// "A key of yours does not work any more."
    ApiKeyDeleted,
    /// "There is an answer to what you asked support." Jobs of before there were notifications have it.
    TicketAnswered,
    /// "Nothing is sent to an endpoint of yours any more."
    WebhookEndpointOff,
    /// "An endpoint of yours was made, or is somewhere else or has another secret from now on."
    WebhookEndpointSet {
        /// Whose. Of several that wait, one is sent.
        user: UserId,
    },
}

/// What is to be done after a commit. Never a purchase, never a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobKind {
    /// Send a mail.
    SendMail {
        /// To whom.
        to: Email,
        /// What.
        letter: Letter,
    },
    /// Mail what a user is told, as far as he wishes it.
    Notify {
        /// What he is told.
        notification: NotificationId,
    },
    /// Tell whoever of staff looks after such things.
    TellStaff {
        /// What happened.
        occasion: Occasion,
    },
    /// Tell the provider that a number is not needed any more, and book the credit that it gives.
    EndReservation {
        /// Of which purchase.
        purchase: PurchaseId,
    },
    /// Sweep away what is of no more use.
    Upkeep {
        /// What.
        task: Task,
    },
}

impl JobKind {
    /// Where it queues.
    pub const fn lane(&self) -> JobLane {
        match self {
            Self::SendMail { .. } | Self::Notify { .. } | Self::TellStaff { .. } => JobLane::Mail,
            Self::EndReservation { .. } => JobLane::Provider,
            Self::Upkeep { .. } => JobLane::Upkeep,
        }
    }

    /// What goes first within its lane. Somebody sits and waits for a link; everything else can be read later.
    pub fn priority(&self) -> Priority {
        match self {
            Self::SendMail { letter, .. } if letter.carries_a_link_to_wait_for() => Priority::Urgent,
            Self::Upkeep { .. } => Priority::Low,
            _ => Priority::Normal,
        }
    }

    /// Of one key, one job waits: another one that is queued meanwhile is not kept. `None`: it is for itself alone.
    ///
    /// Only what does the same however often it is asked for may have one, since the one that waits stands for all. A job
    /// that is being done already stands for nothing that comes later.
    pub fn key(&self) -> Option<JobKey> {
        match self {
            Self::Upkeep { task } => Some(JobKey(format!("upkeep:{}", task.name()))),
            Self::SendMail { letter: Letter::WebhookEndpointSet { user }, .. } => {
                Some(JobKey(format!("webhooks_set:{user}")))
            }
            _ => None,
        }
    }
}

impl Letter {
    fn carries_a_link_to_wait_for(&self) -> bool {
        matches!(self, Self::VerifyEmail { .. } | Self::ResetPassword { .. } | Self::ConfirmEmail { .. })
    }
}

/// The key of a job: never a user's word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobKey(String);

impl JobKey {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What goes first within a lane, whatever has waited longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for it.
    Urgent,
    /// As everything.
    Normal,
    /// When there is nothing else.
    Low,
}

impl Priority {
    /// Each, the first first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Low];

    /// The place in storage: less goes first.
    pub const fn rank(self) -> i64 {
        match self {
            Self::Urgent => 0,
            Self::Normal => 1,
            Self::Low => 2,
        }
    }
}

/// Jobs of different lanes never wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobLane {
    /// Mail: as fast as the mail server takes it.
    Mail,
    /// What number providers are told: no faster than they like it.
    Provider,
    /// What is swept away by and by.
    Upkeep,
}

impl JobLane {
    /// Every lane.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Provider, Self::Upkeep];

    /// What its jobs are called in the API and in storage.
    pub const fn job(self) -> &'static str {
        match self {
            Self::Mail => "send_mail",
            Self::Provider => "end_reservation",
            Self::Upkeep => "upkeep",
        }
    }

    /// The lane of that name.
    pub fn of_job(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.job() == name)
    }
}

/// Work for after the commit, done at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its identifier.
    pub id: JobId,
    /// What to do.
    pub kind: JobKind,
    /// Not before.
    pub run_at: Time,
    /// The place in a trace that has queued it, where traces are collected: whoever does it goes on from there.
    pub cause: Option<TraceParent>,
}

impl NewJob {
    /// Of no trace yet.
    pub const fn new(id: JobId, kind: JobKind, run_at: Time) -> Self {
        Self { id, kind, run_at, cause: None }
    }
}

/// Who sent a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// The payment gateway.
    Paystack,
    /// The number provider.
    TextVerified,
}

impl Sender {
    /// The name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paystack => "paystack",
            Self::TextVerified => "textverified",
        }
    }
}

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// Stored, not yet looked at.
    New,
    /// Names something that we do not know yet; kept 24 h as evidence and tried again when we do.
    Unmatched,
    /// Done.
    Handled,
}

/// An authentic message of a provider as it came, stored before it is answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its identifier.
    pub id: NoticeId,
    /// Who sent it.
    pub sender: Sender,
    /// The sender's own name for it, by which a repetition is known.
    pub key: String,
    /// The reference or reservation that it names.
    pub subject: Option<String>,
    /// The bytes that were signed. They may hold a text: stores encrypt them.
    pub body: Vec<u8>,
    /// When it came.
    pub at: Time,
    /// Where it stands.
    pub state: NoticeState,
    /// Counts every change.
    pub version: Version,
}

impl Notice {
    /// The same notice after it was looked at.
    #[must_use]
    pub fn seen(self, state: NoticeState) -> Self {
        Self { state, version: self.version.next(), ..self }
    }

    /// The same notice, behind those that were looked at less often. Needed only where a list is full of notices that
    /// fail, since it would hold up all that come later; elsewhere a failure is not worth a writing.
    #[must_use]
    pub fn put_off(self) -> Self {
        let state = self.state;
        self.seen(state)
    }

    /// True if nothing more comes of it, or nothing has so far, and its body is still there to be read.
    pub fn is_evidence(&self) -> bool {
        self.state != NoticeState::New && !self.body.is_empty()
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notice({} {:?} {:?})", self.id, self.sender, self.state)
    }
}
