//! Sentences about jobs as staff sees them and decides about them.

use namaskah_domain::{
    Change, CommitError, JobKind, JobLane, NewJob, Page, UnitOfWork,
    outbox::{JobQuery, JobState, LeasedJob, QueuedJob},
};

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

async fn queued(on: &Backend) -> NewJob {
    let job = given::job();
    on.apply(UnitOfWork::new().with(Change::Job(job.clone()))).await;
    job
}

async fn leased(on: &Backend, lane: JobLane) -> LeasedJob {
    let holder = given::id::<()>().uuid();
    let mut leased = on.jobs.lease(holder, lane, at(3_600), 1).await.expect("a lease");
    leased.pop().expect("a job that is due")
}

async fn shown(on: &Backend, job: &NewJob) -> QueuedJob {
    on.job_desk.job(job.id).await.expect("readable").expect("a job")
}

fn decided(job: QueuedJob) -> UnitOfWork {
    UnitOfWork::new().with(Change::QueuedJob(job))
}

/// By state and kind, newest first, in pages.
pub async fn jobs_are_shown_by_how_they_stand_without_what_is_in_them(on: &Backend) {
    let buried = queued(on).await;
    let lease = leased(on, JobLane::Mail).await;
    on.jobs.bury(&lease, "no such address: ada@example.com").await.expect("buried");
    let in_work = queued(on).await;
    leased(on, JobLane::Mail).await;
    let waiting = queued(on).await;
    let end = JobKind::EndReservation { purchase: given::id() };
    let telling = NewJob { kind: end, run_at: at(7), ..given::job() };
    on.apply(UnitOfWork::new().with(Change::Job(telling.clone()))).await;
    let cancelled = queued(on).await;
    on.apply(decided(shown(on, &cancelled).await.cancelled().expect("it waits"))).await;

    let of = |state| JobQuery { state: Some(state), lane: None };
    let mail = JobQuery { state: None, lane: Some(JobLane::Mail) };
    for (query, expected) in [
        (JobQuery::default(), vec![&cancelled, &telling, &waiting, &in_work, &buried]),
        (of(JobState::Waiting), vec![&telling, &waiting]),
        (of(JobState::InWork), vec![&in_work]),
        (of(JobState::Buried), vec![&buried]),
        (of(JobState::Cancelled), vec![&cancelled]),
        (mail, vec![&cancelled, &waiting, &in_work, &buried]),
        (JobQuery { lane: Some(JobLane::Provider), ..of(JobState::Waiting) }, vec![&telling]),
    ] {
        let page = on.job_desk.queued(query, Page { limit: 10, after: None }).await.expect("readable");
        let found: Vec<_> = page.rows.iter().map(|job| job.id).collect();
        assert_eq!(found, expected.iter().map(|job| job.id).collect::<Vec<_>>(), "{query:?}");
    }
    let page = Page { limit: 2, after: Some(cancelled.id) };
    let page = on.job_desk.queued(JobQuery::default(), page).await.expect("readable");
    assert_eq!((page.rows[0].id, page.rows[1].id, page.has_more), (telling.id, waiting.id, true));
    let told = shown(on, &telling).await;
    assert_eq!((told.lane, told.state, told.run_at), (JobLane::Provider, JobState::Waiting, at(7)));
    let attempts = [&waiting, &in_work, &buried].map(|job| shown(on, job));
    assert_eq!(
        futures::future::join_all(attempts).await.iter().map(|job| job.attempts).collect::<Vec<_>>(),
        [0, 1, 1]
    );
    assert_eq!(on.job_desk.job(given::id()).await.expect("readable"), None);
}

/// A runner that has taken it since, or has done it, makes the decision stale; and a decision makes a lease void.
pub async fn a_decision_about_a_job_is_guarded_by_its_lease(on: &Backend) {
    let job = queued(on).await;
    let waiting = shown(on, &job).await;
    let lease = leased(on, JobLane::Mail).await;
    let cancelled = waiting.cancelled().expect("it waited");
    assert_refused!(on.refuse(decided(cancelled.clone())).await, CommitError::Stale);
    assert!(shown(on, &job).await.cancelled().is_err());
    on.jobs.retry(&lease, at(60)).await.expect("put back");
    let waiting = shown(on, &job).await;
    assert_eq!((waiting.state, waiting.attempts, waiting.run_at), (JobState::Waiting, 1, at(60)));
    on.apply(decided(waiting.clone().cancelled().expect("it waits"))).await;
    assert_refused!(on.refuse(decided(waiting.cancelled().expect("it waited"))).await, CommitError::Stale);
    on.jobs.done(&lease).await.expect("a lease of before changes nothing");
    assert_eq!(shown(on, &job).await.state, JobState::Cancelled);
    on.apply(decided(shown(on, &job).await.again(at(5)).expect("cancelled"))).await;
    on.jobs.bury(&lease, "late").await.expect("neither does it here");
    assert_eq!(shown(on, &job).await.state, JobState::Waiting);
    let waiting = shown(on, &job).await;
    let lease = leased(on, JobLane::Mail).await;
    on.jobs.done(&lease).await.expect("done");
    assert_refused!(on.refuse(decided(waiting.cancelled().expect("it waited"))).await, CommitError::Stale);
}

/// And then with all its attempts, and with what was to be done.
pub async fn a_cancelled_job_is_not_taken_until_it_is_told_to_run_again(on: &Backend) {
    let job = queued(on).await;
    let lease = leased(on, JobLane::Mail).await;
    on.jobs.retry(&lease, at(0)).await.expect("put back");
    on.apply(decided(shown(on, &job).await.cancelled().expect("it waits"))).await;
    let holder = given::id::<()>().uuid();
    assert_eq!(on.jobs.lease(holder, JobLane::Mail, at(3_600), 9).await.expect("none"), []);
    on.apply(decided(shown(on, &job).await.again(at(100)).expect("cancelled"))).await;
    assert_eq!(on.jobs.lease(holder, JobLane::Mail, at(99), 9).await.expect("not yet"), []);
    let again = leased(on, JobLane::Mail).await;
    assert_eq!((again.id, again.attempts, again.kind.clone()), (job.id, 0, job.kind.clone()));
    on.jobs.bury(&again, "refused").await.expect("buried");
    let buried = shown(on, &job).await;
    assert_eq!((buried.state, buried.attempts), (JobState::Buried, 1));
    on.apply(decided(buried.again(at(5)).expect("buried"))).await;
    assert_eq!(leased(on, JobLane::Mail).await.id, job.id);
}
