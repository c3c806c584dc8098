//! What can go wrong in what staff does: one enum for each use case.

use crate::{
    Fault,
    staff::{AllowlistRefusal, Refusal},
};

/// Why somebody was not let through the gate.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GateError {
    /// He may not.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not answer.
    #[error("staff cannot be checked now")]
    Unavailable(#[from] Fault),
}

/// Why the list of networks was not shown or changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AllowlistError {
    /// It stays as it is.
    #[error(transparent)]
    Refused(#[from] AllowlistRefusal),
    /// The store did not answer.
    #[error("the list cannot be changed now")]
    Unavailable(#[from] Fault),
}
