//! What may be called besides the internet.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{SetAside, set_aside};

/// Which addresses may be called: public ones, and those of the networks that the operator lets through. The
/// default lets nothing else through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundPolicy {
    allowed: Vec<IpNet>,
}

impl OutboundPolicy {
    /// Lets these networks through as well: a receiver on this machine, for a trial. A network lets through the
    /// addresses that are written in its own family: `127.0.0.0/8` does not let `::ffff:127.0.0.1` through.
    pub const fn allowing(networks: Vec<IpNet>) -> Self {
        Self { allowed: networks }
    }

    /// True if the operator lets this address through, public or not.
    pub fn lets_through(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&address))
    }

    /// Decides about one address.
    ///
    /// # Errors
    /// What the address is set aside for.
    pub fn check(&self, address: IpAddr) -> Result<(), SetAside> {
        match set_aside(address) {
            Some(what) if !self.lets_through(address) => Err(what),
            _ => Ok(()),
        }
    }

    /// Decides about every address that a name leads to. One that is refused refuses the name: an honest name has no
    /// private address beside its public ones, and which one is used is not for its owner to choose.
    ///
    /// # Errors
    /// What the first refused address is set aside for.
    pub fn check_all(&self, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), SetAside> {
        addresses.into_iter().try_for_each(|address| self.check(address))
    }
}
