//! A Redis of a test's own, on a socket in a folder of its own. Without `redis-server` a test is skipped and says so,
//! unless `TEST_REQUIRE_REDIS` is 1, which makes it fail.

use std::{
    env,
    io::Result,
    os::unix::net::UnixStream,
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

const START_LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A server that keeps nothing. It ends when it is dropped.
pub struct RedisServer {
    child: Child,
    folder: TempDir,
}

impl RedisServer {
    /// A new one, serving; `None` if there is none here.
    ///
    /// # Panics
    /// If it is required or present, and cannot be used.
    pub fn start() -> Option<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        if !env::split_paths(&path).any(|folder| folder.join("redis-server").is_file()) {
            let required = env::var("TEST_REQUIRE_REDIS").is_ok_and(|value| value == "1");
            assert!(!required, "TEST_REQUIRE_REDIS is 1, and there is no redis-server");
            eprintln!("skipped: no redis-server");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("nmk-redis-").tempdir().expect("a folder");
        let child = launch(&folder).expect("redis-server runs");
        let server = Self { child, folder };
        server.answers();
        Some(server)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", socket(&self.folder).display())
    }

    /// It dies at once, with all that it has counted.
    ///
    /// # Panics
    /// If it is dead already.
    pub fn dies(&mut self) {
        self.signal(Signal::SIGKILL);
        self.child.wait().expect("it ends");
    }

    /// A new one at the same place.
    ///
    /// # Panics
    /// If it does not start.
    pub fn starts_again(&mut self) {
        self.child = launch(&self.folder).expect("redis-server runs");
        self.answers();
    }

    /// It takes connections and does not answer.
    pub fn freezes(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// It goes on where it stopped.
    pub fn thaws(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("an id")), signal).expect("it runs");
    }

    fn answers(&self) {
        let begun = Instant::now();
        while UnixStream::connect(socket(&self.folder)).is_err() {
            assert!(begun.elapsed() < START_LIMIT, "redis-server does not start");
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("redis.sock")
}

fn launch(folder: &TempDir) -> Result<Child> {
    // A socket that a dead one has left would refuse, and be taken for one that does not answer yet.
    let _ = std::fs::remove_file(socket(folder));
    Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(socket(folder))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}
