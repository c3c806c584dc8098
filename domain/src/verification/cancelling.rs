//! Cancelling, in whose name ever: the provider is asked and read again, and its state decides.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    AuditId, Change, CommitError, Fault, OrderId, Time, UnitOfWork, UserId,
    staff::{Actor, AuditAction, AuditEntry, By, Facts, Subject},
    verification::{
        CancelError, IntakeError, Order, OrderStatus, ProviderError, Requested, VerificationService, Waiting,
    },
};

/// In whose name an order is cancelled.
#[derive(Clone, Copy)]
pub(super) enum Canceller<'a> {
    /// Its user.
    User(UserId),
    /// Staff. Its line of the log goes with what it does.
    Staff(&'a Behest),
}

impl<'a> Canceller<'a> {
    fn owns(self, order: &Order) -> bool {
        match self {
            Self::User(user) => order.head().user == user,
            Self::Staff(_) => true,
        }
    }

    const fn behest(self) -> Option<&'a Behest> {
        match self {
            Self::User(_) => None,
            Self::Staff(behest) => Some(behest),
        }
    }
}

/// That staff wants an order cancelled, and the one line of the log that tells of it.
pub(super) struct Behest {
    actor: Actor,
    line: AuditId,
    is_told: AtomicBool,
}

impl Behest {
    /// What was decided before was not committed.
    pub(super) fn reconsider(&self) {
        self.is_told.store(false, Ordering::Relaxed);
    }

    /// The line, for a unit that is committed at once. Whoever decides again because that is refused reconsiders.
    pub(super) fn line(&self, action: AuditAction, before: OrderStatus, after: &Order, at: Time) -> Change {
        self.is_told.store(true, Ordering::Relaxed);
        Change::Audited(AuditEntry {
            id: self.line,
            by: By::Staff(self.actor.clone()),
            action,
            subject: Subject::of("verification", after.head().id),
            before: Facts::none().with("status", before.name()),
            after: Facts::none().with("status", after.status().name()).with("user", after.head().user),
            at,
        })
    }
}

impl VerificationService {
    /// The user does not want the number any more. Repeating is safe.
    ///
    /// `requested`: recorded, and done once the purchase is known. `waiting`: the provider is asked and read again;
    /// its state decides.
    ///
    /// # Errors
    /// `NotCancellable` if a code won or the order has ended otherwise, `ProviderUnavailable` with nothing changed.
    pub async fn cancel(&self, user: UserId, id: OrderId) -> Result<Order, CancelError> {
        self.cancel_for(Canceller::User(user), id).await
    }

    /// The same by staff, for whoever's order. Its line of the log is committed in the unit that ends the order or
    /// records the wish; where nothing changes there is none.
    ///
    /// # Errors
    /// As [`Self::cancel`].
    pub async fn cancel_as_staff(&self, actor: &Actor, id: OrderId) -> Result<Order, CancelError> {
        let line = AuditId::generate(self.clock.now(), self.random.as_ref());
        let behest = Behest { actor: actor.clone(), line, is_told: AtomicBool::new(false) };
        self.cancel_for(Canceller::Staff(&behest), id).await
    }

    async fn cancel_for(&self, by: Canceller<'_>, id: OrderId) -> Result<Order, CancelError> {
        let order = self.reads.order(id).await?.filter(|order| by.owns(order));
        match order.ok_or(CancelError::NotFound)? {
            cancelled @ Order::Cancelled(_) => Ok(cancelled),
            Order::Requested(requested) if requested.head.cancel_requested_at.is_some() => {
                Ok(requested.into())
            }
            Order::Requested(requested) => match self.record_cancel(requested, by).await {
                // The purchase was settled in between: look again.
                Err(CommitError::Stale) => Box::pin(self.cancel_for(by, id)).await,
                recorded => Ok(recorded?),
            },
            Order::Waiting(waiting) => {
                let allowed_at = waiting.head.cancel_allowed_at;
                if self.clock.now() < allowed_at {
                    return Err(CancelError::TooEarly { allowed_at });
                }
                self.cancel_upstream(waiting, by).await
            }
            Order::Completed(_) | Order::Expired(_) | Order::Failed(_) => Err(CancelError::NotCancellable),
        }
    }

    /// It is done once the purchase is known.
    async fn record_cancel(&self, requested: Requested, by: Canceller<'_>) -> Result<Order, CommitError> {
        let (before, now) = (Order::from(requested.clone()).status(), self.clock.now());
        let asked = Order::from(requested.request_cancel(now));
        let told = |behest: &Behest| behest.line(AuditAction::VerificationCancelAsked, before, &asked, now);
        let unit = UnitOfWork::new().with(Change::Order(asked.clone()));
        let unit = by.behest().map(told).into_iter().fold(unit, UnitOfWork::with);
        self.store.commit(unit).await.map(|_| asked)
    }

    /// Asks the provider, reads again, and lets the state decide.
    pub(super) async fn cancel_upstream(
        &self,
        waiting: Waiting,
        by: Canceller<'_>,
    ) -> Result<Order, CancelError> {
        let (id, reservation) = (waiting.head.id, waiting.line.reservation.clone());
        by.behest().into_iter().for_each(Behest::reconsider);
        // Whatever this answers: it may have been too late, refused, or done with its answer lost.
        let asked = self.provider.cancel(&reservation).await;
        let upstream = self.provider.reservation(&reservation).await.map_err(unreachable)?;
        match self.follow_for(id, &upstream, by.behest()).await {
            Ok(order @ Order::Cancelled(_)) => {
                self.tell_afterwards(by, &order).await?;
                Ok(order)
            }
            // It has been given another number meanwhile, or is about to be: that one is not wanted either.
            Ok(Order::Waiting(moved)) if moved.line.reservation != reservation => {
                Box::pin(self.cancel_upstream(moved, by)).await
            }
            Ok(Order::Requested(_)) => Box::pin(self.cancel_for(by, id)).await,
            Ok(Order::Waiting(_)) if matches!(asked, Err(ProviderError::Unavailable(_))) => {
                Err(CancelError::ProviderUnavailable(Fault::new("the request to cancel did not arrive")))
            }
            Ok(_) => Err(CancelError::NotCancellable),
            Err(IntakeError::Provider(error)) => Err(unreachable(error)),
            Err(IntakeError::Commit(error)) => Err(error.into()),
            Err(IntakeError::Unavailable(fault)) => Err(fault.into()),
        }
    }

    /// Staff had the number taken back, and somebody who follows the provider's states ended the order first: what
    /// staff did is told all the same.
    async fn tell_afterwards(&self, by: Canceller<'_>, ended: &Order) -> Result<(), CommitError> {
        let Some(behest) = by.behest().filter(|behest| !behest.is_told.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        let action = AuditAction::VerificationCancelled;
        let line = behest.line(action, OrderStatus::Waiting, ended, self.clock.now());
        self.store.commit(UnitOfWork::new().with(line)).await.map(|_| ())
    }
}

fn unreachable(error: ProviderError) -> CancelError {
    CancelError::ProviderUnavailable(Fault::new(error))
}
