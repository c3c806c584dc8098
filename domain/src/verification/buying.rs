//! Buying: quote, commit A, one send, commit B.

use std::sync::Arc;

use crate::{
    Amount, BatchId, Change, CommitError, Committed, Fault, HoldId, JobId, JobKind, Money, NewJob, OrderId,
    PurchaseId, QuoteId, ShownNumber, Time, Unique, UnitOfWork, UserId, Version,
    breaker::Admits,
    payment::service::Done,
    time::{hours, seconds},
    verification::{
        Ask, AskQuote, Bought, Buy, BuyError, BuyFailure, DeclineReason, Failure, Head, Line, OpenAttempt,
        Order, PriceLimit, ProviderError, Purchase, PurchaseState, Quote, QuoteError, Receivable, Requested,
        Reservation, Terms, VerificationService, cancelling::Canceller, service::CostKey,
    },
    wallet::{EndHold, HoldEnd, PlaceHold, Purpose, Unbalanced},
};

/// How long a cost counts as today's.
const COST_CACHE_H: i64 = 1;
const SOLD_IN: &str = "US";

impl VerificationService {
    pub(super) async fn make_quote(&self, cmd: AskQuote) -> Result<Quote, QuoteError> {
        let (cost, price) = self.offer(&cmd.ask).await?;
        let now = self.clock.now();
        let quote = Quote {
            id: cmd.id,
            user: cmd.user,
            ask: cmd.ask,
            cost,
            price,
            created_at: now,
            expires_at: now + seconds(self.policy.quote_s),
            used_by: None,
            version: Version::FIRST,
        };
        self.store.commit(UnitOfWork::new().with(Change::Quote(quote.clone()))).await?;
        Ok(quote)
    }

    /// The same as [`Self::price`], where nothing forbids to sell it now. Asked before anything is held.
    pub(super) async fn offer(&self, ask: &Ask) -> Result<(Money, Amount), QuoteError> {
        self.terms().await?.admit(self.provider.id(), &ask.service)?;
        self.reach(ask).await?;
        self.price(ask).await
    }

    /// Whether anything would be sent to the provider. After it was left alone for a while, a question about a cost shows
    /// whether it is well again: nobody's money hangs on its answer.
    async fn reach(&self, ask: &Ask) -> Result<(), QuoteError> {
        match self.provider.admits() {
            Admits::All => Ok(()),
            Admits::One => self.ask_cost(ask).await.map(|_| ()),
            Admits::NothingUntil(_) => Err(QuoteError::ProviderResting),
        }
    }

    /// What new orders are held to now.
    pub(super) async fn terms(&self) -> Result<Arc<Terms>, Fault> {
        self.terms.current(self.clock.now()).await
    }

    /// What this costs us, and what a user pays for it by the rule of now. The cost is asked for at most once an hour.
    pub(super) async fn price(&self, ask: &Ask) -> Result<(Money, Amount), QuoteError> {
        let is_test = ask.service.as_str().starts_with("test_");
        if ask.country.as_str() != SOLD_IN || (is_test && !self.policy.sells_test_services) {
            return Err(QuoteError::NoSuchService);
        }
        let cost = match self.remembered_cost(ask) {
            Some(cost) => cost,
            None => self.ask_cost(ask).await?,
        };
        let rule =
            self.terms().await?.rule_for(&ask.service, &ask.country, self.policy.rule, self.clock.now());
        Ok((cost, rule.price_of(cost)?))
    }

    fn remembered_cost(&self, ask: &Ask) -> Option<Money> {
        let oldest = self.clock.now() - hours(COST_CACHE_H);
        self.remember(|memory| memory.costs.since(oldest, &CostKey::of(ask)).map(|(cost, _)| cost))
    }

    async fn ask_cost(&self, ask: &Ask) -> Result<Money, QuoteError> {
        let cost = self.provider.cost(ask).await.map_err(|error| match error {
            ProviderError::NotFound | ProviderError::Refused(_) => QuoteError::NoSuchService,
            ProviderError::Unavailable(_) if self.provider.admits() != Admits::All => {
                QuoteError::ProviderResting
            }
            ProviderError::Unavailable(fault) => QuoteError::ProviderUnavailable(fault),
        })?;
        let now = self.clock.now();
        self.remember(|memory| memory.costs.keep(CostKey::of(ask), cost, now));
        Ok(cost)
    }

