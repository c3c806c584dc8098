//! Connections that a handler can cut, so that a caller sees the line go dead before the first byte of an answer,
//! and that tell a waiting handler when the caller has hung up: the server itself lets it wait on.

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
pub(crate) struct Connections(Arc<Mutex<HashMap<SocketAddr, Line>>>);

#[derive(Clone, Debug, Default)]
struct Line {
    /// Set by us: nothing more is read or written.
    cut: CancellationToken,
    /// Set when either side has ended it.
    gone: CancellationToken,
}

impl Connections {
    /// Ends the connection from `peer` without another byte.
    pub(crate) fn cut(&self, peer: SocketAddr) {
        if let Some(line) = self.lock().get(&peer) {
            line.cut.cancel();
        }
    }

    /// Returns when the connection from `peer` has ended.
    pub(crate) async fn gone(&self, peer: SocketAddr) {
        let line = self.lock().get(&peer).cloned();
        if let Some(line) = line {
            line.gone.cancelled().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Line>> {
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
        let line = Line::default();
        self.connections.lock().insert(peer, line.clone());
        let cut = Box::pin(line.cut.clone().cancelled_owned());
        let cuttable = Cuttable { stream, cut, line, peer, connections: self.connections.clone() };
        Ok((cuttable, self.local.clone(), RemoteAddr(peer.into()), poem::http::uri::Scheme::HTTP))
    }
}

/// A TCP stream that fails from the moment it is cut.
pub(super) struct Cuttable {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    line: Line,
    peer: SocketAddr,
    connections: Connections,
}

impl Drop for Cuttable {
    fn drop(&mut self) {
        self.line.gone.cancel();
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
        let (filled, had_room) = (buf.filled().len(), buf.remaining() > 0);
        if !self.line.cut.is_cancelled() {
            if let Poll::Ready(result) = Pin::new(&mut self.stream).poll_read(cx, buf) {
                if result.is_err() || (had_room && buf.filled().len() == filled) {
                    self.line.gone.cancel();
                }
                return Poll::Ready(result);
            }
            if self.cut.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.line.gone.cancel();
        Poll::Ready(Err(cut()))
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.line.cut.is_cancelled() {
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
