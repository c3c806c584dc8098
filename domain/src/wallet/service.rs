//! Use cases that show a wallet. It changes only through orders and payments.

use std::sync::Arc;

use crate::{
    EntryId, HoldId, Page, PageOf, UserId,
    wallet::{Balance, Entry, Hold, WalletError, WalletReads},
};

/// Shows balances, movements and holds.
pub struct WalletService {
    reads: Arc<dyn WalletReads>,
}

impl WalletService {
    /// Over any reads.
    pub fn new(reads: Arc<dyn WalletReads>) -> Self {
        Self { reads }
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

    /// Holds, newest first.
    ///
    /// # Errors
    /// `Unavailable` if the store cannot be read.
    pub async fn holds(&self, user: UserId, page: Page<HoldId>) -> Result<PageOf<Hold>, WalletError> {
        Ok(self.reads.holds(user, page).await?)
    }
}
