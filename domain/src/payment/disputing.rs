//! Use cases of disputes. Every notice and every sweep is only a reason to read; what was read decides.

use crate::{
    CommitError, DisputeId, Fault, Time,
    payment::{
        Followed, GatewayDispute, GatewayDisputeStatus, GatewayRefund, Intent, Listed, PaymentReference,
        PaymentService, SettleError,
        elsewhere::Elsewhere,
        refunding::undecidable,
        returns::{self, Moment, Owner, Sighting},
    },
    time::{hours, minutes},
    unit::retry_stale,
};

/// How far back disputes are looked for that nobody told of.
const LOOK_BACK_H: i64 = 7 * 24;
/// The same once an hour: a payment may be credited long after its dispute was opened, when it was in suspense, and
/// one that was won may be lost after all.
const LOOK_FAR_BACK_H: i64 = 180 * 24;

/// Nothing new.
const UNCHANGED: Followed = Followed { changed: 0, attention: 0, refused: 0, unanswered: 0, stuck: 0 };
/// It cannot be booked, or is not understood.
const REFUSED: Followed = Followed { refused: 1, ..UNCHANGED };

impl PaymentService {
    /// Reads the disputes that were opened lately, or since the oldest that is not decided, and does what they mean:
    /// freezes what is claimed, lifts the freeze, or books the loss. Safe to call at any time, by anybody.
    ///
    /// # Errors
    /// If gateway or store cannot be read. A dispute that fails is looked at again later.
    pub async fn follow_disputes(&self) -> Result<Followed, SettleError> {
        let now = self.clock.now();
        let far = self.looks_far(|far| &mut far.disputes, now);
        let lately = now - hours(if far { LOOK_FAR_BACK_H } else { LOOK_BACK_H });
        let oldest = self.reads.oldest_open_dispute().await?;
        let from = oldest.map_or(lately, |oldest| lately.min(oldest - minutes(1)));
        let Listed { rows, unreadable } = self.gateway.disputes_since(from).await?;
        let mut followed = Followed { refused: unreadable, ..Followed::default() };
        for seen in &rows {
            match retry_stale(|| self.see_once(Sighting { seen, read_at: now }, &rows)).await {
                Ok(one) => followed.add(one),
                Err(_) => followed.unanswered += 1,
            }
        }
        Ok(followed)
    }

    /// Books what a refund of a payment proves that a dispute has lost. True if it did.
    pub(super) async fn see_loss(
        &self,
        of: &PaymentReference,
        theirs: &GatewayRefund,
        read_at: Time,
    ) -> Result<bool, CommitError> {
        let Some(name) = &theirs.dispute else { return Ok(false) };
        let known = self.reads.dispute_named(name).await.map_err(CommitError::Unavailable)?;
        let Some(seen) = returns::loss_of(known.as_ref(), of, theirs) else { return Ok(false) };
        Ok(self.see_once(Sighting { seen: &seen, read_at }, &[]).await?.changed > 0)
    }

    async fn see_once(
        &self,
        sighting: Sighting<'_>,
        listed: &[GatewayDispute],
    ) -> Result<Followed, CommitError> {
        let (seen, unavailable) = (sighting.seen, CommitError::Unavailable);
        let known = self.reads.dispute_named(&seen.id).await.map_err(unavailable)?;
        let read = self.reads.intent_by_reference(&seen.reference).await.map_err(unavailable)?;
        let Some(of) = read else { return Ok(UNCHANGED) };
        if of.is_suspended() {
            return self.see_suspended(&of, seen, listed).await;
        }
        if !of.is_credited() {
            return Ok(UNCHANGED);
        }
        if returns::is_unbookable(&of, known.as_ref(), seen) {
            return Ok(REFUSED);
        }
        let account = self.wallets.account(of.user).await.map_err(unavailable)?;
        let account = account.ok_or(CommitError::Stale)?;
        let is_closed = self.is_closed(of.user).await?;
        let waiting = self.waiting(&of, is_closed).await?;
        let owner = Owner { account: &account, is_closed, waiting: &waiting };
        let now = self.clock.now();
        let id = DisputeId::generate(now, self.random.as_ref());
        let moment = Moment { event: self.event_id(now), now };
        let told = if returns::is_in_doubt(known.as_ref(), seen) { REFUSED } else { UNCHANGED };
        let decided = returns::dispute(of, known, sighting, id, owner, moment).map_err(undecidable)?;
        let Some(unit) = decided else { return Ok(told) };
        match self.store.commit(unit).await {
            Ok(_) => Ok(Followed { changed: 1, ..told }),
            // Somebody else has seen it at the same time: decide again.
            Err(CommitError::Duplicate(_)) => Err(CommitError::Stale),
            Err(error) => Err(error),
        }
    }

    /// No wallet has the money: nothing can be frozen, but what the bank gave back has left suspense.
    async fn see_suspended(
        &self,
        of: &Intent,
        seen: &GatewayDispute,
        listed: &[GatewayDispute],
    ) -> Result<Followed, CommitError> {
        if seen.status == GatewayDisputeStatus::Won {
            return Ok(UNCHANGED);
        }
        let read = self.gateway.refunds_of(&of.reference).await;
        let refunds = read.and_then(Listed::whole);
        let refunds = refunds.map_err(|error| CommitError::Unavailable(Fault::new(error)))?;
        let disputes: Vec<_> = listed.iter().filter(|dispute| dispute.reference == of.reference).collect();
        self.follow_suspended(of, Elsewhere { refunds: &refunds, disputes: &disputes }).await
    }
}
