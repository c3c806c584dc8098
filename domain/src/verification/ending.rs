//! Ending orders with the provider, and settling with it afterwards.

use std::{collections::HashSet, ops::ControlFlow};

use crate::{
    Change, CommitError, OrderId, PurchaseId, Time, UnitOfWork,
    race::each,
    staff::AuditAction,
    time::seconds,
    verification::{
        CancelError, IntakeError, Order, OrderStatus, ProviderError, Purchase, Receivable, Reservation,
        ReservationState, VerificationService, Waiting,
        buying::broken,
        cancelling::{Behest, Canceller},
        expiring::AT_ONCE,
    },
};

/// How long "completed" without a text is believed.
const TEXT_AFTER_S: i64 = 60;
/// States at the provider are looked at this often; texts come by the shared poll.
const STATES_EVERY_S: i64 = 15;
/// Credits of orders that ended so long ago are looked for in listings; of others, one by one.
const CREDIT_WITHIN_S: i64 = 120;
/// Orders that are over, or almost, are left to those who end them by time.
const OVER_WITHIN_S: i64 = 2;
/// Of these no more than so many are asked for.
const OVER_LIMIT: u32 = 20_000;

/// How the house stands with the provider about a number that is not needed any more, or of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberEnd {
    /// Nothing is left to do or to wait for.
    Settled,
    /// The provider has not done what it was told: to be told again.
    Open,
    /// It has heard of the number, and may give its price back yet.
    Awaited {
        /// When to look again.
        again_at: Time,
    },
}

impl VerificationService {
    /// Looks at the states of reservations that orders wait on, or of orders that ended lately: time-outs,
    /// cancellations and refunds come by no notice. Returns how many orders changed.
    ///
    /// # Errors
    /// If provider or store cannot be read.
    pub async fn follow_states(&self) -> Result<u32, IntakeError> {
        let (now, provider) = (self.clock.now(), self.provider.id());
        if self.remember(|memory| memory.states_at.is_some_and(|at| now < at + seconds(STATES_EVERY_S))) {
            return Ok(0);
        }
        let waiting = self.reads.oldest_waiting(provider).await?;
        let ended = self.reads.uncredited(provider, now - seconds(CREDIT_WITHIN_S)).await?;
        let made = ended.iter().filter_map(Purchase::bought).map(|bought| bought.created_at - seconds(1));
        let from = made.chain(waiting.map(|bound| bound + self.provider.skew() - seconds(60))).min();
        let Some(from) = from else { return Ok(0) };
        let listing = self.provider.reservations_since(from).await?;
        self.remember(|memory| memory.states_at = Some(now));
        let moved: Vec<Reservation> =
            listing.reservations.into_iter().filter(|r| r.state != ReservationState::Pending).collect();
        let credited = self.credit_listed(ended, &moved).await;
        let changed = self.follow_listed(&moved, now).await?;
        credited.map(|()| changed)
    }

    /// Books what a listing shows to be credited of these numbers: a page for many instead of a question each.
    async fn credit_listed(&self, ended: Vec<Purchase>, listed: &[Reservation]) -> Result<(), IntakeError> {
        let credited: HashSet<_> = listed.iter().filter(|r| r.state.is_credited()).map(|r| &r.id).collect();
        let is_credited = |p: &Purchase| p.bought().is_some_and(|b| credited.contains(&b.reservation));
        let bookings = ended.into_iter().filter(is_credited).map(|purchase| self.commit_credit(purchase));
        let mut failed = None;
        each(bookings, AT_ONCE, |booked| {
            failed = failed.take().or(booked.err());
            ControlFlow::Continue(())
        })
        .await;
        failed.map_or(Ok(()), Err)
    }

