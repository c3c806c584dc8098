//! Canaries: broken variants of what the product stands on. The simulator must catch every one.

mod outside;
mod store;

use std::sync::Arc;

use super::{
    process::{Kind, Ports},
    turns::Turns,
};

macro_rules! canaries {
    ($($(#[$doc:meta])* $canary:ident, $name:literal;)*) => {
        /// A part that is broken on purpose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Canary {
            $($(#[$doc])* $canary,)*
        }

        impl Canary {
            /// Every canary.
            pub const ALL: &[Self] = &[$(Self::$canary,)*];

            /// Its name on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$canary => $name,)*
                }
            }
        }
    };
}

canaries! {
    /// The store forgets what keys were used for.
    DropsClaim, "drops-claim";
    /// The store writes records and money in two commits.
    SplitsUnit, "splits-unit";
    /// The store loses jobs.
    LosesJob, "loses-job";
    /// The store loses events.
    LosesEvent, "loses-event";
    /// The store holds a cent less than the price.
    SmallerHold, "smaller-hold";
    /// The store holds nothing.
    SkipsHold, "skips-hold";
    /// The store gives a released hold's money back a second time.
    ReleasesTwice, "releases-twice";
    /// The store says that a stale unit was applied.
    StalePasses, "stale-passes";
    /// The store loses texts.
    LosesText, "loses-text";
    /// The store does not remember which numbers a user has seen.
    ForgetsShown, "forgets-shown";
    /// The provider's adapter buys again after a time-out.
    BuysAgain, "buys-again";
    /// The provider's adapter takes every answer to a cancel as done.
    EveryCancelIsDone, "every-cancel-is-done";
    /// The provider's adapter asks for texts by number.
    TextsByNumber, "texts-by-number";
    /// The provider's adapter stamps texts with the time at which they are read.
    StampsTexts, "stamps-texts";
    /// The provider's adapter reads the end of a number one second late.
    EndsLate, "ends-late";
    /// The provider's adapter says that everything listed was made just now.
    MadeJustNow, "made-just-now";
    /// The provider's adapter does not send the cap of a cost.
    IgnoresCap, "ignores-cap";
    /// The gateway's adapter believes every notice.
    CreditsFromNotice, "credits-from-notice";
    /// The gateway's adapter ignores the currency.
    IgnoresCurrency, "ignores-currency";
    /// The gateway's adapter ignores the mode.
    IgnoresMode, "ignores-mode";
    /// Nobody reconciles.
    NoReconciler, "no-reconciler";
    /// Nobody ends orders.
    NoExpirer, "no-expirer";
    /// Nobody sweeps payments.
    NoSweeper, "no-sweeper";
    /// The expirer waits for a provider that does not answer.
    WaitsForProvider, "waits-for-provider";
}

impl Canary {
    /// The canary of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|canary| canary.name() == name)
    }

    /// Puts it in the place of the sound part.
    pub(super) fn replace_in(self, ports: &mut Ports, turns: &Arc<Turns>) {
        match self {
            Self::DropsClaim
            | Self::SplitsUnit
            | Self::LosesJob
            | Self::LosesEvent
            | Self::SmallerHold
            | Self::SkipsHold
            | Self::ReleasesTwice
            | Self::StalePasses
            | Self::LosesText
            | Self::ForgetsShown => {
                ports.store = Arc::new(store::BrokenStore::new(ports.store.clone(), self));
            }
            Self::BuysAgain
            | Self::EveryCancelIsDone
            | Self::TextsByNumber
            | Self::StampsTexts
            | Self::EndsLate
            | Self::MadeJustNow
            | Self::IgnoresCap => {
                let inner = ports.provider.clone();
                ports.provider = Arc::new(outside::BrokenProvider::new(inner, turns.clone(), self));
            }
            Self::CreditsFromNotice | Self::IgnoresCurrency | Self::IgnoresMode => {
                ports.gateway = Arc::new(outside::BrokenGateway::new(ports.gateway.clone(), self));
            }
            Self::NoReconciler => ports.workers.retain(|kind| *kind != Kind::Reconciler),
            Self::NoExpirer => ports.workers.retain(|kind| *kind != Kind::Expirer),
            Self::NoSweeper => ports.workers.retain(|kind| *kind != Kind::Sweeper),
            Self::WaitsForProvider => ports.clock = Arc::new(outside::Sleepless(turns.clone())),
        }
    }
}
