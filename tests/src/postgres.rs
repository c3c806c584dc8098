//! A Postgres for tests: a cluster of our own that leaves with the tests, and a fresh database for each of them.
//!
//! Which server: `TEST_DATABASE_URL` (an administrator's URL of a running cluster), else the binaries in
//! `TEST_PG_BIN`, on `PATH`, or in the newest of Debian's versioned folders. Without any a test is skipped and says
//! so, unless `TEST_REQUIRE_PG` is 1, which makes it fail.
//!
//! The cluster listens on a socket in a private folder and never on a port, so it can meet no other server. A shell
//! owns it and waits on a pipe from this process: however the tests end, the pipe closes, and the server and its
//! folder go.

mod server;

pub use server::Server;

use std::{
    env,
    io::{Error, Result},
    os::unix::{
        fs::{PermissionsExt, chown},
        net::UnixStream,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use namaskah_adapters::persistence::{Database, Options, connect};
use namaskah_migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

struct Cluster {
    /// Its standard input closes with this process, which ends the cluster.
    _owner: Option<Child>,
    admin_url: String,
}

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();

/// Tests may lose everything with the machine; figures are taken as production runs.
const QUICK: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";
const DURABLE: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=512MB \
                       -c max_wal_size=8GB -c checkpoint_timeout=15min";
const START_LIMIT: Duration = Duration::from_secs(60);
const LOGIN_LIMIT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(25);
/// Any number that nothing else locks: one process at a time makes the template.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// Runs the cluster until standard input closes. `$1`: its folder; `$2`: the folder of the binaries; `$3`: what it does
/// about a crash.
const OWNER: &str = r#"
home=$1; bin=$2; safety=$3
trap 'cd /; rm -rf "$home"' EXIT
if ! "$bin/initdb" --pgdata="$home/data" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync \
    >"$home/log" 2>&1 </dev/null
then cp "$home/log" "$home/failed"; cat >/dev/null; exit 1
fi
"$bin/postgres" -D "$home/data" -k "$home" -c listen_addresses= -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off $safety \
    >>"$home/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
while kill -INT "$server" 2>/dev/null; do sleep 0.1; done
wait "$server"
"#;

/// A database of its own for one test, migrated.
pub struct TestDatabase {
    /// Where it is.
    pub url: String,
    name: String,
    admin_url: String,
}

/// A fresh, migrated database; `None` if there is no Postgres here.
///
/// # Panics
/// If Postgres is required or present, and cannot be used.
pub async fn database() -> Option<TestDatabase> {
    fresh(true).await
}

/// A fresh database without any table.
///
/// # Panics
/// As [`database`].
pub async fn empty_database() -> Option<TestDatabase> {
    fresh(false).await
}

/// The administrator's URL of a running cluster, started if need be; `None` if there is no Postgres here. The cluster
/// ends with this process.
///
/// # Panics
/// As [`database`].
pub fn cluster_url() -> Option<String> {
    CLUSTER.get_or_init(cluster_or_skip).as_ref().map(|cluster| cluster.admin_url.clone())
}

async fn fresh(migrated: bool) -> Option<TestDatabase> {
    let cluster = tokio::task::spawn_blocking(|| CLUSTER.get_or_init(cluster_or_skip).as_ref()).await;
    let admin_url = cluster.expect("the cluster's thread ended well")?.admin_url.clone();
    let admin = login(&admin_url).await;
    let template = if migrated { template(&admin, &admin_url).await } else { "template0".to_owned() };
    let name = format!("t_{}", unique());
    let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
    admin.connection().execute_unprepared(&create).await.expect("a database is made");
    admin.close().await;
    Some(TestDatabase { url: with_database(&admin_url, &name), name, admin_url })
}

impl TestDatabase {
    /// What the server calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, as words of libpq: `host=… user=…`.
    ///
    /// # Panics
    /// If its URL is none.
    pub fn words(&self) -> String {
        let url = reqwest::Url::parse(&self.url).expect("a URL");
        let mut words = vec![format!("dbname={}", self.name)];
        words.extend(url.host_str().filter(|host| !host.is_empty()).map(|host| format!("host={host}")));
        words.extend(url.port().map(|port| format!("port={port}")));
        words.extend(Some(url.username()).filter(|name| !name.is_empty()).map(|name| format!("user={name}")));
        words.extend(url.password().map(|password| format!("password={password}")));
        words.extend(url.query_pairs().map(|(key, value)| format!("{key}={value}")));
        words.join(" ")
    }

    /// The URL of a new user without rights, who has those that `statements` gives for the user's name. He goes with
    /// the database.
    pub async fn another_user(&self, statements: impl FnOnce(&str) -> String) -> String {
        let (name, password) = (format!("u_{}", self.name), unique());
        let owner = login(&self.url).await;
        let made = format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'; {}", statements(&name));
        owner.connection().execute_unprepared(&made).await.expect("a user is made");
        owner.close().await;
        // Of a word that comes twice the later one counts.
        let joint = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{joint}user={name}&password={password}", self.url)
    }

    /// Ends every connection to it, in the middle of whatever it does.
    pub async fn cuts_connections(&self) {
        let admin = login(&self.admin_url).await;
        let cut =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        admin.connection().execute_unprepared(&cut).await.expect("connections are cut");
        admin.close().await;
    }

    /// Removes it. A database that is left behind goes with its cluster.
    pub async fn remove(self) {
        let admin = login(&self.admin_url).await;
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        admin.connection().execute_unprepared(&drop).await.expect("a test's database is dropped");
        let user = format!("DROP ROLE IF EXISTS u_{}", self.name);
        admin.connection().execute_unprepared(&user).await.expect("a test's user is dropped");
        admin.close().await;
    }
}

/// The migrated database that others are copied from; named after the migrations, so a new one is made with them.
async fn template(admin: &Database, admin_url: &str) -> String {
    let names: String = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(names.as_bytes());
    let name = format!("template_{}", hex::encode(&digest[..8]));
    let run = async |sql: String| {
        admin.connection().execute_unprepared(&sql).await.expect("an administrator's statement")
    };
    run(format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let known = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT 1 FROM pg_database WHERE datname = $1",
        [name.clone().into()],
    );
    if admin.connection().query_one_raw(known).await.expect("the catalogue").is_none() {
        // Named only when it is whole, so that a killed process leaves no half of a template.
        let unfinished = format!("unfinished_{}", unique());
        run(format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
        let database = login(&with_database(admin_url, &unfinished)).await;
        namaskah_migration::migrate(database.connection()).await.expect("the migrations apply");
        database.close().await;
        run(format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    run(format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
    name
}

/// One connection. The socket answers a moment before the server takes logins, so the first one is tried again.
async fn login(url: &str) -> Database {
    let started = Instant::now();
    loop {
        match connect(url, Options { max_connections: 1, ..Options::default() }).await {
            Ok(database) => return database,
            Err(fault) => {
                assert!(started.elapsed() < LOGIN_LIMIT, "no login at the test's Postgres: {fault}")
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn with_database(admin_url: &str, name: &str) -> String {
    let (place, options) = admin_url.split_once('?').map_or((admin_url, None), |(p, o)| (p, Some(o)));
    let server = place.rsplit_once('/').map_or(place, |(server, _)| server);
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}

fn unique() -> String {
    let mut bytes = [0u8; 16];
    crate::given::fill(&mut bytes);
    Uuid::from_bytes(bytes).simple().to_string()
}

fn cluster_or_skip() -> Option<Cluster> {
    let cluster = start().expect("the test's Postgres starts");
    if cluster.is_none() {
        skipped();
    }
    cluster
}

fn skipped() {
    let required = env::var("TEST_REQUIRE_PG").is_ok_and(|value| value == "1");
    assert!(!required, "TEST_REQUIRE_PG is 1, and there is no Postgres");
    eprintln!("skipped: no Postgres");
}

fn start() -> Result<Option<Cluster>> {
    if let Ok(admin_url) = env::var("TEST_DATABASE_URL") {
        return Ok(Some(Cluster { _owner: None, admin_url }));
    }
    launch(QUICK)
}

/// A cluster that keeps its promises through a crash, for figures; it ends when the value is dropped.
///
/// # Errors
/// If there is no Postgres here, or it does not start.
pub fn durable_cluster() -> Result<DurableCluster> {
    let cluster = launch(DURABLE)?.ok_or_else(|| Error::other("there is no Postgres"))?;
    Ok(DurableCluster(cluster))
}

/// A cluster of its own; see [`durable_cluster`].
pub struct DurableCluster(Cluster);

impl DurableCluster {
    /// A new, empty database in it.
    pub async fn empty_database(&self) -> String {
        let admin = login(&self.0.admin_url).await;
        let name = format!("b_{}", unique());
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.connection().execute_unprepared(&create).await.expect("a database is made");
        admin.close().await;
        with_database(&self.0.admin_url, &name)
    }
}

fn launch(safety: &str) -> Result<Option<Cluster>> {
    let Some(binaries) = binaries() else { return Ok(None) };
    let home = tempfile::Builder::new().prefix("nmk-pg-").tempdir()?.keep();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700))?;
    let mut shell = Command::new("sh");
    if let Some((user, group)) = unprivileged() {
        chown(&home, Some(user), Some(group))?;
        shell.uid(user).gid(group);
    }
    let mut owner = shell
        .args(["-c", OWNER, "sh"])
        .args([&home, &binaries])
        .arg(safety)
        .env_remove("PGDATA")
        .current_dir(&home)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    wait_for_socket(&home, &mut owner)?;
    let admin_url = format!("postgres:///postgres?host={}&user=postgres", home.display());
    Ok(Some(Cluster { _owner: Some(owner), admin_url }))
}

fn wait_for_socket(home: &Path, owner: &mut Child) -> Result<()> {
    let (socket, started) = (home.join(".s.PGSQL.5432"), Instant::now());
    while UnixStream::connect(&socket).is_err() {
        let ended = owner.try_wait()?.is_some() || home.join("failed").exists();
        if ended || started.elapsed() > START_LIMIT {
            return Err(Error::other(std::fs::read_to_string(home.join("log")).unwrap_or_default()));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The server refuses to run as root, so another user runs it then.
pub(crate) fn unprivileged() -> Option<(u32, u32)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    let user = |name: &&str| nix::unistd::User::from_name(name).ok().flatten();
    ["postgres", "nobody"].iter().find_map(user).map(|user| (user.uid.as_raw(), user.gid.as_raw()))
}

/// Another program of the same Postgres, or one on `PATH`.
pub fn program(name: &str) -> Option<PathBuf> {
    let beside = binaries().map(|folder| folder.join(name));
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|folder| folder.join(name));
    beside.into_iter().chain(on_path).find(|file| file.is_file())
}

fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    if let Some(folder) = env::var_os("TEST_PG_BIN") {
        return Some(PathBuf::from(folder)).filter(complete);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).find(complete).or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        let mut folders: Vec<PathBuf> = versions.flatten().map(|entry| entry.path()).collect();
        folders.sort_by_key(version);
        folders.into_iter().rev().map(|folder| folder.join("bin")).find(complete)
    })
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced_whatever_else_it_says() {
        for (admin, expected) in [
            ("postgres:///postgres?host=/tmp/x&user=postgres", "postgres:///t?host=/tmp/x&user=postgres"),
            ("postgres://u:p@localhost:5432/postgres", "postgres://u:p@localhost:5432/t"),
        ] {
            assert_eq!(with_database(admin, "t"), expected);
        }
    }
}
