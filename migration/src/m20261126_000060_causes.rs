//! Jobs, events and deliveries know the trace that has caused them, as W3C's `traceparent` writes it.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &DOWN).await
    }
}

/// Code that knows no cause leaves it out, and whatever it has written begins a trace of its own.
const UP: [&str; 3] = [
    "ALTER TABLE jobs ADD COLUMN traceparent TEXT",
    "ALTER TABLE events ADD COLUMN traceparent TEXT",
    "ALTER TABLE webhook_deliveries ADD COLUMN traceparent TEXT",
];

const DOWN: [&str; 3] = [
    "ALTER TABLE webhook_deliveries DROP COLUMN traceparent",
    "ALTER TABLE events DROP COLUMN traceparent",
    "ALTER TABLE jobs DROP COLUMN traceparent",
];
