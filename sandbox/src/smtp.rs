//! A mail server that delivers nothing and keeps everything. Plain SMTP (RFC 5321) without TLS. There is no mailbox
//! whose name begins with `nobody`.
//!
//! Faults of `send`, taken up by the next `MAIL`: `timeout_before` never answers it, `http_500` answers it 451 and
//! `http_429` 450; after the mail was kept, `timeout_after` never answers, `malformed` answers no SMTP and
//! `disconnect` hangs up.

use std::{io, sync::Arc, time::Duration};

use mail_parser::MessageParser;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    books::{FaultMode, Mail},
    world::World,
};

const LINE_LIMIT: u64 = 4_096;
const MESSAGE_LIMIT: usize = 5 << 20;
const MOST_RECIPIENTS: usize = 100;
/// Nobody has a mailbox whose name begins so.
const NOBODY: &str = "nobody";
const IDLE: Duration = Duration::from_secs(300);
/// How long a call that is never answered is held.
const HOLD: Duration = Duration::from_secs(60);

/// Accepts connections until `stop`.
pub(crate) async fn serve(world: Arc<World>, listener: TcpListener, stop: CancellationToken) {
    let sessions = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else { continue };
        let (world, stop) = (Arc::clone(&world), stop.clone());
        sessions.spawn(async move {
            let session = Session::new(&world, stream);
            tokio::select! {
                () = stop.cancelled() => {}
                ended = session.run() => if let Err(error) = ended {
                    tracing::debug!(%error, "a mail session ended");
                },
            }
        });
    }
    sessions.close();
    sessions.wait().await;
}

struct Session<'a> {
    world: &'a World,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    from: Option<String>,
    to: Vec<String>,
    fault: FaultMode,
}

/// What follows a command.
enum Next {
    Reply(&'static str),
    Data,
    Hold,
    End,
}

impl<'a> Session<'a> {
    fn new(world: &'a World, stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        let reader = BufReader::new(reader);
        Self { world, reader, writer, from: None, to: Vec::new(), fault: FaultMode::None }
    }

    async fn run(mut self) -> io::Result<()> {
        self.reply("220 sandbox ESMTP keeps everything, delivers nothing").await?;
        while let Some(line) = self.line(LINE_LIMIT).await? {
            let next = if line.len() as u64 >= LINE_LIMIT {
                Next::Reply("500 5.5.2 Line too long")
            } else {
                self.command(String::from_utf8_lossy(&line).trim_end()).await
            };
            match next {
                Next::Reply(text) => self.reply(text).await?,
                Next::Data => self.data().await?,
                Next::Hold => return self.hold().await,
                Next::End => return self.reply("221 2.0.0 Bye").await,
            }
        }
        Ok(())
    }

