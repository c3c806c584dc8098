//! A dispute that no list decides is decided by a person, who has looked at the gateway.

use crate::{
    Amount, Change, Claim, CommitError, Committed, Fault,
    payment::{
        ChargedMoney, Dispute, DisputeState, Done, GatewayDispute, GatewayDisputeId, GatewayDisputeStatus,
        PaymentService,
        returns::{self, Moment, Owner, Sighting},
        settlement::Undecidable,
    },
    staff::{AuditAction, By, Facts, Subject},
    unit::retry_stale,
    wallet::Reason,
};

/// How a dispute was decided at the gateway, as somebody saw there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeEnd {
    /// The house keeps the money.
    Won,
    /// The customer has the money.
    Lost {
        /// How much, in the currency that was paid; `None`: what is claimed.
        given_back: Option<Amount>,
    },
}

/// "This dispute was decided so." What the gateway lists later than that still counts.
#[derive(Debug, Clone)]
pub struct SettleDispute {
    /// Which, by the gateway's name.
    pub dispute: GatewayDisputeId,
    /// How.
    pub end: DisputeEnd,
    /// How that is known.
    pub reason: Reason,
    /// The key, and what it stands for; its outcome must be the dispute's identifier.
    pub claim: Claim,
}

/// Why a dispute was not decided by hand. Nothing has moved then.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettleDisputeError {
    /// There is none of this name.
    #[error("no such dispute")]
    NotFound,
    /// It is decided already.
    #[error("the dispute is decided already")]
    AlreadyDecided,
    /// So much cannot have been given back: it is in another currency than was paid.
    #[error("what was given back is in the currency that was paid")]
    OtherMoney,
    /// The commit was refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store could not be read, or the sums are out of range.
    #[error("the dispute cannot be decided now")]
    Unavailable(#[from] Fault),
}

impl From<Undecidable> for SettleDisputeError {
    fn from(error: Undecidable) -> Self {
        Self::Unavailable(Fault::new(error))
    }
}

impl PaymentService {
    /// A dispute, by the gateway's name.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn dispute(&self, name: &GatewayDisputeId) -> Result<Option<Dispute>, Fault> {
        self.reads.dispute_named(name).await
    }

    /// Decides a dispute that is open, once, as its list would have done. The line of the log is in the same commit.
    ///
    /// # Errors
    /// [`SettleDisputeError`], by name.
    pub async fn settle_dispute(
        &self,
        by: &By,
        cmd: SettleDispute,
    ) -> Result<Done<Dispute>, SettleDisputeError> {
        let decided = retry_stale(|| async {
            match self.settle_dispute_once(by, &cmd).await {
                Err(SettleDisputeError::Commit(refused)) => Err(refused),
                decided => Ok(decided),
            }
        });
        let replayed = matches!(decided.await??, Committed::Replayed(_));
        let value = self.reads.dispute_named(&cmd.dispute).await?.ok_or(SettleDisputeError::NotFound)?;
        Ok(Done { value, replayed })
    }

    async fn settle_dispute_once(
        &self,
        by: &By,
        cmd: &SettleDispute,
    ) -> Result<Committed, SettleDisputeError> {
        if let Some(before) = self.store.replay(&cmd.claim).await? {
            return Ok(Committed::Replayed(before));
        }
        let known = self.reads.dispute_named(&cmd.dispute).await?.ok_or(SettleDisputeError::NotFound)?;
        if !known.is_open() {
            return Err(SettleDisputeError::AlreadyDecided);
        }
        let of = self.reads.intent(known.payment).await?.ok_or(SettleDisputeError::NotFound)?;
        let account = self.wallets.account(of.user).await?.ok_or(SettleDisputeError::NotFound)?;
        let is_closed = self.is_closed(of.user).await?;
        let waiting = self.waiting(&of, is_closed).await?;
        let owner = Owner { account: &account, is_closed, waiting: &waiting };
        let (seen, now) = (seen(&known, cmd.end), self.clock.now());
        if returns::is_unbookable(&of, Some(&known), &seen) {
            return Err(SettleDisputeError::OtherMoney);
        }
        let moment = Moment { event: self.event_id(now), now };
        let (id, payment, before) = (known.id, known.payment, facts(&known));
        let sighting = Sighting { seen: &seen, read_at: now };
        let unit = returns::dispute(of, Some(known), sighting, id, owner, moment)?;
        let unit = unit.ok_or(SettleDisputeError::AlreadyDecided)?;
        let after = unit.changes().iter().find_map(|change| match change {
            Change::Dispute(dispute) if dispute.id == id => Some(facts(dispute)),
            _ => None,
        });
        let after = after.unwrap_or_default().with("reason", cmd.reason.as_str());
        let (what, about) = (AuditAction::DisputeSettled, Subject::of("payment", payment));
        let line = by.did(what, about, (before, after), (now, self.random.as_ref()));
        Ok(self.store.commit(unit.with(line).claimed_by(cmd.claim.clone())).await?)
    }
}

/// What the gateway's list would say of it.
fn seen(known: &Dispute, end: DisputeEnd) -> GatewayDispute {
    let (status, sum) = match end {
        DisputeEnd::Won => (GatewayDisputeStatus::Won, known.claimed),
        DisputeEnd::Lost { given_back } => (GatewayDisputeStatus::Lost, given_back.unwrap_or(known.claimed)),
    };
    GatewayDispute {
        id: known.gateway.clone(),
        reference: known.reference.clone(),
        amount: ChargedMoney::Known(sum),
        status,
        created_at: known.opened_at,
    }
}

/// What the log tells of it.
fn facts(dispute: &Dispute) -> Facts {
    let (status, at) = match dispute.state {
        DisputeState::Open { .. } => ("open", None),
        DisputeState::Won { at } => ("won", Some(at)),
        DisputeState::Lost { at, .. } => ("lost", Some(at)),
    };
    let facts = Facts::none().with("dispute", dispute.id).with("user", dispute.user).with("status", status);
    facts.at("at", at).with("gateway", &dispute.gateway).with("claimed", format!("{:?}", dispute.claimed))
}
