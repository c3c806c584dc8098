//! The client of users' URLs against receivers on this machine: what it connects to, what it sends, when it stops.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::join_all;
use namaskah_adapters::outbound::{HttpOutboundClient, OutboundCaps, Resolver};
use namaskah_domain::{
    UserId,
    memory::Receiver,
    outbound::{
        BodyEnd, CallError, Destination, DestinationRefusal, OutboundCall, OutboundClient, OutboundPolicy,
        SetAside,
    },
};
use namaskah_tests::contract::outbound_client::{Arrived, OutboundWorld, call};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use super::canned::{Canned, Reply, answer};

/// Long enough for a busy machine; what ends a test sooner is the receiver.
const PATIENT: OutboundCaps =
    OutboundCaps { connect: Duration::from_secs(30), whole: Duration::from_secs(30), body: 1024 };
/// For what never ends.
const HASTY: OutboundCaps = OutboundCaps { whole: Duration::from_secs(2), ..PATIENT };
const HASTY_AT_CONNECTING: OutboundCaps = OutboundCaps { connect: Duration::from_millis(200), ..PATIENT };

/// Answers each look-up with what is next, the last one for ever; remembers what it was asked.
#[derive(Default)]
struct Names(Mutex<State>);

#[derive(Default)]
struct State {
    answers: VecDeque<Vec<SocketAddr>>,
    asked: Vec<String>,
}

impl Names {
    fn answering(answers: impl IntoIterator<Item = Vec<SocketAddr>>) -> Arc<Self> {
        let names = Self::default();
        names.answer(answers);
        Arc::new(names)
    }

    fn answer(&self, answers: impl IntoIterator<Item = Vec<SocketAddr>>) {
        self.0.lock().expect("no test panicked here").answers = answers.into_iter().collect();
    }

