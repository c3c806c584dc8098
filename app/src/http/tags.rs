//! Sections of the document.

use poem_openapi::Tags;

/// A section.
#[derive(Tags)]
pub enum Tag {
    /// Registering, signing in, passwords, sessions.
    Auth,
    /// What you have, hold and owe.
    Wallet,
    /// Adding money.
    Payments,
    /// What is for sale, and at which price.
    Catalogue,
    /// Buying a number and receiving its code.
    Verifications,
    /// What happens, posted to your URLs; and the log of it.
    Webhooks,
    /// What you are told, and wish to be told.
    Notifications,
    /// Tickets: you and support write to each other.
    Support,
    /// What staff does.
    Admin,
    /// Health of the process.
    System,
    /// Webhooks of providers. Not for customers.
    Hooks,
}
