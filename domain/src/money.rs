//! Money: exact integer units of a currency. `Decimal` at the edges, never a float.

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};

/// Ledger units in one unit of any currency: amounts are kept in millionths.
pub const UNITS_PER_ONE: i64 = 1_000_000;
const SCALE: u32 = 6;

/// A currency that the ledger keeps. Wallets are in [`Currency::Usd`]; gateways charge in others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// United States dollar: what wallets hold and providers charge.
    Usd,
    /// Nigerian naira: what Paystack charges.
    Ngn,
    /// Ghanaian cedi. This and the following can only be met in a payment that differs from what was asked.
    Ghs,
    /// South African rand.
    Zar,
    /// Kenyan shilling.
    Kes,
    /// West African CFA franc.
    Xof,
    /// Egyptian pound.
    Egp,
    /// Rwandan franc.
    Rwf,
}

impl Currency {
    /// Every currency, for tables and tests.
    pub const ALL: [Self; 8] =
        [Self::Usd, Self::Ngn, Self::Ghs, Self::Zar, Self::Kes, Self::Xof, Self::Egp, Self::Rwf];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Ngn => "NGN",
            Self::Ghs => "GHS",
            Self::Zar => "ZAR",
            Self::Kes => "KES",
            Self::Xof => "XOF",
            Self::Egp => "EGP",
            Self::Rwf => "RWF",
        }
    }

    /// Digits after the point in daily use. Paystack counts every currency in hundredths, also those whose
    /// smallest coin is a whole one, so the ledger does too.
    pub const fn digits(self) -> u32 {
        2
    }

    const fn units_per_subunit(self) -> i64 {
        UNITS_PER_ONE / 10i64.pow(self.digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::ALL.into_iter().find(|c| c.code() == text).ok_or(MoneyError::UnknownCurrency)
    }
}

/// Why a sum could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies met in one operation.
    #[error("{0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    /// The result lies outside what the ledger can hold (±9.2 × 10¹² of the currency).
    #[error("the amount is too large")]
    Overflow,
    /// More than six digits after the point.
    #[error("more than 6 digits after the point")]
    TooPrecise,
    /// Zero or less where more than zero is needed.
    #[error("the amount must be above zero")]
    NotPositive,
    /// Not a plain decimal number: digits, at most one point, an optional leading minus.
    #[error("not a decimal number")]
    NotANumber,
    /// A currency code that the ledger does not keep.
    #[error("unknown currency")]
    UnknownCurrency,
}

/// An exact, signed sum in one currency, in ledger units (millionths).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    units: i64,
    currency: Currency,
}

impl Money {
    /// `units` millionths of the currency.
    pub const fn from_units(units: i64, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { units: 0, currency }
    }

    /// The sum in ledger units.
    pub const fn units(self) -> i64 {
        self.units
    }

    /// Its currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// True for exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Exact conversion of a decimal.
    ///
    /// # Errors
    /// `TooPrecise` over six digits after the point, `Overflow` outside `i64`.
    pub fn from_decimal(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let value = value.normalize();
        if value.scale() > SCALE {
            return Err(MoneyError::TooPrecise);
        }
        let factor = 10i128.pow(SCALE - value.scale());
        let units = value.mantissa().checked_mul(factor).ok_or(MoneyError::Overflow)?;
        i64::try_from(units).map(|units| Self { units, currency }).map_err(|_| MoneyError::Overflow)
    }

    /// Parses a plain decimal such as `2.50` or `-0.1`; no exponent, no sign but a minus, no spaces.
    ///
    /// # Errors
    /// `NotANumber`, `TooPrecise` or `Overflow`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) {
            return Err(MoneyError::NotANumber);
        }
        if whole.trim_start_matches('0').len() > 13 {
            return Err(MoneyError::Overflow);
        }
        if fraction.trim_end_matches('0').len() > SCALE as usize {
            return Err(MoneyError::TooPrecise);
        }
        let fraction = fraction.trim_end_matches('0');
        let value =
            Decimal::from_str_exact(&format!("{whole}.{fraction}0")).map_err(|_| MoneyError::Overflow)?;
        let money = Self::from_decimal(value, currency)?;
        Ok(if text.starts_with('-') { money.negated() } else { money })
    }

    /// The same sum as a decimal of the currency.
    pub fn to_decimal(self) -> Decimal {
        Decimal::from_i128_with_scale(i128::from(self.units), SCALE)
    }

    /// `count` of the smallest coin (cent, kobo).
    ///
    /// # Errors
    /// `Overflow` outside `i64`.
    pub fn from_subunits(count: i64, currency: Currency) -> Result<Self, MoneyError> {
        let units = count.checked_mul(currency.units_per_subunit()).ok_or(MoneyError::Overflow)?;
        Ok(Self { units, currency })
    }

    /// The sum in the smallest coin, if it is a whole number of them.
    pub const fn to_subunits(self) -> Option<i64> {
        let per = self.currency.units_per_subunit();
        if self.units % per == 0 { Some(self.units / per) } else { None }
    }

    /// Fails with `CurrencyMismatch`, or `Overflow` outside `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let units = self.units.checked_add(other.units).ok_or(MoneyError::Overflow)?;
        Ok(Self { units, ..self })
    }

    /// Fails with `CurrencyMismatch`, or `Overflow` outside `i64`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let units = self.units.checked_sub(other.units).ok_or(MoneyError::Overflow)?;
        Ok(Self { units, ..self })
    }

    /// Multiplies by `factor` and rounds up to a whole coin, away from zero: for what a customer is asked.
    ///
    /// # Errors
    /// `Overflow`.
    pub fn times_up_to_coin(self, factor: Decimal, into: Currency) -> Result<Self, MoneyError> {
        let exact = self.to_decimal().checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Self::from_decimal(exact.round_dp_with_strategy(into.digits(), RoundingStrategy::AwayFromZero), into)
    }

    /// Divides by `divisor` and rounds down to a ledger unit, towards zero: for what a customer is given.
    ///
    /// # Errors
    /// `Overflow`, also for a divisor of zero.
    pub fn divided_down(self, divisor: Decimal, into: Currency) -> Result<Self, MoneyError> {
        let exact = self.to_decimal().checked_div(divisor).ok_or(MoneyError::Overflow)?;
        Self::from_decimal(exact.round_dp_with_strategy(SCALE, RoundingStrategy::ToZero), into)
    }

    /// True if both are of one currency and `self` is at most `other`.
    pub fn is_at_most(self, other: Self) -> bool {
        self.currency == other.currency && self.units <= other.units
    }

    /// The sum with its sign turned.
    pub const fn negated(self) -> Self {
        Self { units: self.units.saturating_neg(), ..self }
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

/// The amount alone, as the API writes it: at least the currency's digits, at most six.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.to_decimal().normalize();
        value.rescale(value.scale().max(self.currency.digits()));
        if value.is_zero() {
            value.set_sign_positive(true);
        }
        write!(f, "{value}")
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency)
    }
}

