//! What users wish of their wallets.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &[TABLE]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP TABLE wallet_settings"]).await
    }
}

const TABLE: &str = "CREATE TABLE wallet_settings (
        user_id <UUID> NOT NULL CONSTRAINT wallet_settings_key PRIMARY KEY,
        low_balance_threshold_units <INT>,
        version <INT> NOT NULL,
        CONSTRAINT wallet_settings_threshold_above_zero CHECK (low_balance_threshold_units > 0)
    ) <STRICT>";
