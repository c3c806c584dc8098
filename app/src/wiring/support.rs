//! Support and notifications over the stores.

use std::sync::Arc;

use namaskah_adapters::persistence::Stores;
use namaskah_domain::{
    Clock, Random, Store,
    notification::{NotificationPorts, NotificationService},
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

/// What users are told, over these stores.
pub(super) fn notifications(
    stores: &Stores,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> NotificationService {
    NotificationService::new(NotificationPorts {
        store,
        reads: stores.notifications.clone(),
        users: stores.auth.clone(),
        staff: stores.staff.clone(),
        wallets: stores.wallet.clone(),
        payments: stores.payments.clone(),
        orders: stores.orders.clone(),
        tickets: stores.support.clone(),
        clock,
        random,
    })
}
