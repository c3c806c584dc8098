//! A wire to the database's socket that breaks in the middle of answers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinHandle,
};

use super::{Failure, dice::Dice};

/// Of so many pieces of answers, one ends its connection.
const ONE_IN: u64 = 40;
const PIECE: usize = 8 * 1024;

/// See the module. It carries until it is dropped.
pub struct Wire {
    /// Goes with the wire.
    _folder: TempDir,
    breaks: Arc<AtomicBool>,
    broken: Arc<AtomicU64>,
    carrier: JoinHandle<()>,
}

impl Wire {
    /// A whole wire to the server behind this URL, which must name a folder with its socket.
    ///
    /// # Errors
    /// If it cannot be laid.
    pub fn to(url: &str, mut dice: Dice) -> Result<(Self, String), Failure> {
        let host = url.split_once("host=").and_then(|(_, rest)| rest.split('&').next());
        let host = host.filter(|host| host.starts_with('/')).ok_or("the server has no socket")?;
        let server = Path::new(host).join(".s.PGSQL.5432");
        let folder = tempfile::Builder::new().prefix("nmk-wire-").tempdir()?;
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432"))?;
        let through = url.replace(host, &folder.path().display().to_string());
        let (breaks, broken) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (may_break, count) = (breaks.clone(), broken.clone());
        let carrier = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let one = Carried { server: server.clone(), breaks: may_break.clone(), dice: dice.apart() };
                let count = count.clone();
                tokio::spawn(async move {
                    if one.carries(client).await {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        Ok((Self { _folder: folder, breaks, broken, carrier }, through))
    }

    /// Whether it breaks now and then, from now on.
    pub fn may_break(&self, it_may: bool) {
        self.breaks.store(it_may, Ordering::Relaxed);
    }

    /// How often it broke.
    pub fn broken(&self) -> u64 {
        self.broken.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

/// One connection through the wire.
struct Carried {
    server: PathBuf,
    breaks: Arc<AtomicBool>,
    dice: Dice,
}

impl Carried {
    /// True if it broke; false if one of the ends left.
    async fn carries(mut self, mut client: UnixStream) -> bool {
        let Ok(mut server) = UnixStream::connect(&self.server).await else { return false };
        let (mut asked, mut answered) = (vec![0; PIECE], vec![0; PIECE]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => match read {
                    Ok(n) if n > 0 && server.write_all(&asked[..n]).await.is_ok() => {}
                    _ => return false,
                },
                read = server.read(&mut answered) => match read {
                    Ok(n) if n > 0 => {
                        let breaks = self.breaks.load(Ordering::Relaxed) && self.dice.one_in(ONE_IN);
                        // Half of the answer arrives; the server has done its work.
                        let piece = if breaks { n / 2 } else { n };
                        if client.write_all(&answered[..piece]).await.is_err() {
                            return false;
                        }
                        if breaks {
                            return true;
                        }
                    }
                    _ => return false,
                },
            }
        }
    }
}
