//! Why an endpoint is off beyond its user's wish and its failing.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["ALTER TABLE webhook_endpoints ADD COLUMN off_by TEXT"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["ALTER TABLE webhook_endpoints DROP COLUMN off_by"]).await
    }
}
