//! Retries, reports, swaps, late texts and batches of orders.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &COLUMNS).await?;
        both(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP TABLE batches",
                "DROP TABLE suppressed_numbers",
                "DROP INDEX messages_late",
                "DROP INDEX orders_reported",
                "DROP INDEX orders_expired_on",
                "DROP INDEX orders_expired",
                "DROP INDEX orders_retried_once",
                "ALTER TABLE orders DROP COLUMN swap_purchase_id",
                "ALTER TABLE orders DROP COLUMN swaps",
                "ALTER TABLE orders DROP COLUMN report_is_told",
                "ALTER TABLE orders DROP COLUMN reported_at_us",
                "ALTER TABLE orders DROP COLUMN reported_for",
                "ALTER TABLE orders DROP COLUMN retried_by",
            ],
        )
        .await
    }
}

/// Each may be absent or has a default: the code that runs already does not name them.
const COLUMNS: [&str; 6] = [
    "ALTER TABLE orders ADD COLUMN retried_by <UUID>",
    "ALTER TABLE orders ADD COLUMN reported_for TEXT
        CONSTRAINT orders_report_known CHECK (reported_for IN ('number_used', 'no_code', 'wrong_code'))",
    "ALTER TABLE orders ADD COLUMN reported_at_us <INT>",
    "ALTER TABLE orders ADD COLUMN report_is_told <BOOL>",
    "ALTER TABLE orders ADD COLUMN swaps <INT> NOT NULL DEFAULT 0
        CONSTRAINT orders_swapped_twice_at_most CHECK (swaps BETWEEN 0 AND 2)",
    "ALTER TABLE orders ADD COLUMN swap_purchase_id <UUID>",
];

const TABLES: [&str; 7] = [
    "CREATE UNIQUE INDEX orders_retried_once ON orders (retry_of) WHERE retry_of IS NOT NULL",
    "CREATE INDEX orders_expired ON orders (ended_at_us) WHERE state = 'expired'",
    "CREATE INDEX orders_expired_on ON orders (number_digest, ended_at_us) WHERE state = 'expired'",
    "CREATE INDEX orders_reported ON orders (user_id, reported_at_us) WHERE reported_at_us IS NOT NULL",
    "CREATE INDEX messages_late ON messages (stored_at_us) WHERE late",
    "CREATE TABLE suppressed_numbers (
        order_id <UUID> NOT NULL,
        service TEXT NOT NULL,
        number_digest <BYTES> NOT NULL,
        at_us <INT> NOT NULL,
        CONSTRAINT suppressed_numbers_once PRIMARY KEY (service, number_digest, order_id)
    ) <STRICT>",
    "CREATE TABLE batches (
        id <UUID> NOT NULL CONSTRAINT batches_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        mode TEXT NOT NULL,
        results TEXT NOT NULL,
        created_at_us <INT> NOT NULL,
        CONSTRAINT batches_mode_known CHECK (mode IN ('all_or_nothing', 'best_effort'))
    ) <STRICT>",
];
