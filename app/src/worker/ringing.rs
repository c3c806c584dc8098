//! Wakes the job runners of other processes, and is woken by them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use namaskah_domain::{
    JobLane,
    outbox::{Bell, Heard},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{RunError, Wakers, Worker};

/// Rings at the latest when somebody commits again, so there is nothing to look for.
const REST: Duration = Duration::from_secs(3_600);
/// A lane is rung for so often at most: a ring is a commit of the database.
const BETWEEN_RINGS: Duration = Duration::from_millis(25);
const AFTER_FAILURE: Duration = Duration::from_secs(1);
const AFTER_FAILURES: Duration = Duration::from_secs(30);

/// Lanes for which others have not been woken yet.
#[derive(Debug, Clone, Default)]
pub struct Unrung {
    lanes: Arc<Mutex<BTreeSet<JobLane>>>,
    /// Something was added.
    pub added: Arc<Notify>,
}

impl Unrung {
    /// Something waits in `lane`.
    pub fn add(&self, lane: JobLane) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(lane);
        self.added.notify_one();
    }

    fn take(&self) -> BTreeSet<JobLane> {
        std::mem::take(&mut *self.lanes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Rings for what this process has queued. What is queued while it rings is rung for together.
pub struct Ringer {
    bell: Arc<dyn Bell>,
    unrung: Unrung,
}

impl Ringer {
    /// Rings `bell`.
    pub const fn new(bell: Arc<dyn Bell>, unrung: Unrung) -> Self {
        Self { bell, unrung }
    }
}

#[async_trait]
impl Worker for Ringer {
    fn name(&self) -> &'static str {
        "ringer"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let lanes = self.unrung.take();
        if lanes.is_empty() {
            return Ok(0);
        }
        for lane in lanes {
            self.bell.ring(lane).await?;
        }
        tokio::time::sleep(BETWEEN_RINGS).await;
        // Nothing that anybody waits for was done.
        Ok(0)
    }
}

/// Wakes runners as others ring, until it is stopped. Without a line it goes on trying, and runners look by themselves.
pub async fn listen(bell: Arc<dyn Bell>, wakers: Wakers, stop: CancellationToken) {
    let mut pause = AFTER_FAILURE;
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = bell.hear() => heard,
        };
        match heard {
            Ok(Heard::Lane(lane)) => wakers.wake(lane),
            Ok(Heard::Anything) => JobLane::ALL.into_iter().for_each(|lane| wakers.wake(lane)),
            Err(error) => {
                tracing::warn!(%error, "jobs of other processes are found by looking until the bell is heard again");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(AFTER_FAILURES);
                continue;
            }
        }
        pause = AFTER_FAILURE;
    }
}

#[cfg(test)]
mod tests {
    use namaskah_domain::{Fault, outbox::MockBell};

    use super::*;

    /// Tells this and nothing more.
    struct Line(Mutex<Vec<Result<Heard, &'static str>>>);

    #[async_trait]
    impl Bell for Line {
        async fn ring(&self, _: JobLane) -> Result<(), Fault> {
            Ok(())
        }

        async fn hear(&self) -> Result<Heard, Fault> {
            let told = {
                let mut left = self.0.lock().expect("sound");
                if left.is_empty() { None } else { Some(left.remove(0)) }
            };
            match told {
                Some(told) => told.map_err(Fault::new),
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn what_was_queued_together_is_rung_for_once_a_lane() {
        let mut bell = MockBell::new();
        bell.expect_ring().times(2).returning(|_| Ok(()));
        let unrung = Unrung::default();
        for lane in [JobLane::Mail, JobLane::Provider, JobLane::Mail, JobLane::Mail] {
            unrung.add(lane);
        }
        let ringer = Ringer::new(Arc::new(bell), unrung);
        assert_eq!(ringer.run().await.expect("rung"), 0);
        assert_eq!(ringer.run().await.expect("nothing to ring for"), 0);
    }

    #[tokio::test]
    async fn runners_are_woken_as_others_ring_and_all_of_them_after_the_line_was_cut() {
        let told = [Ok(Heard::Lane(JobLane::Provider)), Err("the line is cut"), Ok(Heard::Anything)];
        let (wakers, stop) = (Wakers::default(), CancellationToken::new());
        let line = Arc::new(Line(Mutex::new(told.to_vec())));
        let listening = tokio::spawn(listen(line, wakers.clone(), stop.clone()));
        wakers.tellers.notified().await;
        wakers.mail.notified().await;
        wakers.upkeep.notified().await;
        stop.cancel();
        listening.await.expect("it stops");
    }
}
