//! Terms of trade: what staff has decided about services, providers and prices. Every new order is held to them.

pub mod blocking;
pub mod defaults;
pub mod ports;
pub mod pricing;
pub mod switch;

pub use blocking::{Block, ServiceDecision, Verdict};
pub use defaults::Kind;
pub use ports::{CurrentTerms, DirectTerms, Paid, TermReads};
pub use pricing::{Multiplier, PricingRule, PricingRuleStatus, Scope};
pub use switch::{ProviderSwitch, Switched};

use crate::{
    Time,
    verification::{CountryCode, PriceRule, ProviderId, QuoteError, ServiceCode},
};

/// Everything that is decided now. What staff never decided on is as it was shipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Of services.
    pub decisions: Vec<ServiceDecision>,
    /// Of providers.
    pub switches: Vec<ProviderSwitch>,
    /// In force, or to come.
    pub rules: Vec<PricingRule>,
}

impl Terms {
    /// What staff has decided on a service.
    pub fn decision_on(&self, service: &ServiceCode) -> Option<&ServiceDecision> {
        self.decisions.iter().find(|decision| decision.service == *service)
    }

    /// Why a service is not sold: because staff says so, or because it is of a kind that is not and staff has not said
    /// otherwise.
    pub fn block_of(&self, service: &ServiceCode) -> Option<Block> {
        match self.decision_on(service) {
            Some(decision) => decision.block(),
            None => defaults::kind_of(service).map(Block::ByDefault),
        }
    }

    /// What staff has last said of a provider.
    pub fn switch_of(&self, provider: ProviderId) -> Option<&ProviderSwitch> {
        self.switches.iter().find(|switch| switch.provider == provider)
    }

    /// True unless staff has switched it off.
    pub fn is_on(&self, provider: ProviderId) -> bool {
        self.switch_of(provider).is_none_or(|switch| switch.to == Switched::On)
    }

    /// Nothing forbids a new attempt at this provider for this service.
    ///
    /// # Errors
    /// `Blocked`, `ProviderOff`.
    pub fn admit(&self, provider: ProviderId, service: &ServiceCode) -> Result<(), QuoteError> {
        if self.block_of(service).is_some() {
            return Err(QuoteError::Blocked);
        }
        if self.is_on(provider) { Ok(()) } else { Err(QuoteError::ProviderOff) }
    }

    /// How prices are made at `now`: by the most specific rule that is in force, else as is configured. A service is
    /// more specific than a country.
    pub fn rule_for(
        &self,
        service: &ServiceCode,
        country: &CountryCode,
        configured: PriceRule,
        now: Time,
    ) -> PriceRule {
        let fitting =
            self.rules.iter().filter(|rule| rule.is_in_force(now) && rule.scope.covers(service, country));
        let best = fitting.max_by_key(|rule| (rule.scope.weight(), rule.valid_from, rule.id));
        best.map_or(configured, |rule| rule.rule)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::{Currency, Money, PricingRuleId, UserId, Version};

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).expect("a time")
    }

    fn service(code: &str) -> ServiceCode {
        ServiceCode::try_new(code).expect("a service")
    }

    fn us() -> CountryCode {
        CountryCode::try_new("US").expect("a country")
    }

    fn times(tenths: i64) -> PriceRule {
        PriceRule::try_new(Decimal::new(tenths, 1), Money::zero(Currency::Usd)).expect("not below cost")
    }

    fn rule(number: u8, of: Option<&str>, country: Option<&str>, tenths: i64) -> PricingRule {
        PricingRule {
            id: PricingRuleId::from_parts(at(0), [number; 10]),
            scope: Scope {
                service: of.map(service),
                country: country.map(|code| CountryCode::try_new(code).expect("a country")),
            },
            rule: times(tenths),
            valid_from: at(0),
            ends_at: None,
            made_by: UserId::from_uuid(uuid::Uuid::nil()),
            made_at: at(0),
            ended_by: None,
            version: Version::FIRST,
        }
    }

    #[test]
    fn the_most_specific_rule_that_is_in_force_makes_the_price() {
        let rules = vec![
            rule(1, None, None, 20),
            rule(2, None, Some("US"), 21),
            rule(3, Some("telegram"), None, 22),
            rule(4, Some("telegram"), Some("US"), 23),
            rule(5, Some("telegram"), Some("CA"), 24),
        ];
        let terms = |rules: &[PricingRule]| Terms { rules: rules.to_vec(), ..Terms::default() };
        let priced = |terms: &Terms, of: &str| terms.rule_for(&service(of), &us(), times(15), at(5));
        assert_eq!(priced(&terms(&rules), "telegram"), times(23));
        assert_eq!(priced(&terms(&rules), "google"), times(21));
        assert_eq!(priced(&terms(&rules[..3]), "telegram"), times(22));
        assert_eq!(priced(&terms(&rules[..1]), "google"), times(20));
        assert_eq!(priced(&terms(&[]), "google"), times(15));
        let over = PricingRule { ends_at: Some(at(5)), ..rules[3].clone() };
        let to_come = PricingRule { valid_from: at(6), ..rules[2].clone() };
        assert_eq!(priced(&terms(&[over, to_come]), "telegram"), times(15));
        let last = PricingRule { ends_at: Some(at(6)), ..rules[3].clone() };
        assert_eq!(priced(&terms(&[last]), "telegram"), times(23));
    }

    #[test]
    fn what_staff_says_of_a_service_counts_more_than_its_kind() {
        let said = |code: &str, verdict| ServiceDecision {
            service: service(code),
            verdict,
            reason: None,
            by: UserId::from_uuid(uuid::Uuid::nil()),
            at: at(0),
            version: Version::FIRST,
        };
        let terms = Terms {
            decisions: vec![said("paypal", Verdict::Allowed), said("google", Verdict::Blocked)],
            ..Terms::default()
        };
        let refused = |code: &str| terms.admit(ProviderId::TextVerified, &service(code)).err();
        assert!(refused("paypal").is_none() && refused("telegram").is_none());
        for blocked in ["google", "venmo"] {
            assert!(matches!(refused(blocked), Some(QuoteError::Blocked)), "{blocked}");
        }
    }
}
