//! What users do with their endpoints.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    Attempt, CreateEndpointError, Delivery, DeliveryStatus, Description, Endpoint, EndpointChange,
    EndpointError, Happening, Health, MAX_ENDPOINTS, Secrets, Standing, Subscription, Target, Telling,
    WebhookReads, WebhookSecret, WebhookSigner,
};
use crate::{
    Change, Clock, CommitError, DeliveryId, EndpointId, Entity, Fault, Id, JobKind, Letter, NewJob, Page,
    PageOf, Random, Store, Time, UnitOfWork, UserId, Version,
    auth::{AuthReads, Secret, User},
    outbound::{Destination, DestinationRefusal, OutboundPolicy},
    outbox::EventLog,
    time::minutes,
    unit::retry_stale,
};

/// A user is told by mail within this of where his webhooks go: of all that is set meanwhile by one letter, so that nobody
/// fills his mailbox.
pub const TOLD_WITHIN: TimeDelta = minutes(5);

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
    pub(super) ports: WebhookPorts,
    policy: OutboundPolicy,
}

impl WebhookService {
    /// Over any ports. `policy` says which URLs may be called.
    pub const fn new(ports: WebhookPorts, policy: OutboundPolicy) -> Self {
        Self { ports, policy }
    }

    pub(super) fn id<T: Entity>(&self) -> Id<T> {
        Id::generate(self.ports.clock.now(), self.ports.random.as_ref())
    }

    /// Reads a URL by the rules of what may be called.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn target(&self, url: &str) -> Result<Target, DestinationRefusal> {
        Destination::try_new(url, &self.policy).map(|to| Target::of(&to))
    }

    /// Makes an endpoint, and tells its user by mail. It is committed together with the user's next version, so not even
    /// many at once pass the bound, and none begins on a user who is leaving.
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
            told_off_at: None,
            after,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            version: Version::FIRST,
        };
        let unit = UnitOfWork::new().with(self.letter_to(&user, now)).with(Change::User(user.touched()));
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

    /// Changes an endpoint; of another URL its user is told by mail. To repeat it is safe.
    ///
    /// # Errors
    /// `NotFound`; `Blocked` if it would be switched on and staff has switched it off; `Unavailable` if the store does not
    /// answer.
    pub async fn change(
        &self,
        user: UserId,
        id: EndpointId,
        change: EndpointChange,
    ) -> Result<Endpoint, EndpointError> {
        let change = &change;
        self.decide(user, id, |endpoint, now| match change.is_on {
            Some(true) if endpoint.is_blocked() => Err(EndpointError::Blocked),
            _ => Ok(endpoint.changed(change.clone(), now)),
        })
        .await
    }

    /// Deletes an endpoint. What waits for it is dropped.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn delete(&self, user: UserId, id: EndpointId) -> Result<(), EndpointError> {
        self.decide(user, id, |endpoint, now| Ok(endpoint.deleted(now))).await.map(|_| ())
    }

    /// Gives an endpoint another secret, and tells its user by mail. For a day, deliveries are signed with both.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` if the store does not answer.
    pub async fn rotate(&self, user: UserId, id: EndpointId) -> Result<Rotated, EndpointError> {
        let secret = WebhookSecret::generate(self.ports.random.as_ref());
        let new = &secret;
        let rotated = |endpoint: Endpoint, now| Ok(endpoint.rotated(new.clone(), now));
        let endpoint = self.decide(user, id, rotated).await?;
        Ok(Rotated { endpoint, secret: self.ports.signer.text(&secret) })
    }

    async fn decide(
        &self,
        user: UserId,
        id: EndpointId,
        decide: impl Fn(Endpoint, Time) -> Result<Endpoint, EndpointError> + Send + Sync,
    ) -> Result<Endpoint, EndpointError> {
        let decide = &decide;
        retry(|| async move {
            let (before, now) = (self.get(user, id).await?, self.ports.clock.now());
            let endpoint = decide(before.clone(), now)?;
            let mut unit = UnitOfWork::new().with(Change::WebhookEndpoint(endpoint.clone()));
            if (&endpoint.target, &endpoint.secrets.current) != (&before.target, &before.secrets.current) {
                let user = self.ports.users.user(user).await?.filter(|user| !user.is_deleted());
                unit = user.iter().fold(unit, |unit, user| unit.with(self.letter_to(user, now)));
            }
            self.ports.store.commit(unit).await?;
            Ok(endpoint)
        })
        .await
    }

    /// Of where it goes it tells nothing: a URL is nothing for a mail.
    fn letter_to(&self, user: &User, now: Time) -> Change {
        let letter = Letter::WebhookEndpointSet { user: user.id };
        let kind = JobKind::SendMail { to: user.email.clone(), letter };
        Change::Job(NewJob { id: self.id(), kind, run_at: now + TOLD_WITHIN, cause: None })
    }

    /// Sends something that did not happen, once, also to an endpoint that is off or rests; its rest is over.
    ///
    /// # Errors
    /// `NotFound`, `Blocked`; `Unavailable` if the store does not answer.
    pub async fn test(&self, user: UserId, id: EndpointId) -> Result<Delivery, EndpointError> {
        retry(|| async move {
            let endpoint = self.get(user, id).await?;
            if endpoint.is_blocked() {
                return Err(EndpointError::Blocked);
            }
            let now = self.ports.clock.now();
            let telling = Telling { id: self.id(), at: now, what: Happening::Test, cause: None };
            let delivery = Delivery::new(self.id(), (endpoint.id, user), telling, now);
            let unit = trusting(UnitOfWork::new(), endpoint);
            self.ports.store.commit(unit.with(Change::WebhookDelivery(delivery.clone()))).await?;
            Ok(delivery)
        })
        .await
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
        let reads = &self.ports.reads;
        let attempts = if ids.is_empty() { Vec::new() } else { reads.attempts(&ids, SHOWN_ATTEMPTS).await? };
        let rests_until = endpoint.health.rests_until.filter(|_| endpoint.is_on());
        let with_tries = |delivery: Delivery| {
            let is_its = |attempt: &&Attempt| attempt.delivery == delivery.id;
            let tries = attempts.iter().filter(is_its).cloned().collect();
            (delivery.behind(rests_until), tries)
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
}

/// The same unit, and the endpoint does not rest any more.
pub(super) fn trusting(unit: UnitOfWork, endpoint: Endpoint) -> UnitOfWork {
    let version = endpoint.version;
    let trusted = endpoint.trusted();
    if trusted.version == version { unit } else { unit.with(Change::WebhookEndpoint(trusted)) }
}

/// Decides again while records move on.
pub(super) async fn retry<T, F, Fut>(mut attempt: F) -> Result<T, EndpointError>
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
