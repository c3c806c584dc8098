//! Delivering webhooks: a task for each endpoint of which something is due, so that one that is slow delays no other.
//!
//! Among instances, an endpoint is one's at a time, by a lease that is renewed before each turn. A turn takes no longer
//! than a call may, which is a quarter of the lease.
//!
//! Architecture invariant: nobody's deliveries wait for another user's receivers longer than a turn. A user has few of the
//! lanes; a lane gives its place back after one turn if anybody waits; and who is next is whose turn it is.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex as Held, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use namaskah_domain::{
    EndpointId, Fault, UserId,
    outbox::Leases,
    webhook::{Deliverer, DueEndpoint, lease_of},
};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_millis(500);
/// A run ends after this, however much is due, so that it can be told to stop.
const PATIENCE: Duration = Duration::from_millis(250);
/// Lanes that end within it are one reason to look what is due.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// Endpoints at a time. Each holds a connection while it is called.
const LANES: usize = 128;
/// Of these, at most so many of one user.
const LANES_OF_A_USER: usize = 8;
/// Endpoints that are looked at, at once.
const LOOKED_AT: u32 = 256;
const LEASE_S: u32 = 60;
/// An endpoint that another process turns out to be at is left alone so long.
const AFTER_REFUSAL: Duration = Duration::from_millis(500);
/// An endpoint about which the store cannot be asked is left alone so long.
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// What a stopping process still gives to calls that are under way. What is cut off is sent again.
const GRACE: Duration = Duration::from_secs(2);

/// Endpoints that a task of this process is at, and whose they are.
#[derive(Debug, Clone, Default)]
struct Busy(Arc<Held<HashMap<EndpointId, UserId>>>);

/// One of them. Dropping it makes room.
struct Place {
    busy: Busy,
    endpoint: EndpointId,
}

/// What becomes of an endpoint that is due.
enum Taking {
    Taken(Place),
    /// A task is at it already.
    Busy,
    /// It waits until there is room, or room for its user.
    Waits,
}

impl Busy {
    fn take(&self, DueEndpoint { endpoint, user }: DueEndpoint) -> Taking {
        let mut busy = self.lock();
        if busy.contains_key(&endpoint) {
            return Taking::Busy;
        }
        let of_user = busy.values().filter(|owner| **owner == user).count();
        if busy.len() >= LANES || of_user >= LANES_OF_A_USER {
            return Taking::Waits;
        }
        busy.insert(endpoint, user);
        Taking::Taken(Place { busy: self.clone(), endpoint })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EndpointId, UserId>> {
        // Nothing that can panic runs while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.busy.lock().remove(&self.endpoint);
    }
}

/// Delivers.
pub struct Deliveries {
    lane: Lane,
    busy: Busy,
    lanes: Mutex<JoinSet<u32>>,
}

/// What a task needs.
#[derive(Clone)]
struct Lane {
    deliverer: Arc<Deliverer>,
    leases: Arc<dyn Leases>,
    holder: Uuid,
    wake: Arc<Notify>,
    /// Endpoints are due for which there was no room at the last look.
    others_wait: Arc<AtomicBool>,
    leaving: CancellationToken,
}

impl Deliveries {
    /// `holder` names this process in leases; `wake` tells it of new deliveries while it waits.
    pub fn new(deliverer: Arc<Deliverer>, leases: Arc<dyn Leases>, holder: Uuid, wake: Arc<Notify>) -> Self {
        let (others_wait, leaving) = (Arc::default(), CancellationToken::new());
        let lane = Lane { deliverer, leases, holder, wake, others_wait, leaving };
        Self { lane, busy: Busy::default(), lanes: Mutex::default() }
    }

    /// Begins with endpoints of which something is due, in their order, as far as there is room.
    async fn begin(&self, lanes: &mut JoinSet<u32>) -> Result<(), Fault> {
        let due = self.lane.deliverer.due(LOOKED_AT).await?;
        if self.lane.leaving.is_cancelled() {
            return Ok(());
        }
        let mut others_wait = false;
        for due in due {
            match self.busy.take(due) {
                Taking::Taken(place) => drop(lanes.spawn(self.lane.clone().go(place))),
                Taking::Busy => {}
                Taking::Waits => others_wait = true,
            }
        }
        self.lane.others_wait.store(others_wait, Ordering::Relaxed);
        Ok(())
    }
}

impl Lane {
    /// Turn after turn until nothing is due, or others wait. Returns how many deliveries were decided about.
    async fn go(self, place: Place) -> u32 {
        let name = lease_of(place.endpoint);
        let mut done = 0u32;
        loop {
            match self.turn(&name, place.endpoint).await {
                Ok(Some(0)) => break,
                Ok(Some(decided)) => done = done.saturating_add(decided),
                // Another instance was quicker.
                Ok(None) => {
                    self.pause(AFTER_REFUSAL).await;
                    return done;
                }
                Err(error) => {
                    tracing::error!(endpoint = %place.endpoint, %error, "deliveries wait");
                    self.pause(AFTER_FAULT).await;
                    break;
                }
            }
            if self.leaving.is_cancelled() || self.others_wait.load(Ordering::Relaxed) {
                break;
            }
        }
        self.give_back(&name).await;
        drop(place);
        if self.others_wait.load(Ordering::Relaxed) {
            self.wake.notify_one();
        }
        done
    }

    async fn turn(&self, name: &str, endpoint: EndpointId) -> Result<Option<u32>, Fault> {
        if self.leases.acquire(name, self.holder, LEASE_S).await?.is_none() {
            return Ok(None);
        }
        self.deliverer.turn(endpoint).await.map(Some)
    }

    async fn give_back(&self, name: &str) {
        if let Err(error) = self.leases.release(name, self.holder).await {
            tracing::warn!(%error, "the lease of an endpoint runs out by itself");
        }
    }

    /// Keeps its place so long, unless the process stops.
    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            () = self.leaving.cancelled() => {}
        }
    }
}

#[async_trait]
impl Worker for Deliveries {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let mut lanes = self.lanes.lock().await;
        let over = Instant::now() + PATIENCE;
        let mut done = 0u32;
        while !self.lane.leaving.is_cancelled() {
            let looked = Instant::now();
            self.begin(&mut lanes).await?;
            tokio::select! {
                ended = lanes.join_next() => match ended {
                    None => break,
                    // A lane that panicked has settled nothing: its deliveries are due again.
                    Some(ended) => done = done.saturating_add(ended.unwrap_or(0)),
                },
                () = self.lane.wake.notified() => {}
                () = sleep_until(over) => break,
                () = self.lane.leaving.cancelled() => break,
            }
            sleep_until(over.min(looked + BETWEEN_LOOKS)).await;
            while let Some(ended) = lanes.try_join_next() {
                done = done.saturating_add(ended.unwrap_or(0));
            }
            if Instant::now() >= over {
                break;
            }
        }
        Ok(done)
    }

    fn leave(&self) {
        self.lane.leaving.cancel();
    }

    async fn stop(&self) {
        self.leave();
        let mut lanes = self.lanes.lock().await;
        let ended = async { while lanes.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_ok() {
            return;
        }
        let cut_off: Vec<EndpointId> = self.busy.lock().keys().copied().collect();
        lanes.shutdown().await;
        for endpoint in cut_off {
            self.lane.give_back(&lease_of(endpoint)).await;
        }
    }
}
