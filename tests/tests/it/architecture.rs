//! What the code may depend on, and how large a file may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const LONGEST_FILE: usize = 500;
/// Crates that do I/O, run tasks, speak HTTP or to a database, read the clock or make randomness.
const IMPURE: [&str; 22] = [
    "tokio",
    "async-std",
    "smol",
    "mio",
    "socket2",
    "futures-executor",
    "sqlx",
    "sqlx-core",
    "sea-orm",
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "hyper",
    "reqwest",
    "poem",
    "http",
    "rustls",
    "lettre",
    "getrandom",
    "rand",
    "iana-time-zone",
    "libc",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn cargo(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The members of the workspace: each one's dependencies, by kind (`normal`, `dev`, `build`).
fn members() -> BTreeMap<String, Vec<(String, String)>> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked", "--offline", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let dependency = |value: &Value| (name(value), value["kind"].as_str().unwrap_or("normal").to_owned());
    let member = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        (name(package), dependencies.iter().map(dependency).collect())
    };
    metadata["packages"].as_array().expect("packages").iter().map(member).collect()
}

/// Every edge of a package's tree with all its features, from who depends to what it depends on.
fn edges(package: &str) -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "--locked",
        "--offline",
        "-p",
        package,
        "--all-features",
        "-e",
        "normal,build",
        "--prefix",
        "depth",
        "--format",
        " {p}",
        "--no-dedupe",
    ]);
    let mut above: Vec<String> = Vec::new();
    let mut edges = BTreeSet::new();
    for line in tree.lines() {
        let (depth, rest) = line.split_once(' ').expect("a depth");
        let depth: usize = depth.parse().expect("a number");
        let name = rest.split(' ').next().expect("a name").to_owned();
        above.truncate(depth);
        if let Some(parent) = above.last() {
            edges.insert((parent.clone(), name.clone()));
        }
        above.push(name);
    }
    edges
}

#[test]
fn nothing_that_the_domain_depends_on_does_io() {
    let edges = edges("namaskah-domain");
    assert!(edges.contains(&("namaskah-domain".to_owned(), "rust_decimal".to_owned())), "the tree was read");
    let offending: Vec<_> = edges.iter().filter(|(_, to)| IMPURE.contains(&to.as_str())).collect();
    assert!(offending.is_empty(), "the domain reaches {offending:?}");
    let ours: Vec<_> = edges.iter().filter(|(_, to)| to.starts_with("namaskah")).collect();
    assert!(ours.is_empty(), "the domain depends on {ours:?}");
}

#[test]
fn dependencies_between_our_crates_point_inward() {
    let allowed: &[(&str, &[&str])] = &[
        ("namaskah-domain", &[]),
        ("namaskah-migration", &[]),
        ("namaskah-sandbox", &[]),
        ("namaskah-client", &[]),
        ("namaskah-adapters", &["namaskah-domain", "namaskah-migration"]),
        ("namaskah", &["namaskah-domain", "namaskah-adapters", "namaskah-migration", "namaskah-sandbox"]),
    ];
    let members = members();
    for (member, dependencies) in &members {
        let ours = dependencies
            .iter()
            .filter(|(to, kind)| to.starts_with("namaskah") && to != member && kind != "dev");
        let ours: Vec<&String> = ours.map(|(to, _)| to).collect();
        let Some((_, allowed)) = allowed.iter().find(|(name, _)| name == member) else {
            assert_eq!(member, "namaskah-tests", "a new crate: say what it may depend on");
            continue;
        };
        for to in ours {
            assert!(allowed.contains(&to.as_str()), "{member} depends on {to}");
        }
    }
    let sandbox = &members["namaskah-sandbox"];
    assert!(!sandbox.iter().any(|(to, _)| to.starts_with("namaskah")), "not even its tests: {sandbox:?}");
}

#[test]
fn the_web_framework_stays_in_the_app_and_the_sandbox() {
    for (member, dependencies) in members() {
        let frameworks: Vec<_> = dependencies.iter().filter(|(to, _)| to.starts_with("poem")).collect();
        let may = ["namaskah", "namaskah-sandbox"].contains(&member.as_str());
        assert!(may || frameworks.is_empty(), "{member} depends on {frameworks:?}");
    }
}

#[test]
fn there_is_one_tls_stack_and_one_of_each_large_library() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let names: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
    for none in ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys"] {
        assert_eq!(count(none), 0, "{none}");
    }
    for one in ["rustls", "ring", "reqwest", "sqlx", "sqlx-core", "sea-orm", "tokio", "hyper", "poem"] {
        assert_eq!(count(one), 1, "{one}");
    }
}

#[test]
fn the_example_of_the_environment_names_every_setting_and_no_other() {
    let example = std::fs::read_to_string(root().join(".env.example")).expect("an example");
    let assigned = example.lines().filter_map(|line| {
        let (name, value) = line.trim_start_matches(['#', ' ']).split_once('=')?;
        let is_ours = name.starts_with("NAMASKAH_") && !name.contains(' ');
        // Quotes are the shell's.
        is_ours.then(|| (name.to_owned(), value.trim_matches('"').to_owned()))
    });
    let assigned: Vec<(String, String)> = assigned.collect();
    let expected: Vec<(String, String)> = namaskah::config::SETTINGS
        .iter()
        .map(|s| (format!("NAMASKAH_{}", s.key.to_uppercase()), s.default.unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(assigned, expected, "name, default and order");
}

/// Every file of these kinds below a folder, as text.
fn sources(below: PathBuf, kinds: &[&str]) -> Vec<(PathBuf, String)> {
    let (mut folders, mut read) = (vec![below], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_made = ["target", "node_modules", "dist"].contains(&name.as_str());
            if path.is_dir() && !is_made && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|of| kinds.iter().any(|kind| of == *kind)) {
                let text = std::fs::read_to_string(&path).expect("a text");
                read.push((path, text));
            }
        }
    }
    read
}

#[test]
fn every_source_file_is_short_enough_to_read() {
    let read = sources(root(), &["rs", "js", "css", "html", "py"]);
    for (path, text) in &read {
        let lines = text.lines().count();
        assert!(lines < LONGEST_FILE, "{} has {lines} lines", path.display());
    }
    assert!(read.len() > 100, "{} files were read", read.len());
}

#[test]
fn the_product_starts_no_other_program() {
    for member in ["domain", "adapters", "app", "migration", "sandbox"] {
        let read = sources(root().join(member).join("src"), &["rs"]);
        assert!(!read.is_empty(), "{member}");
        for (path, text) in read {
            assert!(!text.contains("process::Command"), "{}", path.display());
        }
    }
}
