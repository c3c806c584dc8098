//! Sentences about what reconciliation reads, and about findings.

use namaskah_domain::{
    Amount, Change, CommitError, Currency, Money, Unique, UnitOfWork,
    payment::IntentState,
    reconciliation::{
        Book, Counts, Finding, FindingState, Float, Mismatch, OurNumber, OurPayment, Outcome, Run, Window,
    },
    verification::{ProviderId, Purchase, Receivable},
    wallet::{EntryKind, House, JournalEntry, LedgerAccount, Source, Transfer},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at, usd},
};

const PROVIDER: ProviderId = ProviderId::TextVerified;

pub(super) fn finding(key: &str, seconds: i64) -> Finding {
    Finding {
        id: given::id(),
        book: Book::Paystack,
        key: key.to_owned(),
        mismatch: Mismatch::OnlyTheirs,
        ours: None,
        theirs: Some(Money::from_units(7, Currency::Ngn)),
        at: at(0),
        found_at: at(seconds),
        accepted: None,
        state: FindingState::Open,
        version: namaskah_domain::Version::FIRST,
    }
}

async fn stored(on: &Backend, finding: Finding) -> Finding {
    on.apply(UnitOfWork::new().with(Change::Finding(finding.clone()))).await;
    finding
}

/// In every state, with and without money on either side.
pub async fn findings_are_stored_as_decided_in_every_state(on: &Backend) {
    let new = stored(on, finding("nmk-a", 1)).await;
    let read = async || on.reconciliation.finding(new.id).await.expect("readable").expect("a finding");
    assert_eq!(read().await, new);
    let resolved = new.clone().resolved(given::reason(), at(2)).expect("it was open");
    assert_eq!(stored(on, resolved.clone()).await, read().await);
    let again = Finding { ours: Some(usd(3)), theirs: None, accepted: Some(usd(-4)), ..resolved };
    let again =
        Finding { state: FindingState::Matched { at: at(3) }, version: again.version.next(), ..again };
    assert_eq!(stored(on, again).await, read().await);
    assert_eq!(on.reconciliation.finding(given::id()).await.expect("readable"), None);
}

/// A key is one finding's alone in its book; another book may use it too.
pub async fn a_book_has_one_finding_of_a_key(on: &Backend) {
    let first = stored(on, finding("nmk-b", 1)).await;
    let refused = on.refuse(UnitOfWork::new().with(Change::Finding(finding("nmk-b", 2)))).await;
    assert_refused!(refused, CommitError::Duplicate(Unique::Record));
    let other = stored(on, Finding { book: Book::TextVerified, ..finding("nmk-b", 2) }).await;
    let keys = ["nmk-b".to_owned(), "nmk-none".to_owned()];
    for (book, one) in [(Book::Paystack, first), (Book::TextVerified, other)] {
        assert_eq!(on.reconciliation.findings_of(book, &keys).await.expect("readable"), [one]);
    }
    assert_eq!(on.reconciliation.findings_of(Book::Paystack, &[]).await.expect("readable"), []);
}

/// Closed ones are not.
pub async fn open_findings_are_listed_oldest_first(on: &Backend) {
    let (newer, older) = (stored(on, finding("nmk-c", 9)).await, stored(on, finding("nmk-d", 3)).await);
    let closed = stored(on, finding("nmk-e", 1)).await;
    stored(on, closed.matched(at(4)).expect("it was open")).await;
    let open = async |limit| on.reconciliation.open_findings(limit).await.expect("readable");
    assert_eq!(open(10).await, [older.clone(), newer]);
    assert_eq!(open(1).await, [older]);
}

/// A credit for what was asked, what was set aside for what was paid; of others nothing is booked.
pub async fn payments_are_read_with_what_was_booked_of_them(on: &Backend) {
    let (pending, mut credited, mut aside) =
        (given::intent(given::id()), given::intent(given::id()), given::intent(given::id()));
    credited.state = IntentState::Succeeded { at: at(10) };
    aside.state = IntentState::Suspense { at: at(20) };
    let paid = Amount::try_new(Money::from_units(5, Currency::Ngn)).expect("above zero");
    let item = namaskah_domain::payment::Suspended { paid, ..given::suspended(&aside) };
    let intents = [&pending, &credited, &aside].map(|intent| Change::Intent(intent.clone()));
    let unit = intents.into_iter().fold(UnitOfWork::new(), UnitOfWork::with);
    on.apply(unit.with(Change::Suspended(item))).await;
    let of = |intent: &namaskah_domain::payment::Intent, booked, at| OurPayment {
        reference: intent.reference.clone(),
        booked,
        at,
    };
    let credited_as = of(&credited, Some(credited.charged), at(10));
    let aside_as = of(&aside, Some(paid), at(20));
    let mut all = vec![of(&pending, None, pending.created_at), credited_as.clone(), aside_as.clone()];
    all.sort_by(|a, b| a.reference.cmp(&b.reference));
    let mut names: Vec<_> = all.iter().map(|payment| payment.reference.clone()).collect();
    names.push(given::intent(given::id()).reference);
    assert_eq!(on.reconciliation.payments_named(&names).await.expect("readable"), all);
    assert_eq!(on.reconciliation.payments_named(&[]).await.expect("readable"), []);
    let booked =
        async |from, to| on.reconciliation.payments_booked(at(from), at(to)).await.expect("readable");
    assert_eq!(booked(10, 21).await, [credited_as.clone(), aside_as]);
    assert_eq!(booked(10, 20).await, [credited_as]);
    assert_eq!(booked(11, 20).await, []);
}

