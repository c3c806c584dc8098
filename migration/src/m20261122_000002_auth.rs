//! Users, sessions and their tokens.

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
                "DROP TABLE mail_tokens",
                "DROP TABLE refresh_tokens",
                "DROP TABLE sessions",
                "DROP TABLE users",
            ],
        )
        .await
    }
}

const TABLES: [&str; 7] = [
    "CREATE TABLE users (
        id <UUID> NOT NULL CONSTRAINT users_key PRIMARY KEY,
        email TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        role TEXT NOT NULL,
        email_verified_at_us <INT>,
        suspended_for TEXT,
        suspended_since_us <INT>,
        suspended_until_us <INT>,
        must_change_password <BOOL> NOT NULL,
        password_changed_at_us <INT> NOT NULL,
        created_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT users_email_once UNIQUE (email)
    ) <STRICT>",
    "CREATE INDEX users_staff ON users (role) WHERE role <> 'user'",
    "CREATE TABLE sessions (
        id <UUID> NOT NULL CONSTRAINT sessions_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        cookie_hash <BYTES>,
        device TEXT,
        ip TEXT,
        created_at_us <INT> NOT NULL,
        last_used_at_us <INT> NOT NULL,
        expires_at_us <INT> NOT NULL,
        ended_at_us <INT>,
        ended_for TEXT,
        version <INT> NOT NULL,
        CONSTRAINT sessions_end_has_a_reason CHECK ((ended_at_us IS NULL) = (ended_for IS NULL))
    ) <STRICT>",
    "CREATE UNIQUE INDEX sessions_cookie_once ON sessions (cookie_hash) WHERE cookie_hash IS NOT NULL",
    "CREATE INDEX sessions_open ON sessions (user_id) WHERE ended_at_us IS NULL",
    "CREATE TABLE refresh_tokens (
        hash <BYTES> NOT NULL CONSTRAINT refresh_tokens_key PRIMARY KEY,
        session_id <UUID> NOT NULL,
        user_id <UUID> NOT NULL,
        issued_at_us <INT> NOT NULL,
        expires_at_us <INT> NOT NULL,
        used_at_us <INT>,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE TABLE mail_tokens (
        hash <BYTES> NOT NULL CONSTRAINT mail_tokens_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        purpose TEXT NOT NULL,
        issued_at_us <INT> NOT NULL,
        expires_at_us <INT> NOT NULL,
        used_at_us <INT>,
        version <INT> NOT NULL
    ) <STRICT>",
];
