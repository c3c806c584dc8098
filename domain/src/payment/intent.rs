//! The intent to pay: made before the gateway is asked, and the only source of amount, currency and owner.

use std::fmt;

use crate::{
    Amount, PaymentId, Random, Time, UserId, Version,
    payment::{FxRate, PaidBack},
};

/// Our name for a payment at the gateway: `nmk-` and 26 unpredictable letters and digits (130 bits).
/// Gateways allow no underscore here.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentReference(String);

/// How every reference that we make begins.
const PREFIX: &str = "nmk-";

/// A text that cannot be a reference of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a payment reference")]
pub struct InvalidReference;

impl PaymentReference {
    /// A new one; two never collide.
    pub fn generate(random: &dyn Random) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let mut bytes = [0u8; 26];
        random.fill(&mut bytes);
        let tail = bytes.iter().map(|b| char::from(LETTERS[usize::from(b & 31)]));
        Self([PREFIX].into_iter().map(String::from).chain(tail.map(String::from)).collect())
    }

    /// # Errors
    /// [`InvalidReference`] unless the text is 1 to 100 letters, digits or `-`.
    pub fn try_new(text: &str) -> Result<Self, InvalidReference> {
        let fits = (1..=100).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReference)
        }
    }

    /// True for the shape that [`Self::generate`] makes: other programs may use the same account at the gateway.
    pub fn is_of_our_make(&self) -> bool {
        self.0.starts_with(PREFIX)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an intent stands. `Failed` and `Expired` may still become `Succeeded`: late money is still money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentState {
    /// Nothing final is known.
    Pending,
    /// Credited.
    Succeeded {
        /// When we credited it.
        at: Time,
    },
    /// The gateway refused it, or its checkout could not be opened.
    Failed {
        /// When we learned it.
        at: Time,
    },
    /// Not paid in time.
    Expired {
        /// When we gave up waiting.
        at: Time,
    },
    /// Paid, but not what was asked: the whole sum waits for a person.
    Suspense {
        /// When we booked it.
        at: Time,
    },
}

/// How a payment stands in one word, what of it went back included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Nothing final is known.
    Pending,
    /// The wallet has it.
    Succeeded,
    /// The gateway refused it.
    Failed,
    /// Not paid in time.
    Expired,
    /// It waits for a person, or is booked back to its source.
    Suspense,
    /// All of it has gone back.
    Refunded,
    /// A part of it has gone back.
    PartiallyRefunded,
    /// A dispute over it is not decided.
    Disputed,
}

impl PaymentStatus {
    /// Each.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Succeeded,
        Self::Failed,
        Self::Expired,
        Self::Suspense,
        Self::Refunded,
        Self::PartiallyRefunded,
        Self::Disputed,
    ];

    /// As the API tells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Suspense => "suspense",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Disputed => "disputed",
        }
    }
}

/// A payment, from the moment it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its identifier.
    pub id: PaymentId,
    /// Who will be credited.
    pub user: UserId,
    /// Our name for it at the gateway.
    pub reference: PaymentReference,
    /// What will be credited, in dollars.
    pub amount: Amount,
    /// What the gateway is told to charge, in naira.
    pub charged: Amount,
    /// The rate that links the two, honoured if paid by `expires_at`.
    pub rate: FxRate,
    /// Where the customer pays; `None` until the gateway has answered.
    pub checkout_url: Option<String>,
    /// Where it stands.
    pub state: IntentState,
    /// When it was made.
    pub created_at: Time,
    /// Until when the rate holds; later money is taken at the rate of its day.
    pub expires_at: Time,
    /// How often the sweep has asked for it.
    pub checks: u32,
    /// When the sweep asks again; `None` when it need not.
    pub next_check_at: Option<Time>,
    /// What of it went back, or is on its way.
    pub back: PaidBack,
    /// Counts every change.
    pub version: Version,
}

/// Minutes after which the sweep asks for a payment by itself, counted from its creation; then hourly.
const CHECK_AFTER_MINUTES: [i64; 4] = [1, 5, 15, 30];

impl Intent {
    /// How it stands. What was credited is called by what of it went back.
    pub fn status(&self) -> PaymentStatus {
        match self.state {
            IntentState::Pending => PaymentStatus::Pending,
            IntentState::Failed { .. } => PaymentStatus::Failed,
            IntentState::Expired { .. } => PaymentStatus::Expired,
            IntentState::Suspense { .. } => PaymentStatus::Suspense,
            IntentState::Succeeded { .. } if self.back.open_disputes > 0 => PaymentStatus::Disputed,
            IntentState::Succeeded { .. } if self.back.arrived.is_zero() => PaymentStatus::Succeeded,
            IntentState::Succeeded { .. } if self.charged.money().is_at_most(self.back.arrived) => {
                PaymentStatus::Refunded
            }
            IntentState::Succeeded { .. } => PaymentStatus::PartiallyRefunded,
        }
    }

    /// True if a payment would still change something.
    pub const fn is_creditable(&self) -> bool {
        matches!(self.state, IntentState::Pending | IntentState::Failed { .. } | IntentState::Expired { .. })
    }

    /// True while it counts among the user's open payments.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, IntentState::Pending)
    }

    /// When the sweep should ask after `checks` questions: 1, 5, 15, 30 min, hourly to the end of the
    /// rate, and daily after that.
    pub fn check_due(created_at: Time, expires_at: Time, checks: u32, now: Time) -> Time {
        // After an outage the next of the planned questions counts, not the one that was missed.
        let mut planned = CHECK_AFTER_MINUTES
            .iter()
            .skip(checks as usize)
            .map(|after| created_at + crate::time::minutes(*after));
        match planned.find(|at| *at > now) {
            Some(at) => at,
            _ if now >= expires_at => now + crate::time::hours(24),
            _ => now + crate::time::hours(1),
        }
    }

    /// The gateway told where to pay.
    #[must_use]
    pub fn with_checkout(mut self, url: String) -> Self {
        self.checkout_url = Some(url);
        self.next_version()
    }

    /// Closes a pending intent without money. Anything else stays as it is.
    #[must_use]
    pub fn closed(mut self, state: IntentState) -> Self {
        self.state = state;
        self.next_version()
    }

    /// The next question is planned, after one without news. A part of the change that follows it.
    pub(crate) fn planned(mut self, now: Time) -> Self {
        self.checks = self.checks.saturating_add(1);
        self.next_check_at = Some(Self::check_due(self.created_at, self.expires_at, self.checks, now));
        self
    }

    /// True if the wallet got it.
    pub const fn is_credited(&self) -> bool {
        matches!(self.state, IntentState::Succeeded { .. })
    }

    /// True if it was paid, and set aside.
    pub const fn is_suspended(&self) -> bool {
        matches!(self.state, IntentState::Suspense { .. })
    }

    /// More or less of it goes back.
    #[must_use]
    pub(crate) fn with_back(self, back: PaidBack) -> Self {
        Self { back, ..self }.next_version()
    }

    /// Asked once more, without news.
    #[must_use]
    pub fn checked(self) -> Self {
        self.next_version()
    }

    fn next_version(mut self) -> Self {
        self.version = self.version.next();
        self
    }
}
