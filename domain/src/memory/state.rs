//! What the memory store remembers: plain maps, ordered so that a replay is exact.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::{
    AdjustmentId, ApiKeyId, AttemptId, AuditId, BatchId, BookingId, CannedAnswerId, Claim, DeliveryId,
    DisputeId, EndpointId, Event, FindingId, GrantId, HoldId, IdentityId, JobId, MessageId, Money, NewJob,
    Notice, NoticeId, NotificationId, OrderId, PaymentId, PhoneNumber, PricingRuleId, PurchaseId, QuoteId,
    RefundId, ReservationId, RunId, SessionId, SuppressedNumber, TicketId, TicketLineId, Time, UserId,
    auth::{ApiKey, Identity, MailToken, RefreshToken, Session, TokenHash, User},
    notification::{Notification, NotificationSettings},
    outbox::Schedule,
    payment::{Dispute, Intent, Refund, Suspended},
    reconciliation::{Finding, Run},
    staff::{Adjustment, Allowlist, AuditEntry},
    support::{CannedAnswer, Line, Ticket},
    suppression::Suppression,
    upkeep::Task,
    verification::{
        Batch, Message, Order, PricingRule, ProviderId, ProviderSwitch, Purchase, Quote, ServiceCode,
        ServiceDecision,
    },
    wallet::{Account, Booking, Hold, PromoGrant, Settings, Transfer},
    webhook::{Attempt, Cursor, Delivery, Endpoint},
};

/// A transfer as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedTransfer {
    /// Its number in the journal, from 1.
    pub number: u64,
    /// The movement.
    pub transfer: Transfer,
    /// The posted total of the user whom it touches, after it.
    pub balance_after: Option<Money>,
}

#[derive(Debug, Clone)]
pub(super) struct StoredJob {
    pub(super) job: NewJob,
    pub(super) attempts: u32,
    pub(super) fence: i64,
    pub(super) holder: Option<Uuid>,
    pub(super) buried: Option<String>,
    pub(super) cancelled: bool,
}

#[derive(Debug, Clone)]
pub(super) struct StoredEvent {
    pub(super) event: Event,
    pub(super) sequence: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<UserId, Account>,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) refresh_tokens: BTreeMap<TokenHash, RefreshToken>,
    pub(super) mail_tokens: BTreeMap<TokenHash, MailToken>,
    pub(super) identities: BTreeMap<IdentityId, Identity>,
    pub(super) api_keys: BTreeMap<ApiKeyId, ApiKey>,
    pub(super) wallet_settings: BTreeMap<UserId, Settings>,
    pub(super) notifications: BTreeMap<NotificationId, Notification>,
    pub(super) notification_settings: BTreeMap<UserId, NotificationSettings>,
    pub(super) intents: BTreeMap<PaymentId, Intent>,
    pub(super) suspended: BTreeMap<PaymentId, Suspended>,
    pub(super) refunds: BTreeMap<RefundId, Refund>,
    pub(super) disputes: BTreeMap<DisputeId, Dispute>,
    pub(super) bookings: BTreeMap<BookingId, Booking>,
    pub(super) grants: BTreeMap<GrantId, PromoGrant>,
    pub(super) adjustments: BTreeMap<AdjustmentId, Adjustment>,
    pub(super) audit_log: BTreeMap<AuditId, AuditEntry>,
    pub(super) allowlist: Option<Allowlist>,
    pub(super) tickets: BTreeMap<TicketId, Ticket>,
    pub(super) ticket_lines: BTreeMap<TicketLineId, Line>,
    pub(super) canned_answers: BTreeMap<CannedAnswerId, CannedAnswer>,
    pub(super) suppressions: BTreeMap<String, Suppression>,
    pub(super) service_decisions: BTreeMap<ServiceCode, ServiceDecision>,
    pub(super) provider_switches: BTreeMap<ProviderId, ProviderSwitch>,
    pub(super) pricing_rules: BTreeMap<PricingRuleId, PricingRule>,
    pub(super) findings: BTreeMap<FindingId, Finding>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) quotes: BTreeMap<QuoteId, Quote>,
    pub(super) orders: BTreeMap<OrderId, Order>,
    pub(super) batches: BTreeMap<BatchId, Batch>,
    pub(super) purchases: BTreeMap<PurchaseId, Purchase>,
    pub(super) messages: BTreeMap<MessageId, Message>,
    pub(super) message_once: BTreeSet<(ReservationId, Time, Option<String>)>,
    pub(super) shown: BTreeSet<(UserId, ServiceCode, PhoneNumber)>,
    pub(super) suppressed: Vec<SuppressedNumber>,
    pub(super) notices: BTreeMap<NoticeId, Notice>,
    pub(super) holds: BTreeMap<HoldId, Hold>,
    pub(super) transfers: Vec<PostedTransfer>,
    pub(super) posted: BTreeSet<(String, u16)>,
    pub(super) claims: HashMap<(UserId, String), Claim>,
    pub(super) endpoints: BTreeMap<EndpointId, Endpoint>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    pub(super) attempts: BTreeMap<AttemptId, Attempt>,
    pub(super) webhook_cursor: Option<Cursor>,
    pub(super) events: Vec<StoredEvent>,
    pub(super) jobs: BTreeMap<JobId, StoredJob>,
    pub(super) schedules: BTreeMap<Task, Schedule>,
    pub(super) leases: BTreeMap<String, (Uuid, i64)>,
    /// In which order leases were given back.
    pub(super) given_back: BTreeMap<String, i64>,
    pub(super) fence: i64,
}
