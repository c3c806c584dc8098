//! How Postgres goes about the hot queries, and which indexes both databases really have.

use std::fmt::Write;

use futures::future::join_all;
use namaskah_adapters::persistence::{Stores, connect};
use namaskah_domain::{Change, UnitOfWork, wallet::HoldEnd, webhook::Delivery};
use namaskah_tests::{contract::store::Backend, given};
use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};

use super::{Opened, both, budget, open_postgres};

/// Reads that happen at every request, every text or every half second; and lists that join what they show.
const HOT: [&str; 30] = [
    "account",
    "hold",
    "entries",
    "holds",
    "intent by reference",
    "intents due",
    "order",
    "orders",
    "messages of",
    "purchase by reservation",
    "held among",
    "ending",
    "oldest waiting",
    "orders requested",
    "orphans",
    "service decisions",
    "provider switches",
    "open pricing rules",
    "session",
    "refresh token",
    "api key",
    "new notices",
    "events of a user",
    "no job to lease",
    "listening",
    "cursor",
    "attempts",
    "due",
    "due of",
    "suppressed",
];

/// The plan of a statement for whatever values, without what changes with the size of the tables.
pub(super) async fn plan(opened: &Opened, sql: &str) -> String {
    let values = (1..100).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0);
    let nulls = vec!["NULL"; values].join(", ");
    let run = if nulls.is_empty() { "EXECUTE asked".to_owned() } else { format!("EXECUTE asked({nulls})") };
    let transaction = opened.database.connection().begin().await.expect("a transaction");
    for prepare in [
        "SET LOCAL plan_cache_mode = force_generic_plan",
        "SET LOCAL enable_seqscan = off",
        "SET LOCAL enable_bitmapscan = off",
        "SET LOCAL jit = off",
    ] {
        transaction.execute_unprepared(prepare).await.expect(prepare);
    }
    transaction.execute_unprepared(&format!("PREPARE asked AS {sql}")).await.expect(sql);
    let explain = sea_orm::Statement::from_string(DbBackend::Postgres, format!("EXPLAIN (COSTS OFF) {run}"));
    let rows = transaction.query_all_raw(explain).await.expect(sql);
    transaction.execute_unprepared("DEALLOCATE asked").await.expect("deallocated");
    transaction.rollback().await.expect("rolled back");
    let lines: Vec<String> =
        rows.iter().map(|row| row.try_get("", "QUERY PLAN").expect("a line of a plan")).collect();
    lines.join("\n")
}

/// The statements that lanes send for holds that come together, and for their ends by another instance.
async fn commits(opened: &Opened, statements: &budget::Statements) -> Vec<(String, String)> {
    let on = &opened.backend;
    let user = given::account().with(10_000).stored_in(on.store.as_ref()).await;
    let holds = [10, 20, 30].map(|units| given::hold(user, units));
    statements.take();
    join_all(holds.iter().map(|hold| on.store.commit(UnitOfWork::new().place(hold.clone())))).await;
    let placed = statements.take();
    let database = connect(&opened.url, statements.options(4)).await.expect("a database");
    let second: Backend = Stores::open(&database, super::vault()).into();
    let end = |hold| second.store.commit(UnitOfWork::new().end(given::end(hold, HoldEnd::Capture)));
    join_all(holds.iter().map(end)).await;
    let ended = statements.take();
    database.close().await;
    let named = |name: &str, run: Vec<String>| {
        let named = run.into_iter().enumerate().map(|(at, sql)| (format!("{name} {at}"), sql));
        named.collect::<Vec<_>>()
    };
    [named("three holds together", placed), named("three captures elsewhere", ended)].concat()
}

#[tokio::test]
async fn hot_queries_are_planned_as_in_the_snapshot() {
    let statements = budget::Statements::default();
    let Some(opened) = open_postgres(statements.options(4)).await else { return };
    let mut queries: Vec<(String, String)> = Vec::new();
    for (name, run) in budget::every_read(&opened.backend, &statements).await {
        if HOT.contains(&name) {
            queries.extend(run.into_iter().map(|sql| (name.to_owned(), sql)));
        }
    }
    assert_eq!(queries.len(), HOT.len(), "every hot read is one of the reads of the budget");
    queries.extend(commits(&opened, &statements).await);
    let mut plans = String::new();
    for (name, sql) in queries {
        let plan = plan(&opened, &sql).await;
        assert!(!plan.contains("Seq Scan"), "{name}: {plan}");
        let _ = write!(plans, "-- {name}\n{plan}\n\n");
    }
    insta::assert_snapshot!("postgres_plans", plans);
    opened.close().await;
}

/// Without values that are looked up by, a plan says nothing about how much is read.
#[tokio::test]
async fn a_delivery_that_was_tried_ten_thousand_times_is_shown_by_reading_sixteen_tries() {
    let statements = budget::Statements::default();
    let Some(opened) = open_postgres(statements.options(4)).await else { return };
    let on = &opened.backend;
    let delivery = Delivery { attempts: 10_000, ..given::delivery(&given::endpoint(given::id()), 1) };
    on.apply(UnitOfWork::new().with(Change::WebhookDelivery(delivery.clone()))).await;
    let id = delivery.id.uuid();
    opened
        .query(&format!(
            "INSERT INTO webhook_attempts (id, delivery_id, number, at_us, outcome, status, took_ms) \
             SELECT gen_random_uuid(), '{id}', n, n, 'refused', 500, 1 FROM generate_series(1, 10000) n"
        ))
        .await;
    opened.query("ANALYZE webhook_attempts").await;
    statements.take();
    let shown = on.webhooks.attempts(&[delivery.id], 16).await.expect("readable");
    let numbers: Vec<u32> = shown.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, (9_985..=10_000).collect::<Vec<u32>>());
    let [sql] = statements.take().try_into().expect("one statement");
    let sql = sql.replace("$1", &format!("'{id}'")).replace("$2", "16");
    let rows = opened.query(&format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {sql}")).await;
    let lines: Vec<String> =
        rows.iter().map(|row| row.try_get("", "QUERY PLAN").expect("a line of a plan")).collect();
    // By way of the bitmap of an index, or not.
    let scan = lines.iter().find(|line| line.contains(" on webhook_attempts")).expect("they are read");
    let is_found = lines.iter().any(|line| line.contains("webhook_attempts_once"));
    assert!(is_found && scan.contains("rows=16 "), "{}", lines.join("\n"));
    assert!(!lines.iter().any(|line| line.contains("Rows Removed")), "{}", lines.join("\n"));
    opened.close().await;
}

