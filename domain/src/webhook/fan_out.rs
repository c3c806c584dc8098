//! From events to deliveries: each event once for each endpoint that wants it.
//!
//! Architecture invariant: deliveries are committed together with the cursor that passes their events, and the store
//! knows one delivery of an event and an endpoint. So any number of instances may do this at once, and one that dies in the
//! middle leaves nothing out and nothing twice.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{Delivery, WebhookReads};
use crate::{
    Change, Clock, CommitError, EndpointId, EventId, Fault, Id, Random, Store, UnitOfWork, UserId, Version,
    outbox::{EventLog, EventQuery, SequencedEvent},
};

/// Events that are read at once: times the endpoints that a user may have, a unit of a thousand rows at most.
const BATCH: u32 = 50;
/// The cursor is written when it is so far behind, though nobody wanted what it passed: a restart looks through no more.
const MOST_BEHIND: i64 = 1_000;

/// How far events were given to endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Everything up to this sequence was.
    pub sequence: i64,
    /// Counts every change.
    pub version: Version,
}

impl Cursor {
    /// The same, further.
    #[must_use]
    pub const fn moved(self, sequence: i64) -> Self {
        Self { sequence, version: self.version.next() }
    }
}

fn unit(cursor: Cursor, deliveries: &[Delivery]) -> UnitOfWork {
    let unit = UnitOfWork::new().with(Change::WebhookCursor(cursor));
    deliveries.iter().fold(unit, |unit, delivery| unit.with(Change::WebhookDelivery(delivery.clone())))
}

/// Makes deliveries of events.
pub struct FanOut {
    store: Arc<dyn Store>,
    reads: Arc<dyn WebhookReads>,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// What this process has seen, of which nobody wanted anything: at the cursor or behind it.
    seen: AtomicI64,
}

impl FanOut {
    /// Over any store.
    pub const fn new(
        store: Arc<dyn Store>,
        reads: Arc<dyn WebhookReads>,
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, reads, log, clock, random, seen: AtomicI64::new(0) }
    }

    /// Takes the next events. Returns how many; 0 if there are none, or another instance was first.
    ///
    /// # Errors
    /// If the store does not answer; the next call finds the same.
    pub async fn run(&self) -> Result<u32, Fault> {
        let cursor = self.reads.cursor().await?;
        let after = cursor.sequence.max(self.seen.load(Ordering::Relaxed));
        let query = EventQuery { user: None, subject: None, after, limit: BATCH };
        let events = self.log.after(query).await?;
        let Some(last) = events.last().map(|event| event.sequence) else { return Ok(0) };
        let taken = u32::try_from(events.len()).unwrap_or(BATCH);
        let deliveries = self.deliveries(&events).await?;
        if deliveries.is_empty() && last - cursor.sequence < MOST_BEHIND {
            self.seen.store(last, Ordering::Relaxed);
            return Ok(taken);
        }
        let cursor = cursor.moved(last);
        let mut committed = self.store.commit(unit(cursor, &deliveries)).await;
        if matches!(committed, Err(CommitError::Duplicate(_))) {
            // A user has asked for what happened lately and was before us with some.
            let left = self.without_known(deliveries).await?;
            committed = self.store.commit(unit(cursor, &left)).await;
        }
        match committed {
            Ok(_) => Ok(taken),
            Err(CommitError::Stale) => Ok(0),
            Err(error) => Err(Fault::new(error)),
        }
    }

    async fn without_known(&self, mut deliveries: Vec<Delivery>) -> Result<Vec<Delivery>, Fault> {
        let endpoints: BTreeSet<EndpointId> = deliveries.iter().map(|d| d.endpoint).collect();
        for endpoint in endpoints {
            let of_it = deliveries.iter().filter(|d| d.endpoint == endpoint);
            let events: Vec<EventId> = of_it.map(|d| d.telling.id).collect();
            let known = self.reads.deliveries_of(endpoint, &events).await?;
            let is_known = |d: &Delivery| known.iter().any(|known| known.telling.id == d.telling.id);
            deliveries.retain(|d| d.endpoint != endpoint || !is_known(d));
        }
        Ok(deliveries)
    }

    async fn deliveries(&self, events: &[SequencedEvent]) -> Result<Vec<Delivery>, Fault> {
        let users: BTreeSet<UserId> = events.iter().map(|event| event.event.user).collect();
        let users: Vec<UserId> = users.into_iter().collect();
        let endpoints = self.reads.listening(&users).await?;
        let now = self.clock.now();
        let mut made = Vec::new();
        for event in events {
            let wants = |endpoint: &&super::Endpoint| {
                endpoint.user == event.event.user && endpoint.wants(event.sequence, event.event.kind)
            };
            for endpoint in endpoints.iter().filter(wants) {
                let id = Id::generate(now, self.random.as_ref());
                made.push(Delivery::new(id, (endpoint.id, endpoint.user), event.into(), now));
            }
        }
        Ok(made)
    }
}
