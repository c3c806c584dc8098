//! What users are told, what they wish of that, and since when they know that their balance is low.

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
                "DROP INDEX wallet_settings_watched",
                "ALTER TABLE wallet_settings DROP COLUMN low_since_us",
                "DROP TABLE notification_settings",
                "DROP TABLE notifications",
            ],
        )
        .await
    }
}

/// `occasion` has no list of its words, so that a new one needs no migration; what is not known is not read.
const TABLES: [&str; 9] = [
    "CREATE TABLE notifications (
        id <UUID> NOT NULL CONSTRAINT notifications_key PRIMARY KEY,
        user_id <UUID> NOT NULL,
        occasion TEXT NOT NULL,
        subject <UUID>,
        at_us <INT> NOT NULL,
        read_at_us <INT>,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE INDEX notifications_of_user ON notifications (user_id, id)",
    "CREATE INDEX notifications_unread ON notifications (user_id, id) WHERE read_at_us IS NULL",
    "CREATE UNIQUE INDEX notifications_expiring_once ON notifications (subject)
        WHERE occasion = 'number_expiring'",
    "CREATE UNIQUE INDEX notifications_to_staff_once ON notifications (user_id, occasion, subject)
        WHERE occasion IN ('ticket_opened', 'payment_suspended', 'mismatches_found')",
    "CREATE TABLE notification_settings (
        user_id <UUID> NOT NULL CONSTRAINT notification_settings_key PRIMARY KEY,
        choices TEXT NOT NULL,
        wants_expiring <BOOL> NOT NULL,
        version <INT> NOT NULL
    ) <STRICT>",
    "CREATE INDEX notification_settings_expiring ON notification_settings (user_id) WHERE wants_expiring",
    "ALTER TABLE wallet_settings ADD COLUMN low_since_us <INT>",
    "CREATE INDEX wallet_settings_watched ON wallet_settings (user_id)
        WHERE low_balance_threshold_units IS NOT NULL",
];
