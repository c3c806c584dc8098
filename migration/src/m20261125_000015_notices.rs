//! Notices are looked at in the order of how often they were put off, so that those which fail hold up no others.

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
                "DROP INDEX notices_new",
                "CREATE INDEX notices_new ON notices (sender, version, id) WHERE state = 'new'",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX notices_new",
                "CREATE INDEX notices_new ON notices (sender, id) WHERE state = 'new'",
            ],
        )
        .await
    }
}
