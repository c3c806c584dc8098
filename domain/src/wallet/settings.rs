//! What a user wishes of the wallet.

use crate::{Amount, Currency, MoneyError, Time, UserId, Version, wallet::Account};

/// Which way a balance has crossed its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// Less is available than the user wishes.
    Below,
    /// There is as much again.
    Above,
}

/// A user's wishes. Who has never made one has [`Settings::unset`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose.
    pub user: UserId,
    low_balance_threshold: Option<Amount>,
    low_since: Option<Time>,
    /// Counts every change; below [`Version::FIRST`] while nothing is stored.
    pub version: Version,
}

impl Settings {
    /// No wishes: what holds before the first change.
    pub const fn unset(user: UserId) -> Self {
        Self { user, low_balance_threshold: None, low_since: None, version: Version::from_stored(0) }
    }

    /// The user wants to be told once less than this is available, in the currency of wallets; `None`: never.
    pub const fn low_balance_threshold(&self) -> Option<Amount> {
        self.low_balance_threshold
    }

    /// Since when the user knows that less than the threshold is available; `None` while there is enough.
    pub const fn low_since(&self) -> Option<Time> {
        self.low_since
    }

    /// The same wishes as they are stored, with whether the user was told.
    #[must_use]
    pub const fn with_low_since(mut self, low_since: Option<Time>) -> Self {
        self.low_since = low_since;
        self
    }

    /// What an account means for the threshold: the next wishes and which way it was crossed, or `None` if the user
    /// knows how it stands. So he is told once of each crossing, however long it lasts.
    pub fn crossed(self, account: &Account, now: Time) -> Option<(Self, Crossing)> {
        let threshold = self.low_balance_threshold?;
        let is_low = !threshold.money().is_at_most(account.available());
        let (low_since, crossing) = match (is_low, self.low_since) {
            (true, None) => (Some(now), Crossing::Below),
            (false, Some(_)) => (None, Crossing::Above),
            (true, Some(_)) | (false, None) => return None,
        };
        Some((Self { low_since, version: self.version.next(), ..self }, crossing))
    }

    /// The same wishes, with another threshold.
    ///
    /// # Errors
    /// `CurrencyMismatch` for a threshold in another currency than that of wallets.
    pub fn with_low_balance_threshold(self, threshold: Option<Amount>) -> Result<Self, MoneyError> {
        match threshold.map(Amount::currency) {
            None | Some(Currency::Usd) => Ok(Self { low_balance_threshold: threshold, ..self }),
            Some(other) => Err(MoneyError::CurrencyMismatch(Currency::Usd, other)),
        }
    }

    /// These wishes in the place of `stored`. Of the same threshold the user was told as before.
    #[must_use]
    pub fn replacing(self, stored: &Self) -> Self {
        let is_same = self.low_balance_threshold == stored.low_balance_threshold;
        let low_since = stored.low_since.filter(|_| is_same);
        Self { low_since, version: stored.version.next(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Money, time::minutes, wallet::Pocket};

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    fn account(available: i64) -> Account {
        let wallet = Pocket { posted: usd(available + 7), held: usd(7) };
        Account { wallet, ..Account::open(UserId::from_uuid(uuid::Uuid::nil())) }
    }

    fn below(units: i64) -> Settings {
        let threshold = Amount::try_new(usd(units)).ok();
        let unset = Settings::unset(UserId::from_uuid(uuid::Uuid::nil()));
        unset.with_low_balance_threshold(threshold).expect("dollars")
    }

    #[test]
    fn a_threshold_is_crossed_once_each_way() {
        let now = Time::UNIX_EPOCH;
        let settings = below(100);
        assert_eq!(settings.clone().crossed(&account(100), now), None, "as much as is wished is enough");
        let (low, crossing) = settings.crossed(&account(99), now).expect("crossed");
        assert_eq!((low.low_since(), crossing), (Some(now), Crossing::Below));
        let later = now + minutes(1);
        assert_eq!(low.clone().crossed(&account(0), later), None, "he knows");
        let (enough, crossing) = low.crossed(&account(100), later).expect("crossed");
        assert_eq!((enough.low_since(), crossing), (None, Crossing::Above));
        let again = enough.crossed(&account(99), later).map(|(_, crossing)| crossing);
        assert_eq!(again, Some(Crossing::Below));
    }

    #[test]
    fn who_wishes_nothing_crosses_nothing() {
        let unset = Settings::unset(UserId::from_uuid(uuid::Uuid::nil()));
        assert_eq!(unset.crossed(&account(0), Time::UNIX_EPOCH), None);
    }

    #[test]
    fn another_threshold_is_another_crossing_and_the_same_one_is_not() {
        let now = Time::UNIX_EPOCH;
        let (low, _) = below(100).crossed(&account(50), now).expect("crossed");
        assert_eq!(below(100).replacing(&low).low_since(), Some(now));
        assert_eq!(below(70).replacing(&low).low_since(), None);
    }
}
