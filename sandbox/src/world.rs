//! What every handler and task shares: the books under their lock, the journal, the followers, the connections.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Credentials,
    books::Books,
    followers::Followers,
    google::Google,
    http::{Call, Connections},
    journal::{Broken, Journal},
    time,
};

pub(crate) struct World {
    books: Mutex<Books>,
    journal: Journal,
    /// The number of the last decision that changed a record.
    decisions: AtomicU64,
    pub(crate) followers: Followers,
    pub(crate) connections: Connections,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) google: Google,
    public_url: Option<String>,
    /// Set when the sandbox stops: whoever waits need not.
    pub(crate) stopping: CancellationToken,
    /// Rung when a webhook may have become ready.
    pub(crate) hooks_changed: Notify,
    /// Rung when the next due moment may have changed.
    pub(crate) due_changed: Notify,
    /// Rung after each attempt at a webhook.
    pub(crate) hook_tried: Notify,
}

impl World {
    pub(crate) fn new(
        books: Books,
        journal: Journal,
        credentials: Option<Credentials>,
        google: Google,
        public_url: Option<String>,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            books: Mutex::new(books),
            journal,
            decisions: AtomicU64::new(0),
            followers: Followers::default(),
            connections: Connections::default(),
            credentials,
            google,
            public_url,
            stopping,
            hooks_changed: Notify::new(),
            due_changed: Notify::new(),
            hook_tried: Notify::new(),
        }
    }

    /// Where a browser finds pages for people: where it was said, or by the way that the caller came.
    pub(crate) fn pages<'a>(&'a self, call: &'a Call) -> &'a str {
        self.public_url.as_deref().unwrap_or(&call.base_url)
    }

    /// Does what has fallen due, then `act` with the simulators' time, and queues what both changed.
    /// Await `settled` before telling anyone.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut Books, i64) -> R) -> R {
        let mut books = self.lock();
        let (hooks_before, due_before) = (books.hooks.next(), books.next_due_ms());
        let now = books.now_ms(time::real_now_ms());
        books.run_due(now);
        let result = act(&mut books, now);
        let writes = books.drain();
        if !writes.is_empty() {
            let number = self.decisions.fetch_add(1, Ordering::AcqRel) + 1;
            self.journal.submit(number, writes);
        }
        if books.hooks.next() != hooks_before {
            self.hooks_changed.notify_one();
        }
        if books.next_due_ms() != due_before {
            self.due_changed.notify_one();
        }
        result
    }

    /// Returns once everything decided so far is on disk: a read must not tell what a crash could undo.
    pub(crate) async fn settled(&self) -> Result<(), Broken> {
        self.journal.settled(self.decisions.load(Ordering::Acquire)).await
    }

    /// Sleeps until the next due moment, or until it changes.
    pub(crate) async fn next_due(&self) {
        let changed = self.due_changed.notified();
        let wait = {
            let books = self.lock();
            let now = books.now_ms(time::real_now_ms());
            books.next_due_ms().map(|at| Duration::from_millis(at.saturating_sub(now).max(0).unsigned_abs()))
        };
        match wait {
            Some(wait) => {
                let _ = tokio::time::timeout(wait, changed).await;
            }
            None => changed.await,
        }
    }

    /// A change is whole before anything that could panic, so a poisoned lock still guards sound books.
    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
