//! What a commit leaves for those who work after it; leases and settings.

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
                "DROP TABLE settings",
                "DROP TABLE leases",
                "DROP TABLE jobs",
                "DROP TABLE events",
                "DROP TABLE notices",
            ],
        )
        .await
    }
}

const TABLES: [&str; 11] = [
    "CREATE TABLE notices (
        id <UUID> NOT NULL CONSTRAINT notices_key PRIMARY KEY,
        sender TEXT NOT NULL,
        key TEXT NOT NULL,
        subject TEXT,
        body_sealed <BYTES> NOT NULL,
        at_us <INT> NOT NULL,
        state TEXT NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT notices_once UNIQUE (sender, key),
        CONSTRAINT notices_state_known CHECK (state IN ('new', 'unmatched', 'handled'))
    ) <STRICT>",
    "CREATE INDEX notices_new ON notices (sender, id) WHERE state = 'new'",
    "CREATE INDEX notices_unmatched ON notices (sender, subject) WHERE state = 'unmatched'",
    "CREATE TABLE events (
        recorded <SERIAL>,
        id <UUID> NOT NULL,
        user_id <UUID> NOT NULL,
        kind TEXT NOT NULL,
        subject <UUID> NOT NULL,
        subject_version <INT> NOT NULL,
        at_us <INT> NOT NULL,
        sequence <INT>,
        CONSTRAINT events_once UNIQUE (id),
        CONSTRAINT events_sequence_once UNIQUE (sequence)
    ) <ROOMY>",
    "CREATE INDEX events_of_user ON events (user_id, sequence) WHERE sequence IS NOT NULL",
    "CREATE INDEX events_unstamped ON events (recorded) WHERE sequence IS NULL",
    "CREATE TABLE jobs (
        id <UUID> NOT NULL CONSTRAINT jobs_key PRIMARY KEY,
        kind TEXT NOT NULL,
        payload_sealed <BYTES> NOT NULL,
        run_at_us <INT> NOT NULL,
        state TEXT NOT NULL,
        attempts <INT> NOT NULL,
        fence <INT> NOT NULL,
        holder <UUID>,
        leased_until_us <INT> NOT NULL,
        buried_for TEXT,
        CONSTRAINT jobs_state_known CHECK (state IN ('pending', 'buried'))
    ) <STRICT>",
    "CREATE INDEX jobs_due ON jobs (run_at_us) WHERE state = 'pending'",
    "CREATE INDEX jobs_held ON jobs (holder) WHERE holder IS NOT NULL",
    "CREATE TABLE leases (
        name TEXT NOT NULL CONSTRAINT leases_key PRIMARY KEY,
        holder <UUID>,
        fence <INT> NOT NULL,
        until_us <INT> NOT NULL
    ) <STRICT>",
    "CREATE TABLE settings (
        key TEXT NOT NULL CONSTRAINT settings_key PRIMARY KEY,
        value TEXT NOT NULL
    ) <STRICT>",
];
