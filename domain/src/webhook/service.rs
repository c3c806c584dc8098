//! What users do with their endpoints.

use std::sync::Arc;

use super::{
    Attempt, CreateEndpointError, Delivery, DeliveryStatus, Description, Endpoint, EndpointChange,
    EndpointError, Happening, Health, MAX_ENDPOINTS, Secrets, Standing, Subscription, Target, Telling,
    WebhookReads, WebhookSecret, WebhookSigner,
};
use crate::{
    Change, Clock, CommitError, DeliveryId, EndpointId, Entity, EventId, Fault, Id, Page, PageOf, Random,
    Store, Time, UnitOfWork, UserId, Version,
    auth::{AuthReads, Secret},
    outbound::{Destination, DestinationRefusal, OutboundPolicy},
    outbox::EventLog,
    unit::retry_stale,
};

/// Events that are replayed by one command.
pub const MAX_REPLAYED: u32 = 1_000;
/// Deliveries that are begun anew by one commit.
const REPLAYED_AT_ONCE: usize = 100;
/// Tries of each delivery that are shown: the last ones.
const SHOWN_ATTEMPTS: u32 = 16;

/// "Send what happens there."
#[derive(Debug, Clone)]
pub struct CreateEndpoint {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub url: String,
    /// What.
    pub events: Subscription,
    /// What is noted about it.
    pub description: Option<Description>,
}

/// An endpoint that was just made.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What deliveries are signed with. It is shown this once.
    pub secret: Secret,
}

/// An endpoint with another secret.
pub type Rotated = NewEndpoint;

/// What a replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    /// Deliveries that are sent again, or for the first time.
    pub count: u32,
    /// Where to go on if there are more: the instant of the last event that was looked at.
    pub next_since: Option<Time>,
}

/// Everything outside that the service needs.
#[derive(Clone)]
pub struct WebhookPorts {
    /// Commits.
    pub store: Arc<dyn Store>,
    /// Endpoints and deliveries.
    pub reads: Arc<dyn WebhookReads>,
    /// Users, who bound how many endpoints there are.
    pub users: Arc<dyn AuthReads>,
    /// How far the log of events is.
    pub events: Arc<dyn EventLog>,
    /// Writes secrets down.
    pub signer: Arc<dyn WebhookSigner>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers and secrets.
    pub random: Arc<dyn Random>,
}

/// Keeps endpoints.
pub struct WebhookService {
    ports: WebhookPorts,
    policy: OutboundPolicy,
}

impl WebhookService {
    /// Over any ports. `policy` says which URLs may be called.
    pub const fn new(ports: WebhookPorts, policy: OutboundPolicy) -> Self {
        Self { ports, policy }
    }

    fn id<T: Entity>(&self) -> Id<T> {
        Id::generate(self.ports.clock.now(), self.ports.random.as_ref())
    }

