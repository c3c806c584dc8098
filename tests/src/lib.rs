//! Builders and contract suites, run against every implementation of a port.

pub mod contract;
pub mod crash;
pub mod given;
pub mod openapi;
pub mod passwords;
pub mod pgbouncer;
pub mod postgres;
pub mod redis;
pub mod sim;
pub mod typescript;
