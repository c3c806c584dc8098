//! A lane's connection. It is kept while there is work and given back when there is none.

use std::time::Instant;

use sea_orm::{
    DatabaseConnection, DbErr, FromQueryResult, QueryResult, RuntimeErr,
    sqlx::{
        self, Arguments, AssertSqlSafe, Encode, Postgres, Type, pool::PoolConnection, postgres::PgArguments,
    },
};

use super::write::Written;
use crate::persistence::database::{Ran, StatementObserver};

/// Runs a lane's statements.
pub(super) struct Wire {
    pool: DatabaseConnection,
    observer: Option<StatementObserver>,
    connection: Option<PoolConnection<Postgres>>,
}

impl Wire {
    pub(super) const fn new(pool: DatabaseConnection, observer: Option<StatementObserver>) -> Self {
        Self { pool, observer, connection: None }
    }

    /// Gives the connection back.
    pub(super) fn release(&mut self) {
        self.connection = None;
    }

    /// Runs a batch's statement.
    pub(super) async fn run(&mut self, written: Written) -> Result<(), sqlx::Error> {
        self.fetch(written.sql, written.arguments).await.map(|_| ())
    }

    /// Reads rows by their keys, with one statement.
    pub(super) async fn read<M: FromQueryResult>(
        &mut self,
        sql: &str,
        keys: Vec<uuid::Uuid>,
    ) -> Result<Vec<M>, DbErr> {
        let arguments = arguments(keys).map_err(unreadable)?;
        let rows = self.fetch(sql.to_owned(), arguments).await.map_err(unreadable)?;
        rows.into_iter().map(|row| M::from_query_result(&QueryResult::from(row), "")).collect()
    }

    async fn fetch(
        &mut self,
        sql: String,
        arguments: PgArguments,
    ) -> Result<Vec<sqlx::postgres::PgRow>, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.pool.get_postgres_connection_pool().acquire().await?),
        };
        let text = self.observer.as_ref().map(|_| sql.clone());
        let begun = Instant::now();
        let run = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(&mut **connection).await;
        if let (Some(observer), Some(text)) = (&self.observer, text) {
            observer(&Ran::telling(&text, begun.elapsed(), run.is_err()));
        }
        if matches!(&run, Err(error) if error.as_database_error().is_none()) {
            // Broken or in an unknown state: the pool looks at it and opens another.
            self.connection = None;
        }
        run
    }
}

fn arguments<'q, T>(value: T) -> Result<PgArguments, sqlx::Error>
where
    T: Encode<'q, Postgres> + Type<Postgres>,
{
    let mut arguments = PgArguments::default();
    arguments.add(value).map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}

fn unreadable(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(std::sync::Arc::new(error)))
}
