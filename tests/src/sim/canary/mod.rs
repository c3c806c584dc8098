//! Canaries: broken variants of what the product stands on. The simulator must catch every one.

use std::sync::Arc;

use super::{process::Ports, turns::Turns};

/// A part that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// None yet.
    Nothing,
}

impl Canary {
    /// Every canary.
    pub const ALL: [Self; 1] = [Self::Nothing];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
        }
    }

    /// The canary of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|canary| canary.name() == name)
    }

    /// Puts it in the place of the sound part.
    pub(super) fn replace_in(self, _ports: &mut Ports, _turns: &Arc<Turns>) {}
}
