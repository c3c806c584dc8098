//! Processes that are measured: started, read from `/proc`, stopped.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::Failure;

/// The kernel counts processor time in hundredths of a second.
const TICK_MS: f64 = 10.0;
const STARTS: usize = 5;

/// The bench's own server in a process of its own.
pub struct Served {
    child: Child,
    pub origin: String,
    pub tokens: Vec<String>,
    paystack_key: String,
    references: Vec<String>,
}

impl Served {
    /// With so many payments that were paid and not told of.
    pub async fn start(database_url: &str, deposits: u64) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", database_url, "--deposits", &deposits.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let told: Value = serde_json::from_str(&first_line(&mut lines(&mut child)?).await?)?;
        let origin = told["origin"].as_str().ok_or("no origin")?.to_owned();
        let texts = |name: &str| -> Result<Vec<String>, Failure> {
            let listed = told[name].as_array().ok_or("a list is missing")?;
            Ok(listed.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
        };
        let paystack_key = told["paystack_key"].as_str().ok_or("no key")?.to_owned();
        let (tokens, references) = (texts("tokens")?, texts("references")?);
        Ok(Self { child, origin, tokens, paystack_key, references })
    }

    /// The webhook of each payment, and its signature.
    pub fn notices(&self) -> Result<Vec<(Vec<u8>, String)>, Failure> {
        let signed = |(id, reference): (usize, &String)| {
            let data = json!({"id": id, "reference": reference, "status": "success"});
            let body = json!({"event": "charge.success", "data": data}).to_string().into_bytes();
            let mut mac = Hmac::<Sha512>::new_from_slice(self.paystack_key.as_bytes())?;
            mac.update(&body);
            let signature = hex::encode(mac.finalize().into_bytes());
            Ok((body, signature))
        };
        self.references.iter().enumerate().map(signed).collect()
    }

    pub fn cpu_ms(&self) -> Result<f64, Failure> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid(&self.child)?))?;
        let after_name = stat.rsplit_once(')').ok_or("no stat")?.1;
        let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        Ok(ticks.sum::<Result<f64, _>>()? * TICK_MS)
    }

    pub fn peak_memory_mib(&self) -> Result<f64, Failure> {
        memory_mib(pid(&self.child)?, "VmHWM")
    }

    pub async fn stop(mut self) -> Result<(), Failure> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

/// Runs this program in another process, whose figures are printed as they come.
pub async fn another(words: &[&str]) -> Result<(), Failure> {
    let ran = Command::new(std::env::current_exe()?).args(words).kill_on_drop(true).status().await?;
    if ran.success() { Ok(()) } else { Err(format!("{} failed", words.join(" ")).into()) }
}

/// Start to ready of the real binary, fresh and over its database, and its memory when idle.
pub async fn start_figures() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let mut warm = Vec::new();
    let mut fresh_ms = 0.0;
    let mut idle_mib = 0.0;
    for start in 0..=STARTS {
        let begun = Instant::now();
        let mut child = product(folder.path())?;
        let mut printed = lines(&mut child)?;
        let ready = first_line(&mut printed).await?;
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        if !ready.contains("is ready") {
            return Err(format!("the product said: {ready}").into());
        }
        if start == 0 {
            fresh_ms = took
        } else {
            warm.push(took)
        }
        if start == STARTS {
            tokio::time::sleep(Duration::from_secs(5)).await;
            idle_mib = memory_mib(pid(&child)?, "VmRSS")?;
        }
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(pid(&child)?.try_into()?),
            nix::sys::signal::SIGTERM,
        )?;
        child.wait().await?;
    }
    warm.sort_by(f64::total_cmp);
    let median = warm[warm.len() / 2];
    println!(
        "{}",
        json!({"figure": "start.ready.sqlite", "ms": median.round(), "fresh_ms": fresh_ms.round()})
    );
    println!("{}", json!({"figure": "memory.idle.sqlite", "mib": idle_mib}));
    Ok(())
}

/// The binary that stands beside this one.
fn product(folder: &std::path::Path) -> Result<Child, Failure> {
    let beside: PathBuf = std::env::current_exe()?.with_file_name("namaskah");
    let child = Command::new(beside)
        .args(["--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"])
        .args(["--sandbox-smtp-listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

fn pid(child: &Child) -> Result<u32, Failure> {
    Ok(child.id().ok_or("the process has ended")?)
}

fn lines(child: &mut Child) -> Result<Lines<BufReader<ChildStdout>>, Failure> {
    Ok(BufReader::new(child.stdout.take().ok_or("no output")?).lines())
}

async fn first_line(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String, Failure> {
    Ok(lines.next_line().await?.ok_or("the process ended at once")?)
}

fn memory_mib(pid: u32, field: &str) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(field)).ok_or("no such field")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no value")?.parse()?;
    Ok((kib / 102.4).round() / 10.0)
}
