//! Why lists could not be compared, and why a finding was not resolved.

use crate::{
    CommitError, Fault, MoneyError, payment::GatewayError, verification::IntakeError,
    verification::ProviderError,
};

/// Why one side could not be compared. Nothing was decided about what was not seen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReconcileError {
    /// Paystack's list could not be read whole.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// TextVerified's list, or its balance, could not be read.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// A credit could not be booked.
    #[error(transparent)]
    Credit(#[from] IntakeError),
    /// A difference is no sum of one currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Purchases are under way: what the balance will be is not known. Try again in a moment.
    #[error("purchases are under way: accept the balance when their outcome is known")]
    InFlight,
    /// A finding could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Our books could not be read.
    #[error("our books cannot be read now")]
    Unavailable(#[from] Fault),
}

/// Why a finding was not resolved.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResolveError {
    /// There is none of this identifier.
    #[error("no such finding")]
    NotFound,
    /// It was closed before, by hand or by itself.
    #[error("the finding is closed already")]
    Closed,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("findings cannot be read now")]
    Unavailable(#[from] Fault),
}
