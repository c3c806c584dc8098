//! Seals of rows that must not change. Nothing of what is sealed is touched.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP TABLE seals_pending", "DROP TABLE seals"]).await
    }
}

/// Keys are text: a decimal number, or the 32 hex digits of an identifier.
const TABLES: [&str; 5] = [
    "CREATE TABLE seals (
        chain TEXT NOT NULL,
        sequence <INT> NOT NULL,
        first_key TEXT NOT NULL,
        last_key TEXT NOT NULL,
        sealed_rows <INT> NOT NULL,
        digest <BYTES> NOT NULL,
        sealed_at_us <INT> NOT NULL,
        CONSTRAINT seals_key PRIMARY KEY (chain, sequence),
        CONSTRAINT seals_are_numbered CHECK (sequence > 0 AND sealed_rows >= 0)
    ) <STRICT>",
    "CREATE TABLE seals_pending (
        chain TEXT NOT NULL,
        key TEXT NOT NULL,
        passed_in <INT> NOT NULL,
        sealed_in <INT>,
        CONSTRAINT seals_pending_key PRIMARY KEY (chain, key),
        CONSTRAINT seals_pending_in_order CHECK (sealed_in > passed_in)
    ) <STRICT>",
    "CREATE INDEX seals_pending_open ON seals_pending (chain, key) WHERE sealed_in IS NULL",
    "CREATE INDEX seals_pending_passed ON seals_pending (chain, passed_in)",
    "CREATE INDEX seals_pending_sealed ON seals_pending (chain, sealed_in)",
];
