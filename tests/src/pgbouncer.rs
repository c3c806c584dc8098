//! A PgBouncer of a test's own before the tests' Postgres, on a socket in a folder of its own. Without `pgbouncer` a test is
//! skipped and says so, unless `TEST_REQUIRE_PGBOUNCER` is 1, which makes it fail.

use std::{
    env,
    os::unix::{
        fs::{PermissionsExt, chown},
        net::UnixStream,
        process::CommandExt,
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use crate::postgres::{TestDatabase, unprivileged};

const START_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
/// From this version on it can keep clients' prepared statements.
const REMEMBERS: (u32, u32) = (1, 21);

/// How it hands out its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// To a client for as long as it stays.
    BySession,
    /// To whoever has a transaction; prepared statements are kept, if it can.
    ByTransaction,
    /// To whoever has a transaction; prepared statements are none of its business.
    Forgetful,
}

/// A pooler. It ends when it is dropped.
pub struct PgBouncer {
    child: Child,
    folder: TempDir,
    database: String,
}

/// Where it is, and its version.
fn found() -> Option<(PathBuf, (u32, u32))> {
    let path = env::var_os("TEST_PGBOUNCER").map(PathBuf::from).or_else(|| {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        folders.map(|folder| folder.join("pgbouncer")).find(|file| file.is_file())
    })?;
    let told = Command::new(&path).arg("--version").output().expect("pgbouncer runs");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let numbers = told.split_whitespace().nth(1).expect("a version").split('.');
    let mut numbers = numbers.map(|number| number.parse().expect("a number"));
    let version = numbers.next().zip(numbers.next()).expect("two numbers");
    Some((path, version))
}

/// True if the one that is here can keep prepared statements.
///
/// # Panics
/// If it does not tell its version.
pub fn remembers() -> bool {
    found().is_some_and(|(_, version)| version >= REMEMBERS)
}

impl PgBouncer {
    /// Before that database, with few connections of its own; `None` if there is none here.
    ///
    /// # Panics
    /// If it is required or present, and cannot be used.
    pub fn before(database: &TestDatabase, pooling: Pooling) -> Option<Self> {
        let Some((program, version)) = found() else {
            let required = env::var("TEST_REQUIRE_PGBOUNCER").is_ok_and(|value| value == "1");
            assert!(!required, "TEST_REQUIRE_PGBOUNCER is 1, and there is no pgbouncer");
            eprintln!("skipped: no pgbouncer");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("nmk-pool-").tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).expect("rights");
        let mut command = Command::new(program);
        if let Some((user, group)) = unprivileged() {
            chown(folder.path(), Some(user), Some(group)).expect("its folder");
            command.uid(user).gid(group);
        }
        let settings = folder.path().join("pgbouncer.ini");
        std::fs::write(&settings, settings_of(database, &folder, pooling, version)).expect("settings");
        let child = command
            .arg(&settings)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer runs");
        let pooler = Self { child, folder, database: database.name().to_owned() };
        pooler.answers();
        Some(pooler)
    }

    /// The database, through it.
    pub fn url(&self) -> String {
        format!("postgres:///{}?host={}&user=postgres", self.database, self.folder.path().display())
    }

    /// From now on it takes what comes, and answers nothing.
    ///
    /// # Panics
    /// If it does not run.
    pub fn freezes(&self) {
        let id = i32::try_from(self.child.id()).expect("an id");
        kill(Pid::from_raw(id), Signal::SIGSTOP).expect("it can be stopped");
    }

    fn answers(&self) {
        let (socket, begun) = (self.folder.path().join(".s.PGSQL.5432"), Instant::now());
        while UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < START_LIMIT, "pgbouncer does not start");
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn settings_of(database: &TestDatabase, folder: &TempDir, pooling: Pooling, version: (u32, u32)) -> String {
    let home = folder.path().display();
    let mode = if pooling == Pooling::BySession { "session" } else { "transaction" };
    // A session has its connection for as long as it lasts; a transaction shares few.
    let size = if pooling == Pooling::BySession { 60 } else { 4 };
    let kept = match pooling {
        _ if version < REMEMBERS => "",
        Pooling::Forgetful => "max_prepared_statements = 0",
        Pooling::BySession | Pooling::ByTransaction => "max_prepared_statements = 500",
    };
    format!(
        "[databases]\n{} = {}\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\nunix_socket_dir = {home}\n\
         auth_type = any\npool_mode = {mode}\ndefault_pool_size = {size}\nmax_client_conn = 200\n{kept}\n",
        database.name(),
        database.words(),
    )
}
