//! Matching: one thing as the provider has it, and as we have it. Pure.

use crate::{
    Amount, Money, PaymentReference, PurchaseId, ReservationId, Time,
    payment::{Charge, ChargedMoney},
    reconciliation::{Mismatch, finding::Seen},
    time::minutes,
    verification::Reservation,
};

/// What the sweeps and scans are given to see something by themselves.
pub(super) const LATE_MIN: i64 = 5;
/// What following an order to its end is given, so that the credit for its number is booked.
const CREDIT_MIN: i64 = 30;
/// After this no purchase of unknown outcome can still turn out to hold a reservation.
const UNSETTLED_MIN: i64 = 25;

/// A payment as our books have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurPayment {
    /// Our name for it at the gateway.
    pub reference: PaymentReference,
    /// What we booked of it, credited or set aside; `None` as long as we have booked nothing.
    pub booked: Option<Amount>,
    /// When we booked it, or made the intent.
    pub at: Time,
}

/// A number as our books have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurNumber {
    /// The purchase that holds it.
    pub purchase: PurchaseId,
    /// The provider's name for it.
    pub reservation: ReservationId,
    /// What we booked as its cost.
    pub cost: Money,
    /// The most that we said we would pay for it.
    pub cap: Money,
    /// When the provider made it, on its clock.
    pub at: Time,
    /// True once the provider's credit for it is booked.
    pub credited: bool,
}

impl OurNumber {
    /// True if it cost more than we said we would pay: such orders are sold at a loss, one after the other.
    pub fn is_too_dear(&self) -> bool {
        !self.cost.is_at_most(self.cap)
    }

    /// True if the list shows a credit that our books do not have.
    pub const fn lacks_credit(&self, theirs: &Reservation) -> bool {
        theirs.state.is_credited() && !self.credited && !self.cost.is_zero()
    }
}

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both agree, or neither has it.
    Matched,
    /// Not yet: it is so young that it will be seen in the ordinary way.
    Late,
    /// They do not agree.
    Differs(Mismatch),
}

/// A verdict, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What it says.
    pub verdict: Verdict,
    /// What it is about there.
    pub key: String,
    /// What we have.
    pub ours: Option<Money>,
    /// What the provider has.
    pub theirs: Option<Money>,
    /// When it happened.
    pub at: Time,
}

impl Compared {
    /// The mismatch, if there is one.
    pub(super) fn seen(&self) -> Option<Seen> {
        let Verdict::Differs(mismatch) = self.verdict else { return None };
        let Self { ours, theirs, at, .. } = *self;
        Some(Seen { key: self.key.clone(), mismatch, ours, theirs, at })
    }
}

fn is_young(at: Time, now: Time, limit_min: i64) -> bool {
    now < at + minutes(limit_min)
}

/// A reference at the gateway, where `theirs` is a success or one that was given back, and in our books.
/// A sum in suspense is booked: that somebody must look at it is known.
pub fn payment(
    reference: &PaymentReference,
    ours: Option<&OurPayment>,
    theirs: Option<&Charge>,
    now: Time,
) -> Compared {
    let booked = ours.and_then(|ours| ours.booked);
    let paid = theirs.and_then(|charge| match charge.paid {
        ChargedMoney::Known(amount) => Some(amount),
        ChargedMoney::Unbookable => None,
    });
    let paid_at = theirs.and_then(|charge| charge.paid_at);
    let at = paid_at.or(ours.map(|ours| ours.at)).unwrap_or(now);
    let verdict = match (booked, theirs) {
        (None, None) => Verdict::Matched,
        (Some(_), None) => Verdict::Differs(Mismatch::OnlyOurs),
        // Ours, and not settled yet: the webhook or the next sweep sees it.
        (None, Some(_)) if ours.is_some() && is_young(at, now, LATE_MIN) => Verdict::Late,
        (None, Some(_)) => Verdict::Differs(Mismatch::OnlyTheirs),
        (Some(booked), Some(_)) if paid == Some(booked) => Verdict::Matched,
        (Some(_), Some(_)) => Verdict::Differs(Mismatch::AmountDiffers),
    };
    let (ours, theirs) = (booked.map(Amount::money), paid.map(Amount::money));
    Compared { verdict, key: reference.to_string(), ours, theirs, at }
}

/// A reservation at the provider and in our books. `now` is the provider's clock; `unsettled` purchases may still turn
/// out to hold it.
pub fn number(
    reservation: &ReservationId,
    ours: Option<&OurNumber>,
    theirs: Option<&Reservation>,
    unsettled: Unsettled,
    now: Time,
) -> Compared {
    let at = theirs.map(|t| t.created_at).or(ours.map(|ours| ours.at)).unwrap_or(now);
    let young = is_young(at, now, LATE_MIN);
    let verdict = match (ours, theirs) {
        (None, None) => Verdict::Matched,
        (Some(_), None) if young => Verdict::Late,
        (Some(_), None) => Verdict::Differs(Mismatch::OnlyOurs),
        (None, Some(_)) if young => Verdict::Late,
        (None, Some(_)) if unsettled == Unsettled::Some && is_young(at, now, UNSETTLED_MIN) => Verdict::Late,
        (None, Some(_)) => Verdict::Differs(Mismatch::OnlyTheirs),
        (Some(ours), Some(theirs)) if ours.cost != theirs.cost => Verdict::Differs(Mismatch::AmountDiffers),
        (Some(ours), Some(theirs)) if ours.is_too_dear() && !theirs.state.is_credited() => {
            Verdict::Differs(Mismatch::AmountDiffers)
        }
        (Some(ours), Some(theirs)) if ours.lacks_credit(theirs) => {
            if is_young(at, now, CREDIT_MIN) {
                Verdict::Late
            } else {
                Verdict::Differs(Mismatch::AmountDiffers)
            }
        }
        (Some(_), Some(_)) => Verdict::Matched,
    };
    let kept = theirs.map(|theirs| {
        let lacks = ours.is_some_and(|ours| ours.lacks_credit(theirs) && ours.cost == theirs.cost);
        if lacks { Money::zero(theirs.cost.currency()) } else { theirs.cost }
    });
    let agreed = ours.map(|ours| if ours.is_too_dear() { ours.cap } else { ours.cost });
    Compared { verdict, key: reservation.to_string(), ours: agreed, theirs: kept, at }
}

/// Whether purchases are under way whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsettled {
    /// None is.
    None,
    /// Some are.
    Some,
}

#[cfg(test)]
mod tests;
