//! What is shipped for those who watch: every rule and every panel asks for what the product really tells, and every
//! alert leads to a section of the runbook.

mod files;
mod promql;

use std::collections::{BTreeMap, BTreeSet};

use namaskah::http::{problem::kinds::KINDS, server};
use serde_json::Value;

use self::{
    files::{dashboards, each, queries_of, rules, text},
    promql::{Query, Selector},
};
use crate::journeys::world::World;

/// What others tell: Prometheus itself, and the exporter that looks from outside. With their labels.
const OTHERS: [(&str, &[&str]); 3] = [
    ("up", &["job", "instance"]),
    ("probe_success", &["job", "instance"]),
    ("probe_ssl_earliest_cert_expiry", &["job", "instance"]),
];
/// Prometheus gives them to everything that it reads.
const GIVEN: [&str; 2] = ["job", "instance"];

/// Names of series with their labels, as a running product tells them.
type Told = BTreeMap<String, BTreeSet<String>>;

fn told(exposition: &str) -> Told {
    let mut told = Told::new();
    for line in exposition.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').expect("a sample");
        for selector in promql::read(series).selectors {
            let labels = selector.matchers.into_iter().map(|matcher| matcher.label);
            told.entry(selector.metric).or_default().extend(labels);
        }
    }
    told
}

/// A product that has done a little of everything.
async fn told_by_the_product() -> Told {
    let world = World::on_sqlite(&[]).await;
    let mut exposition = String::new();
    world
        .play(async |world| {
            let ada = world.customer_with("10.00").await;
            let order = ada.rents("telegram").await;
            world.controls.text(&order, "Telegram code 51234", "deliver").await;
            assert_eq!(ada.awaits(&order).await["status"], "completed");
            let answer = reqwest::get(format!("{}/metrics", world.product)).await.expect("an answer");
            exposition = answer.text().await.expect("a text");
        })
        .await;
    told(&exposition)
}

/// Every query with the place where it stands.
fn queries() -> Vec<(String, Query)> {
    let of_rules = rules().into_iter().map(|rule| (rule.name, rule.query));
    let boards = dashboards();
    let shown = boards.iter().flat_map(|(name, board)| queries_of(name, board));
    let of_boards = shown.map(|shown| (shown.place, shown.query));
    of_rules.chain(of_boards).map(|(place, text)| (place, promql::read(&text))).collect()
}

