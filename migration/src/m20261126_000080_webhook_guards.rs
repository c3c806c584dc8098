//! Why an endpoint is off beyond its user's wish and its failing, when he was told so; and those that rest, which are passed over.

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
    "ALTER TABLE webhook_endpoints ADD COLUMN off_by TEXT",
    "ALTER TABLE webhook_endpoints ADD COLUMN told_off_at_us <INT>",
    "CREATE INDEX webhook_endpoints_resting ON webhook_endpoints (rests_until_us, id)
        WHERE rests_until_us IS NOT NULL AND state = 'on'",
];

const DOWN: [&str; 3] = [
    "DROP INDEX webhook_endpoints_resting",
    "ALTER TABLE webhook_endpoints DROP COLUMN told_off_at_us",
    "ALTER TABLE webhook_endpoints DROP COLUMN off_by",
];
