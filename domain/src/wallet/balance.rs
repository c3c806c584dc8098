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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, UserId, wallet::Pocket};

    #[test]
    fn a_balance_shows_promo_with_the_wallet_and_what_is_disputed_with_what_is_held() {
        let usd = |units| Money::from_units(units, Currency::Usd);
        let account = Account {
            wallet: Pocket { posted: usd(100), held: usd(20) },
            promo: Pocket { posted: usd(30), held: usd(10) },
            disputed: usd(50),
            debt: usd(7),
            ..Account::open(UserId::from_uuid(uuid::Uuid::nil()))
        };
        let shown = Balance::from(&account);
        let expected =
            Balance { available: usd(50), held: usd(80), total: usd(130), promo: usd(30), debt: usd(7) };
        assert_eq!(shown, expected);
    }
}
