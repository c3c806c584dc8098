use std::{io, net::SocketAddr};

/// Why a sandbox could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A listener's address could not be had: usually another process has it.
    #[error("the sandbox cannot listen for {purpose} on {address}: {source}")]
    Listen {
        /// `HTTP` or `mail`.
        purpose: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The books could not be opened, read or written; another process may have them open.
    #[error("the sandbox's books: {0}")]
    Books(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The product's address is not an HTTP URL.
    #[error("the product's address {0:?} is not an http or https URL")]
    ProductUrl(String),
    /// The client that delivers webhooks could not be built.
    #[error("the webhook client: {0}")]
    WebhookClient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    Randomness,
}
