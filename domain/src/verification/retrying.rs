//! Retrying: a new order in the place of one that brought no code. The old one's money pays for it in one commit.

use crate::{
    Amount, Change, Claim, CommitError, Committed, Fault, OrderId, Time, Unique, UnitOfWork, UserId,
    payment::service::Done,
    verification::{
        Order, ProviderError, Purchase, Reservation, ReservationState, RetryError, VerificationService,
        Waiting, buying::NewOrder,
    },
    wallet::Account,
};

/// How often a decision is made again while others are quicker.
const ATTEMPTS: u32 = 8;

/// "Try again, with another number."
#[derive(Debug, Clone)]
pub struct Retry {
    /// The new order.
    pub id: OrderId,
    /// Whose.
    pub user: UserId,
    /// The order that brought no code.
    pub of: OrderId,
    /// The client's key and what it stands for; its outcome must be `id`.
    pub claim: Claim,
}

/// What became of a number that the provider was asked to take back.
pub(super) enum LetGo {
    /// It has ended there without a code.
    Gone(Reservation),
    /// It is kept: the provider says that a code came, or does not let go.
    Kept,
    /// The order has ended meanwhile.
    Moved,
    /// The request did not arrive.
    Unheard(Fault),
}

/// The order in whose place a new one comes, and what is known of its number.
struct Former {
    order: Order,
    gone: Option<(Purchase, Reservation)>,
}

impl VerificationService {
    /// Places a new order for the same, at the old one's price at most. An order that still waits is cancelled
    /// upstream first, as by [`Self::cancel`]; its money pays for the new one.
    ///
    /// If the process dies after the provider took the number back and before the commit, the old order ends as one
    /// that the provider has cancelled.
    ///
    /// # Errors
    /// `NotRetryable` if a code won, if it ended more than ten minutes ago, or the second time; `PriceAboveLimit` if
    /// it has become dearer; `Commit` with `AccountBlocked` or `InsufficientFunds`, before a number is given up, if the
    /// account may not order or the money does not reach. From the new hold on the answer is the new order in whatever state it is.
    pub async fn retry(&self, cmd: Retry) -> Result<Done<Order>, RetryError> {
        // Asked before anything is done: a key of another command must not cancel an order.
        if let Some(done) = self.done_before(&cmd.claim).await? {
            return Ok(done);
        }
        let mut refused = RetryError::Commit(CommitError::Stale);
        for _ in 0..ATTEMPTS {
            refused = match self.retry_once(&cmd).await {
                Err(RetryError::Commit(CommitError::Stale)) => continue,
                Err(RetryError::Commit(CommitError::Duplicate(Unique::Retry))) => RetryError::NotRetryable,
                Err(refused) => refused,
                answered => return answered,
            };
            break;
        }
        // The same command may have been quicker.
        match refused {
            RetryError::Commit(CommitError::Stale | CommitError::Unavailable(_)) => Err(refused),
            _ => self.done_before(&cmd.claim).await?.ok_or(refused),
        }
    }

    /// What a command under this key has made of an order already.
    pub(super) async fn done_before(&self, claim: &Claim) -> Result<Option<Done<Order>>, CommitError> {
        let Some(id) = self.store.replay(claim).await? else { return Ok(None) };
        let value = self.known(OrderId::from_uuid(id)).await.map_err(CommitError::Unavailable)?;
        Ok(Some(Done { value, replayed: true }))
    }

    async fn retry_once(&self, cmd: &Retry) -> Result<Done<Order>, RetryError> {
        let order = self.reads.order(cmd.of).await?.filter(|order| order.head().user == cmd.user);
        let order = order.ok_or(RetryError::NotFound)?;
        self.check_retry(&order)?;
        let (cost, price) = self.offer(&order.head().ask).await?;
        if !price.money().is_at_most(order.head().price.money()) {
            return Err(RetryError::PriceAboveLimit { price });
        }
        let former = self.leave(order, price).await?;
        let head = former.order.head();
        let new = NewOrder {
            id: cmd.id,
            user: cmd.user,
            ask: head.ask.clone(),
            cost,
            price,
            metadata: head.metadata.clone(),
            attempt: head.attempt.saturating_add(1),
            retry_of: Some(cmd.of),
            batch: None,
        };
        let upstream = former.gone.as_ref().map(|(_, reservation)| reservation.clone());
        let now = self.clock.now();
        let unit = self.giving_way(UnitOfWork::claiming(cmd.claim.clone()), former, cmd.id, now)?;
        let (unit, requested, purchase) = self.opening(unit, new, now);
        match self.store.commit(unit).await {
            Ok(Committed::Applied) => {
                Ok(Done { value: self.send_once(requested, purchase).await, replayed: false })
            }
            Ok(Committed::Replayed(id)) => {
                Ok(Done { value: self.known(OrderId::from_uuid(id)).await?, replayed: true })
            }
            Err(refused) => {
                if let Some(upstream) = upstream {
                    // The number is gone all the same: its order ends now, or when states are followed next.
                    let _ = self.follow(cmd.of, &upstream).await;
                }
                Err(refused.into())
            }
        }
    }

