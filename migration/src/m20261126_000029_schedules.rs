//! When work comes again, and by what it finds the rows that are of no more use.

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

/// A session is over when it was ended, or else when it expires.
const UP: [&str; 5] = [
    "CREATE TABLE schedules (
        task TEXT NOT NULL CONSTRAINT schedules_key PRIMARY KEY,
        next_at_us <INT> NOT NULL,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE INDEX mail_tokens_over ON mail_tokens (expires_at_us)",
    "CREATE INDEX refresh_tokens_over ON refresh_tokens (expires_at_us)",
    "CREATE INDEX sessions_over ON sessions (COALESCE(ended_at_us, expires_at_us))",
    "CREATE INDEX quotes_over ON quotes (expires_at_us)",
];

const DOWN: [&str; 5] = [
    "DROP INDEX quotes_over",
    "DROP INDEX sessions_over",
    "DROP INDEX refresh_tokens_over",
    "DROP INDEX mail_tokens_over",
    "DROP TABLE schedules",
];
