//! Use cases of reconciliation: comparing, listing what is open, and closing it by hand.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    Change, Clock, CommitError, Fault, FindingId, PaymentReference, Random, ReservationId, RunId, Store,
    Time, UnitOfWork,
    notification::Occasion,
    payment::{Charge, ChargeStatus, PaymentGateway},
    reconciliation::{
        Book, Compared, Finding, OurNumber, OurPayment, ReconcileError, ReconciliationReads, ResolveError,
        Run, RunError, Verdict,
        float::BALANCE,
        matching::{self, LATE_MIN, Unsettled},
    },
    staff::{AuditAction, By, Facts, Subject},
    time::minutes,
    unit::retry_stale,
    verification::{NumberProvider, ProviderError, Reservation, VerificationService},
    wallet::Reason,
};

/// So many keys are asked for at once.
const CHUNK: usize = 500;
/// So many things that a list lacks are asked for one by one in a run; the next run asks for the others.
const ONE_BY_ONE: usize = 200;
/// So many open findings are looked at.
pub(super) const OPEN: u32 = 10_000;
/// A list is read so much further back than asked: what was begun before may end within.
const MARGIN_MIN: i64 = 60;

/// The time that is compared: from an instant on, and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub from: Time,
    /// Before this.
    pub to: Time,
}

/// What one comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// In agreement.
    pub matched: u32,
    /// Too young to be judged.
    pub late: u32,
    /// Not in agreement, whether that is new or not.
    pub differ: u32,
    /// Credits of the provider that were seen and booked here.
    pub booked: u32,
    /// False if something was left to the next run: the list was not whole, or lacked too much.
    pub whole: bool,
    /// Findings that were opened, or opened again.
    pub opened: Vec<Finding>,
    /// Findings that closed by themselves.
    pub closed: Vec<Finding>,
}

/// What each comparison came to. One that failed holds up no other.
#[derive(Debug)]
pub struct Report {
    /// Paystack's transactions and our payments.
    pub payments: Result<Tally, ReconcileError>,
    /// TextVerified's reservations and our purchases.
    pub numbers: Result<Tally, ReconcileError>,
    /// TextVerified's balance and our float; `None` as long as no balance was accepted.
    pub float: Result<Option<Tally>, ReconcileError>,
    /// What of it is kept; if that fails, what was found is kept all the same.
    pub kept: Result<RunId, CommitError>,
}

