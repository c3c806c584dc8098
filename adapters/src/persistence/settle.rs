//! What a unit makes of one account's row: pure. SQLite's writer applies it; Postgres says the same in SQL.
//!
//! Order: holds end, transfers post, holds are placed. So an order that is retried pays with the money that its
//! first try gives back.

use namaskah_domain::{CommitError, Fault, unit::AccountChange};

use super::entity::account;

/// The parts of a hold that ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedParts {
    pub(crate) promo: i64,
    pub(crate) wallet: i64,
    pub(crate) captured: bool,
}

/// How a hold was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlacedParts {
    pub(crate) promo: i64,
    pub(crate) wallet: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("an account's sums leave the range of the ledger")]
struct OutOfRange;

fn sum(a: i64, b: i64) -> Result<i64, CommitError> {
    a.checked_add(b).ok_or_else(|| CommitError::Unavailable(Fault::new(OutOfRange)))
}

/// The row after the unit, and the parts of the holds that it places.
///
/// # Errors
/// `AccountBlocked`, `TooManyOpenOrders`, `TooManyOpenIntents`, `InsufficientFunds`, in this order; `Stale` if a
/// count would fall below zero.
pub(crate) fn settle(
    mut row: account::Model,
    change: &AccountChange,
    ended: &[EndedParts],
) -> Result<(account::Model, Vec<PlacedParts>), CommitError> {
    if !change.places.is_empty() && (row.frozen || row.debt_units > 0) {
        return Err(CommitError::AccountBlocked);
    }
    count(&mut row, change)?;
    for parts in ended {
        row.promo_held_units = sum(row.promo_held_units, -parts.promo)?;
        row.wallet_held_units = sum(row.wallet_held_units, -parts.wallet)?;
        if parts.captured {
            row.promo_posted_units = sum(row.promo_posted_units, -parts.promo)?;
            row.wallet_posted_units = sum(row.wallet_posted_units, -parts.wallet)?;
        }
    }
    row.wallet_posted_units = sum(row.wallet_posted_units, change.wallet_units)?;
    row.promo_posted_units = sum(row.promo_posted_units, change.promo_units)?;
    let mut placed = Vec::with_capacity(change.places.len());
    for place in &change.places {
        let promo = (row.promo_posted_units - row.promo_held_units).clamp(0, place.amount.units());
        let wallet = place.amount.units() - promo;
        row.promo_held_units = sum(row.promo_held_units, promo)?;
        row.wallet_held_units = sum(row.wallet_held_units, wallet)?;
        placed.push(PlacedParts { promo, wallet });
    }
    if row.wallet_posted_units < row.wallet_held_units || row.promo_posted_units < row.promo_held_units {
        return Err(CommitError::InsufficientFunds);
    }
    row.version = sum(row.version, 1)?;
    Ok((row, placed))
}

fn count(row: &mut account::Model, change: &AccountChange) -> Result<(), CommitError> {
    row.open_orders -= length(&change.ends);
    row.open_intents -= i64::from(change.intents_closed);
    if row.open_orders < 0 || row.open_intents < 0 {
        return Err(CommitError::Stale);
    }
    for place in &change.places {
        if row.open_orders >= i64::from(place.max_open_orders) {
            return Err(CommitError::TooManyOpenOrders);
        }
        row.open_orders += 1;
    }
    row.open_intents += i64::from(change.intents_opened);
    if change.intents_opened > 0 && row.open_intents > i64::from(change.max_open_intents) {
        return Err(CommitError::TooManyOpenIntents);
    }
    Ok(())
}

pub(crate) fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}
