use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{MultiPart, header::ContentType},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::given::{self, Running, list};

fn mailer(sandbox: &Running) -> AsyncSmtpTransport<Tokio1Executor> {
    let address = sandbox.sandbox.smtp_addr();
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .build()
}

fn letter(to: &str) -> Message {
    let builder =
        Message::builder().from("shop@shop.test".parse().unwrap()).to(to.parse().unwrap()).subject("Grüße ✓");
    builder
        .multipart(MultiPart::alternative_plain_html(
            String::from("Hello\n.dot\ntoken=abc"),
            String::from("<p>Hello <b>you</b></p>"),
        ))
        .unwrap()
}

#[tokio::test]
async fn mail_is_kept_decoded_and_found_by_its_recipient() {
    let sandbox = given::sandbox().await;
    for to in ["a@shop.test", "b@shop.test", "a@shop.test"] {
        mailer(&sandbox).send(letter(to)).await.unwrap();
    }
    let inbox = sandbox.get("/inbox?to=A%40shop.test").await.body;
    assert_eq!(list(&inbox["data"]).len(), 2);
    let mail = &inbox["data"][0];
    assert_eq!((&mail["to"], &mail["subject"]), (&"a@shop.test".into(), &"Grüße ✓".into()));
    assert_eq!(mail["text"].as_str().unwrap().replace("\r\n", "\n"), "Hello\n.dot\ntoken=abc");
    assert_eq!(mail["html"], "<p>Hello <b>you</b></p>");
    assert!(mail["received_at"].is_string());
    assert_eq!(list(&sandbox.get("/inbox").await.body["data"]).len(), 3);
    assert_eq!(sandbox.state().await["smtp"]["count"], 3);
}

#[tokio::test]
async fn mail_faults_refuse_or_keep_as_they_say() {
    let sandbox = given::sandbox().await;
    let kept = async || sandbox.state().await["smtp"]["count"].as_u64().unwrap();
    for (provider, mode, count) in [
        ("smtp", "http_500", 0),
        ("mail", "http_429", 0),
        ("smtp", "timeout_before", 0),
        ("smtp", "timeout_after", 1),
        ("smtp", "malformed", 2),
        ("smtp", "disconnect", 3),
    ] {
        sandbox.fault(provider, "send", mode).await;
        let message =
            Message::builder().from("s@shop.test".parse().unwrap()).to("a@shop.test".parse().unwrap());
        let message = message.header(ContentType::TEXT_PLAIN).body(String::from("x")).unwrap();
        // Its own limit covers connecting only.
        let sent = tokio::time::timeout(Duration::from_millis(500), mailer(&sandbox).send(message)).await;
        assert_eq!(sent.is_err(), mode.starts_with("timeout"), "{mode}");
        if let Ok(sent) = sent {
            assert_eq!(sent.unwrap_err().is_transient(), mode.starts_with("http"), "{mode}");
        }
        assert_eq!(kept().await, count, "{mode}");
    }
    mailer(&sandbox).send(letter("a@shop.test")).await.unwrap();
}

/// A session typed by hand.
struct Typed(BufReader<TcpStream>);

impl Typed {
    async fn open(sandbox: &Running) -> Self {
        let mut typed = Self(BufReader::new(TcpStream::connect(sandbox.sandbox.smtp_addr()).await.unwrap()));
        assert!(typed.answer().await.starts_with("220"));
        typed
    }

    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.answer().await
    }
}

#[tokio::test]
async fn the_commands_answer_in_their_order_only() {
    let sandbox = given::sandbox().await;
    let mut typed = Typed::open(&sandbox).await;
    for (line, code) in [
        ("HELO me", "250"),
        ("RCPT TO:<a@b.test>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<>", "250"),
        ("RCPT TO:nobody", "501"),
        ("RCPT TO:<a@b.test>", "250"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("NOOP", "250"),
        ("MAIL FROM:<s@b.test> SIZE=99999999", "552"),
        ("JUMP", "500"),
        ("EHLO me", "250"),
        ("MAIL FROM:<s@b.test> BODY=8BITMIME", "250"),
        ("RCPT TO:<a@b.test>", "250"),
        ("RCPT TO:<c@b.test>", "250"),
        ("DATA", "354"),
        ("Subject: by hand\r\n\r\n..stuffed\r\nend\r\n.", "250"),
        ("QUIT", "221"),
    ] {
        let answer = typed.say(line).await;
        assert!(answer.starts_with(code), "{line}: {answer}");
    }
    let inbox = sandbox.get("/inbox").await.body;
    assert_eq!(list(&inbox["data"]).len(), 2);
    assert_eq!(inbox["data"][0]["text"].as_str().unwrap().trim_end(), ".stuffed\r\nend");
}
