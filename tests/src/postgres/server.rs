//! A server of one's own that may be killed and started again on the same data, as production runs it.

use std::{
    io::{Error, Result},
    os::unix::{
        fs::{PermissionsExt, chown},
        net::UnixStream,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

use super::{PAUSE, START_LIMIT, binaries, skipped, unprivileged};

/// A server on a socket in a folder of its own. It is killed, and its folder goes, when it is dropped.
pub struct Server {
    child: Child,
    binaries: PathBuf,
    home: TempDir,
}

impl Server {
    /// A new cluster, serving; `None` if there is no Postgres here.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start() -> Result<Option<Self>> {
        Self::start_in(&std::env::temp_dir())
    }

    /// The same in a folder within `parent`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_in(parent: &Path) -> Result<Option<Self>> {
        let Some(binaries) = binaries() else {
            skipped();
            return Ok(None);
        };
        let home = tempfile::Builder::new().prefix("nmk-pg-").tempdir_in(parent)?;
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700))?;
        if let Some((user, group)) = unprivileged() {
            chown(home.path(), Some(user), Some(group))?;
        }
        let init = command(&binaries, "initdb", home.path())
            .args(["--pgdata=data", "--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync"])
            .stdout(Stdio::null())
            .status()?;
        if !init.success() {
            return Err(Error::other("initdb failed"));
        }
        let child = launch(&binaries, home.path())?;
        let mut server = Self { child, binaries, home };
        server.answers()?;
        Ok(Some(server))
    }

    /// Where its databases are.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", self.home.path().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        socket(self.home.path())
    }

    /// It dies at once: SIGKILL ends the first process alone, and the others notice; SIGQUIT ends them all at once.
    ///
    /// # Errors
    /// If it is dead already.
    pub fn dies(&mut self, by: Signal) -> Result<()> {
        kill(pid(&self.child)?, by)?;
        self.child.wait().map(|_| ())
    }

    /// It is started again, recovers, and answers when this returns.
    ///
    /// # Errors
    /// If it does not start.
    pub fn starts_again(&mut self) -> Result<()> {
        let begun = Instant::now();
        // Whoever still serves a connection of the dead one holds the data; they leave one by one.
        loop {
            self.child = launch(&self.binaries, self.home.path())?;
            match self.answers() {
                Ok(()) => return Ok(()),
                Err(error) if begun.elapsed() > START_LIMIT => return Err(error),
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    /// It is started again if it has stopped by itself, over a full disk say.
    ///
    /// # Errors
    /// As [`Self::starts_again`].
    pub fn starts_if_it_stopped(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() { self.starts_again() } else { Ok(()) }
    }

    fn answers(&mut self) -> Result<()> {
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            if self.child.try_wait()?.is_some() || begun.elapsed() > START_LIMIT {
                return Err(Error::other("the server does not start"));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.dies(Signal::SIGQUIT);
    }
}

fn pid(child: &Child) -> Result<Pid> {
    i32::try_from(child.id()).map(Pid::from_raw).map_err(Error::other)
}

fn socket(home: &Path) -> PathBuf {
    home.join(".s.PGSQL.5432")
}

fn command(binaries: &Path, name: &str, home: &Path) -> Command {
    let mut command = Command::new(binaries.join(name));
    if let Some((user, group)) = unprivileged() {
        command.uid(user).gid(group);
    }
    command.current_dir(home).env_remove("PGDATA").stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn launch(binaries: &Path, home: &Path) -> Result<Child> {
    let settings = ["listen_addresses=", "max_connections=60", "shared_buffers=32MB", "fsync=on"];
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    command(binaries, "postgres", home)
        .args(["-D", "data", "-k"])
        .arg(home)
        .args(settings)
        .stdout(Stdio::null())
        .spawn()
}
