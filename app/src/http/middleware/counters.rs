//! What counts requests: a port of the rate limit, and its adapter in the memory of a process.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{
    limits::{Class, Who},
    window::{Policy, Verdict, Windows},
};

const CAPACITY: usize = 200_000;

/// What is counted, and how often it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The class of the request.
    pub class: Class,
    /// Who asks.
    pub who: Who,
    /// How often.
    pub policy: Policy,
}

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What is counted.
    pub subject: Subject,
    /// What is counted besides, and may refuse, unless `subject` was counted lately.
    pub first: Option<Subject>,
}

/// Counters. Each question is answered at once and as a whole: no two that come together are both the last that fits.
#[async_trait]
pub trait Counters: Send + Sync {
    /// Counts one, if it is allowed. There is always an answer.
    async fn ask(&self, ask: Ask) -> Verdict;

    /// For operators: what is not as it should be. `None` if there is nothing.
    fn complaint(&self) -> Option<String> {
        None
    }

    /// True if they are meant to be shared with other processes.
    fn are_shared(&self) -> bool {
        false
    }
}

/// Time that only goes on, at the pace of the world. Limits do not follow the product's clock, which the sandbox
/// moves.
pub trait Monotonic: Send + Sync {
    /// Since some moment before the first request.
    fn elapsed(&self) -> Duration;
}

/// The machine's own.
pub struct MachineTime(Instant);

impl MachineTime {
    /// Counts from now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Monotonic for MachineTime {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The counters of one process.
pub struct MemoryCounters {
    windows: Mutex<Windows<(Class, Who)>>,
    time: Box<dyn Monotonic>,
}

impl MemoryCounters {
    /// Nothing is counted yet.
    pub fn new(time: Box<dyn Monotonic>) -> Self {
        Self { windows: Mutex::new(Windows::new(CAPACITY)), time }
    }

    /// [`Counters::ask`] without waiting.
    pub fn ask_now(&self, ask: Ask) -> Verdict {
        let now = self.time.elapsed();
        // A panic while counting leaves counts that are at worst one too low.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let Ask { subject, first } = ask;
        let key = (subject.class, subject.who);
        if let Some(first) = first
            && !windows.is_known(&key, now)
        {
            let verdict = windows.ask(&(first.class, first.who), first.policy, now);
            if !verdict.allowed {
                return verdict;
            }
        }
        windows.ask(&key, subject.policy, now)
    }
}

impl Default for MemoryCounters {
    fn default() -> Self {
        Self::new(Box::new(MachineTime::start()))
    }
}

#[async_trait]
impl Counters for MemoryCounters {
    async fn ask(&self, ask: Ask) -> Verdict {
        self.ask_now(ask)
    }
}
