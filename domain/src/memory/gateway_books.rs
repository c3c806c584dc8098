//! The fake gateway's own books: transactions, refunds and disputes, as somebody at its desk sees them.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    Amount, Currency, Money, PaymentReference, Time,
    payment::{
        Charge, ChargeStatus, ChargedMoney, GatewayDispute, GatewayDisputeId, GatewayDisputeStatus,
        GatewayRefund, GatewayRefundId, GatewayRefundStatus, Listed,
    },
    time::seconds,
};

/// How long a refund is on its way.
const PROCESSING_S: i64 = 10;

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) created_at: Time,
    pub(super) charge: Charge,
}

#[derive(Debug)]
struct Asked {
    of: PaymentReference,
    amount: Amount,
    refund: GatewayRefund,
    /// What becomes of it by itself.
    becomes: GatewayRefundStatus,
}

/// What the gateway knows.
#[derive(Debug, Default)]
pub(super) struct GatewayBooks {
    pub(super) charges: BTreeMap<PaymentReference, Opened>,
    refunds: Vec<Asked>,
    planned: VecDeque<GatewayRefundStatus>,
    disputes: Vec<GatewayDispute>,
    garbled: usize,
    garbled_disputes: usize,
}

impl GatewayBooks {
    /// The next refunds end so, one each, ten seconds after they were asked for; the others are processed.
    pub(super) fn plan_refund(&mut self, becomes: GatewayRefundStatus) {
        self.planned.push_back(becomes);
    }

    /// Asks for a refund; `None` unless the payment was paid and so much of it is left.
    pub(super) fn refund(
        &mut self,
        of: &PaymentReference,
        amount: Amount,
        now: Time,
    ) -> Option<GatewayRefund> {
        let charge = &self.charges.get(of)?.charge;
        let ChargedMoney::Known(paid) = charge.paid else { return None };
        let left =
            paid.money().checked_sub(self.given_back(of, paid.currency(), Self::is_not_failed, now)).ok()?;
        if charge.status != ChargeStatus::Succeeded || !amount.money().is_at_most(left) {
            return None;
        }
        let id = GatewayRefundId::try_new(&(9_000_001 + self.refunds.len()).to_string()).ok()?;
        let becomes = self.planned.pop_front().unwrap_or(GatewayRefundStatus::Processed);
        let (amount_told, status) = (ChargedMoney::Known(amount), GatewayRefundStatus::Pending);
        let refund = GatewayRefund { id, amount: amount_told, status, created_at: now, dispute: None };
        self.refunds.push(Asked { of: of.clone(), amount, refund: refund.clone(), becomes });
        Some(refund)
    }

    /// A refund is now there, and stays. False if there is none of that name.
    pub(super) fn set_refund(&mut self, id: &GatewayRefundId, status: GatewayRefundStatus) -> bool {
        let found = self.refunds.iter_mut().find(|asked| asked.refund.id == *id);
        found.map(|asked| (asked.refund.status, asked.becomes) = (status, status)).is_some()
    }

    /// The rows of so many refunds of each payment, the newest, cannot be read any more.
    pub(super) const fn garble_refunds(&mut self, newest: usize) {
        self.garbled = newest;
    }

    /// What the bank takes for a dispute.
    pub(super) fn take_for(&mut self, dispute: &GatewayDisputeId, now: Time) -> Option<GatewayRefundId> {
        let of = self.disputes.iter().find(|known| known.id == *dispute)?;
        let ChargedMoney::Known(amount) = of.amount else { return None };
        let id = GatewayRefundId::try_new(&(9_000_001 + self.refunds.len()).to_string()).ok()?;
        let (status, told) = (GatewayRefundStatus::Processed, ChargedMoney::Known(amount));
        let dispute = Some(dispute.clone());
        let refund = GatewayRefund { id: id.clone(), amount: told, status, created_at: now, dispute };
        self.refunds.push(Asked { of: of.reference.clone(), amount, refund, becomes: status });
        Some(id)
    }

    /// The list of a payment's refunds, as it stands at `now`.
    pub(super) fn listed(&self, of: &PaymentReference, now: Time) -> Listed<GatewayRefund> {
        let mut refunds = self.refunds_of(of, now);
        let all = refunds.len();
        refunds.truncate(all.saturating_sub(self.garbled));
        let unreadable = u32::try_from(all - refunds.len()).unwrap_or(u32::MAX);
        Listed { rows: refunds, unreadable }
    }

