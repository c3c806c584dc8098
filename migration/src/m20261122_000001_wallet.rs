//! Accounts, holds, the journal, and claims.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, on_postgres, on_sqlite};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &TABLES).await?;
        on_postgres(manager, &POSTGRES).await?;
        on_sqlite(manager, &SQLITE).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &["DROP VIEW postings", "DROP TABLE idempotency_claims", "DROP TABLE transfers"])
            .await?;
        both(manager, &["DROP TABLE holds", "DROP TABLE accounts"]).await?;
        on_postgres(manager, &["DROP FUNCTION journal_is_final", "DROP FUNCTION namaskah_require"]).await
    }
}

/// `accounts` has no index but its key, and room on its pages, so that an update touches no index.
const TABLES: [&str; 8] = [
    "CREATE TABLE accounts (
        user_id <UUID> NOT NULL CONSTRAINT accounts_key PRIMARY KEY,
        wallet_posted_units <INT> NOT NULL,
        wallet_held_units <INT> NOT NULL,
        promo_posted_units <INT> NOT NULL,
        promo_held_units <INT> NOT NULL,
        debt_units <INT> NOT NULL,
        open_orders <INT> NOT NULL,
        open_intents <INT> NOT NULL,
        frozen <BOOL> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT accounts_wallet_covers_held CHECK (wallet_posted_units >= wallet_held_units),
        CONSTRAINT accounts_wallet_held_not_negative CHECK (wallet_held_units >= 0),
        CONSTRAINT accounts_promo_covers_held CHECK (promo_posted_units >= promo_held_units),
        CONSTRAINT accounts_promo_held_not_negative CHECK (promo_held_units >= 0),
        CONSTRAINT accounts_debt_not_negative CHECK (debt_units >= 0),
        CONSTRAINT accounts_open_orders_not_negative CHECK (open_orders >= 0),
        CONSTRAINT accounts_open_intents_not_negative CHECK (open_intents >= 0)
    ) <ROOMY>",
    "CREATE TABLE holds (
        id <UUID> NOT NULL CONSTRAINT holds_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        order_id <UUID> NOT NULL,
        amount_units <INT> NOT NULL,
        promo_units <INT> NOT NULL,
        wallet_units <INT> NOT NULL,
        currency TEXT NOT NULL,
        state TEXT NOT NULL,
        placed_at_us <INT> NOT NULL,
        ended_at_us <INT>,
        CONSTRAINT holds_amount_above_zero CHECK (amount_units > 0),
        CONSTRAINT holds_parts_not_negative CHECK (promo_units >= 0 AND wallet_units >= 0),
        CONSTRAINT holds_parts_make_the_amount CHECK (promo_units + wallet_units = amount_units),
        CONSTRAINT holds_state_known CHECK (state IN ('open', 'captured', 'released')),
        CONSTRAINT holds_ended_once CHECK ((state = 'open') = (ended_at_us IS NULL))
    ) <ROOMY>",
    "CREATE UNIQUE INDEX holds_one_open_an_order ON holds (order_id) WHERE state = 'open'",
    "CREATE INDEX holds_of_user ON holds (user_id, id)",
    "CREATE TABLE transfers (
        id <SERIAL>,
        user_id <UUID>,
        debit_account TEXT NOT NULL,
        credit_account TEXT NOT NULL,
        amount_units <INT> NOT NULL,
        currency TEXT NOT NULL,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        leg <INT> NOT NULL,
        balance_after_units <INT>,
        account_version <INT>,
        created_at_us <INT> NOT NULL,
        CONSTRAINT transfers_amount_above_zero CHECK (amount_units > 0),
        CONSTRAINT transfers_between_two_accounts CHECK (debit_account <> credit_account),
        CONSTRAINT transfers_source_once UNIQUE (source, leg)
    ) <STRICT>",
    "CREATE INDEX transfers_of_user ON transfers (user_id, id) WHERE user_id IS NOT NULL",
    "CREATE VIEW postings AS
        SELECT id AS transfer_id, source, leg, debit_account AS account, user_id,
               -amount_units AS units, currency, kind, created_at_us FROM transfers
        UNION ALL
        SELECT id, source, leg, credit_account, user_id, amount_units, currency, kind, created_at_us FROM transfers",
    "CREATE TABLE idempotency_claims (
        scope <UUID> NOT NULL,
        key TEXT NOT NULL,
        fingerprint <BYTES> NOT NULL,
        outcome <UUID> NOT NULL,
        CONSTRAINT idempotency_once PRIMARY KEY (scope, key)
    ) <STRICT>",
];

/// `namaskah_require` ends a commit's statement by name when a part of it did not do what the unit promised.
const POSTGRES: [&str; 5] = [
    "CREATE INDEX transfers_by_time ON transfers USING brin (created_at_us)",
    "CREATE FUNCTION journal_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        RAISE EXCEPTION 'the journal is final' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'journal_is_final';
     END $$",
    "CREATE TRIGGER transfers_final BEFORE UPDATE OR DELETE ON transfers
        FOR EACH ROW EXECUTE FUNCTION journal_is_final()",
    "CREATE TRIGGER transfers_kept BEFORE TRUNCATE ON transfers
        FOR EACH STATEMENT EXECUTE FUNCTION journal_is_final()",
    "CREATE FUNCTION namaskah_require(fulfilled boolean, name text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
     BEGIN
        IF fulfilled IS NOT TRUE THEN
            RAISE EXCEPTION '%', name USING ERRCODE = 'NM001', CONSTRAINT = name;
        END IF;
        RETURN true;
     END $$",
];

const SQLITE: [&str; 2] = [
    "CREATE TRIGGER transfers_final BEFORE UPDATE ON transfers
        BEGIN SELECT RAISE(ABORT, 'the journal is final'); END",
    "CREATE TRIGGER transfers_kept BEFORE DELETE ON transfers
        BEGIN SELECT RAISE(ABORT, 'the journal is final'); END",
];
