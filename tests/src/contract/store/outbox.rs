//! Sentences about events, jobs, leases and notices.

use futures::future::join_all;
use namaskah_domain::{
    Change, Event, JobKind, JobLane, Letter, MailSecret, NewJob, Notice, NoticeState, Sender, UnitOfWork,
    notification::Occasion,
    outbox::{EventQuery, LeasedJob},
    upkeep::Task,
    verification::PurchaseState,
};
use uuid::Uuid;

use super::Backend;
use crate::given::{self, at};

const ALL: EventQuery = EventQuery { user: None, subject: None, after: 0, limit: 10_000 };

fn holder() -> Uuid {
    given::id::<()>().uuid()
}

/// Each event once, from 1, and those of one unit in its order.
pub async fn events_are_stamped_in_order_without_gaps(on: &Backend) {
    assert_eq!(on.events.newest().await.expect("readable"), 0);
    let events: Vec<Event> = (0..7).map(|_| given::event(given::id())).collect();
    let told = |unit: UnitOfWork, event: &Event| unit.with(Change::Event(event.clone()));
    on.apply(events[..4].iter().fold(UnitOfWork::new(), told)).await;
    assert_eq!(on.events.after(ALL).await.expect("readable"), []);
    assert_eq!(on.events.stamp().await.expect("stamped"), 4);
    for event in &events[4..] {
        on.apply(told(UnitOfWork::new(), event)).await;
    }
    assert_eq!(on.events.stamp().await.expect("stamped"), 3);
    assert_eq!(on.events.stamp().await.expect("stamped"), 0);
    let log = on.events.after(ALL).await.expect("readable");
    assert_eq!(log.iter().map(|e| e.sequence).collect::<Vec<_>>(), (1..=7).collect::<Vec<_>>());
    assert_eq!(log.into_iter().map(|e| e.event).collect::<Vec<_>>(), events);
    assert_eq!(on.events.newest().await.expect("readable"), 7);
}

/// While others commit: no gap, no repetition, nothing left out.
pub async fn events_are_stamped_once_by_however_many_relays(on: &Backend) {
    const WRITERS: i64 = 40;
    let writers = (0..WRITERS).map(|_| {
        let on = on.clone();
        tokio::spawn(async move {
            on.apply(UnitOfWork::new().with(Change::Event(given::event(given::id())))).await;
            on.events.stamp().await.expect("stamped")
        })
    });
    let stamped: u32 = join_all(writers).await.into_iter().map(|task| task.expect("no panic")).sum();
    let rest = on.events.stamp().await.expect("stamped");
    assert_eq!(i64::from(stamped + rest), WRITERS);
    let log = on.events.after(ALL).await.expect("readable");
    let sequences: Vec<i64> = log.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=WRITERS).collect::<Vec<_>>());
}

/// After a sequence, and so many.
pub async fn events_are_read_by_user_and_subject(on: &Backend) {
    let (one, two) = (given::id(), given::id());
    let events: Vec<Event> = [one, two, one, one].map(given::event).to_vec();
    let told = |unit: UnitOfWork, event: &Event| unit.with(Change::Event(event.clone()));
    on.apply(events.iter().fold(UnitOfWork::new(), told)).await;
    on.events.stamp().await.expect("stamped");
    let sequences = async |query| {
        let log = on.events.after(query).await.expect("readable");
        log.into_iter().map(|event| event.sequence).collect::<Vec<_>>()
    };
    assert_eq!(sequences(EventQuery { user: Some(one), ..ALL }).await, [1, 3, 4]);
    assert_eq!(sequences(EventQuery { user: Some(one), after: 1, limit: 1, ..ALL }).await, [3]);
    assert_eq!(sequences(EventQuery { subject: Some(events[1].subject), ..ALL }).await, [2]);
    let foreign = EventQuery { user: Some(one), subject: Some(events[1].subject), ..ALL };
    assert_eq!(sequences(foreign).await, [0i64; 0]);
    assert_eq!(sequences(EventQuery { after: 4, ..ALL }).await, [0i64; 0]);
}

async fn queue(on: &Backend, jobs: &[NewJob]) {
    let queued = |unit: UnitOfWork, job: &NewJob| unit.with(Change::Job(job.clone()));
    on.apply(jobs.iter().fold(UnitOfWork::new(), queued)).await;
}

async fn lease(on: &Backend, holder: Uuid, seconds: i64) -> Vec<LeasedJob> {
    on.jobs.lease(holder, JobLane::Mail, at(seconds), 10).await.expect("leased")
}

/// And when it is done, it is gone.
pub async fn a_job_is_leased_to_one_holder_and_ends(on: &Backend) {
    let (now, later) = (given::job(), NewJob { run_at: at(100), ..given::job() });
    queue(on, &[later.clone(), now.clone()]).await;
    let [leased] = lease(on, holder(), 99).await.try_into().expect("one is due");
    assert_eq!((leased.id, &leased.kind, leased.attempts), (now.id, &now.kind, 0));
    assert_eq!(lease(on, holder(), 99).await, []);
    on.jobs.done(&leased).await.expect("done");
    let [leased] = lease(on, holder(), 100).await.try_into().expect("the other is due");
    assert_eq!(leased.id, later.id);
    on.jobs.done(&leased).await.expect("done");
    assert_eq!(lease(on, holder(), 10_000).await, []);
}

