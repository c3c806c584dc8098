//! What a client may take of the server: time for a head, for a body, for the next request, for an answer; and how many
//! connections. Limits are short here, and nothing waits but for what they end.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use namaskah::http::{
    listen::{self, Bounds},
    middleware::body_limit::BodyLimit,
};
use poem::{EndpointExt, Request, Response, endpoint::make};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(300);
/// What must not be waited for; a test that meets it fails by what it then sees.
const LONG: Duration = Duration::from_secs(600);
const PATIENT: Bounds = Bounds {
    head: LONG,
    stall: LONG,
    silence: LONG,
    connections: 100,
    connections_of_one: 100,
    proxies: Vec::new(),
    grace: Duration::ZERO,
    leaving: None,
};
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

struct Served {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Served {
    /// `/` says "hello" to whoever sends a body or none; `/much` answers without end.
    async fn within(bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let app = make(|request: Request| async move {
            let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
            Ok::<_, poem::Error>(match request.uri().path() {
                "/much" => Response::builder().body(poem::Body::from_bytes_stream(endless)),
                _ => Response::builder().body("hello"),
            })
        });
        let app = app.with(BodyLimit { time: SHORT });
        tokio::spawn(listen::serve(listener, app, bounds, stop.clone()));
        Self { address, stop }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn says_hello(client: &mut TcpStream) {
    client.write_all(GET).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        assert!(client.read_buf(&mut answer).await.expect("an answer") > 0, "it is closed");
    }
}

/// Waits until the server closes.
async fn is_let_go(client: &mut TcpStream) {
    // A reset is as much an end as an orderly one.
    while !matches!(client.read(&mut [0; 1024]).await, Ok(0) | Err(_)) {}
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_half_a_head_is_let_go() {
    let served = Served::within(Bounds { head: SHORT, ..PATIENT }).await;
    for bytes in [&b""[..], b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Long:"] {
        let begun = Instant::now();
        let mut client = served.client().await;
        client.write_all(bytes).await.expect("sent");
        is_let_go(&mut client).await;
        assert!(begun.elapsed() >= SHORT, "{:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_has_no_more_time_than_any_other() {
    let served = Served::within(Bounds { head: SHORT, ..PATIENT }).await;
    let (mut reads, mut writes) = served.client().await.into_split();
    let drips = tokio::spawn(async move {
        writes.write_all(b"GET / HTTP/1.1\r\nX-Long: ").await.expect("sent");
        let mut pace = tokio::time::interval(SHORT / 20);
        // It goes on until nobody listens.
        loop {
            pace.tick().await;
            if writes.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    while !matches!(reads.read(&mut [0; 1024]).await, Ok(0) | Err(_)) {}
    drips.await.expect("no panic");
}

#[tokio::test]
async fn an_idle_connection_is_let_go() {
    let served = Served::within(Bounds { head: SHORT, ..PATIENT }).await;
    let mut client = served.client().await;
    says_hello(&mut client).await;
    says_hello(&mut client).await;
    let begun = Instant::now();
    is_let_go(&mut client).await;
    assert!(begun.elapsed() >= SHORT / 2, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_and_not_waited_for() {
    let served = Served::within(PATIENT).await;
    let mut client = served.client().await;
    let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
    client.write_all(head).await.expect("sent");
    let mut answer = Vec::new();
    client.read_buf(&mut answer).await.expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_let_go() {
    let served = Served::within(Bounds { stall: SHORT, connections: 1, ..PATIENT }).await;
    let mut client = served.client().await;
    client.write_all(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
    // It reads nothing; the next one has its place as soon as it is gone.
    says_hello(&mut served.client().await).await;
    is_let_go(&mut client).await;
}

#[tokio::test]
async fn further_clients_wait_until_a_place_is_free() {
    let served = Served::within(Bounds { connections: 2, ..PATIENT }).await;
    let (mut one, mut two, mut three) = (served.client().await, served.client().await, served.client().await);
    says_hello(&mut one).await;
    says_hello(&mut two).await;
    {
        let mut third = std::pin::pin!(says_hello(&mut three));
        tokio::select! {
            biased;
            () = says_hello(&mut one) => {}
            () = &mut third => panic!("there are two places"),
        }
        drop(one);
        third.await;
    }
    says_hello(&mut two).await;
}

#[tokio::test]
async fn one_client_has_not_all_places() {
    let served = Served::within(Bounds { connections_of_one: 2, ..PATIENT }).await;
    let (mut one, mut two) = (served.client().await, served.client().await);
    says_hello(&mut one).await;
    says_hello(&mut two).await;
    is_let_go(&mut served.client().await).await;
    says_hello(&mut two).await;
    drop(one);
    // Its place is free as soon as the server has seen it go.
    let begun = Instant::now();
    loop {
        let mut again = served.client().await;
        if again.write_all(GET).await.is_ok() && again.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no place is free");
    }
}

#[tokio::test]
async fn a_proxy_has_as_many_places_as_it_needs() {
    let proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let served = Served::within(Bounds { connections_of_one: 1, proxies, ..PATIENT }).await;
    let (mut one, mut two) = (served.client().await, served.client().await);
    says_hello(&mut one).await;
    says_hello(&mut two).await;
}

#[tokio::test]
async fn while_it_leaves_each_answer_is_the_last_of_its_connection() {
    let leaving = CancellationToken::new();
    let served = Served::within(Bounds { leaving: Some(leaving.clone()), ..PATIENT }).await;
    let (mut busy, mut other) = (served.client().await, served.client().await);
    says_hello(&mut busy).await;
    says_hello(&mut other).await;
    leaving.cancel();
    // Whoever comes is served still, on old connections and on new ones, once.
    for client in [&mut busy, &mut other, &mut served.client().await] {
        client.write_all(GET).await.expect("sent");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("it is closed in order");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
}
