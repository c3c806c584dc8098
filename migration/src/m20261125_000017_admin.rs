//! The audit log, from where staff may come, and what staff finds users and their past by.

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
        both(
            manager,
            &[
                "DROP INDEX users_by_email",
                "DROP INDEX refunds_of_user",
                "DROP INDEX sessions_of_user",
                "DROP TABLE allowlists",
                "DROP TABLE audit_log",
            ],
        )
        .await?;
        on_postgres(manager, &["DROP FUNCTION audit_log_is_final()"]).await
    }
}

const TABLES: [&str; 7] = [
    "CREATE TABLE audit_log (
        id <UUID> NOT NULL CONSTRAINT audit_log_key PRIMARY KEY,
        actor_id <UUID>,
        role TEXT,
        ip TEXT,
        request_id TEXT,
        action TEXT NOT NULL,
        subject_kind TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        facts_before TEXT NOT NULL,
        facts_after TEXT NOT NULL,
        at_us <INT> NOT NULL,
        CONSTRAINT audit_log_actor_is_whole CHECK (
            (actor_id IS NULL) = (role IS NULL) AND (actor_id IS NULL) = (ip IS NULL)
            AND (actor_id IS NULL) = (request_id IS NULL))
    ) <STRICT>",
    "CREATE INDEX audit_log_of_actor ON audit_log (actor_id, id) WHERE actor_id IS NOT NULL",
    "CREATE INDEX audit_log_of_subject ON audit_log (subject_id, id)",
    "CREATE TABLE allowlists (
        name TEXT NOT NULL CONSTRAINT allowlists_key PRIMARY KEY,
        networks TEXT NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT allowlists_of_staff_alone CHECK (name = 'staff')
    ) <STRICT>",
    "CREATE INDEX sessions_of_user ON sessions (user_id, id)",
    "CREATE INDEX refunds_of_user ON refunds (user_id, id)",
    // Addresses are compared byte by byte, so that a beginning is a range.
    "CREATE INDEX users_by_email ON users (email <BYTEWISE>)",
];

const POSTGRES: [&str; 3] = [
    "CREATE FUNCTION audit_log_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
        RAISE EXCEPTION 'the audit log is final'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_log_is_final';
     END $$",
    "CREATE TRIGGER audit_log_final BEFORE UPDATE OR DELETE ON audit_log
        FOR EACH ROW EXECUTE FUNCTION audit_log_is_final()",
    "CREATE TRIGGER audit_log_kept BEFORE TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_final()",
];

const SQLITE: [&str; 2] = [
    "CREATE TRIGGER audit_log_final BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is final'); END",
    "CREATE TRIGGER audit_log_kept BEFORE DELETE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is final'); END",
];
