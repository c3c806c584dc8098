//! Findings of reconciliation, and what payments and credits are found by.

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
                "DROP INDEX transfers_out_of_float",
                "DROP INDEX transfers_into_float",
                "DROP INDEX intents_booked",
                "DROP TABLE findings",
            ],
        )
        .await
    }
}

/// The float is a sum of the journal. Few transfers touch it, and these alone are in its indexes.
const TABLES: [&str; 5] = [
    "CREATE TABLE findings (
        id <UUID> NOT NULL CONSTRAINT findings_key PRIMARY KEY,
        book TEXT NOT NULL,
        item TEXT NOT NULL,
        mismatch TEXT NOT NULL,
        ours_units <INT>,
        ours_currency TEXT,
        theirs_units <INT>,
        theirs_currency TEXT,
        at_us <INT> NOT NULL,
        found_at_us <INT> NOT NULL,
        accepted_units <INT>,
        state TEXT NOT NULL,
        state_at_us <INT>,
        note TEXT,
        version <INT> NOT NULL,
        CONSTRAINT findings_item_once UNIQUE (book, item),
        CONSTRAINT findings_mismatch_known CHECK (mismatch IN ('amount_differs', 'only_ours', 'only_theirs')),
        CONSTRAINT findings_state_known CHECK (state IN ('open', 'matched', 'resolved')),
        CONSTRAINT findings_closed_once CHECK ((state = 'open') = (state_at_us IS NULL)),
        CONSTRAINT findings_resolved_with_a_note CHECK ((state = 'resolved') = (note IS NOT NULL))
    ) <STRICT>",
    "CREATE INDEX findings_open ON findings (found_at_us, id) WHERE state = 'open'",
    "CREATE INDEX intents_booked ON intents (state_at_us) WHERE state IN ('succeeded', 'suspense')",
    "CREATE INDEX transfers_into_float ON transfers (amount_units)
        WHERE debit_account = 'provider_float:textverified'",
    "CREATE INDEX transfers_out_of_float ON transfers (amount_units)
        WHERE credit_account = 'provider_float:textverified'",
];
