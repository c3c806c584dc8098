//! What a user is shown of an account.

use crate::{Money, wallet::Account};

/// `available` and `held` include promo; `total` is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What may be spent now.
    pub available: Money,
    /// What cannot be spent now: what open orders and refunds reserve, and what open disputes freeze.
    pub held: Money,
    /// available + held.
    pub total: Money,
    /// The part of the total that the house gave.
    pub promo: Money,
    /// What is owed.
    pub debt: Money,
}

impl From<&Account> for Balance {
    fn from(account: &Account) -> Self {
        let currency = account.wallet.posted.currency();
        let available = account.available();
        let total = account.wallet.posted.units() + account.promo.posted.units();
        Self {
            available,
            held: Money::from_units(total - available.units(), currency),
            total: Money::from_units(total, currency),
            promo: account.promo.posted,
            debt: account.debt,
        }
    }
}
