//! Runs workers: woken, at intervals, with back-off after failures; and all at once when the clock was moved.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{RunError, Worker};

const BACK_OFF_FROM: Duration = Duration::from_millis(500);
const BACK_OFF_TO: Duration = Duration::from_secs(15);
/// So many failures in a row make a worker count as stuck.
const STUCK_AFTER: u32 = 5;
/// When the clock was moved, workers run in turn until none finds work, so often at most.
const MAX_ROUNDS: u32 = 50;

struct Post {
    worker: Arc<dyn Worker>,
    wake: Arc<Notify>,
    /// One run at a time: the loop's and that of a moved clock exclude each other.
    turn: Mutex<()>,
    failures: AtomicU32,
    /// Of these, those that are our own: the store's, or panics. A provider's trouble ends their row.
    own_failures: AtomicU32,
}

/// Workers that are going to run.
#[derive(Default)]
pub struct Supervisor {
    posts: Vec<Arc<Post>>,
}

/// Workers that run.
pub struct Workers {
    posts: Vec<Arc<Post>>,
    tasks: Mutex<JoinSet<()>>,
    stop: CancellationToken,
}

/// How a worker does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Its name.
    pub name: &'static str,
    /// Runs that failed since one succeeded.
    pub failures: u32,
    /// What that means.
    pub condition: Condition,
}

/// What failures in a row mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It works, or has failed only now.
    Well,
    /// Several runs failed, and not by our own fault alone: it waits for a provider, here as on every instance.
    Waiting,
    /// Several runs failed in a row for the store, or panicked.
    Stuck,
}

impl Supervisor {
    /// Takes a worker on; `wake` makes it look at once.
    #[must_use]
    pub fn with(mut self, worker: Arc<dyn Worker>, wake: Arc<Notify>) -> Self {
        self.posts.push(Arc::new(Post::new(worker, wake)));
        self
    }

    /// Starts them all.
    pub fn start(self, stop: CancellationToken) -> Arc<Workers> {
        let mut tasks = JoinSet::new();
        for post in &self.posts {
            tasks.spawn(Arc::clone(post).go_on(stop.clone()));
        }
        Arc::new(Workers { posts: self.posts, tasks: Mutex::new(tasks), stop })
    }
}

impl Workers {
    /// Runs every worker until none finds anything: what a moved clock made due is done when this returns.
    pub async fn run_due(&self) {
        for _ in 0..MAX_ROUNDS {
            let mut done = 0;
            for post in &self.posts {
                done += post.run_once().await.unwrap_or(0);
            }
            if done == 0 {
                return;
            }
        }
    }

    /// How they do.
    pub fn health(&self) -> Vec<Health> {
        self.posts.iter().map(|post| post.health()).collect()
    }

    /// Lets each finish its run, and gives back leases.
    pub async fn stop(&self) {
        self.stop.cancel();
        for post in &self.posts {
            post.worker.leave();
        }
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
        for post in &self.posts {
            post.worker.stop().await;
        }
    }
}

impl Post {
    fn new(worker: Arc<dyn Worker>, wake: Arc<Notify>) -> Self {
        let (turn, failures, own_failures) = (Mutex::default(), AtomicU32::default(), AtomicU32::default());
        Self { worker, wake, turn, failures, own_failures }
    }

    fn health(&self) -> Health {
        let failures = self.failures.load(Ordering::Relaxed);
        let condition = match self.own_failures.load(Ordering::Relaxed) {
            STUCK_AFTER.. => Condition::Stuck,
            _ if failures >= STUCK_AFTER => Condition::Waiting,
            _ => Condition::Well,
        };
        Health { name: self.worker.name(), failures, condition }
    }

