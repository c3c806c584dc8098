//! Payments, and those that wait for a person.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP TABLE suspense", "DROP TABLE intents"]).await
    }
}

const TABLES: [&str; 4] = [
    "CREATE TABLE intents (
        id <UUID> NOT NULL CONSTRAINT intents_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        reference TEXT NOT NULL,
        amount_units <INT> NOT NULL,
        amount_currency TEXT NOT NULL,
        charged_units <INT> NOT NULL,
        charged_currency TEXT NOT NULL,
        ngn_per_usd TEXT NOT NULL,
        checkout_url TEXT,
        state TEXT NOT NULL,
        state_at_us <INT>,
        created_at_us <INT> NOT NULL,
        expires_at_us <INT> NOT NULL,
        checks <INT> NOT NULL,
        next_check_at_us <INT>,
        version <INT> NOT NULL,
        CONSTRAINT intents_reference_once UNIQUE (reference),
        CONSTRAINT intents_amounts_above_zero CHECK (amount_units > 0 AND charged_units > 0),
        CONSTRAINT intents_state_known CHECK (state IN ('pending', 'succeeded', 'failed', 'expired', 'suspense'))
    ) <STRICT>",
    "CREATE INDEX intents_of_user ON intents (user_id, id)",
    "CREATE INDEX intents_due ON intents (next_check_at_us)
        WHERE next_check_at_us IS NOT NULL AND state IN ('pending', 'failed', 'expired')",
    "CREATE TABLE suspense (
        payment_id <UUID> NOT NULL CONSTRAINT suspense_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        paid_units <INT> NOT NULL,
        paid_currency TEXT NOT NULL,
        reason TEXT NOT NULL,
        at_us <INT> NOT NULL,
        CONSTRAINT suspense_above_zero CHECK (paid_units > 0)
    ) <STRICT>",
];
