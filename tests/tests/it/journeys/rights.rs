//! The product needs few rights in its database, and no schema of its own making.

use std::collections::BTreeSet;

use namaskah_adapters::persistence::{Options, connect};
use namaskah_migration::grants::{APPENDED, CHANGED, DELETED, DROPPED};
use namaskah_tests::postgres;
use sea_orm::{ConnectionTrait, Statement};

use super::{binary, customer::order, world::World};

#[tokio::test]
async fn a_user_who_may_neither_make_tables_nor_change_the_journal_serves() {
    let settings = [("migrate_at_start", "no")];
    let Some(world) = World::with_few_rights(&settings).await else { return };
    let url = world.database_url().to_owned();
    world
        .play(async |world: &World| {
            let ada = world.customer_with("10.00").await;
            let paid = ada.rents("telegram").await;
            world.controls.text(&paid, "Telegram code 51234", "deliver").await;
            assert_eq!(ada.awaits(&paid).await["status"], "completed");
            let left = ada.post("verifications", order("whatsapp")).await.is(201);
            let path = format!("verifications/{}/cancel", left["id"].as_str().expect("an id"));
            ada.post(&path, serde_json::Value::Null).await.is(200);
            ada.has("9.25", "0.00").await;
            // Seals are made, and numbers and texts erased.
            world.controls.advance(25 * 60 * 60).await;
            ada.sign_in().await;
            assert_eq!(ada.order(&paid).await["phone_number"], serde_json::Value::Null);
            let (sound, told) = world.console(&["audit"]).await;
            assert!(sound, "{told}");
            refused(&url).await;
        })
        .await;
}

/// What such a user could do with the product's password.
async fn refused(url: &str) {
    let database = connect(url, Options { max_connections: 1, ..Options::default() }).await.expect("a login");
    for sql in [
        "UPDATE transfers SET amount_units = amount_units + 1",
        "DELETE FROM transfers",
        "TRUNCATE transfers",
        "ALTER TABLE transfers DISABLE TRIGGER ALL",
        "UPDATE audit_log SET action = 'x'",
        "DELETE FROM audit_log",
        "UPDATE seals SET digest = digest",
        "DELETE FROM accounts",
        "DELETE FROM seaql_migrations",
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('x', 0)",
        "CREATE TABLE mine (id INT)",
        "DROP TABLE orders",
    ] {
        let answer = database.connection().execute_unprepared(sql).await;
        let refusal = answer.expect_err(sql).to_string();
        assert!(
            refusal.contains("permission denied") || refusal.contains("must be owner"),
            "{sql}: {refusal}"
        );
    }
    database.close().await;
}

#[tokio::test]
async fn every_table_is_granted_by_what_becomes_of_its_rows() {
    let Some(test) = postgres::database().await else { return };
    let database = connect(&test.url, Options::default()).await.expect("a login");
    let tables =
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'";
    let connection = database.connection();
    let rows = connection
        .query_all_raw(Statement::from_string(connection.get_database_backend(), tables))
        .await
        .expect("the catalogue");
    let there: BTreeSet<String> =
        rows.iter().map(|row| row.try_get("", "tablename").expect("a name")).collect();
    let granted = [APPENDED, CHANGED, DELETED, DROPPED].concat();
    let named: BTreeSet<String> = granted.iter().map(|&table| table.to_owned()).collect();
    assert_eq!(there, named);
    assert_eq!(named.len(), granted.len(), "no table is in two lists");
    database.close().await;
    test.remove().await;
}

#[tokio::test]
async fn without_leave_to_migrate_an_old_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(binary());
        command.current_dir(folder.path()).env_clear().args(arguments).args(["--listen", "127.0.0.1:0"]);
        command.env("NAMASKAH_MIGRATE_AT_START", "no").env("NAMASKAH_DATA_DIR", folder.path());
        command.output().await.expect("the binary runs")
    };
    let refused = start(&["serve"]).await;
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("namaskah migrate up"), "{told}");
    let status = String::from_utf8_lossy(&start(&["migrate", "status"]).await.stdout).into_owned();
    assert!(status.contains("pending") && !status.contains("applied"), "{status}");
}
