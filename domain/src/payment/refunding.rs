//! Use cases of refunds: ask for one, and find out what became of it.
//!
//! A refund is sent to the gateway once, by the task whose commit reserved the money, and never again: the gateway
//! knows no idempotency here. Whatever became of it is found by reading the gateway's list.

use std::collections::BTreeSet;

use crate::{
    Amount, Claim, CommitError, Committed, Fault, HoldId, Money, Page, PageOf, PaymentId, RefundId, Time,
    UnitOfWork, UserId,
    breaker::Admits,
    payment::{
        Done, GatewayRefund, GatewayRefundId, GatewayRefundStatus, Intent, Listed, PaymentError,
        PaymentReference, PaymentService, Refund, RefundError, RefundFailure, RefundRequest, RefundState,
        SettleError,
        elsewhere::Elsewhere,
        refund::{LOOK_BACK, LOOK_FAR_BACK},
        returns::{self, Aside, Moment, Owner, Step},
        service::unavailable,
        settlement::Undecidable,
    },
    staff::{Actor, AuditAction, By, Facts, Subject},
    unit::retry_stale,
    wallet::{Account, Reason},
};

/// "I want this much of that payment back where it came from."
#[derive(Debug, Clone)]
pub struct AskRefund {
    /// Who.
    pub user: UserId,
    /// Of which payment.
    pub payment: PaymentId,
    /// How much, in dollars; `None`: all that may go back.
    pub amount: Option<Amount>,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
    /// The new refund.
    pub id: RefundId,
}

/// "Give this much of that payment back", by staff for its owner. The same rules hold as for the owner himself.
#[derive(Debug, Clone)]
pub struct StaffRefund {
    /// Of which payment.
    pub payment: PaymentId,
    /// How much, in dollars; `None`: all that may go back.
    pub amount: Option<Amount>,
    /// Why.
    pub reason: Reason,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
    /// The new refund.
    pub id: RefundId,
}

/// Who asks in the owner's place, and why.
#[derive(Clone, Copy)]
struct InPlace<'a> {
    by: &'a By,
    reason: &'a Reason,
}

/// What was found out about refunds or disputes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed {
    /// What changed in our books.
    pub changed: u32,
    /// What waits for somebody at the gateway: refunds that need an account, and what should have gone back and has not.
    pub attention: u32,
    /// What the gateway says does not agree with our books, or cannot be booked: a person must look.
    pub refused: u32,
    /// Payments that gateway or store did not answer for.
    pub unanswered: u32,
    /// Refunds without an end a day after they were asked for, of which the gateway says nothing: no list will end them,
    /// so a person must ([`PaymentService::settle_refund`]).
    pub stuck: u32,
}

/// Refunds looked after in one go.
const FOLLOW_LIMIT: u32 = 200;
/// Steps of one payment in one go; far more than a list can ask for.
const MAX_STEPS: u32 = 1_000;

enum Asked {
    New(Box<Refund>),
    Before(RefundId),
}

impl PaymentService {
    /// Reserves the money, then asks the gateway once.
    ///
    /// # Errors
    /// Every refusal comes before anything is reserved. Afterwards the answer is the refund, whatever became of it.
    pub async fn refund(&self, cmd: AskRefund) -> Result<Done<Refund>, RefundError> {
        self.ask(cmd, None).await
    }

    /// The same by staff for the owner of the payment: the line of the log is in the commit that reserves the money.
    ///
    /// # Errors
    /// `OwnAccount` for a payment of his own; the others as of [`PaymentService::refund`].
    pub async fn refund_by_staff(
        &self,
        actor: &Actor,
        cmd: StaffRefund,
    ) -> Result<Done<Refund>, RefundError> {
        let StaffRefund { payment, amount, reason, claim, id } = cmd;
        let intent = self.reads.intent(payment).await.map_err(CommitError::Unavailable)?;
        let (by, user) = (By::Staff(actor.clone()), intent.ok_or(RefundError::NotFound)?.user);
        if by.owns(user) {
            return Err(RefundError::OwnAccount);
        }
        let ask = AskRefund { user, payment, amount, claim, id };
        self.ask(ask, Some(InPlace { by: &by, reason: &reason })).await
    }

