use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, AtomicUsize},
};

use namaskah_domain::{
    EventId,
    auth::Secret,
    memory::{MemoryStore, Platform},
    outbound::{Answer, BodyEnd, CallError, Destination, OutboundCall, OutboundClient, OutboundPolicy},
    outbox::Lease,
    webhook::{
        CreateEndpoint, DelivererPorts, Endpoint, EventBodies, Subscription, Telling, WebhookPorts,
        WebhookReads, WebhookSecret, WebhookService, WebhookSigner, ports::MockWebhookReads,
    },
};
use tokio::{sync::Semaphore, time::timeout};

use super::*;
use crate::worker::Supervisor;

const LONG: Duration = Duration::from_secs(20);

/// Receivers: those of a slow host take what they get and say nothing until they may.
struct Receivers {
    may_answer: Semaphore,
    /// Calls of slow hosts that have begun, and what others have taken.
    begun: AtomicUsize,
    taken: Held<BTreeSet<EventId>>,
    changed: Notify,
}

impl Default for Receivers {
    fn default() -> Self {
        let (begun, taken) = (AtomicUsize::new(0), Held::default());
        Self { may_answer: Semaphore::new(0), begun, taken, changed: Notify::new() }
    }
}

#[async_trait]
impl OutboundClient for Receivers {
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError> {
        if to.host().starts_with("slow") {
            self.begun.fetch_add(1, Ordering::SeqCst);
            self.changed.notify_waiters();
            self.may_answer.acquire().await.expect("open").forget();
        } else {
            self.taken.lock().expect("sound").insert(call.id);
            self.changed.notify_waiters();
        }
        Ok(Answer { status: 200, took: Duration::ZERO, body: BodyEnd::CutOff, retry_after: None })
    }
}

impl Receivers {
    async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if is_so() {
                    return;
                }
                changed.await;
            }
        };
        timeout(LONG, waiting).await.unwrap_or_else(|_| panic!("{what}"));
    }

    async fn have_begun(&self, calls: usize) {
        self.until("slow ones are called", || self.begun.load(Ordering::SeqCst) >= calls).await;
    }

    async fn take(&self, id: EventId) {
        self.until("it is taken", || self.taken.lock().expect("sound").contains(&id)).await;
    }
}

struct Plain;

impl WebhookSigner for Plain {
    fn text(&self, _: &WebhookSecret) -> Secret {
        Secret::new("secret".to_owned())
    }

    fn sign(&self, _: &WebhookSecret, _: &[u8]) -> String {
        "signed".to_owned()
    }
}

#[async_trait]
impl EventBodies for Plain {
    async fn body(&self, _: &Endpoint, _: &Telling) -> Result<Option<Vec<u8>>, Fault> {
        Ok(Some(Vec::new()))
    }
}

struct World {
    platform: Platform,
    webhooks: WebhookService,
    receivers: Arc<Receivers>,
    users: AtomicU32,
}

fn deliverer(
    platform: &Platform,
    reads: Arc<dyn WebhookReads>,
    client: Arc<dyn OutboundClient>,
) -> Deliverer {
    let ports = DelivererPorts {
        store: platform.store.clone(),
        reads,
        users: platform.store.clone(),
        client,
        bodies: Arc::new(Plain),
        signer: Arc::new(Plain),
        clock: platform.clock.clone(),
        random: platform.random.clone(),
    };
    Deliverer::new(ports, OutboundPolicy::default())
}

impl World {
    fn new() -> Self {
        let platform = Platform::new(1);
        let ports = WebhookPorts {
            store: platform.store.clone(),
            reads: platform.store.clone(),
            users: platform.store.clone(),
            events: platform.store.clone(),
            signer: Arc::new(Plain),
            clock: platform.clock.clone(),
            random: platform.random.clone(),
        };
        let webhooks = WebhookService::new(ports, OutboundPolicy::default());
        Self { platform, webhooks, receivers: Arc::default(), users: AtomicU32::new(0) }
    }

    /// Somebody with so many endpoints at `host`, to each of which so many try-outs are due.
    async fn user_with(&self, endpoints: usize, host: &str, tests: usize) -> EventId {
        let nth = self.users.fetch_add(1, Ordering::SeqCst);
        let user = self.platform.new_user(&format!("user{nth}@example.com")).await.expect("a user");
        let mut last = None;
        for _ in 0..endpoints {
            let url = format!("https://{host}.example.com/");
            let cmd = CreateEndpoint { user, url, events: Subscription::Everything, description: None };
            let endpoint = self.webhooks.create(cmd).await.expect("an endpoint").endpoint;
            for _ in 0..tests {
                last = Some(self.webhooks.test(user, endpoint.id).await.expect("due"));
            }
        }
        last.expect("a try-out").telling.id
    }