    async fn command(&mut self, line: &str) -> Next {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.forget();
                Next::Reply(
                    "250-sandbox\r\n250-SIZE 5242880\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN",
                )
            }
            "HELO" => {
                self.forget();
                Next::Reply("250 sandbox")
            }
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.recipient(rest),
            "DATA" if self.to.is_empty() => Next::Reply("503 5.5.1 RCPT first"),
            "DATA" => Next::Data,
            "RSET" => {
                self.forget();
                Next::Reply("250 2.0.0 OK")
            }
            "AUTH" if rest.to_ascii_uppercase().starts_with("PLAIN ") => Next::Reply("235 2.7.0 Any will do"),
            "AUTH" => Next::Reply("504 5.5.4 PLAIN with an initial response only"),
            "NOOP" => Next::Reply("250 2.0.0 OK"),
            "VRFY" => Next::Reply("252 2.1.5 Send some mail"),
            "QUIT" => Next::End,
            _ => Next::Reply("500 5.5.1 Unknown command"),
        }
    }

    async fn mail(&mut self, rest: &str) -> Next {
        let Some(from) = path(rest, "FROM:") else { return Next::Reply("501 5.5.4 MAIL FROM:<address>") };
        if declared_size(rest).is_some_and(|size| size > MESSAGE_LIMIT) {
            return Next::Reply("552 5.3.4 Message too large");
        }
        let mode = self.world.with(|books, _| books.take_fault("smtp.send"));
        if self.world.settled().await.is_err() {
            return Next::Reply("451 4.3.0 The books cannot be written");
        }
        match mode {
            FaultMode::TimeoutBefore => return Next::Hold,
            FaultMode::Http500 => return Next::Reply("451 4.3.0 A fault was asked for"),
            FaultMode::Http429 => return Next::Reply("450 4.7.1 A fault was asked for, try again later"),
            _ => {}
        }
        self.forget();
        self.fault = mode;
        self.from = Some(from);
        Next::Reply("250 2.1.0 OK")
    }

    fn recipient(&mut self, rest: &str) -> Next {
        if self.from.is_none() {
            return Next::Reply("503 5.5.1 MAIL first");
        }
        match path(rest, "TO:").filter(|to| to.contains('@')) {
            None => Next::Reply("501 5.1.3 RCPT TO:<address>"),
            Some(_) if self.to.len() >= MOST_RECIPIENTS => Next::Reply("452 4.5.3 Too many recipients"),
            Some(to) if to.starts_with(NOBODY) => {
                self.world.with(|books, _| books.refused_mails += 1);
                Next::Reply("550 5.1.1 There is no such mailbox")
            }
            Some(to) => {
                self.to.push(to);
                Next::Reply("250 2.1.5 OK")
            }
        }
    }

    /// Reads the message up to the lone dot, keeps it, and answers as the fault would have it.
    async fn data(&mut self) -> io::Result<()> {
        self.reply("354 End with a dot on a line of its own").await?;
        let mut message = Vec::new();
        let mut is_too_large = false;
        loop {
            let Some(line) = self.line(MESSAGE_LIMIT as u64).await? else { return Ok(()) };
            if line == b".\r\n" || line == b".\n" {
                break;
            }
            let line = line.strip_prefix(b".").unwrap_or(&line); // the sender doubled a leading dot
            is_too_large |= message.len() + line.len() > MESSAGE_LIMIT;
            if !is_too_large {
                message.extend_from_slice(line);
            }
        }
        if is_too_large {
            self.forget();
            return self.reply("552 5.3.4 Message too large").await;
        }
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        keep(self.world, &from, to, &message);
        if self.world.settled().await.is_err() {
            return self.reply("451 4.3.0 The books cannot be written").await;
        }
        match std::mem::replace(&mut self.fault, FaultMode::None) {
            FaultMode::TimeoutAfter => self.hold().await,
            FaultMode::Malformed => self.reply("?!").await,
            FaultMode::Disconnect => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault")),
            _ => self.reply("250 2.0.0 Kept").await,
        }
    }

    /// Says nothing until the sender hangs up, or the hold is over.
    async fn hold(&mut self) -> io::Result<()> {
        let mut sink = tokio::io::sink();
        let _ = tokio::time::timeout(HOLD, tokio::io::copy(&mut self.reader, &mut sink)).await;
        Err(io::Error::new(io::ErrorKind::ConnectionAborted, "held by a fault"))
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
        self.fault = FaultMode::None;
    }

    /// The next line with its end, at most `limit` bytes of it; `None` when the sender has hung up.
    async fn line(&mut self, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.reader).take(limit);
        let read = tokio::time::timeout(IDLE, limited.read_until(b'\n', &mut line));
        let length = read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        Ok((length > 0).then_some(line))
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(format!("{text}\r\n").as_bytes()).await
    }
}

/// `<address>` after `word`, without its brackets.
fn path(rest: &str, word: &str) -> Option<String> {
    let head = rest.get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let address = rest.get(word.len()..)?.trim_start();
    let (address, _) = address.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

fn declared_size(rest: &str) -> Option<usize> {
    rest.split(' ').find_map(|word| word.to_ascii_uppercase().strip_prefix("SIZE=")?.parse().ok())
}

/// One record a recipient.
fn keep(world: &World, from: &str, to: Vec<String>, raw: &[u8]) {
    let parsed = MessageParser::default().parse(raw);
    let part = |found: Option<&str>| found.unwrap_or_default().to_owned();
    let subject = part(parsed.as_ref().and_then(|message| message.subject()));
    let text = parsed.as_ref().and_then(|message| message.body_text(0)).unwrap_or_default().into_owned();
    let html = parsed.as_ref().and_then(|message| message.body_html(0)).unwrap_or_default().into_owned();
    world.with(|books, now| {
        for to in to {
            let (from, subject) = (from.to_owned(), subject.clone());
            books.keep_mail(Mail {
                from,
                to,
                subject,
                text: text.clone(),
                html: html.clone(),
                received_ms: now,
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_brackets_only() {
        assert_eq!(path("FROM:<a@b.c> SIZE=10", "FROM:"), Some("a@b.c".into()));
        assert_eq!(path("from: <>", "FROM:"), Some(String::new()));
        assert_eq!(path("FROM:a@b.c", "FROM:"), None);
        assert_eq!(declared_size("FROM:<a@b.c> SIZE=10"), Some(10));
    }
}
