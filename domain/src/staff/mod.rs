//! Staff: who may do what, from where, and the log of what was done.

pub mod adjusting;
pub mod adjustment;
pub mod allowlist;
pub mod audit;
pub mod error;
pub mod gate;
pub mod permission;
pub mod ports;
pub mod service;

pub use adjusting::{AdjustmentError, AdjustmentPorts, AdjustmentService};
pub use adjustment::{Adjustment, AdjustmentRefusal, AdjustmentState, AdjustmentStatus, Recent, Wish};
pub use allowlist::{AllowedNetwork, Allowlist, AllowlistRefusal};
pub use audit::{Actor, AuditAction, AuditEntry, By, Facts, Subject};
pub use error::{AddStaffError, AllowlistError, GateError, ManageUserError, ResetFactorError};
pub use gate::{Ask, Proof, Refusal};
pub use permission::Permission;
pub use ports::{
    AdjustmentQuery, AdjustmentReads, Allowlists, AuditQuery, AuditSeals, Broken, DirectAllowlists,
    SealedLog, StaffReads, UserFilter,
};
pub use service::{Happening, StaffPorts, StaffService, Suspend, UserDetail};
