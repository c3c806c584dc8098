//! What is said to a mail server, command by command. So it is known what an answer was given to: what is answered to the
//! name of the recipient is about him; the same words in answer to our own name, or to the letter, are about us.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    Address, Message,
    address::Envelope,
    transport::smtp::{
        Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, MailBodyParameter, MailParameter},
    },
};
use reqwest::Url;
use tokio::net::TcpStream;

use super::{InvalidSmtpConfig, in_turn::InTurn};

/// A connection that was of no use for so long is not used again: servers hang up by themselves.
const IDLE: Duration = Duration::from_secs(60);
/// Connections that are kept for the next letters.
const KEPT: usize = 16;

/// Why a letter was not taken, and what that was the answer to.
#[derive(Debug)]
pub(super) enum Refused {
    /// To the name of the recipient.
    Recipient(Error),
    /// To anything before or after it.
    Otherwise(Error),
    /// To nothing: there is no connection.
    Unconnected,
}

enum Tls {
    /// Never: a server on this machine.
    None,
    /// Before anything is said.
    FirstOfAll(TlsParameters),
    /// Asked for, and insisted on.
    Insisted(TlsParameters),
}

/// A mail server, and connections to it.
pub(super) struct MailServer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl MailServer {
    /// The server of a URL; see [`super::SmtpConfig::url`]. `timeout` is for connecting. Makes no connection.
    pub(super) fn at(url: &str, timeout: Duration) -> Result<Self, InvalidSmtpConfig> {
        let url = Url::parse(url).map_err(|_| InvalidSmtpConfig::Url)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidSmtpConfig::Url)?;
        // An address of IPv6 stands in brackets in a URL alone.
        let host = host.trim_matches(['[', ']']).to_owned();
        // A sign in a password may have ended the host too soon.
        if url.query().is_some() || url.fragment().is_some() || url.path().contains('@') {
            return Err(InvalidSmtpConfig::Url);
        }
        let parameters = || TlsParameters::new(host.clone()).map_err(|_| InvalidSmtpConfig::Url);
        let (tls, port) = match url.scheme() {
            "smtp" => (Tls::None, SMTP_PORT),
            "smtps" => (Tls::FirstOfAll(parameters()?), SUBMISSIONS_PORT),
            "smtp+starttls" => (Tls::Insisted(parameters()?), SUBMISSION_PORT),
            _ => return Err(InvalidSmtpConfig::Url),
        };
        let decoded = |text: &str| percent_decoded(text).ok_or(InvalidSmtpConfig::Url);
        let password = url.password().map(decoded).transpose()?;
        let user = decoded(url.username())?;
        let name = url.path().trim_matches('/');
        Ok(Self {
            port: url.port().unwrap_or(port),
            host,
            tls,
            credentials: password.map(|password| Credentials::new(user, password)),
            hello: if name.is_empty() { ClientId::default() } else { ClientId::Domain(name.to_owned()) },
            timeout,
            kept: Mutex::default(),
        })
    }

    /// Connects and says hello.
    pub(super) async fn answers(&self) -> Result<(), Refused> {
        let connection = self.connection().await?;
        self.keep(connection);
        Ok(())
    }

    /// Hands a letter over.
    pub(super) async fn take(&self, letter: &Message) -> Result<(), Refused> {
        let mut connection = self.connection().await?;
        let taken = hand_over(&mut connection, letter).await;
        match taken {
            Ok(()) => self.keep(connection),
            // What was said by half ends with the connection.
            Err(_) => connection.abort().await,
        }
        taken
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, Refused> {
        while let Some(mut kept) = self.newest_kept() {
            if kept.test_connected().await {
                return Ok(kept);
            }
            kept.abort().await;
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Refused> {
        let mut connection = match &self.tls {
            Tls::None => self.greeted(None).await,
            Tls::FirstOfAll(parameters) => self.greeted(Some(parameters.clone())).await,
            Tls::Insisted(parameters) => self.upgraded(parameters.clone()).await,
        }?;
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(Refused::Otherwise)?;
        }
        Ok(connection)
    }

    async fn greeted(&self, tls: Option<TlsParameters>) -> Result<AsyncSmtpConnection, Refused> {
        let (to, timeout) = ((self.host.as_str(), self.port), Some(self.timeout));
        let connected = AsyncSmtpConnection::connect_tokio1(to, timeout, &self.hello, tls, None);
        connected.await.map_err(Refused::Otherwise)
    }

    /// The library reads ahead and keeps what it has read when TLS begins, so it is let hear no more than it waits for.
    async fn upgraded(&self, tls: TlsParameters) -> Result<AsyncSmtpConnection, Refused> {
        let to = (self.host.as_str(), self.port);
        let stream = TcpStream::connect(to).await.map_err(|_| Refused::Unconnected)?;
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(InTurn::new(stream)), &self.hello);
        let mut connection = greeted.await.map_err(Refused::Otherwise)?;
        connection.starttls(tls, &self.hello).await.map_err(Refused::Otherwise)?;
        Ok(connection)
    }

    fn newest_kept(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept();
        kept.retain(|(_, since)| since.elapsed() < IDLE);
        kept.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept();
        if kept.len() < KEPT && !connection.has_broken() {
            kept.push((connection, Instant::now()));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        // Nothing that can panic runs while it is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn hand_over(connection: &mut AsyncSmtpConnection, letter: &Message) -> Result<(), Refused> {
    let (envelope, bytes) = (letter.envelope(), letter.formatted());
    let mail = Mail::new(envelope.from().cloned(), parameters(envelope, &bytes));
    connection.command(mail).await.map_err(Refused::Otherwise)?;
    for to in envelope.to() {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection.command(recipient).await.map_err(Refused::Recipient)?;
    }
    connection.command(Data).await.map_err(Refused::Otherwise)?;
    connection.message(&bytes).await.map(|_| ()).map_err(Refused::Otherwise)
}

/// What addresses and letters beyond ASCII ask of a server (RFC 6531, RFC 6152).
fn parameters(envelope: &Envelope, letter: &[u8]) -> Vec<MailParameter> {
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    let addresses = (!envelope.from().into_iter().chain(envelope.to()).all(is_ascii))
        .then_some(MailParameter::SmtpUtfEight);
    let body = (!letter.is_ascii()).then_some(MailParameter::Body(MailBodyParameter::EightBitMime));
    addresses.into_iter().chain(body).collect()
}

/// User and password as they are, and not as a URL has to write them.
fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::Arc};

    use lettre::transport::smtp::client::Certificate;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::{
        io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader},
        net::TcpListener,
        task::JoinHandle,
    };
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const PATIENT: Duration = Duration::from_secs(30);

    async fn line<S: AsyncRead + Unpin>(from: &mut BufReader<S>) -> String {
        let mut line = String::new();
        from.read_line(&mut line).await.map(|_| line).unwrap_or_default()
    }

    /// Begins TLS when it is asked to, says `more` in the same breath before, and tells what it heard over it.
    async fn submission(more: &'static str) -> (SocketAddr, Certificate, JoinHandle<String>) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let heard = tokio::spawn(async move {
            let mut plain = BufReader::new(listener.accept().await.expect("a connection").0);
            plain.write_all(b"220 ready\r\n").await.expect("said");
            assert!(line(&mut plain).await.starts_with("EHLO "));
            plain.write_all(b"250-mail\r\n250 STARTTLS\r\n").await.expect("said");
            assert_eq!(line(&mut plain).await, "STARTTLS\r\n");
            plain.write_all(format!("220 go on\r\n{more}").as_bytes()).await.expect("said");
            let Ok(secret) = acceptor.accept(plain.into_inner()).await else { return String::new() };
            let mut secret = BufReader::new(secret);
            let heard = line(&mut secret).await;
            secret.write_all(b"250 mail\r\n").await.expect("said");
            heard
        });
        let der = made.cert.der().to_vec();
        (addr, Certificate::from_der(der).expect("a certificate"), heard)
    }

    #[tokio::test]
    async fn nothing_that_was_said_before_tls_is_heard_over_it() {
        for (more, is_well) in [("", true), ("250-mail\r\n250 AUTH PLAIN\r\n", false), ("250", false)] {
            let (addr, certificate, heard) = submission(more).await;
            let tls = TlsParameters::builder("127.0.0.1".to_owned()).add_root_certificate(certificate);
            let tls = Tls::Insisted(tls.build().expect("parameters"));
            let url = format!("smtp+starttls://{addr}");
            let server = MailServer { tls, ..MailServer::at(&url, PATIENT).expect("a server") };
            assert_eq!(server.answers().await.is_ok(), is_well, "{more:?}");
            drop(server);
            assert_eq!(heard.await.expect("the server").starts_with("EHLO "), is_well, "{more:?}");
        }
    }

    fn server(url: &str) -> MailServer {
        MailServer::at(url, Duration::from_secs(10)).expect("a server")
    }

    #[test]
    fn starttls_is_never_optional() {
        let server = server("smtp+starttls://user:secret@mail.example.com:2587");
        assert!(matches!(server.tls, Tls::Insisted(_)));
        assert_eq!((server.host.as_str(), server.port), ("mail.example.com", 2587));
        for optional in
            ["smtp://mail.example.com?tls=opportunistic", "smtp+starttls://mail.example.com?tls=no"]
        {
            let refused = MailServer::at(optional, Duration::from_secs(10)).err();
            assert_eq!(refused, Some(InvalidSmtpConfig::Url), "{optional}");
        }
    }

    #[test]
    fn a_server_may_be_an_address() {
        for (url, host) in [("smtp://[::1]:2525", "::1"), ("smtps://192.0.2.1", "192.0.2.1")] {
            assert_eq!(server(url).host, host);
        }
    }

    #[test]
    fn each_scheme_has_its_port_and_its_way_to_tls() {
        let ports = ["smtp", "smtp+starttls", "smtps"].map(|scheme| server(&format!("{scheme}://a.example")));
        assert_eq!(ports.each_ref().map(|server| server.port), [25, 587, 465]);
        let [plain, starttls, smtps] = ports;
        assert!(matches!(plain.tls, Tls::None));
        assert!(matches!(starttls.tls, Tls::Insisted(_)));
        assert!(matches!(smtps.tls, Tls::FirstOfAll(_)));
    }

    #[test]
    fn user_and_password_are_read_as_a_url_writes_them() {
        let decoded = |text| percent_decoded(text);
        assert_eq!(decoded("me%40example.com"), Some("me@example.com".into()));
        assert_eq!(decoded("a+b"), Some("a+b".into()));
        assert_eq!(decoded("%C3%A9"), Some("é".into()));
        for none in ["%", "%4", "%zz", "%+1", "%FF"] {
            assert_eq!(decoded(none), None, "{none}");
        }
        assert!(server("smtps://me%40example.com:secret@a.example").credentials.is_some());
        assert!(server("smtps://a.example").credentials.is_none());
    }
}
