//! Statements that are slow: logged, and now and then with their plan.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use namaskah_adapters::persistence::{Explainer, Ran};
use tokio::sync::mpsc;
use tracing::Span;

/// The plan of one text is logged no more often.
const AGAIN: Duration = Duration::from_secs(600);
/// Texts whose plan was logged lately. There are fewer, but for batches, of which each size is one.
const TEXTS: usize = 512;
/// Plans that may wait. What comes while so many do is logged without.
const WAITING: usize = 8;
/// Longest text that is planned: a batch may have a hundred thousand characters.
const LONGEST: usize = 20_000;

/// What is slow, and who plans it.
pub struct Slow {
    after: Duration,
    planned: Mutex<HashMap<u64, Instant>>,
    queue: mpsc::Sender<Asked>,
}

struct Asked {
    sql: String,
    kinds: Vec<&'static str>,
    ms: u64,
    /// Where it was slow.
    within: Span,
}

impl Slow {
    /// Whatever takes longer than `after` is slow. Within a runtime.
    pub fn start(after: Duration, explainer: Explainer) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        tokio::spawn(plan_all(explainer, waiting));
        Self { after, planned: Mutex::default(), queue }
    }

    /// A statement was run. Its text is a constant of ours with places for values, which are not shown.
    pub(super) fn ran(&self, ran: &Ran<'_>) {
        if ran.took < self.after {
            return;
        }
        let (sql, ms) = (ran.sql, u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX));
        let asked = || Asked { sql: sql.to_owned(), kinds: ran.kinds(), ms, within: Span::current() };
        let is_asked =
            sql.len() <= LONGEST && self.is_due(sql, Instant::now()) && self.queue.try_send(asked()).is_ok();
        if !is_asked {
            tracing::warn!(ms, sql, "a statement was slow");
        }
    }

    fn is_due(&self, sql: &str, now: Instant) -> bool {
        let mut hasher = DefaultHasher::new();
        sql.hash(&mut hasher);
        // A panic elsewhere leaves whole instants behind.
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let key = hasher.finish();
        if planned.get(&key).is_some_and(|at| now.duration_since(*at) < AGAIN) {
            return false;
        }
        if planned.len() >= TEXTS {
            planned.retain(|_, at| now.duration_since(*at) < AGAIN);
        }
        if planned.len() >= TEXTS {
            return false;
        }
        planned.insert(key, now);
        true
    }
}

async fn plan_all(explainer: Explainer, mut waiting: mpsc::Receiver<Asked>) {
    while let Some(Asked { sql, kinds, ms, within }) = waiting.recv().await {
        match explainer.plan(&sql, &kinds).await {
            Ok(plan) => within.in_scope(|| tracing::warn!(ms, sql, plan, "a statement was slow")),
            Err(error) => within.in_scope(|| {
                tracing::warn!(ms, sql, why_no_plan = %error, "a statement was slow");
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_planned_once_in_ten_minutes_and_only_so_many_are_remembered() {
        let (queue, _waiting) = mpsc::channel(1);
        let slow = Slow { after: Duration::ZERO, planned: Mutex::default(), queue };
        let now = Instant::now();
        assert!(slow.is_due("SELECT 1", now));
        assert!(!slow.is_due("SELECT 1", now + AGAIN / 2));
        assert!(slow.is_due("SELECT 2", now));
        assert!(slow.is_due("SELECT 1", now + AGAIN));
        for n in 0..2 * TEXTS {
            slow.is_due(&format!("SELECT {n}, {n}"), now + AGAIN);
        }
        assert_eq!(slow.planned.lock().expect("sound").len(), TEXTS);
        assert!(slow.is_due("SELECT 3", now + 2 * AGAIN));
    }
}
