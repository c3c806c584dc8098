//! Lines of the log: whose they are, what is slow, what a panic looks like, and what is logged from now on.

use std::process::Command;

use namaskah::{
    config::{Config, Overrides},
    logging,
};
use serde_json::{Value, json};

use super::{Customer, Estate, estates, order, stop, text};
use crate::journeys::controls::eventually;

estates! {
    each_line_of_a_request_names_it_its_trace_and_its_user,
    a_slow_statement_is_logged_with_its_plan_and_without_values,
    what_is_logged_changes_while_the_product_runs,
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn objects(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

async fn each_line_of_a_request_names_it_its_trace_and_its_user(estate: Estate) {
    let settings = [
        ("NAMASKAH_LOG", "info"),
        ("NAMASKAH_LOG_FORMAT", "json"),
        ("NAMASKAH_LOG_USER_IDS", "hashed"),
        ("NAMASKAH_SLOW_STATEMENT_MS", "0"),
        ("NAMASKAH_TRUSTED_PROXIES", "127.0.0.1/32"),
    ];
    let product = estate.product_with(&settings).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    let user = text(&ada.get("me").await.is(200), "id");
    let asked = ada.request(reqwest::Method::GET, "wallet").header("x-request-id", "whose-is-this");
    let asked = asked.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    assert_eq!(asked.send().await.expect("an answer").status(), 200);
    stop(product).await;
    let log = estate.log();
    let lines = objects(&log);
    let of_request: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == "whose-is-this").collect();
    let answered = of_request.iter().find(|line| line["message"] == "answered").expect("its last line");
    assert_eq!((&answered["route"], &answered["status"]), (&json!("/api/v1/wallet"), &json!(200)));
    // What it read is logged by somebody else in its name.
    assert!(of_request.iter().any(|line| line["message"] == "a statement was slow"), "{of_request:#?}");
    assert!(of_request.iter().all(|line| line["trace_id"] == TRACE), "{of_request:#?}");
    let named = answered["user"].as_str().expect("a name of the user");
    assert!(named.starts_with("user-") && !log.contains(&user), "{named} in {log}");
    // Whoever brings no trace has one all the same, and everybody his own.
    let others: Vec<&str> = lines.iter().filter_map(|line| line["trace_id"].as_str()).collect();
    assert!(others.iter().any(|trace| *trace != TRACE && trace.len() == 32), "{others:?}");
    estate.stop().await;
}

async fn a_slow_statement_is_logged_with_its_plan_and_without_values(estate: Estate) {
    let settings = [
        ("NAMASKAH_LOG_FORMAT", "json"),
        ("NAMASKAH_LOG_USER_IDS", "off"),
        ("NAMASKAH_SLOW_STATEMENT_MS", "0"),
    ];
    let product = estate.product_with(&settings).await;
    let ada = Customer::registered(&product.address("product"), &estate.controls).await;
    let user = text(&ada.get("me").await.is(200), "id");
    ada.get("wallet/entries").await.is(200);
    stop(product).await;
    let log = estate.log();
    let lines = objects(&log);
    let slow: Vec<&Value> = lines.iter().filter(|line| line["message"] == "a statement was slow").collect();
    let is_planned = |line: &&&Value| {
        let sql = line["sql"].as_str().expect("its text");
        let plan = line["plan"].as_str().unwrap_or_default();
        sql.contains("transfers") && sql.starts_with("SELECT") && plan.contains("transfers_of_user")
    };
    assert!(slow.iter().any(|line| is_planned(&line)), "{slow:#?}");
    let of_text =
        |sql: &Value| slow.iter().filter(|line| line["sql"] == *sql && line["plan"].is_string()).count();
    assert!(slow.iter().all(|line| of_text(&line["sql"]) <= 1), "a text is planned once: {slow:#?}");
    let words = ["WITH", "SELECT", "INSERT", "UPDATE", "DELETE"];
    let is_of_tables = |line: &&&Value| {
        line["sql"].as_str().is_some_and(|sql| words.iter().any(|word| sql.starts_with(word)))
    };
    let unplanned = slow.iter().filter(is_of_tables).find(|line| !line["why_no_plan"].is_null());
    assert!(unplanned.is_none(), "{unplanned:#?}");
    assert!(!log.contains(&user) && !log.contains(&ada.email), "{log}");
    estate.stop().await;
}

async fn what_is_logged_changes_while_the_product_runs(estate: Estate) {
    estate.configures("log = \"warn\"\n");
    let product = estate.product_with(&[("NAMASKAH_LOG", "")]).await;
    let ada = Customer::stranger(&product.address("product"));
    ada.get("/healthz").await.is(200);
    assert!(!estate.log().contains("answered"), "{}", estate.log());
    estate.configures("log = \"no such=filter=\"\n");
    product.hang_up();
    eventually("the filter is refused", || async {
        estate.log().contains("what is logged stays as it is").then_some(())
    })
    .await;
    estate.configures("log = \"info\"\n");
    product.hang_up();
    eventually("the filter is read", || async {
        estate.log().contains("what is logged was read again").then_some(())
    })
    .await;
    ada.post("verifications", order("telegram")).await.refused(401, "unauthorized");
    eventually("requests are logged", || async { estate.log().contains("answered").then_some(()) }).await;
    stop(product).await;
    estate.stop().await;
}

/// Set where this test runs as the process that panics.
const PANICS: &str = "NAMASKAH_TEST_PANICS";
const ITSELF: &str = "journeys::seeing::lines::nothing_but_lines_of_json_is_told_of_a_panic";

/// No command panics that we know of: so the test is run once more, in a process of its own that begins the log as the
/// product does, and then panics.
#[test]
fn nothing_but_lines_of_json_is_told_of_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    if std::env::var_os(PANICS).is_some() {
        let folder = folder.path().display().to_string();
        let settings = [("NAMASKAH_LOG_FORMAT", "json".to_owned()), ("NAMASKAH_DATA_DIR", folder)];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = Config::from_sources(&Overrides::default(), settings).expect("settings");
        logging::start(&config, Vec::new());
        std::thread::spawn(|| panic!("no row for ada@example.com")).join().expect_err("it panics");
        return;
    }
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    let ended = command.args(["--exact", ITSELF, "--nocapture"]).env(PANICS, "1").output().expect("it runs");
    assert!(ended.status.success(), "{ended:?}");
    let lines = objects(&String::from_utf8(ended.stderr).expect("text"));
    let [panic] = &lines[..] else { panic!("one line: {lines:#?}") };
    assert_eq!((&panic["level"], &panic["message"]), (&json!("ERROR"), &json!("a panic")));
    assert_eq!(panic["error"], "no row for [address]");
    assert!(panic["at"].is_string() && panic["request_id"].is_null(), "{panic}");
}
