//! What staff works at, over these stores.

use std::sync::Arc;

use namaskah_adapters::{allowlists::CachedAllowlists, persistence::Stores};
use namaskah_domain::{
    Clock, Random, Store,
    auth::AuthService,
    staff::{AdjustmentPorts, AdjustmentService, OrderDesk, OrderDeskPorts, StaffPorts, StaffService},
};

use crate::config::Config;

/// Orders, as staff sees them.
pub(super) fn orders(stores: &Stores) -> OrderDesk {
    OrderDesk::new(OrderDeskPorts {
        reads: stores.order_desk.clone(),
        orders: stores.orders.clone(),
        staff: stores.staff.clone(),
    })
}

/// Staff over these stores.
pub(super) fn staff(auth: Arc<AuthService>, stores: &Stores) -> StaffService {
    let ports = StaffPorts {
        reads: stores.staff.clone(),
        allowlists: Arc::new(CachedAllowlists::new(stores.staff.clone())),
        seals: stores.audit_seals.clone(),
        payments: stores.payments.clone(),
        orders: stores.orders.clone(),
    };
    StaffService::new(auth, ports)
}

/// Corrections over these stores.
pub(super) fn adjustments(
    config: &Config,
    stores: &Stores,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> AdjustmentService {
    let (reads, wallets, users) = (stores.adjustments.clone(), stores.wallet.clone(), stores.auth.clone());
    let ports = AdjustmentPorts { store, reads, wallets, users, clock, random };
    AdjustmentService::new(ports, config.adjustment_limit)
}
