//! What a user is shown of an account.

use crate::{Money, wallet::Account};

/// `available` and `held` include promo; `total` is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What may be spent now.
    pub available: Money,
    /// What open orders reserve.
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
        let units = |wallet: Money, promo: Money| Money::from_units(wallet.units() + promo.units(), currency);
        Self {
            available: account.available(),
            held: units(account.wallet.held, account.promo.held),
            total: units(account.wallet.posted, account.promo.posted),
            promo: account.promo.posted,
            debt: account.debt,
        }
    }
}
