//! What a user wishes of the wallet.

use crate::{Amount, Currency, MoneyError, UserId, Version};

/// A user's wishes. Who has never made one has [`Settings::unset`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose.
    pub user: UserId,
    low_balance_threshold: Option<Amount>,
    /// Counts every change; below [`Version::FIRST`] while nothing is stored.
    pub version: Version,
}

impl Settings {
    /// No wishes: what holds before the first change.
    pub const fn unset(user: UserId) -> Self {
        Self { user, low_balance_threshold: None, version: Version::from_stored(0) }
    }

    /// The user wants to be told once less than this is available, in the currency of wallets; `None`: never.
    pub const fn low_balance_threshold(&self) -> Option<Amount> {
        self.low_balance_threshold
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

    /// These wishes in the place of `stored`.
    #[must_use]
    pub const fn replacing(mut self, stored: &Self) -> Self {
        self.version = stored.version.next();
        self
    }
}
