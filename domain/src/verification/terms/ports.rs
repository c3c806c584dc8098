//! What terms need from outside.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    Fault, Money, Page, PageOf, PricingRuleId, Time,
    verification::{CountryCode, PricingRule, ProviderSwitch, ServiceCode, ServiceDecision, Terms},
};

/// Orders that were paid for, of one service, one country and one cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// For which service.
    pub service: ServiceCode,
    /// From which country.
    pub country: CountryCode,
    /// What the provider said a number costs, when the price was made of it.
    pub quoted: Money,
    /// How many.
    pub orders: u64,
    /// What was paid for them.
    pub revenue: Money,
    /// What their numbers cost in the end.
    pub cost: Money,
}

/// Reads of terms. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TermReads: Send + Sync {
    /// Every decision on a service, by code.
    async fn service_decisions(&self) -> Result<Vec<ServiceDecision>, Fault>;

    /// What was last said of each provider.
    async fn provider_switches(&self) -> Result<Vec<ProviderSwitch>, Fault>;

    /// Rules that have not ended at `now`, oldest first.
    async fn open_pricing_rules(&self, now: Time) -> Result<Vec<PricingRule>, Fault>;

    /// One rule.
    async fn pricing_rule(&self, id: PricingRuleId) -> Result<Option<PricingRule>, Fault>;

    /// Every rule that ever was, newest first.
    async fn pricing_rules(&self, page: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault>;

    /// Orders that were paid for at `since` or later.
    async fn paid_since(&self, since: Time) -> Result<Vec<Paid>, Fault>;
}

/// Tells every new order what it is held to. May remember the answer for one second, no longer.
#[async_trait]
pub trait CurrentTerms: Send + Sync {
    /// The terms at `now`.
    async fn current(&self, now: Time) -> Result<Arc<Terms>, Fault>;

    /// They have changed: remember nothing.
    async fn forget(&self);
}

/// [`CurrentTerms`] without a memory: reads for every question.
pub struct DirectTerms(pub Arc<dyn TermReads>);

#[async_trait]
impl CurrentTerms for DirectTerms {
    async fn current(&self, now: Time) -> Result<Arc<Terms>, Fault> {
        let decisions = self.0.service_decisions().await?;
        let switches = self.0.provider_switches().await?;
        let rules = self.0.open_pricing_rules(now).await?;
        Ok(Arc::new(Terms { decisions, switches, rules }))
    }

    async fn forget(&self) {}
}
