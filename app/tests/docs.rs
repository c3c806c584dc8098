//! What is written for readers is what the code says: settings and problems, by name and default.

use std::{collections::BTreeSet, path::Path};

use namaskah::{
    config::{Config, Overrides, SETTINGS},
    http::problem::kinds::KINDS,
};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    std::fs::read_to_string(root.join(path)).expect(path)
}

/// The lines `#NAME=value` of an example, without the quotes around a value.
fn examples(text: &str, between: &str) -> Vec<(String, String)> {
    let setting = |line: &str| {
        let (name, value) = line.strip_prefix('#')?.split_once(between)?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| (name.to_ascii_lowercase(), value.trim_matches('"').to_owned()))
    };
    text.lines().filter_map(setting).collect()
}

/// The rows of a table whose first cell is code, and whose second one is a default.
fn rows(text: &str) -> Vec<(String, Option<String>)> {
    let code = |cell: &str| cell.trim().strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|');
        Some((code(cells.next()?)?, code(cells.next()?)))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn the_environments_example_has_every_setting_in_order_with_its_default() {
    let named = examples(&read(".env.example"), "=");
    let expected: Vec<_> = SETTINGS
        .iter()
        .map(|setting| (format!("namaskah_{}", setting.key), setting.default.unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(named, expected);
}

#[test]
fn the_files_example_has_every_setting_but_secrets() {
    let named = examples(&read("namaskah.example.toml"), " = ");
    let secret = |key: &str| {
        key.ends_with("_secret_key")
            || key.ends_with("_api_key")
            || key.ends_with("_webhook_secret")
            || [
                "smtp_url",
                "metrics_token",
                "encryption_key",
                "signing_key",
                "google_client_secret",
                "otlp_token",
                "sentry_dsn",
            ]
            .contains(&key)
    };
    let expected: Vec<_> = SETTINGS
        .iter()
        .filter(|setting| !secret(setting.key))
        .map(|setting| (setting.key.to_owned(), setting.default.unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(named, expected);
}

#[test]
fn every_table_of_settings_is_the_list_of_settings() {
    let expected: Vec<_> =
        SETTINGS.iter().map(|s| (s.key.to_owned(), s.default.filter(|d| !d.is_empty()))).collect();
    for path in ["README.md", "docs/operations.md"] {
        let keys: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        let named = rows(&read(path));
        let named: Vec<_> = named
            .iter()
            .filter(|(key, _)| keys.contains(key.as_str()))
            .map(|(key, default)| (key.clone(), default.as_deref()))
            .collect();
        assert_eq!(named, expected, "{path}");
    }
}

#[test]
fn every_example_switched_on_is_a_sound_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("namaskah.toml");
    let values = examples(&read("namaskah.example.toml"), " = ");
    let lines: Vec<String> = values.iter().map(|(key, value)| format!("{key} = \"{value}\"")).collect();
    // What has no default has no value in the example either; an empty one counts as none.
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let data_dir = folder.path().join("data").display().to_string();
    let overrides = Overrides { file: Some(file), values: vec![("data_dir", data_dir)] };
    let environment = examples(&read(".env.example"), "=");
    let environment = environment
        .into_iter()
        .filter(|(name, _)| name != "namaskah_data_dir")
        .map(|(name, value)| (name.to_ascii_uppercase(), value));
    Config::from_sources(&overrides, environment).expect("no fault");
}

#[test]
fn the_documentation_lists_every_problem_with_its_status() {
    let text = read("docs/api.md");
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let status: u16 = cells.next()?.parse().ok()?;
        Some((status, cells.next()?.split('`').nth(1)?.to_owned()))
    };
    let listed: Vec<(u16, String)> = text.lines().filter_map(row).collect();
    let kinds: Vec<(u16, String)> = KINDS.iter().map(|kind| (kind.status, kind.code.to_owned())).collect();
    assert_eq!(listed, kinds);
}
