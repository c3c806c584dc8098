//! Connections: taken in, bounded, and let finish. poem's own server sets no time limit for reading a request's head
//! and spins when the process runs out of files, so the loop is ours and the protocol is hyper's.

mod patience;
mod peers;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use ipnet::IpNet;
use poem::{
    Addr, Endpoint, Request, Response,
    http::{self, HeaderValue, header::CONNECTION, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use patience::Patient;
use peers::{Peers, Place};

/// Bytes of a head, and what is read ahead of a body.
const BUFFER: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// After a failed accept, which is most often a lack of files.
const PAUSE: Duration = Duration::from_millis(100);

/// What clients may take of us.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// A client that is connected and sends no whole head of a request, its first or its next one, is let go after so
    /// long.
    pub head: Duration,
    /// A client that takes nothing of an answer for so long is let go.
    pub stall: Duration,
    /// After so long without a word the system asks a client's system whether it is still there.
    pub silence: Duration,
    /// Further clients wait until one of these has gone.
    pub connections: usize,
    /// Further connections of one client (its IPv4 address, or its IPv6 network) are closed at once.
    pub connections_of_one: u32,
    /// Proxies: each speaks for many clients.
    pub proxies: Vec<IpNet>,
    /// Requests have so long to finish when the server stops.
    pub grace: Duration,
    /// Once this is cancelled, each answer is the last one of its connection, and says so: a client that keeps
    /// connections opens its next one where a balancer leads it, and none is closed while it sends a request.
    pub leaving: Option<CancellationToken>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            silence: Duration::from_secs(60),
            connections: 10_000,
            connections_of_one: 512,
            proxies: Vec::new(),
            grace: Duration::from_secs(25),
            leaving: None,
        }
    }
}

/// Serves until `stop`, then lets requests finish for a while.
///
/// # Errors
/// If the listener has no address.
pub async fn serve(
    listener: TcpListener,
    app: impl Endpoint<Output = Response> + 'static,
    bounds: Bounds,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let local = listener.local_addr()?;
    tracing::info!(address = %local, "listening");
    let app = Arc::new(app);
    let slots = Arc::new(Semaphore::new(bounds.connections));
    let peers = Peers::new(bounds.connections_of_one, bounds.proxies.clone());
    let connections = GracefulShutdown::new();
    while let Some((socket, client)) = next(&listener, &slots, &stop).await {
        let Some(place) = peers.place_for(client.address.ip()) else { continue };
        patience::prepare(&socket, &bounds);
        let ends = Ends { local, remote: client.address };
        let watched = connections.watch(http1_of(socket, ends, app.clone(), &bounds));
        tokio::spawn(run(watched, client, place));
    }
    drop(listener);
    if tokio::time::timeout(bounds.grace, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running after {} s", bounds.grace.as_secs());
    }
    Ok(())
}

async fn run(connection: impl Future<Output = hyper::Result<()>>, client: Client, place: Place) {
    if let Err(error) = connection.await {
        // Clients go away as they please.
        tracing::debug!(%error, "a connection has ended");
    }
    drop((client, place));
}

/// A client and its place among those that are connected.
struct Client {
    address: SocketAddr,
    _slot: tokio::sync::OwnedSemaphorePermit,
}

/// The next connection; `None` when it is time to stop.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, Client)> {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return None,
            accepted = async {
                let slot = slots.clone().acquire_owned().await;
                (slot, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(slot), Ok((socket, address))) => return Some((socket, Client { address, _slot: slot })),
            (Err(_), _) => return None,
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Ends {
    local: SocketAddr,
    remote: SocketAddr,
}

fn http1_of<E: Endpoint<Output = Response> + 'static>(
    socket: TcpStream,
    ends: Ends,
    app: Arc<E>,
    bounds: &Bounds,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<E> {
    let leaving = bounds.leaving.clone().unwrap_or_default();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (app, leaving) = (app.clone(), leaving.clone());
        async move {
            let local = LocalAddr(Addr::socket(ends.local));
            let remote = RemoteAddr(Addr::socket(ends.remote));
            let request = Request::from((request, local, remote, Scheme::HTTP));
            let mut answer = http::Response::from(app.get_response(request).await);
            if leaving.is_cancelled() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(Patient::new(socket, bounds.stall)), service)
}
