//! Refunds and disputes, and what of a payment went back.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &COLUMNS).await?;
        both(manager, &TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP TABLE disputes",
                "DROP TABLE refunds",
                "ALTER TABLE intents DROP COLUMN back_disputes",
                "ALTER TABLE intents DROP COLUMN back_arrived_units",
                "ALTER TABLE intents DROP COLUMN back_charged_units",
                "ALTER TABLE intents DROP COLUMN back_taken_units",
            ],
        )
        .await
    }
}

const COLUMNS: [&str; 4] = [
    "ALTER TABLE intents ADD COLUMN back_taken_units <INT> NOT NULL DEFAULT 0
        CONSTRAINT intents_back_taken_not_negative CHECK (back_taken_units >= 0)",
    "ALTER TABLE intents ADD COLUMN back_charged_units <INT> NOT NULL DEFAULT 0
        CONSTRAINT intents_back_charged_not_negative CHECK (back_charged_units >= 0)",
    "ALTER TABLE intents ADD COLUMN back_arrived_units <INT> NOT NULL DEFAULT 0
        CONSTRAINT intents_back_arrived_not_negative CHECK (back_arrived_units >= 0)",
    "ALTER TABLE intents ADD COLUMN back_disputes <INT> NOT NULL DEFAULT 0
        CONSTRAINT intents_back_disputes_not_negative CHECK (back_disputes >= 0)",
];

/// A refund found in the gateway's dashboard has no hold.
const TABLES: [&str; 6] = [
    "CREATE TABLE refunds (
        id <UUID> NOT NULL CONSTRAINT refunds_key PRIMARY KEY,
        payment_id <UUID> NOT NULL,
        reference TEXT NOT NULL,
        user_id <UUID> NOT NULL,
        amount_units <INT> NOT NULL,
        amount_currency TEXT NOT NULL,
        charged_units <INT> NOT NULL,
        charged_currency TEXT NOT NULL,
        hold_id <UUID>,
        gateway_id TEXT,
        state TEXT NOT NULL,
        state_at_us <INT>,
        missed_at_us <INT>,
        created_at_us <INT> NOT NULL,
        send_by_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT refunds_gateway_once UNIQUE (gateway_id),
        CONSTRAINT refunds_amounts_above_zero CHECK (amount_units > 0 AND charged_units > 0),
        CONSTRAINT refunds_state_known CHECK (state IN ('sent', 'pending', 'processed', 'failed'))
    ) <STRICT>",
    "CREATE INDEX refunds_of_payment ON refunds (payment_id, id)",
    "CREATE UNIQUE INDEX refunds_open_once ON refunds (payment_id) WHERE state IN ('sent', 'pending')",
    "CREATE INDEX refunds_open ON refunds (id) WHERE state IN ('sent', 'pending')",
    "CREATE TABLE disputes (
        id <UUID> NOT NULL CONSTRAINT disputes_key PRIMARY KEY,
        gateway_id TEXT NOT NULL,
        payment_id <UUID> NOT NULL,
        reference TEXT NOT NULL,
        user_id <UUID> NOT NULL,
        claimed_units <INT> NOT NULL,
        claimed_currency TEXT NOT NULL,
        worth_units <INT> NOT NULL,
        worth_currency TEXT NOT NULL,
        state TEXT NOT NULL,
        state_at_us <INT>,
        opened_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT disputes_gateway_once UNIQUE (gateway_id),
        CONSTRAINT disputes_amounts_above_zero CHECK (claimed_units > 0 AND worth_units >= 0),
        CONSTRAINT disputes_state_known CHECK (state IN ('open', 'won', 'lost'))
    ) <STRICT>",
    "CREATE INDEX disputes_open ON disputes (opened_at_us) WHERE state = 'open'",
];
