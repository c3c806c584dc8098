//! Webhooks of customers over the stores and the client of users' URLs.

use std::sync::Arc;

use namaskah_adapters::{
    outbound::{HttpOutboundClient, OutboundCaps, SystemResolver},
    persistence::Stores,
    webhooks::HmacSigner,
};
use namaskah_domain::{
    Clock, Fault, Random, Store,
    outbound::{OutboundClient, OutboundPolicy},
    webhook::{Deliverer, DelivererPorts, EventBodies, FanOut, WebhookPorts, WebhookService},
};

use crate::config::Config;

/// The services behind webhooks.
#[derive(Clone)]
pub struct WebhookServices {
    /// Keeps endpoints.
    pub endpoints: Arc<WebhookService>,
    /// Gives events to them.
    pub fan_out: Arc<FanOut>,
    /// Delivers.
    pub deliverer: Arc<Deliverer>,
}

fn policy(config: &Config) -> OutboundPolicy {
    OutboundPolicy::allowing(config.outbound_allow.clone())
}

/// The client of users' URLs.
pub(super) fn client(config: &Config) -> Result<Arc<dyn OutboundClient>, Fault> {
    let names = Arc::new(SystemResolver);
    let client = HttpOutboundClient::try_new(policy(config), OutboundCaps::default(), names);
    Ok(Arc::new(client.map_err(Fault::new)?))
}

/// Those services.
pub(super) fn services(
    config: &Config,
    stores: &Stores,
    store: &Arc<dyn Store>,
    (client, bodies): (Arc<dyn OutboundClient>, Arc<dyn EventBodies>),
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
) -> WebhookServices {
    let (reads, users, signer) = (&stores.webhooks, &stores.auth, Arc::new(HmacSigner));
    let ports = WebhookPorts {
        store: store.clone(),
        reads: reads.clone(),
        users: users.clone(),
        events: stores.events.clone(),
        signer: signer.clone(),
        clock: clock.clone(),
        random: random.clone(),
    };
    let fan_out =
        FanOut::new(store.clone(), reads.clone(), stores.events.clone(), clock.clone(), random.clone());
    let delivering = DelivererPorts {
        store: store.clone(),
        reads: reads.clone(),
        users: users.clone(),
        client,
        bodies,
        signer,
        clock: clock.clone(),
        random: random.clone(),
    };
    WebhookServices {
        endpoints: Arc::new(WebhookService::new(ports, policy(config))),
        fan_out: Arc::new(fan_out),
        deliverer: Arc::new(Deliverer::new(delivering, policy(config))),
    }
}
