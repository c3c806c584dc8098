//! Jobs are taken by kind, so that mail never queues behind what a provider is told.

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
                "CREATE INDEX jobs_due_by_kind ON jobs (kind, run_at_us) WHERE state = 'pending'",
                "DROP INDEX jobs_due",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "CREATE INDEX jobs_due ON jobs (run_at_us) WHERE state = 'pending'",
                "DROP INDEX jobs_due_by_kind",
            ],
        )
        .await
    }
}
