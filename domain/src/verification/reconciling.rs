//! Reconciling: looking for the outcome of purchases whose answer was lost, and for numbers that nobody ordered.

use std::collections::BTreeSet;

use crate::{
    Change, CommitError, PurchaseId, ReservationId, Time, UnitOfWork, Version,
    pass::Pass,
    time::{hours, minutes, seconds},
    verification::{
        Ask, Capability, CountryCode, Failure, Head, IncomingMessage, IntakeError, Purchase, PurchaseState,
        Reservation, VerificationService,
        buying::broken,
        matching::{self, Evidence, Verdict},
    },
};

/// Numbers that nobody ordered are looked for this often.
const SCAN_EVERY_S: i64 = 60;
/// How far back the first scan of a process looks, so that a night without one loses nothing.
const FIRST_SCAN_BACK_H: i64 = 24;
/// How far back every scan looks again: a number may be listed long after it was made.
const SCAN_BACK_MIN: i64 = 30;
/// Stamps of whole seconds, and clocks that agree to a second only.
const SCAN_MARGIN_S: i64 = 2;
/// The right to settle unknown purchases is held this long.
const LEASE_S: u32 = 60;

impl VerificationService {
    /// Settles purchases whose outcome is unknown, and books numbers that nobody ordered as orphans.
    /// One process does it at a time. Returns how many verdicts were carried out.
    ///
    /// # Errors
    /// If provider or store cannot be asked; nothing is decided then, but for attempts past the hard stop.
    pub async fn reconcile(&self) -> Result<u32, IntakeError> {
        let now = self.clock.now();
        let sent = self.reads.sent_purchases(self.provider.id()).await?;
        let overdue = sent.iter().any(|attempt| matching::is_overdue(attempt, now, self.provider.time_out()));
        let scanned = self.remember(|memory| memory.reconciled_at);
        let scan_due = scanned.is_none_or(|at| now >= at + seconds(SCAN_EVERY_S));
        if !overdue && !scan_due {
            return Ok(0);
        }
        let name = format!("reconcile:{}", self.provider.id().name());
        if self.leases.acquire(&name, self.holder, LEASE_S).await?.is_none() {
            return Ok(0);
        }
        let settled = self.reconcile_leased(&sent, now).await;
        self.leases.release(&name, self.holder).await?;
        settled
    }

