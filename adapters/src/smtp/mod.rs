//! Mail over SMTP.

mod conversation;
mod in_turn;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, Message,
    message::{Mailbox, MultiPart},
    transport::smtp::Error as SmtpError,
};
use namaskah_domain::{
    Fault, JobId, Letter,
    auth::Email,
    mailer::{MailError, Mailer},
    notification::News,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::letters::{self, Unwritten, Words};
use conversation::{MailServer, Refused};

/// Replies that refuse our login or our connection, not the letter: a person will set that right.
const ABOUT_US: [u16; 6] = [421, 530, 534, 535, 538, 554];
/// What says that there is no such mailbox: none of the name, no such host or one that takes no mail, no address at all,
/// or one that has moved away. Whatever else begins with 5.1 is about the sender, and a number without such a code may be
/// about anything.
///
/// Source: RFC 3463 section 3.2, RFC 7505 section 4.2.
const NO_MAILBOX: [&str; 5] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"];

/// How mail leaves.
#[derive(Clone)]
pub struct SmtpConfig {
    /// `smtps://user:password@host` (TLS from the start, port 465), `smtp+starttls://user:password@host`
    /// (port 587; never without TLS) or `smtp://host:port` (plain, for a server on this machine).
    pub url: SecretString,
    /// The sender: `Namaskah <hello@example.com>`.
    pub from: String,
    /// Where links in letters lead.
    pub public_url: String,
    /// For one command.
    pub timeout: Duration,
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("from", &self.from)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl SmtpConfig {
    /// Everything that is wrong with it.
    pub fn faults(&self) -> Vec<InvalidSmtpConfig> {
        let (server, from, site) = (self.server(), self.mailbox(), self.site());
        [server.err(), from.err(), site.err()].into_iter().flatten().collect()
    }

    fn server(&self) -> Result<MailServer, InvalidSmtpConfig> {
        MailServer::at(self.url.expose_secret(), self.timeout)
    }

    fn mailbox(&self) -> Result<Mailbox, InvalidSmtpConfig> {
        self.from.parse().map_err(|_| InvalidSmtpConfig::From)
    }

    fn site(&self) -> Result<Url, InvalidSmtpConfig> {
        let site = Url::parse(&self.public_url).map_err(|_| InvalidSmtpConfig::PublicUrl)?;
        if !matches!(site.scheme(), "http" | "https") || !site.has_host() {
            return Err(InvalidSmtpConfig::PublicUrl);
        }
        Ok(site)
    }
}

/// What is wrong with an [`SmtpConfig`]. Shows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmtpConfig {
    /// No URL of the three schemes.
    #[error(
        "the mail server's address must begin with smtp://, smtp+starttls:// or smtps:// and name a host"
    )]
    Url,
    /// No mailbox.
    #[error("the sender is not a mail address")]
    From,
    /// No HTTP URL.
    #[error("the public address is not an http or https address")]
    PublicUrl,
}

/// A mail server's refusal by its code alone: its words repeat addresses.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum SmtpFault {
    #[error("SMTP reply {0}")]
    Reply(u16),
    #[error("no answer in time")]
    TimedOut,
    #[error("TLS could not be set up")]
    Tls,
    #[error("the connection failed")]
    Connection,
    #[error("the letter cannot be written")]
    Letter,
}

/// [`Mailer`] over SMTP.
pub struct SmtpMailer {
    server: MailServer,
    from: Mailbox,
    site: Url,
    timeout: Duration,
}

impl SmtpMailer {
    /// Makes no connection.
    ///
    /// # Errors
    /// [`InvalidSmtpConfig`] names the part that is wrong.
    pub fn try_new(config: &SmtpConfig) -> Result<Self, InvalidSmtpConfig> {
        let (server, from, site) = (config.server()?, config.mailbox()?, config.site()?);
        Ok(Self { server, from, site, timeout: config.timeout })
    }

    /// Connects and says hello, as `doctor` does. Sends nothing.
    ///
    /// # Errors
    /// Why the server cannot be used.
    pub async fn answers(&self) -> Result<(), MailError> {
        self.in_time(self.server.answers()).await
    }

