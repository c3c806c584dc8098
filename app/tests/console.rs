//! The command line by the real binary: what it says, and what it leaves alone.

use std::{
    io::pipe,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// The binary in a folder of its own, without any setting.
fn namaskah(folder: &Path, arguments: &[&str]) -> Command {
    let mut binary = Command::new(env!("CARGO_BIN_EXE_namaskah"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
        binary.env_remove(name);
    }
    binary.current_dir(folder).env("NAMASKAH_LOG", "warn").args(arguments);
    binary
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// How it ended, and all that it said.
fn ended(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().expect("the binary runs");
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

#[test]
fn a_password_in_a_url_that_cannot_be_read_is_not_told() {
    let folder = folder();
    let url = "postgres://u:pa/ss#word1@127.0.0.1:25432/x";
    for command in ["audit", "doctor", "serve"] {
        let (code, said) = ended(namaskah(folder.path(), &[command, "--database-url", url]));
        assert_eq!(code, Some(1), "{command}: {said}");
        assert!(said.contains("database_url is no URL of a database"), "{command}: {said}");
        assert!(!said.contains("word1") && !said.contains("pa/ss"), "{command}: {said}");
    }
}

#[test]
fn whoever_has_read_enough_ends_a_command_quietly() {
    let folder = folder();
    let (code, said) = ended(namaskah(folder.path(), &["migrate", "up"]));
    assert_eq!(code, Some(0), "{said}");
    let all: [&[&str]; 6] = [
        &["migrate", "grants", "r"],
        &["migrate", "status"],
        &["audit"],
        &["doctor"],
        &["mail", "preview"],
        &["openapi"],
    ];
    for arguments in all {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = namaskah(folder.path(), arguments);
        let Output { status, stderr, .. } = command.stdout(writer).output().expect("the binary runs");
        let said = String::from_utf8_lossy(&stderr);
        assert_eq!((status.code(), said.as_ref()), (Some(141), ""), "{arguments:?}");
    }
}

#[test]
fn a_database_that_is_away_is_told_with_its_cause_and_once() {
    let folder = folder();
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("a port").port();
    let url = format!("postgres://nobody@127.0.0.1:{port}/x");
    let (code, said) = ended(namaskah(folder.path(), &["doctor", "--database-url", &url]));
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("Connection refused").count(), 1, "{said}");
}
