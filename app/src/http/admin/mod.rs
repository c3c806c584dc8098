//! The admin API: a file for each part of it. Every handler begins with a `Staff<…>`; every change is in the audit log.

pub mod adjustments;
pub mod audit_log;
pub mod jobs;
pub mod members;
pub mod networks;
pub mod payments;
pub mod reconciliation;
pub mod suspense;
pub mod tickets;
pub mod users;

use self::{
    adjustments::AdjustmentsApi, audit_log::AuditLogApi, jobs::JobsApi, members::MembersApi,
    networks::NetworksApi, payments::DeskApi, reconciliation::ReconciliationApi, suspense::SuspenseApi,
    tickets::TicketsApi, users::UsersApi,
};
use super::services::Services;

/// Every route of the admin API.
pub type AdminApis = (AuditLogApi, NetworksApi, MembersApi, UsersApi, AdjustmentsApi, TicketsApi, MoneyApis);

/// Those about payments and the house's money.
pub type MoneyApis = (SuspenseApi, DeskApi, ReconciliationApi, JobsApi);

/// Those routes over what they need.
pub fn apis(services: &Services) -> AdminApis {
    let staff = || services.staff.clone();
    (
        AuditLogApi { staff: staff() },
        NetworksApi { staff: staff() },
        MembersApi { staff: staff() },
        UsersApi { staff: staff(), clock: services.clock.clone() },
        AdjustmentsApi { adjustments: services.adjustments.clone() },
        TicketsApi { support: services.support.clone() },
        money(services),
    )
}

fn money(services: &Services) -> MoneyApis {
    let money = &services.money;
    let (clock, random) = (services.clock.clone(), services.random.clone());
    (
        SuspenseApi { suspense: money.suspense.clone(), desk: money.desk.clone() },
        DeskApi { desk: money.desk.clone(), payments: services.payments.clone(), clock, random },
        ReconciliationApi { desk: money.reconciliation.clone() },
        JobsApi { desk: money.jobs.clone() },
    )
}
