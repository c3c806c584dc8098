//! Money on the wire: `{"amount":"2.50","currency":"USD"}`, a decimal string, never a JSON number.

use std::borrow::Cow;

use namaskah_domain::{Amount, Currency, Money, MoneyError};
use poem_openapi::{Object, registry::MetaSchema};
use serde::Deserialize;

use super::text::{Text, TextForm, one_of, pattern};
use crate::http::problem::Problem;

/// A decimal as it came: digits, and at most six after the point. No sign, no exponent, no spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainDecimal(String);

impl TextForm for PlainDecimal {
    const EXPECTED: &'static str = "a decimal string with at most 6 digits after the point, as 2.50";

    fn schema() -> MetaSchema {
        pattern("^[0-9]{1,12}(\\.[0-9]{1,6})?$", "2.50")
    }

    fn read(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, max| {
            (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        (digits(whole, 12) && digits(fraction, 6)).then(|| Self(text.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }
}

/// The currency of wallets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletCurrency;

impl TextForm for WalletCurrency {
    const EXPECTED: &'static str = "USD";

    fn schema() -> MetaSchema {
        one_of(&["USD"])
    }

    fn read(text: &str) -> Option<Self> {
        (text == Currency::Usd.code()).then_some(Self)
    }

    fn write(&self) -> Cow<'_, str> {
        Currency::Usd.code().into()
    }
}

/// A sum that a client names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WalletAmount")]
pub struct AmountBody {
    /// A decimal string above zero.
    pub amount: Text<PlainDecimal>,
    /// The currency of wallets.
    pub currency: Text<WalletCurrency>,
}

impl AmountBody {
    /// The sum, above zero. `field` is where it stood in the body.
    ///
    /// # Errors
    /// 422 for zero and for what the ledger cannot hold.
    pub fn parse(&self, field: &str) -> Result<Amount, Problem> {
        let refuse = |error: MoneyError| Problem::invalid(&format!("{field}.amount"), "invalid", error);
        let money = Money::parse(&self.amount.0.0, Currency::Usd).map_err(refuse)?;
        Amount::try_new(money).map_err(refuse)
    }
}

/// A decimal of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownDecimal(String);

impl TextForm for ShownDecimal {
    const EXPECTED: &'static str = "a decimal string";

    fn schema() -> MetaSchema {
        pattern("^-?[0-9]+\\.[0-9]{2,6}$", "2.50")
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> Cow<'_, str> {
        self.0.as_str().into()
    }
}

impl TextForm for Currency {
    const EXPECTED: &'static str = "a currency";

    fn schema() -> MetaSchema {
        one_of(&Self::ALL.map(Self::code))
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> Cow<'_, str> {
        self.code().into()
    }
}

/// A sum. Debits are negative.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "Money")]
pub struct MoneyBody {
    /// At least the currency's digits after the point, at most six.
    pub amount: Text<ShownDecimal>,
    /// ISO 4217.
    pub currency: Text<Currency>,
}

impl From<Money> for MoneyBody {
    fn from(money: Money) -> Self {
        Self { amount: Text(ShownDecimal(money.to_string())), currency: Text(money.currency()) }
    }
}

impl From<Amount> for MoneyBody {
    fn from(amount: Amount) -> Self {
        amount.money().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::tree;

    fn amount(json: &str) -> Result<Amount, Problem> {
        let body: AmountBody = tree::read(json.as_bytes()).map_err(Problem::from)?;
        body.parse("amount")
    }

    #[test]
    fn money_is_read_from_plain_decimal_strings_alone() {
        let sound = amount(r#"{"amount":"2.5","currency":"USD"}"#).map(|a| a.to_string());
        assert_eq!(sound.ok().as_deref(), Some("2.50"));
        for text in [
            "\"1e400\"",
            "\"NaN\"",
            "\"-0\"",
            "\"-1\"",
            "\"+1\"",
            "\"0\"",
            "\"0.00\"",
            "\"0.0000001\"",
            "\"\"",
            "\" 1\"",
            "\"1.\"",
            "\".5\"",
            "\"1,5\"",
            "\"1234567890123\"",
            "1",
            "1.5",
            "true",
            "null",
            "[]",
        ] {
            let refused = amount(&format!(r#"{{"amount":{text},"currency":"USD"}}"#));
            let status = refused.err().map(|problem| problem.status_code().as_u16());
            assert_eq!(status, Some(422), "{text}");
        }
    }

    #[test]
    fn wallets_know_one_currency() {
        assert!(amount(r#"{"amount":"1.00","currency":"EUR"}"#).is_err());
        assert!(amount(r#"{"amount":"1.00"}"#).is_err());
    }
}
