//! Namaskah: the product around the domain. Wiring, HTTP, workers, command line.

pub mod cli;
pub mod command;
pub mod config;
pub mod http;
pub mod limits;
pub mod logging;
pub mod metrics;
pub mod reach;
pub mod readiness;
pub mod reports;
pub mod start;
pub mod traces;
pub mod wiring;
pub mod worker;