    /// The library's own time-out does not bound a server that accepts and stays silent, so this one does.
    async fn in_time(&self, call: impl Future<Output = Result<(), Refused>>) -> Result<(), MailError> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(answered) => answered.map_err(|refused| refusal(&refused)),
            Err(_) => Err(MailError::Transient(Fault::new(SmtpFault::TimedOut))),
        }
    }

    async fn post(&self, job: JobId, to: &Email, words: Result<Words, Unwritten>) -> Result<(), MailError> {
        let message = words.ok().and_then(|words| self.write(job, to, words));
        let message = message.ok_or_else(|| MailError::Permanent(Fault::new(SmtpFault::Letter)))?;
        self.in_time(self.server.take(&message)).await
    }

    /// `Message-ID` is the job's in every try, so that a second copy is known for one.
    fn write(&self, job: JobId, to: &Email, words: Words) -> Option<Message> {
        let to: Address = to.as_str().parse().ok()?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            .message_id(Some(format!("<{job}@{}>", self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(words.text, words.html))
            .ok()
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, job: JobId, to: &Email, letter: &Letter) -> Result<(), MailError> {
        self.post(job, to, letters::of_letter(letter, to, &self.site)).await
    }

    async fn tell(&self, job: JobId, to: &Email, news: &News) -> Result<(), MailError> {
        self.post(job, to, letters::of_news(news, &self.site)).await
    }
}

/// The words of a refusal. They repeat addresses, and are told to nobody.
fn said(error: &SmtpError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

fn names_no_mailbox(said: &str) -> bool {
    said.split_whitespace().next().is_some_and(|first| NO_MAILBOX.contains(&first))
}

/// A mailbox is bad by the answer to its own name alone, and if that says so in the code that is made for it.
fn refusal(refused: &Refused) -> MailError {
    let (Refused::Recipient(error) | Refused::Otherwise(error)) = refused else {
        return MailError::Transient(Fault::new(SmtpFault::Connection));
    };
    let is_the_recipients = matches!(refused, Refused::Recipient(_));
    match error.status().map(u16::from) {
        Some(reply) if is_the_recipients && error.is_permanent() && names_no_mailbox(&said(error)) => {
            MailError::BadAddress { reply }
        }
        Some(code) if error.is_permanent() && !ABOUT_US.contains(&code) => {
            MailError::Permanent(Fault::new(SmtpFault::Reply(code)))
        }
        Some(code) => MailError::Transient(Fault::new(SmtpFault::Reply(code))),
        None if error.is_timeout() => MailError::Transient(Fault::new(SmtpFault::TimedOut)),
        None if error.is_tls() => MailError::Transient(Fault::new(SmtpFault::Tls)),
        None => MailError::Transient(Fault::new(SmtpFault::Connection)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, from: &str, public_url: &str) -> SmtpConfig {
        SmtpConfig {
            url: SecretString::from(url),
            from: from.into(),
            public_url: public_url.into(),
            timeout: Duration::from_secs(10),
        }
    }

    #[tokio::test]
    async fn a_wrong_part_of_the_configuration_is_named() {
        let (url, from, site) =
            ("smtp://127.0.0.1:8025", "Namaskah <hello@example.com>", "http://127.0.0.1:8080");
        let fault = |config: SmtpConfig| SmtpMailer::try_new(&config).err();
        assert_eq!(fault(config(url, from, site)), None);
        assert_eq!(fault(config("smtps://user:secret@mail.example.com", from, site)), None);
        assert_eq!(fault(config("smtp+starttls://user:secret@mail.example.com:587", from, site)), None);
        assert_eq!(fault(config("mail.example.com", from, site)), Some(InvalidSmtpConfig::Url));
        assert_eq!(fault(config("http://mail.example.com", from, site)), Some(InvalidSmtpConfig::Url));
        assert_eq!(fault(config(url, "nobody", site)), Some(InvalidSmtpConfig::From));
        assert_eq!(fault(config(url, from, "ftp://example.com")), Some(InvalidSmtpConfig::PublicUrl));
    }

    #[test]
    fn a_mailbox_is_bad_by_its_own_fault_alone() {
        for said in [
            "5.1.1 <ada@example.com> unknown",
            "5.1.2 no such host",
            "5.1.3 bad address syntax",
            "5.1.6 moved away",
            "5.1.10 takes no mail",
        ] {
            assert!(names_no_mailbox(said), "{said}");
        }
        for said in [
            "",
            "no such user here",
            "198.51.100.7 is in a black list",
            "relay not permitted",
            "5.1.0 sender denied",
            "5.1.7 no such sender",
            "5.1.8 sender's domain does not exist",
            "5.1.11 of no such code",
            "5.2.1 receiving mail at a rate that prevents additional messages",
            "5.2.2 mailbox full",
            "5.7.1 blocked for spam",
            "5.7.26 not authenticated",
        ] {
            assert!(!names_no_mailbox(said), "{said}");
        }
    }

    #[test]
    fn the_configuration_shows_no_password() {
        let config = config("smtps://user:secret@mail.example.com", "a@example.com", "http://example.com");
        assert!(!format!("{config:?}").contains("secret"));
    }
}
