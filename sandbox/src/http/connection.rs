//! Connections that a handler can cut, so that a caller sees the line go dead before the first byte of an answer.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use poem::{
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Open connections by the caller's address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<SocketAddr, CancellationToken>>>);

impl Connections {
    /// Drops the connection from `peer` as soon as it is looked at.
    pub(crate) fn cut(&self, peer: SocketAddr) {
        if let Some(token) = self.lock().get(&peer) {
            token.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts TCP connections and remembers how to cut them.
pub(super) struct CuttableAcceptor {
    listener: TcpListener,
    local: LocalAddr,
    connections: Connections,
}

impl CuttableAcceptor {
    pub(super) fn try_new(listener: TcpListener, connections: Connections) -> io::Result<Self> {
        let local = LocalAddr(listener.local_addr()?.into());
        Ok(Self { listener, local, connections })
    }
}

impl Acceptor for CuttableAcceptor {
    type Io = Cuttable;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![self.local.clone()]
    }

    async fn accept(&mut self) -> io::Result<(Cuttable, LocalAddr, RemoteAddr, poem::http::uri::Scheme)> {
        let (stream, peer) = self.listener.accept().await?;
        let _ = stream.set_nodelay(true); // only speed is at stake
        let token = CancellationToken::new();
        self.connections.lock().insert(peer, token.clone());
        let cuttable = Cuttable {
            stream,
            cut: Box::pin(token.clone().cancelled_owned()),
            token,
            peer,
            connections: self.connections.clone(),
        };
        Ok((cuttable, self.local.clone(), RemoteAddr(peer.into()), poem::http::uri::Scheme::HTTP))
    }
}

/// A TCP stream that fails from the moment it is cut.
pub(super) struct Cuttable {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    token: CancellationToken,
    peer: SocketAddr,
    connections: Connections,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.peer);
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault")
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.token.is_cancelled() {
            if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, buf) {
                return Poll::Ready(result);
            }
            if self.cut.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(Err(cut()))
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.token.is_cancelled() {
            return Poll::Ready(Err(cut()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
