//! The connection: one pool on Postgres; on SQLite a pool of readers and one writing connection.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use namaskah_domain::Fault;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, RuntimeErr,
    Statement, Value,
    sea_query::Values,
    sqlx::{
        Connection,
        postgres::{PgConnectOptions, PgConnection},
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};

use super::{
    url::{check_url, missing_file},
    writer::Writer,
};

/// A statement that was run. Its values are not shown.
#[derive(Debug, Clone, Copy)]
pub struct Ran<'a> {
    /// Its text, with places for values.
    pub sql: &'a str,
    /// How long it took.
    pub took: Duration,
    /// Whether it failed.
    pub has_failed: bool,
    values: Option<&'a Values>,
}

impl<'a> Ran<'a> {
    /// One whose text says of each place of what kind it is.
    pub(crate) const fn telling(sql: &'a str, took: Duration, has_failed: bool) -> Self {
        Self { sql, took, has_failed, values: None }
    }

    /// The kinds of its values in Postgres' words, in the order of their places; empty if its text tells them.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.values.map(|values| values.0.iter().map(kind_of).collect()).unwrap_or_default()
    }
}

/// What no table of ours has is left to Postgres.
const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::BigInt(_) => "bigint",
        Value::String(_) => "text",
        Value::Bytes(_) => "bytea",
        Value::Uuid(_) => "uuid",
        _ => "unknown",
    }
}

/// Told of every statement.
pub type StatementObserver = Arc<dyn Fn(&Ran<'_>) + Send + Sync>;

/// Told of every write of units that came together, and of those that came alone: how many there were.
pub type BatchObserver = Arc<dyn Fn(usize) + Send + Sync>;

/// What a connection is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// To serve: a SQLite file is made if it is missing.
    #[default]
    Make,
    /// To change what is there.
    Change,
    /// To look at what is there. On SQLite nothing can be written.
    Look,
}

/// How to connect.
#[derive(Clone)]
pub struct Options {
    /// What for.
    pub access: Access,
    /// Connections of the pool on Postgres, or readers on SQLite.
    pub max_connections: u32,
    /// Told of every statement, for metrics and budgets.
    pub observer: Option<StatementObserver>,
    /// Told how many units a write had.
    pub batches: Option<BatchObserver>,
}

impl Default for Options {
    fn default() -> Self {
        Self { access: Access::Make, max_connections: 16, observer: None, batches: None }
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
    observers: Observers,
}

/// Who is told of what.
#[derive(Clone, Default)]
pub(crate) struct Observers {
    pub(crate) statements: Option<StatementObserver>,
    batches: Option<BatchObserver>,
}

impl Observers {
    fn of(options: &Options) -> Self {
        Self { statements: options.observer.clone(), batches: options.batches.clone() }
    }

    /// So many units were written.
    pub(crate) fn wrote(&self, units: usize) {
        if let Some(batches) = self.batches.as_ref().filter(|_| units > 0) {
            batches(units);
        }
    }
}

/// How the connections of a pool are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// At work.
    pub in_use: u32,
    /// Open, and waiting for work.
    pub idle: u32,
    /// As many as there may be.
    pub most: u32,
}

#[derive(Clone)]
enum Writes {
    Pool,
    Single { connection: DatabaseConnection, writer: Writer },
}

const ACQUIRE: Duration = Duration::from_secs(10);
/// For finding out why there is no connection.
const CAUSE: Duration = Duration::from_secs(2);
const BUSY: Duration = Duration::from_secs(10);
/// Texts of statements that a Postgres connection keeps prepared; there is one for each shape of a unit.
const PREPARED: usize = 500;

/// Connects to `postgres://…` or `sqlite:…`. Runs no migration.
///
/// # Errors
/// [`Fault`] if the URL is neither, the database cannot be reached, or there is no file and none is to be made.
pub async fn connect(url: &str, options: Options) -> Result<Database, Fault> {
    // The driver repeats what it cannot read.
    check_url(url).map_err(Fault::new)?;
    if options.access != Access::Make
        && let Some(file) = missing_file(url)
    {
        return Err(Fault::new(format!("there is no database file {}", file.display())));
    }
    let connected = if url.starts_with("sqlite:") {
        connect_sqlite(url, &options).await
    } else {
        connect_postgres(url, &options).await
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
        // No column is a float, and poolers refuse words about them.
        .map_sqlx_postgres_opts(|postgres| {
            postgres.statement_cache_capacity(PREPARED).extra_float_digits(None)
        });
    let mut pool = match sea_orm::Database::connect(connect).await {
        Ok(pool) => pool,
        Err(error) => return Err(why_not(url).await.unwrap_or(error)),
    };
    observe(&mut pool, options);
    Ok(Database { reads: pool, writes: Writes::Pool, observers: Observers::of(options) })
}

/// Why there is no connection. A pool tries again until its time is over, and then tells that alone.
async fn why_not(url: &str) -> Option<DbErr> {
    let options = PgConnectOptions::from_str(url).ok()?;
    match tokio::time::timeout(CAUSE, PgConnection::connect_with(&options)).await {
        Ok(Err(error)) => Some(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))),
        Ok(Ok(_)) | Err(_) => None,
    }
}

