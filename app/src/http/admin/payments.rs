//! Payments of everybody: found, seen with all that happened about them, asked for again, given back.

use std::sync::Arc;

use namaskah_domain::{
    Amount, Clock, DisputeId, PaymentId, PaymentReference, Random, RefundId, Time, UserId,
    entity::{PaymentEntity, UserEntity},
    payment::{
        Dispute, DisputeState, Happened, Intent, PaymentDesk, PaymentFile, PaymentQuery, PaymentService,
        PaymentStatus, StaffRefund,
    },
    staff::AuditAction,
    wallet::{Reason, Transfer},
};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    registry::MetaSchema,
};
use serde::Deserialize;

use super::suspense::SuspendedBody;
use crate::http::{
    body::{
        AfterQuery, AmountBody, Begun, Body, LimitQuery, Listed, MoneyBody, Shown, Text, TextForm,
        text::sized, word_enum,
    },
    detached::detached,
    idempotency::{Canon, Fingerprinted, KeyHeader},
    payments::{PaymentBody, RefundBody},
    problem::Problem,
    staff_scheme::{Staff, SteppedUp, may},
    tags::Tag,
};

impl TextForm for PaymentReference {
    const EXPECTED: &'static str = "a payment's name at the gateway: 1 to 100 letters, digits or hyphens";

    fn schema() -> MetaSchema {
        sized(1, 100, "nmk-x4k7q2m9p3r8t5v6w2y4z7a3b5")
    }

    fn read(text: &str) -> Option<Self> {
        Self::try_new(text).ok()
    }

    fn write(&self) -> std::borrow::Cow<'_, str> {
        self.as_str().into()
    }
}

word_enum! {
    /// How a dispute stands.
    pub DisputeWord, "open, won or lost";
    Open = "open",
    Won = "won",
    Lost = "lost",
}

/// A payment, and whose it is.
#[derive(Debug, Object)]
#[oai(rename = "FoundPayment")]
pub struct FoundPayment {
    /// The payment.
    #[oai(flatten)]
    pub payment: PaymentBody,
    /// Whose.
    pub user_id: Text<UserId>,
}

impl From<Intent> for FoundPayment {
    fn from(intent: Intent) -> Self {
        Self { user_id: Text(intent.user), payment: intent.into() }
    }
}

/// A transfer of the journal.
#[derive(Debug, Object)]
#[oai(rename = "Transfer")]
pub struct TransferBody {
    /// Why it exists; unique with `leg`.
    pub source: String,
    /// Its place among those of one source.
    pub leg: u16,
    /// The account that is debited.
    pub debit: String,
    /// The account that is credited.
    pub credit: String,
    /// How much.
    pub amount: MoneyBody,
    /// When.
    pub at: Text<Time>,
}

impl From<Transfer> for TransferBody {
    fn from(transfer: Transfer) -> Self {
        Self {
            source: transfer.source.to_string(),
            leg: transfer.leg,
            debit: transfer.debit.name().to_owned(),
            credit: transfer.credit.name().to_owned(),
            amount: transfer.amount.into(),
            at: Text(transfer.at),
        }
    }
}

/// A dispute over a payment.
#[derive(Debug, Object)]
#[oai(rename = "Dispute")]
pub struct DisputeBody {
    /// Its identifier.
    pub id: Text<DisputeId>,
    /// Its name at the gateway.
    pub gateway_id: String,
    /// How it stands.
    pub status: Text<DisputeWord>,
    /// What the customer claims, or was given.
    pub claimed: MoneyBody,
    /// What of the wallet it freezes, or took; null once it is won.
    pub worth: Option<MoneyBody>,
    /// When the gateway opened it.
    pub opened_at: Text<Time>,
    /// When it was decided, as we learned it.
    pub decided_at: Option<Text<Time>>,
}

