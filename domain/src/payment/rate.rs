//! Exchange rates: how many naira one dollar costs.

use rust_decimal::Decimal;

use crate::{Amount, Currency, Money, MoneyError};

/// Naira for one dollar; above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FxRate(Decimal);

impl FxRate {
    /// # Errors
    /// `NotPositive` for zero and less.
    pub fn try_new(ngn_per_usd: Decimal) -> Result<Self, MoneyError> {
        if ngn_per_usd > Decimal::ZERO {
            Ok(Self(ngn_per_usd.normalize()))
        } else {
            Err(MoneyError::NotPositive)
        }
    }

    /// One naira for one dollar: where a rate is needed and must not matter.
    pub const fn one_to_one() -> Self {
        Self(Decimal::ONE)
    }

    /// Naira for one dollar.
    pub const fn ngn_per_usd(self) -> Decimal {
        self.0
    }

    /// What is charged for `dollars`: rounded up to whole kobo.
    ///
    /// # Errors
    /// `CurrencyMismatch` unless the amount is in dollars, `Overflow`.
    pub fn charge_for(self, dollars: Amount) -> Result<Amount, MoneyError> {
        expect(dollars, Currency::Usd)?;
        Amount::try_new(dollars.money().times_up_to_coin(self.0, Currency::Ngn)?)
    }

    /// What `naira` are worth: rounded down to a ledger unit.
    ///
    /// # Errors
    /// `CurrencyMismatch` unless the amount is in naira, `Overflow`.
    pub fn worth_of(self, naira: Amount) -> Result<Money, MoneyError> {
        expect(naira, Currency::Ngn)?;
        naira.money().divided_down(self.0, Currency::Usd)
    }
}

fn expect(amount: Amount, currency: Currency) -> Result<(), MoneyError> {
    if amount.currency() == currency {
        Ok(())
    } else {
        Err(MoneyError::CurrencyMismatch(amount.currency(), currency))
    }
}
