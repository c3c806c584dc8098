//! The rules of Namaskah: phone numbers that receive one verification code, paid for only if a code came.
//!
//! # Glossary
//! - **account**: a user's money: what is *posted*, how much of it is *held*, and what is therefore *available*
//! - **hold**: a reserved amount. It ends once: *captured* (posted to revenue) or *released* (nothing is posted)
//! - **transfer**: one movement with both its legs; the transfers of one *source* are a journal entry
//! - **intent**: a payment that a user wants to make; **charge**: what the gateway says became of it
//! - **order**: a verification that a user wants; **purchase**: one attempt to buy its number at a provider
//! - **reservation**: the provider's own record of a number that it sold us
//! - **unit of work**: everything one use case changes, as one value, applied whole by [`Store::commit`]
//!
//! # Shape
//! Rules are pure functions and consuming transitions; services load, decide and commit; everything outside is a
//! port. With the feature `memory`, [`memory`] has every port in memory, for tests and for trying it out.
#![deny(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod auth;
pub mod breaker;
pub mod event;
pub mod fault;
pub mod id;
pub mod idempotency;
pub mod mailer;
#[cfg(feature = "memory")]
pub mod memory;
pub mod money;
pub mod notification;
pub mod outbound;
pub mod outbox;
pub mod page;
mod pass;
pub mod payment;
pub mod phone;
pub mod ports;
mod race;
pub mod reconciliation;
pub mod record;
pub mod retention;
pub mod staff;
pub mod status;
pub mod support;
pub mod suppression;
pub mod time;
pub mod trace;
pub mod unit;
pub mod upkeep;
pub mod verification;
pub mod vitals;
pub mod wallet;
pub mod webhook;

pub use event::{
    Event, EventKind, JobKey, JobKind, JobLane, Letter, MailSecret, NewJob, Notice, NoticeState, Priority,
    Sender,
};
pub use fault::Fault;
pub use id::{Entity, Id, InvalidId};
pub use idempotency::{Claim, Fingerprint, IdempotencyKey, InvalidKey};
pub use money::{Amount, Currency, Money, MoneyError};
pub use page::{Page, PageOf};
pub use payment::PaymentReference;
pub use phone::{InvalidPhoneNumber, PhoneNumber};
pub use ports::{Clock, Random, Store};
pub use record::Version;
pub use time::Time;
pub use trace::TraceParent;
pub use unit::{
    AccountChange, Change, CommitError, Committed, EndSessions, ShownNumber, Standing, SuppressedNumber,
    Unique, UnitOfWork,
};
pub use verification::ReservationId;

macro_rules! entities {
    ($($(#[$doc:meta])* $marker:ident, $alias:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $marker {}
        impl Entity for $marker {
            const PREFIX: &'static str = $prefix;
        }
        #[doc = concat!("Identifier of one ", $prefix, " record.")]
        pub type $alias = Id<$marker>;
    )*};
}

/// Markers: what an [`Id`] names.
pub mod entity {
    use super::{Entity, Id};

    entities! {
        /// A user, and the user's account.
        UserEntity, UserId, "usr";
        /// A line of the journal.
        EntryEntity, EntryId, "ent";
        /// A hold.
        HoldEntity, HoldId, "hld";
        /// A payment.
        PaymentEntity, PaymentId, "pay";
        /// An order: a verification, as the API calls it.
        OrderEntity, OrderId, "ver";
        /// A batch of orders.
        BatchEntity, BatchId, "bat";
        /// A purchase.
        PurchaseEntity, PurchaseId, "pur";
        /// A message.
        MessageEntity, MessageId, "msg";
        /// A quote.
        QuoteEntity, QuoteId, "qte";
        /// An event.
        EventEntity, EventId, "evt";
        /// A session.
        SessionEntity, SessionId, "ses";
        /// A user as a provider of identities knows him.
        IdentityEntity, IdentityId, "idn";
        /// An API key.
        ApiKeyEntity, ApiKeyId, "key";
        /// A job.
        JobEntity, JobId, "job";
        /// A notice of a provider.
        NoticeEntity, NoticeId, "ntc";
        /// A refund of a payment to where it came from.
        RefundEntity, RefundId, "rfd";
        /// A dispute over a payment.
        DisputeEntity, DisputeId, "dsp";
        /// A movement that staff decided.
        BookingEntity, BookingId, "bkg";
        /// A gift of promo money.
        GrantEntity, GrantId, "grt";
        /// A correction of a wallet.
        AdjustmentEntity, AdjustmentId, "adj";
        /// A line of the log of what staff did.
        AuditEntity, AuditId, "aud";
        /// A rule of prices.
        PricingRuleEntity, PricingRuleId, "prl";
        /// A place in the line of what happened around a user.
        TimelineEntity, TimelineId, "tml";
        /// A mismatch between a provider's list and our books.
        FindingEntity, FindingId, "fnd";
        /// A ticket of support.
        TicketEntity, TicketId, "tkt";
        /// What support says often.
        CannedAnswerEntity, CannedAnswerId, "can";
        /// A line of a ticket.
        TicketLineEntity, TicketLineId, "tkl";
        /// Something that a user is told.
        NotificationEntity, NotificationId, "ntf";
        /// An address that mail servers have refused.
        SuppressionEntity, SuppressionId, "sup";
        /// A run of reconciliation.
        RunEntity, RunId, "run";
        /// A URL of a user that events are sent to.
        EndpointEntity, EndpointId, "whe";
        /// An event on its way to an endpoint.
        DeliveryEntity, DeliveryId, "whd";
        /// A try of a delivery.
        AttemptEntity, AttemptId, "wha";
    }
}
pub use entity::{
    AdjustmentId, ApiKeyId, AttemptId, AuditId, BatchId, BookingId, CannedAnswerId, DeliveryId, DisputeId,
    EndpointId, EntryId, EventId, FindingId, GrantId, HoldId, IdentityId, JobId, MessageId, NoticeId,
    NotificationId, OrderId, PaymentId, PricingRuleId, PurchaseId, QuoteId, RefundId, RunId, SessionId,
    SuppressionId, TicketId, TicketLineId, TimelineId, UserId,
};
