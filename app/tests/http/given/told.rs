//! What users are told, over memory.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Random, Store,
    memory::MemoryStore,
    notification::{NotificationPorts, NotificationService},
    suppression::{SuppressionPorts, SuppressionService},
};

pub fn notifications(
    waking: &Arc<dyn Store>,
    store: &Arc<MemoryStore>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Arc<NotificationService> {
    Arc::new(NotificationService::new(NotificationPorts {
        store: waking.clone(),
        reads: store.clone(),
        users: store.clone(),
        staff: store.clone(),
        wallets: store.clone(),
        payments: store.clone(),
        orders: store.clone(),
        tickets: store.clone(),
        clock: clock.clone(),
        random: random.clone(),
    }))
}

pub fn suppressions(
    waking: &Arc<dyn Store>,
    store: &Arc<MemoryStore>,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Arc<SuppressionService> {
    Arc::new(SuppressionService::new(SuppressionPorts {
        store: waking.clone(),
        reads: store.clone(),
        users: store.clone(),
        clock: clock.clone(),
        random: random.clone(),
    }))
}
