//! The Namaskah schema, one change a file, on Postgres and on SQLite.
//!
//! # Conventions
//! - **Time** is `BIGINT` microseconds since 1970 in UTC, in columns that end in `_us`: one form that sorts, compares
//!   and subtracts alike on both databases. A text form does not on SQLite, and timestamptz has no counterpart there.
//! - **Money** is `BIGINT` millionths of a currency unit, in columns that end in `_units`.
//! - **Identifiers** are UUIDv7 (`uuid`, or 16 bytes), but the journal's own key, which is a rising number.
//! - **Every constraint has a name**; the store on Postgres turns the name into its answer.
//! - **No foreign keys.** They cost a fifth of the throughput of a commit. Records are written by one port, in units
//!   that are applied whole, and nothing is deleted that another record names, so they would prove nothing more.
//! - Each change goes up and down, on both databases, and tolerates the code that ran before it.
//!
//! # Several instances
//! [`migrate`] may be called by any number of instances at once: the first holds a lock until all is done, the others
//! wait and find nothing to do. Everything pending is applied in one transaction.
//!
//! On Postgres a change of a table waits for whoever reads it, and everybody who comes later waits behind the change. So it
//! waits for two seconds, lets the others go by, and tries again.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::{
    MigrationStatus, async_trait,
    prelude::*,
    sea_orm::{
        ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, RuntimeErr,
        SqliteTransactionMode, TransactionOptions, TransactionTrait,
    },
};

mod dialect;
pub mod grants;
mod m20261122_000001_wallet;
mod m20261122_000002_auth;
mod m20261122_000003_payment;
mod m20261122_000004_verification;
mod m20261122_000005_outbox;
mod m20261122_000006_wallet_settings;
mod m20261125_000007_disputes;
mod m20261125_000008_books;
mod m20261125_000009_second_chances;
mod m20261125_000010_seals;
mod m20261125_000011_refunds;
mod m20261125_000013_job_lanes;
mod m20261125_000014_reconciliation;
mod m20261125_000015_notices;
mod m20261125_000016_second_factor;
mod m20261125_000017_admin;
mod m20261125_000019_api_keys;
mod m20261125_000020_retention;
mod m20261125_000022_adjustments;
mod m20261126_000021_identities;
mod m20261126_000023_orphans;
mod m20261126_000024_terms;
mod m20261126_000025_desk;
mod m20261126_000026_runs;
mod m20261126_000027_support;
mod m20261126_000028_queue;
mod m20261126_000029_schedules;
mod m20261126_000030_notifications;
mod m20261126_000031_suppressions;
mod m20261126_000032_webhooks;
mod m20261126_000050_pruning;
mod m20261126_000051_suppressed;
mod m20261126_000060_causes;
mod m20261126_000080_webhook_guards;
mod m20261126_000090_returns;
mod m20261126_000091_lapsed;

/// Every change, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_wallet::Migration),
            Box::new(m20261122_000002_auth::Migration),
            Box::new(m20261122_000003_payment::Migration),
            Box::new(m20261122_000004_verification::Migration),
            Box::new(m20261122_000005_outbox::Migration),
            Box::new(m20261122_000006_wallet_settings::Migration),
            Box::new(m20261125_000007_disputes::Migration),
            Box::new(m20261125_000008_books::Migration),
            Box::new(m20261125_000009_second_chances::Migration),
            Box::new(m20261125_000010_seals::Migration),
            Box::new(m20261125_000011_refunds::Migration),
            Box::new(m20261125_000013_job_lanes::Migration),
            Box::new(m20261125_000014_reconciliation::Migration),
            Box::new(m20261125_000015_notices::Migration),
            Box::new(m20261125_000016_second_factor::Migration),
            Box::new(m20261125_000017_admin::Migration),
            Box::new(m20261125_000019_api_keys::Migration),
            Box::new(m20261125_000020_retention::Migration),
            Box::new(m20261126_000021_identities::Migration),
            Box::new(m20261125_000022_adjustments::Migration),
            Box::new(m20261126_000023_orphans::Migration),
            Box::new(m20261126_000024_terms::Migration),
            Box::new(m20261126_000025_desk::Migration),
            Box::new(m20261126_000026_runs::Migration),
            Box::new(m20261126_000027_support::Migration),
            Box::new(m20261126_000028_queue::Migration),
            Box::new(m20261126_000029_schedules::Migration),
            Box::new(m20261126_000032_webhooks::Migration),
            Box::new(m20261126_000030_notifications::Migration),
            Box::new(m20261126_000031_suppressions::Migration),
            Box::new(m20261126_000050_pruning::Migration),
            Box::new(m20261126_000051_suppressed::Migration),
            Box::new(m20261126_000060_causes::Migration),
            Box::new(m20261126_000080_webhook_guards::Migration),
            Box::new(m20261126_000090_returns::Migration),
            Box::new(m20261126_000091_lapsed::Migration),
        ]
    }
}

/// Names the lock that migrating instances take on Postgres; any number that nothing else uses.
const MIGRATION_LOCK: i64 = 0x6e61_6d61_736b_6168;

/// Two seconds and a half each: as long as a check of a large database may hold what it reads.
const TRIES: u32 = 240;
/// `lock_not_available`.
const IN_THE_WAY: &str = "55P03";

/// What is changed.
#[derive(Clone, Copy)]
enum Change {
    Up,
    Down(u32),
}

/// Applies everything that is pending. Safe to call from several instances at once.
///
/// # Errors
/// `DbErr` if the database cannot be reached or refuses a change; nothing is applied then.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    patiently(db, Change::Up).await
}

/// Takes back the last `steps` changes, with their data.
///
/// # Errors
/// `DbErr` if the database cannot be reached or refuses; nothing is taken back then.
pub async fn down(db: &DatabaseConnection, steps: u32) -> Result<(), DbErr> {
    patiently(db, Change::Down(steps)).await
}

/// Every change by name, and whether it is applied. Changes nothing.
///
/// # Errors
/// `DbErr` if the database cannot be read.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<(String, bool)>, DbErr> {
    let files = Migrator::get_migration_with_status_read_only(db).await?;
    let applied = |file: &sea_orm_migration::Migration| file.status() == MigrationStatus::Applied;
    Ok(files.iter().map(|file| (file.name().to_owned(), applied(file))).collect())
}

/// True if nothing is pending. Changes nothing.
///
/// # Errors
/// `DbErr` if the database cannot be read.
pub async fn is_current(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(status(db).await?.iter().all(|(_, applied)| *applied))
}

/// Changes everything in one transaction; begins again where somebody was in the way.
async fn patiently(db: &DatabaseConnection, change: Change) -> Result<(), DbErr> {
    let mut tries = 0;
    loop {
        tries += 1;
        let transaction = locked(db).await?;
        let changed = match change {
            Change::Up => Migrator::up(&transaction, None).await,
            Change::Down(steps) => Migrator::down(&transaction, Some(steps)).await,
        };
        match changed {
            Ok(()) => return transaction.commit().await,
            Err(error) if tries < TRIES && is_in_the_way(&error) => {
                transaction.rollback().await?;
                // Whoever has queued behind us goes first.
                db.execute_unprepared("SELECT pg_sleep(0.5)").await?;
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_in_the_way(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    let code = error.as_database_error().and_then(|refused| refused.code());
    code.is_some_and(|code| code == IN_THE_WAY)
}

/// A transaction that no other instance can have at the same time.
async fn locked(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let transaction = db.begin_with_options(immediate).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        // From here on; another instance that migrates is waited for.
        transaction.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
    }
    Ok(transaction)
}
