//! Use cases that show a wallet, and change its settings. Its money changes only through orders and payments.

use std::sync::Arc;

use crate::{
    Amount, Change, CommitError, Currency, EntryId, HoldId, Money, Page, PageOf, Store, Time, Unique,
    UnitOfWork, UserId,
    unit::retry_stale,
    wallet::{Balance, Entry, Hold, Period, Settings, Span, Statement, WalletError, WalletReads},
};

/// Shows balances, movements and holds; keeps settings.
pub struct WalletService {
    store: Arc<dyn Store>,
    reads: Arc<dyn WalletReads>,
}

impl WalletService {
    /// Over any store and its reads.
    pub fn new(store: Arc<dyn Store>, reads: Arc<dyn WalletReads>) -> Self {
        Self { store, reads }
    }

    /// What the user has, holds and owes.
    ///
    /// # Errors
    /// `NotFound` without an account, `Unavailable` if the store cannot be read.
    pub async fn balance(&self, user: UserId) -> Result<Balance, WalletError> {
        let account = self.reads.account(user).await?.ok_or(WalletError::NotFound)?;
        Ok(Balance::from(&account))
    }

    /// Posted movements, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn entries(&self, user: UserId, page: Page<EntryId>) -> Result<PageOf<Entry>, WalletError> {
        Ok(self.reads.entries(user, page).await?)
    }

    /// The posted total at a past instant, before anything that was posted in that very microsecond.
    ///
    /// # Errors
    /// `NotFound` without an account, `Unavailable` if the store cannot be read.
    pub async fn balance_at(&self, user: UserId, at: Time) -> Result<Money, WalletError> {
        self.reads.account(user).await?.ok_or(WalletError::NotFound)?;
        Ok(balance_after(self.reads.entry_before(user, at).await?.as_ref()))
    }

    /// The statement of a time; its lines are read with [`Self::next_lines`].
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn statement(&self, user: UserId, period: Period) -> Result<Statement, WalletError> {
        let before = match period.from() {
            Some(from) => self.reads.entry_before(user, from).await?,
            None => None,
        };
        let last = match period.to() {
            Some(to) => self.reads.entry_before(user, to).await?,
            None => self.reads.entries(user, Page { limit: 1, after: None }).await?.rows.into_iter().next(),
        };
        let (opening, closing) = (balance_after(before.as_ref()), balance_after(last.as_ref()));
        let after = before.map(|entry| entry.id);
        let up_to = last.map(|entry| entry.id).filter(|last| Some(*last) != after);
        let rest = up_to.map(|up_to| Span { after, up_to });
        Ok(Statement { user, opening, closing, rest })
    }

    /// The next lines of a statement, `limit` at most; none when all were read.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read; to ask again is safe.
    pub async fn next_lines(&self, statement: &mut Statement, limit: u32) -> Result<Vec<Entry>, WalletError> {
        let Some(span) = statement.rest else { return Ok(Vec::new()) };
        let lines = self.reads.lines(statement.user, span, limit).await?;
        statement.rest = lines
            .last()
            .filter(|last| last.id != span.up_to)
            .map(|last| Span { after: Some(last.id), up_to: span.up_to });
        Ok(lines)
    }

    /// Holds, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, WalletError> {
        Ok(self.reads.holds(user, page).await?)
    }

    /// What the user wishes.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn settings(&self, user: UserId) -> Result<Settings, WalletError> {
        Ok(self.reads.settings(user).await?.unwrap_or_else(|| Settings::unset(user)))
    }

    /// Replaces what the user wishes, whatever it was: of two at once the later one holds.
    ///
    /// # Errors
    /// `Threshold` for another currency than that of wallets, `Commit` if the store does not answer; to ask again is
    /// safe.
    pub async fn change_settings(
        &self,
        user: UserId,
        low_balance_threshold: Option<Amount>,
    ) -> Result<Settings, WalletError> {
        let wanted = Settings::unset(user).with_low_balance_threshold(low_balance_threshold)?;
        Ok(retry_stale(|| self.replace_settings(&wanted)).await?)
    }

    async fn replace_settings(&self, wanted: &Settings) -> Result<Settings, CommitError> {
        let read = self.reads.settings(wanted.user).await.map_err(CommitError::Unavailable)?;
        let stored = read.unwrap_or_else(|| Settings::unset(wanted.user));
        let next = wanted.clone().replacing(&stored);
        match self.store.commit(UnitOfWork::new().with(Change::WalletSettings(next.clone()))).await {
            Ok(_) => Ok(next),
            // Somebody else has made the first record since it was looked for.
            Err(CommitError::Duplicate(Unique::Record)) => Err(CommitError::Stale),
            Err(refused) => Err(refused),
        }
    }
}

fn balance_after(line: Option<&Entry>) -> Money {
    line.map_or(Money::zero(Currency::Usd), |line| line.balance_after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Committed, MoneyError, Version, ports::MockStore, wallet::ports::MockWalletReads};

    fn amount(currency: Currency) -> Option<Amount> {
        Amount::try_new(Money::from_units(2_500_000, currency)).ok()
    }

    fn user() -> UserId {
        UserId::from_uuid(uuid::Uuid::from_u128(7))
    }

    #[tokio::test]
    async fn a_change_that_meets_others_is_decided_again_on_what_they_stored() {
        let mut reads = MockWalletReads::new();
        let mut stored = None;
        reads.expect_settings().times(3).returning(move |user| {
            let found = stored.clone();
            let before = found.clone().unwrap_or_else(|| Settings::unset(user));
            stored = Some(Settings::unset(user).replacing(&before));
            Ok(found)
        });
        let mut store = MockStore::new();
        store.expect_commit().times(3).returning(|unit| match unit.changes() {
            [Change::WalletSettings(next)] => match next.version.get() {
                1 => Err(CommitError::Duplicate(Unique::Record)),
                2 => Err(CommitError::Stale),
                _ => Ok(Committed::Applied),
            },
            other => panic!("{other:?}"),
        });
        let service = WalletService::new(Arc::new(store), Arc::new(reads));
        let changed = service.change_settings(user(), amount(Currency::Usd)).await;
        let changed = changed.expect("the third try is accepted");
        assert_eq!(changed.version, Version::from_stored(3));
        assert_eq!(changed.low_balance_threshold(), amount(Currency::Usd));
    }

    #[tokio::test]
    async fn a_threshold_in_another_currency_is_refused_before_anything_is_asked() {
        let service = WalletService::new(Arc::new(MockStore::new()), Arc::new(MockWalletReads::new()));
        let refused = service.change_settings(user(), amount(Currency::Ngn)).await;
        let mismatch = MoneyError::CurrencyMismatch(Currency::Usd, Currency::Ngn);
        assert!(matches!(refused, Err(WalletError::Threshold(error)) if error == mismatch), "{refused:?}");
    }
}