    fn check_retry(&self, order: &Order) -> Result<(), RetryError> {
        let (now, allowed_at) = (self.clock.now(), order.head().cancel_allowed_at);
        match order {
            _ if order.can_retry(now) => Ok(()),
            Order::Waiting(_) if now < allowed_at => Err(RetryError::TooEarly { allowed_at }),
            _ => Err(RetryError::NotRetryable),
        }
    }

    /// Has the number of an order that waits taken back, for a new order at this price.
    async fn leave(&self, order: Order, price: Amount) -> Result<Former, RetryError> {
        let waiting = match order {
            Order::Waiting(waiting) => waiting,
            order => return Ok(Former { order, gone: None }),
        };
        let payer = self.payer_who_may_order(waiting.head.user).await?;
        // Its own money is free again in the commit that holds the new one's, but for gifts that are over.
        let hold = self.reads.payment(waiting.head.hold).await?;
        let hold = hold.ok_or_else(|| Fault::new("a hold of an order cannot be read"))?;
        if payer.released(hold.split).map_err(Fault::new)?.split(price).is_none() {
            return Err(CommitError::InsufficientFunds.into());
        }
        let upstream = match self.let_go(&waiting).await? {
            LetGo::Gone(upstream) => upstream,
            LetGo::Kept => return Err(RetryError::NotRetryable),
            LetGo::Moved => return Err(CommitError::Stale.into()),
            LetGo::Unheard(fault) => return Err(RetryError::ProviderUnavailable(fault)),
        };
        let purchase = self.reads.purchase(waiting.line.purchase).await?;
        let purchase = purchase.ok_or_else(|| Fault::new("a purchase of an order cannot be read"))?;
        Ok(Former { order: waiting.into(), gone: Some((purchase, upstream)) })
    }

    /// Asked before a number is given up: nobody would get it back when the account turns out to be blocked.
    pub(super) async fn payer_who_may_order(&self, user: UserId) -> Result<Account, CommitError> {
        let payer = self.reads.payer(user).await.map_err(CommitError::Unavailable)?;
        payer.filter(Account::may_order).ok_or(CommitError::AccountBlocked)
    }

    /// Asks the provider to take a number back, reads again, and lets the state decide. A code is taken in.
    pub(super) async fn let_go(&self, waiting: &Waiting) -> Result<LetGo, crate::verification::IntakeError> {
        let (id, reservation) = (waiting.head.id, &waiting.line.reservation);
        // Whatever this answers: it may have been too late, refused, or done with its answer lost.
        let asked = self.provider.cancel(reservation).await;
        let upstream = self.provider.reservation(reservation).await?;
        if upstream.state != ReservationState::Pending {
            let texts = self.provider.messages(reservation).await?;
            self.take_in(id, &texts).await?;
        }
        Ok(match (self.known(id).await?, upstream.state) {
            (Order::Completed(_), _) => LetGo::Kept,
            (order, _) if order.head().version != waiting.head.version => LetGo::Moved,
            (_, ReservationState::TimedOut | ReservationState::Cancelled | ReservationState::Reported) => {
                LetGo::Gone(upstream)
            }
            (_, ReservationState::Pending) => match asked {
                Err(ProviderError::Unavailable(fault)) => LetGo::Unheard(fault),
                Ok(()) | Err(ProviderError::NotFound | ProviderError::Refused(_)) => LetGo::Kept,
            },
            (_, ReservationState::Completed | ReservationState::Other) => LetGo::Kept,
        })
    }

    /// The old order ends, if it has not, and names the new one.
    fn giving_way(
        &self,
        unit: UnitOfWork,
        former: Former,
        to: OrderId,
        now: Time,
    ) -> Result<UnitOfWork, CommitError> {
        let (waiting, (purchase, upstream)) = match (former.order, former.gone) {
            (Order::Waiting(waiting), Some(gone)) => (waiting, gone),
            (ended, _) => return Ok(unit.with(Change::Order(ended.retried(to)))),
        };
        let head = waiting.head.clone();
        let (after, end) = if upstream.state == ReservationState::TimedOut {
            let (expired, end) = waiting.give_way(to).expire(now);
            (Order::from(expired), end)
        } else {
            let (cancelled, end) = waiting.give_way(to).cancel(now);
            (Order::from(cancelled), end)
        };
        let unit =
            unit.end(self.release(&head, end, now)).with(self.event(&after, now)).with(Change::Order(after));
        self.parting(unit, purchase, &upstream, now)
    }
}