    async fn ask(&self, cmd: AskRefund, in_place: Option<InPlace<'_>>) -> Result<Done<Refund>, RefundError> {
        if let Some(id) = self.store.replay(&cmd.claim).await? {
            return self.refunded_before(RefundId::from_uuid(id)).await;
        }
        if !self.would_be_sent(cmd.payment).await.map_err(CommitError::Unavailable)? {
            return Err(RefundError::GatewayResting);
        }
        match retry_stale(|| self.ask_once(&cmd, in_place)).await? {
            Ok(Asked::Before(id)) => self.refunded_before(id).await,
            Ok(Asked::New(refund)) => Ok(Done { value: self.send(*refund).await, replayed: false }),
            // What stands in the way may be this very command: its twin has reserved the money meanwhile.
            Err(refused) => match self.store.replay(&cmd.claim).await? {
                Some(id) => self.refunded_before(RefundId::from_uuid(id)).await,
                None => Err(refused),
            },
        }
    }

    /// Whether the gateway would be asked. After it was left alone for a while, a read of the payment shows whether it is
    /// well again: a refund is never what tries.
    async fn would_be_sent(&self, payment: PaymentId) -> Result<bool, Fault> {
        if self.gateway.admits() == Admits::One
            && let Some(intent) = self.reads.intent(payment).await?
        {
            // Only whether it answers counts.
            let _ = self.gateway.verify(&intent.reference).await;
        }
        Ok(self.gateway.admits() == Admits::All)
    }

    /// Refunds of a payment of `user`, newest first.
    ///
    /// # Errors
    /// `NotFound` also for somebody else's payment.
    pub async fn refunds(
        &self,
        user: UserId,
        payment: PaymentId,
        page: Page<RefundId>,
    ) -> Result<PageOf<Refund>, PaymentError> {
        self.get(user, payment).await?;
        let mut refunds = self.reads.refunds_of(payment).await?;
        refunds.reverse();
        refunds.retain(|refund| page.after.is_none_or(|after| refund.id < after));
        refunds.truncate(page.limit as usize + 1);
        Ok(PageOf::from_one_more(refunds, page.limit))
    }

    /// Looks after every refund of which nothing final is known, and after those that the gateway lists and our books
    /// do not explain. With every webhook lost this alone ends them all.
    ///
    /// # Errors
    /// If neither the list nor the store can be read. A payment that fails is looked at again later.
    pub async fn follow_refunds(&self) -> Result<Followed, SettleError> {
        let open = self.reads.open_refunds(FOLLOW_LIMIT).await?;
        let mut references: BTreeSet<PaymentReference> =
            open.iter().map(|refund| refund.reference.clone()).collect();
        let now = self.clock.now();
        let is_far = self.looks_far(|far| &mut far.refunds, now);
        let back = if is_far { LOOK_FAR_BACK } else { LOOK_BACK };
        let listed = self.gateway.refunds_since(now - back).await;
        let mut followed = Followed::default();
        if let Ok(listed) = &listed {
            references.extend(self.unexplained(&listed.rows).await?);
            followed.refused += listed.unreadable;
        }
        for reference in references {
            match self.follow_refunds_of(&reference).await {
                Ok(one) => followed.add(one),
                Err(_) => {
                    let of_it = open.iter().filter(|refund| refund.reference == reference);
                    let overdue = of_it.filter(|refund| returns::is_overdue(refund, now));
                    followed.stuck += u32::try_from(overdue.count()).unwrap_or(u32::MAX);
                    followed.unanswered += 1;
                }
            }
        }
        if is_far {
            match self.unsent(now).await {
                Ok(unsent) => followed.add(unsent),
                Err(_) => followed.unanswered += 1,
            }
        }
        listed.map(|_| followed).map_err(SettleError::Gateway)
    }

