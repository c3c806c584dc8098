//! Refunds that reach the customer after they had failed, and what comes back to closed accounts.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "ALTER TABLE refunds ADD COLUMN revived <BOOL> NOT NULL DEFAULT FALSE",
                "ALTER TABLE refunds ADD COLUMN aside <BOOL> NOT NULL DEFAULT FALSE",
                "ALTER TABLE disputes ADD COLUMN aside <BOOL> NOT NULL DEFAULT FALSE",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "ALTER TABLE disputes DROP COLUMN aside",
                "ALTER TABLE refunds DROP COLUMN aside",
                "ALTER TABLE refunds DROP COLUMN revived",
            ],
        )
        .await
    }
}
