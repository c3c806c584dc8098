//! The admin API: a file for each part of it. Every handler begins with a `Staff<…>`; every change is in the audit log.

pub mod adjustments;
pub mod audit_log;
pub mod members;
pub mod networks;
pub mod tickets;
pub mod users;

use self::{
    adjustments::AdjustmentsApi, audit_log::AuditLogApi, members::MembersApi, networks::NetworksApi,
    tickets::TicketsApi, users::UsersApi,
};
use super::services::Services;

/// Every route of the admin API.
pub type AdminApis = (AuditLogApi, NetworksApi, MembersApi, UsersApi, AdjustmentsApi, TicketsApi);

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
    )
}
