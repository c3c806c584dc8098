//! Endpoints of users, over everything in memory.

use std::sync::Arc;

use namaskah_adapters::webhooks::HmacSigner;
use namaskah_domain::{
    Clock, Random, Store,
    memory::MemoryStore,
    outbound::OutboundPolicy,
    webhook::{WebhookPorts, WebhookService},
};

/// What keeps them; only URLs of the internet are let through.
pub fn endpoints(
    store: &Arc<dyn Store>,
    memory: &Arc<MemoryStore>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Arc<WebhookService> {
    let ports = WebhookPorts {
        store: store.clone(),
        reads: memory.clone(),
        users: memory.clone(),
        events: memory.clone(),
        signer: Arc::new(HmacSigner),
        clock: clock.clone(),
        random: random.clone(),
    };
    Arc::new(WebhookService::new(ports, OutboundPolicy::default()))
}
