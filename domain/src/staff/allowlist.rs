//! From where staff may come: one record, so that whoever changes it has seen all of it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Time, UserId, Version, wallet::Reason};

const MOST_NETWORKS: usize = 100;

/// A network from which staff may come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedNetwork {
    /// Which, without bits behind its mask.
    pub network: IpNet,
    /// What it is.
    pub note: Reason,
    /// Who entered it.
    pub added_by: UserId,
    /// When.
    pub added_at: Time,
}

/// Every network from which staff may come. None at all: from anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowlist {
    /// In the order in which they were entered.
    pub networks: Vec<AllowedNetwork>,
    /// Counts every change.
    pub version: Version,
}

/// Why the list stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllowlistRefusal {
    /// Whoever asks could not come back.
    #[error("the list would shut out the address that asks")]
    LocksOut,
    /// It has a hundred networks.
    #[error("the list is full")]
    Full,
    /// It is on the list already.
    #[error("this network is on the list already")]
    Listed,
    /// It is not on the list.
    #[error("this network is not on the list")]
    NotListed,
}

impl Allowlist {
    /// Before anybody has entered a network.
    pub const fn empty() -> Self {
        Self { networks: Vec::new(), version: Version::NONE }
    }

    /// True if staff may come from there.
    pub fn admits(&self, from: IpAddr) -> bool {
        let from = from.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|allowed| allowed.network.contains(&from))
    }

    /// The list with one network more, which must still admit whoever asks.
    ///
    /// # Errors
    /// `LocksOut`, `Full`, `Listed`.
    pub fn with(mut self, network: AllowedNetwork, from: IpAddr) -> Result<Self, AllowlistRefusal> {
        if self.networks.iter().any(|known| known.network == network.network) {
            return Err(AllowlistRefusal::Listed);
        }
        if self.networks.len() >= MOST_NETWORKS {
            return Err(AllowlistRefusal::Full);
        }
        self.networks.push(network);
        self.next(from)
    }

    /// The list without a network, which must still admit whoever asks.
    ///
    /// # Errors
    /// `LocksOut`, `NotListed`.
    pub fn without(mut self, network: IpNet, from: IpAddr) -> Result<Self, AllowlistRefusal> {
        let before = self.networks.len();
        self.networks.retain(|known| known.network != network);
        if self.networks.len() == before {
            return Err(AllowlistRefusal::NotListed);
        }
        self.next(from)
    }

    fn next(self, from: IpAddr) -> Result<Self, AllowlistRefusal> {
        if !self.admits(from) {
            return Err(AllowlistRefusal::LocksOut);
        }
        Ok(Self { version: self.version.next(), ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> AllowedNetwork {
        AllowedNetwork {
            network: text.parse().expect("a network"),
            note: Reason::try_new("the office").expect("a reason"),
            added_by: UserId::from_uuid(uuid::Uuid::nil()),
            added_at: Time::from_timestamp(0, 0).expect("a time"),
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_empty_list_admits_everybody_and_any_other_its_own_networks() {
        let empty = Allowlist::empty();
        assert!(empty.admits(ip("203.0.113.9")) && empty.admits(ip("2001:db8::1")));
        let office = empty.with(network("198.51.100.0/24"), ip("198.51.100.7")).expect("entered");
        assert_eq!(office.version, Version::FIRST);
        let both = office.with(network("2001:db8::/32"), ip("::ffff:198.51.100.7")).expect("entered");
        for inside in ["198.51.100.255", "::ffff:198.51.100.1", "2001:db8::5"] {
            assert!(both.admits(ip(inside)), "{inside}");
        }
        for outside in ["198.51.101.1", "2001:db9::1", "127.0.0.1"] {
            assert!(!both.admits(ip(outside)), "{outside}");
        }
    }

    #[test]
    fn nobody_locks_himself_out() {
        let from = ip("198.51.100.7");
        let refused = Allowlist::empty().with(network("203.0.113.0/24"), from);
        assert_eq!(refused, Err(AllowlistRefusal::LocksOut));
        let office = Allowlist::empty().with(network("198.51.100.0/24"), from).expect("entered");
        let both = office.clone().with(network("203.0.113.0/24"), from).expect("entered");
        let office = office.networks[0].network;
        assert_eq!(both.clone().without(office, from), Err(AllowlistRefusal::LocksOut));
        let one = both.without(network("203.0.113.0/24").network, from).expect("removed");
        assert!(one.without(office, from).expect("the last one opens the list").admits(ip("203.0.113.9")));
    }

    #[test]
    fn a_network_is_listed_once_and_a_list_has_an_end() {
        let from = ip("10.0.0.1");
        let mut list = Allowlist::empty().with(network("10.0.0.0/8"), from).expect("entered");
        assert_eq!(list.clone().with(network("10.0.0.0/8"), from), Err(AllowlistRefusal::Listed));
        assert_eq!(
            list.clone().without(network("11.0.0.0/8").network, from),
            Err(AllowlistRefusal::NotListed)
        );
        for third in 1..100 {
            list = list.with(network(&format!("10.0.{third}.0/24")), from).expect("entered");
        }
        assert_eq!(list.with(network("10.1.0.0/16"), from), Err(AllowlistRefusal::Full));
    }
}
