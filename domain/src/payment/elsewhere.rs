//! What happened at the gateway, without us, to a payment that stands in suspense: refunds made at its own desk, and
//! disputes.

use crate::{
    Money, MoneyError,
    payment::{
        ChargedMoney, GatewayDispute, GatewayDisputeStatus, GatewayRefund, GatewayRefundStatus, Suspended,
        SuspenseError,
    },
};

/// The gateway's refunds and disputes of one payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elsewhere<'a> {
    pub(super) refunds: &'a [GatewayRefund],
    pub(super) disputes: &'a [&'a GatewayDispute],
}

impl Elsewhere<'_> {
    /// Why the owner cannot be credited: what is on its way back counts as gone, since nobody could stop it.
    pub(super) fn against_credit(&self) -> Option<SuspenseError> {
        let mut refunds = self.refunds.iter();
        let refund = refunds.find(|refund| refund.status != GatewayRefundStatus::Failed);
        let lost = self.disputes.iter().find(|dispute| dispute.status == GatewayDisputeStatus::Lost);
        refund
            .map(|refund| SuspenseError::Refunded(refund.id.clone()))
            .or_else(|| lost.map(|dispute| SuspenseError::DisputeLost(dispute.id.clone())))
            .or_else(|| self.against_return())
    }

    /// Why it cannot be sent back: the bank may still do so too.
    pub(super) fn against_return(&self) -> Option<SuspenseError> {
        self.undecided().map(|dispute| SuspenseError::Disputed(dispute.id.clone()))
    }

    /// What of `item` nobody has sent back yet, nor is about to.
    pub(super) fn left_of(&self, item: &Suspended) -> Result<Money, SuspenseError> {
        let sent = self.sum(item, |refund| refund.status != GatewayRefundStatus::Failed)?;
        let left = sent.map(|sent| (item.paid.units() - sent.units()).max(0));
        left.map(|left| Money::from_units(left, item.paid.currency())).ok_or(SuspenseError::OtherMoney)
    }

    fn undecided(&self) -> Option<&GatewayDispute> {
        let is_undecided = |dispute: &&&GatewayDispute| {
            matches!(dispute.status, GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown)
        };
        self.disputes.iter().find(is_undecided).copied()
    }

    /// Refunds that count and lost disputes, together; `None` if one is not in the currency that was paid. What a lost
    /// dispute gave back is counted with the dispute alone.
    fn sum(&self, item: &Suspended, counts: fn(&GatewayRefund) -> bool) -> Result<Option<Money>, MoneyError> {
        let lost = || self.disputes.iter().filter(|dispute| dispute.status == GatewayDisputeStatus::Lost);
        let is_a_disputes = |refund: &GatewayRefund| lost().any(|d| refund.dispute.as_ref() == Some(&d.id));
        let refunds = self.refunds.iter().filter(|refund| counts(refund) && !is_a_disputes(refund));
        let sums = refunds.map(|refund| &refund.amount).chain(lost().map(|dispute| &dispute.amount));
        let mut total = Money::zero(item.paid.currency());
        for sum in sums {
            match sum {
                ChargedMoney::Known(sum) if sum.currency() == total.currency() => {
                    total = total.checked_add(sum.money())?;
                }
                ChargedMoney::Known(_) | ChargedMoney::Unbookable => return Ok(None),
            }
        }
        Ok(Some(total))
    }
}
