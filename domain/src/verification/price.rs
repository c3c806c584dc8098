//! Prices: one pure function from a provider's cost to what a user pays.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{Amount, Money, MoneyError};

/// How prices are made: cost × multiplier, up to the cent, never below cost + floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRule {
    multiplier: Decimal,
    floor: Money,
}

/// A rule that could sell below cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the multiplier must be at least 1 and the floor must not be negative")]
pub struct PriceTooLow;

impl PriceRule {
    /// # Errors
    /// [`PriceTooLow`] for a multiplier below 1 or a floor below 0.
    pub fn try_new(multiplier: Decimal, floor: Money) -> Result<Self, PriceTooLow> {
        if multiplier >= Decimal::ONE && floor.units() >= 0 {
            Ok(Self { multiplier, floor })
        } else {
            Err(PriceTooLow)
        }
    }

    /// Cost is price: where a rule is needed and must not matter.
    pub const fn at_cost() -> Self {
        Self { multiplier: Decimal::ONE, floor: Money::zero(crate::Currency::Usd) }
    }

    /// What a cost is multiplied by.
    pub const fn multiplier(&self) -> Decimal {
        self.multiplier
    }

    /// What a price is above the cost at least.
    pub const fn floor(&self) -> Money {
        self.floor
    }

    /// What a user pays for a number that costs us `cost`; at least one cent.
    ///
    /// # Errors
    /// `CurrencyMismatch` or `Overflow`.
    pub fn price_of(&self, cost: Money) -> Result<Amount, MoneyError> {
        let multiplied = cost.times_up_to_coin(self.multiplier, cost.currency())?;
        let least = up_to_coin(cost.checked_add(self.floor)?)?;
        let coin = Money::from_subunits(1, cost.currency())?;
        let units = multiplied.units().max(least.units()).max(coin.units());
        Amount::try_new(Money::from_units(units, cost.currency()))
    }
}

fn up_to_coin(money: Money) -> Result<Money, MoneyError> {
    let rounding = RoundingStrategy::AwayFromZero;
    let rounded = money.to_decimal().round_dp_with_strategy(money.currency().digits(), rounding);
    Money::from_decimal(rounded, money.currency())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use proptest::prelude::*;

    fn usd(units: i64) -> Money {
        Money::from_units(units, Currency::Usd)
    }

    #[test]
    fn half_again_as_much_rounded_up_to_the_cent() -> Result<(), Box<dyn std::error::Error>> {
        let rule = PriceRule::try_new(Decimal::new(15, 1), usd(0))?;
        assert_eq!(rule.price_of(usd(750_000))?.to_string(), "1.13");
        assert_eq!(rule.price_of(usd(500_000))?.to_string(), "0.75");
        assert_eq!(rule.price_of(usd(0))?.to_string(), "0.01");
        Ok(())
    }

    #[test]
    fn a_rule_that_could_sell_below_cost_does_not_exist() {
        assert!(PriceRule::try_new(Decimal::new(99, 2), usd(0)).is_err());
        assert!(PriceRule::try_new(Decimal::ONE, usd(-1)).is_err());
    }

    proptest! {
        #[test]
        fn no_price_is_below_cost_and_floor(cost in 0i64..1_000_000_000_000, tenths in 10i64..50, floor in 0i64..5_000_000) {
            let rule = PriceRule::try_new(Decimal::new(tenths, 1), usd(floor)).expect("a sound rule");
            let price = rule.price_of(usd(cost)).expect("in range");
            prop_assert!(price.units() >= cost + floor);
            prop_assert!(price.money().to_subunits().is_some());
        }
    }
}
