//! [`CurrentTerms`] that remembers its answer for one second of the machine's own time, so that a busy shop costs three
//! reads a second. What this process itself changes is forgotten at once.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use moka::future::Cache;
use namaskah_domain::{
    Fault, Time,
    verification::{CurrentTerms, DirectTerms, TermReads, Terms},
};

use crate::look_ups::LookUps;

/// How old an answer may be.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Terms over any reads, with a short memory. Orders that ask at once share one answer.
pub struct CachedTerms {
    direct: DirectTerms,
    recent: Cache<(), Arc<Terms>>,
    look_ups: LookUps,
}

impl CachedTerms {
    /// Over any reads.
    pub fn new(reads: Arc<dyn TermReads>) -> Self {
        let recent = Cache::builder().max_capacity(1).time_to_live(MAX_AGE).build();
        Self { direct: DirectTerms(reads), recent, look_ups: LookUps::default() }
    }

    /// Tells how often the answer was remembered, as `terms`.
    #[must_use]
    pub fn observed(self, look_ups: LookUps) -> Self {
        Self { look_ups, ..self }
    }
}

#[async_trait]
impl CurrentTerms for CachedTerms {
    async fn current(&self, now: Time) -> Result<Arc<Terms>, Fault> {
        let read = self.direct.current(now);
        let found = self.recent.entry(()).or_try_insert_with(read).await;
        self.look_ups.tell("terms", found.as_ref().is_ok_and(|entry| !entry.is_fresh()));
        found.map(moka::Entry::into_value).map_err(|fault| (*fault).clone())
    }

    async fn forget(&self) {
        self.recent.invalidate(&()).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use namaskah_domain::{
        Page, PageOf, PricingRuleId,
        verification::{Paid, PricingRule, ProviderSwitch, ServiceDecision},
    };

    use super::*;

    /// No terms, and how often they were read.
    #[derive(Default)]
    struct Counted(AtomicU32);

    #[async_trait]
    impl TermReads for Counted {
        async fn service_decisions(&self) -> Result<Vec<ServiceDecision>, Fault> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Vec::new())
        }
        async fn provider_switches(&self) -> Result<Vec<ProviderSwitch>, Fault> {
            Ok(Vec::new())
        }
        async fn open_pricing_rules(&self, _: Time) -> Result<Vec<PricingRule>, Fault> {
            Ok(Vec::new())
        }
        async fn pricing_rule(&self, _: PricingRuleId) -> Result<Option<PricingRule>, Fault> {
            Ok(None)
        }
        async fn pricing_rules(&self, _: Page<PricingRuleId>) -> Result<PageOf<PricingRule>, Fault> {
            Ok(PageOf { rows: Vec::new(), has_more: false })
        }
        async fn paid_since(&self, _: Time) -> Result<Vec<Paid>, Fault> {
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn terms_are_read_once_and_again_when_they_are_forgotten() {
        let reads = Arc::new(Counted::default());
        let terms = CachedTerms::new(reads.clone());
        let now = Time::from_timestamp(0, 0).expect("a time");
        for _ in 0..3 {
            assert_eq!(*terms.current(now).await.expect("an answer"), Terms::default());
        }
        assert_eq!(reads.0.load(Ordering::SeqCst), 1);
        terms.forget().await;
        terms.current(now).await.expect("an answer");
        assert_eq!(reads.0.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn no_terms_are_older_than_a_second() {
        let terms = CachedTerms::new(Arc::new(Counted::default()));
        assert_eq!(terms.recent.policy().time_to_live(), Some(Duration::from_secs(1)));
    }
}
