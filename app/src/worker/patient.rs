//! A worker that asks a provider. That the provider does not answer, and is left alone for that, is no failure of the worker:
//! it is told once, by the breaker, and this process is as ready as ever.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{RunError, Worker};

/// Runs `inner`, and bears with a provider that does not answer.
pub struct Patient {
    inner: Arc<dyn Worker>,
    is_answered: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Patient {
    /// `is_answered` says whether everything that is asked of the provider is sent.
    pub fn new(inner: impl Worker + 'static, is_answered: Arc<dyn Fn() -> bool + Send + Sync>) -> Self {
        Self { inner: Arc::new(inner), is_answered }
    }
}

#[async_trait]
impl Worker for Patient {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn rest(&self) -> Duration {
        self.inner.rest().await
    }

    async fn run(&self) -> Result<u32, RunError> {
        match self.inner.run().await {
            Err(error) if !(self.is_answered)() => {
                tracing::debug!(worker = self.name(), %error, "a provider is left alone");
                Ok(0)
            }
            done => done,
        }
    }

    async fn stop(&self) {
        self.inner.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Failing;

    #[async_trait]
    impl Worker for Failing {
        fn name(&self) -> &'static str {
            "failing"
        }

        async fn rest(&self) -> Duration {
            Duration::from_secs(7)
        }

        async fn run(&self) -> Result<u32, RunError> {
            Err(RunError::Provider("no answer".into()))
        }
    }

    #[tokio::test]
    async fn a_failure_counts_unless_the_provider_is_left_alone() {
        let is_answered = Arc::new(AtomicBool::new(true));
        let asked = is_answered.clone();
        let worker = Patient::new(Failing, Arc::new(move || asked.load(Ordering::Relaxed)));
        assert!(worker.run().await.is_err());
        is_answered.store(false, Ordering::Relaxed);
        assert_eq!(worker.run().await.expect("nothing done"), 0);
        assert_eq!((worker.name(), worker.rest().await), ("failing", Duration::from_secs(7)));
    }
}
