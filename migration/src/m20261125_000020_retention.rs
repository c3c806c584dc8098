//! What is erased after its time is found by how old it is; and which keys have sealed something.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &ADDED).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(
            manager,
            &[
                "DROP TABLE sealing_keys",
                "DROP INDEX jobs_buried",
                "DROP INDEX notices_kept",
                "DROP INDEX messages_kept",
                "DROP INDEX purchases_kept",
                "DROP INDEX orders_kept",
            ],
        )
        .await
    }
}

/// Each index holds what is not erased yet, so none grows with the years. `id` of a key is derived from the key: hex.
const ADDED: [&str; 6] = [
    "CREATE INDEX orders_kept ON orders (ended_at_us) WHERE number_sealed IS NOT NULL AND ended_at_us IS NOT NULL",
    "CREATE INDEX purchases_kept ON purchases (bound_at_us) WHERE number_sealed IS NOT NULL",
    "CREATE INDEX messages_kept ON messages (stored_at_us)
        WHERE sender_sealed IS NOT NULL OR text_sealed IS NOT NULL OR code_sealed IS NOT NULL",
    "CREATE INDEX notices_kept ON notices (at_us) WHERE state <> 'new' AND length(body_sealed) > 0",
    "CREATE INDEX jobs_buried ON jobs (kind, run_at_us) WHERE state = 'buried'",
    "CREATE TABLE sealing_keys (
        id TEXT NOT NULL CONSTRAINT sealing_keys_key PRIMARY KEY,
        since_us <INT> NOT NULL
    ) <STRICT>",
];
