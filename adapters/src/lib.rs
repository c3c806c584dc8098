//! Adapters of the Namaskah domain. Each turns the failures of one outside thing into the port's own words.
#![deny(missing_docs)]

pub mod allowlists;
pub mod disk;
pub mod google;
pub mod http;
pub mod letters;
pub mod look_ups;
pub mod outbound;
pub mod password;
pub mod paystack;
pub mod persistence;
pub mod pwned_passwords;
pub mod redis;
pub mod smtp;
pub mod standings;
pub mod system;
pub mod terms;
pub mod textverified;
pub mod tokens;
pub mod totp;
pub mod vault;
pub mod webhooks;
