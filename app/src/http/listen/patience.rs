//! A socket whose client has to take what it is sent.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use super::Bounds;

/// Between two questions to a system that does not answer, and how many there are.
const BETWEEN: Duration = Duration::from_secs(10);
const QUESTIONS: u32 = 3;

/// Small answers go out at once, and a client whose machine is gone is noticed. A socket that cannot do that works.
pub fn prepare(socket: &TcpStream, bounds: &Bounds) {
    let _ = socket.set_nodelay(true);
    let asking = TcpKeepalive::new().with_time(bounds.silence).with_interval(BETWEEN).with_retries(QUESTIONS);
    let _ = SockRef::from(socket).set_tcp_keepalive(&asking);
}

/// Ends a connection whose client takes nothing for so long.
pub struct Patient<S> {
    socket: S,
    stall: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// Around a socket.
    pub const fn new(socket: S, stall: Duration) -> Self {
        Self { socket, stall, waiting: None }
    }

    /// Passes on what became of a write, and counts the time while nothing became of it.
    fn watch<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let stall = self.stall;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.watch(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.watch(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.socket).poll_flush(context);
        self.watch(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.socket).poll_shutdown(context);
        self.watch(outcome, context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use futures::poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_let_go() {
        let stall = Duration::from_millis(50);
        let (ours, _theirs) = tokio::io::duplex(16);
        let mut socket = Patient::new(ours, stall);
        let begun = Instant::now();
        let refused = socket.write_all(&[1; 64]).await.expect_err("nothing is taken");
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= stall);
    }

    #[tokio::test]
    async fn a_client_that_takes_a_little_has_its_whole_time_again() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut socket = Patient::new(ours, Duration::from_secs(3_600));
        socket.write_all(&[1; 16]).await.expect("there is room");
        for _ in 0..3 {
            {
                let mut write = std::pin::pin!(socket.write(&[2; 16]));
                assert!(poll!(&mut write).is_pending());
            }
            assert!(socket.waiting.is_some(), "it is being waited for");
            theirs.read_exact(&mut [0; 8]).await.expect("bytes");
            assert_eq!(socket.write(&[2; 8]).await.expect("there is room"), 8);
            assert!(socket.waiting.is_none());
        }
    }

    #[tokio::test]
    async fn a_client_whose_machine_is_gone_is_asked_after() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (socket, _client) = (accepted.expect("a connection").0, client.expect("a connection"));
        prepare(&socket, &Bounds::default());
        let told = SockRef::from(&socket);
        assert!(told.keepalive().expect("an option"));
        assert_eq!(told.tcp_keepalive_time().expect("an option"), Duration::from_secs(60));
        assert_eq!(told.tcp_keepalive_interval().expect("an option"), BETWEEN);
        assert_eq!(told.tcp_keepalive_retries().expect("an option"), QUESTIONS);
        assert!(socket.nodelay().expect("an option"));
    }
}
