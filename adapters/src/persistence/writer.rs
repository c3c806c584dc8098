//! The one writer of a SQLite database.
//!
//! A task owns the writing connection. While it commits, what arrives queues; then up to 128 pieces of work go into
//! one IMMEDIATE transaction. Units of work that fit are written together, with a few statements for all of them; if
//! that fails it is undone, and it is never told to anyone. Everything else runs under a savepoint of its own, so that
//! one that is refused hurts no other. Callers are answered after the COMMIT that made their work durable.

use std::panic::AssertUnwindSafe;

use async_trait::async_trait;
use futures::{FutureExt, future::BoxFuture};
use namaskah_domain::{CommitError, Committed, Fault};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use super::{
    database::Observers,
    plan::Plan,
    sqlite::{apply, together::together},
};

const BATCH: usize = 128;
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
    /// The unit of work that this is, if it is one.
    fn unit(&self) -> Option<&Plan> {
        None
    }

    /// It was written together with others, as a unit.
    fn applied(&mut self) {}

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

struct Unit {
    plan: Plan,
    outcome: Option<Result<Committed, CommitError>>,
    caller: oneshot::Sender<Result<Committed, CommitError>>,
}

#[async_trait]
impl Work for Unit {
    fn unit(&self) -> Option<&Plan> {
        Some(&self.plan)
    }

    fn applied(&mut self) {
        self.outcome = Some(Ok(Committed::Applied));
    }

    async fn run(&mut self, transaction: &DatabaseTransaction) -> bool {
        let done = AssertUnwindSafe(apply(transaction, &self.plan)).catch_unwind().await;
        let outcome = done.unwrap_or_else(|_| Err(CommitError::Unavailable(Fault::new(Panicked))));
        let applied = outcome.is_ok();
        self.outcome = Some(outcome);
        applied
    }

    fn answer(self: Box<Self>, committed: Result<(), Fault>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(fault), _) => Err(CommitError::Unavailable(fault)),
            (Ok(()), None) => Err(CommitError::Unavailable(Fault::new(NoAnswer))),
        };
        let _ = self.caller.send(outcome);
    }
}

impl Writer {
    pub(crate) fn start(connection: DatabaseConnection, observers: Observers) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Box<dyn Work>>(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                // Whoever is about to commit now, above all those just answered, may come along.
                tokio::task::yield_now().await;
                while batch.len() < BATCH
                    && let Ok(next) = waiting.try_recv()
                {
                    batch.push(next);
                }
                let committed = commit(&connection, &mut batch).await.map_err(Fault::new);
                if committed.is_ok() {
                    observers.wrote(batch.iter().filter(|work| work.unit().is_some()).count());
                }
                batch.drain(..).for_each(|work| work.answer(committed.clone()));
            }
        });
        Self { queue }
    }

    /// Applies a unit in the next transaction; returns when it is durable, or refused.
    pub(crate) async fn commit(&self, plan: Plan) -> Result<Committed, CommitError> {
        let (caller, answer) = oneshot::channel();
        let gone = || CommitError::Unavailable(Fault::new(NoAnswer));
        let unit = Unit { plan, outcome: None, caller };
        self.queue.send(Box::new(unit)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
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

async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    connection.begin_with_options(immediate).await
}

async fn commit(connection: &DatabaseConnection, batch: &mut [Box<dyn Work>]) -> Result<(), DbErr> {
    let mut transaction = begin(connection).await?;
    if let [only] = batch {
        return if only.run(&transaction).await {
            transaction.commit().await
        } else {
            transaction.rollback().await
        };
    }
    let units: Vec<Option<&Plan>> = batch.iter().map(|work| work.unit()).collect();
    let written = match AssertUnwindSafe(together(&transaction, &units)).catch_unwind().await {
        Ok(Ok(written)) => written,
        Ok(Err(_)) | Err(_) => {
            transaction.rollback().await?;
            transaction = begin(connection).await?;
            vec![false; batch.len()]
        }
    };
    for (work, written) in batch.iter_mut().zip(written) {
        if written {
            work.applied();
            continue;
        }
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
        Writer::start(connection, Observers::default())
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
