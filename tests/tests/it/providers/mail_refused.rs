//! What a mail server says no to: whom it is about depends on what it was asked.

use std::{net::SocketAddr, time::Duration};

use namaskah_adapters::smtp::{SmtpConfig, SmtpMailer};
use namaskah_domain::{
    Letter,
    auth::Email,
    mailer::{MailError, Mailer},
};
use namaskah_tests::given;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// What a letter is when it is over: a line with a dot.
const LETTER: &str = ".";

/// A server that answers one command so, and everything else as it should; and what it is told, line by line.
async fn refusing(command: &'static str, reply: &'static str) -> (SocketAddr, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    let (told, heard) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(BufReader::new(stream), command, reply, told.clone()));
        }
    });
    (addr, heard)
}

async fn converse(
    mut stream: BufReader<TcpStream>,
    command: &str,
    reply: &str,
    told: UnboundedSender<String>,
) {
    let (mut answer, mut line, mut is_letter) = ("220 ready", String::new(), false);
    loop {
        let said = if answer.is_empty() { String::new() } else { format!("{answer}\r\n") };
        line.clear();
        if stream.write_all(said.as_bytes()).await.is_err()
            || !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0)
        {
            return;
        }
        let asked = line.trim_end();
        // Whoever has asked has heard enough.
        let _ = told.send(asked.to_owned());
        let is_over = is_letter && asked == LETTER;
        answer = match asked {
            _ if is_letter && !is_over => "",
            asked if asked.starts_with(command) => reply,
            "DATA" => "354 go on",
            _ => "250 ok",
        };
        is_letter = !is_over && (is_letter || answer.starts_with("354"));
    }
}

fn mailer(url: String) -> SmtpMailer {
    let config = SmtpConfig {
        url: url.into(),
        from: "Namaskah <hello@example.com>".into(),
        public_url: "http://127.0.0.1:8080".into(),
        timeout: Duration::from_secs(5),
    };
    SmtpMailer::try_new(&config).expect("a mailer")
}

async fn sent(mailer: &SmtpMailer, name: &str) -> Result<(), MailError> {
    let to = Email::try_new(&format!("{name}@example.com")).expect("an address");
    mailer.send(given::id(), &to, &Letter::PasswordChanged).await
}

async fn outcome(command: &'static str, reply: &'static str) -> Result<(), MailError> {
    let (server, _heard) = refusing(command, reply).await;
    sent(&mailer(format!("smtp://{server}")), "ada").await
}

#[tokio::test]
async fn a_mailbox_is_bad_if_the_answer_to_its_name_says_so_by_code() {
    for (reply, number) in [
        ("550 5.1.1 no ada@example.com here", 550),
        ("550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist", 550),
        ("550 5.1.2 no such host", 550),
        ("501 5.1.3 no address", 501),
        ("551 5.1.6 moved away", 551),
        ("556 5.1.10 takes no mail", 556),
    ] {
        let outcome = outcome("RCPT", reply).await;
        assert!(
            matches!(outcome, Err(MailError::BadAddress { reply }) if reply == number),
            "{reply}: {outcome:?}"
        );
    }
}

/// What was answered to MAIL FROM and to the letter is not about the recipient either, whatever its code says.
#[tokio::test]
async fn a_refused_sender_or_letter_a_rate_and_a_black_list_suppress_nobody() {
    for (command, reply) in [
        ("RCPT", "550 5.1.8 sender's domain does not exist"),
        ("RCPT", "553 5.1.7 no such sender"),
        ("RCPT", "550 5.2.1 receiving mail at a rate that prevents additional messages"),
        ("RCPT", "550 198.51.100.7 is in a black list"),
        ("RCPT", "550 relay not permitted"),
        ("RCPT", "551 user not local"),
        ("RCPT", "553 sorry"),
        ("MAIL", "550 5.1.1 no such user"),
        ("MAIL", "550 5.1.8 who are you"),
        ("DATA", "550 5.1.1 no such user"),
        (LETTER, "550 5.1.1 no such user"),
        (LETTER, "550 5.7.1 looks like spam"),
    ] {
        let outcome = outcome(command, reply).await;
        assert!(matches!(outcome, Err(MailError::Permanent(_))), "{command}: {reply}: {outcome:?}");
    }
    outcome("HELP", "502 nothing is refused").await.expect("sent");
}

#[tokio::test]
async fn a_server_without_tls_is_told_no_password_and_no_letter_where_tls_is_insisted_on() {
    let (server, mut heard) = refusing("HELP", "502 no").await;
    let outcome = sent(&mailer(format!("smtp+starttls://user:word@{server}")), "ada").await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
    let first = heard.recv().await.expect("a greeting");
    assert!(first.starts_with("EHLO "), "{first}");
    while let Ok(more) = heard.try_recv() {
        assert_eq!(more, "QUIT");
    }
}

#[tokio::test]
async fn a_connection_that_took_a_letter_takes_the_next_and_one_that_refused_does_not() {
    let (server, mut heard) = refusing("RCPT TO:<bob", "550 5.1.1 no bob here").await;
    let mailer = mailer(format!("smtp://{server}"));
    for name in ["ada", "ada", "bob", "ada"] {
        let outcome = sent(&mailer, name).await;
        assert_eq!(outcome.is_ok(), name == "ada", "{outcome:?}");
    }
    let mut said = Vec::new();
    while let Ok(line) = heard.try_recv() {
        said.push(line);
    }
    let greetings = said.iter().filter(|line| line.starts_with("EHLO")).count();
    let letters = said.iter().filter(|line| *line == LETTER).count();
    assert_eq!((greetings, letters), (2, 3), "{said:?}");
}