    async fn go_on(self: Arc<Self>, stop: CancellationToken) {
        let mut back_off = BACK_OFF_FROM;
        while !stop.is_cancelled() {
            let pause = match self.run_once().await {
                Some(0) => {
                    back_off = BACK_OFF_FROM;
                    self.worker.rest().await
                }
                Some(_) => {
                    back_off = BACK_OFF_FROM;
                    Duration::ZERO
                }
                None => {
                    let pause = back_off;
                    back_off = (back_off * 2).min(BACK_OFF_TO);
                    pause
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified(), if !pause.is_zero() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn run_once(&self) -> Option<u32> {
        let _turn = self.turn.lock().await;
        // A worker keeps what it knows in the store, so the run after a panic begins like any other.
        match AssertUnwindSafe(self.worker.run()).catch_unwind().await {
            Ok(Ok(done)) => {
                self.failures.store(0, Ordering::Relaxed);
                self.own_failures.store(0, Ordering::Relaxed);
                return Some(done);
            }
            Ok(Err(error)) => {
                tracing::error!(worker = self.worker.name(), %error, "a run failed");
                self.has_failed(matches!(error, RunError::Store(_)));
            }
            Err(_) => {
                // What it panicked with is not logged again: it may quote what it worked on.
                tracing::error!(worker = self.worker.name(), "a run panicked");
                self.has_failed(true);
            }
        }
        None
    }

    fn has_failed(&self, by_our_own_fault: bool) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if by_our_own_fault {
            self.own_failures.fetch_add(1, Ordering::Relaxed);
        } else {
            self.own_failures.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use namaskah_domain::{
        Fault,
        payment::{GatewayError, SettleError},
    };

    use super::*;

    /// Panics in its first runs.
    struct Clumsy {
        panics: u32,
        runs: AtomicU32,
    }

    #[async_trait]
    impl Worker for Clumsy {
        fn name(&self) -> &'static str {
            "clumsy"
        }

        async fn rest(&self) -> Duration {
            Duration::from_secs(60)
        }

        async fn run(&self) -> Result<u32, RunError> {
            let run = self.runs.fetch_add(1, Ordering::SeqCst);
            assert!(run >= self.panics, "it was dropped");
            Ok(0)
        }
    }

    /// Fails as it is told, in turn; afterwards it succeeds.
    struct Unlucky(std::sync::Mutex<Vec<RunError>>);

    #[async_trait]
    impl Worker for Unlucky {
        fn name(&self) -> &'static str {
            "unlucky"
        }

        async fn rest(&self) -> Duration {
            Duration::from_secs(60)
        }

        async fn run(&self) -> Result<u32, RunError> {
            let next = self.0.lock().expect("sound").pop();
            next.map_or(Ok(0), Err)
        }
    }

    async fn after(runs: u32, worker: impl Worker + 'static) -> Post {
        let post = Post::new(Arc::new(worker), Arc::default());
        for _ in 0..runs {
            assert_eq!(post.run_once().await, None);
        }
        post
    }

    fn gateway_is_away() -> RunError {
        SettleError::from(GatewayError::Unavailable(Fault::new("away"))).into()
    }

    fn store_is_away() -> RunError {
        Fault::new("away").into()
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_stuck_until_a_run_succeeds() {
        let post = after(STUCK_AFTER, Clumsy { panics: STUCK_AFTER, runs: AtomicU32::new(0) }).await;
        let stuck = Health { name: "clumsy", failures: STUCK_AFTER, condition: Condition::Stuck };
        assert_eq!(post.health(), stuck);
        assert_eq!(post.run_once().await, Some(0));
        assert_eq!(post.health(), Health { failures: 0, condition: Condition::Well, ..stuck });
    }

    #[tokio::test]
    async fn a_provider_that_is_away_makes_a_worker_wait_and_a_store_that_is_away_makes_it_stuck() {
        let failing = |error: fn() -> RunError| {
            Unlucky(std::sync::Mutex::new((0..STUCK_AFTER).map(|_| error()).collect()))
        };
        let of = async |error: fn() -> RunError| after(STUCK_AFTER, failing(error)).await.health().condition;
        assert_eq!(of(gateway_is_away).await, Condition::Waiting);
        assert_eq!(of(store_is_away).await, Condition::Stuck);
    }

    #[tokio::test]
    async fn what_fails_for_the_store_now_and_then_is_not_stuck() {
        let errors = [store_is_away, store_is_away, gateway_is_away, store_is_away, store_is_away];
        let errors = errors.map(|error: fn() -> RunError| error()).into();
        let post = after(STUCK_AFTER, Unlucky(std::sync::Mutex::new(errors))).await;
        assert_eq!(post.health().condition, Condition::Waiting);
    }

    #[tokio::test]
    async fn a_worker_goes_on_after_a_panic() {
        let worker = Arc::new(Clumsy { panics: 2, runs: AtomicU32::new(0) });
        let (stop, wake) = (CancellationToken::new(), Arc::new(Notify::new()));
        let workers = Supervisor::default().with(worker.clone(), wake.clone()).start(stop);
        while worker.runs.load(Ordering::SeqCst) < 3 {
            wake.notify_one();
            tokio::task::yield_now().await;
        }
        workers.stop().await;
    }
}