    fn asked(&self) -> Vec<String> {
        self.0.lock().expect("no test panicked here").asked.clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let mut state = self.0.lock().expect("no test panicked here");
        state.asked.push(name.to_owned());
        let next = if state.answers.len() > 1 { state.answers.pop_front() } else { None };
        next.or_else(|| state.answers.front().cloned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A name server that never answers.
struct Silence;

#[async_trait]
impl Resolver for Silence {
    async fn resolve(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
        std::future::pending().await
    }
}

fn loopback() -> OutboundPolicy {
    OutboundPolicy::allowing(vec!["127.0.0.1/32".parse().expect("a network")])
}

fn client(caps: OutboundCaps, names: Arc<dyn Resolver>) -> HttpOutboundClient {
    HttpOutboundClient::try_new(loopback(), caps, names).expect("a client")
}

/// For literal addresses.
fn nameless(caps: OutboundCaps) -> HttpOutboundClient {
    client(caps, Names::answering([]))
}

fn to(url: &str) -> Destination {
    Destination::try_new(url, &loopback()).expect("let through")
}

fn named() -> Destination {
    to("https://hooks.example.com/hook")
}

fn at(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().expect("an address"), 0)
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

/// An address at which nobody listens.
async fn deserted() -> SocketAddr {
    listener().await.1
}

/// True if nobody has ever connected: the system itself keeps a connection that was not accepted yet.
fn was_left_alone(listener: TcpListener) -> bool {
    let listener = listener.into_std().expect("a listener");
    listener.accept().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Reads a request's head and body from a plain connection.
async fn take_request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(&call().body) {
        let more = stream.read_buf(&mut read).await.expect("a request");
        assert_ne!(more, 0, "the request broke off");
    }
}

/// The world of the contract: a server for each receiver.
pub struct Started {
    patient: HttpOutboundClient,
    hasty: HttpOutboundClient,
    waits_for_nobody: AtomicBool,
    names: Arc<Names>,
    servers: Mutex<Vec<Canned>>,
}

pub async fn started() -> Started {
    let names = Names::answering([]);
    Started {
        patient: client(PATIENT, names.clone()),
        hasty: client(HASTY, names.clone()),
        waits_for_nobody: AtomicBool::new(false),
        names,
        servers: Mutex::default(),
    }
}

#[async_trait]
impl OutboundWorld for Started {
    fn client(&self) -> &dyn OutboundClient {
        if self.waits_for_nobody.load(Ordering::Relaxed) { &self.hasty } else { &self.patient }
    }

    async fn receiver(&self, does: Receiver) -> Destination {
        self.waits_for_nobody.store(does == Receiver::IsSilent, Ordering::Relaxed);
        if does == Receiver::IsAbsent {
            return to(&format!("http://{}/hook", deserted().await));
        }
        let server = Canned::start(move |_| match does {
            Receiver::Answers(status) => answer(status, "").header("location", "http://127.0.0.1:9/"),
            Receiver::AnswersWithoutEnd(status) => answer(status, vec![b'x'; PATIENT.body + 1]),
            Receiver::AsksForAPause(status, pause_s) => {
                answer(status, "").header("retry-after", pause_s.to_string())
            }
            Receiver::HangsUp => Reply::HangUp,
            Receiver::IsSilent | Receiver::IsAbsent => Reply::Never,
        });
        let server = server.await;
        let destination = to(&format!("{}/hook", server.url()));
        self.servers.lock().expect("no test panicked here").push(server);
        destination
    }

    async fn lead(&self, _: &str, addresses: Vec<IpAddr>) {
        self.names.answer([addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect()]);
    }

    async fn arrived(&self) -> Vec<Arrived> {
        let servers = self.servers.lock().expect("no test panicked here");
        let requests = servers.iter().flat_map(|server| server.seen("POST /hook"));
        let arrived = requests.map(|request| Arrived {
            id: request.headers["webhook-id"].clone(),
            timestamp: request.headers["webhook-timestamp"].clone(),
            signature: request.headers["webhook-signature"].clone(),
            body: request.body.into_bytes(),
        });
        arrived.collect()
    }
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_only_what_was_checked_is_connected_to() {
    let (listener, addr) = listener().await;
    let names = Names::answering([vec![addr], vec![at("10.0.0.1")]]);
    let client = client(PATIENT, names.clone());
    let receiver = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).await.expect("a greeting");
        hello.truncate(length);
        hello
    };
    let (to, call) = (named(), call());
    let (outcome, hello) = tokio::join!(client.post(&to, &call), receiver);
    assert!(matches!(outcome, Err(CallError::NotSent(_))), "hanging up is no certificate: {outcome:?}");
    assert_eq!(hello[..2], [0x16, 0x03], "a handshake of TLS");
    let text = String::from_utf8_lossy(&hello);
    assert!(text.contains("hooks.example.com") && !text.contains("webhook-id"), "{text}");
    assert_eq!(names.asked(), ["hooks.example.com"]);

    // The name leads elsewhere now.
    let outcome = client.post(&to, &call).await;
    let refusal = DestinationRefusal::Address(SetAside::Private);
    assert!(matches!(outcome, Err(CallError::Refused(why)) if why == refusal), "{outcome:?}");
    assert_eq!(names.asked().len(), 2);
}

#[tokio::test]
async fn nobody_is_connected_to_if_one_address_of_the_name_is_refused() {
    for address in ["10.0.0.1", "127.0.0.2", "::ffff:127.0.0.1", "169.254.169.254"] {
        let (listener, addr) = listener().await;
        let names = Names::answering([vec![addr, at(address)]]);
        let outcome = client(PATIENT, names).post(&named(), &call()).await;
        assert!(matches!(outcome, Err(CallError::Refused(_))), "{address}: {outcome:?}");
        assert!(was_left_alone(listener), "{address}");
    }
}

#[tokio::test]
async fn of_many_addresses_few_are_tried() {
    let (listener, addr) = listener().await;
    let mut addresses = Vec::new();
    for _ in 0..4 {
        addresses.push(deserted().await);
    }
    addresses.push(addr);
    let outcome = client(PATIENT, Names::answering([addresses])).post(&named(), &call()).await;
    assert!(matches!(outcome, Err(CallError::NotSent(_))), "{outcome:?}");
    assert!(was_left_alone(listener));
}

#[tokio::test]
async fn a_redirect_to_this_machine_reaches_nobody() {
    let inner = Canned::start(|_| answer(200, "")).await;
    let location = format!("{}/admin", inner.url());
    let outer = Canned::start(move |_| answer(307, "").header("location", location.clone())).await;
    let told = nameless(PATIENT).post(&to(&outer.url()), &call()).await.expect("an answer");
    assert_eq!(told.status, 307);
    assert_eq!(inner.seen("").len(), 0);
}

#[tokio::test]
async fn headers_are_fixed_and_nothing_is_remembered_between_calls() {
    let server = Canned::start(|_| answer(200, "").header("set-cookie", "a=1; path=/")).await;
    let client = nameless(PATIENT);
    for _ in 0..2 {
        client.post(&to(&server.url()), &call()).await.expect("an answer");
    }
    for request in server.seen("POST /") {
        let mut names: Vec<&str> = request.headers.keys().map(String::as_str).collect();
        names.sort_unstable();
        let fixed = [
            "accept",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "webhook-id",
            "webhook-signature",
            "webhook-timestamp",
        ];
        assert_eq!(names, fixed);
        assert_eq!(request.headers["content-type"], "application/json");
        assert!(request.headers["user-agent"].starts_with("namaskah/"));
    }
}

#[tokio::test]
async fn a_receiver_that_never_stops_talking_is_hung_up_on() {
    let (listener, addr) = listener().await;
    let talker = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        take_request(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head).await.expect("somebody listens");
        while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {}
    });
    let answer = nameless(PATIENT).post(&to(&format!("http://{addr}/")), &call()).await.expect("an answer");
    assert_eq!((answer.status, answer.body), (200, BodyEnd::CutOff));
    talker.await.expect("the connection was closed on it");
}