/// Every index but those that constraints bring along, with its table. Postgres has `transfers_by_time` besides.
const INDEXES: [&str; 96] = [
    "adjustments.adjustments_at_once_by",
    "adjustments.adjustments_at_once_to",
    "adjustments.adjustments_of_user",
    "adjustments.adjustments_proposed",
    "api_keys.api_keys_open",
    "audit_log.audit_log_of_actor",
    "audit_log.audit_log_of_subject",
    "bookings.bookings_of_user",
    "canned_answers.canned_answers_in_use",
    "disputes.disputes_of_payment",
    "disputes.disputes_open",
    "events.events_of_user",
    "events.events_unstamped",
    "findings.findings_open",
    "holds.holds_of_user",
    "holds.holds_one_open_an_order",
    "identities.identities_of_user",
    "intents.intents_booked",
    "intents.intents_by_state",
    "intents.intents_disputed",
    "intents.intents_due",
    "intents.intents_gone_back",
    "intents.intents_of_user",
    "jobs.jobs_buried",
    "jobs.jobs_due_by_priority",
    "jobs.jobs_held",
    "jobs.jobs_waiting_once",
    "mail_suppressions.mail_suppressions_active",
    "mail_tokens.mail_tokens_over",
    "messages.messages_kept",
    "messages.messages_late",
    "messages.messages_of_order",
    "notices.notices_about_payments",
    "notices.notices_kept",
    "notices.notices_new",
    "notices.notices_unmatched",
    "notification_settings.notification_settings_expiring",
    "notifications.notifications_expiring_once",
    "notifications.notifications_of_user",
    "notifications.notifications_read_over",
    "notifications.notifications_to_staff_once",
    "notifications.notifications_unread",
    "notifications.notifications_unread_over",
    "orders.orders_ended",
    "orders.orders_ending",
    "orders.orders_expired",
    "orders.orders_expired_on",
    "orders.orders_kept",
    "orders.orders_of_user",
    "orders.orders_reported",
    "orders.orders_retried_once",
    "orders.orders_waiting_on",
    "pricing_rules.pricing_rules_ending",
    "pricing_rules.pricing_rules_open_once",
    "promo_grants.promo_grants_due",
    "promo_grants.promo_grants_open",
    "purchases.purchases_by_time",
    "purchases.purchases_kept",
    "purchases.purchases_of_order",
    "purchases.purchases_orphan",
    "purchases.purchases_receivable",
    "purchases.purchases_reservation_once",
    "purchases.purchases_unknown",
    "quotes.quotes_over",
    "refresh_tokens.refresh_tokens_over",
    "refunds.refunds_of_payment",
    "refunds.refunds_of_user",
    "refunds.refunds_open",
    "refunds.refunds_open_once",
    "seals_pending.seals_pending_open",
    "seals_pending.seals_pending_passed",
    "seals_pending.seals_pending_sealed",
    "sessions.sessions_cookie_once",
    "sessions.sessions_of_user",
    "sessions.sessions_open",
    "sessions.sessions_over",
    "suspense.suspense_by_state",
    "suspense.suspense_open",
    "ticket_lines.ticket_lines_of_ticket",
    "tickets.tickets_in_status",
    "tickets.tickets_of_assignee",
    "tickets.tickets_of_user",
    "tickets.tickets_open_of_user",
    "transfers.transfers_into_float",
    "transfers.transfers_of_user",
    "transfers.transfers_out_of_float",
    "transfers.transfers_that_raise_debt",
    "users.users_by_email",
    "users.users_staff",
    "wallet_settings.wallet_settings_watched",
    "webhook_deliveries.webhook_deliveries_due",
    "webhook_deliveries.webhook_deliveries_due_of",
    "webhook_deliveries.webhook_deliveries_of_endpoint",
    "webhook_deliveries.webhook_deliveries_over",
    "webhook_endpoints.webhook_endpoints_of_user",
    "webhook_endpoints.webhook_endpoints_resting",
];

/// What is written here is there, and nothing besides.
#[tokio::test]
async fn the_databases_have_exactly_these_indexes() {
    for opened in both().await {
        let postgres = opened.database.connection().get_database_backend() == DbBackend::Postgres;
        let sql = if postgres {
            "SELECT t.relname || '.' || i.relname AS name FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
             JOIN pg_class t ON t.oid = x.indrelid WHERE t.relnamespace = 'public'::regnamespace \
             AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)"
        } else {
            "SELECT tbl_name || '.' || name AS name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        };
        let rows = opened.query(sql).await;
        let mut found: Vec<String> =
            rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect();
        found.sort();
        let mut expected = INDEXES.map(str::to_owned).to_vec();
        if postgres {
            expected.push("transfers.transfers_by_time".to_owned());
        }
        expected.sort();
        assert_eq!(found, expected);
        opened.close().await;
    }
}
