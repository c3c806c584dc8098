//! What staff does with the house's money, over the same stores as everything else.

use std::sync::Arc;

use namaskah_adapters::persistence::Stores;
use namaskah_domain::{
    Clock, Random, Store,
    outbox::JobDesk,
    payment::{DeskPorts, PaymentDesk, PaymentGateway, PaymentService, SuspenseService},
    reconciliation::{ReconciliationDesk, ReconciliationService},
    staff::{ExportService, FigureService},
};

use super::policies::payment_policy;
use crate::config::{Config, Effective};

/// The services behind the admin API of money.
#[derive(Clone)]
pub struct MoneyServices {
    /// Payments as staff sees them.
    pub desk: Arc<PaymentDesk>,
    /// Closes payments in suspense.
    pub suspense: Arc<SuspenseService>,
    /// Holds providers' lists against our books when staff asks.
    pub reconciliation: Arc<ReconciliationDesk>,
    /// Jobs as staff sees them.
    pub jobs: Arc<JobDesk>,
    /// Figures.
    pub figures: Arc<FigureService>,
    /// Lists that leave the system.
    pub exports: Arc<ExportService>,
    /// What is configured.
    pub settings: Arc<Effective>,
}

/// Those services.
pub(super) fn services(
    config: &Config,
    stores: &Stores,
    store: Arc<dyn Store>,
    (gateway, reconciliation): (Arc<dyn PaymentGateway>, Arc<ReconciliationService>),
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> MoneyServices {
    let desk = DeskPorts {
        desk: stores.desk.clone(),
        payments: stores.payments.clone(),
        books: stores.books.clone(),
        staff: stores.staff.clone(),
    };
    let jobs = JobDesk::new(store.clone(), stores.job_desk.clone(), clock.clone(), random.clone());
    let exports = ExportService::new(store.clone(), stores.exports.clone(), clock.clone(), random.clone());
    MoneyServices {
        figures: Arc::new(FigureService::new(stores.figures.clone(), clock.clone())),
        exports: Arc::new(exports),
        settings: Arc::new(config.effective.clone()),
        jobs: Arc::new(jobs),
        reconciliation: Arc::new(ReconciliationDesk::new(reconciliation, stores.leases.clone())),
        desk: Arc::new(PaymentDesk::new(desk)),
        suspense: Arc::new(suspense(config, stores, store, gateway, clock, random)),
    }
}

/// What opens, settles and gives back payments, whose payers come back to `public_url`.
pub fn payments(
    config: &Config,
    public_url: &str,
    stores: &Stores,
    store: Arc<dyn Store>,
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> PaymentService {
    let (reads, wallets, books) = (stores.payments.clone(), stores.wallet.clone(), stores.books.clone());
    let (users, policy) = (stores.auth.clone(), payment_policy(config, public_url));
    PaymentService::new(store, reads, wallets, users, books, gateway, clock, random, policy)
}

/// What closes payments in suspense, at the rate that is configured.
pub fn suspense(
    config: &Config,
    stores: &Stores,
    store: Arc<dyn Store>,
    gateway: Arc<dyn PaymentGateway>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> SuspenseService {
    let (payments, wallets, books) = (stores.payments.clone(), stores.wallet.clone(), stores.books.clone());
    let users = stores.auth.clone();
    SuspenseService::new(store, payments, wallets, users, books, gateway, clock, random, config.rate)
}
