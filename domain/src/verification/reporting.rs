//! Reporting a number: the provider is told, its state decides, and money comes back only with the provider's own.

use crate::{
    Amount, Change, CommitError, Fault, JobId, JobKind, Money, NewJob, OrderId, PurchaseId, Standing,
    SuppressedNumber, Time, UnitOfWork, UserId,
    time::{hours, seconds},
    unit::retry_stale,
    verification::{
        Completed, IntakeError, Order, ProviderError, Purchase, Report, ReportError, ReportReason,
        ReservationState, VerificationService, Waiting,
        buying::broken,
        ending::{NumberEnd, crediting},
    },
    wallet::{
        EntryKind, HoldState, House, JournalEntry, LedgerAccount, Legs, Purse, Source, newly_lapsed,
        repayment::repay, room_for_promo,
    },
};

/// Reports of a user that are believed in 24 hours. More are kept, and the provider does not hear of them.
const BELIEVED_A_DAY: u32 = 20;
/// How long the provider's credit for a reported number is waited for.
const CREDIT_WITHIN_H: i64 = 48;
/// It is looked for at least, and at most, so long after the last look: first often, and hardly ever at the end.
const LOOKED_FOR_S: (i64, i64) = (10, 3_600);

/// What goes back to a user, on the account as it was read.
struct Reversal {
    user: UserId,
    entry: JournalEntry,
    /// How much more of promo has lapsed with it.
    lapsed: i64,
    standing: Standing,
}

impl VerificationService {
    /// The number was of no use. Moves no money by itself. Repeating is safe.
    ///
    /// `waiting`: the provider is told and read again; its state decides, as in [`Self::cancel`]. `completed`: it is
    /// told by a job, and the price goes back when it has given us ours. Else it is a remark. The number is sold to
    /// nobody for this service any more.
    ///
    /// # Errors
    /// `ProviderUnavailable` while the order waits: the report is kept, and may be repeated.
    pub async fn report(
        &self,
        user: UserId,
        id: OrderId,
        reason: ReportReason,
    ) -> Result<Order, ReportError> {
        let order = self.reads.order(id).await?.filter(|order| order.head().user == user);
        order.ok_or(ReportError::NotFound)?;
        let noted = retry_stale(|| self.note(id, reason)).await?;
        match noted {
            Order::Waiting(waiting) if waiting.head.report.is_some_and(|report| report.is_told) => {
                self.report_upstream(waiting).await
            }
            order => Ok(order),
        }
    }

    /// Writes the report down, once for each number.
    async fn note(&self, id: OrderId, reason: ReportReason) -> Result<Order, CommitError> {
        let now = self.clock.now();
        let order = self.known(id).await.map_err(CommitError::Unavailable)?;
        let head = order.head();
        let (after, is_new) = match head.report {
            Some(_) => (order.clone(), false),
            None => {
                let lately = self.reads.reports_since(head.user, now - hours(24)).await;
                let is_told = lately.map_err(CommitError::Unavailable)? < BELIEVED_A_DAY;
                (order.clone().reported(Report { reason, at: now, is_told }), true)
            }
        };
        let mut unit = UnitOfWork::new();
        if is_new {
            unit = unit.with(Change::Order(after.clone()));
        }
        if after.head().report.is_some_and(|report| report.is_told) {
            let suppressed = self.suppressing(&after, now).await.map_err(CommitError::Unavailable)?;
            let has_news = is_new || suppressed.is_some();
            unit = suppressed.into_iter().fold(unit, UnitOfWork::with);
            if let Order::Completed(done) = &after
                && has_news
            {
                unit = unit.with(self.report_job(done.line.purchase, now));
            }
        }
        if unit.changes().is_empty() {
            return Ok(after);
        }
        self.store.commit(unit).await.map(|_| after)
    }

    /// The number of an order, unless it is known to be of no use, or erased.
    async fn suppressing(&self, order: &Order, now: Time) -> Result<Option<Change>, Fault> {
        let head = order.head();
        let Some(number) = order.line().and_then(|line| line.number.as_ref()) else { return Ok(None) };
        if self.reads.is_suppressed(&head.ask.service, number).await? {
            return Ok(None);
        }
        Ok(Some(Change::SuppressedNumber(SuppressedNumber {
            service: head.ask.service.clone(),
            number: number.clone(),
            order: head.id,
            at: now,
        })))
    }

    async fn report_upstream(&self, waiting: Waiting) -> Result<Order, ReportError> {
        let reservation = waiting.line.reservation.clone();
        // Whatever this answers: it may have been too late, refused, or done with its answer lost.
        let told = self.provider.report(&reservation).await;
        let upstream = self.provider.reservation(&reservation).await;
        let upstream = upstream.map_err(|error| ReportError::ProviderUnavailable(Fault::new(error)))?;
        match (self.follow(waiting.head.id, &upstream).await?, told) {
            (Order::Waiting(_), Err(ProviderError::Unavailable(fault))) => {
                Err(ReportError::ProviderUnavailable(fault))
            }
            (order, _) => Ok(order),
        }
    }

    /// The job that tells the provider of a number whose code was of no use, and looks for its credit.
    pub(super) fn report_job(&self, purchase: PurchaseId, now: Time) -> Change {
        let id = JobId::generate(now, self.random.as_ref());
        Change::Job(NewJob::new(id, JobKind::EndReservation { purchase }, now))
    }

    /// The order of a purchase, if its code was paid for and its user reported it.
    pub(super) async fn reported_after_code(
        &self,
        purchase: &Purchase,
    ) -> Result<Option<(Completed, Report)>, Fault> {
        let Some((order, _)) = purchase.wanted_by else { return Ok(None) };
        Ok(match self.reads.order(order).await? {
            Some(Order::Completed(done)) if done.line.purchase == purchase.id => {
                done.head.report.map(|report| (done, report))
            }
            _ => None,
        })
    }