    /// Commit A, and what follows from it.
    pub(super) async fn place(&self, cmd: Buy) -> Result<Done<Order>, BuyError> {
        let agreed = self.agree(&cmd).await?;
        let is_quoted = agreed.quote.is_some();
        let (unit, requested, purchase) = self.draft(&cmd, agreed);
        match self.store.commit(unit).await {
            Ok(Committed::Applied) => {
                Ok(Done { value: self.send_once(requested, purchase).await, replayed: false })
            }
            Ok(Committed::Replayed(id)) => {
                Ok(Done { value: self.known(OrderId::from_uuid(id)).await?, replayed: true })
            }
            // The only record that this unit decides on is the quote.
            Err(CommitError::Stale) if is_quoted => Err(BuyError::QuoteUsed),
            Err(refused) => Err(BuyError::Commit(refused)),
        }
    }

    async fn agree(&self, cmd: &Buy) -> Result<Agreed, BuyError> {
        match cmd.limit {
            PriceLimit::Quote(id) => self.quoted(cmd.user, &cmd.ask, id).await,
            PriceLimit::AtMost(most) => {
                let (cost, price) = self.offer(&cmd.ask).await?;
                Self::within(cost, price, most)
            }
        }
    }

    /// What was promised to the user for exactly this, if it still holds.
    pub(super) async fn quoted(&self, user: UserId, ask: &Ask, id: QuoteId) -> Result<Agreed, BuyError> {
        let quote = self.reads.quote(id).await?.filter(|quote| quote.user == user);
        let quote = quote.ok_or(BuyError::NoSuchQuote)?;
        if quote.ask != *ask {
            return Err(BuyError::QuoteMismatch);
        }
        if quote.used_by.is_some() {
            return Err(BuyError::QuoteUsed);
        }
        if self.clock.now() >= quote.expires_at {
            return Err(BuyError::QuoteExpired);
        }
        // The price is kept; whether it is sold at all is a matter of now.
        self.terms().await?.admit(self.provider.id(), &ask.service)?;
        self.reach(ask).await?;
        Ok(Agreed { cost: quote.cost, price: quote.price, quote: Some(quote) })
    }

    /// Today's price, unless the user allows less.
    pub(super) fn within(cost: Money, price: Amount, most: Amount) -> Result<Agreed, BuyError> {
        if price.money().is_at_most(most.money()) {
            Ok(Agreed { cost, price, quote: None })
        } else {
            Err(BuyError::PriceAboveLimit { price })
        }
    }

    /// Claim, hold, order and attempt, in one unit.
    fn draft(&self, cmd: &Buy, agreed: Agreed) -> (UnitOfWork, Requested, Purchase) {
        let now = self.clock.now();
        let new = NewOrder {
            id: cmd.id,
            user: cmd.user,
            ask: cmd.ask.clone(),
            cost: agreed.cost,
            price: agreed.price,
            metadata: cmd.metadata.clone(),
            attempt: 1,
            retry_of: None,
            batch: None,
        };
        let (mut unit, requested, purchase) = self.opening(UnitOfWork::claiming(cmd.claim.clone()), new, now);
        if let Some(quote) = agreed.quote {
            unit = unit.with(Change::Quote(quote.used(cmd.id)));
        }
        (unit, requested, purchase)
    }

    /// Adds hold, order, attempt and event of a new order.
    pub(super) fn opening(
        &self,
        unit: UnitOfWork,
        new: NewOrder,
        now: Time,
    ) -> (UnitOfWork, Requested, Purchase) {
        let hold = HoldId::generate(now, self.random.as_ref());
        let place = PlaceHold {
            id: hold,
            user: new.user,
            purpose: Purpose::Order { order: new.id, max_open_orders: self.policy.max_open_orders },
            amount: new.price,
            at: now,
        };
        let purchase = self.attempt((new.id, new.user), new.ask.clone(), new.cost, now);
        let head = Head {
            id: new.id,
            user: new.user,
            ask: new.ask,
            price: new.price,
            hold,
            metadata: new.metadata,
            attempt: new.attempt,
            retry_of: new.retry_of,
            retried_by: None,
            batch: new.batch,
            created_at: now,
            cancel_allowed_at: now + seconds(self.policy.cancel_after_s),
            cancel_requested_at: None,
            report: None,
            swaps: 0,
            version: Version::FIRST,
        };
        let requested = Requested { head, former: None };
        let order = Order::from(requested.clone());
        let unit = unit
            .place(place)
            .with(self.event(&order, now))
            .with(Change::Order(order))
            .with(Change::Purchase(purchase.clone()));
        (unit, requested, purchase)
    }