/// A sum above zero: all that may be held, posted or charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount(Money);

impl Amount {
    /// # Errors
    /// `NotPositive` for zero and less.
    pub const fn try_new(money: Money) -> Result<Self, MoneyError> {
        if money.units > 0 { Ok(Self(money)) } else { Err(MoneyError::NotPositive) }
    }

    /// The sum.
    pub const fn money(self) -> Money {
        self.0
    }

    /// The sum in ledger units, above zero.
    pub const fn units(self) -> i64 {
        self.0.units
    }

    /// Its currency.
    pub const fn currency(self) -> Currency {
        self.0.currency
    }
}

impl From<Amount> for Money {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(text: &str) -> Result<Money, MoneyError> {
        Money::parse(text, Currency::Usd)
    }

    #[test]
    fn hostile_numbers_are_refused_by_name() {
        for text in
            ["", "1e400", "NaN", "inf", "+1", " 1", "1 ", "1.", ".5", "0x1", "1_0", "--1", "-", "１", "1,5"]
        {
            assert_eq!(usd(text), Err(MoneyError::NotANumber), "{text:?}");
        }
        assert_eq!(usd("0.0000001"), Err(MoneyError::TooPrecise));
        assert_eq!(usd("99999999999999"), Err(MoneyError::Overflow));
        assert_eq!(usd("9223372036855"), Err(MoneyError::Overflow));
        assert_eq!(usd("-0").map(|m| m.to_string()), Ok("0.00".into()));
        assert_eq!(usd("0.10000000000000000000000000000000000000").map(Money::units), Ok(100_000));
    }

    #[test]
    fn text_has_the_digits_of_the_currency_and_no_more_than_needed() {
        for (text, shown) in [("2.5", "2.50"), ("0", "0.00"), ("-1.234567", "-1.234567"), ("10", "10.00")] {
            assert_eq!(usd(text).map(|m| m.to_string()), Ok(shown.into()));
        }
    }

    #[test]
    fn coins_are_hundredths_and_a_part_of_one_is_none() {
        for (text, coins) in [("2.5", Some(250)), ("-2.5", Some(-250)), ("0", Some(0)), ("2.501", None)] {
            assert_eq!(usd(text).map(Money::to_subunits), Ok(coins), "{text}");
        }
        assert_eq!(Money::from_subunits(250, Currency::Usd), usd("2.5"));
        let most = i64::MAX / 10_000;
        assert_eq!(Money::from_subunits(most, Currency::Usd).map(Money::to_subunits), Ok(Some(most)));
        assert_eq!(Money::from_subunits(most + 1, Currency::Usd), Err(MoneyError::Overflow));
    }

    #[test]
    fn an_amount_is_written_as_its_sum_and_told_to_logs_with_its_currency() {
        let amount = usd("2.5").and_then(Amount::try_new).expect("above zero");
        assert_eq!((amount.to_string(), format!("{amount:?}")), ("2.50".into(), "2.50 USD".into()));
    }

    #[test]
    fn currencies_do_not_mix() {
        let naira = Money::zero(Currency::Ngn);
        assert!(matches!(usd("1").and_then(|m| m.checked_add(naira)), Err(MoneyError::CurrencyMismatch(..))));
    }

    #[test]
    fn what_is_asked_rounds_up_and_what_is_given_rounds_down() {
        let asked = usd("0.000001").and_then(|m| m.times_up_to_coin(Decimal::from(1600), Currency::Ngn));
        assert_eq!(asked.map(|m| m.to_string()), Ok("0.01".into()));
        let given = Money::parse("0.01", Currency::Ngn)
            .and_then(|m| m.divided_down(Decimal::from(1600), Currency::Usd));
        assert_eq!(given.map(|m| m.to_string()), Ok("0.000006".into()));
    }

    proptest! {
        #[test]
        fn every_sum_survives_its_text(units in any::<i64>()) {
            prop_assume!(units != i64::MIN);
            let money = Money::from_units(units, Currency::Usd);
            prop_assert_eq!(Money::parse(&money.to_string(), Currency::Usd), Ok(money));
            prop_assert_eq!(Money::from_decimal(money.to_decimal(), Currency::Usd), Ok(money));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = usd(&text);
        }

        #[test]
        fn addition_is_exact_or_refused(a in any::<i64>(), b in any::<i64>()) {
            let sum = Money::from_units(a, Currency::Usd).checked_add(Money::from_units(b, Currency::Usd));
            prop_assert_eq!(sum.ok().map(Money::units), a.checked_add(b));
        }
    }
}
