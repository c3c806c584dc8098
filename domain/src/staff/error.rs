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

/// Why nobody became staff.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AddStaffError {
    /// The address belongs to staff.
    #[error("the address belongs to staff already")]
    AlreadyStaff,
    /// Whoever asks may not any more.
    #[error("this credential may not do this")]
    NotPermitted,
    /// The store or the hasher did not answer.
    #[error("nobody can be made staff now")]
    Unavailable(#[from] Fault),
}

/// Why a user stays as he is.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ManageUserError {
    /// There is none, or none any more, or no staff where staff is meant.
    #[error("no such user")]
    NotFound,
    /// It is whoever asks.
    #[error("this is your own account")]
    Oneself,
    /// Staff is managed by those who make it.
    #[error("this credential may not do this")]
    NotPermitted,
    /// A suspension would end before it begins.
    #[error("the end is not in the future")]
    EndsBefore,
    /// The store or the hasher did not answer.
    #[error("the user cannot be changed now")]
    Unavailable(#[from] Fault),
}

/// Why a second factor was not turned off for somebody.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResetFactorError {
    /// No user has this address.
    #[error("no user has this address")]
    NotFound,
    /// There is none.
    #[error("no second factor is on")]
    NotOn,
    /// The store did not answer.
    #[error("the second factor cannot be turned off now")]
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
