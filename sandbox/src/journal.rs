//! The books on disk. Every change is one row, written whole; the rows of one decision land in one transaction,
//! decisions in the order they were made, many to a transaction when they come fast. Nothing is answered before
//! the rows it rests on are durable: `settled` waits for that.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as Connection, DatabaseConnection, DbBackend, DbErr, Statement,
    TransactionTrait, Value,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{Database, SandboxError};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT records_once PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID";
const PUT: &str = "INSERT INTO records (kind, id, body) VALUES (?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body";
const CLEAR: &str = "DELETE FROM records WHERE kind = ?";
const LOAD: &str = "SELECT kind, id, body FROM records";
/// Decisions that may share one transaction.
const COALESCED: usize = 256;

/// One change of the books.
#[derive(Debug)]
pub(crate) enum Write {
    Put { kind: &'static str, id: String, body: String },
    Clear { kind: &'static str },
}

/// One record as it was read back.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) body: String,
}

struct Batch {
    number: u64,
    writes: Vec<Write>,
}

#[derive(Clone, Copy, Debug)]
struct Durable {
    number: u64,
    broken: bool,
}

/// The books can no longer be written; every answer from here on is refused.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox's books cannot be written")]
pub(crate) struct Broken;

/// The way in to the writer task.
#[derive(Debug)]
pub(crate) struct Journal {
    batches: mpsc::UnboundedSender<Batch>,
    durable: watch::Receiver<Durable>,
}

impl Journal {
    /// Opens or makes the books, and reads everything in them.
    pub(crate) async fn open(database: &Database) -> Result<(Self, Vec<Row>, JoinHandle<()>), SandboxError> {
        let connection = connect(database).await.map_err(|e| SandboxError::Books(e.into()))?;
        let rows = load(&connection).await.map_err(|e| SandboxError::Books(e.into()))?;
        let (batches, inbox) = mpsc::unbounded_channel();
        let (state, durable) = watch::channel(Durable { number: 0, broken: false });
        let writer = tokio::spawn(write_all(connection, inbox, state));
        Ok((Self { batches, durable }, rows, writer))
    }

    /// Queues `writes` as decision `number`. Callers hold the books' lock, so numbers arrive in order.
    pub(crate) fn submit(&self, number: u64, writes: Vec<Write>) {
        // A writer that is gone shows in `settled`.
        let _ = self.batches.send(Batch { number, writes });
    }

    /// Returns once decision `number` and all before it are on disk.
    pub(crate) async fn settled(&self, number: u64) -> Result<(), Broken> {
        let mut durable = self.durable.clone();
        let state = *durable.wait_for(|d| d.number >= number || d.broken).await.map_err(|_| Broken)?;
        if state.number >= number { Ok(()) } else { Err(Broken) }
    }
}

async fn connect(database: &Database) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(match database {
        Database::Memory => "sqlite::memory:",
        Database::File(_) => "sqlite://sandbox.db", // the path itself is set below, so it needs no escaping
    });
    options
        .max_connections(1)
        .min_connections(1)
        .sqlx_logging(false)
        .acquire_timeout(Duration::from_secs(10));
    options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
    if let Database::File(path) = database {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| DbErr::Custom(format!("{}: {e}", folder.display())))?;
        }
        let path = path.clone();
        options.map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .filename(&path)
                .create_if_missing(true)
                .pragma("locking_mode", "EXCLUSIVE")
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
        });
    }
    let connection = Connection::connect(options).await?;
    connection.execute_unprepared(SCHEMA).await?;
    Ok(connection)
}

async fn load(connection: &DatabaseConnection) -> Result<Vec<Row>, DbErr> {
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, LOAD)).await?;
    rows.iter()
        .map(|row| {
            Ok(Row {
                kind: row.try_get("", "kind")?,
                id: row.try_get("", "id")?,
                body: row.try_get("", "body")?,
            })
        })
        .collect()
}

async fn write_all(
    connection: DatabaseConnection,
    mut inbox: mpsc::UnboundedReceiver<Batch>,
    state: watch::Sender<Durable>,
) {
    let mut batches = Vec::with_capacity(COALESCED);
    while inbox.recv_many(&mut batches, COALESCED).await > 0 {
        let Some(number) = batches.last().map(|batch| batch.number) else { continue };
        if let Err(error) = write(&connection, &mut batches).await {
            tracing::error!(%error, "the sandbox's books cannot be written");
            state.send_modify(|durable| durable.broken = true);
            break;
        }
        state.send_modify(|durable| durable.number = number);
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the sandbox's books");
    }
}

async fn write(connection: &DatabaseConnection, batches: &mut Vec<Batch>) -> Result<(), DbErr> {
    let transaction = connection.begin().await?;
    for change in batches.drain(..).flat_map(|batch| batch.writes) {
        let statement = match change {
            Write::Put { kind, id, body } => {
                let values: [Value; 3] = [kind.into(), id.into(), body.into()];
                Statement::from_sql_and_values(DbBackend::Sqlite, PUT, values)
            }
            Write::Clear { kind } => {
                Statement::from_sql_and_values(DbBackend::Sqlite, CLEAR, [Value::from(kind)])
            }
        };
        transaction.execute_raw(statement).await?;
    }
    transaction.commit().await
}
