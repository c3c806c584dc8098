//! Jobs: what was given up runs again, what waits is cancelled, and neither past a runner that has it.

use std::sync::Arc;

use async_trait::async_trait;
use namaskah_domain::{
    Change, Clock, Fault, JobId, JobKind, JobLane, Letter, NewJob, Page, PageOf, PurchaseId, Store,
    UnitOfWork, UserId,
    auth::{Email, Role},
    memory::{ManualClock, MemoryStore, SeededRandom},
    outbox::{JobDesk, JobError, JobQuery, JobReads, JobRefusal, JobState, Jobs, QueuedJob},
    staff::{Actor, AuditAction, AuditQuery, StaffReads},
};
use uuid::Uuid;

use super::at;

fn operator() -> Actor {
    let ip = "2001:db8::7".parse().expect("an address");
    let user = UserId::from_parts(at(0), [7; 10]);
    Actor { user, role: Role::Operator, ip, request: "req".to_owned() }
}

struct Queue {
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    id: JobId,
}

impl Queue {
    /// With one mail that waits.
    async fn new() -> Self {
        let to = Email::try_new("ada@example.com").expect("an address");
        Self::with(JobKind::SendMail { to, letter: Letter::PasswordChanged }).await
    }

    async fn with(kind: JobKind) -> Self {
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::default()));
        let id = JobId::from_parts(at(0), [1; 10]);
        let job = NewJob::new(id, kind, clock.now());
        store.commit(UnitOfWork::new().with(Change::Job(job))).await.expect("queued");
        Self { store, clock, id }
    }

    fn desk(&self, reads: Arc<dyn JobReads>) -> JobDesk {
        JobDesk::new(self.store.clone(), reads, self.clock.clone(), Arc::new(SeededRandom::default()))
    }

    async fn lease(&self) -> namaskah_domain::outbox::LeasedJob {
        let leased = self.store.lease(Uuid::from_u128(1), JobLane::Mail, self.clock.now(), 1).await;
        leased.expect("readable").pop().expect("a job that is due")
    }

    async fn told(&self) -> Vec<AuditAction> {
        let page = Page { limit: 10, after: None };
        let lines = self.store.audit_log(&AuditQuery::default(), page).await.expect("readable").rows;
        lines.into_iter().map(|line| line.action).collect()
    }
}

#[tokio::test]
async fn a_job_that_was_given_up_runs_again_and_one_that_waits_is_cancelled_and_both_are_told() {
    let queue = Queue::new().await;
    let desk = queue.desk(queue.store.clone());
    let refused = desk.retry(&operator(), queue.id).await;
    assert!(matches!(refused, Err(JobError::Refused(JobRefusal::NotEnded))), "{refused:?}");
    let lease = queue.lease().await;
    queue.store.bury(&lease, "550 no such user").await.expect("buried");
    let again = desk.retry(&operator(), queue.id).await.expect("again");
    assert_eq!((again.state, again.attempts), (JobState::Waiting, 0));
    let cancelled = desk.cancel(&operator(), queue.id).await.expect("cancelled");
    assert_eq!(cancelled.state, JobState::Cancelled);
    let refused = desk.cancel(&operator(), queue.id).await;
    assert!(matches!(refused, Err(JobError::Refused(JobRefusal::Ended))), "{refused:?}");
    desk.retry(&operator(), queue.id).await.expect("again");
    queue.store.done(&queue.lease().await).await.expect("done");
    let gone = desk.retry(&operator(), queue.id).await;
    assert!(matches!(gone, Err(JobError::NotFound)), "{gone:?}");
    let told = [AuditAction::JobRetried, AuditAction::JobCancelled, AuditAction::JobRetried];
    let mut seen = queue.told().await;
    seen.sort_by_key(|action| action.name());
    let mut expected = told.to_vec();
    expected.sort_by_key(|action| action.name());
    assert_eq!(seen, expected);
    let none = desk.list(JobQuery::default(), Page { limit: 1, after: None }).await.expect("readable");
    assert!(none.rows.is_empty());
}

/// A runner takes the job between the look and the decision, the first time.
struct TakenMeanwhile {
    queue: Arc<Queue>,
    looked: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl JobReads for TakenMeanwhile {
    async fn queued(&self, query: JobQuery, page: Page<JobId>) -> Result<PageOf<QueuedJob>, Fault> {
        self.queue.store.queued(query, page).await
    }

    async fn job(&self, id: JobId) -> Result<Option<QueuedJob>, Fault> {
        let job = self.queue.store.job(id).await;
        if !self.looked.swap(true, std::sync::atomic::Ordering::SeqCst) {
            self.queue.lease().await;
        }
        job
    }
}

#[tokio::test]
async fn a_job_that_a_runner_takes_meanwhile_is_not_cancelled() {
    let queue = Arc::new(Queue::new().await);
    let reads = TakenMeanwhile { queue: queue.clone(), looked: std::sync::atomic::AtomicBool::new(false) };
    let refused = queue.desk(Arc::new(reads)).cancel(&operator(), queue.id).await;
    assert!(matches!(refused, Err(JobError::Refused(JobRefusal::InWork))), "{refused:?}");
    assert_eq!(queue.told().await, []);
}

#[tokio::test]
async fn what_a_provider_must_be_told_is_not_cancelled() {
    let queue =
        Queue::with(JobKind::EndReservation { purchase: PurchaseId::from_parts(at(0), [2; 10]) }).await;
    let refused = queue.desk(queue.store.clone()).cancel(&operator(), queue.id).await;
    assert!(matches!(refused, Err(JobError::Refused(JobRefusal::Owed))), "{refused:?}");
    assert_eq!(queue.told().await, []);
}

#[tokio::test]
async fn a_job_that_does_not_exist_is_not_found() {
    let queue = Queue::new().await;
    let nobody = JobId::from_parts(at(0), [9; 10]);
    let refused = queue.desk(queue.store.clone()).cancel(&operator(), nobody).await;
    assert!(matches!(refused, Err(JobError::NotFound)), "{refused:?}");
}
