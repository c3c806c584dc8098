//! Accounts: a user's, with its running row, and the house's, which are sums of transfers.

use std::{fmt, str::FromStr};

use crate::{
    Amount, Currency, Money, MoneyError, UserId, Version,
    wallet::{Purpose, Split},
};

/// One purse of a user's account: what is posted and how much of it is reserved by open holds.
/// Invariant: posted ≥ held ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pocket {
    /// Sum of all transfers on this purse.
    pub posted: Money,
    /// Sum of the parts of open holds.
    pub held: Money,
}

impl Pocket {
    /// An empty purse.
    pub const fn empty(currency: Currency) -> Self {
        Self { posted: Money::zero(currency), held: Money::zero(currency) }
    }

    /// What no hold reserves: posted − held.
    pub const fn available(&self) -> Money {
        Money::from_units(self.posted.units() - self.held.units(), self.posted.currency())
    }
}

/// A user's account: the row that every hold and credit of that user changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose account it is.
    pub user: UserId,
    /// Money that was paid in; may go back to its source.
    pub wallet: Pocket,
    /// Money that the house gave; spent first, never withdrawn.
    pub promo: Pocket,
    /// What a hold had of gifts that were over when it was to be taken back: once released, it is held no second time.
    pub promo_lapsed: Money,
    /// What the user owes after a lost dispute.
    pub debt: Money,
    /// What open disputes claim. So much of the wallet is not available; it makes no hold.
    pub disputed: Money,
    /// Disputes that are neither won nor lost.
    pub open_disputes: u32,
    /// Orders that have not ended.
    pub open_orders: u32,
    /// Payments that were opened and not yet paid, failed or expired.
    pub open_intents: u32,
    /// True while staff forbids orders and refunds.
    pub frozen: bool,
    /// Counts every change of the row.
    pub version: Version,
}

impl Account {
    /// A new user's account: empty, in dollars.
    pub const fn open(user: UserId) -> Self {
        Self {
            user,
            wallet: Pocket::empty(Currency::Usd),
            promo: Pocket::empty(Currency::Usd),
            promo_lapsed: Money::zero(Currency::Usd),
            debt: Money::zero(Currency::Usd),
            disputed: Money::zero(Currency::Usd),
            open_disputes: 0,
            open_orders: 0,
            open_intents: 0,
            frozen: false,
            version: Version::FIRST,
        }
    }

    /// What of the wallet may be held or spent: max(0, posted − held − disputed). Open disputes freeze by this
    /// ceiling, so whatever is credited or released later tops the freeze up by itself.
    pub fn wallet_available(&self) -> Money {
        let units = self.wallet.available().units() - self.disputed.units();
        Money::from_units(units.max(0), self.wallet.posted.currency())
    }

    /// What of the wallet open disputes keep from being spent: min(posted − held, disputed).
    pub fn disputed_frozen(&self) -> Money {
        let units = self.wallet.available().units() - self.wallet_available().units();
        Money::from_units(units, self.wallet.posted.currency())
    }

    /// What of promo may be held or spent: max(0, posted − held − lapsed).
    pub fn promo_available(&self) -> Money {
        let units = self.promo.available().units() - self.promo_lapsed.units();
        Money::from_units(units.max(0), self.promo.posted.currency())
    }

    /// What may still be held: wallet and promo together.
    pub fn available(&self) -> Money {
        let units = self.wallet_available().units() + self.promo_available().units();
        Money::from_units(units, self.wallet.posted.currency())
    }

    /// How a hold of `amount` is taken; `None` if there is too little for its purpose.
    pub fn split_for(&self, purpose: Purpose, amount: Amount) -> Option<Split> {
        match purpose {
            Purpose::Order { .. } => self.split(amount),
            Purpose::Refund { .. } => {
                let wallet = amount.money();
                let split = Split { promo: Money::zero(wallet.currency()), wallet };
                wallet.is_at_most(self.wallet_available()).then_some(split)
            }
        }
    }

