//! Corrections of wallets that staff asks for. That nobody decides on his own is the database's business as well.

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
        both(manager, &["DROP TABLE adjustments"]).await
    }
}

const TABLES: [&str; 5] = [
    "CREATE TABLE adjustments (
        id <UUID> NOT NULL CONSTRAINT adjustments_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        direction TEXT NOT NULL,
        amount_units <INT> NOT NULL,
        reason TEXT NOT NULL,
        proposed_by <UUID> NOT NULL,
        proposed_at_us <INT> NOT NULL,
        state TEXT NOT NULL,
        decided_by <UUID>,
        decided_at_us <INT>,
        note TEXT,
        version <INT> NOT NULL,
        CONSTRAINT adjustments_direction_known CHECK (direction IN ('credit', 'debit')),
        CONSTRAINT adjustments_amount_positive CHECK (amount_units > 0),
        CONSTRAINT adjustments_state_known CHECK (state IN ('proposed', 'booked', 'rejected')),
        CONSTRAINT adjustments_decided_once CHECK ((state = 'proposed') = (decided_at_us IS NULL)),
        CONSTRAINT adjustments_decided_by_nobody_or_once CHECK (decided_by IS NULL OR state <> 'proposed'),
        CONSTRAINT adjustments_rejected_by_somebody CHECK (state <> 'rejected' OR decided_by IS NOT NULL),
        CONSTRAINT adjustments_noted_when_rejected CHECK (note IS NULL OR state = 'rejected'),
        CONSTRAINT adjustments_four_eyes CHECK (decided_by IS NULL OR decided_by <> proposed_by),
        CONSTRAINT adjustments_of_others CHECK (
            proposed_by <> user_id AND (decided_by IS NULL OR decided_by <> user_id))
    ) <STRICT>",
    "CREATE INDEX adjustments_at_once_by ON adjustments (proposed_by, decided_at_us)
        WHERE state = 'booked' AND decided_by IS NULL",
    "CREATE INDEX adjustments_at_once_to ON adjustments (user_id, decided_at_us)
        WHERE state = 'booked' AND decided_by IS NULL",
    "CREATE INDEX adjustments_of_user ON adjustments (user_id, id)",
    "CREATE INDEX adjustments_proposed ON adjustments (id) WHERE state = 'proposed'",
];
