//! The guards of the database itself: what they hold cannot be seen in rows, only that they stand.

use sea_orm::DbBackend;

use super::law::{Law, Subject};

/// The constraints, unique indexes and triggers that promises lean on, but for those that `$known` finds.
macro_rules! guards {
    ($known:literal) => {
        concat!(
            "SELECT g.name AS id, 'is missing, or switched off' AS why FROM (",
            "SELECT 'accounts_wallet_covers_held' AS name UNION ALL SELECT 'accounts_promo_covers_held' ",
            "UNION ALL SELECT 'accounts_wallet_held_not_negative' UNION ALL SELECT 'accounts_promo_held_not_negative' ",
            "UNION ALL SELECT 'accounts_promo_lapsed_not_negative' ",
            "UNION ALL SELECT 'holds_one_open_an_order' UNION ALL SELECT 'transfers_source_once' ",
            "UNION ALL SELECT 'idempotency_once' UNION ALL SELECT 'intents_reference_once' ",
            "UNION ALL SELECT 'purchases_reservation_once' UNION ALL SELECT 'messages_once' ",
            "UNION ALL SELECT 'adjustments_four_eyes' UNION ALL SELECT 'adjustments_of_others' ",
            "UNION ALL SELECT 'transfers_final' UNION ALL SELECT 'transfers_kept') g WHERE NOT EXISTS (",
            $known,
            ")"
        )
    };
}

const ON_POSTGRES: &str = guards!(
    "SELECT 1 FROM pg_constraint c WHERE c.conname = g.name AND c.convalidated \
     UNION ALL SELECT 1 FROM pg_class r JOIN pg_index x ON x.indexrelid = r.oid \
     WHERE r.relname = g.name AND x.indisvalid AND x.indisunique \
     UNION ALL SELECT 1 FROM pg_trigger t WHERE t.tgname = g.name AND t.tgenabled IN ('O', 'A')"
);

const ON_SQLITE: &str = guards!(
    "SELECT 1 FROM sqlite_master m WHERE m.name = g.name OR m.sql LIKE '%CONSTRAINT ' || g.name || ' %'"
);

/// The one law whose text is the database's own.
pub(super) fn law(backend: DbBackend) -> Law {
    Law {
        promise: 4,
        name: "guards",
        says: "the constraints, unique indexes and triggers that hold the promises stand",
        of: "settings",
        subject: Subject::Text,
        of_ledger: true,
        broken: if backend == DbBackend::Postgres { ON_POSTGRES } else { ON_SQLITE },
    }
}