    /// Tells the provider of a reported number, and books its credit and what goes back to the user once it shows.
    pub(super) async fn settle_report(
        &self,
        done: &Completed,
        report: Report,
    ) -> Result<NumberEnd, IntakeError> {
        let reservation = &done.line.reservation;
        self.turn().await;
        let mut upstream = self.provider.reservation(reservation).await?;
        if upstream.state == ReservationState::Completed && report.is_told {
            self.turn().await;
            let _ = self.provider.report(reservation).await;
            self.turn().await;
            upstream = self.provider.reservation(reservation).await?;
        }
        if upstream.state.is_credited() {
            self.book_credit(done.line.purchase).await?;
            return Ok(NumberEnd::Settled);
        }
        Ok(credit_awaited(report.at, self.clock.now()))
    }

    /// Books the provider's credit for a number, once; and beside it what its user gets back, if he paid for the
    /// number and reported it.
    pub(super) async fn book_credit(&self, id: PurchaseId) -> Result<(), IntakeError> {
        // `Stale` is somebody else who saw the credit too, or an account that has moved on: look again.
        let booked = retry_stale(|| async {
            let purchase = self.reads.purchase(id).await.map_err(CommitError::Unavailable)?;
            let Some(purchase) = purchase else { return Ok(()) };
            let now = self.clock.now();
            let reversal = self.reversal(&purchase, now).await?;
            let credit = crediting(UnitOfWork::new(), purchase, now)?;
            match (self.store.commit(reversing(credit, reversal.as_ref())).await, reversal) {
                (Ok(_), _) => Ok(()),
                // The credit is booked, perhaps before the number was reported: then the rest is still due.
                (Err(CommitError::Duplicate(_)), Some(reversal)) => {
                    match self.store.commit(reversing(UnitOfWork::new(), Some(&reversal))).await {
                        Ok(_) | Err(CommitError::Duplicate(_)) => Ok(()),
                        Err(error) => Err(error),
                    }
                }
                (Err(CommitError::Duplicate(_)), None) => Ok(()),
                (Err(error), _) => Err(error),
            }
        });
        Ok(booked.await?)
    }

    /// revenue → wallet and revenue → promo by the parts of the hold that was captured; of promo as much as the user's
    /// open gifts explain, and the rest goes where closed gifts have gone: revenue → promo_expense. `None` if nothing is
    /// due, or if the account is closed: money on it would be nobody's.
    async fn reversal(&self, purchase: &Purchase, now: Time) -> Result<Option<Reversal>, CommitError> {
        let due = self.reported_after_code(purchase).await.map_err(CommitError::Unavailable)?;
        let Some((done, _)) = due else { return Ok(None) };
        let (user, order) = (done.head.user, done.head.id);
        let hold = self.reads.payment(done.head.hold).await.map_err(CommitError::Unavailable)?;
        let account = self.reads.payer(user).await.map_err(CommitError::Unavailable)?;
        let (Some(hold), Some(account)) = (hold, account) else { return Ok(None) };
        // Read after the account, whose version closing it moves and the commit expects.
        let is_closed = self.reads.has_left(user).await.map_err(CommitError::Unavailable)?;
        if is_closed || !matches!(hold.state, HoldState::Captured { .. }) {
            return Ok(None);
        }
        let revenue = LedgerAccount::House(House::Revenue);
        let mut legs = Legs::new(Source::reported(order), EntryKind::Refund, now);
        let mut lapsed = 0;
        if !hold.split.promo.is_zero() {
            let gifts = self.reads.gifts(user).await.map_err(CommitError::Unavailable)?;
            let (promo, currency) = (hold.split.promo.units(), hold.split.promo.currency());
            let back = promo.min(room_for_promo(&account, &gifts).units());
            lapsed = newly_lapsed(&account, back, &gifts, now);
            let (purse, house) =
                (LedgerAccount::User(user, Purse::Promo), LedgerAccount::House(House::PromoExpense));
            for (to, units) in [(purse, back), (house, promo - back)] {
                let Ok(amount) = Amount::try_new(Money::from_units(units, currency)) else { continue };
                legs.add(revenue, to, amount);
            }
        }
        if let Ok(amount) = Amount::try_new(hold.split.wallet) {
            legs.add(revenue, LedgerAccount::User(user, Purse::Wallet), amount);
            // It expects the account as it was read, as all of this does.
            repay(&mut legs, &account, amount)
                .map_err(|error| CommitError::Unavailable(Fault::new(error)))?;
        }
        let standing = Standing::AsRead(account.version);
        let entry = legs.into_entry().map_err(broken)?;
        Ok(Some(Reversal { user, entry, lapsed, standing }))
    }
}

/// The provider takes its time, which is no failure: a quarter of the time that it has taken so far is waited for.
fn credit_awaited(since: Time, now: Time) -> NumberEnd {
    let until = since + hours(CREDIT_WITHIN_H);
    if now >= until {
        return NumberEnd::Settled;
    }
    // Whole seconds: no store keeps the fourth part of any time.
    let pause = ((now - since).num_seconds() / 4).clamp(LOOKED_FOR_S.0, LOOKED_FOR_S.1);
    NumberEnd::Awaited { again_at: (now + seconds(pause)).min(until) }
}

fn reversing(unit: UnitOfWork, reversal: Option<&Reversal>) -> UnitOfWork {
    match reversal {
        Some(Reversal { user, entry, lapsed, standing }) => {
            unit.post(entry.clone()).lapse_promo(*user, *lapsed).expecting(*user, *standing)
        }
        None => unit,
    }
}
