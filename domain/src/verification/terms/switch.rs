//! Whether new numbers are bought at a provider. What is open there goes on, whatever is switched.

use crate::{Time, UserId, Version, verification::ProviderId, wallet::Reason};

/// Which way a provider is switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switched {
    /// Numbers are bought there.
    On,
    /// No new ones are.
    Off,
}

impl Switched {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::On, Self::Off];

    /// The word in the API and in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// What staff has last said of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSwitch {
    /// Of which.
    pub provider: ProviderId,
    /// Which way.
    pub to: Switched,
    /// Why.
    pub reason: Reason,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Time,
    /// Counts every time.
    pub version: Version,
}
