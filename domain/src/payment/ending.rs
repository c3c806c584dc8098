//! A refund that no list ends is ended by a person, who has looked at the gateway.

use crate::{
    Change, Claim, CommitError, Committed, Fault, RefundId, Time, UnitOfWork,
    payment::{
        Done, GatewayRefundId, Intent, PaymentService, Refund, RefundState,
        returns::{self, Moment},
        settlement::Undecidable,
    },
    staff::{AuditAction, By, Facts, Subject},
    unit::retry_stale,
    wallet::Reason,
};

/// How a refund ended at the gateway, as somebody saw there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundEnd {
    /// The customer has the money.
    Processed {
        /// The gateway's name for it, needed if we do not know it.
        named: Option<GatewayRefundId>,
    },
    /// It came to nothing.
    Failed,
}

/// "This refund has ended so." What the gateway lists later than that still counts.
#[derive(Debug, Clone)]
pub struct SettleRefund {
    /// Which.
    pub refund: RefundId,
    /// How.
    pub end: RefundEnd,
    /// How that is known.
    pub reason: Reason,
    /// The key, and what it stands for; its outcome must be `refund`.
    pub claim: Claim,
}

/// Why a refund was not ended by hand. Nothing has moved then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettleRefundError {
    /// There is none of this identifier.
    #[error("no such refund")]
    NotFound,
    /// It has an end already.
    #[error("the refund has ended already")]
    AlreadyEnded,
    /// Nobody knows what the gateway calls it.
    #[error("say what the gateway calls this refund")]
    Unnamed,
    /// The gateway calls it otherwise.
    #[error("the gateway calls this refund {0}")]
    OtherName(GatewayRefundId),
    /// The commit was refused: `Duplicate` if another refund has that name.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read, or the sums are out of range.
    #[error("the refund cannot be ended now")]
    Unavailable(#[from] Fault),
}

impl From<Undecidable> for SettleRefundError {
    fn from(error: Undecidable) -> Self {
        Self::Unavailable(Fault::new(error))
    }
}

impl PaymentService {
    /// Ends a refund of which nothing final is known, once, as its list would have done. The line of the log is in the same
    /// commit.
    ///
    /// # Errors
    /// [`SettleRefundError`], by name.
    pub async fn settle_refund(&self, by: &By, cmd: SettleRefund) -> Result<Done<Refund>, SettleRefundError> {
        let decided = retry_stale(|| async {
            match self.settle_refund_once(by, &cmd).await {
                Err(SettleRefundError::Commit(refused)) => Err(refused),
                decided => Ok(decided),
            }
        });
        let replayed = matches!(decided.await??, Committed::Replayed(_));
        let value = self.reads.refund(cmd.refund).await?.ok_or(SettleRefundError::NotFound)?;
        Ok(Done { value, replayed })
    }

    async fn settle_refund_once(&self, by: &By, cmd: &SettleRefund) -> Result<Committed, SettleRefundError> {
        if let Some(before) = self.store.replay(&cmd.claim).await? {
            return Ok(Committed::Replayed(before));
        }
        let refund = self.reads.refund(cmd.refund).await?.ok_or(SettleRefundError::NotFound)?;
        let intent = self.reads.intent(refund.payment).await?.ok_or(SettleRefundError::NotFound)?;
        let (before, payment, now) = (facts(&refund), refund.payment, self.clock.now());
        let unit = ended(intent, refund, &cmd.end, Moment { event: self.event_id(now), now })?;
        let after = unit.changes().iter().find_map(|change| match change {
            Change::Refund(refund) => Some(facts(refund)),
            _ => None,
        });
        let after = after.unwrap_or_default().with("reason", cmd.reason.as_str());
        let line = by.did(
            AuditAction::RefundSettled,
            Subject::of("payment", payment),
            (before, after),
            (now, self.random.as_ref()),
        );
        Ok(self.store.commit(unit.with(line).claimed_by(cmd.claim.clone())).await?)
    }
}

fn ended(
    of: Intent,
    refund: Refund,
    end: &RefundEnd,
    moment: Moment,
) -> Result<UnitOfWork, SettleRefundError> {
    if !refund.is_open() {
        return Err(SettleRefundError::AlreadyEnded);
    }
    let known = refund.gateway().cloned();
    match (end, known) {
        (RefundEnd::Failed, known) => Ok(returns::fail(of, refund, known, moment.now)?),
        (RefundEnd::Processed { named: Some(named) }, Some(known)) if *named != known => {
            Err(SettleRefundError::OtherName(known))
        }
        (RefundEnd::Processed { named }, known) => {
            let name = known.or_else(|| named.clone()).ok_or(SettleRefundError::Unnamed)?;
            Ok(returns::process(of, refund, name, moment)?)
        }
    }
}

/// What the log tells of it.
fn facts(refund: &Refund) -> Facts {
    let (status, at): (_, Option<Time>) = match &refund.state {
        RefundState::Sent { .. } => ("sent", None),
        RefundState::Pending { .. } => ("pending", None),
        RefundState::Processed { at, .. } => ("processed", Some(*at)),
        RefundState::Failed { at, .. } => ("failed", Some(*at)),
    };
    let facts = Facts::none().with("refund", refund.id).with("user", refund.user).with("status", status);
    let facts = facts.at("at", at).maybe("gateway", refund.gateway());
    facts.with("amount", format!("{:?}", refund.amount))
}