async fn connect_sqlite(url: &str, options: &Options) -> Result<Database, DbErr> {
    let mut connect = basic(url, 1);
    let access = options.access;
    connect.idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite.create_if_missing(access == Access::Make).busy_timeout(BUSY);
        match access {
            Access::Look => sqlite.pragma("query_only", "ON"),
            Access::Make | Access::Change => {
                sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
            }
        }
    });
    leave_no_transaction(&mut connect);
    let mut connection = sea_orm::Database::connect(connect).await?;
    observe(&mut connection, options);
    let reads = if url.contains(":memory:") {
        // A database in memory is its connection's own, so readers share it.
        connection.clone()
    } else {
        sqlite_readers(url, options).await?
    };
    let observers = Observers::of(options);
    let writer = Writer::start(connection.clone(), observers.clone());
    Ok(Database { reads, writes: Writes::Single { connection, writer }, observers })
}

async fn sqlite_readers(url: &str, options: &Options) -> Result<DatabaseConnection, DbErr> {
    let mut connect = basic(url, options.max_connections);
    connect.map_sqlx_sqlite_opts(|sqlite| {
        sqlite.create_if_missing(false).busy_timeout(BUSY).pragma("query_only", "ON")
    });
    leave_no_transaction(&mut connect);
    let mut readers = sea_orm::Database::connect(connect).await?;
    observe(&mut readers, options);
    Ok(readers)
}

/// A connection that comes back in the middle of a transaction is closed, and a new one takes its place.
///
/// When the disk is full, SQLite undoes the whole transaction by itself. The ROLLBACK that follows fails then, and the
/// driver goes on counting a transaction; whatever is begun later would be a savepoint inside of nothing, or of one that
/// never ends, and would be told as committed without being on the disk.
fn leave_no_transaction(options: &mut ConnectOptions) {
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                if connection.is_in_transaction() {
                    // A rollback may be on its way still.
                    connection.ping().await?;
                }
                Ok(!connection.is_in_transaction())
            })
        })
    });
}

fn observe(connection: &mut DatabaseConnection, options: &Options) {
    if let Some(observer) = options.observer.clone() {
        connection.set_metric_callback(move |info| {
            let values = info.statement.values.as_ref();
            observer(&Ran { sql: &info.statement.sql, took: info.elapsed, has_failed: info.failed, values });
        });
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

    /// How the pool is used: on SQLite that of the readers.
    pub fn pool_use(&self) -> PoolUse {
        let (open, idle, most) = if self.is_postgres() {
            let pool = self.reads.get_postgres_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        } else {
            let pool = self.reads.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        };
        // The two counts are taken one after the other.
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        PoolUse { in_use: open - idle, idle, most }
    }

    pub(crate) const fn observers(&self) -> &Observers {
        &self.observers
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn insert(database: &Database) -> Result<Vec<QueryResult>, Fault> {
        // More than a page, so that each needs room.
        database.write("INSERT INTO kept VALUES (randomblob(9000))".to_owned(), Vec::new()).await
    }

    async fn counted(database: &Database) -> i64 {
        let rows = database.read("SELECT COUNT(*) AS n FROM kept", Vec::new()).await.expect("a count");
        rows.first().and_then(|row| row.try_get("", "n").ok()).expect("a number")
    }

    #[tokio::test]
    async fn what_is_told_as_committed_after_the_disk_was_full_is_on_the_disk() {
        let folder = std::env::temp_dir().join(format!("nmk-full-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.join("kept.db").display());
        let database = connect(&url, Options::default()).await.expect("a database");
        let run = async |sql: &str| database.connection().execute_unprepared(sql).await.expect("a statement");
        run("CREATE TABLE kept (filler BLOB NOT NULL)").await;
        // The least it takes is as many pages as there are.
        run("PRAGMA max_page_count = 1").await;
        let mut kept = 0;
        while insert(&database).await.is_ok() {
            kept += 1;
            assert!(kept < 100, "the database is never full");
        }
        run("PRAGMA max_page_count = 1000000").await;
        // One that fails is undone, and one that does not is kept, as before.
        let refused = database.write("INSERT INTO kept VALUES (NULL)".to_owned(), Vec::new()).await;
        assert!(refused.is_err());
        assert!(insert(&database).await.is_ok());
        let other = connect(&url, Options::default()).await.expect("the same database");
        assert_eq!(counted(&other).await, kept + 1, "another connection sees what was told as committed");
        other.close().await;
        database.close().await;
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
