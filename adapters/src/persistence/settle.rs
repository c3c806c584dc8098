//! What a unit makes of one account's row: pure. SQLite's writer applies it; Postgres says the same in SQL.
//!
//! Order: what was taken for granted, debt and disputes, holds end, transfers post, holds are placed. So an order that
//! is retried pays with the money that its first try gives back.

use namaskah_domain::{
    CommitError, Fault, Standing,
    unit::AccountChange,
    wallet::{PlaceHold, Purpose},
};

use super::entity::account;

/// The parts of a hold that ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndedParts {
    pub(crate) promo: i64,
    pub(crate) wallet: i64,
    /// True if the end itself posts them to revenue.
    pub(crate) captured: bool,
    /// True if the hold is an order's, and so counts among the open ones.
    pub(crate) counted: bool,
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
/// `AccountBlocked`, `TooManyOpenOrders`, `TooManyOpenIntents`, `InsufficientFunds`, in this order; `Stale` if the
/// account is not as the decision took it to be, or a count, debt or disputes would fall below zero.
pub(crate) fn settle(
    mut row: account::Model,
    change: &AccountChange,
    ended: &[EndedParts],
) -> Result<(account::Model, Vec<PlacedParts>), CommitError> {
    expect(&row, change.standing)?;
    let free_before = row.wallet_posted_units - row.wallet_held_units;
    owe(&mut row, change)?;
    if !change.places.is_empty() && (row.frozen || row.debt_units > 0 || row.open_disputes > 0) {
        return Err(CommitError::AccountBlocked);
    }
    count(&mut row, change, ended)?;
    for parts in ended {
        row.promo_held_units = sum(row.promo_held_units, -parts.promo)?;
        row.wallet_held_units = sum(row.wallet_held_units, -parts.wallet)?;
        if parts.captured {
            row.promo_posted_units = sum(row.promo_posted_units, -parts.promo)?;
            // Gifts that are over are spent first.
            row.promo_lapsed_units -= row.promo_lapsed_units.min(parts.promo);
            row.wallet_posted_units = sum(row.wallet_posted_units, -parts.wallet)?;
        }
    }
    row.wallet_posted_units = sum(row.wallet_posted_units, change.wallet_units)?;
    row.promo_posted_units = sum(row.promo_posted_units, change.promo_units)?;
    row.promo_lapsed_units = sum(row.promo_lapsed_units, change.promo_lapsed_units)?;
    if row.promo_lapsed_units < 0 {
        return Err(CommitError::Stale);
    }
    let mut placed = Vec::with_capacity(change.places.len());
    for place in &change.places {
        let promo = row.promo_posted_units - row.promo_held_units - row.promo_lapsed_units;
        let promo = promo.clamp(0, promo_at_most(place));
        let wallet = place.amount.units() - promo;
        row.promo_held_units = sum(row.promo_held_units, promo)?;
        row.wallet_held_units = sum(row.wallet_held_units, wallet)?;
        placed.push(PlacedParts { promo, wallet });
    }
    let free = row.wallet_posted_units - row.wallet_held_units;
    if free < frozen(&row, free_before, change) || row.promo_posted_units < row.promo_held_units {
        return Err(CommitError::InsufficientFunds);
    }
    row.version = sum(row.version, 1)?;
    Ok((row, placed))
}

fn expect(row: &account::Model, standing: Standing) -> Result<(), CommitError> {
    let fulfilled = match standing {
        Standing::Any => true,
        Standing::Clear => row.debt_units == 0 && row.open_disputes == 0,
        Standing::AsRead(version) => row.version == version.get(),
    };
    if fulfilled { Ok(()) } else { Err(CommitError::Stale) }
}

fn owe(row: &mut account::Model, change: &AccountChange) -> Result<(), CommitError> {
    row.debt_units = sum(row.debt_units, change.debt_units)?;
    row.disputed_units = sum(row.disputed_units, change.disputed_units)?;
    row.open_disputes += i64::from(change.disputes_opened) - i64::from(change.disputes_closed);
    if row.debt_units < 0 || row.disputed_units < 0 || row.open_disputes < 0 {
        return Err(CommitError::Stale);
    }
    Ok(())
}

/// What disputes have frozen stays in the wallet, but for what those that close leave to be taken: each open dispute
/// claims what was free before the unit, or all that it is about. Ends of holds leave what is free as it is or more.
fn frozen(row: &account::Model, free_before: i64, change: &AccountChange) -> i64 {
    let left = (free_before + change.disputed_units.min(0)).max(0);
    row.disputed_units.min(left)
}

/// How much promo a hold may take: an order's all of its price, a refund's nothing.
pub(crate) fn promo_at_most(place: &PlaceHold) -> i64 {
    match place.purpose {
        Purpose::Order { .. } => place.amount.units(),
        Purpose::Refund { .. } => 0,
    }
}

/// The bounds of the orders that holds are placed for.
pub(crate) fn order_bounds(change: &AccountChange) -> impl Iterator<Item = i64> {
    change.places.iter().filter_map(|place| match place.purpose {
        Purpose::Order { max_open_orders, .. } => Some(i64::from(max_open_orders)),
        Purpose::Refund { .. } => None,
    })
}

fn count(row: &mut account::Model, change: &AccountChange, ended: &[EndedParts]) -> Result<(), CommitError> {
    row.open_orders -= ended.iter().filter(|parts| parts.counted).map(|_| 1).sum::<i64>();
    row.open_intents -= i64::from(change.intents_closed);
    if row.open_orders < 0 || row.open_intents < 0 {
        return Err(CommitError::Stale);
    }
    for most in order_bounds(change) {
        if row.open_orders >= most {
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
