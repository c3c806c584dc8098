//! The admin API: a file for each part of it. Every handler begins with a `Staff<…>`; every change is in the audit log.

pub mod adjustments;
pub mod audit_log;
pub mod canned;
pub mod endpoints;
pub mod exports;
pub mod jobs;
pub mod mail;
pub mod members;
pub mod networks;
pub mod orders;
pub mod payments;
pub mod pricing;
pub mod providers;
pub mod purchases;
pub mod reconciliation;
pub mod services;
pub mod settings;
pub mod stats;
pub mod suspense;
pub mod tickets;
pub mod users;

use self::{
    adjustments::AdjustmentsApi,
    audit_log::AuditLogApi,
    canned::CannedApi,
    endpoints::EndpointsApi,
    exports::ExportsApi,
    jobs::JobsApi,
    mail::{MailApi, SuppressionsApi},
    members::MembersApi,
    networks::NetworksApi,
    orders::OrdersApi,
    payments::DeskApi,
    pricing::PricingApi,
    providers::ProvidersApi,
    purchases::PurchasesApi,
    reconciliation::ReconciliationApi,
    services::ServicesApi,
    settings::SettingsApi,
    stats::StatsApi,
    suspense::SuspenseApi,
    tickets::TicketsApi,
    users::UsersApi,
};
use super::services::Services;

/// Every route of the admin API.
pub type AdminApis = (PeopleApis, OrderApis, TradeApis, MoneyApis, HouseApis);

/// Those about people: staff, users, what they ask, and what was done.
pub type PeopleApis = (
    AuditLogApi,
    NetworksApi,
    MembersApi,
    (UsersApi, MailApi, SuppressionsApi, EndpointsApi),
    AdjustmentsApi,
    (TicketsApi, CannedApi),
);

/// Those about orders and numbers.
pub type OrderApis = (OrdersApi, PurchasesApi);

/// Those about what is sold, where, and for how much.
pub type TradeApis = (ServicesApi, ProvidersApi, PricingApi);

/// Those about payments and the house's money.
pub type MoneyApis = (SuspenseApi, DeskApi, ReconciliationApi);

/// Those about the house itself.
pub type HouseApis = (JobsApi, StatsApi, ExportsApi, SettingsApi);

/// Those routes over what they need.
pub fn apis(services: &Services) -> AdminApis {
    (people(services), orders(services), trade(services), money(services), house(services))
}

fn people(services: &Services) -> PeopleApis {
    let staff = || services.staff.clone();
    (
        AuditLogApi { staff: staff() },
        NetworksApi { staff: staff() },
        MembersApi { staff: staff() },
        (
            UsersApi { staff: staff(), clock: services.clock.clone() },
            MailApi { suppressions: services.suppressions.clone() },
            SuppressionsApi { suppressions: services.suppressions.clone() },
            EndpointsApi { staff: staff() },
        ),
        AdjustmentsApi { adjustments: services.adjustments.clone() },
        (
            TicketsApi { support: services.support.clone(), desk: services.order_desk.clone() },
            CannedApi { support: services.support.clone() },
        ),
    )
}

fn orders(services: &Services) -> OrderApis {
    let (desk, clock) = (services.order_desk.clone(), services.clock.clone());
    (
        OrdersApi { desk: desk.clone(), verifications: services.verifications.clone(), clock: clock.clone() },
        PurchasesApi { desk, clock },
    )
}

fn trade(services: &Services) -> TradeApis {
    let desk = || services.trade.clone();
    (
        ServicesApi { desk: desk() },
        ProvidersApi { desk: services.providers.clone(), trade: desk() },
        PricingApi { desk: desk() },
    )
}

fn money(services: &Services) -> MoneyApis {
    let money = &services.money;
    let (clock, random) = (services.clock.clone(), services.random.clone());
    (
        SuspenseApi { suspense: money.suspense.clone(), desk: money.desk.clone() },
        DeskApi { desk: money.desk.clone(), payments: services.payments.clone(), clock, random },
        ReconciliationApi { desk: money.reconciliation.clone() },
    )
}

fn house(services: &Services) -> HouseApis {
    let money = &services.money;
    (
        JobsApi { desk: money.jobs.clone() },
        StatsApi { figures: money.figures.clone() },
        ExportsApi { exports: money.exports.clone() },
        SettingsApi { settings: money.settings.clone() },
    )
}
