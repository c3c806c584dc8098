//! Support over the stores.

use std::sync::Arc;

use namaskah_adapters::persistence::Stores;
use namaskah_domain::{
    Clock, Random, Store,
    support::{SupportPorts, SupportService},
};

/// Tickets over these stores.
pub(super) fn support(
    stores: &Stores,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> SupportService {
    SupportService::new(SupportPorts {
        store,
        reads: stores.support.clone(),
        orders: stores.orders.clone(),
        payments: stores.payments.clone(),
        users: stores.auth.clone(),
        clock,
        random,
    })
}