/// Compares providers' lists with our books. Its own records apart it changes nothing, but books credits of the
/// provider that nobody else has seen.
pub struct ReconciliationService {
    pub(super) store: Arc<dyn Store>,
    pub(super) reads: Arc<dyn ReconciliationReads>,
    gateway: Arc<dyn PaymentGateway>,
    pub(super) provider: Arc<dyn NumberProvider>,
    orders: Arc<VerificationService>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl ReconciliationService {
    /// Over any store and providers; `orders` books the credits.
    pub fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn ReconciliationReads>,
        gateway: Arc<dyn PaymentGateway>,
        provider: Arc<dyn NumberProvider>,
        orders: Arc<VerificationService>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, reads, gateway, provider, orders, clock, random }
    }

    /// Compares everything of a window, and everything that is open. Run twice it finds the same once. One process
    /// at a time should.
    pub async fn run(&self, window: Window) -> Report {
        self.run_and_keep(window).await.0
    }

    async fn run_and_keep(&self, window: Window) -> (Report, Run) {
        let began_at = self.clock.now();
        let id = RunId::generate(began_at, self.random.as_ref());
        let payments = self.compare_payments(window).await;
        let numbers = self.compare_numbers(window).await;
        let mut report = Report { payments, numbers, float: self.compare_float().await, kept: Ok(id) };
        let run = Run::of(id, window, &report, (began_at, self.clock.now()));
        let unit = UnitOfWork::new().with(Change::ReconciliationRun(run.clone()));
        let unit = match run.has_opened() {
            true => unit.telling_staff(id.uuid(), Occasion::MismatchesFound { run: id }, run.ended_at),
            false => unit,
        };
        report.kept = self.store.commit(unit).await.map(|_| id);
        (report, run)
    }

    /// The same because somebody asks for it: the log tells so before anything is compared.
    pub(super) async fn run_by(&self, by: &By, window: Window) -> Result<Run, RunError> {
        let after = Facts::none().at("from", Some(window.from)).at("to", Some(window.to));
        let subject = Subject::named("reconciliation", "run".to_owned());
        let now = (self.clock.now(), self.random.as_ref());
        let line = by.did(AuditAction::ReconciliationAsked, subject, (Facts::none(), after), now);
        self.store.commit(UnitOfWork::new().with(line)).await?;
        let (report, run) = self.run_and_keep(window).await;
        report.kept?;
        Ok(run)
    }

    /// What is open, oldest first.
    ///
    /// # Errors
    /// [`Fault`] if the store cannot be read.
    pub async fn open(&self) -> Result<Vec<Finding>, Fault> {
        self.reads.open_findings(OPEN).await
    }

    /// Closes a finding by hand, and tells in the log of the same commit who has looked. It stays closed as long as both
    /// sides say what they say now.
    ///
    /// # Errors
    /// [`ResolveError`], by name.
    pub async fn resolve(&self, by: &By, id: FindingId, note: Reason) -> Result<Finding, ResolveError> {
        let decided = retry_stale(|| async {
            match self.resolve_once(by, id, note.clone()).await {
                Err(ResolveError::Commit(refused)) => Err(refused),
                decided => Ok(decided),
            }
        });
        decided.await?
    }

    async fn resolve_once(&self, by: &By, id: FindingId, note: Reason) -> Result<Finding, ResolveError> {
        let finding = self.reads.finding(id).await?.ok_or(ResolveError::NotFound)?;
        let (now, before) = (self.clock.now(), finding.facts());
        let resolved = finding.resolved(note, now).ok_or(ResolveError::Closed)?;
        let (subject, facts) = (Subject::of("finding", id), (before, resolved.facts()));
        let line = by.did(AuditAction::FindingResolved, subject, facts, (now, self.random.as_ref()));
        let unit = UnitOfWork::new().with(Change::Finding(resolved.clone())).with(line);
        self.store.commit(unit).await?;
        Ok(resolved)
    }

    /// The list first, our own records after it: what the list shows we may have booked since.
    async fn compare_payments(&self, window: Window) -> Result<Tally, ReconcileError> {
        let now = self.clock.now();
        let listed = self.gateway.succeeded_since(window.from - minutes(MARGIN_MIN)).await?;
        let listed: BTreeMap<PaymentReference, Charge> = listed
            .into_iter()
            .filter(|charge| charge.of_our_mode && charge.reference.is_of_our_make())
            .filter(|charge| charge.paid_at.is_none_or(|at| at < window.to))
            .map(|charge| (charge.reference.clone(), charge))
            .collect();
        let mut ours = self.payments_named(listed.keys().cloned().collect()).await?;
        let mut compared: Vec<_> = listed
            .iter()
            .map(|(reference, charge)| matching::payment(reference, ours.get(reference), Some(charge), now))
            .collect();
        let mut lacking: Vec<PaymentReference> = Vec::new();
        for booked in self.reads.payments_booked(window.from, window.to).await? {
            if !listed.contains_key(&booked.reference) {
                lacking.push(booked.reference.clone());
                ours.insert(booked.reference.clone(), booked);
            }
        }
        let open = self.open_of(Book::Paystack).await?;
        let known: HashSet<_> = listed.keys().chain(&lacking).map(PaymentReference::as_str).collect();
        let open: Vec<_> = open.iter().filter(|open| !known.contains(open.key.as_str())).collect();
        let open: Vec<_> = open.iter().filter_map(|open| PaymentReference::try_new(&open.key).ok()).collect();
        ours.extend(self.payments_named(open.clone()).await?);
        lacking.extend(open);
        let whole = lacking.len() <= ONE_BY_ONE;
        for reference in lacking.into_iter().take(ONE_BY_ONE) {
            let ours = ours.get(&reference);
            let charge = self.gateway.verify(&reference).await?.filter(|charge| match charge.status {
                ChargeStatus::Succeeded => charge.of_our_mode,
                // It was paid, and all of it has gone back since.
                ChargeStatus::Reversed => ours.is_some_and(|ours| ours.booked.is_some()),
                ChargeStatus::Failed | ChargeStatus::Abandoned | ChargeStatus::Open => false,
            });
            compared.push(matching::payment(&reference, ours, charge.as_ref(), now));
        }
        self.settle(Book::Paystack, &compared, whole).await
    }

    async fn payments_named(
        &self,
        references: Vec<PaymentReference>,
    ) -> Result<HashMap<PaymentReference, OurPayment>, Fault> {
        let mut ours = HashMap::new();
        for some in references.chunks(CHUNK) {
            let some = self.reads.payments_named(some).await?;
            ours.extend(some.into_iter().map(|payment| (payment.reference.clone(), payment)));
        }
        Ok(ours)
    }

    /// The list first, what is under way after it, and then what we hold: a reservation that is listed and not held
    /// belongs to a purchase under way, or to none.
    pub(super) async fn compare_numbers(&self, window: Window) -> Result<Tally, ReconcileError> {
        let (skew, provider) = (self.provider.skew(), self.provider.id());
        let now = self.clock.now() + skew;
        let listing = self.provider.reservations_since(window.from + skew - minutes(MARGIN_MIN)).await?;
        let listed: BTreeMap<ReservationId, Reservation> = listing
            .reservations
            .into_iter()
            .filter(|reservation| reservation.created_at < window.to + skew)
            .map(|reservation| (reservation.id.clone(), reservation))
            .collect();
        let in_flight = self.reads.float(provider, now).await?.in_flight;
        let unsettled = if in_flight.is_zero() { Unsettled::None } else { Unsettled::Some };
        let mut ours = self.numbers_named(listed.keys().cloned().collect()).await?;
        let booked = self.book_credits(&mut ours, &listed).await?;
        let mut lacking: Vec<ReservationId> = Vec::new();
        if listing.complete {
            for number in self.reads.numbers_bought(provider, window.from, window.to).await? {
                let is_old = number.at + minutes(LATE_MIN) <= now;
                if is_old && !listed.contains_key(&number.reservation) {
                    lacking.push(number.reservation.clone());
                    ours.insert(number.reservation.clone(), number);
                }
            }
        }
        let open = self.open_of(Book::TextVerified).await?;
        let known: HashSet<_> = listed.keys().chain(&lacking).map(ReservationId::as_str).collect();
        let open = open.iter().filter(|open| open.key != BALANCE && !known.contains(open.key.as_str()));
        let open: Vec<_> = open.filter_map(|open| ReservationId::try_new(&open.key).ok()).collect();
        ours.extend(self.numbers_named(open.clone()).await?);
        lacking.extend(open);
        let whole = listing.complete && lacking.len() <= ONE_BY_ONE;
        let mut compared: Vec<_> = listed
            .iter()
            .map(|(id, theirs)| matching::number(id, ours.get(id), Some(theirs), unsettled, now))
            .collect();
        for id in lacking.into_iter().take(ONE_BY_ONE) {
            let theirs = match self.provider.reservation(&id).await {
                Ok(reservation) => Some(reservation),
                Err(ProviderError::NotFound) => None,
                Err(error) => return Err(error.into()),
            };
            compared.push(matching::number(&id, ours.get(&id), theirs.as_ref(), unsettled, now));
        }
        Ok(Tally { booked, ..self.settle(Book::TextVerified, &compared, whole).await? })
    }

    /// Books what the list shows to be credited, and our books do not have.
    async fn book_credits(
        &self,
        ours: &mut HashMap<ReservationId, OurNumber>,
        listed: &BTreeMap<ReservationId, Reservation>,
    ) -> Result<u32, ReconcileError> {
        let mut booked = 0;
        for number in ours.values_mut() {
            let lacks = listed.get(&number.reservation).is_some_and(|theirs| number.lacks_credit(theirs));
            if lacks && self.orders.book_listed_credit(number.purchase).await? {
                number.credited = true;
                booked += 1;
            }
        }
        Ok(booked)
    }

    async fn numbers_named(
        &self,
        reservations: Vec<ReservationId>,
    ) -> Result<HashMap<ReservationId, OurNumber>, Fault> {
        let mut ours = HashMap::new();
        for some in reservations.chunks(CHUNK) {
            let some = self.reads.numbers_named(self.provider.id(), some).await?;
            ours.extend(some.into_iter().map(|number| (number.reservation.clone(), number)));
        }
        Ok(ours)
    }

    async fn open_of(&self, book: Book) -> Result<Vec<Finding>, Fault> {
        let mut open = self.reads.open_findings(OPEN).await?;
        open.retain(|finding| finding.book == book);
        Ok(open)
    }

    /// Writes down what is new about the mismatches, and closes what agrees now.
    pub(super) async fn settle(
        &self,
        book: Book,
        compared: &[Compared],
        whole: bool,
    ) -> Result<Tally, ReconcileError> {
        let mut tally =
            Tally { matched: 0, late: 0, differ: 0, booked: 0, whole, opened: vec![], closed: vec![] };
        for item in compared {
            match item.verdict {
                Verdict::Matched => tally.matched += 1,
                Verdict::Late => tally.late += 1,
                Verdict::Differs(_) => tally.differ += 1,
            }
        }
        let now = self.clock.now();
        let agreed: HashSet<_> =
            compared.iter().filter(|c| c.verdict == Verdict::Matched).map(|c| c.key.as_str()).collect();
        for open in self.open_of(book).await? {
            if agreed.contains(open.key.as_str())
                && let Some(closed) = open.matched(now)
                && self.write(&closed).await?
            {
                tally.closed.push(closed);
            }
        }
        let seen: Vec<_> = compared.iter().filter_map(Compared::seen).collect();
        for some in seen.chunks(CHUNK) {
            let keys: Vec<_> = some.iter().map(|seen| seen.key.clone()).collect();
            let stored = self.reads.findings_of(book, &keys).await?;
            let mut stored: HashMap<_, _> = stored.into_iter().map(|f| (f.key.clone(), f)).collect();
            for seen in some {
                let finding = match stored.remove(&seen.key) {
                    Some(stored) => stored.seen_again(seen.clone(), now),
                    None => Some(Finding::new(self.new_id(now), book, seen.clone(), now)),
                };
                if let Some(finding) = finding
                    && self.write(&finding).await?
                    && finding.found_at == now
                {
                    tally.opened.push(finding);
                }
            }
        }
        Ok(tally)
    }

    /// False if somebody else has written it in between: the next run sees what he saw.
    pub(super) async fn write(&self, finding: &Finding) -> Result<bool, CommitError> {
        match self.store.commit(UnitOfWork::new().with(Change::Finding(finding.clone()))).await {
            Ok(_) => Ok(true),
            Err(CommitError::Stale | CommitError::Duplicate(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn new_id(&self, now: Time) -> FindingId {
        FindingId::generate(now, self.random.as_ref())
    }
}
