//! Everything that requests need.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Random, Store,
    auth::{AuthService, IdentityService},
    notification::NotificationService,
    outbox::EventLog,
    payment::PaymentService,
    retention::RetentionService,
    staff::{AdjustmentService, OrderDesk, ProviderDesk, StaffService, TradeDesk},
    support::SupportService,
    suppression::SuppressionService,
    verification::{CatalogueService, VerificationService},
    vitals::{DRIFT_SLICE, DriftWatch},
    wallet::WalletService,
    webhook::WebhookService,
};

use super::{
    hooks::{HookDoor, PaystackDoor, TextVerifiedDoor},
    status::StatusBoard,
    system::Readiness,
};
use crate::{
    metrics::{Metrics, Sources},
    wiring::{MoneyServices, Wired},
    worker,
};

/// Everything that requests need.
#[derive(Clone)]
pub struct Services {
    /// Sign-in.
    pub auth: Arc<AuthService>,
    /// Sign-in with Google, where it is configured.
    pub identities: Option<Arc<IdentityService>>,
    /// The gate of staff, and what staff does.
    pub staff: Arc<StaffService>,
    /// Corrections of wallets.
    pub adjustments: Arc<AdjustmentService>,
    /// Tickets.
    pub support: Arc<SupportService>,
    /// Endpoints of users.
    pub webhooks: Arc<WebhookService>,
    /// What users are told.
    pub notifications: Arc<NotificationService>,
    /// Addresses that get no mail.
    pub suppressions: Arc<SuppressionService>,
    /// Orders, as staff sees them.
    pub order_desk: Arc<OrderDesk>,
    /// Terms of trade.
    pub trade: Arc<TradeDesk>,
    /// Providers, as staff sees them.
    pub providers: Arc<ProviderDesk>,
    /// Balances and movements.
    pub wallet: Arc<WalletService>,
    /// What staff does with the house's money.
    pub money: MoneyServices,
    /// Adding money.
    pub payments: Arc<PaymentService>,
    /// Orders.
    pub verifications: Arc<VerificationService>,
    /// What is for sale.
    pub catalogue: Arc<CatalogueService>,
    /// Erases numbers and texts.
    pub retention: Arc<RetentionService>,
    /// Keeps notices.
    pub store: Arc<dyn Store>,
    /// The product's time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub random: Arc<dyn Random>,
    /// What happens, as it is told in this process.
    pub told: worker::Feed,
    /// What has happened.
    pub events: Arc<dyn EventLog>,
    /// Paystack's signatures.
    pub paystack: Arc<dyn HookDoor>,
    /// TextVerified's signatures.
    pub textverified: Arc<dyn HookDoor>,
    /// What must work.
    pub readiness: Arc<dyn Readiness>,
    /// What is measured.
    pub metrics: Metrics,
    /// What gauges are read from.
    pub gauged: Sources,
    /// How the service does, for everybody.
    pub status: Arc<StatusBoard>,
}

impl Services {
    /// What was wired.
    pub fn of(wired: &Wired, readiness: Arc<dyn Readiness>, metrics: Metrics) -> Self {
        Self {
            auth: wired.auth.clone(),
            identities: wired.identities.clone(),
            staff: wired.staff.clone(),
            adjustments: wired.adjustments.clone(),
            support: wired.support.clone(),
            webhooks: wired.webhooks.endpoints.clone(),
            notifications: wired.notifications.clone(),
            suppressions: wired.suppressions.clone(),
            order_desk: wired.order_desk.clone(),
            trade: wired.trade.clone(),
            providers: wired.providers.clone(),
            wallet: wired.wallet.clone(),
            money: wired.money.clone(),
            payments: wired.payments.clone(),
            verifications: wired.orders.clone(),
            catalogue: wired.catalogue.clone(),
            retention: wired.retention.clone(),
            store: wired.store.clone(),
            clock: wired.clock.clone(),
            random: wired.random.clone(),
            told: wired.feed.clone(),
            events: wired.stores.events.clone(),
            paystack: Arc::new(PaystackDoor(wired.webhook_keys.paystack.clone())),
            textverified: Arc::new(TextVerifiedDoor(wired.webhook_keys.textverified.clone())),
            readiness,
            metrics,
            gauged: Sources {
                vitals: wired.stores.vitals.clone(),
                drift: Arc::new(DriftWatch::new(wired.stores.vitals.clone(), DRIFT_SLICE)),
                figures: wired.stores.figures.clone(),
                providers: wired.providers.clone(),
            },
            status: Arc::new(StatusBoard::new(wired.status.clone())),
        }
    }
}
