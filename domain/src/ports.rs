//! Ports that belong to no single context: the one write port, time, randomness.

use async_trait::async_trait;

use uuid::Uuid;

use crate::{Claim, CommitError, Committed, Time, UnitOfWork};

/// The one way in which anything changes.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync {
    /// Applies every change in `unit`, or none.
    ///
    /// # Errors
    /// - `InsufficientFunds`, `TooManyOpenOrders`, `TooManyOpenIntents`, `AccountBlocked`: the account refuses
    /// - `Stale`: a record has moved on since it was read; load and decide again
    /// - `Duplicate`: something that must be unique exists already
    /// - `KeyReused`: the claim's key was first used for a different command
    /// - `Unavailable`: outcome unknown; committing the same unit again is safe
    async fn commit(&self, unit: UnitOfWork) -> Result<Committed, CommitError>;

    /// The record that an earlier commit with this claim made; asked before a command is refused, so that a
    /// repetition is answered like the first call even where the refusal would come before any commit.
    ///
    /// # Errors
    /// `KeyReused` if the key was first used for a different command, `Unavailable`.
    async fn replay(&self, claim: &Claim) -> Result<Option<Uuid>, CommitError>;
}

/// What time it is. In the sandbox it can be moved forward, never back.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// The instant, in stored precision.
    fn now(&self) -> Time;

    /// Returns once `now` is at or past `until`.
    async fn sleep_until(&self, until: Time);
}

/// Unpredictable bytes: identifiers, references, tokens.
pub trait Random: Send + Sync {
    /// Fills all of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
