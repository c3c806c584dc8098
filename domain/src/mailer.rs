//! The port of outgoing mail.

use async_trait::async_trait;

use crate::{Fault, JobId, Letter, auth::Email, notification::News};

/// Why a mail was not sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MailError {
    /// Try again later.
    #[error("the mail server cannot take it now: {0}")]
    Transient(Fault),
    /// It will never be taken.
    #[error("the mail server refuses it: {0}")]
    Permanent(Fault),
    /// It will never be taken, since there is no such mailbox: the server says so of the recipient, and of nothing else.
    #[error("there is no such mailbox: SMTP reply {reply}")]
    BadAddress {
        /// The number of the server's answer.
        reply: u16,
    },
    /// It was not sent: the address was bad before.
    #[error("the address was refused before, and gets no mail")]
    Suppressed,
}

/// Sends letters. Knows their words, the sender's address and where links lead.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a letter to the mail server. `job` names it: whoever gets the same letter twice, since a try may have been
    /// taken of which nobody knows, can tell that by the name.
    ///
    /// # Errors
    /// `Transient` if trying again can help, `Permanent` if not.
    async fn send(&self, job: JobId, to: &Email, letter: &Letter) -> Result<(), MailError>;

    /// The same with a letter about a notification.
    ///
    /// # Errors
    /// As [`Self::send`].
    async fn tell(&self, job: JobId, to: &Email, news: &News) -> Result<(), MailError>;
}
