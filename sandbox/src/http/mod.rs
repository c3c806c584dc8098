//! The one HTTP listener.

mod answer;
mod call;
mod connection;
mod op;
mod routes;

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) use answer::{Answer, Dialect};
pub(crate) use call::Call;
pub(crate) use connection::Connections;

use crate::world::World;

/// Serves until `stop`, then for at most `grace`.
pub(crate) async fn serve(
    world: Arc<World>,
    listener: TcpListener,
    stop: CancellationToken,
    grace: Duration,
) {
    let acceptor = match connection::CuttableAcceptor::try_new(listener, world.connections.clone()) {
        Ok(acceptor) => acceptor,
        Err(error) => return tracing::error!(%error, "the sandbox cannot accept connections"),
    };
    let app = routes::routes(&world);
    let server =
        poem::Server::new_with_acceptor(acceptor).name("sandbox").idle_timeout(Duration::from_secs(75));
    if let Err(error) = server.run_with_graceful_shutdown(app, stop.cancelled(), Some(grace)).await {
        tracing::error!(%error, "the sandbox's HTTP server ended");
    }
}