#[tokio::test]
async fn an_answer_that_is_never_finished_still_tells_its_status() {
    let (listener, addr) = listener().await;
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        take_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 202 OK\r\ncontent-length: 9\r\n\r\nx").await.expect("somebody listens");
        let _ = stream.read(&mut [0]).await;
    });
    let answer = nameless(HASTY).post(&to(&format!("http://{addr}/")), &call()).await.expect("an answer");
    assert_eq!((answer.status, answer.body), (202, BodyEnd::CutOff));
    assert!(answer.took >= HASTY.whole);
    receiver.await.expect("the connection was closed on it");
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let (listener, addr) = listener().await;
    let receiver = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        take_request(&mut stream).await;
        stream.write_all(b"-ERR unknown command\r\n").await.expect("somebody listens");
    };
    let (client, to) = (nameless(PATIENT), to(&format!("http://{addr}/")));
    let call = call();
    let (outcome, ()) = tokio::join!(client.post(&to, &call), receiver);
    assert!(matches!(outcome, Err(CallError::Broken(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_silent_name_server_is_given_up() {
    let outcome = client(HASTY_AT_CONNECTING, Arc::new(Silence)).post(&named(), &call()).await;
    assert!(matches!(outcome, Err(CallError::NotSent(_))), "{outcome:?}");
}

/// Names of some hang, and others lead somewhere.
struct Uneven(Arc<Names>);

#[async_trait]
impl Resolver for Uneven {
    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        if name.starts_with("hangs") { Silence.resolve(name).await } else { self.0.resolve(name).await }
    }
}

#[tokio::test]
async fn while_one_users_names_hang_another_users_call_is_made_at_its_first_try() {
    let (listener, addr) = listener().await;
    let names = Names::answering([vec![addr]]);
    let client = client(HASTY_AT_CONNECTING, Arc::new(Uneven(names)));
    let hanging = to("https://hangs.example.com/hook");
    let calls: Vec<_> = (0..8).map(|_| call()).collect();
    let outcomes = join_all(calls.iter().map(|call| client.post(&hanging, call))).await;
    let crowded = outcomes.iter().filter(|outcome| matches!(outcome, Err(CallError::Crowded)));
    // Four had a place each, and were given up; the places are taken until the look-ups are over.
    assert_eq!(crowded.count(), 4, "{outcomes:?}");
    let outcome = client.post(&named(), &call()).await;
    assert!(matches!(outcome, Err(CallError::Crowded)), "it is no try: {outcome:?}");
    let other = OutboundCall { user: UserId::from_uuid(Uuid::from_u128(9)), ..call() };
    let to = named();
    let (outcome, connected) = tokio::join!(client.post(&to, &other), async {
        // Hanging up is no certificate, but he was called.
        listener.accept().await.is_ok()
    });
    assert!(connected && matches!(outcome, Err(CallError::NotSent(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let (listener, addr) = listener().await;
    let client = client(HASTY_AT_CONNECTING, Names::answering([vec![addr]]));
    let outcome = client.post(&named(), &call()).await;
    assert!(matches!(outcome, Err(CallError::NotSent(_))), "{outcome:?}");
    drop(listener);
}