impl From<Dispute> for DisputeBody {
    fn from(dispute: Dispute) -> Self {
        let (status, worth, decided_at) = match dispute.state {
            DisputeState::Open { frozen } => (DisputeWord::Open, Some(frozen.into()), None),
            DisputeState::Won { at } => (DisputeWord::Won, None, Some(Text(at))),
            DisputeState::Lost { taken, at } => (DisputeWord::Lost, Some(taken.into()), Some(Text(at))),
        };
        Self {
            id: Text(dispute.id),
            gateway_id: dispute.gateway.to_string(),
            status: Text(status),
            claimed: dispute.claimed.into(),
            worth,
            opened_at: Text(dispute.opened_at),
            decided_at,
        }
    }
}

/// One thing that happened about a payment.
#[derive(Debug, Object)]
#[oai(rename = "PaymentEvidence")]
pub struct EvidenceBody {
    /// When.
    pub at: Text<Time>,
    /// What: `opened`, `succeeded`, `failed`, `expired`, `set_aside`, `resolved`, `refund_asked`, `refund_processed`,
    /// `refund_failed`, `dispute_opened`, `dispute_won`, `dispute_lost`, or `staff`.
    pub kind: String,
    /// The refund or dispute that it is about, or the line of the log.
    pub subject_id: Option<String>,
    /// What staff did. Who it was, and from where, is in the log.
    pub action: Option<Text<AuditAction>>,
    /// Why staff did it.
    pub reason: Option<String>,
}

impl From<(Time, Happened)> for EvidenceBody {
    fn from((at, what): (Time, Happened)) -> Self {
        let kind = what.name().to_owned();
        let (subject_id, staff) = match what {
            Happened::Opened | Happened::Became(_) | Happened::SetAside | Happened::Resolved(_) => {
                (None, None)
            }
            Happened::RefundAsked(refund)
            | Happened::RefundProcessed(refund)
            | Happened::RefundFailed(refund) => (Some(refund.id.to_string()), None),
            Happened::DisputeOpened(dispute)
            | Happened::DisputeWon(dispute)
            | Happened::DisputeLost(dispute) => (Some(dispute.id.to_string()), None),
            Happened::Audited(line) => (Some(line.id.to_string()), Some(line)),
        };
        let action = staff.as_ref().map(|line| Text(line.action));
        let reason = staff.and_then(|line| line.after.0.get("reason").cloned().flatten());
        Self { at: Text(at), kind, subject_id, action, reason }
    }
}

/// A payment with everything about it.
#[derive(Debug, Object)]
#[oai(rename = "PaymentFile")]
pub struct FileBody {
    /// The payment.
    pub payment: FoundPayment,
    /// What was set aside of it; null if nothing ever was.
    pub suspense: Option<SuspendedBody>,
    /// Its refunds, oldest first.
    pub refunds: Vec<RefundBody>,
    /// Its disputes, oldest first.
    pub disputes: Vec<DisputeBody>,
    /// What it moved, in the order of posting.
    pub transfers: Vec<TransferBody>,
    /// How many notices of the gateway name it.
    pub notices: u32,
    /// What happened about it, oldest first.
    pub evidence: Vec<EvidenceBody>,
}

impl From<PaymentFile> for FileBody {
    fn from(file: PaymentFile) -> Self {
        let evidence = file.timeline().into_iter().map(EvidenceBody::from).collect();
        Self {
            payment: file.intent.into(),
            suspense: file.suspended.map(SuspendedBody::from),
            refunds: file.refunds.into_iter().map(RefundBody::from).collect(),
            disputes: file.disputes.into_iter().map(DisputeBody::from).collect(),
            transfers: file.transfers.into_iter().map(TransferBody::from).collect(),
            notices: file.notices,
            evidence,
        }
    }
}

/// What goes back, and why.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StaffRefund")]
pub struct RefundWish {
    /// How much leaves the wallet; all that may go back if it is missing.
    pub amount: Option<AmountBody>,
    /// Why.
    pub reason: Text<Reason>,
}

/// What makes the command this one.
struct RefundCommand<'a>(PaymentId, Option<Amount>, &'a Reason);

