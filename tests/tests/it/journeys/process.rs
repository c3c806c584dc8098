//! The real binary as processes of its own: the simulators in one, the product in others that may be killed.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use namaskah_tests::{
    pgbouncer::{PgBouncer, Pooling},
    postgres::{self, TestDatabase},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{books::Books, controls::Controls};

const TO_START: Duration = Duration::from_secs(60);
const TO_STOP: Duration = Duration::from_secs(40);
const ANY: &str = "127.0.0.1:0";

/// The product's binary, which lies beside the tests' own.
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("the path of the tests");
    let folder = own.parent().and_then(Path::parent).expect("the folder of what was built");
    let binary = folder.join("namaskah");
    assert!(binary.is_file(), "{} is missing: run `cargo build -p namaskah` first", binary.display());
    binary
}

/// A process of the binary that has told its addresses.
pub struct Process {
    child: Child,
    told: Vec<(String, String)>,
}

impl Process {
    /// Starts it, and returns once it has told every one of `wanted`.
    async fn start(
        folder: &Path,
        name: &str,
        arguments: &[String],
        settings: &[(&str, &str)],
        wanted: &[&str],
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let errors = std::fs::File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(folder).env("NAMASKAH_LOG", "warn");
        command.env("NAMASKAH_LIMIT_FACTOR", "10000").env("NAMASKAH_MAX_OPEN_ORDERS", "10000");
        command.env("NAMASKAH_PROVIDER_TIMEOUT_S", "2").env("NAMASKAH_DATABASE_POOL", "8");
        for (name, value) in settings {
            // What is empty is left to the file.
            if value.is_empty() {
                command.env_remove(name)
            } else {
                command.env(name, value)
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).kill_on_drop(true);
        let mut child = command.spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut told = Vec::new();
        let reading = async {
            while wanted.iter().any(|label| !told.iter().any(|(known, _)| known == label)) {
                let line = lines.next_line().await.expect("its output").expect("it runs");
                let mut words = line.split_whitespace().map(str::to_owned);
                told.extend(words.next().zip(words.next()));
            }
        };
        let read = tokio::time::timeout(TO_START, reading).await;
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(read.is_ok(), "{name} did not start: {}", said());
        // What it says further is read, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, told }
    }

    /// The address that it told under this label.
    pub fn address(&self, label: &str) -> String {
        let found = self.told.iter().find(|(known, _)| known == label);
        found.map(|(_, address)| address.clone()).expect("an address that was told")
    }

    /// SIGTERM.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// SIGHUP.
    pub fn hang_up(&self) {
        self.signal(Signal::SIGHUP);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it runs");
        kill(Pid::from_raw(i32::try_from(id).expect("an id")), signal).expect("a signal");
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// How it ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(TO_STOP, self.child.wait()).await;
        ended.expect("it ends in time").expect("it ends")
    }
}

/// Simulators in a process of their own, and a place for products beside them.
pub struct Estate {
    pub controls: Controls,
    sandbox: Process,
    postgres: Option<TestDatabase>,
    folder: TempDir,
}

impl Estate {
    pub async fn on_sqlite() -> Self {
        Self::start(None).await
    }

    /// On a database without any table; `None` where there is no Postgres.
    pub async fn on_postgres() -> Option<Self> {
        let postgres = postgres::empty_database().await?;
        Some(Self::start(Some(postgres)).await)
    }

    async fn start(postgres: Option<TestDatabase>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ["sandbox", "--sandbox-listen", ANY, "--sandbox-smtp-listen", ANY];
        let mut arguments = arguments.map(str::to_owned).to_vec();
        arguments.extend(["--data-dir".to_owned(), folder.path().display().to_string()]);
        let sandbox = Process::start(folder.path(), "sandbox", &arguments, &[], &["console", "mail"]).await;
        Self { controls: Controls::new(&sandbox.address("console")), sandbox, postgres, folder }
    }

    /// A product on this estate's database and simulators.
    pub async fn product(&self) -> Process {
        self.product_with(&[]).await
    }

    /// The same with settings of its environment.
    pub async fn product_with(&self, settings: &[(&str, &str)]) -> Process {
        self.product_at(&self.database_url(), settings).await
    }

    /// The same on another database.
    pub async fn product_at(&self, database_url: &str, settings: &[(&str, &str)]) -> Process {
        let arguments = self.arguments(&["serve"], database_url);
        Process::start(self.folder.path(), "product", &arguments, settings, &["product"]).await
    }

    /// `namaskah` in a process of its own that ends by itself: whether all is well, and what it tells.
    pub async fn console(&self, words: &[&str], database_url: &str) -> (bool, String) {
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
            command.env_remove(name);
        }
        command.args(self.arguments(words, database_url)).current_dir(self.folder.path());
        let output = command.env("NAMASKAH_LOG", "warn").output().await.expect("the binary runs");
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&told).into_owned())
    }

    fn arguments(&self, words: &[&str], database_url: &str) -> Vec<String> {
        let mail = self.sandbox.address("mail");
        let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        for (flag, value) in [
            ("--listen", ANY),
            ("--sandbox-url", &self.sandbox.address("console")),
            ("--sandbox-smtp-listen", mail.trim_start_matches("smtp://")),
            ("--data-dir", &self.folder.path().display().to_string()),
            ("--database-url", database_url),
        ] {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        }
        arguments
    }

    /// A folder that goes with the estate.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A pooler before its database; `None` where there is none.
    pub fn pooler(&self, pooling: Pooling) -> Option<PgBouncer> {
        PgBouncer::before(self.postgres.as_ref().expect("an estate on Postgres"), pooling)
    }

    /// Keys that were made for its products and simulators.
    pub fn secrets(&self) -> Vec<String> {
        let kept = std::fs::read_to_string(self.folder.path().join("secrets.toml")).expect("keys");
        kept.lines()
            .filter_map(|line| Some(line.split_once('"')?.1.trim_end_matches('"').to_owned()))
            .collect()
    }

    /// Everything that its products have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("product.log")).expect("a log")
    }

    /// Settings of a file, for products that are started or look again.
    pub fn configures(&self, settings: &str) {
        std::fs::write(self.folder.path().join("namaskah.toml"), settings).expect("a file");
    }

    /// Where its products keep their books.
    pub fn database_url(&self) -> String {
        let file = self.folder.path().join("namaskah.db");
        self.postgres
            .as_ref()
            .map_or_else(|| format!("sqlite://{}?mode=rwc", file.display()), |p| p.url.clone())
    }

    /// Our books. They are closed before a product is killed, so that the next one finds them as the killed one left.
    pub async fn books(&self) -> Books {
        Books::open(&self.database_url(), self.controls.clone()).await
    }

    /// Ends the simulators and takes everything away.
    pub async fn stop(mut self) {
        self.sandbox.ask_to_stop();
        assert!(self.sandbox.ended().await.success());
        if let Some(postgres) = self.postgres {
            postgres.remove().await;
        }
        drop(self.folder);
    }
}
