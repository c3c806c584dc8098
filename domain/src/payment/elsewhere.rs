//! What happened at the gateway, without us, to a payment that stands in suspense: refunds made at its own desk, and
//! disputes.

use std::collections::BTreeMap;

use crate::{
    CommitError, Fault, Money, MoneyError,
    payment::{
        ChargedMoney, Followed, GatewayDispute, GatewayDisputeStatus, GatewayRefund, GatewayRefundStatus,
        Intent, PaymentService, Suspended, SuspenseError, SuspenseState,
    },
};

/// The gateway's refunds and disputes of one payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elsewhere<'a> {
    pub(super) refunds: &'a [GatewayRefund],
    pub(super) disputes: &'a [&'a GatewayDispute],
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Meaning {
    /// All of it went back: the item is closed.
    returned: bool,
    /// Our books cannot say what happened: a person must look.
    odd: bool,
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
        let refunds = self.refunds_of(|refund| refund.status != GatewayRefundStatus::Failed);
        let sums = refunds.map(|refund| &refund.amount).chain(self.lost().map(|dispute| &dispute.amount));
        let sent = total(item, sums)?.ok_or(SuspenseError::OtherMoney)?;
        Ok(Money::from_units((item.paid.units() - sent.units()).max(0), item.paid.currency()))
    }

    fn meaning(&self, item: &Suspended) -> Result<Meaning, MoneyError> {
        let refunded = |refund: &GatewayRefund| refund.status == GatewayRefundStatus::Processed;
        let refunds = self.refunds_of(refunded).map(|refund| &refund.amount);
        let losses = self.lost().map(|dispute| &dispute.amount);
        let (Some(refunded), Some(lost)) = (total(item, refunds)?, total(item, losses)?) else {
            return Ok(Meaning { returned: false, odd: true });
        };
        let (paid, gone) = (item.paid.money(), refunded.checked_add(lost)?);
        let is_undecided = self.undecided().is_some();
        Ok(match item.state {
            // A part of it cannot leave suspense by itself: the item waits whole, for a person who knows. Nor do a part
            // refunded and a part lost make the whole: they may be the same money, listed twice.
            SuspenseState::Open => Meaning {
                returned: paid.is_at_most(refunded) || paid.is_at_most(lost),
                odd: is_undecided
                    || (!gone.is_zero() && gone != paid)
                    || (!refunded.is_zero() && !lost.is_zero()),
            },
            SuspenseState::Returned { .. } => {
                Meaning { returned: false, odd: is_undecided || !gone.is_at_most(paid) }
            }
            SuspenseState::Credited { .. } => Meaning::default(),
        })
    }

    fn undecided(&self) -> Option<&GatewayDispute> {
        let is_undecided = |dispute: &&&GatewayDispute| {
            matches!(dispute.status, GatewayDisputeStatus::Open | GatewayDisputeStatus::Unknown)
        };
        self.disputes.iter().find(is_undecided).copied()
    }

    fn lost(&self) -> impl Iterator<Item = &GatewayDispute> {
        let lost = self.disputes.iter().filter(|dispute| dispute.status == GatewayDisputeStatus::Lost);
        once_each(lost.copied(), |dispute| &dispute.id)
    }

    /// Refunds that count. What a lost dispute gave back is counted with the dispute alone.
    fn refunds_of(&self, counts: fn(&GatewayRefund) -> bool) -> impl Iterator<Item = &GatewayRefund> {
        let is_a_disputes =
            |refund: &GatewayRefund| self.lost().any(|d| refund.dispute.as_ref() == Some(&d.id));
        let refunds = self.refunds.iter().filter(move |refund| counts(refund) && !is_a_disputes(refund));
        once_each(refunds, |refund| &refund.id)
    }
}