    /// An attempt that is committed before it is sent.
    pub(super) fn attempt(
        &self,
        wanted_by: (OrderId, UserId),
        ask: Ask,
        cost_cap: Money,
        now: Time,
    ) -> Purchase {
        Purchase {
            id: PurchaseId::generate(now, self.random.as_ref()),
            provider: self.provider.id(),
            wanted_by: Some(wanted_by),
            ask,
            cost_cap,
            sent_at: now,
            send_by: now + seconds(self.policy.send_within_s),
            state: PurchaseState::Sent,
            missed: None,
            version: Version::FIRST,
        }
    }

    /// Sends the purchase, once, before its time is over. Whatever happens, the answer is the order.
    pub(super) async fn send_once(&self, requested: Requested, purchase: Purchase) -> Order {
        let attempt = OpenAttempt { ask: purchase.ask.clone(), cost_cap: purchase.cost_cap };
        let outcome = if self.clock.now() < purchase.send_by {
            self.provider.buy(&attempt).await
        } else {
            // Not sent, and so certainly not bought.
            let failed = self.fail(&requested.head, purchase.id, Failure::ProviderUnavailable).await;
            return failed.unwrap_or_else(|_| requested.into());
        };
        let after = match outcome {
            Ok(reservation) => self.bind(&requested.head, purchase.id, &reservation).await,
            Err(BuyFailure::Declined(reason)) => {
                if reason == DeclineReason::PriceChanged {
                    self.remember(|memory| memory.costs.forget(&CostKey::of(&purchase.ask)));
                }
                self.fail(&requested.head, purchase.id, failure_of(reason)).await
            }
            // There may be a number: the reconciler looks for it, nobody asks twice.
            Err(BuyFailure::Unknown(_)) => Ok(requested.clone().into()),
        };
        // The hold is safe with the order as it was committed; the reconciler settles what is left.
        after.unwrap_or_else(|_| requested.into())
    }

    /// Commit B: the reservation serves the order, unless the user has seen its number before.
    pub(super) async fn bind(
        &self,
        head: &Head,
        purchase: PurchaseId,
        reservation: &Reservation,
    ) -> Result<Order, CommitError> {
        let suppressed = self.reads.is_suppressed(&head.ask.service, &reservation.number).await;
        if suppressed.map_err(CommitError::Unavailable)? {
            return self.refuse_number(head, purchase, reservation, Failure::NoNumbers).await;
        }
        let bound = self
            .change(head.id, purchase, |order, purchase, now| {
                if !purchase.is_sent() {
                    return Ok(None);
                }
                let Order::Requested(requested) = order else {
                    return self
                        .orphaning(UnitOfWork::new(), purchase, reservation, now)
                        .map(|u| Some((u, order)));
                };
                let bought = self.bought(reservation, now);
                let booked = bought.booked(now).map_err(broken)?;
                let line = self.line(&purchase, &bought, reservation);
                let shown = ShownNumber {
                    user: requested.head.user,
                    service: requested.head.ask.service.clone(),
                    number: reservation.number.clone(),
                    order: requested.head.id,
                    at: now,
                };
                let is_unwanted = requested.head.cancel_requested_at.is_some();
                let unwanted = is_unwanted.then(|| self.end_reservation_job(purchase.id, now));
                let waiting = Order::from(requested.bind(line));
                let mut unit = UnitOfWork::new()
                    .with(self.event(&waiting, now))
                    .with(Change::Order(waiting.clone()))
                    .with(Change::Purchase(purchase.bind(bought)))
                    .with(Change::ShownNumber(shown));
                if let Some(entry) = booked {
                    unit = unit.post(entry);
                }
                // The user wanted out meanwhile: done below at once, and by this job if that is cut short.
                if let Some(job) = unwanted {
                    unit = unit.with(job);
                }
                Ok(Some((unit, waiting)))
            })
            .await;
        match bound {
            Err(CommitError::Duplicate(Unique::ShownNumber)) => {
                self.refuse_number(head, purchase, reservation, Failure::NoNumbers).await
            }
            Ok(Order::Waiting(waiting)) if waiting.head.cancel_requested_at.is_some() => {
                let (kept, user) = (Order::from(waiting.clone()), waiting.head.user);
                Ok(self.cancel_upstream(waiting, Canceller::User(user)).await.unwrap_or(kept))
            }
            other => other,
        }
    }

