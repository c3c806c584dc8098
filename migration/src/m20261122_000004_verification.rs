//! Quotes, orders, purchases, and the texts that arrive.
//!
//! Columns that end in `_sealed` are encrypted; `_digest` columns are keyed digests, to look such values up.

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
        both(
            manager,
            &[
                "DROP TABLE shown_numbers",
                "DROP TABLE messages",
                "DROP TABLE purchases",
                "DROP TABLE orders",
                "DROP TABLE quotes",
            ],
        )
        .await
    }
}

const TABLES: [&str; 14] = [
    "CREATE TABLE quotes (
        id <UUID> NOT NULL CONSTRAINT quotes_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        service TEXT NOT NULL,
        country TEXT NOT NULL,
        capability TEXT NOT NULL,
        area_code TEXT,
        carrier TEXT,
        cost_units <INT> NOT NULL,
        cost_currency TEXT NOT NULL,
        price_units <INT> NOT NULL,
        price_currency TEXT NOT NULL,
        created_at_us <INT> NOT NULL,
        expires_at_us <INT> NOT NULL,
        used_by <UUID>,
        version <INT> NOT NULL,
        CONSTRAINT quotes_price_above_zero CHECK (price_units > 0)
    ) <STRICT>",
    "CREATE TABLE orders (
        id <UUID> NOT NULL CONSTRAINT orders_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        service TEXT NOT NULL,
        country TEXT NOT NULL,
        capability TEXT NOT NULL,
        area_code TEXT,
        carrier TEXT,
        price_units <INT> NOT NULL,
        price_currency TEXT NOT NULL,
        hold_id <UUID> NOT NULL,
        metadata TEXT,
        attempt <INT> NOT NULL,
        retry_of <UUID>,
        batch_id <UUID>,
        created_at_us <INT> NOT NULL,
        cancel_allowed_at_us <INT> NOT NULL,
        cancel_requested_at_us <INT>,
        state TEXT NOT NULL,
        purchase_id <UUID>,
        reservation TEXT,
        number_sealed <BYTES>,
        number_digest <BYTES>,
        bound_at_us <INT>,
        expires_at_us <INT>,
        ended_at_us <INT>,
        failure TEXT,
        version <INT> NOT NULL,
        CONSTRAINT orders_price_above_zero CHECK (price_units > 0),
        CONSTRAINT orders_state_known CHECK
            (state IN ('requested', 'waiting', 'completed', 'cancelled', 'expired', 'failed')),
        CONSTRAINT orders_end_has_a_time CHECK ((state IN ('requested', 'waiting')) = (ended_at_us IS NULL)),
        CONSTRAINT orders_number_as_the_state_says CHECK ((state IN ('requested', 'failed')) = (purchase_id IS NULL))
    ) <ROOMY>",
    "CREATE INDEX orders_of_user ON orders (user_id, id)",
    "CREATE INDEX orders_ending ON orders (expires_at_us) WHERE state = 'waiting'",
    "CREATE INDEX orders_waiting_on ON orders (number_digest) WHERE state = 'waiting'",
    "CREATE INDEX orders_ended ON orders (ended_at_us) WHERE ended_at_us IS NOT NULL",
    "CREATE TABLE purchases (
        id <UUID> NOT NULL CONSTRAINT purchases_key PRIMARY KEY,
        provider TEXT NOT NULL,
        order_id <UUID>,
        user_id <UUID>,
        service TEXT NOT NULL,
        country TEXT NOT NULL,
        capability TEXT NOT NULL,
        area_code TEXT,
        carrier TEXT,
        cost_cap_units <INT> NOT NULL,
        cost_cap_currency TEXT NOT NULL,
        sent_at_us <INT> NOT NULL,
        send_by_us <INT> NOT NULL,
        state TEXT NOT NULL,
        absent_at_us <INT>,
        reservation TEXT,
        number_sealed <BYTES>,
        number_digest <BYTES>,
        cost_units <INT>,
        cost_currency TEXT,
        reserved_at_us <INT>,
        bound_at_us <INT>,
        receivable TEXT,
        receivable_at_us <INT>,
        missed_times <INT>,
        missed_first_at_us <INT>,
        version <INT> NOT NULL,
        CONSTRAINT purchases_state_known CHECK (state IN ('sent', 'bound', 'absent', 'orphan')),
        CONSTRAINT purchases_number_as_the_state_says CHECK ((state IN ('bound', 'orphan')) = (reservation IS NOT NULL))
    ) <ROOMY>",
    "CREATE UNIQUE INDEX purchases_reservation_once ON purchases (provider, reservation)
        WHERE reservation IS NOT NULL",
    "CREATE INDEX purchases_unknown ON purchases (provider, sent_at_us) WHERE state = 'sent'",
    "CREATE INDEX purchases_by_time ON purchases (provider, sent_at_us)",
    "CREATE INDEX purchases_of_order ON purchases (order_id) WHERE order_id IS NOT NULL",
    "CREATE TABLE messages (
        id <UUID> NOT NULL CONSTRAINT messages_key PRIMARY KEY,
        order_id <UUID> NOT NULL,
        reservation TEXT NOT NULL,
        sender_sealed <BYTES>,
        text_sealed <BYTES>,
        code_sealed <BYTES>,
        text_digest <BYTES> NOT NULL,
        received_at_us <INT> NOT NULL,
        stored_at_us <INT> NOT NULL,
        late <BOOL> NOT NULL,
        CONSTRAINT messages_once UNIQUE (reservation, received_at_us, text_digest)
    ) <STRICT>",
    "CREATE INDEX messages_of_order ON messages (order_id)",
    "CREATE TABLE shown_numbers (
        user_id <UUID> NOT NULL,
        service TEXT NOT NULL,
        number_digest <BYTES> NOT NULL,
        order_id <UUID> NOT NULL,
        at_us <INT> NOT NULL,
        CONSTRAINT shown_numbers_once PRIMARY KEY (user_id, service, number_digest)
    ) <STRICT>",
];
