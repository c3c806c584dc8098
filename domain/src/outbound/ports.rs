//! The port of calls to URLs that users give.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{CallError, Destination};
use crate::{EventId, Time, TraceParent, UserId};

/// What proves a call to its receiver, in the form of Standard Webhooks: `v1,` and base64, several with a space
/// between. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(String);

/// A text that cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signature is visible ASCII with single spaces")]
pub struct InvalidSignature;

impl Signature {
    /// # Errors
    /// [`InvalidSignature`] unless the text is words of visible ASCII with a space between.
    pub fn try_new(text: &str) -> Result<Self, InvalidSignature> {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
        if text.split(' ').all(is_word) { Ok(Self(text.to_owned())) } else { Err(InvalidSignature) }
    }

    /// Several, each of visible ASCII.
    pub(crate) fn of(words: &[String]) -> Self {
        Self(words.join(" "))
    }

    /// The text of the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

/// What is sent: a JSON body and the three headers of Standard Webhooks. There are no others, so no user chooses one.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundCall {
    /// `webhook-id`: the same for every try, so that a receiver can tell repetitions.
    pub id: EventId,
    /// `webhook-timestamp`, in whole seconds: when this try was signed.
    pub at: Time,
    /// `webhook-signature`.
    pub signature: Signature,
    /// The body, as it was signed.
    pub body: Vec<u8>,
    /// Who wants it. It is not sent: users have a share of what calls need.
    pub user: UserId,
    /// The place in a trace that has caused it. It is not sent.
    pub cause: Option<TraceParent>,
}

impl fmt::Debug for OutboundCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, at, body, .. } = self;
        write!(f, "OutboundCall({id} at {at}, {} bytes)", body.len())
    }
}

/// How the body of an answer ended. What was in it is nobody's to see: a call must not be a way to read from inside
/// our network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyEnd {
    /// It ended by itself.
    Whole,
    /// It broke off, took too long or was too large; the rest was not read.
    CutOff,
}

/// When a receiver wishes to be called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after its answer.
    In(TimeDelta),
    /// Not before this instant, by its own clock.
    At(Time),
}

impl RetryAfter {
    /// The instant that it wishes for in an answer at `now`, or `most` later if it wishes for more.
    pub fn instant(self, now: Time, most: TimeDelta) -> Time {
        match self {
            Self::In(pause) => now + pause.min(most),
            Self::At(at) => at.min(now + most),
        }
    }
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Its status, redirects included: they are not followed.
    pub status: u16,
    /// From the call to the end of the answer.
    pub took: Duration,
    /// What became of the body.
    pub body: BodyEnd,
    /// When it wishes to be called again, if it says so, whatever its status.
    pub retry_after: Option<RetryAfter>,
}

/// Calls URLs that users give, from inside our network, and nothing that the rules forbid.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait OutboundClient: Send + Sync {
    /// Posts `call` once. The name is resolved once, every address that it leads to must be allowed, and only those
    /// are connected to. Follows no redirect, repeats nothing, and is over after a time that the client knows.
    ///
    /// # Errors
    /// [`CallError`]; any status is an answer.
    async fn post(&self, to: &Destination, call: &OutboundCall) -> Result<Answer, CallError>;
}
