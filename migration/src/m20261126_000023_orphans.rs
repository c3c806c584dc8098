//! Numbers that serve no order, for staff to look at.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["CREATE INDEX purchases_orphan ON purchases (id) WHERE state = 'orphan'"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP INDEX purchases_orphan"]).await
    }
}
