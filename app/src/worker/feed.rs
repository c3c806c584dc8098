//! The feed: tells everybody in this process which records have moved, in the order of the event log.

use namaskah_domain::outbox::SequencedEvent;
use tokio::sync::broadcast;

/// Stamped events as they become visible. Who lags reads the log instead.
#[derive(Debug, Clone)]
pub struct Feed {
    sender: broadcast::Sender<SequencedEvent>,
}

/// Events that a slow listener may be behind before it must read the log.
const CAPACITY: usize = 4_096;

impl Default for Feed {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0 }
    }
}

impl Feed {
    /// Everything that is told from now on.
    pub fn listen(&self) -> broadcast::Receiver<SequencedEvent> {
        self.sender.subscribe()
    }

    /// Tells; that nobody listens is no fault.
    pub(super) fn tell(&self, event: SequencedEvent) {
        let _ = self.sender.send(event);
    }
}
