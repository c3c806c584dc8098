//! Users as a provider of identities knows them.

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
        both(manager, &["DROP TABLE identities"]).await
    }
}

/// A sign-in finds its user by issuer and subject. Of a user who has left no subject stays, so that it may come again.
const TABLES: [&str; 2] = [
    "CREATE TABLE identities (
        id <UUID> NOT NULL CONSTRAINT identities_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        issuer TEXT NOT NULL,
        subject TEXT,
        linked_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT identities_subject_once UNIQUE (issuer, subject)
    ) <STRICT>",
    "CREATE INDEX identities_of_user ON identities (user_id, id) WHERE subject IS NOT NULL",
];
