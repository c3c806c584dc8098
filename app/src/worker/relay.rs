//! The relay: stamps committed events with their sequence and tells the feed. Any number of instances may run it;
//! the log lets one stamp at a time, and each tells its own process.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::outbox::{EventLog, EventQuery};
use tokio::sync::{Mutex, Notify};

use super::{Feed, RunError, Worker};

/// Another instance's stamp is seen after this at the latest.
const REST: Duration = Duration::from_millis(250);
const READ_AT_ONCE: u32 = 500;

/// Stamps and tells.
pub struct Relay {
    log: Arc<dyn EventLog>,
    feed: Feed,
    /// Told when there is something for endpoints, perhaps.
    next: Arc<Notify>,
    /// The last sequence that this process told; `None` before the first look.
    told: Mutex<Option<i64>>,
}

impl Relay {
    /// From `log` to `feed`; `next` is woken by events.
    pub fn new(log: Arc<dyn EventLog>, feed: Feed, next: Arc<Notify>) -> Self {
        Self { log, feed, next, told: Mutex::new(None) }
    }
}

#[async_trait]
impl Worker for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let mut told = self.told.lock().await;
        let mut last = match *told {
            Some(last) => last,
            None => self.log.newest().await?,
        };
        let stamped = self.log.stamp().await?;
        loop {
            let query = EventQuery { user: None, subject: None, after: last, limit: READ_AT_ONCE };
            let events = self.log.after(query).await?;
            let read = events.len();
            if read > 0 {
                self.next.notify_one();
            }
            for event in events {
                last = event.sequence;
                self.feed.tell(event);
            }
            *told = Some(last);
            if read < READ_AT_ONCE as usize {
                return Ok(stamped);
            }
        }
    }
}
