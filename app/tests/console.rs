//! The command line by the real binary: what it says, and what it leaves alone.

use std::{
    fs,
    io::{BufRead, BufReader, pipe},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Output, Stdio},
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

/// An address that nobody listens on any more.
fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("an address")
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
    let url = format!("postgres://nobody@{}/x", nobody());
    let (code, said) = ended(namaskah(folder.path(), &["doctor", "--database-url", &url]));
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("Connection refused").count(), 1, "{said}");
}

#[test]
fn whoever_looks_or_changes_what_is_there_makes_nothing() {
    let folder = folder();
    let nowhere = ["--database-url", "sqlite://typo.db"];
    let all: [&[&str]; 10] = [
        &["audit"],
        &["audit", nowhere[0], nowhere[1]],
        &["doctor"],
        &["doctor", nowhere[0], nowhere[1]],
        &["ready"],
        &["migrate", "status"],
        &["reconcile", nowhere[0], nowhere[1]],
        &["purge"],
        &["keys", "reseal"],
        &["money", "suspense", "list"],
    ];
    for arguments in all {
        let (code, said) = ended(namaskah(folder.path(), arguments));
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        let made: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert!(made.is_empty(), "{arguments:?}: {made:?}");
    }
    let (_, said) = ended(namaskah(folder.path(), all[1]));
    assert!(said.contains("there is no database file typo.db"), "{said}");
    let (_, said) = ended(namaskah(folder.path(), all[7]));
    assert!(said.contains("encryption_key is required") && said.contains("secrets.toml"), "{said}");
}

#[test]
fn doctor_decides_nothing_about_keys() {
    let (home, elsewhere) = (folder(), folder());
    let (code, said) = ended(namaskah(home.path(), &["migrate", "up"]));
    assert_eq!(code, Some(0), "{said}");
    let file = home.path().join("data/namaskah.db");
    let before = fs::read(&file).expect("the database");
    let url = format!("sqlite://{}", file.display());
    let (_, said) = ended(namaskah(elsewhere.path(), &["doctor", "--database-url", &url]));
    assert!(said.contains("ok    migrations: up to date") && said.contains("ok    keys"), "{said}");
    assert!(before == fs::read(&file).expect("the database"), "doctor has written");
    let (code, said) = ended(namaskah(home.path(), &["admin", "create", "--email", "ada@example.com"]));
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn steps_are_taken_back_only_as_many_as_there_are_and_by_whoever_is_sure() {
    let folder = folder();
    let migrate = |arguments: &[&str]| ended(namaskah(folder.path(), &[&["migrate"], arguments].concat()));
    let pending = || migrate(&["status"]).1.matches("pending").count();
    assert_eq!(migrate(&["up"]).0, Some(0));
    let (code, said) = migrate(&["down", "999", "--yes"]);
    assert!(code == Some(1) && said.contains("999 steps cannot be taken back"), "{said}");
    let (code, said) = migrate(&["down", "2"]);
    assert!(code == Some(1) && said.contains("--yes") && said.matches("m2").count() == 2, "{said}");
    assert_ne!(migrate(&["down", "0", "--yes"]).0, Some(0));
    assert_eq!(pending(), 0);
    assert_eq!(migrate(&["down", "2", "--yes"]).0, Some(0));
    assert_eq!(pending(), 2);
}

#[test]
fn heads_that_cannot_be_written_are_told_with_their_file() {
    let folder = folder();
    assert_eq!(ended(namaskah(folder.path(), &["migrate", "up"])).0, Some(0));
    let (code, said) = ended(namaskah(folder.path(), &["audit", "--export", "/nope/x"]));
    assert!(code == Some(1) && said.contains("/nope/x: No such file"), "{said}");
}

#[test]
fn whoever_is_not_reached_is_told_with_the_cause() {
    let folder = folder();
    let (code, said) = ended(namaskah(folder.path(), &["ready", "--listen", &nobody().to_string()]));
    assert!(code == Some(1) && said.contains("Connection refused"), "{said}");
    let mut doctor = namaskah(folder.path(), &["doctor"]);
    doctor.env("NAMASKAH_REDIS_URL", format!("redis://:word1@{}", nobody()));
    let (code, said) = ended(doctor);
    assert!(code == Some(1) && said.contains("WRONG Redis: ") && !said.contains("word1"), "{said}");
}

#[test]
fn listen_refuses_what_it_would_wait_for_in_vain() {
    let folder = folder();
    let here = "http://127.0.0.1:9000/hook";
    for (url, events, why) in [
        ("http://example.com/h", "verification.completed", "not on this machine"),
        ("http://10.0.0.1/h", "verification.completed", "not on this machine"),
        ("garbage", "verification.completed", "not a URL such as http://"),
        ("ftp://127.0.0.1/h", "verification.completed", "not a URL such as http://"),
        (here, "nope", "no type of event; there are verification.requested"),
        (here, "verification.completed,nope", "no type of event"),
    ] {
        let listen = ["listen", "--forward-to", url, "--events", events, "--api-key", "nmk_x"];
        let (code, said) = ended(namaskah(folder.path(), &listen));
        assert!(code == Some(2) && said.contains(why), "{url} {events}: {said}");
    }
}

#[test]
fn listen_says_which_product_does_not_answer_and_why_and_asks_less_and_less_often() {
    let (folder, product) = (folder(), format!("http://{}", nobody()));
    let here = "http://localhost:9000/hook";
    let listen = ["listen", "--forward-to", here, "--api-key", "nmk_x", "--product-url", &product];
    let mut child = namaskah(folder.path(), &listen).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let errors = BufReader::new(child.stderr.take().expect("errors")).lines().map_while(Result::ok);
    let said: Vec<_> = errors.take(2).collect();
    child.kill().and_then(|()| child.wait()).expect("it ends");
    assert!(
        said.iter().all(|line| line.contains(&product) && line.contains("Connection refused")),
        "{said:?}"
    );
    assert!(said[0].contains("again in 1 s") && said[1].contains("again in 2 s"), "{said:?}");
}

#[test]
fn trigger_asks_for_the_sandbox_before_it_buys() {
    let (folder, sandbox) = (folder(), format!("http://{}", nobody()));
    // Whoever is asked for a number would hang.
    let product = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", product.local_addr().expect("an address"));
    let trigger = ["trigger", "verification.completed", "--api-key", "nmk_x"];
    let (code, said) = ended(namaskah(
        folder.path(),
        &[&trigger[..], &["--product-url", &url, "--sandbox-url", &sandbox]].concat(),
    ));
    assert!(code == Some(1) && said.contains(&sandbox) && said.contains("--sandbox-url"), "{said}");
    product.set_nonblocking(true).expect("a socket");
    assert!(product.accept().is_err(), "the product was asked");
}
