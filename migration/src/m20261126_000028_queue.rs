//! Jobs have a priority within their kind, and of one key one waits.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &DOWN).await
    }
}

/// Code that knows no priority queues everything as usual (1), and takes whatever is due of a kind.
const UP: [&str; 5] = [
    "ALTER TABLE jobs ADD COLUMN priority <INT> NOT NULL DEFAULT 1",
    "ALTER TABLE jobs ADD COLUMN unique_key TEXT",
    "CREATE INDEX jobs_due_by_priority ON jobs (kind, priority, run_at_us, id) WHERE state = 'pending'",
    "CREATE UNIQUE INDEX jobs_waiting_once ON jobs (unique_key)
        WHERE unique_key IS NOT NULL AND state = 'pending' AND holder IS NULL",
    "DROP INDEX jobs_due_by_kind",
];

const DOWN: [&str; 5] = [
    "CREATE INDEX jobs_due_by_kind ON jobs (kind, run_at_us) WHERE state = 'pending'",
    "DROP INDEX jobs_waiting_once",
    "DROP INDEX jobs_due_by_priority",
    "ALTER TABLE jobs DROP COLUMN unique_key",
    "ALTER TABLE jobs DROP COLUMN priority",
];