    fn starts(&self) -> (Arc<crate::worker::Workers>, Arc<Notify>) {
        let (store, wake) = (self.platform.store.clone(), Arc::new(Notify::new()));
        let deliverer = Arc::new(deliverer(&self.platform, store.clone(), self.receivers.clone()));
        let worker = Deliveries::new(deliverer, store, Uuid::from_u128(1), wake.clone());
        let workers = Supervisor::default().with(Arc::new(worker), wake.clone());
        (workers.start(CancellationToken::new()), wake)
    }
}

#[tokio::test]
async fn a_hundred_and_forty_slow_receivers_of_seven_users_delay_no_other_user() {
    let world = World::new();
    for _ in 0..7 {
        world.user_with(20, "slow", 5).await;
    }
    let (workers, wake) = world.starts();
    world.receivers.have_begun(7 * LANES_OF_A_USER * 4).await;
    let ada = world.user_with(1, "quick", 1).await;
    wake.notify_one();
    world.receivers.take(ada).await;
    let begun = world.receivers.begun.load(Ordering::SeqCst);
    assert_eq!(begun, 7 * LANES_OF_A_USER * 4, "a user has no more than his lanes");
    timeout(LONG, workers.stop()).await.expect("it stops");
}

#[tokio::test]
async fn when_every_lane_is_at_a_slow_receiver_another_user_waits_for_no_more_than_a_turn() {
    let world = World::new();
    let (users, calls) = (LANES / LANES_OF_A_USER + 2, LANES * 4);
    for _ in 0..users {
        world.user_with(LANES_OF_A_USER + 1, "slow", 12).await;
    }
    let (workers, wake) = world.starts();
    world.receivers.have_begun(calls).await;
    let ada = world.user_with(1, "quick", 1).await;
    wake.notify_one();
    // Each lane has one turn, and no more.
    world.receivers.may_answer.add_permits(calls);
    world.receivers.take(ada).await;
    timeout(LONG, workers.stop()).await.expect("it stops");
}

/// Leases that another process has, all of them.
#[derive(Default)]
struct Elsewhere(AtomicU32);

#[async_trait]
impl Leases for Elsewhere {
    async fn acquire(&self, _: &str, _: Uuid, _: u32) -> Result<Option<Lease>, Fault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(None)
    }

    async fn release(&self, _: &str, _: Uuid) -> Result<(), Fault> {
        Ok(())
    }
}

/// Says that one endpoint is due however often it is asked, and counts that; nothing of it is.
fn always_due(asked: &Arc<AtomicU32>) -> MockWebhookReads {
    let (asked, mut reads) = (asked.clone(), MockWebhookReads::new());
    reads.expect_due().returning(move |_, _| {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok(vec![DueEndpoint {
            endpoint: EndpointId::from_uuid(Uuid::nil()),
            user: UserId::from_uuid(Uuid::nil()),
        }])
    });
    reads.expect_due_of().returning(|_, _, _| Ok(Vec::new()));
    reads
}

#[tokio::test]
async fn while_another_process_holds_an_endpoint_few_statements_are_made_about_it() {
    let (platform, asked, leases) = (Platform::new(1), Arc::default(), Arc::new(Elsewhere::default()));
    let deliverer = deliverer(&platform, Arc::new(always_due(&asked)), Arc::<Receivers>::default());
    let worker = Deliveries::new(Arc::new(deliverer), leases.clone(), Uuid::from_u128(1), Arc::default());
    let done = timeout(LONG, worker.run()).await.expect("a run ends").expect("the store answers");
    assert_eq!((done, leases.0.load(Ordering::SeqCst)), (0, 1));
    assert!(asked.load(Ordering::SeqCst) <= 2, "{asked:?} looks within {PATIENCE:?}");
    timeout(LONG, worker.stop()).await.expect("it stops");
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_while_lanes_end_all_the_time_stops_within_its_grace() {
    let (platform, asked) = (Platform::new(1), Arc::default());
    let store: Arc<MemoryStore> = platform.store.clone();
    let deliverer = deliverer(&platform, Arc::new(always_due(&asked)), Arc::<Receivers>::default());
    let wake = Arc::new(Notify::new());
    let worker = Deliveries::new(Arc::new(deliverer), store.clone(), Uuid::from_u128(1), wake.clone());
    let workers = Supervisor::default().with(Arc::new(worker), wake).start(CancellationToken::new());
    while asked.load(Ordering::SeqCst) < 3 {
        tokio::task::yield_now().await;
    }
    timeout(GRACE, workers.stop()).await.expect("it stops");
    let begun = asked.load(Ordering::SeqCst);
    tokio::task::yield_now().await;
    assert_eq!(asked.load(Ordering::SeqCst), begun, "nothing is begun any more");
    let lease = lease_of(EndpointId::from_uuid(Uuid::nil()));
    assert!(
        store.acquire(&lease, Uuid::from_u128(2), 1).await.expect("answered").is_some(),
        "it was given back"
    );
}