fn matched(label: &str) -> Vec<(String, String)> {
    let queries = queries();
    let all = queries.iter().flat_map(|(place, query)| query.selectors.iter().map(move |s| (place, s)));
    let matchers = all.flat_map(|(place, selector)| selector.matchers.iter().map(move |m| (place, m)));
    let named = matchers.filter(|(_, matcher)| matcher.label == label);
    let values = named.flat_map(|(place, matcher)| {
        let values = matcher.values().into_iter().filter(|value| !value.starts_with('$'));
        values.map(|value| (place.clone(), value)).collect::<Vec<_>>()
    });
    values.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_reads_what_the_product_tells() {
    let mut told = told_by_the_product().await;
    for (metric, labels) in OTHERS {
        told.insert(metric.to_owned(), labels.iter().map(|label| (*label).to_owned()).collect());
    }
    for rule in rules().into_iter().filter(|rule| !rule.is_alert) {
        told.insert(rule.name, BTreeSet::new());
    }
    let queries = queries();
    for (place, query) in &queries {
        assert!(!query.selectors.is_empty(), "{place} reads nothing");
        let labels = |selector: &Selector| {
            let metric = &selector.metric;
            let labels = told.get(metric).unwrap_or_else(|| panic!("{place}: nobody tells {metric}"));
            labels.iter().cloned().chain(GIVEN.map(str::to_owned)).collect::<BTreeSet<_>>()
        };
        for selector in &query.selectors {
            let labels = labels(selector);
            for matcher in &selector.matchers {
                assert!(labels.contains(&matcher.label), "{place}: {} of {}", matcher.label, selector.metric);
            }
        }
        let all: BTreeSet<String> = query.selectors.iter().flat_map(labels).collect();
        for label in &query.grouped_by {
            assert!(all.contains(label), "{place} groups by {label}");
        }
    }
    assert!(queries.len() > 60, "{} queries were read", queries.len());
}

#[test]
fn every_value_that_a_query_names_is_a_word_of_ours() {
    // States of orders and of breakers are the domain's own words.
    let sources = files::sources("app/src/metrics")
        + &text("domain/src/verification/order.rs")
        + &text("domain/src/breaker.rs");
    let mut seen = 0;
    for label in [
        "outcome",
        "operation",
        "provider",
        "lane",
        "key",
        "folder",
        "method",
        "mode",
        "state",
        "to",
        "cache",
    ] {
        for (place, value) in matched(label) {
            assert!(sources.contains(&format!("\"{value}\"")), "{place}: {label} is never {value}");
            seen += 1;
        }
    }
    for (place, code) in matched("code") {
        assert!(KINDS.iter().any(|kind| kind.code == code), "{place}: no problem has the code {code}");
    }
    for file in ["deploy/prometheus/prometheus.yml", "deploy/compose/prometheus.yml"] {
        let scraped = text(file);
        for (place, job) in matched("job") {
            assert!(scraped.contains(&format!("job_name: {job}\n")), "{place}: nobody is {job} in {file}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} values were read");
}

#[test]
fn every_route_that_a_query_names_is_a_route() {
    let document: Value = serde_json::from_str(&server::openapi()).expect("JSON");
    let paths: BTreeSet<&String> = document["paths"].as_object().expect("paths").keys().collect();
    let named = matched("route");
    for (place, route) in &named {
        assert!(paths.contains(route), "{place}: there is no route {route}");
    }
    assert!(named.len() > 10, "{} routes were read", named.len());
}

#[test]
fn every_alert_says_how_urgent_it_is_and_leads_to_a_section_of_the_runbook() {
    let runbook = text("docs/runbook.md");
    let headings: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let alerts: Vec<_> = rules().into_iter().filter(|rule| rule.is_alert).collect();
    for alert in &alerts {
        assert!(["page", "ticket"].contains(&alert.severity.as_str()), "{}: {}", alert.name, alert.severity);
        assert!(!alert.summary.is_empty(), "{} has no summary", alert.name);
        let anchor = format!("docs/runbook.md#{}", alert.name.to_lowercase());
        assert_eq!(alert.runbook, anchor, "{}", alert.name);
        assert!(headings.contains(&alert.name.as_str()), "the runbook has no section {}", alert.name);
    }
    for heading in headings.iter().filter(|heading| !heading.contains(' ')) {
        assert!(alerts.iter().any(|alert| alert.name == *heading), "no alert leads to {heading}");
    }
    assert!(alerts.len() >= 25, "{} alerts were read", alerts.len());
}

#[test]
fn every_alert_is_played_by_the_tests_of_the_rules() {
    let played = text("deploy/prometheus/alerts_test.yml");
    for alert in rules().into_iter().filter(|rule| rule.is_alert) {
        let fires = format!("alertname: {}\n", alert.name);
        assert!(played.contains(&fires), "no test lets {} fire", alert.name);
    }
}

#[test]
fn every_dashboard_is_one_of_its_kind_and_shows_labels_that_it_groups_by() {
    let mut known = BTreeSet::new();
    for (name, board) in dashboards() {
        assert!(known.insert(board["uid"].to_string()), "{name} has the name of another");
        let ids: BTreeSet<String> = each(&board["panels"]).map(|panel| panel["id"].to_string()).collect();
        assert_eq!(ids.len(), each(&board["panels"]).count(), "{name} has a panel twice");
        for shown in queries_of(&name, &board) {
            let grouped_by = promql::read(&shown.query).grouped_by;
            for label in shown.legend {
                assert!(grouped_by.contains(&label), "{} shows {label}", shown.place);
            }
        }
    }
    assert_eq!(known.len(), 4);
}
