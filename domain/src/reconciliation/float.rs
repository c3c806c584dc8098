//! The balance at the number provider and our float, compared from a balance on that an operator took for right.

use crate::{
    Change, CommitError, Money, MoneyError, Time, UnitOfWork,
    reconciliation::{
        Book, Compared, Finding, Float, Mismatch, ReconcileError, ReconciliationService, Verdict,
        finding::Seen,
        service::{Tally, Window},
    },
    staff::{AuditAction, By, Facts, Subject},
    time::hours,
    wallet::Reason,
};

/// The key of what is found about a balance.
pub const BALANCE: &str = "balance";
/// A credit is booked within so many hours of the number's purchase, or is looked for by comparing lists.
const AWAITED_H: i64 = 2;

impl ReconciliationService {
    /// Takes the balance that the provider tells now for right: later differences to our float are counted from it.
    /// Credits that are seen and not booked are booked first. The line of the log is in the same commit.
    ///
    /// # Errors
    /// `InFlight` while purchases are under way; [`ReconcileError`] if something cannot be read.
    pub async fn accept_balance(&self, by: &By, note: Reason) -> Result<Finding, ReconcileError> {
        let now = self.clock.now();
        self.compare_numbers(Window { from: now - hours(AWAITED_H), to: now }).await?;
        let before = self.our_float(now).await?;
        let theirs = self.provider.balance().await?;
        let after = self.our_float(now).await?;
        if before != after || !after.in_flight.is_zero() {
            return Err(ReconcileError::InFlight);
        }
        let difference = theirs.checked_sub(after.booked)?;
        let seen = seen(after.booked, theirs, now);
        let stored = self.stored_balance().await?;
        let new = Finding::new(self.new_id(now), Book::TextVerified, seen, now);
        let new = new.accepting(difference, note, now);
        let accepted = match &stored {
            Some(stored) => new.after(stored),
            None => new,
        };
        let facts = accepted.facts().with("difference", format!("{difference:?}"));
        let subject = Subject::of("finding", accepted.id);
        let told = (now, self.random.as_ref());
        let line = by.did(AuditAction::BalanceAccepted, subject, (Facts::none(), facts), told);
        let unit = UnitOfWork::new().with(Change::Finding(accepted.clone())).with(line);
        match self.store.commit(unit).await {
            Ok(_) => Ok(accepted),
            // Somebody else has written it in between.
            Err(CommitError::Stale | CommitError::Duplicate(_)) => Err(ReconcileError::InFlight),
            Err(error) => Err(error.into()),
        }
    }

    /// `None` as long as no balance was accepted. Our books are read before and after the balance: what was booked in
    /// between may be in it or not.
    pub(super) async fn compare_float(&self) -> Result<Option<Tally>, ReconcileError> {
        let now = self.clock.now();
        let Some(accepted) = self.stored_balance().await?.and_then(|stored| stored.accepted) else {
            return Ok(None);
        };
        let before = self.our_float(now).await?;
        let theirs = self.provider.balance().await?;
        let after = self.our_float(now).await?;
        let verdict = judge([before, after], theirs.checked_sub(accepted)?)?;
        let ours = after.booked.checked_add(accepted)?;
        let key = BALANCE.to_owned();
        let compared = Compared { verdict, key, ours: Some(ours), theirs: Some(theirs), at: now };
        self.settle(Book::TextVerified, &[compared], true).await.map(Some)
    }

    async fn our_float(&self, now: Time) -> Result<Float, ReconcileError> {
        Ok(self.reads.float(self.provider.id(), now - hours(AWAITED_H)).await?)
    }

    async fn stored_balance(&self) -> Result<Option<Finding>, ReconcileError> {
        Ok(self.reads.findings_of(Book::TextVerified, &[BALANCE.to_owned()]).await?.pop())
    }
}

fn seen(ours: Money, theirs: Money, at: Time) -> Seen {
    let mismatch = Mismatch::AmountDiffers;
    Seen { key: BALANCE.to_owned(), mismatch, ours: Some(ours), theirs: Some(theirs), at }
}

/// Purchases under way may be charged already, and credits that are not booked given already.
fn judge(ours: [Float; 2], theirs: Money) -> Result<Verdict, MoneyError> {
    let [first, second] = ours;
    let lowest = |float: Float| float.booked.checked_sub(float.in_flight);
    let highest = |float: Float| float.booked.checked_add(float.awaited);
    let (low, low_too) = (lowest(first)?, lowest(second)?);
    let (high, high_too) = (highest(first)?, highest(second)?);
    let is_not_below = low.is_at_most(theirs) || low_too.is_at_most(theirs);
    let is_not_above = theirs.is_at_most(high) || theirs.is_at_most(high_too);
    Ok(if is_not_below && is_not_above {
        Verdict::Matched
    } else {
        Verdict::Differs(Mismatch::AmountDiffers)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    fn float(booked: i64, in_flight: i64, awaited: i64) -> Float {
        Float { booked: usd(booked), in_flight: usd(in_flight), awaited: usd(awaited) }
    }

    #[test]
    fn a_balance_agrees_within_what_is_under_way_and_no_further() {
        let differs = Verdict::Differs(Mismatch::AmountDiffers);
        for (ours, theirs, verdict) in [
            ([float(-10, 0, 0), float(-10, 0, 0)], -10, Verdict::Matched),
            ([float(-10, 0, 0), float(-10, 0, 0)], -11, differs),
            ([float(-10, 0, 0), float(-10, 0, 0)], -9, differs),
            // Charged, and its answer not seen yet.
            ([float(-10, 3, 0), float(-10, 3, 0)], -13, Verdict::Matched),
            ([float(-10, 3, 0), float(-10, 3, 0)], -14, differs),
            // Given back, and not booked yet.
            ([float(-10, 0, 4), float(-10, 0, 4)], -6, Verdict::Matched),
            ([float(-10, 0, 4), float(-10, 0, 4)], -5, differs),
            // Bought, or given back, between two looks at our books.
            ([float(-10, 0, 0), float(-12, 0, 0)], -10, Verdict::Matched),
            ([float(-10, 0, 0), float(-12, 0, 0)], -12, Verdict::Matched),
            ([float(-12, 0, 0), float(-10, 0, 0)], -13, differs),
        ] {
            assert_eq!(judge(ours, usd(theirs)), Ok(verdict), "{ours:?} {theirs}");
        }
    }
}
