//! Who follows the clock. Advancing it returns when every live follower has said that its own due work has run.
//!
//! A follower is live while it has a long poll pending, while it was handed a new offset less than twenty seconds
//! ago and has not acknowledged it, or for a second after it was last seen.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// How long a follower may take over its due work.
const TO_ACKNOWLEDGE: Duration = Duration::from_secs(20);
/// Between two polls.
const BETWEEN_POLLS: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Follower {
    polls: u32,
    applied_ms: i64,
    handed: Option<Instant>,
    seen: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct Followers {
    all: Mutex<HashMap<String, Follower>>,
    /// Rung when a follower appears, acknowledges or goes.
    changed: Notify,
    /// Rung when the offset grows.
    pub(crate) advanced: Notify,
}

impl Followers {
    /// A follower begins a poll, having applied `applied_ms` and run what was due by then.
    pub(crate) fn arrive(&self, name: &str, applied_ms: i64) -> Poll<'_> {
        let mut all = self.lock();
        let now = Instant::now();
        let fresh = Follower { polls: 0, applied_ms, handed: None, seen: now };
        let follower = all.entry(name.to_owned()).or_insert(fresh);
        follower.polls += 1;
        follower.applied_ms = applied_ms;
        follower.handed = None;
        follower.seen = now;
        drop(all);
        self.changed.notify_waiters();
        Poll { followers: self, name: name.to_owned(), answered: false }
    }

    /// Returns when every live follower has applied `offset_ms`.
    pub(crate) async fn have_applied(&self, offset_ms: i64) {
        loop {
            let changed = self.changed.notified();
            let Some(recheck) = self.behind(offset_ms) else { return };
            let _ = tokio::time::timeout(recheck, changed).await;
        }
    }

    /// `None` when nobody live is behind; else when to look again, should nothing happen.
    fn behind(&self, offset_ms: i64) -> Option<Duration> {
        let now = Instant::now();
        let mut all = self.lock();
        all.retain(|_, follower| follower.patience(now).is_some());
        all.values().filter(|f| f.applied_ms < offset_ms).filter_map(|f| f.patience(now)).min()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Follower>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// How much longer it counts as live; `None` when it does not.
    fn patience(&self, now: Instant) -> Option<Duration> {
        if self.polls > 0 {
            return Some(BETWEEN_POLLS);
        }
        let until = match self.handed {
            Some(at) => at + TO_ACKNOWLEDGE,
            None => self.seen + BETWEEN_POLLS,
        };
        until.checked_duration_since(now).filter(|left| !left.is_zero())
    }
}

/// One pending poll. Dropped unanswered, the connection is gone, and the follower with it.
#[derive(Debug)]
pub(crate) struct Poll<'a> {
    followers: &'a Followers,
    name: String,
    answered: bool,
}

impl Poll<'_> {
    /// The poll is about to be answered; `news` when it carries an offset the follower has not applied.
    pub(crate) fn answer(mut self, news: bool) {
        self.answered = true;
        if let Some(follower) = self.followers.lock().get_mut(&self.name) {
            follower.seen = Instant::now();
            follower.handed = news.then(Instant::now);
        }
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        let mut all = self.followers.lock();
        if let Some(follower) = all.get_mut(&self.name) {
            follower.polls = follower.polls.saturating_sub(1);
            if follower.polls == 0 && !self.answered {
                all.remove(&self.name);
            }
        }
        drop(all);
        self.followers.changed.notify_waiters();
    }
}
