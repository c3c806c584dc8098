//! What payment needs from outside: a gateway, and reads.

use async_trait::async_trait;

use crate::{
    Amount, Fault, Page, PageOf, PaymentId, RefundId, Time, UserId,
    auth::Email,
    breaker::Admits,
    payment::{
        Charge, Dispute, GatewayDispute, GatewayDisputeId, GatewayRefund, GatewayRefundId, Intent, Listed,
        PaymentReference, Refund, RefundLimits, RefundRequest,
    },
};

/// What the gateway is asked to charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// Our name for it, stored before this call.
    pub reference: PaymentReference,
    /// The payer's address, which gateways demand.
    pub email: Email,
    /// In the gateway's currency.
    pub amount: Amount,
    /// Where the browser is sent afterwards. Its return proves nothing.
    pub return_url: Option<String>,
}

/// Where the customer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The page to open.
    pub url: String,
}

/// Why a charge could not be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenChargeError {
    /// The reference is known there already: an earlier call arrived, and its checkout is lost.
    #[error("the gateway knows this reference already")]
    DuplicateReference,
    /// The gateway refuses the request itself.
    #[error("the gateway refused: {0}")]
    Refused(Fault),
    /// The request was held back: there is no charge.
    #[error("the gateway was not asked: {0}")]
    NotSent(Fault),
    /// No usable answer; the charge may or may not exist.
    #[error("the gateway's answer is unknown: {0}")]
    Unknown(Fault),
}

/// Why a gateway could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// It answered, and refused: a key is wrong, say.
    #[error("the gateway refused: {0}")]
    Refused(Fault),
    /// No usable answer.
    #[error("the gateway cannot be read: {0}")]
    Unavailable(Fault),
}

/// Why there is no refund, or none that we know of.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RefundFailure {
    /// The gateway refuses, or nothing was sent: there is no refund.
    #[error("the gateway refused: {0}")]
    Declined(Fault),
    /// No usable answer; the refund may or may not exist.
    #[error("the gateway's answer is unknown: {0}")]
    Unknown(Fault),
}

/// A message from the gateway whose signature was right. A hint to look, never a reason to move money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayNotice {
    /// A transaction of this reference may have been paid.
    Charge(PaymentReference),
    /// A refund of this payment may have moved on.
    Refund(PaymentReference),
    /// A dispute about this payment may have been opened or decided.
    Dispute(PaymentReference),
    /// Something that payment does not act upon.
    Other,
}

/// A payment gateway: Paystack.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// What would be sent to it now: everything, unless there is a breaker before it that has opened.
    fn admits(&self) -> Admits {
        Admits::All
    }

    /// Opens a charge under our reference.
    ///
    /// # Errors
    /// [`OpenChargeError`]; after `Unknown` verify before asking again, with the same reference.
    async fn open(&self, request: &ChargeRequest) -> Result<Checkout, OpenChargeError>;

    /// What became of a reference; `None` if the gateway has never heard of it.
    ///
    /// # Errors
    /// [`GatewayError`] if it cannot be read.
    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError>;

    /// Every successful transaction since `from`, by one account-wide list.
    ///
    /// # Errors
    /// [`GatewayError`] if it cannot be read whole.
    async fn succeeded_since(&self, from: Time) -> Result<Vec<Charge>, GatewayError>;

    /// Asks for a refund, once: the gateway knows no idempotency here, and a second call would give back a second
    /// time. What the answer says is not final; `refunds_of` tells what becomes of it.
    ///
    /// # Errors
    /// [`RefundFailure`]; after `Unknown` look at `refunds_of`, never ask again.
    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, RefundFailure>;

    /// Every refund of one payment, whoever asked for it. A row of the other mode (test or live) is left out; one that
    /// cannot be read is counted.
    ///
    /// # Errors
    /// [`GatewayError`] if the list has pages that cannot be read; `Refused` if the payment is of the other mode, or one
    /// that the gateway has never heard of: what it does not know is no payment without refunds.
    async fn refunds_of(&self, reference: &PaymentReference) -> Result<Listed<GatewayRefund>, GatewayError>;

    /// Refunds that anybody asked for since `from`, of payments that have a reference of ours, by one account-wide
    /// list: reasons to look at those payments. One of the other mode (test or live) is left out; a row that cannot be
    /// read is counted.
    ///
    /// # Errors
    /// [`GatewayError`] if the list has pages that cannot be read.
    async fn refunds_since(
        &self,
        from: Time,
    ) -> Result<Listed<(PaymentReference, GatewayRefund)>, GatewayError>;

    /// Every dispute that was opened since `from`, about payments that have a reference of ours. One of the other
    /// mode (test or live) is left out; a row that cannot be read is counted.
    ///
    /// # Errors
    /// [`GatewayError`] if the list has pages that cannot be read.
    async fn disputes_since(&self, from: Time) -> Result<Listed<GatewayDispute>, GatewayError>;

    /// What the bytes of an authentic notice hint at.
    fn read_notice(&self, body: &[u8]) -> GatewayNotice;
}

/// A creditable intent that the sweep should ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentDue {
    /// Which.
    pub reference: PaymentReference,
    /// When it was due.
    pub due_at: Time,
}

/// Reads of intents. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PaymentReads: Send + Sync {
    /// One intent of anybody; the service checks whose it is.
    async fn intent(&self, id: PaymentId) -> Result<Option<Intent>, Fault>;

    /// The intent of a reference.
    async fn intent_by_reference(&self, reference: &PaymentReference) -> Result<Option<Intent>, Fault>;

    /// A user's intents, newest first.
    async fn intents(&self, user: UserId, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault>;

    /// Creditable intents with `next_check_at` ≤ `now`, oldest first.
    async fn intents_due(&self, now: Time, limit: u32) -> Result<Vec<IntentDue>, Fault>;

    /// Of these references, those whose intent is still creditable.
    async fn creditable_among(&self, references: &[PaymentReference])
    -> Result<Vec<PaymentReference>, Fault>;

    /// One refund of anybody.
    async fn refund(&self, id: RefundId) -> Result<Option<Refund>, Fault>;

    /// Every refund of a payment, oldest first.
    async fn refunds_of(&self, payment: PaymentId) -> Result<Vec<Refund>, Fault>;

    /// Refunds of which nothing final is known: first those whose outcome is not known at all, then those that are on
    /// their way, which may take weeks; each oldest first.
    async fn open_refunds(&self, limit: u32) -> Result<Vec<Refund>, Fault>;

    /// Of these names of the gateway, the refunds that have one.
    async fn refunds_named(&self, names: &[GatewayRefundId]) -> Result<Vec<Refund>, Fault>;

    /// What limits a refund of a credited payment besides itself: deposits that were credited after it, and what
    /// staff gave its owner.
    async fn refund_limits(&self, of: &Intent) -> Result<RefundLimits, Fault>;

    /// The dispute that the gateway calls so.
    async fn dispute_named(&self, name: &GatewayDisputeId) -> Result<Option<Dispute>, Fault>;

    /// Every dispute over a payment, oldest first.
    async fn disputes_of(&self, payment: PaymentId) -> Result<Vec<Dispute>, Fault>;

    /// When the oldest dispute was opened that is not decided.
    async fn oldest_open_dispute(&self) -> Result<Option<Time>, Fault>;
}