    /// Reads the gateway's refunds of one payment, and does what they mean. Safe to call at any time, by anybody.
    ///
    /// # Errors
    /// If the gateway or the store cannot be asked; trying again is safe.
    pub async fn follow_refunds_of(&self, reference: &PaymentReference) -> Result<Followed, SettleError> {
        let read = self.reads.intent_by_reference(reference).await?;
        let has_come = |intent: &Intent| intent.is_credited() || intent.is_suspended();
        let Some(intent) = read.filter(has_come) else { return Ok(Followed::default()) };
        let read_at = self.clock.now();
        let listed = self.gateway.refunds_of(reference).await?;
        if intent.is_suspended() {
            let refunds = listed.whole()?;
            let elsewhere = Elsewhere { refunds: &refunds, disputes: &[] };
            let followed = retry_stale(|| self.follow_suspended(&intent, elsewhere)).await;
            return followed.map_err(unavailable);
        }
        let mut followed = Followed::default();
        for _ in 0..MAX_STEPS {
            let stepped = retry_stale(|| self.step_once(intent.id, &listed, read_at)).await;
            if !stepped.map_err(unavailable)? {
                break;
            }
            followed.changed += 1;
        }
        for theirs in &listed.rows {
            let seen = retry_stale(|| self.see_loss(reference, theirs, read_at)).await;
            followed.changed += u32::from(seen.map_err(unavailable)?);
        }
        let ours = self.reads.refunds_of(intent.id).await?;
        let mut disputes = Vec::new();
        for name in listed.rows.iter().filter_map(|theirs| theirs.dispute.as_ref()) {
            disputes.extend(self.reads.dispute_named(name).await?);
        }
        (followed.attention, followed.refused) = returns::oddities(&intent, &ours, &disputes, &listed);
        followed.stuck = returns::stuck(&ours, &listed, read_at);
        Ok(followed)
    }

