//! The port of outgoing mail.

use async_trait::async_trait;

use crate::{Fault, Letter, auth::Email};

/// Why a mail was not sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MailError {
    /// Try again later.
    #[error("the mail server cannot take it now: {0}")]
    Transient(Fault),
    /// It will never be taken: the address is bad, say.
    #[error("the mail server refuses it: {0}")]
    Permanent(Fault),
}

/// Sends letters. Knows their words, the sender's address and where links lead.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a letter to the mail server.
    ///
    /// # Errors
    /// `Transient` if trying again can help, `Permanent` if not.
    async fn send(&self, to: &Email, letter: &Letter) -> Result<(), MailError>;
}
