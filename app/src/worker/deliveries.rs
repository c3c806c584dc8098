//! Delivering webhooks: a task for each endpoint of which something is due, so that one that is slow delays no other.
//!
//! Among instances, an endpoint is one's at a time, by a lease that is renewed before each turn. A turn takes no longer
//! than a call may, which is a quarter of the lease.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex as Held, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use namaskah_domain::{EndpointId, Fault, outbox::Leases, webhook::Deliverer};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
    time::sleep,
};
use uuid::Uuid;

use super::{RunError, Worker};

const REST: Duration = Duration::from_millis(500);
/// A run that only waits for receivers ends after this, so that it can be told to stop.
const PATIENCE: Duration = Duration::from_millis(250);
/// Endpoints at a time. Each holds a connection while it is called.
const LANES: usize = 128;
const LEASE_S: u32 = 60;
/// An endpoint about which the store cannot be asked is left alone so long.
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// What a stopping process still gives to calls that are under way. What is cut off is sent again.
const GRACE: Duration = Duration::from_secs(2);

/// Endpoints that a task of this process is at.
#[derive(Debug, Clone, Default)]
struct Busy(Arc<Held<HashSet<EndpointId>>>);

/// One of them. Dropping it makes room.
struct Place {
    busy: Busy,
    endpoint: EndpointId,
}

impl Busy {
    fn take(&self, endpoint: EndpointId) -> Option<Place> {
        self.lock().insert(endpoint).then(|| Place { busy: self.clone(), endpoint })
    }

    fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<EndpointId>> {
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
    wake: Arc<Notify>,
    busy: Busy,
    lanes: Mutex<JoinSet<u32>>,
}

/// What a task needs.
#[derive(Clone)]
struct Lane {
    deliverer: Arc<Deliverer>,
    leases: Arc<dyn Leases>,
    holder: Uuid,
}

impl Deliveries {
    /// `holder` names this process in leases; `wake` tells it of new deliveries while it waits.
    pub fn new(deliverer: Arc<Deliverer>, leases: Arc<dyn Leases>, holder: Uuid, wake: Arc<Notify>) -> Self {
        let lane = Lane { deliverer, leases, holder };
        Self { lane, wake, busy: Busy::default(), lanes: Mutex::default() }
    }

    /// Begins with every endpoint of which something is due, as far as there is room.
    async fn begin(&self, lanes: &mut JoinSet<u32>) -> Result<(), Fault> {
        let busy = self.busy.count();
        let room = LANES.saturating_sub(busy);
        // Those that are busy are due as well, perhaps.
        let asked = u32::try_from(room + busy).unwrap_or(u32::MAX);
        let due = self.lane.deliverer.due(asked).await?;
        let places = due.into_iter().filter_map(|endpoint| self.busy.take(endpoint));
        for place in places.take(room) {
            lanes.spawn(self.lane.clone().go(place));
        }
        Ok(())
    }
}

impl Lane {
    /// Turn after turn until nothing is due. Returns how many deliveries were decided about.
    async fn go(self, place: Place) -> u32 {
        let name = lease_of(place.endpoint);
        let mut done = 0u32;
        loop {
            match self.turn(&name, place.endpoint).await {
                Ok(Some(0)) => break,
                Ok(Some(decided)) => done = done.saturating_add(decided),
                // Another instance is at it.
                Ok(None) => return done,
                Err(error) => {
                    tracing::error!(endpoint = %place.endpoint, %error, "deliveries wait");
                    sleep(AFTER_FAULT).await;
                    break;
                }
            }
        }
        self.give_back(&name).await;
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
}

fn lease_of(endpoint: EndpointId) -> String {
    format!("webhooks of {endpoint}")
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
        let mut done = 0u32;
        loop {
            self.begin(&mut lanes).await?;
            tokio::select! {
                ended = lanes.join_next() => match ended {
                    None => return Ok(done),
                    // A lane that panicked has settled nothing: its deliveries are due again.
                    Some(ended) => done = done.saturating_add(ended.unwrap_or(0)),
                },
                () = self.wake.notified() => {}
                () = sleep(PATIENCE) => return Ok(done),
            }
        }
    }

    async fn stop(&self) {
        let mut lanes = self.lanes.lock().await;
        let ended = async { while lanes.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_ok() {
            return;
        }
        let cut_off: Vec<EndpointId> = self.busy.lock().iter().copied().collect();
        lanes.shutdown().await;
        for endpoint in cut_off {
            self.lane.give_back(&lease_of(endpoint)).await;
        }
    }
}