    /// Payments with a listed refund that has ended otherwise than our books say.
    async fn unexplained(
        &self,
        listed: &[(PaymentReference, GatewayRefund)],
    ) -> Result<Vec<PaymentReference>, Fault> {
        let has_ended = |refund: &GatewayRefund| {
            matches!(refund.status, GatewayRefundStatus::Processed | GatewayRefundStatus::Failed)
        };
        let ended: Vec<_> = listed.iter().filter(|(_, refund)| has_ended(refund)).collect();
        let names: Vec<GatewayRefundId> = ended.iter().map(|(_, refund)| refund.id.clone()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let ours = self.reads.refunds_named(&names).await?;
        let is_news = |theirs: &GatewayRefund| {
            let known = ours.iter().find(|refund| refund.gateway() == Some(&theirs.id));
            let is_processed = theirs.status == GatewayRefundStatus::Processed;
            match known.map(|refund| &refund.state) {
                None => is_processed && theirs.dispute.is_none(),
                Some(RefundState::Processed { .. }) => !is_processed,
                Some(RefundState::Failed { .. }) => is_processed,
                Some(RefundState::Sent { .. } | RefundState::Pending { .. }) => true,
            }
        };
        let mut unexplained = Vec::new();
        for (reference, refund) in ended {
            if is_news(refund) || self.is_unbooked_loss(refund).await? {
                unexplained.push(reference.clone());
            }
        }
        Ok(unexplained)
    }

    /// True for what a dispute gave back and our books do not say that it has lost.
    async fn is_unbooked_loss(&self, theirs: &GatewayRefund) -> Result<bool, Fault> {
        let processed = theirs.status == GatewayRefundStatus::Processed;
        let Some(name) = theirs.dispute.as_ref().filter(|_| processed) else { return Ok(false) };
        let known = self.reads.dispute_named(name).await?;
        Ok(!returns::is_booked(known.as_ref(), &theirs.amount))
    }

    async fn refunded_before(&self, id: RefundId) -> Result<Done<Refund>, RefundError> {
        let read = self.reads.refund(id).await.map_err(CommitError::Unavailable)?;
        read.map(|value| Done { value, replayed: true }).ok_or(RefundError::NotFound)
    }

    async fn ask_once(
        &self,
        cmd: &AskRefund,
        in_place: Option<InPlace<'_>>,
    ) -> Result<Result<Asked, RefundError>, CommitError> {
        // The account first: whatever is read after it and matters, moves the account's version too.
        let account = self.wallets.account(cmd.user).await.map_err(CommitError::Unavailable)?;
        let intent = self.reads.intent(cmd.payment).await.map_err(CommitError::Unavailable)?;
        let (Some(account), Some(intent)) = (account, intent.filter(|intent| intent.user == cmd.user)) else {
            return Ok(Err(RefundError::NotFound));
        };
        let refund = match self.draft_refund(cmd, &intent, &account).await? {
            Ok(refund) => refund,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut unit = returns::ask(cmd.claim.clone(), intent, &refund, &account).map_err(undecidable)?;
        if let Some(InPlace { by, reason }) = in_place {
            let (subject, facts) = (Subject::of("payment", refund.payment), facts(&refund, reason));
            let now = (refund.created_at, self.random.as_ref());
            unit = unit.with(by.did(AuditAction::PaymentRefunded, subject, (Facts::none(), facts), now));
        }
        match self.store.commit(unit).await {
            Ok(Committed::Applied) => Ok(Ok(Asked::New(Box::new(refund)))),
            Ok(Committed::Replayed(id)) => Ok(Ok(Asked::Before(RefundId::from_uuid(id)))),
            // Another refund of this payment came first: decide again.
            Err(CommitError::Duplicate(_)) => Err(CommitError::Stale),
            Err(error) => Err(error),
        }
    }

    async fn draft_refund(
        &self,
        cmd: &AskRefund,
        of: &Intent,
        account: &Account,
    ) -> Result<Result<Refund, RefundError>, CommitError> {
        if account.open_disputes > 0 {
            return Ok(Err(RefundError::DisputeOpen));
        }
        if !account.may_order() {
            return Ok(Err(RefundError::Commit(CommitError::AccountBlocked)));
        }
        let nothing = Money::zero(of.amount.currency());
        let ours = self.reads.refunds_of(of.id).await.map_err(CommitError::Unavailable)?;
        if !of.is_credited() || ours.iter().any(Refund::is_open) {
            return Ok(Err(RefundError::NotRefundable { refundable: nothing }));
        }
        let limits = self.reads.refund_limits(of).await.map_err(CommitError::Unavailable)?;
        let refundable = of.refundable(account, limits);
        let refused = || RefundError::NotRefundable { refundable };
        let Ok(amount) = cmd.amount.map_or_else(|| Amount::try_new(refundable), Ok) else {
            return Ok(Err(refused()));
        };
        if amount.currency() != refundable.currency() {
            return Ok(Err(RefundError::Amount));
        }
        if !amount.money().is_at_most(refundable) {
            return Ok(Err(refused()));
        }
        let now = self.clock.now();
        let hold = HoldId::generate(now, self.random.as_ref());
        let share = of.share_of(amount);
        Ok(share.map(|share| Refund::ask(cmd.id, of, hold, share, now)).ok_or(RefundError::Amount))
    }

    /// Sends once, in time or never, and keeps what the answer says. What cannot be kept is found by looking.
    async fn send(&self, refund: Refund) -> Refund {
        if self.clock.now() > refund.send_by {
            return refund;
        }
        let request = RefundRequest { reference: refund.reference.clone(), amount: refund.charged };
        let kept = match self.gateway.refund(&request).await {
            Ok(theirs) => retry_stale(|| self.keep_name(refund.id, &theirs.id)).await,
            Err(RefundFailure::Declined(_)) => retry_stale(|| self.keep_refusal(refund.id)).await,
            Err(RefundFailure::Unknown(_)) => Ok(()),
        };
        match (kept, self.reads.refund(refund.id).await) {
            (Ok(()), Ok(Some(now))) => now,
            _ => refund,
        }
    }

    async fn keep_name(&self, id: RefundId, name: &GatewayRefundId) -> Result<(), CommitError> {
        match self.sent(id).await? {
            Some(refund) => self.store.commit(returns::bind(refund, name.clone())).await.map(|_| ()),
            None => Ok(()),
        }
    }

    async fn keep_refusal(&self, id: RefundId) -> Result<(), CommitError> {
        let Some(refund) = self.sent(id).await? else { return Ok(()) };
        let intent = self.intent_of(refund.payment).await?;
        let unit = returns::fail(intent, refund, None, self.clock.now()).map_err(undecidable)?;
        self.store.commit(unit).await.map(|_| ())
    }

    /// The refund, if its outcome is still not known.
    async fn sent(&self, id: RefundId) -> Result<Option<Refund>, CommitError> {
        let refund = self.reads.refund(id).await.map_err(CommitError::Unavailable)?;
        Ok(refund.filter(|refund| matches!(refund.state, RefundState::Sent { .. })))
    }

    async fn intent_of(&self, payment: PaymentId) -> Result<Intent, CommitError> {
        let intent = self.reads.intent(payment).await.map_err(CommitError::Unavailable)?;
        intent.ok_or(CommitError::Stale)
    }

    /// Does the next thing that the list means for a payment; false if there is none.
    async fn step_once(
        &self,
        payment: PaymentId,
        listed: &Listed<GatewayRefund>,
        read_at: Time,
    ) -> Result<bool, CommitError> {
        let intent = self.intent_of(payment).await?;
        let account = self.wallets.account(intent.user).await.map_err(CommitError::Unavailable)?;
        let account = account.ok_or(CommitError::Stale)?;
        let is_closed = self.is_closed(intent.user).await?;
        let waiting = self.waiting(&intent, is_closed).await?;
        let owner = Owner { account: &account, is_closed, waiting: &waiting };
        let ours = self.reads.refunds_of(payment).await.map_err(CommitError::Unavailable)?;
        let Some(step) = returns::next_step(&ours, listed, read_at) else { return Ok(false) };
        let Some(unit) = self.unit_of(step, intent, owner, read_at).map_err(undecidable)? else {
            return Ok(false);
        };
        match self.store.commit(unit).await {
            Ok(_) => Ok(true),
            // Somebody else has booked it: decide again.
            Err(CommitError::Duplicate(_)) => Err(CommitError::Stale),
            Err(error) => Err(error),
        }
    }

    /// True if nobody is there any more whose money it could be. Closing an account moves its version, so this is read
    /// after the account, and the commit expects that.
    pub(super) async fn is_closed(&self, user: UserId) -> Result<bool, CommitError> {
        let owner = self.users.user(user).await.map_err(CommitError::Unavailable)?;
        Ok(owner.is_some_and(|owner| owner.is_deleted()))
    }

    /// What of a payment waits in suspense: of a closed account alone something does.
    pub(super) async fn waiting(&self, of: &Intent, is_closed: bool) -> Result<Vec<Aside>, CommitError> {
        if !is_closed {
            return Ok(Vec::new());
        }
        let refunds = self.reads.refunds_of(of.id).await.map_err(CommitError::Unavailable)?;
        let disputes = self.reads.disputes_of(of.id).await.map_err(CommitError::Unavailable)?;
        Ok(Aside::all(&refunds, &disputes))
    }

    fn unit_of(
        &self,
        step: Step,
        of: Intent,
        owner: Owner<'_>,
        read_at: Time,
    ) -> Result<Option<UnitOfWork>, Undecidable> {
        let now = self.clock.now();
        let moment = Moment { event: self.event_id(now), now };
        Ok(Some(match step {
            Step::Bind(refund, name) => returns::bind(refund, name),
            Step::Missed(refund) => returns::miss(refund, read_at),
            Step::Absent(refund) => returns::fail(of, refund, None, now)?,
            Step::Processed(refund, name) => returns::process(of, refund, name, moment)?,
            Step::Failed(refund, name) => returns::fail(of, refund, Some(name), now)?,
            Step::Reversed(refund, name) => returns::reverse(of, refund, name, owner, moment)?,
            Step::Returned(refund, name) => returns::revive(of, refund, name, owner.account, moment)?,
            Step::Found(name, charged) => {
                let Some(share) = of.share_taken(charged) else { return Ok(None) };
                let id = RefundId::generate(now, self.random.as_ref());
                returns::find(of, id, name, share, owner, moment)?
            }
        }))
    }
}

/// What the log tells of a refund that was asked for.
fn facts(refund: &Refund, reason: &Reason) -> Facts {
    let facts = Facts::none().with("refund", refund.id).with("user", refund.user);
    facts.with("amount", format!("{:?}", refund.amount)).with("reason", reason.as_str())
}

impl Followed {
    pub(crate) const fn add(&mut self, other: Self) {
        self.changed += other.changed;
        self.attention += other.attention;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.stuck += other.stuck;
    }
}

pub(crate) fn undecidable(error: Undecidable) -> CommitError {
    CommitError::Unavailable(Fault::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_out_about_two_payments_is_added_up() {
        let mut followed = Followed { changed: 1, attention: 2, refused: 3, unanswered: 4, stuck: 5 };
        followed.add(Followed { changed: 10, attention: 20, refused: 30, unanswered: 40, stuck: 50 });
        assert_eq!(followed, Followed { changed: 11, attention: 22, refused: 33, unanswered: 44, stuck: 55 });
    }
}
