//! Suppressions can be listed: each has an identifier that sorts by when it was made, and the user whose address it was.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, on_postgres, on_sqlite};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_postgres(manager, &POSTGRES).await?;
        on_sqlite(manager, &SQLITE).await?;
        both(manager, &INDEX).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP INDEX mail_suppressions_active",
                "ALTER TABLE mail_suppressions DROP COLUMN user_id",
                "ALTER TABLE mail_suppressions DROP COLUMN id",
            ],
        )
        .await
    }
}

/// Code that knows no identifier leaves it to the database. Those of before have the time of their refusal in it, as any
/// of version 7.
const POSTGRES: [&str; 3] = [
    "ALTER TABLE mail_suppressions ADD COLUMN id UUID, ADD COLUMN user_id UUID",
    "UPDATE mail_suppressions SET id = CAST(lpad(to_hex(at_us / 1000), 12, '0') || '7' \
        || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15) AS UUID)",
    "ALTER TABLE mail_suppressions ALTER COLUMN id SET DEFAULT gen_random_uuid(), ALTER COLUMN id SET NOT NULL",
];

/// SQLite adds no column with such a default.
const SQLITE: [&str; 4] = [
    "CREATE TABLE mail_suppressions_anew (
        address_digest BLOB NOT NULL CONSTRAINT mail_suppressions_key PRIMARY KEY,
        reply INTEGER NOT NULL,
        at_us INTEGER NOT NULL,
        lifted_at_us INTEGER,
        version INTEGER NOT NULL,
        id BLOB NOT NULL DEFAULT (randomblob(16)),
        user_id BLOB
    ) STRICT",
    "INSERT INTO mail_suppressions_anew (address_digest, reply, at_us, lifted_at_us, version, id)
        SELECT address_digest, reply, at_us, lifted_at_us, version,
            unhex(printf('%012x', at_us / 1000) || '7' || substr(hex(randomblob(2)), 1, 3)
                || '8' || substr(hex(randomblob(8)), 1, 15))
        FROM mail_suppressions",
    "DROP TABLE mail_suppressions",
    "ALTER TABLE mail_suppressions_anew RENAME TO mail_suppressions",
];

const INDEX: [&str; 1] =
    ["CREATE UNIQUE INDEX mail_suppressions_active ON mail_suppressions (id) WHERE lifted_at_us IS NULL"];
