//! The scripts of `deploy/backup`: a copy is taken under load, restored elsewhere, and is sound there.

use std::path::{Path, PathBuf};

use namaskah_tests::postgres;
use tokio::process::Command;

use super::{binary, customer::Customer, process::Estate, shoppers::Shoppers};

const ROUNDS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_taken_under_load_is_sound_elsewhere_on_sqlite() {
    if !has("sqlite3") {
        eprintln!("skipped: no sqlite3");
        return;
    }
    let estate = Estate::on_sqlite().await;
    let elsewhere = format!("sqlite://{}?mode=rwc", estate.folder().join("elsewhere.db").display());
    copied_and_restored(estate, &elsewhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_taken_under_load_is_sound_elsewhere_on_postgres() {
    let (Some(estate), Some(elsewhere)) = (Estate::on_postgres().await, postgres::empty_database().await)
    else {
        return;
    };
    copied_and_restored(estate, &elsewhere.url).await;
    elsewhere.remove().await;
}

async fn copied_and_restored(estate: Estate, elsewhere: &str) {
    let mut product = estate.product().await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    ada.deposits(&estate.controls, "10.00").await;
    let known = ada.rents("telegram").await;
    estate.controls.text(&known, "Telegram code 51234", "deliver").await;
    let known = ada.awaits(&known).await;
    assert_eq!(known["status"], "completed");

    let mut shoppers = Shoppers::start(2, &product.address("product"), &estate.controls).await;
    shoppers.go_on(ROUNDS).await;
    let before = shoppers.rounds();
    let run = async |name: &str, arguments: &[&str]| script(estate.folder(), name, arguments).await;
    let copies = estate.folder().join("copies").display().to_string();
    let copy = run("backup.sh", &[&estate.database_url(), &copies]).await.expect("a copy").trim().to_owned();
    shoppers.go_on(ROUNDS).await;
    assert!(shoppers.end().await > before, "it was taken under load");
    product.ask_to_stop();
    assert!(product.ended().await.success());

    let told = run("restore.sh", &[&copy, elsewhere]).await.expect("restored, and audited");
    assert!(told.contains("every law holds"), "{told}");
    let again = run("restore.sh", &[&copy, elsewhere]).await.expect_err("never over what is there");
    assert!(again.contains("already"), "{again}");

    let mut product = estate.product_at(elsewhere, &[]).await;
    let at_home = Customer::stranger(&product.address("product"));
    at_home.take_tokens(&serde_json::json!({ "access_token": ada.token("access_token") }));
    let without_time = |mut order: serde_json::Value| {
        order["server_time"].take();
        order
    };
    assert_eq!(without_time(at_home.order(&known).await), without_time(known));
    at_home.has("9.25", "0.00").await;
    at_home.rents("telegram").await;
    let (sound, told) = estate.console(&["audit"], elsewhere).await;
    assert!(sound, "{told}");
    product.ask_to_stop();
    assert!(product.ended().await.success());
    estate.stop().await;
}

#[tokio::test]
async fn a_copy_that_was_changed_is_not_restored() {
    if !has("sqlite3") {
        eprintln!("skipped: no sqlite3");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (source, target) = (folder.path().join("source.db"), folder.path().join("target.db"));
    let url = |file: &Path| format!("sqlite://{}?mode=rwc", file.display());
    let made = Command::new("sqlite3").arg(&source).arg("CREATE TABLE kept (n INT)").status().await;
    assert!(made.expect("sqlite3 runs").success());
    let copies = folder.path().join("copies").display().to_string();
    let run = async |name: &str, arguments: &[&str]| script(folder.path(), name, arguments).await;
    let copy = run("backup.sh", &[&url(&source), &copies]).await.expect("a copy").trim().to_owned();
    let mut bytes = std::fs::read(&copy).expect("its bytes");
    bytes[100] ^= 1;
    std::fs::write(&copy, bytes).expect("changed");
    let refused = run("restore.sh", &[&copy, &url(&target)]).await.expect_err("it was changed");
    assert!(refused.contains("is not as it was made"), "{refused}");
    assert!(!target.exists());
}

/// What the script prints, or what it complains about. It works in `folder`.
async fn script(folder: &Path, name: &str, arguments: &[&str]) -> Result<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut command = Command::new(root.join("deploy/backup").join(name));
    command.current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
        command.env_remove(name);
    }
    // The programs of the server's own version come first.
    let beside = postgres::program("pg_dump").and_then(|program| program.parent().map(Path::to_owned));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = beside.into_iter().chain(std::env::split_paths(&path)).collect();
    command.env("PATH", std::env::join_paths(folders).expect("a path")).env("NAMASKAH", binary());
    let ended = command.args(arguments).output().await.expect("the script runs");
    let said = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if ended.status.success() { Ok(said(ended.stdout)) } else { Err(said(ended.stderr)) }
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
