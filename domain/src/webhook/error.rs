//! Why endpoints stay as they are.

use crate::{CommitError, Fault, outbound::DestinationRefusal};

/// Why an endpoint was not made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateEndpointError {
    /// Its URL may not be called.
    #[error(transparent)]
    Url(#[from] DestinationRefusal),
    /// The user has as many as he may.
    #[error("there are {0} webhook endpoints already")]
    TooMany(usize),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("webhook endpoints cannot be kept now")]
    Unavailable(#[from] Fault),
}

/// Why nothing was done to an endpoint or its deliveries.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EndpointError {
    /// There is none of this identifier, or it is another user's.
    #[error("no such webhook endpoint")]
    NotFound,
    /// Its URL may not be called.
    #[error(transparent)]
    Url(#[from] DestinationRefusal),
    /// It is off.
    #[error("the webhook endpoint is off")]
    Off,
    /// Staff has switched it off.
    #[error("staff has switched the webhook endpoint off")]
    Blocked,
    /// Too many of its deliveries wait already.
    #[error("too many deliveries of the webhook endpoint wait")]
    Busy,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store does not answer.
    #[error("webhook endpoints cannot be kept now")]
    Unavailable(#[from] Fault),
}