    /// Reads a URL by the rules of what may be called.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn target(&self, url: &str) -> Result<Target, DestinationRefusal> {
        Destination::try_new(url, &self.policy).map(|to| Target::of(&to))
    }

    /// Makes an endpoint. It is committed together with the user's next version, so not even many at once pass the
    /// bound, and none begins on a user who is leaving.
    ///
    /// # Errors
    /// [`CreateEndpointError`], by name.
    pub async fn create(&self, cmd: CreateEndpoint) -> Result<NewEndpoint, CreateEndpointError> {
        let target = self.target(&cmd.url)?;
        let (cmd, target) = (&cmd, &target);
        let decided = retry_stale(|| async move {
            match self.create_once(cmd, target.clone()).await {
                Err(CreateEndpointError::Commit(CommitError::Stale)) => Err(CommitError::Stale),
                decided => Ok(decided),
            }
        });
        decided.await?
    }

    async fn create_once(
        &self,
        cmd: &CreateEndpoint,
        target: Target,
    ) -> Result<NewEndpoint, CreateEndpointError> {
        let user = self.ports.users.user(cmd.user).await?.filter(|user| !user.is_deleted());
        let user = user.ok_or_else(|| Fault::new("a user without a record"))?;
        let count = self.ports.reads.endpoints(cmd.user).await?.len();
        if count >= MAX_ENDPOINTS {
            return Err(CreateEndpointError::TooMany(count));
        }
        let (now, after) = (self.ports.clock.now(), self.ports.events.newest().await?);
        let secret = WebhookSecret::generate(self.ports.random.as_ref());
        let endpoint = Endpoint {
            id: self.id(),
            user: cmd.user,
            target,
            events: cmd.events.clone(),
            description: cmd.description.clone(),
            secrets: Secrets::new(secret.clone()),
            standing: Standing::On,
            health: Health::default(),
            after,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: Version::FIRST,
        };
        let unit = UnitOfWork::new().with(Change::User(user.touched()));
        self.ports.store.commit(unit.with(Change::WebhookEndpoint(endpoint.clone()))).await?;
        Ok(NewEndpoint { endpoint, secret: self.ports.signer.text(&secret) })
    }

    /// The user's endpoints, newest first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn list(&self, user: UserId) -> Result<Vec<Endpoint>, Fault> {
        self.ports.reads.endpoints(user).await
    }

    /// One of the user's endpoints.
    ///
    /// # Errors
    /// `NotFound`, or the store cannot be read.
    pub async fn get(&self, user: UserId, id: EndpointId) -> Result<Endpoint, EndpointError> {
        let found = self.ports.reads.endpoint(id).await?;
        found.filter(|endpoint| endpoint.user == user).ok_or(EndpointError::NotFound)
    }

    /// Changes an endpoint. To repeat it is safe.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn change(
        &self,
        user: UserId,
        id: EndpointId,
        change: EndpointChange,
    ) -> Result<Endpoint, EndpointError> {
        let change = &change;
        self.decide(user, id, |endpoint, now| endpoint.changed(change.clone(), now)).await
    }

    /// Deletes an endpoint. What waits for it is dropped.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn delete(&self, user: UserId, id: EndpointId) -> Result<(), EndpointError> {
        self.decide(user, id, Endpoint::deleted).await.map(|_| ())
    }

    /// Gives an endpoint another secret. For a day, deliveries are signed with both.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn rotate(&self, user: UserId, id: EndpointId) -> Result<Rotated, EndpointError> {
        let secret = WebhookSecret::generate(self.ports.random.as_ref());
        let new = &secret;
        let endpoint = self.decide(user, id, |endpoint, now| endpoint.rotated(new.clone(), now)).await?;
        Ok(Rotated { endpoint, secret: self.ports.signer.text(&secret) })
    }

    async fn decide(
        &self,
        user: UserId,
        id: EndpointId,
        decide: impl Fn(Endpoint, Time) -> Endpoint + Send + Sync,
    ) -> Result<Endpoint, EndpointError> {
        let decide = &decide;
        retry(|| async move {
            let endpoint = decide(self.get(user, id).await?, self.ports.clock.now());
            let unit = UnitOfWork::new().with(Change::WebhookEndpoint(endpoint.clone()));
            self.ports.store.commit(unit).await?;
            Ok(endpoint)
        })
        .await
    }

    /// Sends something that did not happen, once, also to an endpoint that is off or rests.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn test(&self, user: UserId, id: EndpointId) -> Result<Delivery, EndpointError> {
        let endpoint = self.get(user, id).await?;
        let now = self.ports.clock.now();
        let telling = Telling { id: self.id(), at: now, what: Happening::Test, cause: None };
        let delivery = Delivery::new(self.id(), (endpoint.id, user), telling, now);
        let unit = UnitOfWork::new().with(Change::WebhookDelivery(delivery.clone()));
        self.ports.store.commit(unit).await?;
        Ok(delivery)
    }

    /// Deliveries of an endpoint, newest first, each with its last tries.
    ///
    /// # Errors
    /// `NotFound`, or the store cannot be read.
    pub async fn deliveries(
        &self,
        user: UserId,
        id: EndpointId,
        status: Option<DeliveryStatus>,
        page: Page<DeliveryId>,
    ) -> Result<PageOf<(Delivery, Vec<Attempt>)>, EndpointError> {
        let endpoint = self.get(user, id).await?;
        let page = self.ports.reads.deliveries(endpoint.id, status, page).await?;
        let ids: Vec<DeliveryId> = page.rows.iter().map(|delivery| delivery.id).collect();
        let attempts = if ids.is_empty() { Vec::new() } else { self.ports.reads.attempts(&ids).await? };
        let with_tries = |delivery: Delivery| {
            let is_shown = |attempt: &&Attempt| {
                attempt.delivery == delivery.id && attempt.number + SHOWN_ATTEMPTS > delivery.attempts
            };
            let tries = attempts.iter().filter(is_shown).cloned().collect();
            (delivery, tries)
        };
        Ok(PageOf { rows: page.rows.into_iter().map(with_tries).collect(), has_more: page.has_more })
    }

    /// Sends a delivery again from the beginning, whatever became of it, to an endpoint that is on. It is not kept waiting
    /// by the endpoint's rest.
    ///
    /// # Errors
    /// `NotFound`, `Off`; `Unavailable` if the store does not answer.
    pub async fn replay(&self, user: UserId, id: DeliveryId) -> Result<Delivery, EndpointError> {
        retry(|| async move {
            let delivery = self.ports.reads.delivery(id).await?;
            let delivery = delivery.filter(|delivery| delivery.user == user);
            let delivery = delivery.ok_or(EndpointError::NotFound)?;
            let endpoint = self.get(user, delivery.endpoint).await?;
            if !endpoint.is_on() && !delivery.is_test() {
                return Err(EndpointError::Off);
            }
            let delivery = delivery.begun_anew(self.ports.clock.now());
            let unit = trusting(UnitOfWork::new(), endpoint);
            self.ports.store.commit(unit.with(Change::WebhookDelivery(delivery.clone()))).await?;
            Ok(delivery)
        })
        .await
    }

    /// Sends everything again that has happened since an instant and that the endpoint wants, taken or not, also what
    /// happened while it was off. A thousand events at a time.
    ///
    /// # Errors
    /// `NotFound`, `Off`; `Unavailable` if the store does not answer: then a part may be on its way.
    pub async fn replay_since(
        &self,
        user: UserId,
        id: EndpointId,
        since: Time,
    ) -> Result<Replayed, EndpointError> {
        let endpoint = self.get(user, id).await?;
        if !endpoint.is_on() {
            return Err(EndpointError::Off);
        }
        let events = self.ports.reads.happened_since(user, since, MAX_REPLAYED + 1).await?;
        let next_since = events.get(MAX_REPLAYED as usize).map(|event| event.event.at);
        let wanted = events.iter().take(MAX_REPLAYED as usize);
        let wanted = wanted.filter(|event| endpoint.events.has(event.event.kind));
        let tellings: Vec<Telling> = wanted.map(Telling::from).collect();
        let mut count = 0;
        for some in tellings.chunks(REPLAYED_AT_ONCE) {
            count += retry(|| self.replay_some(user, id, some)).await?;
        }
        Ok(Replayed { count, next_since })
    }

    async fn replay_some(
        &self,
        user: UserId,
        id: EndpointId,
        tellings: &[Telling],
    ) -> Result<u32, EndpointError> {
        let endpoint = self.get(user, id).await?;
        let ids: Vec<EventId> = tellings.iter().map(|telling| telling.id).collect();
        let known = self.ports.reads.deliveries_of(id, &ids).await?;
        let now = self.ports.clock.now();
        let mut unit = trusting(UnitOfWork::new(), endpoint);
        for telling in tellings {
            let delivery = match known.iter().find(|delivery| delivery.telling.id == telling.id) {
                Some(delivery) => delivery.clone().begun_anew(now),
                None => Delivery::new(self.id(), (id, user), *telling, now),
            };
            unit = unit.with(Change::WebhookDelivery(delivery));
        }
        match self.ports.store.commit(unit).await {
            // The relay was faster with one of them.
            Err(CommitError::Duplicate(_)) => Err(CommitError::Stale.into()),
            committed => {
                committed?;
                Ok(u32::try_from(tellings.len()).unwrap_or(u32::MAX))
            }
        }
    }
}

/// The same unit, and the endpoint does not rest any more.
fn trusting(unit: UnitOfWork, endpoint: Endpoint) -> UnitOfWork {
    let version = endpoint.version;
    let trusted = endpoint.trusted();
    if trusted.version == version { unit } else { unit.with(Change::WebhookEndpoint(trusted)) }
}

/// Decides again while records move on.
async fn retry<T, F, Fut>(mut attempt: F) -> Result<T, EndpointError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, EndpointError>>,
{
    let decided = retry_stale(|| {
        let attempt = attempt();
        async move {
            match attempt.await {
                Err(EndpointError::Commit(CommitError::Stale)) => Err(CommitError::Stale),
                decided => Ok(decided),
            }
        }
    });
    decided.await?
}
