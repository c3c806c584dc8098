//! The house's books: what staff decides, gifts, suspense that closes, and indexes for what waits to be closed.

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

const UP: [&str; 12] = [
    "CREATE TABLE bookings (
        id <UUID> NOT NULL CONSTRAINT bookings_key PRIMARY KEY,
        kind TEXT NOT NULL,
        user_id <UUID>,
        amount_units <INT> NOT NULL,
        currency TEXT NOT NULL,
        bought_units <INT>,
        bought_currency TEXT,
        reason TEXT NOT NULL,
        at_us <INT> NOT NULL,
        CONSTRAINT bookings_above_zero CHECK (amount_units > 0 AND (bought_units IS NULL OR bought_units > 0)),
        CONSTRAINT bookings_kind_known CHECK
            (kind IN ('credit', 'debit', 'debt_written_off', 'paid_out', 'topped_up', 'converted')),
        CONSTRAINT bookings_user_as_the_kind_says CHECK
            ((kind IN ('credit', 'debit', 'debt_written_off')) = (user_id IS NOT NULL))
    ) <STRICT>",
    "CREATE INDEX bookings_of_user ON bookings (user_id, id) WHERE user_id IS NOT NULL",
    "CREATE TABLE promo_grants (
        id <UUID> NOT NULL CONSTRAINT promo_grants_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        amount_units <INT> NOT NULL,
        taken_units <INT> NOT NULL,
        reason TEXT NOT NULL,
        expires_at_us <INT>,
        clawed_back_at_us <INT>,
        clawed_back_for TEXT,
        due_at_us <INT>,
        granted_at_us <INT> NOT NULL,
        closed_at_us <INT>,
        version <INT> NOT NULL,
        CONSTRAINT promo_grants_taken_of_the_amount CHECK (taken_units >= 0 AND taken_units <= amount_units),
        CONSTRAINT promo_grants_above_zero CHECK (amount_units > 0),
        CONSTRAINT promo_grants_claw_back_has_a_reason CHECK
            ((clawed_back_at_us IS NULL) = (clawed_back_for IS NULL))
    ) <STRICT>",
    "CREATE INDEX promo_grants_open ON promo_grants (user_id, id) WHERE closed_at_us IS NULL",
    "CREATE INDEX promo_grants_due ON promo_grants (due_at_us) WHERE closed_at_us IS NULL AND due_at_us IS NOT NULL",
    "ALTER TABLE suspense ADD COLUMN state TEXT NOT NULL DEFAULT 'open'
        CONSTRAINT suspense_state_known CHECK (state IN ('open', 'credited', 'returned'))",
    "ALTER TABLE suspense ADD COLUMN closed_at_us <INT>",
    "ALTER TABLE suspense ADD COLUMN credited_units <INT>",
    "ALTER TABLE suspense ADD COLUMN version <INT> NOT NULL DEFAULT 1",
    "CREATE INDEX suspense_open ON suspense (at_us) WHERE state = 'open'",
    "CREATE INDEX purchases_receivable ON purchases (bound_at_us) WHERE receivable = 'open'",
    "CREATE INDEX transfers_that_raise_debt ON transfers (user_id) WHERE debit_account = 'debt'",
];

const DOWN: [&str; 9] = [
    "DROP INDEX transfers_that_raise_debt",
    "DROP INDEX purchases_receivable",
    "DROP INDEX suspense_open",
    "ALTER TABLE suspense DROP COLUMN version",
    "ALTER TABLE suspense DROP COLUMN credited_units",
    "ALTER TABLE suspense DROP COLUMN closed_at_us",
    "ALTER TABLE suspense DROP COLUMN state",
    "DROP TABLE promo_grants",
    "DROP TABLE bookings",
];
