//! What of promo has lapsed while a hold had it. No instance that does not know the column trips over it: it has no upper
//! bound, and the bookkeeper sets it right.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &["ALTER TABLE accounts ADD COLUMN promo_lapsed_units <INT> NOT NULL DEFAULT 0
                CONSTRAINT accounts_promo_lapsed_not_negative CHECK (promo_lapsed_units >= 0)"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["ALTER TABLE accounts DROP COLUMN promo_lapsed_units"]).await
    }
}