/// With one attempt more.
pub async fn a_job_that_failed_comes_back_when_it_is_due(on: &Backend) {
    queue(on, &[given::job()]).await;
    for attempts in 0..3 {
        let due = i64::from(attempts) * 10;
        assert_eq!(lease(on, holder(), due - 1).await, []);
        let [leased] = lease(on, holder(), due).await.try_into().expect("one is due");
        assert_eq!(leased.attempts, attempts);
        on.jobs.retry(&leased, at(due + 10)).await.expect("given back");
    }
}

/// With as many attempts as before.
pub async fn a_job_that_was_put_off_comes_back_as_if_it_had_not_been_taken(on: &Backend) {
    queue(on, &[given::job()]).await;
    let [leased] = lease(on, holder(), 0).await.try_into().expect("one is due");
    on.jobs.retry(&leased, at(10)).await.expect("it failed");
    for due in [10, 20, 30] {
        assert_eq!(lease(on, holder(), due - 1).await, []);
        let [leased] = lease(on, holder(), due).await.try_into().expect("one is due");
        assert_eq!((leased.attempts, leased.run_at), (1, at(due)));
        on.jobs.put_off(&leased, at(due + 10)).await.expect("given back");
        on.jobs.put_off(&leased, at(0)).await.expect("it is given back already");
    }
}

/// An older lease neither ends nor moves it.
pub async fn a_released_job_can_be_taken_and_its_old_lease_is_void(on: &Backend) {
    queue(on, &[given::job()]).await;
    let (first, second) = (holder(), holder());
    let [old] = lease(on, first, 0).await.try_into().expect("one is due");
    on.jobs.release(second).await.expect("nothing to give back");
    assert_eq!(lease(on, second, 0).await, []);
    on.jobs.release(first).await.expect("given back");
    let [new] = lease(on, second, 0).await.try_into().expect("one is due");
    assert!(new.fence > old.fence);
    on.jobs.done(&old).await.expect("changes nothing");
    on.jobs.retry(&old, at(0)).await.expect("changes nothing");
    on.jobs.bury(&old, "an old lease").await.expect("changes nothing");
    assert_eq!(lease(on, first, 0).await, []);
    on.jobs.release(second).await.expect("given back");
    assert_eq!(lease(on, first, 0).await.len(), 1);
}

/// Whatever the time.
pub async fn a_buried_job_stays_buried(on: &Backend) {
    queue(on, &[given::job()]).await;
    let by = holder();
    let [leased] = lease(on, by, 0).await.try_into().expect("one is due");
    on.jobs.bury(&leased, "no such address").await.expect("buried");
    on.jobs.release(by).await.expect("nothing to give back");
    assert_eq!(lease(on, holder(), 1_000_000).await, []);
}

/// Of each kind.
pub async fn jobs_keep_what_is_to_be_done(on: &Backend) {
    let letters = [
        Letter::VerifyEmail { token: MailSecret("one".into()) },
        Letter::AlreadyRegistered,
        Letter::ResetPassword { token: MailSecret("two".into()) },
        Letter::PasswordChanged,
        Letter::SecondFactorOn,
        Letter::SecondFactorOff,
        Letter::ConfirmEmail { token: MailSecret("three".into()) },
        Letter::EmailChangeAsked,
        Letter::EmailChanged,
        Letter::IdentityLinked,
        Letter::IdentityUnlinked,
        Letter::ApiKeyCreated,
        Letter::ApiKeyDeleted,
        Letter::TicketAnswered,
        Letter::WebhookEndpointOff,
        Letter::WebhookEndpointSet { user: given::id() },
    ];
    let mails = letters.map(|letter| JobKind::SendMail { to: given::email(), letter });
    let sweeps = Task::ALL.map(|task| JobKind::Upkeep { task });
    let others = [
        JobKind::Notify { notification: given::id() },
        JobKind::TellStaff { occasion: Occasion::TicketOpened { ticket: given::id() } },
        JobKind::TellStaff { occasion: Occasion::MismatchesFound { run: given::id() } },
        JobKind::EndReservation { purchase: given::id() },
    ];
    let kinds = mails.into_iter().chain(others).chain(sweeps);
    let jobs: Vec<NewJob> = kinds.map(|kind| NewJob { kind, ..given::job() }).collect();
    queue(on, &jobs).await;
    let mut leased = lease(on, holder(), 0).await;
    leased.extend(lease(on, holder(), 0).await);
    for lane in [JobLane::Provider, JobLane::Upkeep] {
        leased.extend(on.jobs.lease(holder(), lane, at(0), 10).await.expect("leased"));
    }
    // Some go before others.
    leased.sort_by_key(|job| job.id);
    let expected: Vec<_> = jobs.into_iter().map(|job| (job.id, job.kind)).collect();
    assert_eq!(leased.into_iter().map(|job| (job.id, job.kind)).collect::<Vec<_>>(), expected);
}

