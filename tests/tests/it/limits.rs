//! Rate limits: the suite on counters in memory and in Redis, and what becomes of requests when Redis is away.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use namaskah::http::middleware::{
    counters::{Ask, Counters, MemoryCounters, Monotonic, Subject},
    limits::{Class, Network, Who},
    shared::SharedCounters,
    window::Policy,
};
use namaskah_adapters::redis::RedisWindows;
use namaskah_tests::{contract::counters::CountersWorld, redis::RedisServer};
use secrecy::SecretString;

use crate::journeys::controls::eventually;

const POLICY: Policy = Policy { name: "five", quota: 5, window: Duration::from_secs(60) };
/// What a busy machine may take for what takes 50 ms.
const LENIENT: Duration = Duration::from_secs(10);

fn ask() -> Ask {
    let who = Who::Address(Network::from(IpAddr::from([192, 0, 2, 1])));
    Ask { subject: Subject { class: Class::Default, who, policy: POLICY }, first: None }
}

/// A clock that is moved by hand.
struct Hands(Arc<Mutex<Duration>>);

impl Monotonic for Hands {
    fn elapsed(&self) -> Duration {
        *self.0.lock().expect("no panic")
    }
}

struct InMemory {
    counters: MemoryCounters,
    hands: Arc<Mutex<Duration>>,
}

impl CountersWorld for InMemory {
    fn counters(&self) -> &dyn Counters {
        &self.counters
    }

    fn moves_on(&self, by: Duration) {
        *self.hands.lock().expect("no panic") += by;
    }

    fn now(&self) -> Duration {
        *self.hands.lock().expect("no panic")
    }
}

async fn in_memory() -> InMemory {
    let hands = Arc::new(Mutex::new(Duration::from_secs(1_000)));
    InMemory { counters: MemoryCounters::new(Box::new(Hands(hands.clone()))), hands }
}

struct InRedis {
    counters: SharedCounters,
    redis: RedisWindows,
    moved: Mutex<Duration>,
    begun: Instant,
    _server: RedisServer,
}

impl CountersWorld for InRedis {
    fn counters(&self) -> &dyn Counters {
        assert_eq!(self.counters.tally().losses.load(Ordering::SeqCst), 0, "Redis has counted until now");
        &self.counters
    }

    fn moves_on(&self, by: Duration) {
        self.redis.moves_on(by);
        *self.moved.lock().expect("no panic") += by;
    }

    fn now(&self) -> Duration {
        *self.moved.lock().expect("no panic") + self.begun.elapsed()
    }
}

fn client(server: &RedisServer) -> RedisWindows {
    RedisWindows::try_new(&SecretString::from(server.url())).expect("a URL")
}

async fn shared(redis: RedisWindows, patience: Duration) -> SharedCounters {
    let counters = SharedCounters::start(redis, MemoryCounters::default(), "test:", patience);
    eventually("Redis answers", || async { counters.are_together().then_some(()) }).await;
    counters
}

/// On Redis; where there is none the suite runs on memory once more.
async fn in_redis() -> Box<dyn CountersWorld> {
    let Some(server) = RedisServer::start() else { return Box::new(in_memory().await) };
    let redis = client(&server);
    let counters = shared(redis.clone(), LENIENT).await;
    Box::new(InRedis { counters, redis, moved: Mutex::default(), begun: Instant::now(), _server: server })
}

mod memory {
    namaskah_tests::counters_contract!(super::in_memory);
}
mod redis {
    namaskah_tests::counters_contract!(super::in_redis);
}

#[tokio::test]
async fn processes_with_one_redis_share_a_limit() {
    let Some(server) = RedisServer::start() else { return };
    let (one, two) = (shared(client(&server), LENIENT).await, shared(client(&server), LENIENT).await);
    for n in 0..10 {
        let counters = if n % 2 == 0 { &one } else { &two };
        assert_eq!(counters.ask(ask()).await.allowed, n < 5, "{n}");
    }
    assert!(one.complaint().is_none() && two.complaint().is_none());
}

#[tokio::test]
async fn a_process_counts_for_itself_while_redis_is_dead_and_comes_back_by_itself() {
    let Some(mut server) = RedisServer::start() else { return };
    let counters = shared(client(&server), LENIENT).await;
    assert_eq!(counters.ask(ask()).await.remaining, 4);
    server.dies();
    // The same question that meets the dead server is answered here, where nothing is counted yet.
    for n in 0..6 {
        assert_eq!(counters.ask(ask()).await.allowed, n < 5, "{n}");
    }
    let tally = counters.tally();
    assert_eq!(tally.alone.load(Ordering::SeqCst), 6);
    assert_eq!(tally.losses.load(Ordering::SeqCst), 1, "it is said once");
    assert!(counters.complaint().is_some_and(|words| words.contains("Redis")));
    server.starts_again();
    eventually("it is back", || async { counters.are_together().then_some(()) }).await;
    assert_eq!(counters.ask(ask()).await.remaining, 4, "the new server knows nothing");
    assert_eq!(tally.returns.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_keeps_nobody_waiting() {
    let Some(server) = RedisServer::start() else { return };
    // Short, and not so short that a busy machine loses a healthy one for good.
    let counters = shared(client(&server), Duration::from_millis(500)).await;
    server.freezes();
    let begun = Instant::now();
    assert!(counters.ask(ask()).await.allowed);
    assert!(begun.elapsed() < LENIENT, "{:?}", begun.elapsed());
    assert!(!counters.are_together());
    // Only the first of them has waited at all.
    let begun = Instant::now();
    for _ in 0..1_000 {
        counters.ask(ask()).await;
    }
    assert!(begun.elapsed() < LENIENT, "{:?}", begun.elapsed());
    server.thaws();
    eventually("it is back", || async { counters.are_together().then_some(()) }).await;
}

#[tokio::test]
async fn without_a_redis_from_the_beginning_each_process_counts_for_itself() {
    let nowhere = SecretString::from("redis+unix:///nonexistent/redis.sock");
    let redis = RedisWindows::try_new(&nowhere).expect("a URL");
    let counters = SharedCounters::start(redis, MemoryCounters::default(), "test:", LENIENT);
    for n in 0..6 {
        assert_eq!(counters.ask(ask()).await.allowed, n < 5, "{n}");
    }
    assert!(counters.complaint().is_some());
}
