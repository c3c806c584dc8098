//! Rules of prices, as staff makes them. A rule is never changed: it is ended, and another one takes its place.

use rust_decimal::Decimal;

use crate::{
    PricingRuleId, Time, UserId, Version,
    verification::{CountryCode, PriceRule, ServiceCode},
};

/// What a cost is multiplied by: 1 to 1000, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiplier(i64);

const MILLION: i64 = 1_000_000;
const MOST: i64 = 1_000;

impl Multiplier {
    /// `None` below 1, above 1000, and for more than six digits after the point.
    pub fn try_new(value: Decimal) -> Option<Self> {
        let fits = value >= Decimal::ONE && value <= Decimal::from(MOST) && value.normalize().scale() <= 6;
        let millionths = fits.then(|| value.checked_mul(Decimal::from(MILLION))).flatten()?;
        i64::try_from(millionths.normalize().mantissa()).ok().and_then(|mantissa| {
            let scale = millionths.normalize().scale();
            (scale == 0).then_some(Self(mantissa))
        })
    }

    /// As storage keeps it; `None` for what is none.
    pub fn from_millionths(millionths: i64) -> Option<Self> {
        (MILLION..=MOST * MILLION).contains(&millionths).then_some(Self(millionths))
    }

    /// As storage keeps it.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// As a number.
    pub fn value(self) -> Decimal {
        Decimal::new(self.0, 6).normalize()
    }
}

/// What a rule is for. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Which service.
    pub service: Option<ServiceCode>,
    /// Which country.
    pub country: Option<CountryCode>,
}

impl Scope {
    /// True if the rule is for this.
    pub fn covers(&self, service: &ServiceCode, country: &CountryCode) -> bool {
        self.service.as_ref().is_none_or(|own| own == service)
            && self.country.as_ref().is_none_or(|own| own == country)
    }

    /// How specific it is. A service says more than a country.
    pub const fn weight(&self) -> u8 {
        match (&self.service, &self.country) {
            (Some(_), Some(_)) => 3,
            (Some(_), None) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        }
    }

    /// As the log names it.
    pub fn name(&self) -> String {
        let service = self.service.as_ref().map_or("*", ServiceCode::as_str);
        let country = self.country.as_ref().map_or("*", CountryCode::as_str);
        format!("{service}/{country}")
    }
}

/// How a rule stands at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PricingRuleStatus {
    /// It begins later.
    Scheduled,
    /// It makes prices, unless a more specific one does.
    InForce,
    /// It is over, or never began.
    Ended,
}

/// A rule that staff has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingRule {
    /// Its identifier.
    pub id: PricingRuleId,
    /// What it is for. Of one scope one rule at most has no end.
    pub scope: Scope,
    /// What it says.
    pub rule: PriceRule,
    /// From when on.
    pub valid_from: Time,
    /// Until when; `None`: until another one takes its place.
    pub ends_at: Option<Time>,
    /// Who made it.
    pub made_by: UserId,
    /// When.
    pub made_at: Time,
    /// Who set its end.
    pub ended_by: Option<UserId>,
    /// 1, or 2 once it has an end.
    pub version: Version,
}

impl PricingRule {
    /// True while it makes prices.
    pub fn is_in_force(&self, now: Time) -> bool {
        self.status(now) == PricingRuleStatus::InForce
    }

    /// How it stands at `now`.
    pub fn status(&self, now: Time) -> PricingRuleStatus {
        match self.ends_at {
            Some(end) if end <= now || end <= self.valid_from => PricingRuleStatus::Ended,
            _ if now < self.valid_from => PricingRuleStatus::Scheduled,
            _ => PricingRuleStatus::InForce,
        }
    }

    /// The same with an end, or with an earlier one.
    #[must_use]
    pub fn ended(self, at: Time, by: UserId) -> Self {
        Self { ends_at: Some(at), ended_by: Some(by), version: self.version.next(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplier_is_from_one_to_a_thousand_in_millionths() {
        let read = |text: &str| Multiplier::try_new(text.parse().expect("a number"));
        for (text, millionths) in
            [("1", 1_000_000), ("1.50", 1_500_000), ("1.000001", 1_000_001), ("1000", 1_000_000_000)]
        {
            let multiplier = read(text).expect(text);
            assert_eq!(multiplier.millionths(), millionths);
            assert_eq!(Multiplier::from_millionths(millionths), Some(multiplier));
            assert_eq!(Multiplier::try_new(multiplier.value()), Some(multiplier));
        }
        for text in ["0", "0.999999", "-1.5", "1000.000001", "1.0000001", "79228162514264337593543950335"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Multiplier::from_millionths(999_999), None);
    }
}
