//! Checks: what went back, by our books and by the gateway's.

use std::collections::BTreeMap;

use namaskah_domain::{
    Clock, Currency, EventKind, PaymentReference,
    memory::laws::Snapshot,
    payment::{
        ChargedMoney, Dispute, DisputeState, GatewayDispute, GatewayDisputeStatus, GatewayRefund,
        GatewayRefundStatus, Intent, IntentState, Refund, RefundOrigin, RefundState, SuspenseState,
    },
    wallet::{House, LedgerAccount},
};

use super::Broken;
use crate::sim::world::World;

/// A dispute of which no webhook told is booked this long after it was decided, or after its payment was credited.
const HEARD_WITHIN_S: i64 = 120;

impl World {
    /// Law 5 against the gateway's books: a refund is sent at most once, nothing is told that is not so there, and
    /// only a loss at the gateway leaves debt.
    pub(super) fn check_returns(&self, now: &Snapshot, broken: &mut Broken) {
        let past = self.gateway.past();
        for (reference, sent) in &past.sent {
            let committed = self.watch.seen().refunds.get(reference).copied().unwrap_or_default();
            if *sent > committed {
                broken
                    .push(format!("5: {sent} refunds of {reference} were sent, {committed} were committed"));
            }
        }
        drop(past);
        for refund in &now.refunds {
            self.check_refund(refund, broken);
        }
        let real = self.gateway.disputes();
        for dispute in &now.disputes {
            self.check_dispute(dispute, real.iter().find(|real| real.id == dispute.gateway), broken);
        }
        for account in now.accounts.iter().filter(|account| !account.debt.is_zero()) {
            let found = now.refunds.iter().filter(|r| r.user == account.user && is_loss(r));
            let lost = now.disputes.iter().filter(|d| d.user == account.user).map(taken_by);
            let lost: i64 = lost.chain(found.map(|refund| refund.amount.units())).sum();
            if account.debt.units() > lost {
                broken.push(format!("2: {} owes {:?} after losses of {lost}", account.user, account.debt));
            }
        }
        self.check_suspense(now, broken);
        self.check_refund_answers(now, broken);
    }

    fn check_refund(&self, refund: &Refund, broken: &mut Broken) {
        let Some(name) = refund.gateway() else { return };
        let real = self.gateway.fake.refunds(&refund.reference);
        let Some(real) = real.iter().find(|real| real.id == *name) else {
            return broken.push(format!("5: {} is {}, which was never made", refund.id, name.as_str()));
        };
        let came_back = self.gateway.past().came_back.contains(name);
        let agrees = match refund.state {
            RefundState::Processed { .. } => real.status == GatewayRefundStatus::Processed || came_back,
            RefundState::Failed { .. } => real.status == GatewayRefundStatus::Failed,
            RefundState::Sent { .. } | RefundState::Pending { .. } => true,
        };
        if !agrees || real.amount != ChargedMoney::Known(refund.charged) {
            broken.push(format!("5: {} of {:?} is {:?}: {real:?}", refund.id, refund.charged, refund.state));
        }
    }

    fn check_dispute(&self, dispute: &Dispute, real: Option<&GatewayDispute>, broken: &mut Broken) {
        let Some(real) = real else {
            return broken.push(format!("5: {} was never opened", dispute.gateway.as_str()));
        };
        let agrees = match dispute.state {
            DisputeState::Open { .. } => true,
            DisputeState::Won { .. } => self.gateway.past().won.contains(&real.id),
            DisputeState::Lost { .. } => real.status == GatewayDisputeStatus::Lost,
        };
        if !agrees || real.amount != ChargedMoney::Known(dispute.claimed) {
            broken.push(format!("5: {} is {:?}: {real:?}", dispute.id, dispute.state));
        }
    }

