//! HTTP: routes, bodies, problems, and what every request passes.

pub mod admin;
pub mod auth;
pub mod auth_scheme;
pub mod body;
pub mod catalogue;
pub mod detached;
pub mod document;
pub mod feed;
pub mod hooks;
pub mod idempotency;
pub mod key_scheme;
pub mod links;
pub mod listen;
pub mod metrics;
pub mod middleware;
pub mod page;
pub mod payments;
pub mod problem;
pub mod server;
pub mod services;
pub mod staff_scheme;
pub mod support;
pub mod system;
pub mod tags;
pub mod verifications;
pub mod wallet;
