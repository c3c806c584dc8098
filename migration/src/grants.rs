//! What the product's own user of a Postgres may, where another user owns the schema: no more than it needs.

/// Tables whose rows nothing changes: whoever steals the product's password cannot change them either.
pub const APPENDED: &[&str] = &[
    "audit_log",
    "batches",
    "bookings",
    "reconciliation_runs",
    "seals",
    "shown_numbers",
    "suppressed_numbers",
    "transfers",
];

/// Tables whose rows are changed and never deleted.
pub const CHANGED: &[&str] = &[
    "accounts",
    "adjustments",
    "allowlists",
    "api_keys",
    "canned_answers",
    "disputes",
    "events",
    "findings",
    "holds",
    "identities",
    "intents",
    "leases",
    "mail_suppressions",
    "messages",
    "notices",
    "orders",
    "pricing_rules",
    "promo_grants",
    "provider_switches",
    "purchases",
    "refunds",
    "schedules",
    "seals_pending",
    "service_decisions",
    "settings",
    "suspense",
    "ticket_lines",
    "tickets",
    "users",
    "wallet_settings",
    "webhook_cursors",
    "webhook_endpoints",
];

/// Tables whose rows are changed, and deleted once they are of no more use.
pub const DELETED: &[&str] = &[
    "jobs",
    "mail_tokens",
    "notification_settings",
    "notifications",
    "quotes",
    "refresh_tokens",
    "sealing_keys",
    "sessions",
    "webhook_deliveries",
];

/// Tables whose rows nothing changes, and that are deleted once they are of no more use.
pub const DROPPED: &[&str] = &["idempotency_claims", "webhook_attempts"];

/// The statements that let `role` serve, for whoever owns the schema. Safe to repeat, and to be repeated after each
/// migration that adds a table. What the role had before is taken first.
pub fn grants(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let changed = [CHANGED, DELETED].concat().join(", ");
    let deleted = [DELETED, DROPPED].concat().join(", ");
    [
        format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role};"),
        format!("REVOKE CREATE ON SCHEMA public FROM {role}, PUBLIC;"),
        format!("GRANT USAGE ON SCHEMA public TO {role};"),
        format!("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {role};"),
        format!("REVOKE INSERT ON seaql_migrations FROM {role};"),
        format!("GRANT UPDATE ON {changed} TO {role};"),
        format!("GRANT DELETE ON {deleted} TO {role};"),
        format!("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};"),
    ]
    .join("\n")
}
