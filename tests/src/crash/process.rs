//! The real binary as processes that may be killed and frozen.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
};

use super::Failure;

const TO_START: Duration = Duration::from_secs(60);
const TO_END: Duration = Duration::from_secs(60);

/// The product's binary: beside ours, or in the folder above it, where the tests' own are.
///
/// # Errors
/// If it was not built.
pub fn binary() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("namaskah"));
    beside
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| "the product's binary is missing: run `cargo build -p namaskah` first".into())
}

/// A call of the binary that no environment of ours leaks into.
///
/// # Errors
/// If it was not built.
pub fn command(folder: &Path, arguments: &[String]) -> Result<Command, Failure> {
    let mut command = Command::new(binary()?);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("NAMASKAH_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).env("NAMASKAH_LOG", "info");
    command.env("NAMASKAH_LIMIT_FACTOR", "10000").env("NAMASKAH_MAX_OPEN_ORDERS", "10000");
    command.env("NAMASKAH_PROVIDER_TIMEOUT_S", "2").env("NAMASKAH_DATABASE_POOL", "8");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// What it has said so far.
#[derive(Debug, Default)]
struct Said {
    /// First and second word of each line of its output.
    told: Vec<(String, String)>,
    /// Lines of its log.
    lines: usize,
    ended: bool,
}

/// A process of the binary.
pub struct Process {
    child: Child,
    said: watch::Receiver<Said>,
    log: PathBuf,
}

impl Process {
    /// Starts it, and does not wait. Its log is appended to `<name>.log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(folder: &Path, name: &str, command: &mut Command) -> Result<Self, Failure> {
        let log = folder.join(format!("{name}.log"));
        let mut file = std::fs::File::options().create(true).append(true).open(&log)?;
        let mut child = command.spawn()?;
        let (sender, said) = watch::channel(Said::default());
        let output = child.stdout.take().ok_or("no output")?;
        let errors = child.stderr.take().ok_or("no log")?;
        let counting = sender.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(errors).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                // A log that cannot be kept is no reason to stop reading it.
                let _ = writeln!(file, "{line}");
                counting.send_modify(|said| said.lines += 1);
            }
        });
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut words = line.split_whitespace().map(str::to_owned);
                let pair = words.next().zip(words.next());
                sender.send_modify(|said| said.told.extend(pair));
            }
            sender.send_modify(|said| said.ended = true);
        });
        Ok(Self { child, said, log })
    }

    /// The address that it tells under this label, once it does.
    ///
    /// # Errors
    /// If it ends before, or takes too long.
    pub async fn address(&self, label: &str) -> Result<String, Failure> {
        let find = |said: &Said| said.told.iter().find(|(known, _)| known == label).map(|(_, a)| a.clone());
        let mut said = self.said.clone();
        let told = said.wait_for(|said| said.ended || find(said).is_some());
        let told = tokio::time::timeout(TO_START, told).await;
        let address = told.ok().and_then(Result::ok).and_then(|said| find(&said));
        address.ok_or_else(|| format!("it did not start; see {}", self.log.display()).into())
    }

    /// Returns when its log has so many more lines.
    pub async fn logs(&self, more: usize) {
        let mut said = self.said.clone();
        let until = said.borrow().lines + more;
        // Whoever waits has a limit of his own.
        let _ = said.wait_for(|said| said.lines >= until).await;
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.said.borrow().ended
    }

    /// SIGKILL, and waits for its end.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub async fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let id = self.child.id().ok_or("it has ended")?;
        Ok(kill(Pid::from_raw(i32::try_from(id)?), signal)?)
    }

    /// How it ended, once it has.
    ///
    /// # Errors
    /// If it goes on for a minute.
    pub async fn ended(&mut self) -> Result<ExitStatus, Failure> {
        Ok(tokio::time::timeout(TO_END, self.child.wait()).await??)
    }
}
