//! Staff: who may do what, from where, and the log of what was done.

pub mod adjusting;
pub mod adjustment;
pub mod allowlist;
pub mod audit;
pub mod error;
pub mod exports;
pub mod figures;
pub mod gate;
pub mod history;
pub mod order_desk;
pub mod order_reads;
pub mod permission;
pub mod ports;
pub mod preview;
pub mod provider_desk;
pub mod service;
pub mod stretch;
pub mod trading;

pub use adjusting::{AdjustmentError, AdjustmentPorts, AdjustmentService};
pub use adjustment::{
    Adjustment, AdjustmentRefusal, AdjustmentState, AdjustmentStatus, Colleague, Recent, Wish,
};
pub use allowlist::{AllowedNetwork, Allowlist, AllowlistRefusal};
pub use audit::{Actor, AuditAction, AuditEntry, By, Facts, Subject};
pub use error::{AddStaffError, AllowlistError, GateError, ManageUserError, ResetFactorError};
pub use exports::{Export, ExportReads, ExportService, OrderLine, OwnedEntry};
pub use figures::{FigureReads, FigureService, Figures, Flow, OrderFigures, Standings, Waiting};
pub use gate::{Ask, Proof, Refusal};
pub use history::{Arrival, Evidence, Step};
pub use order_desk::{OrderDesk, OrderDeskPorts, OrderDetail};
pub use order_reads::{OrderDeskReads, OrderQuery, Posted, PurchaseStatus};
pub use permission::Permission;
pub use ports::{
    AdjustmentQuery, AdjustmentReads, Allowlists, AuditQuery, AuditSeals, Broken, DirectAllowlists,
    SealedLog, StaffReads, UserFilter,
};
pub use preview::{OfferPreview, PaidPreview, Preview};
pub use provider_desk::{ProviderDesk, ProviderDeskPorts, ProviderStanding, Pulse};
pub use service::{Happening, StaffPorts, StaffService, Suspend, UserDetail};
pub use stretch::{Stretch, StretchError};
pub use trading::{NewPricingRule, ServiceStanding, TradeDesk, TradeError, TradePorts};
