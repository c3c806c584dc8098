//! A server whose certificate nobody has vouched for is sent nothing, whichever client of ours calls it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use namaskah_adapters::{
    http::{self, HttpFault},
    outbound::{HttpOutboundClient, OutboundCaps, SystemResolver},
    persistence::{self, Options},
    redis::RedisWindows,
    smtp::{SmtpConfig, SmtpMailer},
};
use namaskah_domain::{
    Letter,
    auth::Email,
    mailer::{MailError, Mailer},
    outbound::{CallError, Destination, OutboundClient, OutboundPolicy},
};
use namaskah_tests::contract::outbound_client::call;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

const PATIENT: Duration = Duration::from_secs(30);

/// Speaks TLS for 127.0.0.1 with a certificate that it made itself, and tells what it was sent over it by the first
/// client: nothing, if that broke off.
async fn self_signed() -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let acceptor = acceptor();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let sent = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut sent = Vec::new();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            // However it ends, what was read before counts.
            let _ = stream.read_to_end(&mut sent).await;
        }
        sent
    });
    (addr, sent)
}

fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn providers_are_sent_nothing_without_a_certificate_that_holds() {
    let (addr, sent) = self_signed().await;
    let client = http::client(PATIENT).expect("a client");
    let outcome = http::send(client.get(format!("https://{addr}/"))).await;
    assert!(matches!(outcome, Err(HttpFault::NotConnected(_))), "{outcome:?}");
    assert_eq!(sent.await.expect("the server"), b"");
}

#[tokio::test]
async fn receivers_of_users_are_sent_nothing_without_a_certificate_that_holds() {
    let (addr, sent) = self_signed().await;
    let policy = OutboundPolicy::allowing(vec!["127.0.0.1/32".parse().expect("a network")]);
    let to = Destination::try_new(&format!("https://{addr}/hook"), &policy).expect("let through");
    let caps = OutboundCaps { connect: PATIENT, whole: PATIENT, ..OutboundCaps::default() };
    let client = HttpOutboundClient::try_new(policy, caps, Arc::new(SystemResolver)).expect("a client");
    let outcome = client.post(&to, &call()).await;
    assert!(matches!(outcome, Err(CallError::NotSent(_))), "{outcome:?}");
    assert_eq!(sent.await.expect("the server"), b"");
}

#[tokio::test]
async fn mail_is_not_handed_over_without_a_certificate_that_holds() {
    let (addr, sent) = self_signed().await;
    let config = SmtpConfig {
        url: format!("smtps://{addr}").into(),
        from: "Namaskah <hello@example.com>".into(),
        public_url: "http://127.0.0.1:8080".into(),
        timeout: PATIENT,
    };
    let mailer = SmtpMailer::try_new(&config).expect("a mailer");
    let ada = Email::try_new("ada@example.com").expect("an address");
    let outcome = mailer.send(namaskah_tests::given::id(), &ada, &Letter::PasswordChanged).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
    assert_eq!(sent.await.expect("the server"), b"");
}

/// Whoever stands between adds to the last answer before TLS what is to be taken for the server's own after it.
#[tokio::test]
async fn mail_does_not_go_on_with_a_server_that_said_more_before_tls_than_it_was_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let after = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        for said in ["220 hello\r\n", "250-mail\r\n250 STARTTLS\r\n", "220 go on\r\n250 mail\r\n"] {
            stream.write_all(said.as_bytes()).await.expect("said");
            if !said.starts_with("220 go") {
                stream.read_buf(&mut Vec::with_capacity(100)).await.expect("a command");
            }
        }
        let mut after = Vec::new();
        // However it ends, what was read before counts.
        let _ = stream.read_to_end(&mut after).await;
        after
    });
    let config = SmtpConfig {
        url: format!("smtp+starttls://{addr}").into(),
        from: "Namaskah <hello@example.com>".into(),
        public_url: "http://127.0.0.1:8080".into(),
        timeout: PATIENT,
    };
    let mailer = SmtpMailer::try_new(&config).expect("a mailer");
    let ada = Email::try_new("ada@example.com").expect("an address");
    let outcome = mailer.send(namaskah_tests::given::id(), &ada, &Letter::PasswordChanged).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
    assert_eq!(after.await.expect("the server"), b"", "not even a handshake");
}

#[tokio::test]
async fn redis_is_told_nothing_without_a_certificate_that_holds() {
    let (addr, sent) = self_signed().await;
    let redis = RedisWindows::try_new(&format!("rediss://:word@{addr}/0").into()).expect("a client");
    assert!(redis.connect(PATIENT).await.is_err());
    assert_eq!(sent.await.expect("the server"), b"");
}

/// As a server of Postgres does: TLS begins when it is asked for. Tells what came before and what over it.
async fn postgres_with(acceptor: TlsAcceptor) -> (SocketAddr, JoinHandle<(Vec<u8>, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let sent = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut asked = vec![0; 8];
        stream.read_exact(&mut asked).await.expect("a request for TLS");
        stream.write_all(b"S").await.expect("it is granted");
        let mut sent = Vec::new();
        if let Ok(mut stream) = acceptor.accept(stream).await {
            // However it ends, what was read before counts.
            let _ = stream.read_to_end(&mut sent).await;
        }
        (asked, sent)
    });
    (addr, sent)
}

#[tokio::test]
async fn a_database_is_told_nothing_without_a_certificate_that_holds() {
    let (addr, sent) = postgres_with(acceptor()).await;
    let url = format!("postgres://namaskah:word@{addr}/namaskah?sslmode=verify-full");
    let options = Options { max_connections: 1, ..Options::default() };
    assert!(persistence::connect(&url, options).await.is_err());
    let (asked, sent) = sent.await.expect("the server");
    assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47], "the request for TLS, which names nobody");
    assert_eq!(sent, b"");
}
