//! News for requests that wait: what this process is told of the event log, and the log itself for what is past.

use std::sync::Arc;

use namaskah_domain::{
    Fault, UserId,
    outbox::{EventLog, EventQuery, SequencedEvent},
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::worker;

/// Lets any number of requests listen.
#[derive(Clone)]
pub struct Feed {
    told: worker::Feed,
    log: Arc<dyn EventLog>,
    stop: CancellationToken,
}

/// Which events a listener wants.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Whose.
    pub user: UserId,
    /// Only about this record.
    pub subject: Option<Uuid>,
}

impl Wanted {
    fn fits(&self, event: &SequencedEvent) -> bool {
        event.event.user == self.user && self.subject.is_none_or(|subject| subject == event.event.subject)
    }
}

/// One listener. Nothing that happens after it was made escapes it.
pub struct Listener {
    news: broadcast::Receiver<SequencedEvent>,
    wanted: Wanted,
    stop: CancellationToken,
}

/// What a listener hears.
#[derive(Debug)]
pub enum News {
    /// An event that it wants.
    Event(Box<SequencedEvent>),
    /// It was too slow, and some events passed it: read them from the log.
    Missed,
    /// The server is stopping.
    Stopping,
}

impl Feed {
    /// What is told now, and the log. `stop` ends every listener.
    pub fn new(told: worker::Feed, log: Arc<dyn EventLog>, stop: CancellationToken) -> Self {
        Self { told, log, stop }
    }

    /// Listens from now on.
    pub fn listen(&self, wanted: Wanted) -> Listener {
        Listener { news: self.told.listen(), wanted, stop: self.stop.clone() }
    }

    /// Events of the past that a listener wants, ascending.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn past(&self, wanted: Wanted, after: i64, limit: u32) -> Result<Vec<SequencedEvent>, Fault> {
        let query = EventQuery { user: Some(wanted.user), subject: wanted.subject, after, limit };
        self.log.after(query).await
    }

    /// The highest sequence given so far.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub async fn newest(&self) -> Result<i64, Fault> {
        self.log.newest().await
    }
}

impl Listener {
    /// Waits for the next thing to hear.
    pub async fn next(&mut self) -> News {
        loop {
            let heard = tokio::select! {
                () = self.stop.cancelled() => return News::Stopping,
                heard = self.news.recv() => heard,
            };
            match heard {
                Ok(event) if self.wanted.fits(&event) => return News::Event(Box::new(event)),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return News::Missed,
                Err(broadcast::error::RecvError::Closed) => return News::Stopping,
            }
        }
    }
}
