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

use super::Worker;

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
    /// False after several failures in a row.
    pub is_well: bool,
}

impl Supervisor {
    /// Takes a worker on; `wake` makes it look at once.
    #[must_use]
    pub fn with(mut self, worker: Arc<dyn Worker>, wake: Arc<Notify>) -> Self {
        let (turn, failures) = (Mutex::new(()), AtomicU32::new(0));
        self.posts.push(Arc::new(Post { worker, wake, turn, failures }));
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
        let health = |post: &Arc<Post>| Health {
            name: post.worker.name(),
            is_well: post.failures.load(Ordering::Relaxed) < STUCK_AFTER,
        };
        self.posts.iter().map(health).collect()
    }

    /// Lets each finish its run, and gives back leases.
    pub async fn stop(&self) {
        self.stop.cancel();
        let mut tasks = self.tasks.lock().await;
        while tasks.join_next().await.is_some() {}
        for post in &self.posts {
            post.worker.stop().await;
        }
    }
}

impl Post {
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
                return Some(done);
            }
            Ok(Err(error)) => tracing::error!(worker = self.worker.name(), %error, "a run failed"),
            // What it panicked with is not logged again: it may quote what it worked on.
            Err(_) => tracing::error!(worker = self.worker.name(), "a run panicked"),
        }
        self.failures.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::worker::RunError;

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

    fn post(panics: u32) -> Post {
        let worker = Arc::new(Clumsy { panics, runs: AtomicU32::new(0) });
        let (turn, failures) = (Mutex::new(()), AtomicU32::new(0));
        Post { worker, wake: Arc::default(), turn, failures }
    }

    fn is_well(post: Post) -> (Post, bool) {
        let posts = vec![Arc::new(post)];
        let workers = Workers { posts, tasks: Mutex::default(), stop: CancellationToken::new() };
        let is_well = workers.health().iter().all(|health| health.is_well);
        let post = workers.posts.into_iter().next().and_then(Arc::into_inner);
        (post.expect("nobody else holds it"), is_well)
    }

    #[tokio::test]
    async fn a_worker_that_panics_is_unwell_until_a_run_succeeds() {
        let mut post = post(STUCK_AFTER);
        for _ in 0..STUCK_AFTER {
            assert_eq!(post.run_once().await, None);
        }
        let (stuck, well) = is_well(post);
        post = stuck;
        assert!(!well);
        assert_eq!(post.run_once().await, Some(0));
        assert!(is_well(post).1);
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
