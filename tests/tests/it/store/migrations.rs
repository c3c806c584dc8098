//! The schema: up, down and up again, by several at once; and what it must contain.

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use namaskah_adapters::persistence::{Database, Options, connect};
use namaskah_migration::{Migrator, MigratorTrait};
use namaskah_tests::{given, postgres};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};

use super::both;

async fn names(database: &Database, on_postgres: &str, on_sqlite: &str) -> BTreeSet<String> {
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let sql = if backend == DbBackend::Postgres { on_postgres } else { on_sqlite };
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await.expect(sql);
    rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect()
}

async fn relations(database: &Database) -> BTreeSet<String> {
    let mut names = names(
        database,
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         UNION SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
    )
    .await;
    names.retain(|name| !name.starts_with("seaql_migrations"));
    names
}

async fn empty() -> Vec<(Database, String, Option<postgres::TestDatabase>, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let sqlite = connect(&url, Options::default()).await.expect("a database");
    let mut all = vec![(sqlite, url, None, Some(folder))];
    if let Some(empty) = postgres::empty_database().await {
        let database = connect(&empty.url, Options::default()).await.expect("a database");
        all.push((database, empty.url.clone(), Some(empty), None));
    }
    all
}

#[tokio::test]
async fn every_change_goes_up_down_and_up_again() {
    for (database, _, postgres, _folder) in empty().await {
        let connection = database.connection();
        assert!(!namaskah_migration::is_current(connection).await.expect("readable"));
        assert_eq!(relations(&database).await, BTreeSet::new());
        namaskah_migration::migrate(connection).await.expect("up");
        assert!(namaskah_migration::is_current(database.reads()).await.expect("readable"));
        let whole = relations(&database).await;
        assert!(whole.contains("transfers"), "{whole:?}");
        let steps = namaskah_migration::status(connection).await.expect("readable").len();
        for step in 1..=steps {
            namaskah_migration::down(connection, 1).await.expect("down");
            let applied = namaskah_migration::status(connection).await.expect("readable");
            assert_eq!(applied.iter().filter(|(_, applied)| *applied).count(), steps - step);
        }
        assert_eq!(relations(&database).await, BTreeSet::new());
        namaskah_migration::migrate(connection).await.expect("up again");
        assert_eq!(relations(&database).await, whole);
        database.close().await;
        if let Some(postgres) = postgres {
            postgres.remove().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_instances_may_migrate_an_empty_database_at_once() {
    for (database, url, postgres, _folder) in empty().await {
        let instances = (0..6).map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let database = connect(&url, Options::default()).await.expect("a database");
                let migrated = namaskah_migration::migrate(database.connection()).await;
                database.close().await;
                migrated
            })
        });
        for migrated in join_all(instances).await {
            migrated.expect("no panic").expect("migrated");
        }
        assert!(namaskah_migration::is_current(database.connection()).await.expect("readable"));
        database.close().await;
        if let Some(postgres) = postgres {
            postgres.remove().await;
        }
    }
}

/// What the code of the version before goes on doing while a step is applied, and after it: it reads the columns that it
/// knows, and adds rows without the others.
#[tokio::test]
async fn no_step_takes_away_what_the_version_before_it_uses() {
    let Some(postgres) = postgres::empty_database().await else { return };
    let database = connect(&postgres.url, Options::default()).await.expect("a database");
    // What a row must name is marked.
    let columns = "SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' AND column_default IS NULL \
         AND is_identity = 'NO' THEN '!' ELSE '' END AS name \
         FROM information_schema.columns WHERE table_schema = 'public'";
    let bare = |column: &String| column.trim_end_matches('!').to_owned();
    let table = |column: &String| column.split('.').next().map(str::to_owned);
    let mut before = BTreeSet::new();
    for (step, _) in namaskah_migration::status(database.connection()).await.expect("readable") {
        Migrator::up(database.connection(), Some(1)).await.expect("up");
        let after = names(&database, columns, "").await;
        let (old, new): (BTreeSet<_>, BTreeSet<_>) =
            (before.iter().map(bare).collect(), after.iter().map(bare).collect());
        let gone: Vec<_> = old.difference(&new).collect();
        let added: Vec<_> = new.difference(&old).collect();
        assert!(gone.is_empty() || added.is_empty(), "{step} removes {gone:?} and adds {added:?}");
        let tables: BTreeSet<_> = before.iter().filter_map(table).collect();
        let is_asked_of_old_code =
            |column: &&String| column.ends_with('!') && table(column).is_some_and(|t| tables.contains(&t));
        let asked: Vec<_> = after.difference(&before).filter(is_asked_of_old_code).collect();
        assert!(asked.is_empty(), "{step} wants {asked:?} of rows that older code adds");
        before = after;
    }
    assert!(before.len() > 100, "{} columns", before.len());
    database.close().await;
    postgres.remove().await;
}

/// Others wait behind whoever waits for a lock, so a change that is in their way must not wait for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_must_wait_lets_others_go_by_and_tries_again() {
    let Some(postgres) = postgres::database().await else { return };
    let here = connect(&postgres.url, Options::default()).await.expect("a database");
    let share = "LOCK TABLE seaql_migrations IN SHARE MODE";
    let long = here.connection().begin().await.expect("a transaction");
    long.execute_unprepared(share).await.expect("locked");
    let url = postgres.url.clone();
    let change = tokio::spawn(async move {
        let there = connect(&url, Options::default()).await.expect("a database");
        let changed = namaskah_migration::down(there.connection(), 1).await;
        there.close().await;
        changed
    });
    let waits = "SELECT relation::regclass::text AS name FROM pg_locks \
         WHERE relation = 'seaql_migrations'::regclass AND NOT granted";
    while names(&here, waits, "").await.is_empty() {
        assert!(!change.is_finished(), "it waits for whoever reads");
        tokio::task::yield_now().await;
    }
    let later = here.connection().begin().await.expect("a transaction");
    let went = tokio::time::timeout(Duration::from_secs(30), later.execute_unprepared(share)).await;
    went.expect("it goes by while the first one goes on").expect("locked");
    assert!(!change.is_finished());
    later.rollback().await.expect("over");
    long.rollback().await.expect("over");
    change.await.expect("no panic").expect("taken back in the end");
    assert!(!namaskah_migration::is_current(here.reads()).await.expect("readable"));
    here.close().await;
    postgres.remove().await;
}

