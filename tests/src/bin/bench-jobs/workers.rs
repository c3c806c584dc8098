//! Workers, each a process of its own.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

use crate::{Failure, WORKERS, doing::Did};

struct Worker {
    child: Child,
    input: Mutex<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// Two of them.
pub struct Workers(Vec<Worker>);

impl Workers {
    /// Started and connected, and waiting.
    pub async fn start(url: &str, at_once: u64) -> Result<Self, Failure> {
        let mut all = Vec::new();
        for _ in 0..WORKERS {
            let mut child = Command::new(std::env::current_exe()?)
                .args(["work", url, &at_once.to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let input = Mutex::new(child.stdin.take().ok_or("no input")?);
            let mut output = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
            if output.next_line().await?.as_deref() != Some("ready") {
                return Err("a worker did not start".into());
            }
            all.push(Worker { child, input, output });
        }
        Ok(Self(all))
    }

    /// They begin.
    pub async fn go(&self) -> Result<(), Failure> {
        for worker in &self.0 {
            worker.input.lock().await.write_all(b"go\n").await?;
        }
        Ok(())
    }

    /// They end, and say what they did.
    pub async fn stop(self) -> Result<Vec<Did>, Failure> {
        let mut did = Vec::new();
        for Worker { mut child, input, mut output } in self.0 {
            drop(input);
            let told = output.next_line().await?.ok_or("a worker says nothing")?;
            did.push(serde_json::from_str(&told)?);
            child.wait().await?;
        }
        Ok(did)
    }
}
