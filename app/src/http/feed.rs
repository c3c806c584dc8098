//! News: one reader of the event log for the whole process, and everybody who waits for something in it.

use std::sync::Arc;

use namaskah_domain::{
    Fault, UserId,
    outbox::{EventLog, EventQuery, SequencedEvent},
};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const BUFFER: usize = 1_024;
const BATCH: u32 = 500;

/// Hears of every event once, and lets any number of requests listen.
#[derive(Clone)]
pub struct Feed {
    news: broadcast::Sender<SequencedEvent>,
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
    /// Over a log. `stop` ends every listener.
    pub fn new(log: Arc<dyn EventLog>, stop: CancellationToken) -> Self {
        Self { news: broadcast::Sender::new(BUFFER), log, stop }
    }

    /// Reads on whenever the log has grown, until it is told to stop. Run it once in each process. `newest` holds
    /// the highest sequence that is known, and changes when the log grows, whichever process stamped it.
    pub async fn run(self, mut newest: watch::Receiver<i64>) {
        let mut read_to = *newest.borrow_and_update();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                changed = newest.changed() => if changed.is_err() { return },
            }
            let known = *newest.borrow_and_update();
            while read_to < known {
                match self.read_on(read_to).await {
                    Ok(Some(sequence)) => read_to = sequence,
                    Ok(None) => break,
                    Err(fault) => {
                        tracing::error!(error = %fault, "the event log cannot be read");
                        break;
                    }
                }
            }
        }
    }

    async fn read_on(&self, after: i64) -> Result<Option<i64>, Fault> {
        let query = EventQuery { user: None, subject: None, after, limit: BATCH };
        let events = self.log.after(query).await?;
        let last = events.last().map(|event| event.sequence);
        for event in events {
            // Nobody may be listening.
            let _ = self.news.send(event);
        }
        Ok(last)
    }

    /// Listens from now on.
    pub fn listen(&self, wanted: Wanted) -> Listener {
        Listener { news: self.news.subscribe(), wanted, stop: self.stop.clone() }
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
