//! The one writer of a SQLite database.
//!
//! A task owns the writing connection. While it commits, what arrives queues; then up to 64 pieces of work go into
//! one IMMEDIATE transaction, each under a savepoint of its own, so that one that is refused hurts no other. Callers
//! are answered after the COMMIT that made their work durable.

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use namaskah_domain::Fault;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

const BATCH: usize = 64;
const QUEUE: usize = 1024;

/// A handle on the writer. The writer ends when the last handle is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Work>>,
}

/// The writer is gone, or the transaction of a batch could not be committed.
#[derive(Debug, thiserror::Error)]
#[error("the database's writer did not answer")]
struct NoAnswer;

/// A piece of work panicked. It is undone, and the writer goes on.
#[derive(Debug, thiserror::Error)]
#[error("a piece of work panicked")]
struct Panicked;

#[async_trait]
trait Work: Send {
    /// Does the work; false if it is to be undone.
    async fn run(&mut self, transaction: &DatabaseTransaction) -> bool;

    /// Tells the caller, now that the transaction has ended.
    fn answer(self: Box<Self>, committed: Result<(), Fault>);
}

struct Piece<F, T, E> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

#[async_trait]
impl<F, T, E> Work for Piece<F, T, E>
where
    F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Send,
    T: Send,
    E: From<Fault> + Send,
{
    async fn run(&mut self, transaction: &DatabaseTransaction) -> bool {
        if let Some(work) = self.work.take() {
            // Of a piece that panicked nothing is left but its savepoint, which is rolled back.
            let done = AssertUnwindSafe(async move { work(transaction).await }).catch_unwind().await;
            self.outcome = Some(done.unwrap_or_else(|_| Err(Fault::new(Panicked).into())));
        }
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), Fault>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(fault), _) => Err(fault.into()),
            (Ok(()), None) => Err(Fault::new(NoAnswer).into()),
        };
        // A caller that is gone finds out by the record or by its key.
        let _ = self.caller.send(outcome);
    }
}

impl Writer {
    pub(crate) fn start(connection: DatabaseConnection) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Box<dyn Work>>(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                let committed = commit(&connection, &mut batch).await.map_err(Fault::new);
                batch.drain(..).for_each(|work| work.answer(committed.clone()));
            }
        });
        Self { queue }
    }

    /// Does `work` in the next transaction; returns when that is durable, or undone because `work` failed.
    pub(crate) async fn run<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let piece = Piece { work: Some(work), outcome: None, caller };
        self.queue.send(Box::new(piece)).await.map_err(|_| Fault::new(NoAnswer))?;
        answer.await.map_err(|_| Fault::new(NoAnswer))?
    }
}

async fn commit(connection: &DatabaseConnection, batch: &mut [Box<dyn Work>]) -> Result<(), DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = connection.begin_with_options(immediate).await?;
    if let [only] = batch {
        return if only.run(&transaction).await {
            transaction.commit().await
        } else {
            transaction.rollback().await
        };
    }
    for work in batch {
        let savepoint = transaction.begin().await?;
        if work.run(&savepoint).await {
            savepoint.commit().await?;
        } else {
            savepoint.rollback().await?;
        }
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement};

    use super::*;

    async fn writer() -> Writer {
        let mut options = ConnectOptions::new("sqlite::memory:");
        options.max_connections(1);
        let connection = Database::connect(options).await.expect("a database");
        connection.execute_unprepared("CREATE TABLE kept (n INTEGER NOT NULL)").await.expect("a table");
        Writer::start(connection)
    }

    async fn insert(writer: &Writer, n: i64, panics: bool) -> Result<u64, Fault> {
        writer
            .run(move |transaction| {
                Box::pin(async move {
                    let sql = format!("INSERT INTO kept VALUES ({n})");
                    let inserted = transaction.execute_unprepared(&sql).await.map_err(Fault::new)?;
                    assert!(!panics, "dropped");
                    Ok(inserted.rows_affected())
                })
            })
            .await
    }

    async fn sum(writer: &Writer) -> Result<i64, Fault> {
        writer
            .run(|transaction| {
                Box::pin(async move {
                    let sql = "SELECT COALESCE(SUM(n), 0) AS total FROM kept";
                    let sql = Statement::from_string(DbBackend::Sqlite, sql);
                    let row = transaction.query_one_raw(sql).await.map_err(Fault::new)?;
                    row.map_or(Ok(0), |row| row.try_get("", "total").map_err(Fault::new))
                })
            })
            .await
    }

    #[tokio::test]
    async fn a_piece_that_panics_is_undone_and_the_writer_goes_on() {
        let writer = writer().await;
        let fault = insert(&writer, 1, true).await.expect_err("it panicked");
        assert_eq!(fault.to_string(), "a piece of work panicked");
        assert_eq!(insert(&writer, 10, false).await.ok(), Some(1));
        assert_eq!(sum(&writer).await.ok(), Some(10));
    }

    #[tokio::test]
    async fn a_piece_that_panics_hurts_no_other_of_its_batch() {
        let writer = writer().await;
        let (first, second, third) =
            tokio::join!(insert(&writer, 10, false), insert(&writer, 1, true), insert(&writer, 100, false));
        assert_eq!((first.ok(), second.is_err(), third.ok()), (Some(1), true, Some(1)));
        assert_eq!(sum(&writer).await.ok(), Some(110));
    }
}
