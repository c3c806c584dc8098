//! Counters that processes share. When they are away, each process counts for itself: within the same request, and
//! until a connection answers again.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use namaskah_adapters::redis::{Link, RedisWindows, Window};
use namaskah_domain::Fault;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use super::{
    counters::{Ask, Counters, MemoryCounters, Subject},
    limits::Who,
    window::Verdict,
};

/// A question that has no answer after so long is answered here.
pub const PATIENCE: Duration = Duration::from_millis(50);
/// Between two attempts to have a connection.
const PAUSE: Duration = Duration::from_millis(250);

/// How often what happened, since the process began.
#[derive(Debug, Default)]
pub struct Tally {
    /// Questions that the shared counters answered.
    pub together: AtomicU64,
    /// Questions that were answered here, since they did not.
    pub alone: AtomicU64,
    /// How often they went away.
    pub losses: AtomicU64,
    /// How often they came (back).
    pub returns: AtomicU64,
}

/// [`Counters`] on Redis, with counters of the process itself behind them.
pub struct SharedCounters {
    connection: Arc<Connection>,
    memory: MemoryCounters,
    prefix: String,
    patience: Duration,
    _keeper: AbortOnDropHandle<()>,
}

impl SharedCounters {
    /// Begins to connect; until then, and whenever the server is away, `memory` counts. `prefix` begins each key. A
    /// question waits for `patience`. Must be called on a runtime.
    pub fn start(redis: RedisWindows, memory: MemoryCounters, prefix: &str, patience: Duration) -> Self {
        let connection = Arc::new(Connection::default());
        let keeper = tokio::spawn(connection.clone().keep(redis, patience));
        let (prefix, keeper) = (prefix.to_owned(), AbortOnDropHandle::new(keeper));
        Self { connection, memory, prefix, patience, _keeper: keeper }
    }

    /// How often what happened.
    pub fn tally(&self) -> &Tally {
        &self.connection.tally
    }

    /// True if the server answers.
    pub fn are_together(&self) -> bool {
        self.connection.current().is_some()
    }

    async fn ask_together(&self, link: &Link, ask: Ask) -> Result<Verdict, Fault> {
        let window = self.window(&ask.subject);
        let first = ask.first.as_ref().map(|first| self.window(first));
        let counted = tokio::time::timeout(self.patience, link.ask(&window, first.as_ref())).await;
        let counted = counted.map_err(|_| Fault::new("no answer in time"))??;
        let decided = ask.first.filter(|_| counted.by_first).unwrap_or(ask.subject);
        Ok(Verdict {
            policy: decided.policy,
            allowed: counted.allowed,
            remaining: counted.remaining,
            reset: counted.reset,
        })
    }

    fn window(&self, subject: &Subject) -> Window {
        let Subject { class, who, policy } = subject;
        let key = format!("{}{}:{}", self.prefix, class.policy().name, name_of(*who));
        Window { key, quota: policy.quota, window: policy.window }
    }
}

#[async_trait]
impl Counters for SharedCounters {
    async fn ask(&self, ask: Ask) -> Verdict {
        let Connection { tally, .. } = self.connection.as_ref();
        if let Some((number, link)) = self.connection.current() {
            match self.ask_together(&link, ask).await {
                Ok(verdict) => {
                    tally.together.fetch_add(1, Ordering::Relaxed);
                    return verdict;
                }
                Err(fault) => self.connection.lose(number, &fault),
            }
        }
        tally.alone.fetch_add(1, Ordering::Relaxed);
        self.memory.ask_now(ask)
    }

    fn complaint(&self) -> Option<String> {
        let words = "Redis does not answer; this process counts for itself";
        (!self.are_together()).then(|| words.to_owned())
    }

    fn are_shared(&self) -> bool {
        true
    }
}

/// The same in every process, and of every kind of asker another.
fn name_of(who: Who) -> String {
    match who {
        Who::Account(user) => format!("account:{user}"),
        Who::Address(network) => format!("address:{network}"),
        Who::AddressAndName(network, name) => format!("name:{network}:{name:032x}"),
        Who::Name(name) => format!("mailbox:{name:032x}"),
        Who::AccountAndRecord(user, record) => format!("record:{user}:{record:032x}"),
    }
}

/// The connection that there is, if there is one. Each has a number, so that one that is gone is lost once.
#[derive(Default)]
struct Connection {
    current: RwLock<Option<(u64, Link)>>,
    lost: Notify,
    tally: Tally,
}

impl Connection {
    fn current(&self) -> Option<(u64, Link)> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lose(&self, number: u64, fault: &Fault) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.take_if(|(known, _)| *known == number).is_some() {
            tracing::warn!(%fault, "Redis is away: this process counts rate limits for itself");
            self.tally.losses.fetch_add(1, Ordering::Relaxed);
            self.lost.notify_one();
        }
    }

    fn take(&self, link: Link) {
        let number = self.tally.returns.fetch_add(1, Ordering::Relaxed);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some((number, link));
        tracing::info!("rate limits are counted in Redis");
    }

    /// Connects whenever there is no connection.
    async fn keep(self: Arc<Self>, redis: RedisWindows, patience: Duration) {
        let mut is_told = false;
        loop {
            match redis.connect(patience).await {
                Ok(link) => {
                    self.take(link);
                    self.lost.notified().await;
                    is_told = true;
                }
                Err(fault) if !is_told => {
                    tracing::warn!(%fault, "Redis is away: this process counts rate limits for itself");
                    is_told = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
