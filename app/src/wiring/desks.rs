//! What staff works at, over these stores.

use std::sync::Arc;

use namaskah_adapters::{allowlists::CachedAllowlists, look_ups::LookUps, persistence::Stores};
use namaskah_domain::{
    Clock, Random, Store,
    auth::AuthService,
    payment::WatchedGateway,
    staff::{
        AdjustmentPorts, AdjustmentService, OrderDesk, OrderDeskPorts, ProviderDesk, ProviderDeskPorts,
        StaffPorts, StaffService, TradeDesk, TradePorts,
    },
    status::{StatusPorts, StatusService},
    verification::{CatalogueService, CurrentTerms, VerificationService, Watched},
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

/// Terms of trade.
pub(super) fn trade(
    stores: &Stores,
    store: &Arc<dyn Store>,
    terms: Arc<dyn CurrentTerms>,
    catalogue: Arc<CatalogueService>,
    (clock, random): (&Arc<dyn Clock>, &Arc<dyn Random>),
    config: &Config,
) -> TradeDesk {
    let (store, clock, random) = (store.clone(), clock.clone(), random.clone());
    let ports = TradePorts { store, reads: stores.terms.clone(), terms, catalogue, clock, random };
    TradeDesk::new(ports, config.price_rule)
}

/// Providers, as staff sees them.
pub(super) fn providers(
    stores: &Stores,
    provider: Arc<Watched>,
    terms: Arc<dyn CurrentTerms>,
    orders: Arc<VerificationService>,
    clock: Arc<dyn Clock>,
) -> ProviderDesk {
    ProviderDesk::new(ProviderDeskPorts {
        provider,
        books: stores.reconciliation.clone(),
        terms,
        orders,
        clock,
    })
}

/// How the service does, for everybody.
pub(super) fn status(
    stores: &Stores,
    numbers: Arc<Watched>,
    payments: Arc<WatchedGateway>,
    terms: Arc<dyn CurrentTerms>,
    clock: Arc<dyn Clock>,
) -> StatusService {
    StatusService::new(StatusPorts { orders: stores.orders.clone(), terms, numbers, payments, clock })
}

/// Staff over these stores.
pub(super) fn staff(auth: Arc<AuthService>, stores: &Stores, look_ups: LookUps) -> StaffService {
    let ports = StaffPorts {
        reads: stores.staff.clone(),
        allowlists: Arc::new(CachedAllowlists::new(stores.staff.clone()).observed(look_ups)),
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
