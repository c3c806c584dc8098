//! Connections: taken in, bounded, and let finish. poem's own server sets no time limit for reading a request's head
//! and spins when the process runs out of files, so the loop is ours and the protocol is hyper's.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use poem::{
    Addr, Endpoint, Request, Response,
    http::{self, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// A client that is connected and sends no whole head of a request is let go after so long.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// Bytes of a head, and what is read ahead of a body.
const BUFFER: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// Further clients wait until one of these has gone.
const MAX_CONNECTIONS: usize = 10_000;
/// After a failed accept, which is most often a lack of files.
const PAUSE: Duration = Duration::from_millis(100);
const GRACE: Duration = Duration::from_secs(25);

/// Serves until `stop`, then lets requests finish for 25 s.
///
/// # Errors
/// If the listener has no address.
pub async fn serve(
    listener: TcpListener,
    app: impl Endpoint<Output = Response> + 'static,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let local = listener.local_addr()?;
    tracing::info!(address = %local, "listening");
    let app = Arc::new(app);
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = GracefulShutdown::new();
    while let Some((socket, remote)) = next(&listener, &slots, &stop).await {
        let connection = http1_of(socket, Peers { local, remote: remote.address }, app.clone());
        let watched = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                // Clients go away as they please.
                tracing::debug!(%error, "a connection has ended");
            }
            drop(remote);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running after {} s", GRACE.as_secs());
    }
    Ok(())
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
            (Ok(slot), Ok((socket, address))) => {
                // Small answers go out at once. A socket that cannot do that still works.
                let _ = socket.set_nodelay(true);
                return Some((socket, Client { address, _slot: slot }));
            }
            (Err(_), _) => return None,
            (_, Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Peers {
    local: SocketAddr,
    remote: SocketAddr,
}

fn http1_of<E: Endpoint<Output = Response> + 'static>(
    socket: TcpStream,
    peers: Peers,
    app: Arc<E>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let app = app.clone();
        async move {
            let local = LocalAddr(Addr::socket(peers.local));
            let remote = RemoteAddr(Addr::socket(peers.remote));
            let request = Request::from((request, local, remote, Scheme::HTTP));
            Ok::<_, Infallible>(http::Response::from(app.get_response(request).await))
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(socket), service)
}
