//! Builders of terms.

use namaskah_domain::{
    Version,
    verification::{
        PriceRule, PricingRule, ProviderId, ProviderSwitch, Scope, ServiceDecision, Switched, Verdict,
    },
    wallet::Reason,
};

use crate::given::{id, service, start, usd};

fn reason() -> Reason {
    Reason::try_new("said \"no\", é").expect("a reason")
}

/// A block.
pub fn service_decision(code: &str) -> ServiceDecision {
    ServiceDecision {
        service: service(code),
        verdict: Verdict::Blocked,
        reason: Some(reason()),
        by: id(),
        at: start(),
        version: Version::FIRST,
    }
}

/// The one provider, off.
pub fn provider_switch() -> ProviderSwitch {
    ProviderSwitch {
        provider: ProviderId::TextVerified,
        to: Switched::Off,
        reason: reason(),
        by: id(),
        at: start(),
        version: Version::FIRST,
    }
}

/// A rule of one service, in force from the start on and without an end.
pub fn pricing_rule(code: &str) -> PricingRule {
    let multiplier = "1.250001".parse().expect("a number");
    PricingRule {
        id: id(),
        scope: Scope { service: Some(service(code)), country: None },
        rule: PriceRule::try_new(multiplier, usd(30_000)).expect("not below cost"),
        valid_from: start(),
        ends_at: None,
        made_by: id(),
        made_at: start(),
        ended_by: None,
        version: Version::FIRST,
    }
}