    /// Lets each order that waits on one of these reservations follow it, and books what the provider gave back for
    /// numbers whose code was paid for: nothing else looks at those again.
    async fn follow_listed(&self, moved: &[Reservation], now: Time) -> Result<u32, IntakeError> {
        let over = self.reads.ending(now + seconds(OVER_WITHIN_S), OVER_LIMIT).await?;
        let over: HashSet<_> = over.into_iter().map(|waiting| waiting.head.id).collect();
        let ids = self.remember(|memory| {
            memory.credits_booked.retain(|known| moved.iter().any(|listed| listed.id == *known));
            let news = moved.iter().filter(|listed| !memory.credits_booked.contains(&listed.id));
            news.map(|listed| listed.id.clone()).collect::<Vec<_>>()
        });
        let mut changed = 0;
        let mut failed = None;
        for upstream in self.reads.orders_of(self.provider.id(), &ids).await? {
            if over.contains(&upstream.order) {
                continue;
            }
            let Some(reservation) = moved.iter().find(|listed| listed.id == upstream.reservation) else {
                continue;
            };
            match self.follow_one(upstream.order, reservation).await {
                Ok(has_changed) => changed += u32::from(has_changed),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(changed), Err)
    }

    async fn follow_one(&self, id: OrderId, listed: &Reservation) -> Result<bool, IntakeError> {
        match self.reads.order(id).await? {
            Some(Order::Waiting(_)) => {
                let order = self.follow(id, listed).await?;
                Ok(order.status() != OrderStatus::Waiting)
            }
            Some(Order::Completed(done)) if listed.state.is_credited() => {
                self.book_credit(done.line.purchase).await?;
                self.remember(|memory| memory.credits_booked.insert(listed.id.clone()));
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Books a credit that a list of the provider shows, unless an order still waits on the number: that is for those
    /// who end it. False then, or if there is no such purchase.
    ///
    /// # Errors
    /// If the store cannot be asked.
    pub async fn book_listed_credit(&self, id: PurchaseId) -> Result<bool, IntakeError> {
        let Some(purchase) = self.reads.purchase(id).await? else { return Ok(false) };
        if let Some((order, _)) = purchase.wanted_by
            && let Some(order) = self.reads.order(order).await?
            && matches!(order.status(), OrderStatus::Waiting | OrderStatus::Requested)
            && order.line().is_none_or(|line| line.purchase == id)
        {
            return Ok(false);
        }
        self.book_credit(id).await.map(|()| true)
    }

    /// What a reservation's state means for the order that waits on it. A code wins over everything. For an order that
    /// has another number by now it means nothing.
    pub(super) async fn follow(&self, id: OrderId, upstream: &Reservation) -> Result<Order, IntakeError> {
        self.follow_for(id, upstream, None).await
    }

    /// The same; what ends by it may be at the behest of staff, whose line of the log goes with the end.
    pub(super) async fn follow_for(
        &self,
        id: OrderId,
        upstream: &Reservation,
        behest: Option<&Behest>,
    ) -> Result<Order, IntakeError> {
        if upstream.state != ReservationState::Pending {
            let texts = self.provider.messages(&upstream.id).await?;
            self.take_in(id, &texts).await?;
        }
        let waiting = match self.known(id).await? {
            Order::Waiting(waiting) if waiting.line.reservation == upstream.id => waiting,
            Order::Completed(done)
                if done.line.reservation == upstream.id && upstream.state.is_credited() =>
            {
                // The code won, and the provider gave its price back all the same.
                self.book_credit(done.line.purchase).await?;
                return Ok(done.into());
            }
            ended => return Ok(ended),
        };
        match upstream.state {
            ReservationState::Pending | ReservationState::Other => Ok(waiting.into()),
            ReservationState::Completed => self.await_text(waiting).await,
            ReservationState::TimedOut => {
                self.end_with_provider(&waiting, upstream, OrderStatus::Expired, None).await
            }
            ReservationState::Cancelled | ReservationState::Reported => {
                self.end_with_provider(&waiting, upstream, OrderStatus::Cancelled, behest).await
            }
        }
    }

    /// "Completed", and no text of ours is listed: believed for a minute, or to the end. With a text to this number that
    /// has no code the order goes on waiting for another.
    async fn await_text(&self, waiting: Waiting) -> Result<Order, IntakeError> {
        let (id, now) = (waiting.head.id, self.clock.now());
        let texts = self.reads.messages_of(&[id]).await?;
        if texts.iter().any(|text| text.reservation == waiting.line.reservation) {
            return Ok(waiting.into());
        }
        let since = self.remember(|memory| *memory.completed_without_text.entry(id).or_insert(now));
        if now < (since + seconds(TEXT_AFTER_S)).min(waiting.line.expires_at) {
            return Ok(waiting.into());
        }
        self.remember(|memory| memory.completed_without_text.remove(&id));
        let ended = self.change(id, waiting.line.purchase, |order, purchase, now| match order {
            Order::Waiting(waiting) if waiting.line.purchase == purchase.id => {
                Ok(Some(self.expiring(waiting, now)))
            }
            _ => Ok(None),
        });
        Ok(ended.await?)
    }

    /// The provider has ended it without a code: so do we, and book its credit in the same commit.
    async fn end_with_provider(
        &self,
        waiting: &Waiting,
        upstream: &Reservation,
        to: OrderStatus,
        behest: Option<&Behest>,
    ) -> Result<Order, IntakeError> {
        let ended = self.change(waiting.head.id, waiting.line.purchase, |order, purchase, now| {
            behest.into_iter().for_each(Behest::reconsider);
            let waiting = match order {
                Order::Waiting(waiting) if waiting.line.purchase == purchase.id => waiting,
                _ => return Ok(None),
            };
            let (head, before) = (waiting.head.clone(), OrderStatus::Waiting);
            let (after, end) = match to {
                OrderStatus::Expired => {
                    let (expired, end) = waiting.expire(now);
                    (Order::from(expired), end)
                }
                _ => {
                    let (cancelled, end) = waiting.cancel(now);
                    (Order::from(cancelled), end)
                }
            };
            let line =
                behest.map(|behest| behest.line(AuditAction::VerificationCancelled, before, &after, now));
            let unit = UnitOfWork::new()
                .end(self.release(&head, end, now))
                .with(self.event(&after, now))
                .with(Change::Order(after.clone()));
            let unit = line.into_iter().fold(unit, UnitOfWork::with);
            Ok(Some((self.parting(unit, purchase, upstream, now)?, after)))
        });
        Ok(ended.await?)
    }

    /// The credit of a number that has ended upstream, or the job that waits for it.
    pub(super) fn parting(
        &self,
        unit: UnitOfWork,
        purchase: Purchase,
        upstream: &Reservation,
        now: Time,
    ) -> Result<UnitOfWork, CommitError> {
        if upstream.state.is_credited() {
            crediting(unit, purchase, now)
        } else {
            Ok(unit.with(self.end_reservation_job(purchase.id, now)))
        }
    }

    /// Tells the provider that a number is not needed any more, or of no use, and books the credit once it shows.
    /// Safe to repeat.
    ///
    /// # Errors
    /// If provider or store cannot be asked: try again later.
    pub async fn end_reservation(&self, id: PurchaseId) -> Result<NumberEnd, IntakeError> {
        let Some(purchase) = self.reads.purchase(id).await? else { return Ok(NumberEnd::Settled) };
        let Some(bought) =
            purchase.bought().filter(|b| !matches!(b.receivable, Receivable::Credited { .. })).cloned()
        else {
            return Ok(NumberEnd::Settled);
        };
        if matches!(bought.receivable, Receivable::Costed { .. })
            && let Some((done, report)) = self.reported_after_code(&purchase).await?
        {
            return self.settle_report(&done, report).await;
        }
        if let Some(waiting) = self.cancelled_before_bound(&purchase).await? {
            return self.cancel_late(waiting).await;
        }
        self.turn().await;
        let mut upstream = self.provider.reservation(&bought.reservation).await?;
        if upstream.state == ReservationState::Pending {
            self.turn().await;
            let _ = self.provider.cancel(&bought.reservation).await;
            self.turn().await;
            upstream = self.provider.reservation(&bought.reservation).await?;
        }
        if upstream.state.is_credited() {
            self.book_credit(purchase.id).await?;
            return Ok(NumberEnd::Settled);
        }
        Ok(match upstream.state {
            ReservationState::Pending | ReservationState::Reported => NumberEnd::Open,
            // A text came after all: the receivable stays open for the books.
            _ => NumberEnd::Settled,
        })
    }

    /// The order of a purchase, if it waits although its user wanted out before there was a number.
    async fn cancelled_before_bound(&self, purchase: &Purchase) -> Result<Option<Waiting>, IntakeError> {
        let Some((order, _)) = purchase.wanted_by else { return Ok(None) };
        Ok(match self.reads.order(order).await? {
            Some(Order::Waiting(waiting))
                if waiting.line.purchase == purchase.id && waiting.head.cancel_requested_at.is_some() =>
            {
                Some(waiting)
            }
            _ => None,
        })
    }

    /// Cancels for a user who asked before. Open while the order waits on.
    async fn cancel_late(&self, waiting: Waiting) -> Result<NumberEnd, IntakeError> {
        let (id, user) = (waiting.head.id, waiting.head.user);
        match self.cancel_upstream(waiting, Canceller::User(user)).await {
            Ok(_) => Ok(NumberEnd::Settled),
            Err(CancelError::ProviderUnavailable(fault)) => {
                Err(IntakeError::Provider(ProviderError::Unavailable(fault)))
            }
            Err(CancelError::Commit(error)) => Err(error.into()),
            Err(CancelError::Unavailable(fault)) => Err(fault.into()),
            Err(CancelError::NotCancellable | CancelError::TooEarly { .. } | CancelError::NotFound) => {
                let waits = self.known(id).await?.status() == OrderStatus::Waiting;
                Ok(if waits { NumberEnd::Open } else { NumberEnd::Settled })
            }
        }
    }

    async fn commit_credit(&self, purchase: Purchase) -> Result<(), IntakeError> {
        let unit = crediting(UnitOfWork::new(), purchase, self.clock.now())?;
        match self.store.commit(unit).await {
            // Somebody else saw the credit too.
            Ok(_) | Err(CommitError::Stale | CommitError::Duplicate(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Closes the receivable and books the provider's credit. Where the receivable was closed otherwise, the credit
/// goes to the account that closed it; where it was credited, nothing is left to book.
pub(super) fn crediting(unit: UnitOfWork, purchase: Purchase, now: Time) -> Result<UnitOfWork, CommitError> {
    let Some(bought) = purchase.bought().filter(|b| !matches!(b.receivable, Receivable::Credited { .. }))
    else {
        return Ok(unit);
    };
    let entry = bought.credited(now).map_err(broken)?;
    let unit = match purchase.close_receivable(Receivable::Credited { at: now }) {
        Some(closed) => unit.with(Change::Purchase(closed)),
        None => unit,
    };
    Ok(match entry {
        Some(entry) => unit.post(entry),
        None => unit,
    })
}
