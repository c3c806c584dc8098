//! By what staff finds payments, what was set aside, disputes and notices.

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

/// Few payments go back or are disputed, and few notices are the gateway's: these alone are in their indexes.
const UP: [&str; 6] = [
    "CREATE INDEX intents_by_state ON intents (state, id)",
    "CREATE INDEX intents_gone_back ON intents (id) WHERE back_arrived_units > 0",
    "CREATE INDEX intents_disputed ON intents (id) WHERE back_disputes > 0",
    "CREATE INDEX suspense_by_state ON suspense (state, payment_id)",
    "CREATE INDEX disputes_of_payment ON disputes (payment_id, id)",
    "CREATE INDEX notices_about_payments ON notices (subject) WHERE sender = 'paystack'",
];

const DOWN: [&str; 6] = [
    "DROP INDEX notices_about_payments",
    "DROP INDEX disputes_of_payment",
    "DROP INDEX suspense_by_state",
    "DROP INDEX intents_disputed",
    "DROP INDEX intents_gone_back",
    "DROP INDEX intents_by_state",
];