#[tokio::test]
async fn every_index_that_is_relied_on_is_there() {
    for opened in both().await {
        let indexes = names(
            &opened.database,
            "SELECT indexname::text AS name FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT name FROM sqlite_master WHERE type = 'index'",
        )
        .await;
        for index in [
            "findings_open",
            "intents_booked",
            "transfers_into_float",
            "transfers_out_of_float",
            "holds_one_open_an_order",
            "holds_of_user",
            "transfers_of_user",
            "transfers_that_raise_debt",
            "bookings_of_user",
            "promo_grants_open",
            "promo_grants_due",
            "suspense_open",
            "purchases_receivable",
            "users_staff",
            "users_by_email",
            "adjustments_at_once_by",
            "adjustments_at_once_to",
            "adjustments_of_user",
            "adjustments_proposed",
            "audit_log_of_actor",
            "audit_log_of_subject",
            "sessions_of_user",
            "refunds_of_user",
            "sessions_cookie_once",
            "sessions_open",
            "api_keys_open",
            "identities_of_user",
            "intents_of_user",
            "intents_due",
            "refunds_of_payment",
            "refunds_open_once",
            "refunds_open",
            "disputes_open",
            "orders_of_user",
            "orders_ending",
            "orders_waiting_on",
            "orders_ended",
            "orders_retried_once",
            "orders_expired",
            "orders_expired_on",
            "orders_reported",
            "messages_late",
            "purchases_reservation_once",
            "purchases_unknown",
            "purchases_by_time",
            "purchases_of_order",
            "messages_of_order",
            "notices_new",
            "notices_unmatched",
            "events_of_user",
            "events_unstamped",
            "jobs_due_by_priority",
            "jobs_waiting_once",
            "mail_tokens_over",
            "quotes_over",
            "refresh_tokens_over",
            "sessions_over",
            "jobs_held",
        ] {
            assert!(indexes.contains(index), "{index} is missing of {indexes:?}");
        }
        let on_accounts = names(
            &opened.database,
            "SELECT indexname::text AS name FROM pg_indexes WHERE tablename = 'accounts'",
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'accounts'",
        )
        .await;
        assert_eq!(on_accounts.len(), 1, "an index that every hold would touch: {on_accounts:?}");
        opened.close().await;
    }
}

#[tokio::test]
async fn the_database_itself_refuses_what_no_store_may_write() {
    for opened in both().await {
        given::account().with(1_000).stored_in(opened.backend.store.as_ref()).await;
        for sql in [
            "UPDATE accounts SET wallet_held_units = 1001",
            "UPDATE accounts SET wallet_posted_units = -1",
            "UPDATE accounts SET promo_held_units = -1",
            "UPDATE accounts SET promo_posted_units = -1",
            "UPDATE accounts SET promo_lapsed_units = -1",
            "UPDATE accounts SET debt_units = -1",
            "UPDATE accounts SET disputed_units = -1",
            "UPDATE accounts SET open_disputes = -1",
            "UPDATE accounts SET open_orders = -1",
            "UPDATE accounts SET open_intents = -1",
        ] {
            let refused = opened.database.connection().execute_unprepared(sql).await;
            assert!(refused.is_err(), "{sql}");
        }
        opened.close().await;
    }
}

#[tokio::test]
async fn the_database_itself_wants_four_eyes_on_a_correction() {
    for opened in both().await {
        let asked = given::adjustment(given::id());
        let unit = namaskah_domain::UnitOfWork::new();
        opened.backend.apply(unit.with(namaskah_domain::Change::Adjustment(asked))).await;
        let booked = "UPDATE adjustments SET state = 'booked', decided_at_us = 1";
        for sql in [
            "UPDATE adjustments SET state = 'booked'".to_owned(),
            "UPDATE adjustments SET state = 'gone'".to_owned(),
            "UPDATE adjustments SET decided_at_us = 1".to_owned(),
            "UPDATE adjustments SET amount_units = -1".to_owned(),
            "UPDATE adjustments SET user_id = proposed_by".to_owned(),
            "UPDATE adjustments SET state = 'rejected', decided_at_us = 1".to_owned(),
            format!("{booked}, decided_by = proposed_by"),
            format!("{booked}, decided_by = user_id"),
        ] {
            let refused = opened.database.connection().execute_unprepared(&sql).await;
            assert!(refused.is_err(), "{sql}");
        }
        opened.database.connection().execute_unprepared(booked).await.expect("nobody had to approve it");
        opened.close().await;
    }
}

#[tokio::test]
async fn accounts_have_room_for_updates_in_place() {
    let Some(opened) = super::open_postgres(Options::default()).await else { return };
    let rows =
        opened.query("SELECT reloptions::text AS options FROM pg_class WHERE relname = 'accounts'").await;
    let options: String = rows[0].try_get("", "options").expect("options");
    assert!(options.contains("fillfactor=80"), "{options}");
    opened.close().await;
}
