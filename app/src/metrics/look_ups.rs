//! Memories: how often an answer was remembered.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookUp {
    cache: &'static str,
    outcome: &'static str,
}

#[derive(Default)]
pub(super) struct Memories(Family<LookUp, Counter>);

impl Memories {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let all = Self::default();
        let about = "Questions to what is remembered for a second, by whether the answer was there";
        registry.register("cache_lookups", about, all.0.clone());
        all
    }

    pub(super) fn asked(&self, cache: &'static str, remembered: bool) {
        let outcome = if remembered { "hit" } else { "miss" };
        self.0.get_or_create(&LookUp { cache, outcome }).inc();
    }
}