    /// What users were told of refunds stays true.
    fn check_refund_answers(&self, now: &Snapshot, broken: &mut Broken) {
        let told = self.told();
        let kept: BTreeMap<_, _> = now.refunds.iter().map(|r| (r.id, r.version.get())).collect();
        for (id, version) in &told.refunds {
            if kept.get(id).is_none_or(|kept| kept < version) {
                broken.push(format!("9: {id} was told at version {version}, and is at {:?}", kept.get(id)));
            }
        }
        let made = told.refused_refunds.iter().find(|id| kept.contains_key(id));
        broken.extend(made.map(|id| format!("4: {id} was refused, and was made all the same")));
    }

    /// Once nothing has moved at the gateway for so long: every decision is known, whatever became of webhooks.
    pub(in crate::sim) fn check_heard(&self) -> Broken {
        let by = self.turns.now() - chrono::TimeDelta::seconds(HEARD_WITHIN_S);
        let now = &self.before;
        let mut broken = Broken::new();
        for (intent, dispute) in self.about_credited(self.gateway.disputes(), |d| &d.reference) {
            let ours = now.disputes.iter().find(|ours| ours.gateway == dispute.id);
            let agrees = match (ours.map(|ours| ours.state), dispute.status) {
                (Some(DisputeState::Lost { .. }), GatewayDisputeStatus::Lost)
                | (Some(DisputeState::Won { .. }), GatewayDisputeStatus::Won) => true,
                _ => matches!(intent.state, IntentState::Succeeded { at } if at > by),
            };
            if !agrees {
                broken.push(format!(
                    "10: {} of {} is {dispute:?}, we say {ours:?}",
                    dispute.id.as_str(),
                    intent.id
                ));
            }
        }
        broken
    }

    /// At rest: of every payment that was credited so much has gone back as our books say, and every step of it is
    /// known; what the gateway keeps for us is what it says.
    pub(super) fn check_returned(&self) -> Broken {
        let now = &self.before;
        let mut broken = self.check_heard();
        let open = now.refunds.iter().filter(|refund| refund.is_open());
        broken.extend(open.map(|refund| format!("5: {} is {:?} for ever", refund.id, refund.state)));
        let blocked =
            |a: &&namaskah_domain::wallet::Account| !a.debt.is_zero() && !a.wallet_available().is_zero();
        let owing = now.accounts.iter().filter(blocked);
        broken.extend(owing.map(|a| format!("2: {} owes {:?} and has {:?}", a.user, a.debt, a.wallet)));
        for intent in now.intents.iter().filter(|intent| intent.is_credited()) {
            self.check_went_back(intent, &mut broken);
        }
        let kept: i64 = now.intents.iter().map(|intent| self.kept_of(intent)).sum();
        let clearing = LedgerAccount::House(House::PspClearingPaystack);
        let booked = -now.posted(clearing, Currency::Ngn);
        if booked != kept {
            broken.push(format!("5: the gateway keeps {kept} for us, our books say {booked}"));
        }
        broken
    }

    fn check_went_back(&self, intent: &Intent, broken: &mut Broken) {
        let now = &self.before;
        for real in self.gateway.fake.refunds(&intent.reference) {
            let ours: Vec<_> = now.refunds.iter().filter(|ours| ours.gateway() == Some(&real.id)).collect();
            let is_known = match real.status {
                GatewayRefundStatus::Processed => {
                    matches!(ours[..], [ours] if matches!(ours.state, RefundState::Processed { .. }))
                }
                // One that somebody made at the desk and that came to nothing is no business of ours.
                _ => ours.iter().all(|ours| matches!(ours.state, RefundState::Failed { .. })),
            };
            if !is_known {
                broken.push(format!("5: {} of {} is {real:?}, we say {ours:?}", real.id.as_str(), intent.id));
            }
        }
        let gone = self.gone_back(&intent.reference);
        if gone != intent.back.arrived.units() || intent.back.charged != intent.back.arrived {
            broken.push(format!("5: {gone} of {} went back, we say {:?}", intent.id, intent.back));
        }
        let told = |kind| self.was_told(intent.id.uuid(), kind);
        if gone > 0 && !told(EventKind::PaymentRefunded) {
            broken.push(format!("9: nobody was told that {} went back", intent.id));
        }
    }