    async fn reconcile_leased(&self, sent: &[Purchase], now: Time) -> Result<u32, IntakeError> {
        let evidence = match self.look(sent, now).await {
            Ok(evidence) => evidence,
            Err(error) => {
                self.stop_hard(sent, now).await?;
                return Err(error);
            }
        };
        let mut done = 0;
        let mut failed = None;
        for verdict in matching::settle(&evidence) {
            match self.carry_out(&verdict, &evidence).await {
                Ok(carried_out) => done += u32::from(carried_out),
                // One that cannot be carried out now holds up no other.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let open = evidence.attempts.iter().filter(|a| a.is_sent()).map(|a| a.sent_at).min();
        let until = (now - minutes(SCAN_BACK_MIN)).min(open.unwrap_or(now)) - seconds(SCAN_MARGIN_S);
        self.remember(|memory| {
            memory.reconciled_at = Some(now);
            if evidence.complete {
                memory.reconciled_until = Some(until);
            } else {
                let reachable = now - minutes(SCAN_BACK_MIN);
                memory.reconciled_until = memory.reconciled_until.max(Some(reachable));
            }
        });
        Ok(done)
    }

    /// The provider cannot be looked through. Nobody's money waits for it longer than this.
    async fn stop_hard(&self, sent: &[Purchase], now: Time) -> Result<(), IntakeError> {
        let mut pass = Pass::default();
        for attempt in sent.iter().filter(|attempt| matching::is_past_hard_stop(attempt, now)) {
            // One that cannot be given up now holds up nobody else's money.
            pass.note(self.give_up(attempt).await.map(|_| 1));
        }
        pass.ended().map(|_| ())
    }

    /// The listing first, our own records after it: what the listing shows was committed before it was sent.
    async fn look(&self, sent: &[Purchase], now: Time) -> Result<Evidence, IntakeError> {
        let skew = self.provider.skew();
        // Set once and kept until a scan succeeds, so that an outage does not move it.
        let first = now - hours(FIRST_SCAN_BACK_H);
        let scan_from = self.remember(|memory| *memory.reconciled_until.get_or_insert(first));
        let from =
            matching::listing_from(sent, skew).map_or(scan_from + skew, |open| open.min(scan_from + skew));
        let listing = self.provider.reservations_since(from).await?;
        let reservations: Vec<_> =
            listing.reservations.into_iter().filter(|r| r.created_at >= from).collect();
        let ids: Vec<_> = reservations.iter().map(|reservation| reservation.id.clone()).collect();
        let mut attempts = self.reads.purchases_since(self.provider.id(), from - skew - minutes(1)).await?;
        attempts.retain(|attempt| attempt.wanted_by.is_some());
        let held: BTreeSet<ReservationId> =
            self.reads.held_among(self.provider.id(), &ids).await?.into_iter().collect();
        let complete = listing.complete;
        let time_out = self.provider.time_out();
        let seen = BTreeSet::new();
        let mut evidence = Evidence { now, skew, time_out, complete, reservations, held, attempts, seen };
        evidence.seen = self.seen_before(&evidence).await?;
        Ok(evidence)
    }

    async fn seen_before(
        &self,
        evidence: &Evidence,
    ) -> Result<BTreeSet<(PurchaseId, ReservationId)>, IntakeError> {
        let mut seen = BTreeSet::new();
        let free: Vec<_> = evidence.reservations.iter().filter(|r| !evidence.held.contains(&r.id)).collect();
        for attempt in evidence.attempts.iter().filter(|attempt| attempt.is_sent()) {
            let Some((_, user)) = attempt.wanted_by else { continue };
            for reservation in free.iter().filter(|r| r.service == attempt.ask.service) {
                let (service, number) = (&attempt.ask.service, &reservation.number);
                if self.reads.was_shown(user, service, number).await?
                    || self.reads.is_suppressed(service, number).await?
                {
                    seen.insert((attempt.id, reservation.id.clone()));
                }
            }
        }
        Ok(seen)
    }

    async fn carry_out(&self, verdict: &Verdict, evidence: &Evidence) -> Result<bool, IntakeError> {
        let attempt = |id: &PurchaseId| evidence.attempts.iter().find(|attempt| attempt.id == *id);
        match verdict {
            Verdict::Adopt(id, reservation) => match attempt(id) {
                Some(attempt) => self.adopt(attempt, reservation, evidence).await,
                None => Ok(false),
            },
            Verdict::Missed(id) => match attempt(id) {
                Some(attempt) => self.note_missed(attempt.clone(), evidence.now).await,
                None => Ok(false),
            },
            Verdict::Absent(id) => match attempt(id) {
                Some(attempt) => self.give_up(attempt).await,
                None => Ok(false),
            },
            Verdict::Stray(id) => {
                let stray = evidence.reservations.iter().find(|reservation| reservation.id == *id);
                match stray {
                    Some(reservation) => self.book_stray(reservation, evidence.now).await,
                    None => Ok(false),
                }
            }
        }
    }

    /// Binds what is still of use; what is not fails the order and becomes an orphan.
    /// What cannot be read again is refused by what the listing showed, once nobody's money may wait any longer.
    async fn adopt(
        &self,
        attempt: &Purchase,
        reservation: &ReservationId,
        evidence: &Evidence,
    ) -> Result<bool, IntakeError> {
        let Some(head) = self.head_of(attempt).await? else { return Ok(false) };
        let (upstream, texts) = match self.read_again(reservation).await {
            Ok(read) => read,
            Err(error) => {
                let listed = evidence.reservations.iter().find(|listed| listed.id == *reservation);
                let Some(listed) = listed.filter(|_| matching::is_past_hard_stop(attempt, evidence.now))
                else {
                    return Err(error);
                };
                self.refuse_number(&head, attempt.id, listed, Failure::ProviderUnknown).await?;
                return Ok(true);
            }
        };
        let now = self.clock.now();
        let order = if texts.is_empty() && matching::is_of_use(&upstream, now, self.provider.skew()) {
            self.bind(&head, attempt.id, &upstream).await
        } else {
            self.refuse_number(&head, attempt.id, &upstream, Failure::ProviderUnknown).await
        };
        match order {
            Ok(_) => Ok(true),
            // An answer that was on its way has bound it to another order: look again next time.
            Err(CommitError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_again(
        &self,
        reservation: &ReservationId,
    ) -> Result<(Reservation, Vec<IncomingMessage>), IntakeError> {
        let upstream = self.provider.reservation(reservation).await?;
        Ok((upstream, self.provider.messages(reservation).await?))
    }

    async fn note_missed(&self, attempt: Purchase, now: Time) -> Result<bool, IntakeError> {
        match self.store.commit(UnitOfWork::new().with(Change::Purchase(attempt.missed(now)))).await {
            Ok(_) => Ok(true),
            Err(CommitError::Stale) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn give_up(&self, attempt: &Purchase) -> Result<bool, IntakeError> {
        let Some(head) = self.head_of(attempt).await? else { return Ok(false) };
        self.fail(&head, attempt.id, Failure::ProviderUnknown).await?;
        Ok(true)
    }

    async fn head_of(&self, attempt: &Purchase) -> Result<Option<Head>, IntakeError> {
        let Some((order, _)) = attempt.wanted_by else { return Ok(None) };
        Ok(self.reads.order(order).await?.map(|order| order.head().clone()))
    }

    /// A number that no attempt explains: an orphan of its own, to be cancelled at the provider.
    async fn book_stray(&self, reservation: &Reservation, now: Time) -> Result<bool, IntakeError> {
        let bought = self.bought(reservation, now);
        let booked = bought.booked(now).map_err(broken)?;
        let Ok(country) = CountryCode::try_new("US") else { return Ok(false) };
        let ask = Ask {
            service: reservation.service.clone(),
            country,
            capability: Capability::Sms,
            area_code: None,
            carrier: None,
        };
        let purchase = Purchase {
            id: PurchaseId::generate(now, self.random.as_ref()),
            provider: self.provider.id(),
            wanted_by: None,
            ask,
            cost_cap: reservation.cost,
            sent_at: now,
            send_by: now,
            state: PurchaseState::Orphan(bought),
            missed: None,
            version: Version::FIRST,
        };
        let job = self.end_reservation_job(purchase.id, now);
        let mut unit = UnitOfWork::new().with(Change::Purchase(purchase)).with(job);
        if let Some(entry) = booked {
            unit = unit.post(entry);
        }
        match self.store.commit(unit).await {
            Ok(_) => Ok(true),
            Err(CommitError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
