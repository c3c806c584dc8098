//! What can go wrong when a wallet is read.

use crate::Fault;

/// Why a wallet could not be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WalletError {
    /// The user has no account.
    #[error("no such account")]
    NotFound,
    /// The store could not be read.
    #[error("the wallet cannot be read now")]
    Unavailable(#[from] Fault),
}
