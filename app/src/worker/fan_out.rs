//! From events to deliveries: woken by the relay. Any number of instances may run it; the cursor lets one pass.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::webhook::FanOut;

use super::{RunError, Worker};

/// Events of another instance are seen after this at the latest.
const REST: Duration = Duration::from_millis(500);

/// Gives events to endpoints.
pub struct FanOutRunner(pub Arc<FanOut>);

#[async_trait]
impl Worker for FanOutRunner {
    fn name(&self) -> &'static str {
        "fanout"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        Ok(self.0.run().await?)
    }
}
