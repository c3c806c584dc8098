//! How the database would go about a statement, without running it and without its values.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use namaskah_domain::Fault;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement,
    TransactionTrait,
};

/// Whoever asks would rather have no plan than wait.
const ACQUIRE: Duration = Duration::from_secs(2);
/// A plan is asked for seldom.
const IDLE: Duration = Duration::from_secs(30);
/// As many values as a statement has places for at most.
const PLACES: usize = 65_535;

/// Asks for plans, over a connection of its own, which is made when it is first needed: what is slow because every
/// other one is busy can be explained all the same.
pub struct Explainer {
    connection: DatabaseConnection,
    asked: AtomicU64,
}

impl Explainer {
    /// For the database at `url`. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Fault`] if the URL cannot be read.
    pub async fn new(url: &str) -> Result<Self, Fault> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(1)
            .min_connections(0)
            .connect_lazy(true)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(IDLE)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .set_application_name("namaskah plans");
        let connection = sea_orm::Database::connect(options).await.map_err(Fault::new)?;
        Ok(Self { connection, asked: AtomicU64::new(0) })
    }

    /// The plan of a statement, for whatever values of these kinds ([`Ran::kinds`](super::Ran::kinds)). It is not run.
    ///
    /// # Errors
    /// [`Fault`] if the database does not answer, or cannot plan it.
    pub async fn plan(&self, sql: &str, kinds: &[&str]) -> Result<String, Fault> {
        let backend = self.connection.get_database_backend();
        let lines = if backend == DbBackend::Postgres {
            self.on_postgres(sql, kinds).await.map_err(Fault::new)?
        } else {
            let asked = Statement::from_string(backend, format!("EXPLAIN QUERY PLAN {sql}"));
            lines(self.connection.query_all_raw(asked).await.map_err(Fault::new)?, "detail")?
        };
        Ok(lines.join("\n"))
    }

    /// A prepared statement has a plan for whatever values, and EXPLAIN without ANALYZE runs nothing.
    async fn on_postgres(&self, sql: &str, kinds: &[&str]) -> Result<Vec<String>, DbErr> {
        let values = vec!["NULL"; places(sql)].join(", ");
        // One that could not be planned is left behind, and goes with the connection.
        let name = format!("slow_{}", self.asked.fetch_add(1, Ordering::Relaxed));
        let run =
            if values.is_empty() { format!("EXECUTE {name}") } else { format!("EXECUTE {name}({values})") };
        // Of a value that is merely handed on, nothing but this tells the kind.
        let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
        let transaction = self.connection.begin().await?;
        for prepare in [
            "SET LOCAL plan_cache_mode = force_generic_plan",
            "SET LOCAL statement_timeout = '2s'",
            format!("PREPARE {name}{kinds} AS {sql}").as_str(),
        ] {
            transaction.execute_unprepared(prepare).await?;
        }
        let asked = Statement::from_string(DbBackend::Postgres, format!("EXPLAIN {run}"));
        let rows = transaction.query_all_raw(asked).await?;
        // It would outlive the transaction.
        transaction.execute_unprepared(&format!("DEALLOCATE {name}")).await?;
        transaction.rollback().await?;
        rows.iter().map(|row| row.try_get("", "QUERY PLAN")).collect()
    }
}

fn lines(rows: Vec<QueryResult>, column: &str) -> Result<Vec<String>, Fault> {
    rows.iter().map(|row| row.try_get("", column)).collect::<Result<_, DbErr>>().map_err(Fault::new)
}

/// How many values a statement takes: `$1` to this. Its text is ours, so no other word looks like that.
fn places(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|after| {
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        after[..digits].parse::<usize>().unwrap_or(0)
    });
    numbers.max().unwrap_or(0).min(PLACES)
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn the_highest_place_says_how_many_values_there_are() {
        assert_eq!(places("SELECT 1"), 0);
        assert_eq!(places("SELECT $2, $10, $1"), 10);
        assert_eq!(places("SELECT $$quoted$$, $3"), 3);
    }
}
