//! Endpoints of users, deliveries to them and their tries. URLs and secrets are sealed, and go when an endpoint is deleted.

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
                "DROP TABLE webhook_cursors",
                "DROP TABLE webhook_attempts",
                "DROP TABLE webhook_deliveries",
                "DROP TABLE webhook_endpoints",
            ],
        )
        .await
    }
}

/// The cursor begins behind what has happened: nobody has asked for it.
const TABLES: [&str; 9] = [
    "CREATE TABLE webhook_endpoints (
        id <UUID> NOT NULL CONSTRAINT webhook_endpoints_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        url_sealed <BYTES>,
        events TEXT NOT NULL,
        description TEXT,
        secret_sealed <BYTES>,
        previous_secret_sealed <BYTES>,
        previous_until_us <INT>,
        state TEXT NOT NULL,
        off_at_us <INT>,
        failures <INT> NOT NULL,
        failing_since_us <INT>,
        failed_at_us <INT>,
        rests_until_us <INT>,
        after_sequence <INT> NOT NULL,
        created_at_us <INT> NOT NULL,
        updated_at_us <INT> NOT NULL,
        deleted_at_us <INT>,
        version <INT> NOT NULL,
        CONSTRAINT webhook_endpoints_state_known CHECK (state IN ('on', 'switched_off', 'failing', 'gone')),
        CONSTRAINT webhook_endpoints_off_since CHECK ((state = 'on') = (off_at_us IS NULL)),
        CONSTRAINT webhook_endpoints_kept_whole
            CHECK (deleted_at_us IS NOT NULL OR (url_sealed IS NOT NULL AND secret_sealed IS NOT NULL)),
        CONSTRAINT webhook_endpoints_erased
            CHECK (deleted_at_us IS NULL OR (url_sealed IS NULL AND secret_sealed IS NULL
                AND previous_secret_sealed IS NULL AND description IS NULL))
    ) <STRICT>",
    "CREATE INDEX webhook_endpoints_of_user ON webhook_endpoints (user_id, id) WHERE deleted_at_us IS NULL",
    "CREATE TABLE webhook_deliveries (
        id <UUID> NOT NULL CONSTRAINT webhook_deliveries_key PRIMARY KEY,
        endpoint_id <UUID> NOT NULL,
        user_id <UUID> NOT NULL,
        event_id <UUID> NOT NULL,
        sequence <INT>,
        kind TEXT NOT NULL,
        subject <UUID>,
        happened_at_us <INT> NOT NULL,
        state TEXT NOT NULL,
        state_at_us <INT> NOT NULL,
        tried <INT> NOT NULL,
        attempts <INT> NOT NULL,
        created_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT webhook_deliveries_once UNIQUE (endpoint_id, event_id),
        CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('waiting', 'delivered', 'failed', 'dropped')),
        CONSTRAINT webhook_deliveries_of_events CHECK ((sequence IS NULL) = (subject IS NULL))
    ) <ROOMY>",
    "CREATE INDEX webhook_deliveries_of_endpoint ON webhook_deliveries (endpoint_id, id)",
    "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state_at_us, endpoint_id) WHERE state = 'waiting'",
    "CREATE INDEX webhook_deliveries_due_of ON webhook_deliveries (endpoint_id, state_at_us) WHERE state = 'waiting'",
    "CREATE TABLE webhook_attempts (
        id <UUID> NOT NULL CONSTRAINT webhook_attempts_key PRIMARY KEY,
        delivery_id <UUID> NOT NULL,
        number <INT> NOT NULL,
        at_us <INT> NOT NULL,
        outcome TEXT NOT NULL,
        status <INT>,
        took_ms <INT> NOT NULL,
        CONSTRAINT webhook_attempts_once UNIQUE (delivery_id, number),
        CONSTRAINT webhook_attempts_outcome_known
            CHECK (outcome IN ('delivered', 'refused', 'timed_out', 'not_reached', 'broken')),
        CONSTRAINT webhook_attempts_answered
            CHECK ((outcome IN ('delivered', 'refused')) = (status IS NOT NULL))
    ) <STRICT>",
    "CREATE TABLE webhook_cursors (
        name TEXT NOT NULL CONSTRAINT webhook_cursors_key PRIMARY KEY,
        sequence <INT> NOT NULL,
        version <INT> NOT NULL
    ) <STRICT>",
    "INSERT INTO webhook_cursors (name, sequence, version)
        SELECT 'events', COALESCE(MAX(sequence), 0), 1 FROM events",
];
