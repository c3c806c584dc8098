//! The herald: tells users what no commit tells of, because only time or a threshold was passed.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::notification::NotificationService;

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(5);

/// Tells of low balances and of numbers that expire.
pub struct Herald {
    notifications: Arc<NotificationService>,
}

impl Herald {
    /// Over the notifications.
    pub fn new(notifications: Arc<NotificationService>) -> Self {
        Self { notifications }
    }
}

#[async_trait]
impl Worker for Herald {
    fn name(&self) -> &'static str {
        "herald"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        Ok(self.notifications.tell_low_balances().await? + self.notifications.tell_expiring().await?)
    }
}
