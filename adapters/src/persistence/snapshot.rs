//! One moment of the database, to read as much of as one likes, while others go on writing.

use namaskah_domain::Fault;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, IsolationLevel, QueryResult, Statement,
    TransactionTrait, Value,
};

use super::{database::Database, stored::unreadable};

/// A transaction that only reads: REPEATABLE READ, READ ONLY on Postgres; deferred, on a reader, on SQLite.
pub(crate) struct Snapshot {
    transaction: DatabaseTransaction,
}

impl Snapshot {
    pub(crate) async fn begin(database: &Database) -> Result<Self, Fault> {
        let transaction = if database.is_postgres() {
            let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
            let begun = database.reads().begin_with_config(Some(level), Some(access)).await;
            let transaction = begun.map_err(Fault::new)?;
            // Sorting a million lines in memory instead of on disk; for this transaction alone.
            transaction.execute_unprepared("SET LOCAL work_mem = '64MB'").await.map_err(Fault::new)?;
            transaction
        } else {
            database.reads().begin().await.map_err(Fault::new)?
        };
        Ok(Self { transaction })
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        self.transaction.query_all_raw(statement).await.map_err(Fault::new)
    }

    /// The one row of a query that always has one.
    pub(crate) async fn row(&self, sql: &str, values: Vec<Value>) -> Result<QueryResult, Fault> {
        let rows = self.rows(sql, values).await?;
        rows.into_iter().next().ok_or_else(|| unreadable("sum"))
    }

    pub(crate) async fn number(&self, sql: &str) -> Result<u64, Fault> {
        let row = self.row(sql, Vec::new()).await?;
        row.try_get_by_index::<i64>(0).map(i64::unsigned_abs).map_err(Fault::new)
    }

    /// Nothing was changed, so nothing is committed.
    pub(crate) async fn end(self) -> Result<(), Fault> {
        self.transaction.rollback().await.map_err(Fault::new)
    }
}
