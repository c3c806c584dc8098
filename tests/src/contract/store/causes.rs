//! Sentences about the trace that has caused what is done or told later.

use namaskah_domain::{
    Change, Event, JobLane, NewJob, TraceParent, UnitOfWork,
    outbox::{EventQuery, LeasedJob},
    webhook::{Delivery, Telling},
};

use super::Backend;
use crate::given::{self, at};

fn causes() -> [Option<TraceParent>; 3] {
    let place = |is_sampled| TraceParent::new(u128::MAX - 1, 7, is_sampled);
    [place(true), place(false), None]
}

async fn leased(on: &Backend) -> Vec<LeasedJob> {
    let holder = given::id::<()>().uuid();
    let mut leased = on.jobs.lease(holder, JobLane::Mail, at(3_600), 9).await.expect("leased");
    leased.sort_by_key(|job| job.id);
    leased
}

/// However often it is tried, and for whoever has it.
pub async fn a_job_knows_the_trace_that_has_queued_it(on: &Backend) {
    let jobs = causes().map(|cause| NewJob { cause, ..given::job() });
    let queued = |unit: UnitOfWork, job: &NewJob| unit.with(Change::Job(job.clone()));
    // Alone, and beside others.
    on.apply(queued(UnitOfWork::new(), &jobs[0])).await;
    on.apply(jobs[1..].iter().fold(UnitOfWork::new(), queued)).await;
    let mut known: Vec<_> = jobs.iter().map(|job| (job.id, job.cause)).collect();
    known.sort();
    for _ in 0..2 {
        let leased = leased(on).await;
        assert_eq!(leased.iter().map(|job| (job.id, job.cause)).collect::<Vec<_>>(), known);
        for job in &leased {
            on.jobs.retry(job, at(60)).await.expect("put back");
        }
    }
}

/// As it is read by whoever tells of it.
pub async fn an_event_and_its_deliveries_know_the_trace_that_has_caused_them(on: &Backend) {
    let user = given::id();
    let endpoint = given::endpoint(user);
    for cause in causes() {
        let event = Event { cause, ..given::event(user) };
        let delivery = given::delivery(&endpoint, 1);
        let delivery = Delivery { telling: Telling { cause, ..delivery.telling }, ..delivery };
        let unit =
            UnitOfWork::new().with(Change::Event(event)).with(Change::WebhookDelivery(delivery.clone()));
        on.apply(unit).await;
        let put_off = delivery.put_off(at(9));
        on.apply(UnitOfWork::new().with(Change::WebhookDelivery(put_off.clone()))).await;
        assert_eq!(on.webhooks.delivery(put_off.id).await.expect("readable"), Some(put_off));
    }
    on.events.stamp().await.expect("stamped");
    let query = EventQuery { user: Some(user), subject: None, after: 0, limit: 9 };
    let read = on.events.after(query).await.expect("readable");
    assert_eq!(read.iter().map(|event| event.event.cause).collect::<Vec<_>>(), causes());
    let due = on.webhooks.due_of(endpoint.id, at(9), 9).await.expect("readable");
    let mut told: Vec<_> = due.iter().map(|delivery| delivery.telling.cause).collect();
    told.sort();
    assert_eq!(told, {
        let mut all = causes();
        all.sort();
        all
    });
}
