//! Payments as staff sees them: found by how they stand, and one with everything that happened about it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    AuditId, Fault, Page, PageOf, PaymentId, Time, UserId, Version,
    payment::{
        Dispute, DisputeState, Intent, IntentState, PaymentReads, PaymentReference, PaymentStatus, Refund,
        RefundState, Suspended, SuspenseState, SuspenseStatus,
    },
    staff::{AuditEntry, AuditQuery, StaffReads, Subject},
    wallet::{BookReads, Source, Transfer},
};

/// Which payments are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentQuery {
    /// How they stand.
    pub status: Option<PaymentStatus>,
    /// Whose.
    pub user: Option<UserId>,
    /// The one of this name at the gateway.
    pub reference: Option<PaymentReference>,
}

/// A payment that was set aside, with its name at the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What was set aside.
    pub item: Suspended,
    /// Its name at the gateway.
    pub reference: PaymentReference,
}

/// What the desk of payments reads. One statement each.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait DeskReads: Send + Sync {
    /// Payments that were set aside, newest first.
    async fn set_aside(
        &self,
        status: Option<SuspenseStatus>,
        page: Page<PaymentId>,
    ) -> Result<PageOf<SetAside>, Fault>;

    /// Payments, newest first.
    async fn payments(&self, query: &PaymentQuery, page: Page<PaymentId>) -> Result<PageOf<Intent>, Fault>;

    /// The transfers of these sources, in the order of posting.
    async fn transfers_of(&self, sources: &[Source]) -> Result<Vec<Transfer>, Fault>;

    /// How many notices of the gateway name a payment.
    async fn notices_about(&self, reference: &PaymentReference) -> Result<u32, Fault>;
}

/// One thing that happened about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It was opened.
    Opened,
    /// It ended, so or so, or was set aside; a payment in suspense that was credited has succeeded then.
    Became(PaymentStatus),
    /// It was set aside.
    SetAside,
    /// It was credited to its owner by a person, or booked back.
    Resolved(SuspenseStatus),
    /// A refund was asked for, or found at the gateway.
    RefundAsked(Refund),
    /// A refund reached the customer.
    RefundProcessed(Refund),
    /// A refund came to nothing.
    RefundFailed(Refund),
    /// The customer has asked the bank.
    DisputeOpened(Dispute),
    /// The house keeps the money.
    DisputeWon(Dispute),
    /// The customer has it.
    DisputeLost(Dispute),
    /// Staff did something about it.
    Audited(AuditEntry),
}

impl Happened {
    /// As it is told.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Became(status) => status.name(),
            Self::SetAside => "set_aside",
            Self::Resolved(_) => "resolved",
            Self::RefundAsked(_) => "refund_asked",
            Self::RefundProcessed(_) => "refund_processed",
            Self::RefundFailed(_) => "refund_failed",
            Self::DisputeOpened(_) => "dispute_opened",
            Self::DisputeWon(_) => "dispute_won",
            Self::DisputeLost(_) => "dispute_lost",
            Self::Audited(_) => "staff",
        }
    }
}

/// Everything that is known about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFile {
    /// The payment.
    pub intent: Intent,
    /// What was set aside of it, if anything ever was.
    pub suspended: Option<Suspended>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// Its disputes, oldest first.
    pub disputes: Vec<Dispute>,
    /// What it moved, in the order of posting.
    pub transfers: Vec<Transfer>,
    /// How many notices of the gateway name it.
    pub notices: u32,
    /// What staff did about it, newest first.
    pub audited: Vec<AuditEntry>,
}

/// So many lines of the log are shown with a payment.
const LINES: u32 = 100;

