//! Sentences about the queue: what goes first, what stands for what, and what comes again.

use futures::future::join_all;
use namaskah_domain::{
    Change, CommitError, JobKind, JobLane, Letter, MailSecret, NewJob, UnitOfWork, Version,
    outbox::{LeasedJob, Schedule},
    upkeep::Task,
};
use uuid::Uuid;

use super::Backend;
use crate::{
    assert_refused,
    given::{self, at},
};

fn holder() -> Uuid {
    given::id::<()>().uuid()
}

fn mail(letter: Letter, due_s: i64) -> NewJob {
    let kind = JobKind::SendMail { to: given::email(), letter };
    NewJob { kind, run_at: at(due_s), ..given::job() }
}

fn link() -> Letter {
    Letter::VerifyEmail { token: MailSecret("a token".into()) }
}

/// Of [`Task::Quotes`], which has a key.
fn sweep() -> NewJob {
    NewJob { kind: JobKind::Upkeep { task: Task::Quotes }, ..given::job() }
}

async fn queue(on: &Backend, jobs: &[&NewJob]) {
    let queued = |unit: UnitOfWork, job: &&NewJob| unit.with(Change::Job((*job).clone()));
    on.apply(jobs.iter().fold(UnitOfWork::new(), queued)).await;
}

async fn lease(on: &Backend, by: Uuid, lane: JobLane, limit: u32) -> Vec<LeasedJob> {
    on.jobs.lease(by, lane, at(3_600), limit).await.expect("leased")
}

async fn is_queued(on: &Backend, job: &NewJob) -> bool {
    on.job_desk.job(job.id).await.expect("readable").is_some()
}

/// Somebody waits for a link; everything else waits for nobody.
pub async fn jobs_of_a_higher_priority_go_first_each_oldest_first(on: &Backend) {
    let (old, older) = (mail(Letter::PasswordChanged, 20), mail(Letter::PasswordChanged, 10));
    let (late, later) = (mail(link(), 30), mail(link(), 40));
    let not_yet = mail(link(), 7_200);
    queue(on, &[&old, &older, &not_yet, &later, &late]).await;
    let mut taken = Vec::new();
    for limit in [1, 2, 9] {
        let jobs = lease(on, holder(), JobLane::Mail, limit).await;
        assert!(jobs.len() <= limit as usize);
        taken.extend(jobs.into_iter().map(|job| (job.id, job.run_at)));
    }
    assert_eq!(taken, [&late, &later, &older, &old].map(|job| (job.id, job.run_at)));
}

/// One that was released meanwhile, and taken by another, stays.
pub async fn jobs_are_ended_together_each_by_its_own_lease(on: &Backend) {
    let jobs: Vec<NewJob> = (0..7).map(|_| given::job()).collect();
    queue(on, &jobs.iter().collect::<Vec<_>>()).await;
    let (first, second) = (holder(), holder());
    let leased = lease(on, first, JobLane::Mail, 3).await;
    on.jobs.release(first).await.expect("given back");
    let again = lease(on, second, JobLane::Mail, 7).await;
    assert_eq!((leased.len(), again.len()), (3, 7));
    let ended = [&leased[..], &again[3..6]].concat();
    on.jobs.done_all(&ended).await.expect("ended");
    on.jobs.done_all(&[]).await.expect("nothing to end");
    for (job, stays) in jobs.iter().zip([true, true, true, false, false, false, true]) {
        assert_eq!(is_queued(on, job).await, stays);
    }
    on.jobs.done_all(&again).await.expect("ended");
    assert_eq!(lease(on, first, JobLane::Mail, 9).await, []);
}

/// One that is being done stands for nothing that is queued after it was taken.
pub async fn of_one_key_one_job_waits(on: &Backend) {
    let (first, second, third, fourth) = (sweep(), sweep(), sweep(), sweep());
    let other = NewJob { kind: JobKind::Upkeep { task: Task::Claims }, ..given::job() };
    queue(on, &[&first]).await;
    // Alone, and beside others.
    queue(on, &[&second]).await;
    queue(on, &[&third, &other, &given::job()]).await;
    assert!(is_queued(on, &first).await && is_queued(on, &other).await);
    assert!(!is_queued(on, &second).await && !is_queued(on, &third).await);
    let leased = lease(on, holder(), JobLane::Upkeep, 9).await;
    assert_eq!(leased.iter().map(|job| job.id).collect::<Vec<_>>(), [first.id, other.id]);
    queue(on, &[&fourth, &sweep()]).await;
    assert!(is_queued(on, &fourth).await);
    on.jobs.done_all(&leased).await.expect("done");
    let [leased] = lease(on, holder(), JobLane::Upkeep, 9).await.try_into().expect("one waited");
    assert_eq!(leased.id, fourth.id);
}

