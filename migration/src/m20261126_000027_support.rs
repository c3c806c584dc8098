//! Tickets of support, and their lines. Words are sealed, and erased with the account of their user.

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
        both(manager, &["DROP TABLE ticket_lines", "DROP TABLE tickets"]).await
    }
}

const TABLES: [&str; 7] = [
    "CREATE TABLE tickets (
        id <UUID> NOT NULL CONSTRAINT tickets_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        subject_sealed <BYTES>,
        category TEXT NOT NULL,
        order_id <UUID>,
        payment_id <UUID>,
        status TEXT NOT NULL,
        assignee <UUID>,
        lines <INT> NOT NULL,
        opened_at_us <INT> NOT NULL,
        updated_at_us <INT> NOT NULL,
        version <INT> NOT NULL,
        CONSTRAINT tickets_category_known CHECK (category IN ('verification', 'payment', 'account', 'other')),
        CONSTRAINT tickets_status_known CHECK (status IN ('open', 'answered', 'closed')),
        CONSTRAINT tickets_not_endless CHECK (lines BETWEEN 1 AND 200),
        CONSTRAINT tickets_of_others CHECK (assignee IS NULL OR assignee <> user_id)
    ) <STRICT>",
    "CREATE INDEX tickets_of_user ON tickets (user_id, id)",
    "CREATE INDEX tickets_open_of_user ON tickets (user_id) WHERE status <> 'closed'",
    "CREATE INDEX tickets_in_status ON tickets (status, id)",
    "CREATE INDEX tickets_of_assignee ON tickets (assignee, id) WHERE assignee IS NOT NULL",
    "CREATE TABLE ticket_lines (
        id <UUID> NOT NULL CONSTRAINT ticket_lines_key PRIMARY KEY,
        ticket_id <UUID> NOT NULL,
        author TEXT NOT NULL,
        author_id <UUID>,
        text_sealed <BYTES>,
        at_us <INT> NOT NULL,
        CONSTRAINT ticket_lines_author_known CHECK (author IN ('customer', 'staff', 'note')),
        CONSTRAINT ticket_lines_of_staff_named CHECK ((author = 'customer') = (author_id IS NULL))
    ) <STRICT>",
    "CREATE INDEX ticket_lines_of_ticket ON ticket_lines (ticket_id, id)",
];
