//! Verification: a number that receives one code, paid for only if a code came.
//!
//! An order is what the user wants; a purchase is one attempt at a provider. Two records, because the outcome of
//! an attempt can stay unknown while the order's money is safe in its hold.

pub mod ageing;
pub mod ask;
pub mod batch;
mod batching;
mod buying;
mod cancelling;
pub mod catalogue;
pub mod code;
mod ending;
pub mod error;
mod expiring;
mod guarded;
mod intake;
mod late;
pub mod matching;
pub mod message;
pub mod order;
pub mod ports;
pub mod price;
pub mod purchase;
pub mod quote;
pub mod reason;
mod recent;
mod reconciling;
mod reporting;
mod retained;
mod retrying;
pub mod service;
mod swapping;
pub mod terms;
pub mod watched;

pub use ageing::{RECEIVABLE_DAYS, ReceivableService};
pub use ask::{
    AreaCode, Ask, Capability, Carrier, CountryCode, InvalidAsk, ProviderId, ReservationId, ServiceCode,
};
pub use batch::{Batch, BatchMode, ItemRefusal, ItemResult};
pub use batching::{BatchItem, BatchItems, BuyBatch, MAX_ITEMS, ShownBatch, WrongSize};
pub use catalogue::{CatalogueService, Listed};
pub use code::Code;
pub use ending::NumberEnd;
pub use error::{
    BatchError, BuyError, CancelError, IntakeError, QuoteError, ReportError, RetryError, SwapError,
    VerificationError,
};
pub use guarded::GuardedProvider;
pub use message::{IncomingMessage, Message};
pub use order::{
    Cancelled, Completed, Expired, Failed, Former, Head, Line, Order, OrderStatus, Requested, Waiting,
};
pub use ports::{
    BuyFailure, Catalogue, DeclineReason, Listing, NumberProvider, Offer, OpenAttempt, OrderFilter,
    OrderReads, Pace, ProviderError, ProviderService, Reservation, ReservationState, ServiceStats,
    UpstreamOrder,
};
pub use price::{PriceRule, PriceTooLow};
pub use purchase::{Bought, Purchase, PurchaseState, Receivable};
pub use quote::Quote;
pub use reason::{Failure, Report, ReportReason};
pub use retained::Retained;
pub use retrying::Retry;
pub use service::{AskQuote, Buy, OrderPolicy, PriceLimit, Shown, VerificationService};
pub use swapping::Swap;
pub use terms::{
    Block, CurrentTerms, DirectTerms, Multiplier, Paid, PricingRule, PricingRuleStatus, ProviderSwitch,
    Scope, ServiceDecision, Switched, TermReads, Terms, Verdict,
};
pub use watched::{Answers, Trouble, Watched};
