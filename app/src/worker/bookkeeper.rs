//! The bookkeeper: takes back promo money that has expired, collects debts, gives up receivables that have aged out.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use namaskah_domain::{verification::ReceivableService, wallet::BookService};

use super::{RunError, Worker};

const REST: Duration = Duration::from_secs(60);

/// Keeps the books.
pub struct Bookkeeper {
    books: Arc<BookService>,
    receivables: Arc<ReceivableService>,
}

impl Bookkeeper {
    /// Over the books.
    pub fn new(books: Arc<BookService>, receivables: Arc<ReceivableService>) -> Self {
        Self { books, receivables }
    }
}

#[async_trait]
impl Worker for Bookkeeper {
    fn name(&self) -> &'static str {
        "bookkeeper"
    }

    async fn rest(&self) -> Duration {
        REST
    }

    async fn run(&self) -> Result<u32, RunError> {
        let expired = self.books.expire_grants().await?;
        let collected = self.books.collect_debts().await?;
        let written_off = self.receivables.write_off_aged().await?;
        if written_off > 0 {
            tracing::warn!(receivables = written_off, "costs of numbers were given up after their time");
        }
        if expired + collected > 0 {
            tracing::info!(expired, collected, "promo money was taken back, or debts were repaid");
        }
        Ok(expired + collected + written_off)
    }
}
