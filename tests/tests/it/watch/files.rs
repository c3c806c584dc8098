//! Rules and dashboards as they are shipped.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A rule of Prometheus.
#[derive(Debug, Default)]
pub struct Rule {
    /// True if somebody is told; else it is a series that other rules read.
    pub is_alert: bool,
    pub name: String,
    pub query: String,
    pub severity: String,
    pub summary: String,
    pub runbook: String,
}

/// A query of a panel, or of a variable.
#[derive(Debug)]
pub struct Shown {
    /// Which dashboard and panel.
    pub place: String,
    pub query: String,
    /// Labels that the legend shows.
    pub legend: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// A file of the workspace.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

/// Every file of a folder, one after another.
pub fn sources(folder: &str) -> String {
    let files = std::fs::read_dir(root().join(folder)).expect(folder).flatten();
    files.map(|file| std::fs::read_to_string(file.path()).expect("a text")).collect()
}

/// What stands behind `key: ` on a line.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.trim_start_matches(['-', ' ']).strip_prefix(key)?.strip_prefix(':').map(str::trim)
}

/// Every rule. Our own file, so that its form is known: one key a line, queries as blocks.
pub fn rules() -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    // How far the lines of the query are indented, while they last.
    let mut query_at = None;
    for line in text("deploy/prometheus/alerts.yml").lines() {
        let indent = line.len() - line.trim_start().len();
        if let (Some(above), Some(rule)) = (query_at, rules.last_mut())
            && (indent > above || line.trim().is_empty())
        {
            rule.query.push_str(line.trim());
            rule.query.push('\n');
            continue;
        }
        query_at = None;
        let begins = value(line, "alert").map(|name| (true, name));
        if let Some((is_alert, name)) = begins.or_else(|| value(line, "record").map(|name| (false, name))) {
            rules.push(Rule { is_alert, name: name.to_owned(), ..Rule::default() });
        } else if let Some(rule) = rules.last_mut() {
            for (key, field) in [
                ("severity", &mut rule.severity),
                ("summary", &mut rule.summary),
                ("runbook", &mut rule.runbook),
            ] {
                if let Some(value) = value(line, key) {
                    *field = value.to_owned();
                }
            }
            if let Some(block) = value(line, "expr") {
                assert_eq!(block, "|", "{}: write queries as blocks", rule.name);
                query_at = Some(indent);
            }
        }
    }
    rules
}

/// Every dashboard, by its file.
pub fn dashboards() -> Vec<(String, Value)> {
    let folder = root().join("deploy/grafana/dashboards");
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut all: Vec<_> = files
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a text");
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let board = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, board)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

/// The objects of a list.
pub fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Every query of a dashboard.
pub fn queries_of(name: &str, board: &Value) -> Vec<Shown> {
    let mut queries = Vec::new();
    for panel in each(&board["panels"]) {
        let place = format!("{name}: {}", panel["title"].as_str().expect("a title"));
        for target in each(&panel["targets"]) {
            let legend = target["legendFormat"].as_str().unwrap_or_default();
            queries.push(Shown {
                place: place.clone(),
                query: target["expr"].as_str().expect("a query").to_owned(),
                legend: legend
                    .split("{{")
                    .skip(1)
                    .filter_map(|part| part.split("}}").next())
                    .map(str::to_owned)
                    .collect(),
            });
        }
    }
    for variable in each(&board["templating"]["list"]) {
        // `label_values(metric, label)`: a query that groups by the label.
        let text = variable["query"].as_str().expect("a query");
        let inner = text.strip_prefix("label_values(").and_then(|text| text.strip_suffix(')'));
        let (metric, label) = inner.and_then(|inner| inner.rsplit_once(", ")).expect("label_values");
        let place = format!("{name}: variable {}", variable["name"]);
        queries.push(Shown { place, query: format!("group by ({label}) ({metric})"), legend: Vec::new() });
    }
    queries
}