    /// There is a number and it may not serve this order: the order fails, the number becomes an orphan.
    pub(super) async fn refuse_number(
        &self,
        head: &Head,
        purchase: PurchaseId,
        reservation: &Reservation,
        failure: Failure,
    ) -> Result<Order, CommitError> {
        self.change(head.id, purchase, |order, purchase, now| {
            if !purchase.is_sent() {
                return Ok(None);
            }
            let (unit, after) = match order {
                Order::Requested(requested) => self.failing(requested, failure, now),
                // It ended while it was to be given another number.
                ended => (UnitOfWork::new(), ended),
            };
            Ok(Some((self.orphaning(unit, purchase, reservation, now)?, after)))
        })
        .await
    }

    /// Books a number that serves no order, and has it taken back.
    fn orphaning(
        &self,
        unit: UnitOfWork,
        purchase: Purchase,
        reservation: &Reservation,
        now: Time,
    ) -> Result<UnitOfWork, CommitError> {
        let bought = self.bought(reservation, now);
        let booked = bought.booked(now).map_err(broken)?;
        let job = self.end_reservation_job(purchase.id, now);
        let unit = unit.with(Change::Purchase(purchase.orphan(bought))).with(job);
        Ok(booked.into_iter().fold(unit, UnitOfWork::post))
    }

    /// There is no number: the order fails and its money goes back.
    pub(super) async fn fail(
        &self,
        head: &Head,
        purchase: PurchaseId,
        failure: Failure,
    ) -> Result<Order, CommitError> {
        self.change(head.id, purchase, |order, purchase, now| {
            if !purchase.is_sent() {
                return Ok(None);
            }
            let (unit, after) = match order {
                Order::Requested(requested) => self.failing(requested, failure, now),
                // It ended while it was to be given another number.
                ended => (UnitOfWork::new(), ended),
            };
            Ok(Some((unit.with(Change::Purchase(purchase.absent(now))), after)))
        })
        .await
    }

    fn failing(&self, requested: Requested, failure: Failure, now: Time) -> (UnitOfWork, Order) {
        let (hold, user) = (requested.head.hold, requested.head.user);
        let (failed, end) = requested.fail(failure, now);
        let unit = UnitOfWork::new()
            .end(EndHold { hold, user, end, at: now })
            .with(self.event(&failed, now))
            .with(Change::Order(failed.clone()));
        (unit, failed)
    }

    pub(super) fn bought(&self, reservation: &Reservation, now: Time) -> Bought {
        Bought {
            reservation: reservation.id.clone(),
            number: Some(reservation.number.clone()),
            cost: reservation.cost,
            created_at: reservation.created_at,
            bound_at: now,
            receivable: Receivable::Open,
        }
    }

    fn line(&self, purchase: &Purchase, bought: &Bought, reservation: &Reservation) -> Line {
        // The provider's end time on our clock. Lists do not tell it; who binds from a list reads the reservation.
        let ends_at = reservation.ends_at.unwrap_or(reservation.created_at);
        Line {
            purchase: purchase.id,
            reservation: bought.reservation.clone(),
            number: bought.number.clone(),
            bound_at: bought.bound_at,
            expires_at: crate::time::to_stored_precision(ends_at - self.provider.skew()),
        }
    }

    pub(super) fn end_reservation_job(&self, purchase: PurchaseId, now: Time) -> Change {
        let id = JobId::generate(now, self.random.as_ref());
        Change::Job(NewJob::new(id, JobKind::EndReservation { purchase }, now))
    }

    pub(super) fn release(&self, head: &Head, end: HoldEnd, now: Time) -> EndHold {
        EndHold { hold: head.hold, user: head.user, end, at: now }
    }
}

/// An order to place.
pub(super) struct NewOrder {
    pub(super) id: OrderId,
    pub(super) user: UserId,
    pub(super) ask: Ask,
    pub(super) cost: Money,
    pub(super) price: Amount,
    pub(super) metadata: Option<String>,
    pub(super) attempt: u32,
    pub(super) retry_of: Option<OrderId>,
    pub(super) batch: Option<BatchId>,
}

/// What user and house agree on before commit A.
pub(super) struct Agreed {
    pub(super) cost: Money,
    pub(super) price: Amount,
    pub(super) quote: Option<Quote>,
}

const fn failure_of(reason: DeclineReason) -> Failure {
    match reason {
        DeclineReason::NoNumbers => Failure::NoNumbers,
        DeclineReason::PriceChanged => Failure::PriceChanged,
        DeclineReason::HouseBalance | DeclineReason::AccountLimit | DeclineReason::Unavailable => {
            Failure::ProviderUnavailable
        }
        DeclineReason::Refused => Failure::ProviderRefused,
    }
}

/// An entry of ours that does not balance: a fault of the code, told as one.
pub(super) fn broken(error: Unbalanced) -> CommitError {
    CommitError::Unavailable(crate::Fault::new(error))
}