/// And comes back if there is none.
pub async fn a_job_that_fails_is_stood_for_by_one_of_its_key_that_waits(on: &Backend) {
    let (first, second, third) = (sweep(), sweep(), sweep());
    queue(on, &[&first]).await;
    let [leased] = lease(on, holder(), JobLane::Upkeep, 9).await.try_into().expect("one waits");
    on.jobs.retry(&leased, at(10)).await.expect("put back");
    queue(on, &[&second]).await;
    assert!(is_queued(on, &first).await && !is_queued(on, &second).await);
    let [leased] = lease(on, holder(), JobLane::Upkeep, 9).await.try_into().expect("it is back");
    assert_eq!((leased.id, leased.attempts), (first.id, 1));
    queue(on, &[&third]).await;
    on.jobs.retry(&leased, at(20)).await.expect("given up for the other");
    assert!(!is_queued(on, &first).await && is_queued(on, &third).await);
}

/// The last of those that go back together, or the one that waits.
pub async fn jobs_that_are_given_back_leave_one_of_a_key(on: &Backend) {
    let by = holder();
    let (first, second, third) = (sweep(), sweep(), sweep());
    for job in [&first, &second] {
        queue(on, &[job]).await;
        assert_eq!(lease(on, by, JobLane::Upkeep, 9).await.len(), 1);
    }
    on.jobs.release(by).await.expect("given back");
    let [leased] = lease(on, by, JobLane::Upkeep, 9).await.try_into().expect("one went back");
    assert!([first.id, second.id].contains(&leased.id));
    queue(on, &[&third]).await;
    on.jobs.release(by).await.expect("given back");
    let [leased] = lease(on, by, JobLane::Upkeep, 9).await.try_into().expect("one waited");
    assert_eq!(leased.id, third.id);
}

/// Nor does it when it is told to run again.
pub async fn a_cancelled_job_stands_for_no_other(on: &Backend) {
    let (first, second) = (sweep(), sweep());
    queue(on, &[&first]).await;
    let shown = on.job_desk.job(first.id).await.expect("readable").expect("it waits");
    let cancelled = shown.cancelled().expect("it waits");
    on.apply(UnitOfWork::new().with(Change::QueuedJob(cancelled.clone()))).await;
    queue(on, &[&second]).await;
    assert!(is_queued(on, &second).await);
    let again = cancelled.again(at(5)).expect("cancelled");
    on.apply(UnitOfWork::new().with(Change::QueuedJob(again))).await;
    assert_eq!(lease(on, holder(), JobLane::Upkeep, 9).await.len(), 2);
}

/// None of those who come too late is refused for it.
pub async fn however_many_queue_a_key_at_once_one_job_waits(on: &Backend) {
    let writers = (0..20).map(|_| {
        let on = on.clone();
        tokio::spawn(async move { queue(&on, &[&sweep(), &given::job()]).await })
    });
    for writer in join_all(writers).await {
        writer.expect("no panic");
    }
    assert_eq!(lease(on, holder(), JobLane::Upkeep, 99).await.len(), 1);
    assert_eq!(lease(on, holder(), JobLane::Mail, 99).await.len(), 20);
}

/// Whoever decided on what it was before has done nothing.
pub async fn a_schedule_moves_on_once_with_its_job(on: &Backend) {
    assert_eq!(on.schedules.schedules().await.expect("readable"), []);
    let schedule = Schedule { task: Task::Sessions, next_at: at(60), version: Version::FIRST };
    let first = || UnitOfWork::new().with(Change::Schedule(schedule.clone()));
    on.apply(first()).await;
    assert_refused!(on.refuse(first()).await, CommitError::Duplicate(_));
    let moved = Schedule { next_at: at(3_660), version: schedule.version.next(), ..schedule.clone() };
    let units = (0..5).map(|_| {
        let job = NewJob { kind: JobKind::Upkeep { task: Task::Sessions }, ..given::job() };
        UnitOfWork::new().with(Change::Schedule(moved.clone())).with(Change::Job(job))
    });
    let (mut applied, mut stale) = (0, 0);
    for committed in join_all(units.map(|unit| on.store.commit(unit))).await {
        match committed {
            Ok(_) => applied += 1,
            Err(CommitError::Stale) => stale += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((applied, stale), (1, 4));
    assert_eq!(on.schedules.schedules().await.expect("readable"), [moved]);
    assert_eq!(lease(on, holder(), JobLane::Upkeep, 9).await.len(), 1);
}
