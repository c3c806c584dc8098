//! Canaries: broken variants of what the product stands on. The simulator must catch every one.

mod gateway;
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
    /// The provider's adapter hides texts to numbers whose time is over.
    HidesLateTexts, "hides-late-texts";
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
    /// The store places a retry's hold and keeps that of the order before.
    RetriesWithoutRelease, "retries-without-release";
    /// The store holds money for the first order of a batch only.
    BatchHoldsOnce, "batch-holds-once";
    /// The store does not remember which numbers were reported.
    ForgetsReported, "forgets-reported";
    /// The store does not freeze what a dispute claims.
    IgnoresDispute, "ignores-dispute";
    /// The store does not write down what a user owes.
    ForgetsDebt, "forgets-debt";
    /// The gateway's adapter sends a refund again after a time-out.
    SendsRefundTwice, "sends-refund-twice";
    /// The gateway's adapter says that a refund is done as soon as the gateway has it.
    BelievesRefundAnswer, "believes-refund-answer";
    /// The gateway's adapter hides that a refund which was done has failed after all.
    DoneStaysDone, "done-stays-done";
    /// The gateway's adapter knows of no refunds but those that are asked for by payment.
    NoRefundList, "no-refund-list";
    /// The gateway's adapter does not say that a refund belongs to a dispute.
    UnnamedDisputes, "unnamed-disputes";
    /// The gateway's adapter tells a lost dispute under a second name.
    LostTwice, "lost-dispute-twice";
    /// The gateway's adapter reads every open dispute as lost.
    OpenIsLost, "open-is-lost";
    /// Nobody follows refunds and disputes.
    NoReturns, "no-returns-worker";
    /// Nobody collects debts.
    NoBookkeeper, "no-bookkeeper";
    /// Nobody compares lists.
    NoBookcheck, "no-bookcheck";
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
            | Self::ForgetsShown
            | Self::RetriesWithoutRelease
            | Self::BatchHoldsOnce
            | Self::ForgetsReported
            | Self::IgnoresDispute
            | Self::ForgetsDebt => {
                ports.store = Arc::new(store::BrokenStore::new(ports.store.clone(), self));
            }
            Self::BuysAgain
            | Self::EveryCancelIsDone
            | Self::TextsByNumber
            | Self::StampsTexts
            | Self::EndsLate
            | Self::MadeJustNow
            | Self::IgnoresCap
            | Self::HidesLateTexts => {
                let inner = ports.provider.clone();
                ports.provider = Arc::new(outside::BrokenProvider::new(inner, turns.clone(), self));
            }
            Self::CreditsFromNotice
            | Self::IgnoresCurrency
            | Self::IgnoresMode
            | Self::SendsRefundTwice
            | Self::BelievesRefundAnswer
            | Self::DoneStaysDone
            | Self::NoRefundList
            | Self::UnnamedDisputes
            | Self::LostTwice
            | Self::OpenIsLost => {
                ports.gateway = Arc::new(gateway::BrokenGateway::new(ports.gateway.clone(), self));
            }
            Self::NoReconciler => ports.workers.retain(|kind| *kind != Kind::Reconciler),
            Self::NoExpirer => ports.workers.retain(|kind| *kind != Kind::Expirer),
            Self::NoSweeper => ports.workers.retain(|kind| *kind != Kind::Sweeper),
            Self::NoReturns => ports.workers.retain(|kind| *kind != Kind::Returns),
            Self::NoBookkeeper => ports.workers.retain(|kind| *kind != Kind::Bookkeeper),
            Self::NoBookcheck => ports.workers.retain(|kind| *kind != Kind::Bookcheck),
            Self::WaitsForProvider => ports.clock = Arc::new(outside::Sleepless(turns.clone())),
        }
    }
}