/// A list that grows while it is read page by page shows a row twice; each name counts once.
fn once_each<'a, T, N: Ord + 'a>(
    rows: impl Iterator<Item = &'a T>,
    name: fn(&'a T) -> &'a N,
) -> impl Iterator<Item = &'a T> {
    rows.map(|row| (name(row), row)).collect::<BTreeMap<_, _>>().into_values()
}

/// These together; `None` if one is not in the currency that was paid.
fn total<'a>(
    item: &Suspended,
    sums: impl Iterator<Item = &'a ChargedMoney>,
) -> Result<Option<Money>, MoneyError> {
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

impl PaymentService {
    /// Closes a payment in suspense of which the gateway has given back everything, once.
    pub(super) async fn follow_suspended(
        &self,
        of: &Intent,
        elsewhere: Elsewhere<'_>,
    ) -> Result<Followed, CommitError> {
        let Some(item) = self.books.suspended(of.id).await.map_err(CommitError::Unavailable)? else {
            return Ok(Followed::default());
        };
        let fault = |error: MoneyError| CommitError::Unavailable(Fault::new(error));
        let Meaning { returned, odd } = elsewhere.meaning(&item).map_err(fault)?;
        let waits = |refund: &&GatewayRefund| refund.status == GatewayRefundStatus::NeedsAttention;
        let attention = elsewhere.refunds.iter().filter(waits).count();
        if returned {
            let unit = item.returned(of, self.clock.now());
            let unit = unit.map_err(|error| CommitError::Unavailable(Fault::new(error)))?;
            self.store.commit(unit).await.map_err(|error| match error {
                // Somebody else has closed it at the same time: decide again.
                CommitError::Duplicate(_) => CommitError::Stale,
                error => error,
            })?;
        }
        Ok(Followed {
            changed: u32::from(returned),
            attention: u32::try_from(attention).unwrap_or(u32::MAX),
            refused: u32::from(odd),
            ..Followed::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Amount, Currency, PaymentId, PaymentReference, Time, UserId, Version,
        payment::{GatewayDisputeId, GatewayRefundId, SuspenseReason},
    };

    fn naira(units: i64) -> Amount {
        Amount::try_new(Money::from_units(units, Currency::Ngn)).expect("above zero")
    }

    #[test]
    fn a_half_that_is_listed_twice_does_not_come_to_the_whole() {
        let nil = uuid::Uuid::nil();
        let item = Suspended {
            payment: PaymentId::from_uuid(nil),
            user: UserId::from_uuid(nil),
            paid: naira(8_000),
            reason: SuspenseReason::AmountDiffers,
            at: Time::UNIX_EPOCH,
            state: SuspenseState::Open,
            version: Version::FIRST,
        };
        let refund = GatewayRefund {
            id: GatewayRefundId::try_new("rf-1").expect("a name"),
            amount: ChargedMoney::Known(naira(4_000)),
            status: GatewayRefundStatus::Processed,
            created_at: Time::UNIX_EPOCH,
            dispute: None,
        };
        let other = GatewayRefund { id: GatewayRefundId::try_new("rf-2").expect("a name"), ..refund.clone() };
        let dispute = GatewayDispute {
            id: GatewayDisputeId::try_new("d-1").expect("a name"),
            reference: PaymentReference::try_new("nmk-1").expect("a reference"),
            amount: ChargedMoney::Known(naira(4_000)),
            status: GatewayDisputeStatus::Lost,
            created_at: Time::UNIX_EPOCH,
        };
        let returned = |refunds: &[GatewayRefund], disputes: &[&GatewayDispute]| {
            Elsewhere { refunds, disputes }.meaning(&item).expect("in range").returned
        };
        assert!(!returned(&[refund.clone(), refund.clone()], &[]));
        assert!(!returned(&[], &[&dispute, &dispute]));
        assert!(returned(&[refund.clone(), other], &[]));
        let left = Elsewhere { refunds: &[refund.clone(), refund], disputes: &[] }.left_of(&item);
        assert_eq!(left.expect("known"), naira(4_000).money());
    }
}