    /// What of a payment has really gone back.
    fn gone_back(&self, of: &PaymentReference) -> i64 {
        let refunds = self.gateway.fake.refunds(of);
        let done = |refund: &&GatewayRefund| refund.status == GatewayRefundStatus::Processed;
        let disputes = self.gateway.disputes();
        let lost = |d: &&GatewayDispute| d.reference == *of && d.status == GatewayDisputeStatus::Lost;
        refunds.iter().filter(done).map(|r| units_of(&r.amount)).sum::<i64>()
            + disputes.iter().filter(lost).map(|d| units_of(&d.amount)).sum::<i64>()
    }

    /// What the gateway keeps for us of a payment, in naira: its fee does not come back.
    fn kept_of(&self, intent: &Intent) -> i64 {
        let Some(charge) = self.gateway.charge(&intent.reference) else { return 0 };
        let ChargedMoney::Known(paid) = charge.paid else { return 0 };
        if paid.currency() != Currency::Ngn {
            return 0;
        }
        match intent.state {
            IntentState::Succeeded { .. } => {
                let fee = charge.fee.map_or(0, |fee| fee.units());
                paid.units() - fee - self.gone_back(&intent.reference)
            }
            // It left suspense whole, or it is all still there.
            IntentState::Suspense { .. } if Self::was_returned(&self.before, intent) => 0,
            IntentState::Suspense { .. } => paid.units(),
            IntentState::Pending | IntentState::Failed { .. } | IntentState::Expired { .. } => 0,
        }
    }

    fn was_returned(now: &Snapshot, intent: &Intent) -> bool {
        let of = now.suspended.iter().find(|item| item.payment == intent.id);
        of.is_some_and(|item| matches!(item.state, SuspenseState::Returned { .. }))
    }

    /// Suspense is left only by what the gateway gave back, all of it: nobody resolves it here.
    fn check_suspense(&self, now: &Snapshot, broken: &mut Broken) {
        for intent in now.intents.iter().filter(|intent| Self::was_returned(now, intent)) {
            let paid = self.gateway.charge(&intent.reference).map(|charge| charge.paid);
            let Some(ChargedMoney::Known(paid)) = paid else { continue };
            let came_back = self.gateway.past().came_back.clone();
            let refunds = self.gateway.fake.refunds(&intent.reference);
            let refunds = refunds.iter().filter(|refund| came_back.contains(&refund.id));
            let gone = self.gone_back(&intent.reference) + refunds.map(|r| units_of(&r.amount)).sum::<i64>();
            if gone < paid.units() {
                broken.push(format!("4: {} left suspense, and {gone} of {paid} went back", intent.id));
            }
        }
    }

    fn about_credited<T>(&self, all: Vec<T>, of: fn(&T) -> &PaymentReference) -> Vec<(&Intent, T)> {
        let credited = |one: T| {
            let intent = self.before.intents.iter().find(|intent| intent.reference == *of(&one))?;
            intent.is_credited().then_some((intent, one))
        };
        all.into_iter().filter_map(credited).collect()
    }
}

const fn units_of(money: &ChargedMoney) -> i64 {
    match money {
        ChargedMoney::Known(amount) => amount.units(),
        ChargedMoney::Unbookable => 0,
    }
}

/// True for a refund that was made at the gateway's desk, or reached the customer after it had failed, and was booked as
/// lost. If it came back, an open dispute may have kept the wallet from repaying all of it.
const fn is_loss(refund: &Refund) -> bool {
    refund.revived || matches!(refund.origin, RefundOrigin::Found)
}

const fn taken_by(dispute: &Dispute) -> i64 {
    match dispute.state {
        DisputeState::Lost { taken, .. } => taken.units(),
        DisputeState::Open { .. } | DisputeState::Won { .. } => 0,
    }
}
