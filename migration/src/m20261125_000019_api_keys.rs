//! Credentials of programs.

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
        both(manager, &["DROP TABLE api_keys"]).await
    }
}

/// A request finds its key by the hash; a user's list is of those that were not deleted. Rows are written again once
/// a minute while their keys are in use, so Postgres leaves room beside them.
const TABLES: [&str; 2] = [
    "CREATE TABLE api_keys (
        id <UUID> NOT NULL CONSTRAINT api_keys_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        secret_hash <BYTES> NOT NULL CONSTRAINT api_keys_secret_once UNIQUE,
        scopes TEXT NOT NULL CONSTRAINT api_keys_scopes_not_empty CHECK (scopes <> ''),
        allowed_ips TEXT,
        created_at_us <INT> NOT NULL,
        expires_at_us <INT>,
        last_used_at_us <INT>,
        ended_at_us <INT>,
        version <INT> NOT NULL
    ) <ROOMY>",
    "CREATE INDEX api_keys_open ON api_keys (user_id, id) WHERE ended_at_us IS NULL",
];
