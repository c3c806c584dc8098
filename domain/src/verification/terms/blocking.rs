//! What staff has decided on a service: the last word, whatever was shipped.

use crate::{Time, UserId, Version, verification::ServiceCode, wallet::Reason};

use super::Kind;

/// What may be decided on a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is not sold.
    Blocked,
    /// It is sold, of whatever kind it is.
    Allowed,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 2] = [Self::Blocked, Self::Allowed];

    /// The word in storage and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Allowed => "allowed",
        }
    }

    /// The verdict of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// The last word on one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDecision {
    /// Which.
    pub service: ServiceCode,
    /// What.
    pub verdict: Verdict,
    /// Why; always said of a block.
    pub reason: Option<Reason>,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Time,
    /// Counts every decision.
    pub version: Version,
}

/// Why a service is not sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// It is of a kind that is not.
    ByDefault(Kind),
    /// Staff has decided so.
    ByStaff(ServiceDecision),
}

impl ServiceDecision {
    /// The block that it is, if it is one.
    pub fn block(&self) -> Option<Block> {
        match self.verdict {
            Verdict::Blocked => Some(Block::ByStaff(self.clone())),
            Verdict::Allowed => None,
        }
    }
}