impl PaymentFile {
    /// What happened about it, oldest first.
    pub fn timeline(&self) -> Vec<(Time, Happened)> {
        let mut all = vec![(self.intent.created_at, Happened::Opened)];
        match self.intent.state {
            IntentState::Pending | IntentState::Suspense { .. } => {}
            IntentState::Succeeded { at } => all.push((at, Happened::Became(PaymentStatus::Succeeded))),
            IntentState::Failed { at } => all.push((at, Happened::Became(PaymentStatus::Failed))),
            IntentState::Expired { at } => all.push((at, Happened::Became(PaymentStatus::Expired))),
        }
        if let Some(item) = &self.suspended {
            all.push((item.at, Happened::SetAside));
            match item.state {
                SuspenseState::Open => {}
                SuspenseState::Credited { at, .. } | SuspenseState::Returned { at } => {
                    all.push((at, Happened::Resolved(item.status())));
                }
            }
        }
        for refund in &self.refunds {
            all.push((refund.created_at, Happened::RefundAsked(refund.clone())));
            match refund.state {
                RefundState::Sent { .. } | RefundState::Pending { .. } => {}
                RefundState::Processed { at, .. } => {
                    all.push((at, Happened::RefundProcessed(refund.clone())));
                }
                RefundState::Failed { at, .. } => all.push((at, Happened::RefundFailed(refund.clone()))),
            }
        }
        for dispute in &self.disputes {
            all.push((dispute.opened_at, Happened::DisputeOpened(dispute.clone())));
            match dispute.state {
                DisputeState::Open { .. } => {}
                DisputeState::Won { at } => all.push((at, Happened::DisputeWon(dispute.clone()))),
                DisputeState::Lost { at, .. } => all.push((at, Happened::DisputeLost(dispute.clone()))),
            }
        }
        all.extend(self.audited.iter().map(|line| (line.at, Happened::Audited(line.clone()))));
        // Stable, so what happened at one instant stays in the order of the list above.
        all.sort_by_key(|(at, _)| *at);
        all
    }
}

/// Everything outside that the desk needs.
#[derive(Clone)]
pub struct DeskPorts {
    /// Lists, and what hangs on one payment.
    pub desk: Arc<dyn DeskReads>,
    /// Payments and refunds.
    pub payments: Arc<dyn PaymentReads>,
    /// Suspense.
    pub books: Arc<dyn BookReads>,
    /// The log.
    pub staff: Arc<dyn StaffReads>,
}

/// Shows payments to staff.
pub struct PaymentDesk {
    ports: DeskPorts,
}

impl PaymentDesk {
    /// Over any ports.
    pub const fn new(ports: DeskPorts) -> Self {
        Self { ports }
    }

    /// Payments that were set aside, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn set_aside(
        &self,
        status: Option<SuspenseStatus>,
        page: Page<PaymentId>,
    ) -> Result<PageOf<SetAside>, Fault> {
        self.ports.desk.set_aside(status, page).await
    }

    /// Payments, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn payments(
        &self,
        query: &PaymentQuery,
        page: Page<PaymentId>,
    ) -> Result<PageOf<Intent>, Fault> {
        self.ports.desk.payments(query, page).await
    }

    /// One payment with everything about it; `None` if there is none.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn payment(&self, id: PaymentId) -> Result<Option<PaymentFile>, Fault> {
        let DeskPorts { desk, payments, books, staff } = &self.ports;
        let Some(intent) = payments.intent(id).await? else { return Ok(None) };
        let suspended = books.suspended(id).await?;
        let refunds = payments.refunds_of(id).await?;
        let disputes = payments.disputes_of(id).await?;
        let transfers = desk.transfers_of(&sources(&intent, &refunds, &disputes)).await?;
        let notices = desk.notices_about(&intent.reference).await?;
        let about = AuditQuery { subject: Some(Subject::of("payment", id).id), ..AuditQuery::default() };
        let page: Page<AuditId> = Page { limit: LINES, after: None };
        let audited = staff.audit_log(&about, page).await?.rows;
        Ok(Some(PaymentFile { intent, suspended, refunds, disputes, transfers, notices, audited }))
    }
}

/// Under what a payment, its refunds and its disputes may have been posted. A dispute is posted by the version that
/// decides it, and a decision may be turned round by the next; so is a refund after it reached the customer.
fn sources(intent: &Intent, refunds: &[Refund], disputes: &[Dispute]) -> Vec<Source> {
    let mut all = vec![Source::paystack(&intent.reference)];
    for refund in refunds {
        all.push(Source::refunded(refund.id));
        // What came back was posted so before it was told by its version.
        all.push(Source::from_stored(format!("unrefund:{}", refund.id)));
        all.extend(refund.gateway().map(Source::gateway_refund));
        for version in up_to(refund.version) {
            all.extend([Source::refunded_again(refund.id, version), Source::unrefunded(refund.id, version)]);
        }
    }
    for dispute in disputes {
        for version in up_to(dispute.version) {
            all.extend([Source::disputed(dispute.id, version), Source::undisputed(dispute.id, version)]);
        }
    }
    all
}

fn up_to(last: Version) -> impl Iterator<Item = Version> {
    (Version::FIRST.get()..=last.get()).map(Version::from_stored)
}
