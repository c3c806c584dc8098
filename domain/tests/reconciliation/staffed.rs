//! Reconciliation by staff: told in the log, one run at a time, each finding closed once.

use std::sync::Arc;

use namaskah_domain::{
    Clock, Fault, Page, UserId,
    auth::Role,
    memory::{GatewayFailure, GatewayOperation, MemoryStore, Platform},
    outbox::{Lease, Leases},
    reconciliation::{
        FindingState, Outcome, ReconciliationDesk, ReconciliationReads, ReconciliationService, ResolveError,
        RunError,
    },
    staff::{Actor, AuditAction, AuditEntry, AuditQuery, By, StaffReads},
};

use crate::{World, note};

fn finance() -> By {
    let ip = "2001:db8::7".parse().expect("an address");
    let user = UserId::from_uuid(uuid::Uuid::from_u128(7));
    By::Staff(Actor { user, role: Role::Finance, ip, request: "req".to_owned() })
}

/// A service over the same store and providers as the platform's own.
fn service(platform: &Platform) -> Arc<ReconciliationService> {
    let (store, clock, random) = (platform.store.clone(), platform.clock.clone(), platform.random.clone());
    let (gateway, provider) = (platform.gateway.clone(), platform.provider.clone());
    let orders = platform.orders.clone();
    Arc::new(ReconciliationService::new(store.clone(), store, gateway, provider, orders, clock, random))
}

fn desk(platform: &Platform) -> ReconciliationDesk {
    ReconciliationDesk::new(service(platform), platform.store.clone())
}

async fn lines(store: &MemoryStore) -> Vec<AuditEntry> {
    let page = Page { limit: 100, after: None };
    store.audit_log(&AuditQuery::default(), page).await.expect("readable").rows
}

#[tokio::test]
async fn a_run_that_staff_asks_for_is_told_and_kept_and_what_it_found_is_shown() {
    let world = World::new().await;
    world.foreign_success("nmk-abcdefghijkmnpqrstuvwxyz23").await;
    world.later(10);
    let (desk, by) = (desk(&world.platform), finance());
    let run = desk.run(&by).await.expect("compared");
    let Outcome::Compared(counts) = run.payments else { panic!("{run:?}") };
    assert_eq!((counts.matched, counts.differ, counts.opened), (1, 1, 1));
    assert!(matches!(run.float, Outcome::Skipped));
    assert_eq!((run.window.to - run.window.from).num_hours(), 26);
    let overview = desk.overview().await.expect("readable");
    assert_eq!(overview.runs, [run]);
    assert_eq!((overview.open.len(), overview.classes.len()), (1, 1));
    let told = lines(&world.platform.store).await;
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((line.action, &line.by), (AuditAction::ReconciliationAsked, &by));
    world.platform.gateway.fail_next(GatewayOperation::List, GatewayFailure::Unavailable);
    let run = desk.run(&by).await.expect("kept all the same");
    assert!(matches!((run.payments, run.numbers), (Outcome::Failed, Outcome::Compared(_))), "{run:?}");
}

#[tokio::test]
async fn what_the_worker_compares_is_kept_and_is_not_in_the_log() {
    let world = World::new().await;
    let report = world.compare().await;
    let kept = world.platform.store.runs(10).await.expect("readable");
    assert_eq!(kept.iter().map(|run| run.id).collect::<Vec<_>>(), [report.kept.expect("kept")]);
    assert!(kept[0].began_at <= kept[0].ended_at && kept[0].ended_at <= world.platform.clock.now());
    assert!(lines(&world.platform.store).await.is_empty());
}

#[tokio::test]
async fn one_run_of_staff_at_a_time_and_the_next_after_it() {
    let world = World::new().await;
    let (desk, by) = (desk(&world.platform), finance());
    let taken = desk.run(&by).await.map(|run| run.id);
    assert!(taken.is_ok());
    let holder = uuid::Uuid::from_u128(1);
    let lease = world.platform.store.acquire("reconciliation_by_staff", holder, 60).await;
    assert!(lease.expect("readable").is_some(), "it was given back");
    let refused = desk.run(&by).await;
    assert!(matches!(refused, Err(RunError::UnderWay)), "{refused:?}");
    assert_eq!(lines(&world.platform.store).await.len(), 1, "nothing was told of it");
    Leases::release(world.platform.store.as_ref(), "reconciliation_by_staff", holder)
        .await
        .expect("given back");
    desk.run(&by).await.expect("compared");
}

/// Leases that cannot be asked.
struct Silent;

#[async_trait::async_trait]
impl Leases for Silent {
    async fn acquire(&self, _: &str, _: uuid::Uuid, _: u32) -> Result<Option<Lease>, Fault> {
        Err(Fault::new("silent"))
    }

    async fn release(&self, _: &str, _: uuid::Uuid) -> Result<(), Fault> {
        Err(Fault::new("silent"))
    }
}

#[tokio::test]
async fn without_a_lease_nothing_is_compared() {
    let world = World::new().await;
    let desk = ReconciliationDesk::new(service(&world.platform), Arc::new(Silent));
    let refused = desk.run(&finance()).await;
    assert!(matches!(refused, Err(RunError::Unavailable(_))), "{refused:?}");
    assert!(world.platform.store.runs(1).await.expect("readable").is_empty());
}

#[tokio::test]
async fn a_finding_is_closed_once_and_the_log_tells_who_has_looked() {
    let world = World::new().await;
    world.foreign_success("nmk-abcdefghijkmnpqrstuvwxyz23").await;
    world.compare().await;
    let (found, desk, by) = (world.found().await, desk(&world.platform), finance());
    let closed = desk.resolve(&by, found.id, note()).await.expect("closed");
    assert!(matches!(closed.state, FindingState::Resolved { .. }));
    let again = desk.resolve(&by, found.id, note()).await;
    assert!(matches!(again, Err(ResolveError::Closed)), "{again:?}");
    let told = lines(&world.platform.store).await;
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((line.action, &line.by), (AuditAction::FindingResolved, &by));
    let fact = |name: &str| line.after.0.get(name).cloned().flatten();
    assert_eq!(fact("note").as_deref(), Some("looked at"));
    assert_eq!(fact("key").as_deref(), Some("nmk-abcdefghijkmnpqrstuvwxyz23"));
    assert_eq!(line.before.0.get("status").cloned().flatten().as_deref(), Some("open"));
}

#[tokio::test]
async fn a_balance_that_is_accepted_is_told_with_its_difference() {
    let world = World::new().await;
    world.platform.reconciliation.accept_balance(&By::Console, note()).await.expect("a balance");
    let told = lines(&world.platform.store).await;
    let [line] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((line.action, &line.by), (AuditAction::BalanceAccepted, &By::Console));
    assert!(line.after.0.contains_key("difference"));
}
