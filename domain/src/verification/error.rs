//! Why a verification use case refuses.

use crate::{CommitError, Fault, MoneyError};

/// Why no price was promised.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QuoteError {
    /// The provider does not sell this.
    #[error("this service is not for sale")]
    NoSuchService,
    /// It is not sold, because staff says so or because of what it is.
    #[error("this service is blocked")]
    Blocked,
    /// Staff has switched the provider off.
    #[error("no numbers are sold now")]
    ProviderOff,
    /// The provider could not be asked.
    #[error("prices cannot be had now")]
    ProviderUnavailable(#[source] Fault),
    /// The provider has not answered lately, and is not asked for a while.
    #[error("the number provider does not answer now")]
    ProviderResting,
    /// The price cannot be computed.
    #[error(transparent)]
    Price(#[from] MoneyError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("quotes cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why nothing was ordered. No money is held and the key is unused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuyError {
    /// Neither a quote nor a limit was named.
    #[error("name a quote or a highest price")]
    PriceLimitRequired,
    /// No such quote of this user.
    #[error("no such quote")]
    NoSuchQuote,
    /// The quote is for something else than what is ordered.
    #[error("the quote is for another request")]
    QuoteMismatch,
    /// The quote is too old.
    #[error("the quote has expired")]
    QuoteExpired,
    /// The quote has been used.
    #[error("the quote has been used")]
    QuoteUsed,
    /// It costs more than the user allows.
    #[error("the price is {price}, above the limit")]
    PriceAboveLimit {
        /// What it would cost.
        price: crate::Amount,
    },
    /// The price could not be found out.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("orders cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why nothing of a batch was ordered. No money is held and the key is unused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BatchError {
    /// All or nothing was asked for, and this item is refused.
    #[error("item {index}: {refusal}")]
    Item {
        /// Its place among the items, from 0.
        index: usize,
        /// Why.
        refusal: crate::verification::ItemRefusal,
    },
    /// A price could not be found out.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The sums leave the range of the ledger.
    #[error(transparent)]
    Sum(#[from] MoneyError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("orders cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why an order or a quote could not be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VerificationError {
    /// Not there, or somebody else's.
    #[error("no such verification")]
    NotFound,
    /// The store could not be read.
    #[error("verifications cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why an order was not cancelled. Nothing changed, unless a code was found.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CancelError {
    /// Not there, or somebody else's.
    #[error("no such verification")]
    NotFound,
    /// It may be cancelled from then on.
    #[error("this verification may not be cancelled yet")]
    TooEarly {
        /// From when on.
        allowed_at: crate::Time,
    },
    /// It has ended otherwise, a code won, or the provider keeps it open.
    #[error("this verification cannot be cancelled any more")]
    NotCancellable,
    /// The provider could not be asked; the order goes on.
    #[error("the provider did not answer; the verification goes on")]
    ProviderUnavailable(#[source] Fault),
    /// The commit failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("verifications cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why an order was not given another number. The key is unused; an order whose number was taken back all the same
/// has ended, or ends soon.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SwapError {
    /// Not there, or somebody else's.
    #[error("no such verification")]
    NotFound,
    /// It may be left from then on.
    #[error("this number may not be swapped yet")]
    TooEarly {
        /// From when on.
        allowed_at: crate::Time,
    },
    /// It does not wait, a code won, it was swapped twice, or the provider keeps the number open.
    #[error("this number cannot be swapped")]
    NotSwappable,
    /// It costs more today than was agreed.
    #[error("the price is {price}, above that of this verification")]
    PriceAboveLimit {
        /// What it would cost.
        price: crate::Amount,
    },
    /// The provider could not be asked; the order goes on.
    #[error("the provider did not answer; the verification goes on")]
    ProviderUnavailable(#[source] Fault),
    /// The price could not be found out.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("verifications cannot be read now")]
    Unavailable(#[from] Fault),
}

impl From<IntakeError> for SwapError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Provider(error) => Self::ProviderUnavailable(Fault::new(error)),
            IntakeError::Commit(error) => Self::Commit(error),
            IntakeError::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}

/// Why a report did not reach its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReportError {
    /// Not there, or somebody else's.
    #[error("no such verification")]
    NotFound,
    /// The provider could not be told; the report is kept, and the order goes on.
    #[error("the provider did not answer; the verification goes on")]
    ProviderUnavailable(#[source] Fault),
    /// The commit failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("verifications cannot be read now")]
    Unavailable(#[from] Fault),
}

impl From<IntakeError> for ReportError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Provider(error) => Self::ProviderUnavailable(Fault::new(error)),
            IntakeError::Commit(error) => Self::Commit(error),
            IntakeError::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}

/// Why an order was not retried. No new money is held and the key is unused; an order that its number was taken
/// back for has ended, or ends soon.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RetryError {
    /// Not there, or somebody else's.
    #[error("no such verification")]
    NotFound,
    /// It may be left from then on.
    #[error("this verification may not be retried yet")]
    TooEarly {
        /// From when on.
        allowed_at: crate::Time,
    },
    /// A code won, it ended too long ago, it was retried already, or the provider keeps it open.
    #[error("this verification cannot be retried")]
    NotRetryable,
    /// It costs more today than it did.
    #[error("the price is {price}, above that of the first try")]
    PriceAboveLimit {
        /// What it would cost.
        price: crate::Amount,
    },
    /// The provider could not be asked; the order goes on.
    #[error("the provider did not answer; the verification goes on")]
    ProviderUnavailable(#[source] Fault),
    /// The price could not be found out.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("verifications cannot be read now")]
    Unavailable(#[from] Fault),
}

impl From<IntakeError> for RetryError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Provider(error) => Self::ProviderUnavailable(Fault::new(error)),
            IntakeError::Commit(error) => Self::Commit(error),
            IntakeError::Unavailable(fault) => Self::Unavailable(fault),
        }
    }
}

/// Why evidence could not be taken in now. Trying again is always safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// The provider could not be read.
    #[error(transparent)]
    Provider(#[from] crate::verification::ProviderError),
    /// The commit failed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("the store cannot be read now: {0}")]
    Unavailable(#[from] Fault),
}
