//! Addresses that mail servers have refused, by a keyed digest alone; and what support says often.

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
        both(manager, &["DROP TABLE canned_answers", "DROP TABLE mail_suppressions"]).await
    }
}

const TABLES: [&str; 3] = [
    "CREATE TABLE mail_suppressions (
        address_digest <BYTES> NOT NULL CONSTRAINT mail_suppressions_key PRIMARY KEY,
        reply <INT> NOT NULL,
        at_us <INT> NOT NULL,
        lifted_at_us <INT>,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE TABLE canned_answers (
        id <UUID> NOT NULL CONSTRAINT canned_answers_key PRIMARY KEY,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        updated_at_us <INT> NOT NULL,
        removed_at_us <INT>,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE INDEX canned_answers_in_use ON canned_answers (id) WHERE removed_at_us IS NULL",
];