impl Fingerprinted for RefundCommand<'_> {
    const COMMAND: &'static str = "refund_payment_by_staff";

    fn fields(&self, canon: &mut Canon) {
        canon.field("payment", self.0);
        canon.optional("units", self.1.map(Amount::units));
        canon.optional("currency", self.1.map(Amount::currency));
        canon.field("reason", self.2.as_str());
    }
}

/// Routes of payments for staff.
pub struct DeskApi {
    /// Finds and shows.
    pub desk: Arc<PaymentDesk>,
    /// Asks the gateway, and gives back.
    pub payments: Arc<PaymentService>,
    /// For identifiers.
    pub clock: Arc<dyn Clock>,
    /// For identifiers.
    pub random: Arc<dyn Random>,
}

#[OpenApi(prefix_path = "/api/v1/admin/payments", tag = "Tag::Admin")]
impl DeskApi {
    /// Payments
    #[oai(path = "/", method = "get", operation_id = "list_all_payments")]
    async fn list(
        &self,
        _staff: Staff<may::PaymentsRead>,
        /// How they stand.
        status: Query<Option<Text<PaymentStatus>>>,
        /// Whose.
        user: Query<AfterQuery<UserEntity>>,
        /// Its name at the gateway.
        reference: Query<Option<Text<PaymentReference>>>,
        #[oai(default)] limit: Query<LimitQuery>,
        after: Query<AfterQuery<PaymentEntity>>,
    ) -> Result<Shown<Listed<FoundPayment>>, Problem> {
        let query = PaymentQuery {
            status: status.0.map(|status| status.0),
            user: user.0.map(|user| user.0),
            reference: reference.0.map(|reference| reference.0),
        };
        let page = self.desk.payments(&query, limit.0.page(after.0)).await?;
        Ok(Shown(Listed::of(page, |intent| intent.id, FoundPayment::from)))
    }

    /// One payment, with everything about it
    #[oai(path = "/:id", method = "get", operation_id = "get_payment_file")]
    async fn get(
        &self,
        _staff: Staff<may::PaymentsRead>,
        id: Path<Text<PaymentId>>,
    ) -> Result<Shown<FileBody>, Problem> {
        let file = self.desk.payment(id.0.0).await?.ok_or_else(Problem::not_found)?;
        Ok(Shown(file.into()))
    }

    /// Ask the gateway now
    ///
    /// Books what the gateway says, as the product does by itself sooner or later. Nobody decides anything, so it takes no
    /// more than looking, and has no line in the audit log.
    #[oai(path = "/:id/sync", method = "post", operation_id = "sync_any_payment")]
    async fn sync(
        &self,
        _staff: Staff<may::PaymentsRead>,
        id: Path<Text<PaymentId>>,
    ) -> Result<Shown<FoundPayment>, Problem> {
        let (payments, id) = (self.payments.clone(), id.0.0);
        let intent = detached(async move { payments.sync_any(id).await }).await?;
        Ok(Shown(intent.into()))
    }

    /// Give a payment back
    ///
    /// By the rules of its owner's own refunds, and never one's own payment.
    #[oai(path = "/:id/refund", method = "post", operation_id = "refund_payment_by_staff")]
    async fn refund(
        &self,
        staff: Staff<SteppedUp<may::Refund>>,
        id: Path<Text<PaymentId>>,
        #[oai(name = "Idempotency-Key")] key: KeyHeader,
        body: Body<RefundWish>,
    ) -> Result<Begun<RefundBody>, Problem> {
        let (payment, reason) = (id.0.0, body.0.reason.0);
        let amount = body.0.amount.map(|amount| amount.parse("amount")).transpose()?;
        let new = RefundId::generate(self.clock.now(), self.random.as_ref());
        let claim = key.claim(staff.0.user, &RefundCommand(payment, amount, &reason), new.uuid());
        let cmd = StaffRefund { payment, amount, reason, claim, id: new };
        let (payments, actor) = (self.payments.clone(), staff.0);
        let done = detached(async move { payments.refund_by_staff(&actor, cmd).await }).await?;
        Ok(Begun::done(done, RefundBody::from))
    }
}
