//! Counters that several processes share, on Redis: one script, and so one round trip, for each question.
//!
//! A connection is a [`Link`]. It is made outside of any question, and given up at the first failure: whoever asks is
//! never kept waiting for a connection.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use namaskah_domain::Fault;
use redis::{AsyncConnectionConfig, Client, Script, aio::MultiplexedConnection};
use secrecy::{ExposeSecret, SecretString};

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("window.lua")));

/// A server, not connected to yet.
#[derive(Debug, Clone)]
pub struct RedisWindows {
    client: Client,
    ahead_ms: Arc<AtomicU64>,
}

/// What is counted, and how often it may be. The key's name is the same in every process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name.
    pub key: String,
    /// How often.
    pub quota: u32,
    /// In how long a time; counted in twelfths of it, of whole milliseconds.
    pub window: Duration,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// True if the window that is asked first has decided, by refusing.
    pub by_first: bool,
    /// True if it is allowed; it is counted then, and not otherwise.
    pub allowed: bool,
    /// How often more it may be done now.
    pub remaining: u32,
    /// After so long at least one more is possible than now.
    pub reset: Duration,
}

impl RedisWindows {
    /// The server at `redis://[user:password@]host[:port][/db]` or `redis+unix:///path`.
    ///
    /// # Errors
    /// If that is no such URL. The fault does not repeat it.
    pub fn try_new(url: &SecretString) -> Result<Self, Fault> {
        let client =
            Client::open(url.expose_secret()).map_err(|_| Fault::new("redis_url is no URL of a Redis"))?;
        Ok(Self { client, ahead_ms: Arc::default() })
    }

    /// Takes the server's clock to be further ahead, for tests: a window passes without waiting for it.
    pub fn moves_on(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// A connection on which a question has just been answered within `patience`.
    ///
    /// # Errors
    /// If there is none.
    pub async fn connect(&self, patience: Duration) -> Result<Link, Fault> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience.max(Duration::from_secs(1))))
            .set_response_timeout(Some(patience));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        let mut connection = connected.map_err(Fault::new)?;
        SCRIPT.load_async(&mut connection).await.map_err(Fault::new)?;
        Ok(Link { connection, ahead_ms: self.ahead_ms.clone() })
    }
}

/// A connection. Its copies share it.
#[derive(Clone)]
pub struct Link {
    connection: MultiplexedConnection,
    ahead_ms: Arc<AtomicU64>,
}

impl Link {
    /// Counts one in `window`, if that is allowed. `first` is asked before, unless `window` was counted lately.
    ///
    /// # Errors
    /// If there is no answer in time, or none that is understood; it may have been counted all the same.
    pub async fn ask(&self, window: &Window, first: Option<&Window>) -> Result<Counted, Fault> {
        let mut call = SCRIPT.prepare_invoke();
        for asked in [Some(window), first].into_iter().flatten() {
            let window_ms = u64::try_from(asked.window.as_millis()).unwrap_or(u64::MAX);
            call.key(&asked.key).arg(asked.quota).arg(window_ms);
        }
        call.arg(self.ahead_ms.load(Ordering::SeqCst));
        let mut connection = self.connection.clone();
        let answer: (u8, u8, u32, u64) = call.invoke_async(&mut connection).await.map_err(Fault::new)?;
        let (by, allowed, remaining, reset_ms) = answer;
        let reset = Duration::from_millis(reset_ms);
        Ok(Counted { by_first: by == 2, allowed: allowed == 1, remaining, reset })
    }
}
