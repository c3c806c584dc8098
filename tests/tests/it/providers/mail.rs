//! The mailer against the simulated mail server, and against one that says no.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use namaskah_adapters::smtp::{SmtpConfig, SmtpMailer};
use namaskah_domain::{
    JobId, Letter, MailSecret,
    auth::Email,
    mailer::{MailError, Mailer},
};
use namaskah_tests::given;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::sandboxed::started;

fn mailer(server: std::net::SocketAddr) -> SmtpMailer {
    let config = SmtpConfig {
        url: format!("smtp://{server}").into(),
        from: "Namaskah <hello@example.com>".into(),
        public_url: "http://127.0.0.1:8080".into(),
        timeout: Duration::from_secs(5),
    };
    SmtpMailer::try_new(&config).expect("a mailer")
}

fn ada() -> Email {
    Email::try_new("ada@example.com").expect("an address")
}

fn a_job() -> JobId {
    given::id()
}

fn verify(token: &str) -> Letter {
    Letter::VerifyEmail { token: MailSecret(token.into()) }
}

#[tokio::test]
async fn a_letter_arrives_with_its_link_in_text_and_html() {
    let world = started().await;
    let mailer = mailer(world.sandbox.smtp_addr());
    // Long enough that the mail's encoding breaks its line.
    let token = "t".repeat(90);
    mailer.send(a_job(), &ada(), &verify(&token)).await.expect("sent");
    mailer.send(a_job(), &ada(), &Letter::PasswordChanged).await.expect("sent");
    let inbox = world.look("/inbox?to=ada@example.com").await;
    let mails = inbox["data"].as_array().expect("a list");
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0]["subject"], "Your password was changed");
    let link = format!("http://127.0.0.1:8080/verify-email#token={token}");
    for part in ["text", "html"] {
        let text = mails[1][part].as_str().unwrap_or_default();
        assert!(text.contains(&link), "{part}: {text}");
    }
}

#[tokio::test]
async fn a_busy_server_is_tried_again_later() {
    let world = started().await;
    let mailer = mailer(world.sandbox.smtp_addr());
    for mode in ["http_500", "http_429"] {
        let fault = json!({ "provider": "smtp", "operation": "send", "mode": mode, "count": 1 });
        world.control("/control/faults", fault).await;
        let outcome = mailer.send(a_job(), &ada(), &verify("t")).await;
        assert!(matches!(outcome, Err(MailError::Transient(_))), "{mode}: {outcome:?}");
    }
    mailer.send(a_job(), &ada(), &verify("t")).await.expect("sent");
}

/// A server that takes what it is sent, says so to the second of each letter alone, and keeps all of it.
async fn forgetful() -> (std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (addr, kept) = (listener.local_addr().expect("an address"), Arc::new(Mutex::new(Vec::new())));
    let keeping = kept.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(BufReader::new(stream), keeping.clone()));
        }
    });
    (addr, kept)
}

async fn converse(mut stream: BufReader<TcpStream>, kept: Arc<Mutex<Vec<String>>>) {
    let (mut said, mut line, mut letter) = ("220 ready", String::new(), None::<String>);
    loop {
        if !said.is_empty() && stream.write_all(format!("{said}\r\n").as_bytes()).await.is_err() {
            return;
        }
        line.clear();
        if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
            return;
        }
        said = match &mut letter {
            None if line.starts_with("DATA") => {
                letter = Some(String::new());
                "354 go on"
            }
            None => "250 ok",
            Some(text) if line != ".\r\n" => {
                text.push_str(&line);
                ""
            }
            Some(_) => {
                let mut kept = kept.lock().expect("no test panicked here");
                kept.extend(letter.take());
                if kept.len() % 2 == 1 { "451 4.3.0 ask me later" } else { "250 ok" }
            }
        };
    }
}

/// Of a letter, as it went over the wire.
fn message_id(letter: &str) -> &str {
    let found = letter.lines().find_map(|line| line.strip_prefix("Message-ID: "));
    found.unwrap_or_else(|| panic!("a name in {letter}"))
}

#[tokio::test]
async fn a_letter_has_one_message_id_in_every_try_and_each_letter_its_own() {
    let (server, kept) = forgetful().await;
    let mailer = mailer(server);
    let jobs: [JobId; 2] = [given::id(), given::id()];
    for job in jobs {
        let outcome = mailer.send(job, &ada(), &Letter::PasswordChanged).await;
        assert!(matches!(outcome, Err(MailError::Transient(_))), "taken, and not said so: {outcome:?}");
        mailer.send(job, &ada(), &Letter::PasswordChanged).await.expect("sent");
    }
    let kept = kept.lock().expect("no test panicked here");
    let names: Vec<&str> = kept.iter().map(|letter| message_id(letter)).collect();
    let [first, second] = jobs.map(|job| format!("<{job}@example.com>"));
    assert_eq!(names, [&first, &first, &second, &second]);
}

/// A server that greets, and answers every recipient so.
async fn refusing(reply: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut said = "220 ready\r\n".to_owned();
            let mut line = String::new();
            while stream.write_all(said.as_bytes()).await.is_ok() {
                line.clear();
                if !matches!(stream.read_line(&mut line).await, Ok(n) if n > 0) {
                    break;
                }
                said = if line.starts_with("RCPT") { format!("{reply}\r\n") } else { "250 ok\r\n".into() };
            }
        }
    });
    addr
}

#[tokio::test]
async fn a_refused_recipient_is_refused_for_good_and_our_own_faults_are_not() {
    let outcome =
        mailer(refusing("550 5.1.1 no ada@example.com here").await).send(a_job(), &ada(), &verify("t")).await;
    assert!(matches!(outcome, Err(MailError::BadAddress { reply: 550 })), "{outcome:?}");
    let refused = refusing("550 5.7.1 blocked, ada@example.com").await;
    let outcome = mailer(refused).send(a_job(), &ada(), &verify("t")).await;
    assert!(matches!(outcome, Err(MailError::Permanent(_))), "{outcome:?}");
    assert!(!format!("{outcome:?}").contains("ada"), "{outcome:?}");
    for reply in ["451 4.3.0 busy with ada@example.com", "530 5.7.0 sign in first", "421 4.3.2 going down"] {
        let outcome = mailer(refusing(reply).await).send(a_job(), &ada(), &verify("t")).await;
        assert!(matches!(outcome, Err(MailError::Transient(_))), "{reply}: {outcome:?}");
        assert!(!format!("{outcome:?}").contains("ada"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    drop(listener);
    let outcome = mailer(addr).send(a_job(), &ada(), &verify("t")).await;
    assert!(matches!(outcome, Err(MailError::Transient(_))), "{outcome:?}");
}
