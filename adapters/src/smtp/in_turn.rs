//! What comes before TLS where TLS is asked for. Whoever stands between can add to it: an answer to STARTTLS with more
//! behind it would be read ahead, outlive the change to TLS, and be taken for what the server says over it.
//!
//! So a server speaks in its turn: what it says is passed on line by line, and if anything is left when it is our turn
//! the connection fails.
//!
//! Source: RFC 3207 section 4.2 ("must discard any knowledge obtained"), CVE-2011-0411 and its kind.

use std::{
    io::{Error, ErrorKind, Result},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Begins the first record of TLS, and no command.
const HANDSHAKE: u8 = 0x16;
const READ_AHEAD: usize = 1024;

/// The server has said what nobody asked for.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the server spoke out of turn before TLS")]
struct OutOfTurn;

/// A connection to a server that speaks in its turn, until TLS begins.
#[derive(Debug)]
pub(super) struct InTurn<S> {
    stream: S,
    /// What was read and not passed on.
    ahead: Vec<u8>,
    has_tls: bool,
}

impl<S> InTurn<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new(), has_tls: false }
    }

    /// Passes on what is left of the first line.
    fn pass_line(&mut self, buf: &mut ReadBuf<'_>) {
        let line = self.ahead.iter().position(|byte| *byte == b'\n').map_or(self.ahead.len(), |end| end + 1);
        let passed = self.ahead.drain(..line.min(buf.remaining()));
        buf.put_slice(passed.as_slice());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for InTurn<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        if this.has_tls {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        if this.ahead.is_empty() {
            let mut bytes = [0; READ_AHEAD];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read))?;
            this.ahead.extend_from_slice(read.filled());
        }
        this.pass_line(buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for InTurn<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if !self.ahead.is_empty() {
            return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, OutOfTurn)));
        }
        self.has_tls |= bytes.first() == Some(&HANDSHAKE);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for InTurn<TcpStream> {
    fn peer_addr(&self) -> Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    async fn read(client: &mut InTurn<tokio::io::DuplexStream>) -> Vec<u8> {
        let mut bytes = [0; 64];
        let count = client.read(&mut bytes).await.expect("readable");
        bytes[..count].to_vec()
    }

    #[tokio::test]
    async fn a_server_is_heard_line_by_line_and_answered_when_it_has_said_all() {
        let (client, mut server) = duplex(4096);
        let mut client = InTurn::new(client);
        server.write_all(b"250-mail\r\n250 STARTTLS\r\n").await.expect("said");
        assert_eq!(read(&mut client).await, b"250-mail\r\n");
        assert_eq!(read(&mut client).await, b"250 STARTTLS\r\n");
        client.write_all(b"STARTTLS\r\n").await.expect("its turn");
        let mut heard = [0; 10];
        server.read_exact(&mut heard).await.expect("heard");
        assert_eq!(&heard, b"STARTTLS\r\n");
    }

    #[tokio::test]
    async fn whatever_is_left_when_it_is_our_turn_ends_it() {
        for left in ["250 AUTH PLAIN\r\n", "x", "\r\n"] {
            for ours in [&b"QUIT\r\n"[..], &[HANDSHAKE, 3, 1]] {
                let (client, mut server) = duplex(4096);
                let mut client = InTurn::new(client);
                server.write_all(format!("220 go on\r\n{left}").as_bytes()).await.expect("said");
                assert_eq!(read(&mut client).await, b"220 go on\r\n");
                let refused = client.write_all(ours).await.unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::InvalidData);
            }
        }
    }

    /// Records of TLS have no lines, and may come while we speak.
    #[tokio::test]
    async fn nothing_is_held_back_once_tls_has_begun() {
        let (client, mut server) = duplex(4096);
        let mut client = InTurn::new(client);
        client.write_all(&[HANDSHAKE, 3, 1]).await.expect("a handshake");
        server.write_all(b"one\ntwo\n").await.expect("said");
        assert_eq!(read(&mut client).await, b"one\ntwo\n");
        server.write_all(b"three\n").await.expect("said");
        client.write_all(b"anything").await.expect("at any time");
    }
}
