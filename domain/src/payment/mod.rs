//! Payment: a user's intent to fund the wallet, and what the gateway says became of it.
//!
//! Amount, currency and owner come from our intent, never from what passed through a client or a gateway.

pub mod charge;
mod deciding;
pub mod desk;
pub mod dispute;
mod disputing;
mod elsewhere;
mod ending;
pub mod error;
pub mod evidence;
mod guarded;
pub mod intent;
mod looking;
pub mod ports;
pub mod rate;
pub mod refund;
pub mod refunding;
mod returns;
pub mod service;
pub mod settlement;
pub mod suspense;
mod unsent;
mod watched;

pub use charge::{Charge, ChargeStatus, ChargedMoney};
pub use deciding::{DisputeEnd, SettleDispute, SettleDisputeError};
pub use desk::{DeskPorts, DeskReads, Happened, PaymentDesk, PaymentFile, PaymentQuery, SetAside};
pub use dispute::{Dispute, DisputeState};
pub use ending::{RefundEnd, SettleRefund, SettleRefundError};
pub use error::{OpenPaymentError, PaymentError, RefundError, SettleError};
pub use evidence::{
    GatewayDispute, GatewayDisputeId, GatewayDisputeStatus, GatewayRefund, GatewayRefundId,
    GatewayRefundStatus, InvalidGatewayId, Listed, RefundRequest,
};
pub use guarded::GuardedGateway;
pub use intent::{Intent, IntentState, PaymentReference, PaymentStatus};
pub use ports::{
    ChargeRequest, Checkout, GatewayError, GatewayNotice, IntentDue, OpenChargeError, PaymentGateway,
    PaymentReads, RefundFailure,
};
pub use rate::FxRate;
pub use refund::{PaidBack, Refund, RefundLimits, RefundOrigin, RefundState};
pub use refunding::{AskRefund, Followed, StaffRefund};
pub use service::{Done, OpenPayment, PaymentPolicy, PaymentService, Swept};
pub use settlement::Settled;
pub use suspense::{
    Destination, Suspended, SuspenseError, SuspenseReason, SuspenseService, SuspenseState, SuspenseStatus,
};
pub use watched::WatchedGateway;
