//! Stores that are broken on purpose.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{
    Amount, Change, Claim, CommitError, Committed, Money, Store, UnitOfWork, UserId,
    unit::AccountChange,
    wallet::{EntryKind, HoldEnd, House, JournalEntry, LedgerAccount, PlaceHold, Purse, Source, Transfer},
};
use uuid::Uuid;

use super::Canary;

/// A store that does one thing wrong.
pub struct BrokenStore {
    inner: Arc<dyn Store>,
    canary: Canary,
}

impl BrokenStore {
    /// Over a sound one.
    pub fn new(inner: Arc<dyn Store>, canary: Canary) -> Self {
        Self { inner, canary }
    }

    fn keeps(&self, change: &Change) -> bool {
        match (self.canary, change) {
            (Canary::LosesJob, Change::Job(_))
            | (Canary::LosesEvent, Change::Event(_))
            | (Canary::LosesText, Change::Message(_))
            | (Canary::ForgetsShown, Change::ShownNumber(_))
            | (Canary::ForgetsReported, Change::SuppressedNumber(_)) => false,
            (_, _) => true,
        }
    }

    fn placed(&self, place: &PlaceHold) -> Option<PlaceHold> {
        match self.canary {
            Canary::SkipsHold => None,
            Canary::SmallerHold => {
                let less = Money::from_units(place.amount.units() - 10_000, place.amount.currency());
                Some(PlaceHold { amount: Amount::try_new(less).unwrap_or(place.amount), ..place.clone() })
            }
            _ => Some(place.clone()),
        }
    }

    /// The unit with the money or without it, broken as it shall be.
    fn rebuilt(&self, unit: &UnitOfWork, with_records: bool, with_money: bool) -> UnitOfWork {
        let claim = unit.claim().filter(|_| with_records && self.canary != Canary::DropsClaim);
        let mut new = claim.cloned().map_or_else(UnitOfWork::new, UnitOfWork::claiming);
        if with_records {
            for change in unit.changes().iter().filter(|change| self.keeps(change)) {
                new = new.with(change.clone());
            }
        }
        if !with_money {
            return new;
        }
        for (user, account) in unit.accounts() {
            new = self.moved(new, *user, account);
        }
        let owes = |transfer: &&Transfer| is_debt(transfer.debit) || is_debt(transfer.credit);
        let forgets = self.canary == Canary::ForgetsDebt;
        let transfers: Vec<_> = unit.transfers().iter().filter(|t| !(forgets && owes(t))).cloned().collect();
        for entry in entries(&transfers) {
            new = new.post(entry);
        }
        new
    }

    fn moved(&self, mut new: UnitOfWork, user: UserId, account: &AccountChange) -> UnitOfWork {
        new = new.expecting(user, account.standing).lapse_promo(user, account.promo_lapsed_units);
        let placed = if self.canary == Canary::BatchHoldsOnce { 1 } else { account.places.len() };
        for place in account.places.iter().take(placed).filter_map(|place| self.placed(place)) {
            new = new.place(place);
        }
        let keeps_old_hold = self.canary == Canary::RetriesWithoutRelease && !account.places.is_empty();
        for end in account.ends.iter().filter(|_| !keeps_old_hold) {
            new = new.end(end.clone());
        }
        if self.canary != Canary::IgnoresDispute {
            new = disputed(new, user, account);
        }
        for _ in 0..account.intents_opened {
            new = new.count_intent_opened(user, account.max_open_intents);
        }
        for _ in 0..account.intents_closed {
            new = new.count_intent_closed(user);
        }
        new
    }

    /// What a released hold was worth, paid out although it was never taken.
    fn paid_out(unit: &UnitOfWork) -> Option<UnitOfWork> {
        let ends = unit.accounts().values().flat_map(|account| &account.ends);
        let released = ends.into_iter().find(|end| end.end == HoldEnd::Release)?;
        let cent = Money::from_subunits(1, namaskah_domain::Currency::Usd).ok()?;
        let transfer = Transfer {
            debit: LedgerAccount::House(House::Adjustment),
            credit: LedgerAccount::User(released.user, Purse::Wallet),
            amount: Amount::try_new(cent).ok()?,
            kind: EntryKind::Refund,
            source: Source::captured(released.hold),
            leg: 9,
            at: released.at,
        };
        Some(UnitOfWork::new().post(JournalEntry::try_new(vec![transfer]).ok()?))
    }
}

/// What of a unit opens or closes a dispute; none does both.
fn disputed(unit: UnitOfWork, user: UserId, account: &AccountChange) -> UnitOfWork {
    let claimed = Money::from_units(account.disputed_units.abs(), namaskah_domain::Currency::Usd);
    match (Amount::try_new(claimed), account.disputed_units > 0) {
        (Ok(claimed), true) => unit.open_dispute(user, claimed),
        (Ok(claimed), false) => unit.close_dispute(user, claimed),
        (Err(_), _) => unit,
    }
}

const fn is_debt(account: LedgerAccount) -> bool {
    matches!(account, LedgerAccount::User(_, Purse::Debt))
}

fn entries(transfers: &[Transfer]) -> Vec<JournalEntry> {
    let mut sources: Vec<&Source> = transfers.iter().map(|transfer| &transfer.source).collect();
    sources.dedup();
    let entry = |source: &&Source| {
        let own = transfers.iter().filter(|transfer| transfer.source == **source);
        JournalEntry::try_new(own.cloned().collect()).ok()
    };
    sources.iter().filter_map(entry).collect()
}

#[async_trait]
impl Store for BrokenStore {
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError> {
        match self.canary {
            Canary::SplitsUnit if !unit.accounts().is_empty() && !unit.changes().is_empty() => {
                match self.inner.commit(self.rebuilt(&unit, true, false)).await? {
                    Committed::Applied => self.inner.commit(self.rebuilt(&unit, false, true)).await,
                    replayed => Ok(replayed),
                }
            }
            Canary::StalePasses => match self.inner.commit(unit).await {
                Err(CommitError::Stale) => Ok(Committed::Applied),
                other => other,
            },
            Canary::ReleasesTwice => {
                let again = Self::paid_out(&unit);
                let committed = self.inner.commit(unit).await?;
                if let Some(again) = again {
                    let _ = self.inner.commit(again).await;
                }
                Ok(committed)
            }
            _ => self.inner.commit(self.rebuilt(&unit, true, true)).await,
        }
    }

    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError> {
        self.inner.replay(claim).await
    }
}
