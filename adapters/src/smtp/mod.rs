//! Mail over SMTP.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
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

/// Replies that refuse our login or our connection, not the letter: a person will set that right.
const ABOUT_US: [u16; 6] = [421, 530, 534, 535, 538, 554];

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
    transport: AsyncSmtpTransport<Tokio1Executor>,
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
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(&their_url(config.url.expose_secret())?)
                .map_err(|_| InvalidSmtpConfig::Url)?
                .timeout(Some(config.timeout))
                .build();
        let from: Mailbox = config.from.parse().map_err(|_| InvalidSmtpConfig::From)?;
        let site = Url::parse(&config.public_url).map_err(|_| InvalidSmtpConfig::PublicUrl)?;
        if !matches!(site.scheme(), "http" | "https") || !site.has_host() {
            return Err(InvalidSmtpConfig::PublicUrl);
        }
        Ok(Self { transport, from, site, timeout: config.timeout })
    }

    /// Connects and says hello, as `doctor` does. Sends nothing.
    ///
    /// # Errors
    /// Why the server cannot be used.
    pub async fn answers(&self) -> Result<(), MailError> {
        match self.in_time(self.transport.test_connection()).await? {
            true => Ok(()),
            false => Err(MailError::Transient(Fault::new(SmtpFault::Connection))),
        }
    }

    /// The library's own time-out does not bound a server that accepts and stays silent, so this one does.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, SmtpError>>) -> Result<T, MailError> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(answered) => answered.map_err(|error| refusal(&error)),
            Err(_) => Err(MailError::Transient(Fault::new(SmtpFault::TimedOut))),
        }
    }

    async fn post(&self, job: JobId, to: &Email, words: Result<Words, Unwritten>) -> Result<(), MailError> {
        let message = words.ok().and_then(|words| self.write(job, to, words));
        let message = message.ok_or_else(|| MailError::Permanent(Fault::new(SmtpFault::Letter)))?;
        self.in_time(self.transport.send(message)).await.map(|_| ())
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

/// The URL in the library's dialect, which writes STARTTLS as a parameter.
fn their_url(url: &str) -> Result<String, InvalidSmtpConfig> {
    let parsed = Url::parse(url).map_err(|_| InvalidSmtpConfig::Url)?;
    if !parsed.has_host() || parsed.query().is_some() {
        return Err(InvalidSmtpConfig::Url);
    }
    match url.split_once("://") {
        Some(("smtp" | "smtps", _)) => Ok(url.to_owned()),
        Some(("smtp+starttls", rest)) => Ok(format!("smtp://{rest}?tls=required")),
        _ => Err(InvalidSmtpConfig::Url),
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

/// True if a server refuses the mailbox, and not what is sent to it, or who sends it: 550, 551 or 553, and where an
/// enhanced code says more, one about addresses or a mailbox that is closed.
///
/// Source: RFC 5321 section 4.2.3, RFC 3463 sections 3.2 and 3.3.
fn is_about_the_mailbox(reply: u16, said: &str) -> bool {
    let first = said.split_whitespace().next().unwrap_or_default();
    let is_enhanced = first.split('.').count() == 3 && first.starts_with("5.");
    let is_about_it = first.starts_with("5.1.") || first == "5.2.1";
    matches!(reply, 550 | 551 | 553) && (is_about_it || !is_enhanced)
}

fn refusal(error: &SmtpError) -> MailError {
    match error.status().map(u16::from) {
        Some(reply) if error.is_permanent() && is_about_the_mailbox(reply, &said(error)) => {
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
        for (reply, said) in [
            (550, "5.1.1 <ada@example.com> unknown"),
            (550, "no such user here"),
            (551, "user not local"),
            (553, "5.1.3 bad address syntax"),
            (550, "5.2.1 mailbox disabled"),
        ] {
            assert!(is_about_the_mailbox(reply, said), "{reply} {said}");
        }
        for (reply, said) in [
            (550, "5.7.1 blocked for spam"),
            (550, "5.7.26 not authenticated"),
            (552, "5.2.2 mailbox full"),
            (554, "5.7.1 rejected"),
            (550, "5.2.3 too long"),
            (530, "5.7.0 sign in first"),
        ] {
            assert!(!is_about_the_mailbox(reply, said), "{reply} {said}");
        }
    }

    #[test]
    fn starttls_is_never_optional() {
        let theirs = their_url("smtp+starttls://user:secret@mail.example.com:587");
        assert_eq!(theirs.as_deref(), Ok("smtp://user:secret@mail.example.com:587?tls=required"));
        assert_eq!(their_url("smtp://mail.example.com?tls=opportunistic"), Err(InvalidSmtpConfig::Url));
    }

    #[test]
    fn the_configuration_shows_no_password() {
        let config = config("smtps://user:secret@mail.example.com", "a@example.com", "http://example.com");
        assert!(!format!("{config:?}").contains("secret"));
    }
}
