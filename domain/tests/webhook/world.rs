//! Webhooks over the memory store, a receiver that does as it is told and a clock that is moved by hand.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use namaskah_domain::{
    Change, Clock, DeliveryId, EndpointId, Event, EventId, EventKind, Fault, Id, JobKind, JobLane, Letter,
    Page, Store, Time, TraceParent, UnitOfWork, UserId, Version,
    auth::Secret,
    memory::{FakeOutboundClient, Platform},
    outbound::{OutboundClient, OutboundPolicy},
    outbox::{EventLog, Jobs},
    webhook::{
        Attempt, CreateEndpoint, Deliverer, DelivererPorts, Delivery, Endpoint, EventBodies, FanOut,
        NewEndpoint, Subscription, Telling, WebhookPorts, WebhookReads, WebhookSecret, WebhookService,
        WebhookSigner, service::TOLD_WITHIN,
    },
};
use uuid::Uuid;

pub const URL: &str = "https://hooks.example.com/namaskah?key=hidden";

/// Signs with the secret itself, in digits.
pub struct Plain;

impl WebhookSigner for Plain {
    fn text(&self, secret: &WebhookSecret) -> Secret {
        let digits: String = secret.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Secret::new(format!("whsec_{digits}"))
    }

    fn sign(&self, secret: &WebhookSecret, _: &[u8]) -> String {
        self.text(secret).expose().to_owned()
    }
}

/// Writes the type of what is told; of records that are gone, nothing.
#[derive(Default)]
pub struct Bodies {
    pub gone: Mutex<Vec<EventId>>,
}

#[async_trait]
impl EventBodies for Bodies {
    async fn body(&self, _: &Endpoint, telling: &Telling) -> Result<Option<Vec<u8>>, Fault> {
        let is_gone = self.gone.lock().expect("no test panicked here").contains(&telling.id);
        Ok((!is_gone).then(|| telling.what.name().as_bytes().to_vec()))
    }
}

/// Everything, in memory.
pub struct World {
    pub platform: Platform,
    pub receiver: Arc<FakeOutboundClient>,
    pub bodies: Arc<Bodies>,
    pub webhooks: WebhookService,
    pub fan_out: FanOut,
    pub deliverer: Deliverer,
    pub ada: UserId,
}

fn deliverer(platform: &Platform, client: Arc<dyn OutboundClient>, bodies: Arc<Bodies>) -> Deliverer {
    let store = &platform.store;
    let ports = DelivererPorts {
        store: store.clone(),
        reads: store.clone(),
        users: store.clone(),
        client,
        bodies,
        signer: Arc::new(Plain),
        clock: platform.clock.clone(),
        random: platform.random.clone(),
    };
    Deliverer::new(ports, OutboundPolicy::default())
}

impl World {
    /// One that calls a receiver of its own.
    pub fn deliverer_over(&self, client: Arc<dyn OutboundClient>) -> Deliverer {
        deliverer(&self.platform, client, self.bodies.clone())
    }

    pub async fn new() -> Self {
        let platform = Platform::new(7);
        let ada = platform.new_user("ada@example.com").await.expect("a user");
        let receiver = Arc::new(FakeOutboundClient::default());
        let bodies = Arc::new(Bodies::default());
        let (store, clock, random) =
            (platform.store.clone(), platform.clock.clone(), platform.random.clone());
        let webhooks = WebhookPorts {
            store: store.clone(),
            reads: store.clone(),
            users: store.clone(),
            events: store.clone(),
            signer: Arc::new(Plain),
            clock: clock.clone(),
            random: random.clone(),
        };
        let deliverer = deliverer(&platform, receiver.clone(), bodies.clone());
        let fan_out = FanOut::new(store.clone(), store.clone(), store, clock, random);
        Self {
            platform,
            receiver,
            bodies,
            webhooks: WebhookService::new(webhooks, OutboundPolicy::default()),
            fan_out,
            deliverer,
            ada,
        }
    }

    pub async fn endpoint_for(&self, user: UserId, events: Subscription) -> NewEndpoint {
        let cmd = CreateEndpoint { user, url: URL.to_owned(), events, description: None };
        let made = self.webhooks.create(cmd).await.expect("an endpoint");
        self.letters_by(self.platform.clock.now() + TOLD_WITHIN).await;
        made
    }

    /// Ada's, which wants everything. She has had the letter about it.
    pub async fn endpoint(&self) -> Endpoint {
        self.endpoint_for(self.ada, Subscription::Everything).await.endpoint
    }

    /// Something happens to a user, and is stamped.
    pub async fn happens_to(&self, user: UserId, kind: EventKind) -> Event {
        self.happens_within(None, user, kind).await
    }

    async fn happens_within(&self, cause: Option<TraceParent>, user: UserId, kind: EventKind) -> Event {
        let (now, random) = (self.platform.clock.now(), self.platform.random.as_ref());
        let id: EventId = Id::generate(now, random);
        let (subject, version) = (Uuid::from_u128(9), Version::FIRST);
        let event = Event { id, user, kind, subject, version, at: now, cause };
        let unit = UnitOfWork::new().with(Change::Event(event.clone()));
        self.platform.store.commit(unit).await.expect("committed");
        self.platform.store.stamp().await.expect("stamped");
        event
    }

    /// Something happens to Ada, and her endpoints are to be told.
    pub async fn happens(&self) -> Event {
        let event = self.happens_to(self.ada, EventKind::VerificationCompleted).await;
        self.fan_out().await;
        event
    }

    /// The same within a trace.
    pub async fn happens_by(&self, cause: Option<TraceParent>) {
        self.happens_within(cause, self.ada, EventKind::VerificationCompleted).await;
        self.fan_out().await;
    }

    pub async fn fan_out(&self) {
        while self.fan_out.run().await.expect("the memory answers") > 0 {}
    }

    /// Tries everything that is due now.
    pub async fn deliver(&self) {
        for due in self.deliverer.due(100).await.expect("the memory answers") {
            while self.deliverer.turn(due.endpoint).await.expect("the memory answers") > 0 {}
        }
    }

    /// Deliveries of an endpoint, newest first, with their tries.
    pub async fn deliveries(&self, endpoint: EndpointId) -> Vec<(Delivery, Vec<Attempt>)> {
        let page = Page { limit: 100, after: None };
        self.webhooks.deliveries(self.ada, endpoint, None, page).await.expect("readable").rows
    }

    pub async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.platform.store.delivery(id).await.expect("readable").expect("a delivery")
    }

    pub async fn now_is(&self, endpoint: &Endpoint) -> Endpoint {
        self.webhooks.get(self.ada, endpoint.id).await.expect("readable")
    }

    /// Letters that are to be sent now, which are then taken away.
    pub async fn letters(&self) -> Vec<Letter> {
        self.letters_by(self.platform.clock.now()).await
    }

    async fn letters_by(&self, until: Time) -> Vec<Letter> {
        let jobs = self.platform.store.lease(Uuid::from_u128(1), JobLane::Mail, until, 99).await;
        let mut letters = Vec::new();
        for job in jobs.expect("the memory answers") {
            self.platform.store.done(&job).await.expect("it is done");
            if let JobKind::SendMail { letter, .. } = job.kind {
                letters.push(letter);
            }
        }
        letters
    }
}
