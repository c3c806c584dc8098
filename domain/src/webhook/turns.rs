//! Whose turn it is: an endpoint is worked on by one process at a time, and users take turns.

use crate::{EndpointId, UserId};

/// An endpoint of which something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueEndpoint {
    /// Which.
    pub endpoint: EndpointId,
    /// Whose.
    pub user: UserId,
}

/// The name of the lease of whoever works on an endpoint. Reads of what is due know it too, and leave out what is leased.
pub fn lease_of(endpoint: EndpointId) -> String {
    format!("{LEASE}{}", endpoint.uuid().simple())
}

/// What stands before the endpoint's identifier, in 32 hex digits.
pub const LEASE: &str = "webhooks of ";
