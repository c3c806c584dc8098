//! HTTP: routes, bodies, problems, and what every request passes.

pub mod auth_scheme;
pub mod body;
pub mod idempotency;
pub mod middleware;
pub mod page;
pub mod problem;
