//! Exports: nothing leaves that the log does not tell of.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{
    Claim, Clock, CommitError, Committed, Fault, Page, Store, UnitOfWork, UserId,
    auth::Role,
    memory::{ManualClock, MemoryStore, SeededRandom},
    staff::{Actor, AuditAction, AuditQuery, By, Export, ExportService, FigureService, StaffReads, Stretch},
    time::hours,
};
use uuid::Uuid;

use super::at;

fn finance() -> Actor {
    let ip = "2001:db8::7".parse().expect("an address");
    let user = UserId::from_parts(at(0), [7; 10]);
    Actor { user, role: Role::Finance, ip, request: "req".to_owned() }
}

fn day() -> Stretch {
    Stretch::try_new(at(0), at(86_400)).expect("a day")
}

fn service(store: Arc<dyn Store>, memory: &Arc<MemoryStore>, clock: &Arc<ManualClock>) -> ExportService {
    ExportService::new(store, memory.clone(), clock.clone(), Arc::new(SeededRandom::default()))
}

#[tokio::test]
async fn a_list_is_told_with_its_time_before_it_is_read() {
    let (memory, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
    let exports = service(memory.clone(), &memory, &clock);
    for what in [Export::Users, Export::Entries, Export::Verifications] {
        let (reads, now) = exports.begin(&finance(), what, day()).await.expect("told");
        assert_eq!(now, clock.now());
        assert!(reads.users_within(day(), None, 1).await.expect("readable").is_empty());
        let query = AuditQuery { subject: Some(what.name().to_owned()), ..AuditQuery::default() };
        let page = Page { limit: 9, after: None };
        let lines = memory.audit_log(&query, page).await.expect("readable").rows;
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((line.action, &line.by), (AuditAction::ExportTaken, &By::Staff(finance())));
        let from = line.after.0.get("from").cloned().flatten();
        assert_eq!(from, Some("2027-01-15T08:00:00.000Z".to_owned()));
    }
}

/// A store that does not answer.
struct Silent;

#[async_trait]
impl Store for Silent {
    async fn commit(&self, _: UnitOfWork) -> Result<Committed, CommitError> {
        Err(CommitError::Unavailable(Fault::new("silent")))
    }

    async fn replay(&self, _: &Claim) -> Result<Option<Uuid>, CommitError> {
        Err(CommitError::Unavailable(Fault::new("silent")))
    }
}

#[tokio::test]
async fn what_cannot_be_told_does_not_leave() {
    let (memory, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
    let refused = service(Arc::new(Silent), &memory, &clock).begin(&finance(), Export::Users, day()).await;
    assert!(matches!(refused.err(), Some(CommitError::Unavailable(_))));
}

#[tokio::test]
async fn figures_of_nothing_are_nothing_and_say_when_they_were_reckoned() {
    let (memory, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
    let stretch = Stretch::try_new(clock.now() - hours(1), clock.now()).expect("an hour");
    let figures = FigureService::new(memory, clock.clone()).of(stretch).await.expect("readable");
    assert_eq!((figures.registrations, figures.at, figures.stretch), (0, clock.now(), stretch));
    assert!(figures.margin().is_zero() && figures.orders.by_state.is_empty());
    assert!(figures.deposits.is_empty() && figures.refunds.is_empty() && figures.suspense.is_empty());
}