/// However many the others are.
pub async fn jobs_of_one_lane_do_not_wait_for_those_of_another(on: &Backend) {
    let told = || NewJob { kind: JobKind::EndReservation { purchase: given::id() }, ..given::job() };
    let jobs: Vec<NewJob> = (0..20).map(|_| told()).chain([given::job()]).collect();
    queue(on, &jobs).await;
    let [mail] = lease(on, holder(), 0).await.try_into().expect("one mail is due");
    assert_eq!(mail.id, jobs[20].id);
    let told = on.jobs.lease(holder(), JobLane::Provider, at(0), 30).await.expect("leased");
    assert_eq!(told.len(), 20);
    assert!(told.iter().all(|job| job.kind.lane() == JobLane::Provider));
}

/// Ten runners, thirty jobs, each job once.
pub async fn jobs_are_shared_out_without_overlap(on: &Backend) {
    let jobs: Vec<NewJob> = (0..30).map(|_| given::job()).collect();
    queue(on, &jobs).await;
    let runners = (0..10).map(|_| {
        let on = on.clone();
        tokio::spawn(async move { on.jobs.lease(holder(), JobLane::Mail, at(0), 3).await.expect("leased") })
    });
    let mut leased = Vec::new();
    for jobs in join_all(runners).await {
        leased.extend(jobs.expect("no panic").into_iter().map(|job| job.id));
    }
    let rest = on.jobs.lease(holder(), JobLane::Mail, at(0), 30).await.expect("leased");
    leased.extend(rest.into_iter().map(|job| job.id));
    leased.sort_unstable();
    assert_eq!(leased, jobs.iter().map(|job| job.id).collect::<Vec<_>>());
}

/// Until it is given back or runs out; its fence rises whenever it changes hands.
pub async fn a_lease_has_one_holder(on: &Backend) {
    let (first, second) = (holder(), holder());
    let take =
        async |by, seconds| on.leases.acquire("sweep", by, seconds).await.expect("answered").map(|l| l.fence);
    let fence = take(first, 60).await.expect("nobody has it");
    assert_eq!(take(second, 60).await, None);
    assert_eq!(take(first, 60).await, Some(fence));
    on.leases.release("sweep", second).await.expect("not his to give back");
    assert_eq!(take(second, 60).await, None);
    on.leases.release("sweep", first).await.expect("given back");
    let risen = take(second, 0).await.expect("it is free");
    assert!(risen > fence);
    let again = take(first, 60).await.expect("it has run out");
    assert!(again > risen);
    assert!(on.leases.acquire("another", second, 60).await.expect("answered").is_some());
}

/// New ones, and unmatched ones whose reservation is known by now; oldest first.
pub async fn notices_are_found_by_their_state(on: &Backend) {
    let bought = given::bought();
    let subject = Some(bought.reservation.to_string());
    let matched = given::notice(Sender::TextVerified, subject.clone());
    let unknown = given::notice(Sender::TextVerified, Some(given::reservation().to_string()));
    let foreign = given::notice(Sender::Paystack, subject);
    let all = [matched, unknown, foreign];
    let stored = |unit: UnitOfWork, notice: &Notice| unit.with(Change::Notice(notice.clone()));
    on.apply(all.iter().fold(UnitOfWork::new(), stored)).await;
    let (ours, theirs) = (Sender::TextVerified, Sender::Paystack);
    let new = async |sender, limit| on.notices.new_notices(sender, limit).await.expect("readable");
    assert_eq!(new(ours, 10).await, all[..2]);
    assert_eq!(new(ours, 1).await, all[..1]);
    assert_eq!(new(theirs, 10).await, all[2..]);
    // One that failed stands behind those that were looked at less often, and is not lost.
    let put_off = all[0].clone().put_off();
    on.apply(UnitOfWork::new().with(Change::Notice(put_off.clone()))).await;
    assert_eq!(new(ours, 10).await, [all[1].clone(), put_off.clone()]);
    assert_eq!(new(ours, 1).await, all[1..2]);
    let all = [put_off, all[1].clone(), all[2].clone()];
    let unmatched = all.map(|notice| notice.seen(NoticeState::Unmatched));
    on.apply(unmatched.iter().fold(UnitOfWork::new(), stored)).await;
    assert_eq!(new(ours, 10).await, []);
    assert_eq!(new(theirs, 10).await, []);
    assert_eq!(on.notices.matchable_notices(10).await.expect("readable"), []);
    let mut purchase = given::purchase(&given::requested(given::id()));
    purchase.state = PurchaseState::Bound(bought);
    on.apply(UnitOfWork::new().with(Change::Purchase(purchase))).await;
    assert_eq!(on.notices.matchable_notices(10).await.expect("readable"), unmatched[..1]);
    let handled = unmatched[0].clone().seen(NoticeState::Handled);
    on.apply(UnitOfWork::new().with(Change::Notice(handled))).await;
    assert_eq!(on.notices.matchable_notices(10).await.expect("readable"), []);
}
