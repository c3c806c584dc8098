//! Disputes on the account's row, and what a hold is for.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &COLUMNS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "ALTER TABLE holds DROP COLUMN purpose",
                "ALTER TABLE accounts DROP COLUMN open_disputes",
                "ALTER TABLE accounts DROP COLUMN disputed_units",
            ],
        )
        .await
    }
}

/// `holds.order_id` keeps what the hold is for, whatever it is; so the index that lets an order have one open hold
/// does the same for a refund.
const COLUMNS: [&str; 3] = [
    "ALTER TABLE accounts ADD COLUMN disputed_units <INT> NOT NULL DEFAULT 0
        CONSTRAINT accounts_disputed_not_negative CHECK (disputed_units >= 0)",
    "ALTER TABLE accounts ADD COLUMN open_disputes <INT> NOT NULL DEFAULT 0
        CONSTRAINT accounts_open_disputes_not_negative CHECK (open_disputes >= 0)",
    "ALTER TABLE holds ADD COLUMN purpose TEXT NOT NULL DEFAULT 'order'
        CONSTRAINT holds_purpose_known CHECK (purpose IN ('order', 'refund'))",
];
