//! By what deliveries and notifications are found that are of no more use.

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

const UP: [&str; 3] = [
    "CREATE INDEX webhook_deliveries_over ON webhook_deliveries (state_at_us) WHERE state <> 'waiting'",
    "CREATE INDEX notifications_read_over ON notifications (read_at_us) WHERE read_at_us IS NOT NULL",
    "CREATE INDEX notifications_unread_over ON notifications (at_us) WHERE read_at_us IS NULL",
];

const DOWN: [&str; 3] = [
    "DROP INDEX notifications_unread_over",
    "DROP INDEX notifications_read_over",
    "DROP INDEX webhook_deliveries_over",
];