fn held(seconds: i64, receivable: Receivable) -> Purchase {
    let sent = Purchase { sent_at: at(seconds), ..given::purchase(&given::requested(given::id())) };
    let bought =
        namaskah_domain::verification::Bought { receivable, bound_at: at(seconds), ..given::bought() };
    Purchase { state: namaskah_domain::verification::PurchaseState::Bound(bought), ..sent }
}

fn as_read(purchase: &Purchase, credited: bool) -> OurNumber {
    let bought = purchase.bought().expect("a number");
    OurNumber {
        purchase: purchase.id,
        reservation: bought.reservation.clone(),
        cost: bought.cost,
        cap: purchase.cost_cap,
        at: bought.created_at,
        credited,
    }
}

/// As the receivable says or, where that was closed otherwise, as the journal does.
pub async fn numbers_are_read_with_whether_their_credit_is_booked(on: &Backend) {
    let open = held(10, Receivable::Open);
    let credited = held(11, Receivable::Credited { at: at(30) });
    let [costed, late] = [12, 13].map(|seconds| held(seconds, Receivable::Costed { at: at(30) }));
    let sent = Purchase { sent_at: at(12), ..given::purchase(&given::requested(given::id())) };
    let entry =
        late.bought().expect("a number").credited(at(40)).expect("balanced").expect("it cost something");
    let all = [&open, &credited, &costed, &late, &sent].map(|purchase| Change::Purchase(purchase.clone()));
    on.apply(all.into_iter().fold(UnitOfWork::new(), UnitOfWork::with).post(entry)).await;
    let numbers =
        [as_read(&open, false), as_read(&credited, true), as_read(&costed, false), as_read(&late, true)];
    let bought = async |from, to| {
        on.reconciliation.numbers_bought(PROVIDER, at(from), at(to)).await.expect("readable")
    };
    assert_eq!(bought(10, 14).await, numbers);
    assert_eq!(bought(11, 13).await, numbers[1..3]);
    let mut names: Vec<_> = numbers.iter().map(|number| number.reservation.clone()).collect();
    names.push(given::reservation());
    let mut sorted = numbers.to_vec();
    sorted.sort_by(|a, b| a.reservation.cmp(&b.reservation));
    assert_eq!(on.reconciliation.numbers_named(PROVIDER, &names).await.expect("readable"), sorted);
    assert_eq!(on.reconciliation.numbers_named(PROVIDER, &[]).await.expect("readable"), []);
}

/// What was topped up, less what numbers cost; and what may be charged or given back without our knowing.
pub async fn the_float_is_told_with_what_may_be_on_its_way(on: &Backend) {
    let float = async |since| on.reconciliation.float(PROVIDER, at(since)).await.expect("readable");
    assert_eq!(float(0).await, Float { booked: usd(0), in_flight: usd(0), awaited: usd(0) });
    let (young, old) = (held(20, Receivable::Open), held(10, Receivable::Open));
    let closed = held(20, Receivable::Credited { at: at(30) });
    let sent = Purchase { cost_cap: usd(900_000), ..given::purchase(&given::requested(given::id())) };
    let top_up = Transfer {
        debit: LedgerAccount::House(House::ProviderFloatTextVerified),
        credit: LedgerAccount::House(House::Treasury),
        amount: given::amount(5_000_000),
        kind: EntryKind::Treasury,
        source: Source::bought(&given::reservation()),
        leg: 1,
        at: at(1),
    };
    let bought =
        young.bought().expect("a number").booked(at(20)).expect("balanced").expect("it cost something");
    let all = [young, old, closed, sent].map(Change::Purchase);
    let unit = all.into_iter().fold(UnitOfWork::new(), UnitOfWork::with).post(bought);
    on.apply(unit.post(JournalEntry::try_new(vec![top_up]).expect("balanced"))).await;
    let (booked, in_flight) = (usd(4_250_000), usd(900_000));
    assert_eq!(float(20).await, Float { booked, in_flight, awaited: usd(750_000) });
    assert_eq!(float(10).await, Float { booked, in_flight, awaited: usd(1_500_000) });
}

/// With each outcome.
pub async fn runs_of_reconciliation_are_stored_as_decided_newest_first(on: &Backend) {
    let counts = Counts { matched: 9, late: 1, differ: 2, booked: 3, opened: 4, closed: 5, whole: false };
    let run = |seconds| Run {
        id: given::id(),
        window: Window { from: at(seconds), to: at(seconds + 60) },
        began_at: at(seconds + 61),
        ended_at: at(seconds + 62),
        payments: Outcome::Compared(counts),
        numbers: Outcome::Failed,
        float: Outcome::Skipped,
    };
    let runs = [run(0), run(10), run(20)];
    for run in &runs {
        on.apply(UnitOfWork::new().with(Change::ReconciliationRun(run.clone()))).await;
    }
    let again = on.refuse(UnitOfWork::new().with(Change::ReconciliationRun(runs[0].clone()))).await;
    assert_refused!(again, CommitError::Duplicate(Unique::Record));
    let last = on.reconciliation.runs(2).await.expect("readable");
    assert_eq!(last, [runs[2].clone(), runs[1].clone()]);
}
