//! Why a URL is not called, and what can become of a call that is made.

use super::SetAside;
use crate::Fault;

/// Why a URL may not be called. The texts name no address and quote nothing, so they may be shown to whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationRefusal {
    /// More than [`Destination::LONGEST`](super::Destination::LONGEST) bytes.
    #[error("the URL is too long")]
    TooLong,
    /// White space, a control character or a backslash: what programs that read URLs do not agree about.
    #[error("the URL has a space, a control character or a backslash in it")]
    Character,
    /// Nothing that can be read as `https://host/…`.
    #[error("not a URL such as https://example.com/path")]
    Malformed,
    /// Not `https`; `http` is for literal addresses that the operator lets through.
    #[error("the URL must begin with https://")]
    Scheme,
    /// A user name or a password before the host.
    #[error("the URL must not carry a user name or a password")]
    UserInfo,
    /// A port on which nobody serves HTTPS to the public.
    #[error("the port must be 443 or 8443")]
    Port,
    /// No name that a host of the internet can have.
    #[error("the host is not the full name of a host on the internet")]
    Name,
    /// A name that means something in a local network alone.
    #[error("the host is a name of local networks")]
    LocalName,
    /// An address in another notation than the usual one, such as `0x8.0x8.2056`.
    #[error("the address must be written in its usual form")]
    Notation,
    /// The address, or one to which the name leads, is not public.
    #[error(transparent)]
    Address(#[from] SetAside),
}

/// Why a call has no answer. Nothing is repeated by the port; whether to is for its caller.
///
/// Whoever gave the URL should be told `Refused` by an address of a *name* and `NotSent` in the same words: the
/// difference tells which names exist inside our network.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The rules forbid it; nothing was sent.
    #[error("refused: {0}")]
    Refused(#[from] DestinationRefusal),
    /// We have no place for it now: too many look-ups of this user's names, or of everybody's, are under way. Nothing was sent, and
    /// nothing is learned about the receiver: it is no try.
    #[error("too many names are being looked up")]
    Crowded,
    /// Its name leads nowhere, or there is no connection, or no certificate that fits; nothing was sent.
    #[error("no connection: {0}")]
    NotSent(Fault),
    /// No answer in time; the request may have been received.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke, or the answer is not HTTP; the request may have been received.
    #[error("the connection broke: {0}")]
    Broken(Fault),
}
