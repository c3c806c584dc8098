use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    SandboxConfig, SandboxError, books::Books, control, deliver, deliver::Courier, google::Google, http,
    id::Ids, journal::Journal, smtp, world::World,
};

/// How long requests in flight may take once the sandbox stops.
const GRACE: Duration = Duration::from_secs(2);

/// Running simulators. They stop when this is dropped; [`Sandbox::stop`] also waits until they have.
#[derive(Debug)]
pub struct Sandbox {
    http_addr: SocketAddr,
    smtp_addr: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
    writer: JoinHandle<()>,
    stop: DropGuard,
}

impl Sandbox {
    /// Opens the books, then both listeners.
    ///
    /// # Errors
    /// - `Listen`: an address is taken
    /// - `Books`: the books cannot be opened, or another process has them open
    /// - `ProductUrl`: it is not an HTTP URL
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let product_url = config.product_url.as_deref().map(control::product_url).transpose()?;
        let http_listener = listen("HTTP", config.listen).await?;
        let smtp_listener = listen("mail", config.smtp_listen).await?;
        let http_addr = local_addr("HTTP", &http_listener, config.listen)?;
        let smtp_addr = local_addr("mail", &smtp_listener, config.smtp_listen)?;
        let courier = Courier::try_new(config.paystack_secret_key, config.textverified_webhook_secret)?;

        let (journal, rows, writer) = Journal::open(&config.database).await?;
        let mut books = Books::from_rows(Ids::try_new()?, rows)?;
        if let Some(url) = product_url {
            books.point_webhooks(url);
        }
        let stop = CancellationToken::new();
        let google = Google::new(config.google);
        let public_url = config.public_url.map(|url| url.trim_end_matches('/').to_owned());
        let world = World::new(books, journal, config.credentials, google, public_url, stop.clone());
        let world = Arc::new(world);
        let tasks = vec![
            tokio::spawn(http::serve(Arc::clone(&world), http_listener, stop.clone(), GRACE)),
            tokio::spawn(smtp::serve(Arc::clone(&world), smtp_listener, stop.clone())),
            tokio::spawn(run_due(Arc::clone(&world), stop.clone())),
            tokio::spawn(run_deliver(world, courier, stop.clone())),
        ];
        Ok(Self { http_addr, smtp_addr, tasks, writer, stop: stop.drop_guard() })
    }

    /// Where the HTTP listener really is.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Where the mail listener really is.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp_addr
    }

    /// Stops listening, lets requests in flight finish for up to two seconds, and closes the books.
    pub async fn stop(self) {
        drop(self.stop);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the sandbox ended badly");
            }
        }
        // Connections that outlived the grace may hold the journal open a moment longer.
        if tokio::time::timeout(GRACE, self.writer).await.is_err() {
            tracing::warn!("the sandbox's books were still open when it stopped");
        }
    }
}

async fn listen(purpose: &'static str, address: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(address).await.map_err(|source| SandboxError::Listen { purpose, address, source })
}

fn local_addr(
    purpose: &'static str,
    listener: &TcpListener,
    address: SocketAddr,
) -> Result<SocketAddr, SandboxError> {
    listener.local_addr().map_err(|source| SandboxError::Listen { purpose, address, source })
}

/// Runs what falls due even when nobody asks.
async fn run_due(world: Arc<World>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = world.next_due() => world.with(|_, _| ()),
        }
    }
}

async fn run_deliver(world: Arc<World>, courier: Courier, stop: CancellationToken) {
    deliver::run(&world, courier, stop).await;
}
