//! What runs of reconciliation came to, and jobs that staff has cancelled.

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

/// A cancelled job is buried for the code that ran before.
const UP: [&str; 2] = [
    "CREATE TABLE reconciliation_runs (
        id <UUID> NOT NULL CONSTRAINT reconciliation_runs_key PRIMARY KEY,
        from_us <INT> NOT NULL,
        to_us <INT> NOT NULL,
        began_at_us <INT> NOT NULL,
        ended_at_us <INT> NOT NULL,
        payments TEXT NOT NULL,
        numbers TEXT NOT NULL,
        balance TEXT NOT NULL,
        CONSTRAINT reconciliation_runs_of_some_time CHECK (from_us < to_us)
    ) <STRICT>",
    "ALTER TABLE jobs ADD COLUMN cancelled_at_us <INT>
        CONSTRAINT jobs_cancelled_are_buried CHECK (cancelled_at_us IS NULL OR state = 'buried')",
];

const DOWN: [&str; 2] = ["ALTER TABLE jobs DROP COLUMN cancelled_at_us", "DROP TABLE reconciliation_runs"];
