//! What can go wrong when a wallet is read, or its settings are changed.

use crate::{CommitError, Fault, MoneyError};

/// Why a wallet could not be shown, or its settings not be changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WalletError {
    /// The user has no account.
    #[error("no such account")]
    NotFound,
    /// The threshold is in another currency than wallets are.
    #[error(transparent)]
    Threshold(#[from] MoneyError),
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read.
    #[error("the wallet cannot be read now")]
    Unavailable(#[from] Fault),
}
