//! The connection: one pool on Postgres; on SQLite a pool of readers and one writing connection.

use std::{fmt, sync::Arc, time::Duration};

use namaskah_domain::Fault;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, Value,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};

use super::writer::Writer;

/// Told of every statement: its text, how long it took, and whether it failed. Values are not shown.
pub type StatementObserver = Arc<dyn Fn(&str, Duration, bool) + Send + Sync>;

/// How to connect.
#[derive(Clone)]
pub struct Options {
    /// Connections of the pool on Postgres, or readers on SQLite.
    pub max_connections: u32,
    /// Told of every statement, for metrics and budgets.
    pub observer: Option<StatementObserver>,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_connections: 16, observer: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options {{ max_connections: {} }}", self.max_connections)
    }
}

/// A database that is connected. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    reads: DatabaseConnection,
    writes: Writes,
    observer: Option<StatementObserver>,
}

#[derive(Clone)]
enum Writes {
    Pool,
    Single { connection: DatabaseConnection, writer: Writer },
}

const ACQUIRE: Duration = Duration::from_secs(10);
const BUSY: Duration = Duration::from_secs(10);
/// Texts of statements that a Postgres connection keeps prepared; there is one for each shape of a unit.
const PREPARED: usize = 500;

/// Connects to `postgres://…` or `sqlite:…`; a SQLite file is made if it is missing. Runs no migration.
///
/// # Errors
/// [`Fault`] if the URL is neither, or the database cannot be reached.
pub async fn connect(url: &str, options: Options) -> Result<Database, Fault> {
    let connected = if url.starts_with("sqlite:") {
        connect_sqlite(url, &options).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        connect_postgres(url, &options).await
    } else {
        Err(DbErr::Custom("a database URL begins with postgres:// or sqlite:".to_owned()))
    };
    connected.map_err(Fault::new)
}

fn basic(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

async fn connect_postgres(url: &str, options: &Options) -> Result<Database, DbErr> {
    let mut connect = basic(url, options.max_connections);
    connect
        .set_application_name("namaskah")
        .map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(PREPARED));
    let mut pool = sea_orm::Database::connect(connect).await?;
    observe(&mut pool, options);
    Ok(Database { reads: pool, writes: Writes::Pool, observer: options.observer.clone() })
}

async fn connect_sqlite(url: &str, options: &Options) -> Result<Database, DbErr> {
    let mut connect = basic(url, 1);
    connect.idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
    });
    let mut connection = sea_orm::Database::connect(connect).await?;
    observe(&mut connection, options);
    let reads = if url.contains(":memory:") {
        // A database in memory is its connection's own, so readers share it.
        connection.clone()
    } else {
        sqlite_readers(url, options).await?
    };
    let writer = Writer::start(connection.clone());
    Ok(Database { reads, writes: Writes::Single { connection, writer }, observer: options.observer.clone() })
}

async fn sqlite_readers(url: &str, options: &Options) -> Result<DatabaseConnection, DbErr> {
    let mut connect = basic(url, options.max_connections);
    connect.map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(BUSY).pragma("query_only", "ON"));
    let mut readers = sea_orm::Database::connect(connect).await?;
    observe(&mut readers, options);
    Ok(readers)
}

fn observe(connection: &mut DatabaseConnection, options: &Options) {
    if let Some(observer) = options.observer.clone() {
        connection.set_metric_callback(move |info| observer(&info.statement.sql, info.elapsed, info.failed));
    }
}

impl Database {
    /// The connection that reads use.
    pub fn reads(&self) -> &DatabaseConnection {
        &self.reads
    }

    /// The connection that may change things outside the store: for migrations and for tests.
    pub fn connection(&self) -> &DatabaseConnection {
        match &self.writes {
            Writes::Pool => &self.reads,
            Writes::Single { connection, .. } => connection,
        }
    }

    /// Asks whether the database answers.
    ///
    /// # Errors
    /// [`Fault`] if it does not.
    pub async fn ping(&self) -> Result<(), Fault> {
        let backend = self.backend();
        let probe = Statement::from_string(backend, "SELECT 1");
        self.reads.query_one_raw(probe).await.map(|_| ()).map_err(Fault::new)
    }

    /// Closes every connection, after what runs has ended.
    pub async fn close(&self) {
        // A pool that is closed already stays closed; there is nothing to report.
        let _ = self.reads.close_by_ref().await;
        let _ = self.connection().close_by_ref().await;
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.reads.get_database_backend()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    pub(crate) const fn observer(&self) -> Option<&StatementObserver> {
        self.observer.as_ref()
    }

    pub(crate) fn writer(&self) -> Option<&Writer> {
        match &self.writes {
            Writes::Pool => None,
            Writes::Single { writer, .. } => Some(writer),
        }
    }

    /// The database's own time in microseconds, as an expression.
    pub(crate) fn now_us(&self) -> &'static str {
        if self.is_postgres() {
            "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"
        } else {
            "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
        }
    }

    /// Runs one reading statement. `$1`, `$2` and so on stand for `values` on both databases.
    pub(crate) async fn read(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        self.reads.query_all_raw(statement).await.map_err(Fault::new)
    }

    /// Runs one changing statement and returns its rows; on SQLite through the writer.
    pub(crate) async fn write(&self, sql: String, values: Vec<Value>) -> Result<Vec<QueryResult>, Fault> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        match self.writer() {
            None => self.reads.query_all_raw(statement).await.map_err(Fault::new),
            Some(writer) => {
                writer
                    .run(move |transaction| {
                        Box::pin(
                            async move { transaction.query_all_raw(statement).await.map_err(Fault::new) },
                        )
                    })
                    .await
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({:?})", self.backend())
    }
}
