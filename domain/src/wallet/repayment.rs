//! Debt is repaid from every credit, in the commit of the credit itself.

use crate::{
    Amount, MoneyError, Standing,
    wallet::{Account, EntryKind, LedgerAccount, Legs, Purse},
};

/// Adds to `legs`, which credit `credit` to the wallet of `account`, the leg wallet → debt that repays what is owed:
/// min(what is available after the credit, debt). The account is as it was read; the unit must expect the standing
/// that is returned (`UnitOfWork::expecting`), or a debt that arises meanwhile would be passed over, and an account that is
/// closed meanwhile would be credited.
///
/// # Errors
/// `Overflow` if the account cannot hold the credit.
pub fn repay(legs: &mut Legs, account: &Account, credit: Amount) -> Result<Standing, MoneyError> {
    if let Ok(repaid) = Amount::try_new(account.repayment(credit)?) {
        let purse = |purse| LedgerAccount::User(account.user, purse);
        legs.add_as(EntryKind::DebtRepayment, purse(Purse::Wallet), purse(Purse::Debt), repaid);
    }
    Ok(Standing::AsRead(account.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, Money, Time, UserId,
        wallet::{House, Pocket, Source},
    };

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    fn account(posted: i64, held: i64, debt: i64, disputed: i64) -> Account {
        Account {
            wallet: Pocket { posted: usd(posted), held: usd(held) },
            debt: usd(debt),
            disputed: usd(disputed),
            open_disputes: u32::from(disputed > 0),
            ..Account::open(UserId::from_uuid(uuid::Uuid::nil()))
        }
    }

    /// What a credit of 100 repays, and what the unit must expect.
    fn repaid(account: &Account) -> (Option<i64>, Standing) {
        let mut legs = Legs::new(Source::from_stored("s".into()), EntryKind::Deposit, Time::UNIX_EPOCH);
        let credit = Amount::try_new(usd(100)).expect("above zero");
        let wallet = LedgerAccount::User(account.user, Purse::Wallet);
        legs.add(LedgerAccount::House(House::Adjustment), wallet, credit);
        let standing = repay(&mut legs, account, credit).expect("in range");
        let legs = legs.into_entry().expect("balanced").into_transfers();
        let second = legs.get(1).map(|leg| {
            assert_eq!((leg.leg, leg.kind), (2, EntryKind::DebtRepayment));
            leg.amount.units()
        });
        (second, standing)
    }

    #[test]
    fn a_credit_repays_what_is_owed_from_what_is_available() {
        let as_read = |account: &Account| Standing::AsRead(account.version);
        let cases = [
            // posted, held, debt, disputed -> repaid
            ((0, 0, 30, 0), Some(30)),
            ((0, 0, 300, 0), Some(100)),
            ((50, 0, 300, 0), Some(150)),
            ((50, 50, 300, 0), Some(100)),
            ((0, 0, 300, 40), Some(60)),
            ((0, 0, 300, 100), None),
            ((0, 0, 0, 40), None),
            ((10, 5, 0, 0), None),
        ];
        for ((posted, held, debt, disputed), expected) in cases {
            let account = account(posted, held, debt, disputed);
            assert_eq!(repaid(&account), (expected, as_read(&account)), "{account:?}");
        }
    }
}
