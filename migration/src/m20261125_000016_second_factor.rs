//! A second factor in the user's record, and the step-up of a session.

use sea_orm_migration::prelude::*;

use crate::dialect::both;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        both(manager, &COLUMNS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The columns with checks over others go first.
        both(
            manager,
            &[
                "ALTER TABLE sessions DROP COLUMN elevated_until_us",
                "ALTER TABLE users DROP COLUMN totp_recovery_hashes",
                "ALTER TABLE users DROP COLUMN totp_closed_until_us",
                "ALTER TABLE users DROP COLUMN totp_misses",
                "ALTER TABLE users DROP COLUMN totp_last_step",
                "ALTER TABLE users DROP COLUMN totp_secret_sealed",
                "ALTER TABLE users DROP COLUMN totp_since_us",
                "ALTER TABLE users DROP COLUMN totp_state",
            ],
        )
        .await
    }
}

/// The code that ran before writes users without these columns, and leaves them as they are.
const COLUMNS: [&str; 8] = [
    "ALTER TABLE users ADD COLUMN totp_state TEXT
        CONSTRAINT users_totp_state_known CHECK (totp_state IN ('pending', 'on'))",
    "ALTER TABLE users ADD COLUMN totp_since_us <INT>",
    "ALTER TABLE users ADD COLUMN totp_secret_sealed <BYTES>
        CONSTRAINT users_totp_with_a_secret CHECK (
            (totp_state IS NULL) = (totp_secret_sealed IS NULL) AND (totp_state IS NULL) = (totp_since_us IS NULL))",
    "ALTER TABLE users ADD COLUMN totp_last_step <INT>",
    "ALTER TABLE users ADD COLUMN totp_misses <INT>
        CONSTRAINT users_totp_misses_not_negative CHECK (totp_misses >= 0)",
    "ALTER TABLE users ADD COLUMN totp_closed_until_us <INT>",
    "ALTER TABLE users ADD COLUMN totp_recovery_hashes <BYTES>
        CONSTRAINT users_totp_on_is_whole CHECK (
            (coalesce(totp_state, '') = 'on') = (totp_recovery_hashes IS NOT NULL)
            AND (totp_recovery_hashes IS NULL) = (totp_last_step IS NULL)
            AND (totp_recovery_hashes IS NULL) = (totp_misses IS NULL)
            AND (totp_recovery_hashes IS NULL) = (totp_closed_until_us IS NULL))",
    "ALTER TABLE sessions ADD COLUMN elevated_until_us <INT>",
];
