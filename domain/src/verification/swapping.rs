//! Swapping: the same order and the same hold, with another number.

use crate::{
    Change, Claim, CommitError, Committed, Fault, OrderId, UnitOfWork, UserId,
    payment::service::Done,
    verification::{IntakeError, Order, Requested, SwapError, VerificationService, retrying::LetGo},
};

/// How often a decision is made again while others are quicker.
const ATTEMPTS: u32 = 8;
/// Orders ended in one go.
const END_LIMIT: u32 = 1_000;

/// "Another number, please."
#[derive(Debug, Clone)]
pub struct Swap {
    /// Whose.
    pub user: UserId,
    /// The order that waits.
    pub order: OrderId,
    /// The client's key and what it stands for; its outcome must be `order`.
    pub claim: Claim,
}

impl VerificationService {
    /// Has the provider take the number back, as by [`Self::cancel`], and buys another one for the same hold. While it
    /// is under way the order waits without a number; refused or not found, it is cancelled and its money released.
    ///
    /// If the process dies after the provider took the number back and before the commit, the order ends as one that
    /// the provider has cancelled.
    ///
    /// # Errors
    /// `NotSwappable` if a code won, the third time, or if it does not wait; `PriceAboveLimit` if it has become dearer;
    /// `Commit` with `AccountBlocked`, before the number is given up, if the account may not order.
    pub async fn swap(&self, cmd: Swap) -> Result<Done<Order>, SwapError> {
        // Asked before anything is done: a key of another command must not cancel a number.
        if let Some(done) = self.done_before(&cmd.claim).await? {
            return Ok(done);
        }
        let mut refused = SwapError::Commit(CommitError::Stale);
        for _ in 0..ATTEMPTS {
            match self.swap_once(&cmd).await {
                Err(SwapError::Commit(CommitError::Stale)) => {}
                Err(error) => {
                    refused = error;
                    break;
                }
                answered => return answered,
            }
        }
        // The same command may have been quicker.
        match refused {
            SwapError::Commit(CommitError::Stale | CommitError::Unavailable(_)) => Err(refused),
            _ => self.done_before(&cmd.claim).await?.ok_or(refused),
        }
    }

    async fn swap_once(&self, cmd: &Swap) -> Result<Done<Order>, SwapError> {
        let order = self.reads.order(cmd.order).await?.filter(|order| order.head().user == cmd.user);
        let order = order.ok_or(SwapError::NotFound)?;
        let (now, allowed_at, may) = (self.clock.now(), order.head().cancel_allowed_at, &order);
        let may = may.can_swap(now);
        let waiting = match order {
            Order::Waiting(waiting) if may => waiting,
            Order::Waiting(_) if now < allowed_at => return Err(SwapError::TooEarly { allowed_at }),
            _ => return Err(SwapError::NotSwappable),
        };
        let (cost, price) = self.offer(&waiting.head.ask).await?;
        if !price.money().is_at_most(waiting.head.price.money()) {
            return Err(SwapError::PriceAboveLimit { price });
        }
        // The hold is there already, so nothing in the commit would ask.
        self.payer_who_may_order(cmd.user).await?;
        let upstream = match self.let_go(&waiting).await? {
            LetGo::Gone(upstream) => upstream,
            LetGo::Kept => return Err(SwapError::NotSwappable),
            LetGo::Moved => return Err(CommitError::Stale.into()),
            LetGo::Unheard(fault) => return Err(SwapError::ProviderUnavailable(fault)),
        };
        let former = self.reads.purchase(waiting.line.purchase).await?;
        let former = former.ok_or_else(|| Fault::new("a purchase of an order cannot be read"))?;
        let now = self.clock.now();
        let purchase = self.attempt((cmd.order, cmd.user), waiting.head.ask.clone(), cost, now);
        let swapping = waiting.swap(purchase.id);
        let after = Order::from(swapping.clone());
        let unit = UnitOfWork::claiming(cmd.claim.clone())
            .with(self.event(&after, now))
            .with(Change::Order(after))
            .with(Change::Purchase(purchase.clone()));
        match self.store.commit(self.parting(unit, former, &upstream, now)?).await {
            Ok(Committed::Applied) => {
                Ok(Done { value: self.send_once(swapping, purchase).await, replayed: false })
            }
            Ok(Committed::Replayed(id)) => {
                Ok(Done { value: self.known(OrderId::from_uuid(id)).await?, replayed: true })
            }
            Err(refused) => {
                // The number is gone all the same: its order ends now, or when states are followed next.
                let _ = self.follow(cmd.order, &upstream).await;
                Err(refused.into())
            }
        }
    }

    /// Ends orders that are still without another number when the former one would have ended. No code can come, so
    /// nothing is waited for; what the attempt brings later is an orphan. Returns how many ended.
    pub(super) async fn expire_swaps(&self) -> Result<u32, IntakeError> {
        let now = self.clock.now();
        let (mut ended, mut failed) = (0, None);
        for swapping in self.reads.swaps_ending(now, END_LIMIT).await? {
            match self.expire_swap(swapping).await {
                Ok(()) => ended += 1,
                // Somebody was quicker: it has a number now, or has ended.
                Err(CommitError::Stale) => {}
                // One that cannot be ended now holds up nobody else's money.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(ended), |error| Err(error.into()))
    }

    async fn expire_swap(&self, swapping: Requested) -> Result<(), CommitError> {
        let now = self.clock.now();
        let Requested { head, former: Some(former) } = swapping.clone() else { return Ok(()) };
        let (expired, end) = swapping.expire(former, now);
        let expired = Order::from(expired);
        let unit = UnitOfWork::new()
            .end(self.release(&head, end, now))
            .with(self.event(&expired, now))
            .with(Change::Order(expired));
        self.store.commit(unit).await.map(|_| ())
    }
}