    /// Every refund of a payment, as it stands at `now`.
    pub(super) fn refunds_of(&self, of: &PaymentReference, now: Time) -> Vec<GatewayRefund> {
        self.refunds.iter().filter(|asked| asked.of == *of).map(|asked| asked.at(now)).collect()
    }

    /// Every refund that was asked for since `from`, as it stands at `now`.
    pub(super) fn refunds_since(&self, from: Time, now: Time) -> Vec<(PaymentReference, GatewayRefund)> {
        let lately = self.refunds.iter().filter(|asked| asked.refund.created_at >= from);
        lately.map(|asked| (asked.of.clone(), asked.at(now))).collect()
    }

    /// A transaction as it stands at `now`: one that was given back whole is reversed.
    pub(super) fn charge(&self, reference: &PaymentReference, now: Time) -> Option<Charge> {
        let charge = self.charges.get(reference)?.charge.clone();
        let ChargedMoney::Known(paid) = charge.paid else { return Some(charge) };
        let back = self.given_back(reference, paid.currency(), Self::is_processed, now);
        let is_reversed = charge.status == ChargeStatus::Succeeded && back == paid.money();
        let status = if is_reversed { ChargeStatus::Reversed } else { charge.status };
        Some(Charge { status, ..charge })
    }

    /// Opens a dispute; `None` unless the payment was paid.
    pub(super) fn open_dispute(
        &mut self,
        of: &PaymentReference,
        claimed: Option<Amount>,
        now: Time,
    ) -> Option<GatewayDisputeId> {
        let charge = &self.charges.get(of).filter(|opened| opened.charge.paid_at.is_some())?.charge;
        let id = GatewayDisputeId::try_new(&(7_000_001 + self.disputes.len()).to_string()).ok()?;
        let amount = claimed.map_or_else(|| charge.paid.clone(), ChargedMoney::Known);
        let (reference, status) = (of.clone(), GatewayDisputeStatus::Open);
        self.disputes.push(GatewayDispute { id: id.clone(), reference, amount, status, created_at: now });
        Some(id)
    }

    /// Decides a dispute. False if there is none of that name.
    pub(super) fn set_dispute(&mut self, id: &GatewayDisputeId, status: GatewayDisputeStatus) -> bool {
        let found = self.disputes.iter_mut().find(|dispute| dispute.id == *id);
        found.map(|dispute| dispute.status = status).is_some()
    }

    /// Names a sum for a dispute. False if there is none of that name.
    pub(super) fn tell_dispute_sum(&mut self, id: &GatewayDisputeId, sum: ChargedMoney) -> bool {
        let found = self.disputes.iter_mut().find(|dispute| dispute.id == *id);
        found.map(|dispute| dispute.amount = sum).is_some()
    }

    /// So many disputes, the newest, cannot be read.
    pub(super) const fn garble_disputes(&mut self, newest: usize) {
        self.garbled_disputes = newest;
    }

    pub(super) fn disputes_since(&self, from: Time) -> Listed<GatewayDispute> {
        let readable = self.disputes.len().saturating_sub(self.garbled_disputes);
        let lately = |dispute: &&GatewayDispute| dispute.created_at >= from;
        let (clear, garbled) = self.disputes.split_at(readable);
        let unreadable = garbled.iter().filter(lately).count();
        Listed {
            rows: clear.iter().filter(lately).cloned().collect(),
            unreadable: u32::try_from(unreadable).unwrap_or(u32::MAX),
        }
    }

    fn given_back(
        &self,
        of: &PaymentReference,
        currency: Currency,
        counts: fn(GatewayRefundStatus) -> bool,
        now: Time,
    ) -> Money {
        let asked = self.refunds.iter().filter(|asked| asked.of == *of && counts(asked.at(now).status));
        Money::from_units(asked.map(|asked| asked.amount.units()).sum(), currency)
    }

    const fn is_processed(status: GatewayRefundStatus) -> bool {
        matches!(status, GatewayRefundStatus::Processed)
    }

    const fn is_not_failed(status: GatewayRefundStatus) -> bool {
        !matches!(status, GatewayRefundStatus::Failed)
    }
}

impl Asked {
    fn at(&self, now: Time) -> GatewayRefund {
        let is_due = now >= self.refund.created_at + seconds(PROCESSING_S);
        let is_on_its_way = self.refund.status == GatewayRefundStatus::Pending;
        let status = if is_due && is_on_its_way { self.becomes } else { self.refund.status };
        GatewayRefund { status, ..self.refund.clone() }
    }
}
