//! Calls to URLs that users give: which may be called, and the port that calls them.
//!
//! A user who names a URL has us send a request from inside our network. So the rule is a list of what *may* be
//! called, and it is asked twice: for the URL at the door ([`Destination::try_new`]), and for every address that its
//! name leads to before a connection is made ([`OutboundPolicy::check_all`]). Both are pure; what resolves and
//! connects is an adapter of [`OutboundClient`].

mod address;
mod destination;
mod error;
mod policy;
mod ports;

pub use address::{SetAside, set_aside};
pub use destination::Destination;
pub use error::{CallError, DestinationRefusal};
pub use policy::OutboundPolicy;
pub use ports::{Answer, BodyEnd, InvalidSignature, OutboundCall, OutboundClient, RetryAfter, Signature};
