//! What users are told, over memory.

use std::sync::Arc;

use super::Ports;
use crate::{
    memory::{ManualClock, MemoryStore, SeededRandom},
    notification::{NotificationPorts, NotificationService},
};

/// Reads memory, and commits wherever the platform does.
pub(super) fn service(
    ports: &Ports,
    store: &Arc<MemoryStore>,
    clock: &Arc<ManualClock>,
    random: &Arc<SeededRandom>,
) -> NotificationService {
    NotificationService::new(NotificationPorts {
        store: ports.store.clone(),
        reads: store.clone(),
        users: store.clone(),
        staff: store.clone(),
        wallets: store.clone(),
        payments: store.clone(),
        orders: store.clone(),
        tickets: store.clone(),
        clock: clock.clone(),
        random: random.clone(),
    })
}
