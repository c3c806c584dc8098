//! Money inside the simulators: whole micro-units (10⁻⁶ of the currency unit), never a float.

use std::{fmt, str::FromStr};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

/// An exact sum in micro-units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Micros(pub(crate) i64);

impl Micros {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn cents(cents: i64) -> Self {
        Self(cents * 10_000)
    }

    /// `None` outside `i64`.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` outside `i64`.
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Reads a plain decimal such as `12.5`; `None` for anything else, or for more than six places.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let micros = Decimal::from_str(text).ok()?.checked_mul(Decimal::from(1_000_000))?;
        if !micros.fract().is_zero() {
            return None;
        }
        micros.to_i64().map(Self)
    }

    pub(crate) fn decimal(self) -> Decimal {
        Decimal::new(self.0, 6)
    }

    /// The JSON number the vendor's protocol carries. The nearest double prints as the exact decimal
    /// for every sum below 9 × 10⁹ units, because the division rounds correctly.
    pub(crate) fn wire(self) -> serde_json::Value {
        serde_json::Number::from_f64(self.0 as f64 / 1_000_000.0).map_or(serde_json::Value::Null, Into::into)
    }
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.decimal().normalize();
        if value.scale() < 2 {
            value.rescale(2);
        }
        write!(f, "{value}")
    }
}

/// A JSON number as an exact decimal; `None` when it is no number or needs more than 28 digits.
pub(crate) fn decimal_of(value: &serde_json::Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    Decimal::from_str(&text).ok().or_else(|| Decimal::from_scientific(&text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_print_with_at_least_two_places() {
        assert_eq!(Micros::cents(75).to_string(), "0.75");
        assert_eq!(Micros(9_999_250_000).to_string(), "9999.25");
        assert_eq!(Micros(1).to_string(), "0.000001");
        assert_eq!(Micros::cents(1_000_000).to_string(), "10000.00");
    }

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        assert_eq!(Micros::parse("12.5"), Some(Micros(12_500_000)));
        assert_eq!(Micros::parse("0.0000001"), None);
        assert_eq!(Micros::parse("1e400"), None);
        assert_eq!(Micros::parse("99999999999999999999"), None);
    }

    #[test]
    fn the_wire_number_is_the_exact_decimal() {
        assert_eq!(Micros(9_999_250_000).wire().to_string(), "9999.25");
        assert_eq!(Micros(400_000).wire().to_string(), "0.4");
    }
}
