//! Whether what stands between us and Postgres keeps prepared statements.
//!
//! A statement is prepared once for each connection and named by its number there. A pooler that hands its own
//! connections out by transaction must know these names. One that does not has them refused; or, where two of its clients
//! use one name for two texts, has one of them run the statement of the other. That is found out before the first commit,
//! and not by one.

use std::time::Duration;

use namaskah_domain::Fault;
use sea_orm::sqlx::{
    self, AssertSqlSafe, Connection,
    postgres::{PgConnectOptions, PgConnection},
};

use super::database::Database;

/// Whoever gets no second connection within this time has a pooler with a single one, which is never lost.
const PATIENCE: Duration = Duration::from_secs(3);
/// A pooler may hand out its connections in turn.
const ROUNDS: u32 = 3;
/// `invalid_sql_statement_name` and `duplicate_prepared_statement`.
const LOST: [&str; 2] = ["26000", "42P05"];

impl Database {
    /// True if a statement stays prepared for as long as its connection: always, but behind some poolers.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer.
    pub async fn keeps_statements(&self) -> Result<bool, Fault> {
        if !self.is_postgres() {
            return Ok(true);
        }
        let options = self.reads().get_postgres_connection_pool().connect_options();
        match keeps(&options).await {
            Ok(kept) => Ok(kept),
            Err(error) if is_lost(&error) => Ok(false),
            Err(error) => Err(Fault::new(error)),
        }
    }
}

/// Two clients prepare one text each, under the same name. Then, while one of them holds a connection of the pooler's, the
/// other runs its own again.
async fn keeps(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut one = PgConnection::connect_with(options).await?;
    let mut two = PgConnection::connect_with(options).await?;
    // Another process does the same at the same time.
    let own = i64::from(std::process::id()) * 2;
    for _ in 0..ROUNDS {
        if says(&mut one, own).await? != own || says(&mut two, own + 1).await? != own + 1 {
            return Ok(false);
        }
        let holding = two.begin().await?;
        let Ok(said) = tokio::time::timeout(PATIENCE, says(&mut one, own)).await else { return Ok(true) };
        if said? != own {
            return Ok(false);
        }
        holding.rollback().await?;
    }
    one.close().await?;
    two.close().await?;
    Ok(true)
}

/// What the statement that says `number` says.
async fn says(connection: &mut PgConnection, number: i64) -> Result<i64, sqlx::Error> {
    let sql = AssertSqlSafe(format!("SELECT {number}::BIGINT"));
    sqlx::query_scalar(sql).fetch_one(connection).await
}

fn is_lost(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|refused| refused.code());
    code.is_some_and(|code| LOST.contains(&code.as_ref()))
}