    /// How an order's price is taken: promo first, then wallet; `None` if there is too little of both.
    pub fn split(&self, amount: Amount) -> Option<Split> {
        if !amount.money().is_at_most(self.available()) {
            return None;
        }
        let promo = amount.units().min(self.promo_available().units());
        let currency = amount.currency();
        Some(Split {
            promo: Money::from_units(promo, currency),
            wallet: Money::from_units(amount.units() - promo, currency),
        })
    }

    /// The account once a hold of these parts is released.
    ///
    /// # Errors
    /// `Overflow`, if the account does not hold so much.
    pub fn released(mut self, split: Split) -> Result<Self, MoneyError> {
        self.promo.held = self.promo.held.checked_sub(split.promo)?;
        self.wallet.held = self.wallet.held.checked_sub(split.wallet)?;
        Ok(self)
    }

    /// How much of an incoming wallet `credit` repays debt at once: min(what is available after it, debt). What open
    /// disputes claim comes first.
    ///
    /// # Errors
    /// `Overflow` if the account cannot hold the credit.
    pub fn repayment(&self, credit: Amount) -> Result<Money, MoneyError> {
        let after = self.wallet.available().checked_add(credit.money())?.checked_sub(self.disputed)?;
        Ok(Money::from_units(after.units().min(self.debt.units()).max(0), self.debt.currency()))
    }

    /// True if neither staff, nor a dispute, nor debt forbids orders and refunds.
    pub const fn may_order(&self) -> bool {
        !self.frozen && self.is_clear()
    }

    /// True if nothing is owed and nothing is disputed.
    pub const fn is_clear(&self) -> bool {
        self.open_disputes == 0 && self.debt.is_zero()
    }
}

/// Which purse of a user a transfer touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purse {
    /// Paid-in money: a liability of the house, so a credit raises it.
    Wallet,
    /// Given money.
    Promo,
    /// What the user owes.
    Debt,
}

/// An account of the house. None has a balance row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum House {
    /// What captured holds earned.
    Revenue,
    /// What Paystack owes us.
    PspClearingPaystack,
    /// What gateways keep.
    PspFees,
    /// Our prepaid balance at TextVerified.
    ProviderFloatTextVerified,
    /// Numbers bought whose cost is not settled yet.
    ProviderReceivable,
    /// Cost of numbers that earned their price.
    CostOfNumbers,
    /// Given money, seen from the house.
    PromoExpense,
    /// Bridges currencies.
    Fx,
    /// Payments that do not match what was asked.
    Suspense,
    /// The house's bank.
    Treasury,
    /// Corrections by staff, with a reason.
    Adjustment,
    /// What is given up.
    WriteOff,
}

impl House {
    /// Every account of the house.
    pub const ALL: [Self; 12] = [
        Self::Revenue,
        Self::PspClearingPaystack,
        Self::PspFees,
        Self::ProviderFloatTextVerified,
        Self::ProviderReceivable,
        Self::CostOfNumbers,
        Self::PromoExpense,
        Self::Fx,
        Self::Suspense,
        Self::Treasury,
        Self::Adjustment,
        Self::WriteOff,
    ];

    /// The account's name in the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::PspClearingPaystack => "psp_clearing:paystack",
            Self::PspFees => "psp_fees",
            Self::ProviderFloatTextVerified => "provider_float:textverified",
            Self::ProviderReceivable => "provider_receivable",
            Self::CostOfNumbers => "cost_of_numbers",
            Self::PromoExpense => "promo_expense",
            Self::Fx => "fx",
            Self::Suspense => "suspense",
            Self::Treasury => "treasury",
            Self::Adjustment => "adjustment",
            Self::WriteOff => "write_off",
        }
    }
}

/// One side of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerAccount {
    /// A purse of a user.
    User(UserId, Purse),
    /// An account of the house.
    House(House),
}

