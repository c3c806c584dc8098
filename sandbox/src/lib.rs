//! Simulators of the outside world, on its real protocols: Paystack under `/paystack`, TextVerified under
//! `/textverified`, Google's OpenID provider under `/google`, Pwned Passwords under `/pwnedpasswords`, and a mail server whose
//! mail is kept. They keep books of their own, written before each answer, so a test that kills the product can ask them what really happened.
//!
//! One HTTP listener serves the vendors' paths, the controls (`/control/…`, `/inbox`), the checkout page
//! (`/checkout/{reference}`) and a console (`/`). See [`Sandbox`] to start it and [`control`] for the controls.
//!
//! # How faults fall
//! `POST /control/faults` makes the next `count` calls of one operation fail, before their credentials are looked at:
//!
//! | mode | the work | the answer |
//! |---|---|---|
//! | `timeout_before` | not done | none: the connection stays open until the caller gives up, or 60 s |
//! | `timeout_after` | done | none, as above |
//! | `http_500` | not done | 500 |
//! | `http_429` | not done | 429 with `Retry-After: 1` |
//! | `malformed` | done | the true status, a body cut short, no `Location` |
//! | `disconnect` | done | the connection is cut before the first byte |
//! | `none` | done | as usual; clears what was set |

#![deny(missing_docs)]

mod books;
mod catalogue;
mod config;
mod console;
pub mod control;
mod deliver;
mod error;
mod followers;
mod google;
mod http;
mod id;
mod journal;
mod money;
mod paystack;
mod pwned_passwords;
mod server;
mod sign;
mod smtp;
mod textverified;
mod time;
mod world;

pub use config::{Credentials, Database, GoogleClient, SandboxConfig};
pub use error::SandboxError;
pub use server::Sandbox;