impl LedgerAccount {
    /// The account's name in the journal: `wallet`, `promo`, `debt`, or the house's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User(_, Purse::Wallet) => "wallet",
            Self::User(_, Purse::Promo) => "promo",
            Self::User(_, Purse::Debt) => "debt",
            Self::House(house) => house.name(),
        }
    }

    /// The account of that name; a purse is of the user who stands beside it.
    pub fn from_stored(name: &str, user: Option<UserId>) -> Option<Self> {
        let purse = match name {
            "wallet" => Purse::Wallet,
            "promo" => Purse::Promo,
            "debt" => Purse::Debt,
            house => return house.parse().ok().map(Self::House),
        };
        user.map(|user| Self::User(user, purse))
    }

    /// Whose account it is, if it is not the house's.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user, _) => Some(user),
            Self::House(_) => None,
        }
    }
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no account of the house.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no house account has this name")]
pub struct UnknownHouse;

impl FromStr for House {
    type Err = UnknownHouse;

    fn from_str(text: &str) -> Result<Self, UnknownHouse> {
        Self::ALL.into_iter().find(|house| house.name() == text).ok_or(UnknownHouse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn what_is_disputed_is_frozen_as_far_as_the_wallet_goes() {
        let cents = |units| Money::from_units(units, Currency::Usd);
        for (disputed, available, frozen) in [(0, 8, 0), (5, 3, 5), (8, 0, 8), (20, 0, 8)] {
            let mut account = Account::open(UserId::from_uuid(uuid::Uuid::nil()));
            (account.wallet.posted, account.wallet.held) = (cents(10), cents(2));
            account.disputed = cents(disputed);
            assert_eq!(account.wallet_available(), cents(available), "{disputed}");
            assert_eq!(account.disputed_frozen(), cents(frozen), "{disputed}");
        }
    }

    #[test]
    fn what_has_lapsed_is_held_no_second_time() {
        let cents = |units| Money::from_units(units, Currency::Usd);
        for (held, lapsed, available) in [(0, 0, 10), (4, 0, 6), (4, 4, 2), (0, 4, 6), (10, 4, 0), (8, 4, 0)]
        {
            let mut account = Account::open(UserId::from_uuid(uuid::Uuid::nil()));
            account.promo = Pocket { posted: cents(10), held: cents(held) };
            account.promo_lapsed = cents(lapsed);
            assert_eq!(account.promo_available(), cents(available), "{held} held, {lapsed} lapsed");
            assert_eq!(account.available(), cents(available), "{held} held, {lapsed} lapsed");
            let price = Amount::try_new(cents(3)).expect("above zero");
            let split = (available >= 3).then(|| Split { promo: cents(3), wallet: cents(0) });
            assert_eq!(account.split(price), split, "{held} held, {lapsed} lapsed");
        }
    }

    #[test]
    fn an_account_is_found_by_its_name_and_a_purse_with_its_user_alone() {
        let user = UserId::from_uuid(uuid::Uuid::nil());
        let purses = [Purse::Wallet, Purse::Promo, Purse::Debt].map(|purse| LedgerAccount::User(user, purse));
        for account in purses.into_iter().chain(House::ALL.map(LedgerAccount::House)) {
            assert_eq!(LedgerAccount::from_stored(account.name(), Some(user)), Some(account));
        }
        assert_eq!(LedgerAccount::from_stored("wallet", None), None);
        assert_eq!(LedgerAccount::from_stored("savings", Some(user)), None);
    }

    #[test]
    fn staff_a_dispute_or_debt_forbids_orders_and_staff_alone_leaves_an_account_clear() {
        for (frozen, open_disputes, debt, is_clear, may_order) in [
            (false, 0, 0, true, true),
            (true, 0, 0, true, false),
            (false, 1, 0, false, false),
            (false, 0, 1, false, false),
            (true, 1, 1, false, false),
        ] {
            let account = Account {
                frozen,
                open_disputes,
                debt: Money::from_units(debt, Currency::Usd),
                ..Account::open(UserId::from_uuid(uuid::Uuid::nil()))
            };
            assert_eq!((account.is_clear(), account.may_order()), (is_clear, may_order), "{account:?}");
        }
    }
}
